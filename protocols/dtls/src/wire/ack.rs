//! ACK (RFC 9147 section 7).

use icelab_wire::{DecodeError, Reader, Writer};

/// The full number of a record (RFC 9147 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordNumber {
    /// Which keys protect it.
    pub epoch: u64,
    /// Its number under these keys.
    pub sequence: u64,
}

impl RecordNumber {
    /// The length in an ACK, in bytes.
    pub const LENGTH: usize = 16;
}

/// Which records of the handshake arrived.
///
/// ```text
/// struct { uint64 epoch; uint64 sequence_number; } RecordNumber;
/// struct { RecordNumber record_numbers<0..2^16-1>; } ACK;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ack {
    /// The records, in rising order.
    pub records: Vec<RecordNumber>,
}

impl Ack {
    /// Reads an ACK.
    ///
    /// # Errors
    /// Where the list is cut off or half a number is left.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let mut list = Reader::new(reader.vector16()?);
        reader.finish()?;
        let mut records = Vec::with_capacity(list.remaining() / RecordNumber::LENGTH);
        while !list.is_empty() {
            records.push(RecordNumber { epoch: list.u64()?, sequence: list.u64()? });
        }
        Ok(Self { records })
    }

    /// Writes the ACK.
    pub fn encode(&self, writer: &mut Writer) {
        writer.vector16(|writer| {
            for record in &self.records {
                writer.u64(record.epoch);
                writer.u64(record.sequence);
            }
        });
    }
}
