//! BYE: sources leave (RFC 3550 section 6.6).

use icelab_wire::{DecodeError, Reader};

use super::header::RawPacket;
use crate::number::Ssrc;

/// Sources leave, at most 31.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                           SSRC/CSRC                           |
/// :                              ...                              :
/// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
/// |     length    |               reason for leaving            ...
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goodbye<'a> {
    sources: &'a [u8],
    /// Why, if it is said; it should be UTF-8.
    pub reason: Option<&'a [u8]>,
}

impl<'a> Goodbye<'a> {
    pub(super) fn decode(packet: RawPacket<'a>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(packet.body);
        let sources = reader.take(4 * usize::from(packet.count))?;
        let reason = if reader.is_empty() { None } else { Some(reader.vector8()?) };
        if reader.remaining() > 3 {
            return Err(DecodeError::Trailing { left: reader.remaining() });
        }
        Ok(Self { sources, reason })
    }

    /// Who leaves.
    pub fn sources(&self) -> impl ExactSizeIterator<Item = Ssrc> + use<'a> {
        self.sources.as_chunks().0.iter().map(|source| Ssrc(u32::from_be_bytes(*source)))
    }
}
