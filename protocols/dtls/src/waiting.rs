//! What came before its time.

/// The most records or data that wait, each.
const MOST: usize = 16;
/// The most bytes that wait, each.
const MOST_BYTES: usize = 32 * 1024;

/// Records whose keys may yet come, and data that may not be released yet.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    records: Vec<Vec<u8>>,
    data: Vec<Vec<u8>>,
}

impl Waiting {
    /// Keeps a record. Says whether there was room.
    pub(crate) fn keep_record(&mut self, record: Vec<u8>) -> bool {
        keep(&mut self.records, record)
    }

    /// Keeps data. Says whether there was room.
    pub(crate) fn keep_data(&mut self, data: Vec<u8>) -> bool {
        keep(&mut self.data, data)
    }

    /// Takes out the records.
    pub(crate) fn take_records(&mut self) -> Vec<Vec<u8>> {
        core::mem::take(&mut self.records)
    }

    /// Takes out the data.
    pub(crate) fn take_data(&mut self) -> Vec<Vec<u8>> {
        core::mem::take(&mut self.data)
    }
}

fn keep(list: &mut Vec<Vec<u8>>, bytes: Vec<u8>) -> bool {
    let taken: usize = list.iter().map(Vec::len).sum();
    let has_room = list.len() < MOST && taken + bytes.len() <= MOST_BYTES;
    if has_room {
        list.push(bytes);
    }
    has_room
}
