//! EncryptedExtensions (RFC 8446 section 4.3.1).

use icelab_wire::{DecodeError, Reader, Writer};

use super::extension::Extensions;

/// What the server answers under protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedExtensions {
    /// The answers.
    pub extensions: Extensions,
}

impl EncryptedExtensions {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where the extensions are not well formed.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let extensions = Extensions::decode(&mut reader)?;
        reader.finish()?;
        Ok(Self { extensions })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        self.extensions.encode(writer);
    }
}
