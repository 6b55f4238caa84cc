//! ClientKeyExchange (RFC 8422 section 5.7): 1.2's client share.

use icelab_wire::{DecodeError, Reader, Writer};

/// The client's share of the key exchange, in the group that the server chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientKeyExchange {
    /// The public key: 1 to 255 bytes.
    pub public: Vec<u8>,
}

impl ClientKeyExchange {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where the key is cut off or empty, or bytes are left.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let public = reader.vector8()?.to_vec();
        reader.finish()?;
        if public.is_empty() {
            return Err(DecodeError::Length { field: "ecdh_Yc" });
        }
        Ok(Self { public })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        writer.vector8(|writer| writer.bytes(&self.public));
    }
}
