//! KeyUpdate (RFC 8446 section 4.6.3, RFC 9147 section 8).

use icelab_wire::{DecodeError, Reader, Writer};

/// The sender goes on with new keys once this is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUpdate {
    /// Whether the receiver shall do the same.
    pub is_requested: bool,
}

impl KeyUpdate {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where it is not one byte, 0 or 1.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let is_requested = match reader.u8()? {
            0 => false,
            1 => true,
            _ => return Err(DecodeError::Value { field: "request_update" }),
        };
        reader.finish()?;
        Ok(Self { is_requested })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        writer.u8(self.is_requested.into());
    }
}
