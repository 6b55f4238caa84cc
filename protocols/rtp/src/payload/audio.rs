//! Audio where one packet is one frame: Opus, G.711.

use icelab_wire::{Serial16, Serial32};

use super::order::{Discard, Order, Place, Pushed};
use crate::packet::Packet;

/// A payload to be sent, and what its packet's header says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioPacket<'a> {
    /// When its first sample was taken.
    pub timestamp: Serial32,
    /// Whether it is the first after silence (RFC 3551 section 4.1).
    pub marker: bool,
    /// The payload.
    pub payload: &'a [u8],
}

/// A frame that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its packet.
    pub sequence: Serial16,
    /// When its first sample was taken.
    pub timestamp: Serial32,
    /// Whether it is the first after silence.
    pub is_after_silence: bool,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// Takes the packets of one stream, each of which is a frame.
#[derive(Clone, Debug, Default)]
pub struct Depacketiser {
    order: Order,
}

impl Depacketiser {
    /// Of a stream of which nothing has come yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next packet. One without payload counts, and is no frame.
    pub fn push(&mut self, packet: &Packet<'_>) -> Pushed<Frame> {
        let mut pushed = Pushed::NOTHING;
        match self.order.note(packet.sequence) {
            Place::Late => return Pushed { discarded: Some(Discard::Late), ..pushed },
            Place::First | Place::Next | Place::Elsewhere => {}
            Place::AfterGap(gap) => pushed.gap = Some(gap),
        }
        if !packet.payload.is_empty() {
            pushed.frames.push(Frame {
                sequence: packet.sequence,
                timestamp: packet.timestamp,
                is_after_silence: packet.marker,
                data: packet.payload.to_vec(),
            });
        }
        pushed
    }
}
