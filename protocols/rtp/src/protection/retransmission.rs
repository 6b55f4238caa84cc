//! RTX: a lost packet sent again, in a stream of its own (RFC 4588 section 4).

use icelab_wire::{DecodeError, Reader, Serial16, Writer};

use crate::number::{PayloadType, Ssrc};
use crate::packet::{Packet, PacketBuilder};

/// The payload of a retransmission.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |            OSN                |                               |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               |
/// |                  Original RTP Packet Payload                  |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retransmission<'a> {
    /// The number that the packet had (OSN).
    pub original: Serial16,
    /// The payload that it had.
    pub payload: &'a [u8],
}

impl<'a> Retransmission<'a> {
    /// Reads a packet's payload.
    ///
    /// # Errors
    /// Where the original number is cut off, as in a packet of padding only.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        Ok(Self { original: Serial16(reader.u16()?), payload: reader.rest() })
    }

    /// Writes a packet's payload.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(2 + self.payload.len());
        writer.u16(self.original.0);
        writer.bytes(self.payload);
        writer.into_vec()
    }

    /// `packet` as a packet of the retransmission stream: all of its header but payload type,
    /// number and source stays, and its padding goes.
    #[must_use]
    pub fn wrap(packet: &Packet<'_>, kind: PayloadType, sequence: Serial16, ssrc: Ssrc) -> Vec<u8> {
        let again = Retransmission { original: packet.sequence, payload: packet.payload };
        PacketBuilder::like(packet).place(kind, sequence, ssrc).build(&again.encode())
    }

    /// The original packet out of `packet`, which is one of the retransmission stream.
    ///
    /// # Errors
    /// Where the original number is cut off.
    pub fn restore(
        packet: &Packet<'_>,
        kind: PayloadType,
        ssrc: Ssrc,
    ) -> Result<Vec<u8>, DecodeError> {
        let again = Retransmission::decode(packet.payload)?;
        Ok(PacketBuilder::like(packet).place(kind, again.original, ssrc).build(again.payload))
    }
}
