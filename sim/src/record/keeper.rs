//! The record of one run.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use icelab_sans_io::Instant;
use sha2::{Digest, Sha256};

use super::decode::Decoder;
use super::encode::{Encoder, Event, Spot, tag};
use super::entry::{Entry, MappingChange, Name, PacketId, PayloadHash};
use super::level::Level;
use super::store::{Blocks, Store};
use super::value::Value;
use crate::packet::{Flow, Protocol};
use crate::topology::NodeId;

/// The record of one run: its hash, and the entries that were kept.
pub struct Record {
    level: Level,
    names: Vec<Name>,
    hasher: Sha256,
    /// Entries that the hash does not cover yet.
    fresh: Vec<u8>,
    length: u64,
    /// How many entries there were up to the last kept one.
    kept_up_to: u64,
    store: Store,
}

impl Record {
    /// How many bytes of kept entries stay in memory unless told otherwise.
    pub const MEMORY: usize = 4 << 20;

    pub(crate) fn new(level: Level, names: Vec<Name>, memory: usize) -> Self {
        let mut fresh = Vec::with_capacity(FEED + 1024);
        let mut encoder = Encoder(&mut fresh);
        encoder.text(FORMAT).number(names.len() as u64);
        for name in &names {
            encoder.text(name);
        }
        Self {
            level,
            names,
            hasher: Sha256::new(),
            fresh,
            length: 0,
            kept_up_to: 0,
            store: Store::new(memory),
        }
    }

    /// How much is kept.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// SHA-256 of all that happened so far, in lower-case hexadecimal. It does not depend on what is kept.
    #[must_use]
    pub fn hash(&self) -> String {
        let digest = self.hasher.clone().chain_update(&self.fresh).finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// How many things happened, kept or not.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether kept entries had to go to a temporary file.
    #[must_use]
    pub fn has_spilled(&self) -> bool {
        self.store.has_spilled()
    }

    /// The kept entries in order.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries {
            names: &self.names,
            blocks: self.store.blocks(),
            block: Vec::new(),
            read: 0,
            index: 0,
        }
    }

    /// Writes the kept entries, a line each, to be read back with [`read_text`](super::read_text).
    ///
    /// # Errors
    /// When reading a temporary file or writing fails.
    pub fn write_text(&self, out: &mut impl io::Write) -> io::Result<()> {
        for entry in self.entries() {
            writeln!(out, "{}", entry?)?;
        }
        Ok(())
    }

    pub(crate) fn sent(
        &mut self,
        at: Instant,
        (packet, node): (PacketId, NodeId),
        flow: Flow,
        length: usize,
        payload: &[u8],
    ) {
        let hash = PayloadHash::of(payload);
        self.write(Level::Full, |encoder| {
            encoder.begin(tag::SENT, at).packet(packet).node(node).flow(flow);
            encoder.number(length as u64).hash(hash);
        });
    }

    pub(crate) fn queued(&mut self, at: Instant, packet: PacketId, spot: Spot) {
        self.write(Level::Full, |encoder| {
            encoder.begin(tag::QUEUED, at).packet(packet).spot(spot);
        });
    }

    pub(crate) fn marked(&mut self, at: Instant, packet: PacketId, spot: Spot) {
        self.write(Level::Full, |encoder| {
            encoder.begin(tag::MARKED, at).packet(packet).spot(spot);
        });
    }

    pub(crate) fn dropped(&mut self, at: Instant, packet: PacketId, spot: Spot, reason: &str) {
        self.write(Level::Full, |encoder| {
            encoder.begin(tag::DROPPED, at).packet(packet).spot(spot).text(reason);
        });
    }

    pub(crate) fn translated(
        &mut self,
        at: Instant,
        packet: PacketId,
        gateway: NodeId,
        [from, to]: [Flow; 2],
    ) {
        self.write(Level::Full, |encoder| {
            encoder.begin(tag::TRANSLATED, at).packet(packet).node(gateway).flow(from).flow(to);
        });
    }

    pub(crate) fn copied(&mut self, at: Instant, packet: PacketId, copy: PacketId, spot: Spot) {
        self.write(Level::Full, |encoder| {
            encoder.begin(tag::COPIED, at).packet(packet).packet(copy).spot(spot);
        });
    }

    pub(crate) fn delivered(&mut self, at: Instant, packet: PacketId, node: NodeId) {
        self.write(Level::Full, |encoder| {
            encoder.begin(tag::DELIVERED, at).packet(packet).node(node);
        });
    }

    pub(crate) fn mapping(
        &mut self,
        at: Instant,
        gateway: NodeId,
        change: MappingChange,
        protocol: Protocol,
        [inside, outside]: [SocketAddr; 2],
    ) {
        let level = match change {
            MappingChange::Made | MappingChange::Expired => Level::Notes,
            MappingChange::Refreshed => Level::Full,
        };
        self.write(level, |encoder| {
            encoder.begin(tag::MAPPING, at).node(gateway).change(change).protocol(protocol);
            encoder.address(inside).address(outside);
        });
    }

    pub(crate) fn note(
        &mut self,
        at: Instant,
        node: NodeId,
        name: &str,
        fields: &[(&'static str, Value)],
    ) {
        self.write(Level::Notes, |encoder| {
            encoder.begin(tag::NOTE, at).node(node).text(name).number(fields.len() as u64);
            for (name, value) in fields {
                encoder.text(name).value(value);
            }
        });
    }

    pub(crate) fn deadline(&mut self, at: Instant, node: NodeId, timer: &str) {
        self.write(Level::Full, |encoder| {
            encoder.begin(tag::DEADLINE, at).node(node).text(timer);
        });
    }

    pub(crate) fn event(&mut self, at: Instant, event: &Event<'_>) {
        self.write(Level::Notes, |encoder| {
            encoder.event(event, at);
        });
    }

    /// Writes one entry, which is kept where at least this level is.
    fn write(&mut self, level: Level, fields: impl FnOnce(&mut Encoder<'_>)) {
        let start = self.fresh.len();
        fields(&mut Encoder(&mut self.fresh));
        if self.level >= level {
            let mut gap = Vec::new();
            Encoder(&mut gap).number(self.length - self.kept_up_to);
            self.store.push(&gap, self.fresh.get(start..).unwrap_or_default());
            self.kept_up_to = self.length + 1;
        }
        self.length += 1;
        if self.fresh.len() >= FEED {
            self.hasher.update(&self.fresh);
            self.fresh.clear();
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("level", &self.level)
            .field("len", &self.length)
            .field("hash", &self.hash())
            .finish_non_exhaustive()
    }
}

/// The kept entries of a record, in order. Ends after the first error.
#[derive(Debug)]
pub struct Entries<'a> {
    names: &'a [Name],
    blocks: Blocks<'a>,
    block: Vec<u8>,
    read: usize,
    index: u64,
}

impl Iterator for Entries<'_> {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.read >= self.block.len() {
            self.read = 0;
            match self.blocks.read(&mut self.block) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        let bytes = self.block.get(self.read..).unwrap_or_default();
        let mut decoder = Decoder { bytes, names: self.names };
        let entry = decoder.number().zip(decoder.entry());
        let Some((gap, (at, what))) = entry else {
            self.read = self.block.len();
            return Some(Err(io::ErrorKind::InvalidData.into()));
        };
        self.read = self.block.len() - decoder.bytes.len();
        let index = self.index + gap;
        self.index = index + 1;
        Some(Ok(Entry { index, at, what }))
    }
}

/// The first thing that is hashed; a change to the encoding changes it.
const FORMAT: &str = "icelab record 1";
/// The hash is fed in pieces of this size, since a call for each entry costs more than the entry.
const FEED: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(memory: usize, entries: u64) -> Record {
        let names = ["internet", "alice"].map(Name::new).to_vec();
        let mut record = Record::new(Level::Full, names, memory);
        for number in 0..entries {
            let at = Instant::from_nanos(number * 1_000);
            record.dropped(at, PacketId(number), Spot::Node(NodeId(1)), "loss");
        }
        record
    }

    fn entries(record: &Record) -> Vec<Entry> {
        record.entries().map(Result::unwrap).collect()
    }

    #[test]
    fn a_record_longer_than_memory_goes_to_a_file_and_comes_back_in_order() {
        let (kept, spilled) = (filled(Record::MEMORY, 30_000), filled(100_000, 30_000));
        assert!(!kept.has_spilled() && spilled.has_spilled());
        assert_eq!(entries(&kept), entries(&spilled));
        // Reading twice is reading the same.
        assert_eq!(entries(&spilled).len(), 30_000);
        assert_eq!(kept.hash(), spilled.hash());
    }

    #[test]
    fn entries_may_be_read_while_more_are_written() {
        let mut record = filled(100_000, 20_000);
        assert_eq!(entries(&record).len(), 20_000);
        record.deadline(Instant::from_secs(1), NodeId(0), "late");
        let last = entries(&record).pop().unwrap();
        assert_eq!(last.index, 20_000);
        assert_eq!(last.to_string(), "20000 1.000000000 deadline internet late");
    }
}
