//! Pictures that are wanted (RFC 5104 section 4.3.1).

use icelab_wire::{DecodeError, Reader, Writer};

use crate::number::Ssrc;

/// A source that shall send a picture which stands alone.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                              SSRC                             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// | Seq nr.       |    Reserved                                   |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullIntraEntry {
    /// The source.
    pub source: Ssrc,
    /// The command's number: the same in a repetition, one more in a new command.
    pub command: u8,
}

impl FullIntraEntry {
    pub(super) fn decode_all(information: &[u8]) -> Result<Vec<Self>, DecodeError> {
        let mut reader = Reader::new(information);
        let mut entries = Vec::with_capacity(information.len() / 8);
        while !reader.is_empty() {
            let source = Ssrc(reader.u32()?);
            let command = reader.u8()?;
            reader.u24()?; // reserved
            entries.push(Self { source, command });
        }
        Ok(entries)
    }

    pub(super) fn encode(self, writer: &mut Writer) {
        writer.u32(self.source.0);
        writer.u8(self.command);
        writer.u24(0);
    }
}
