//! APP: an application's own packet (RFC 3550 section 6.7).

use icelab_wire::{DecodeError, Reader};

use super::header::RawPacket;
use crate::number::Ssrc;

/// An application's own packet.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                           SSRC/CSRC                           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                          name (ASCII)                         |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                   application-dependent data                ...
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application<'a> {
    /// Which of the name's packets it is: five bits.
    pub subtype: u8,
    /// Who sends it.
    pub source: Ssrc,
    /// Whose packets these are.
    pub name: [u8; 4],
    /// What it says: whole words.
    pub data: &'a [u8],
}

impl<'a> Application<'a> {
    pub(super) fn decode(packet: RawPacket<'a>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(packet.body);
        let source = Ssrc(reader.u32()?);
        let name = reader.array()?;
        Ok(Self { subtype: packet.count, source, name, data: reader.rest() })
    }
}
