//! RequestConnectionId and NewConnectionId (RFC 9147 section 9).

use icelab_wire::{DecodeError, Reader, Writer};

/// A wish for more connection ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestConnectionId {
    /// How many.
    pub count: u8,
}

impl RequestConnectionId {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where it is not one byte.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let count = reader.u8()?;
        reader.finish()?;
        Ok(Self { count })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        writer.u8(self.count);
    }
}

/// Connection ids under which the sender will hear from now on.
///
/// ```text
/// enum { cid_immediate(0), cid_spare(1), (255) } ConnectionIdUsage;
/// opaque ConnectionId<0..2^8-1>;
/// struct {
///     ConnectionId cids<0..2^16-1>;
///     ConnectionIdUsage usage;
/// } NewConnectionId;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConnectionId {
    /// The ids.
    pub ids: Vec<Vec<u8>>,
    /// Whether one of them must be used at once.
    pub is_immediate: bool,
}

impl NewConnectionId {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where a field is cut off, or the usage is unknown.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let mut list = Reader::new(reader.vector16()?);
        let is_immediate = match reader.u8()? {
            0 => true,
            1 => false,
            _ => return Err(DecodeError::Value { field: "usage" }),
        };
        reader.finish()?;
        let mut ids = Vec::new();
        while !list.is_empty() {
            ids.push(list.vector8()?.to_vec());
        }
        Ok(Self { ids, is_immediate })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        writer.vector16(|writer| {
            for id in &self.ids {
                writer.vector8(|writer| writer.bytes(id));
            }
        });
        writer.u8(u8::from(!self.is_immediate));
    }
}
