//! Where kept entries lie: in memory, and beyond a limit in a temporary file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Blocks of whole entries. The oldest ones are in the file.
#[derive(Debug)]
pub(super) struct Store {
    blocks: Vec<Vec<u8>>,
    limit: usize,
    spill: Option<Spill>,
    /// The first thing that went wrong with the file; nothing is kept from then on.
    failure: Option<io::ErrorKind>,
}

/// The temporary file; it goes when this goes.
#[derive(Debug)]
struct Spill {
    path: PathBuf,
    file: File,
}

impl Drop for Spill {
    fn drop(&mut self) {
        // A file that cannot be removed is left to the system's own cleaning.
        let _ = fs::remove_file(&self.path);
    }
}

impl Store {
    pub(super) fn new(limit: usize) -> Self {
        Self { blocks: Vec::new(), limit, spill: None, failure: None }
    }

    /// Keeps one entry.
    pub(super) fn push(&mut self, gap: &[u8], entry: &[u8]) {
        if self.failure.is_some() {
            return;
        }
        if self.blocks.last().is_none_or(|block| block.len() + entry.len() + gap.len() > BLOCK) {
            if self.blocks.len() * BLOCK >= self.limit
                && let Err(error) = self.spill()
            {
                self.failure = Some(error.kind());
                self.blocks.clear();
                return;
            }
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        if let Some(block) = self.blocks.last_mut() {
            block.extend_from_slice(gap);
            block.extend_from_slice(entry);
        }
    }

    /// Whether some entries are in the file.
    pub(super) fn has_spilled(&self) -> bool {
        self.spill.is_some()
    }

    /// The blocks from the first one on.
    pub(super) fn blocks(&self) -> Blocks<'_> {
        Blocks { store: self, file: None, next: 0 }
    }

    fn spill(&mut self) -> io::Result<()> {
        let spill = match &mut self.spill {
            Some(spill) => spill,
            none => none.insert(Spill::create(&std::env::temp_dir())?),
        };
        for block in self.blocks.drain(..) {
            let length = u32::try_from(block.len()).map_err(io::Error::other)?;
            spill.file.write_all(&length.to_le_bytes())?;
            spill.file.write_all(&block)?;
        }
        Ok(())
    }
}

impl Spill {
    fn create(folder: &Path) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("icelab-record-{}-{number}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { path, file }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// All blocks in order.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    store: &'a Store,
    file: Option<File>,
    next: usize,
}

impl Blocks<'_> {
    /// Reads the next block into `block`, in place of what is there; `false` at the end.
    pub(super) fn read(&mut self, block: &mut Vec<u8>) -> io::Result<bool> {
        block.clear();
        if let Some(kind) = self.store.failure {
            return Err(kind.into());
        }
        if self.next == 0
            && let Some(spill) = &self.store.spill
        {
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(File::open(&spill.path)?),
            };
            let mut length = [0; 4];
            match file.read_exact(&mut length) {
                Ok(()) => {
                    block.resize(u32::from_le_bytes(length) as usize, 0);
                    file.read_exact(block)?;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
                Err(error) => return Err(error),
            }
        }
        let Some(kept) = self.store.blocks.get(self.next) else { return Ok(false) };
        self.next += 1;
        block.extend_from_slice(kept);
        Ok(true)
    }
}

const BLOCK: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_temporary_file_goes_with_the_store() {
        let mut store = Store::new(BLOCK);
        for _ in 0..3 {
            store.push(&[0], &[7; BLOCK / 2 + 1]);
        }
        let path = store.spill.as_ref().unwrap().path.clone();
        assert!(path.exists());
        drop(store);
        assert!(!path.exists());
    }
}
