//! Frames of VP8 out of their packets (RFC 7741 section 4.5.1).

use icelab_wire::{Serial16, Serial32};

use super::descriptor::Descriptor;
use super::key_frame::is_key_frame;
use crate::packet::Packet;
use crate::payload::assembly::{Assembly, Body, FrameLimit, Span};
use crate::payload::order::{Discard, Pushed};

/// A whole frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// When it was taken.
    pub timestamp: Serial32,
    /// Its first packet.
    pub first: Serial16,
    /// Its last packet.
    pub last: Serial16,
    /// What stood before the first payload.
    pub descriptor: Descriptor,
    /// Its bytes.
    pub data: Vec<u8>,
}

impl Frame {
    /// Whether it stands alone.
    #[must_use]
    pub const fn is_key(&self) -> bool {
        is_key_frame(self.data.as_slice())
    }
}

/// Takes the packets of one stream, and gives its frames.
///
/// A frame is whole when its first packet, one with the marker or the first of the next frame, and
/// all between them have come.
#[derive(Clone, Debug)]
pub struct Depacketiser {
    assembly: Assembly<Growing>,
}

impl Depacketiser {
    /// Of a stream of which nothing has come yet.
    #[must_use]
    pub const fn new(limit: FrameLimit) -> Self {
        Self { assembly: Assembly::new(limit) }
    }

    /// Takes the next packet.
    pub fn push(&mut self, packet: &Packet<'_>) -> Pushed<Frame> {
        self.assembly.push(packet)
    }
}

/// A frame while it grows.
#[derive(Clone, Debug)]
struct Growing {
    descriptor: Descriptor,
    data: Vec<u8>,
}

impl Body for Growing {
    type Frame = Frame;
    type Part<'a> = (Descriptor, &'a [u8]);

    fn read(payload: &[u8]) -> Result<Self::Part<'_>, Discard> {
        match Descriptor::decode(payload) {
            Ok((descriptor, data)) if !data.is_empty() => Ok((descriptor, data)),
            Ok(_) | Err(_) => Err(Discard::Malformed),
        }
    }

    fn begins(part: &Self::Part<'_>, _is_after_gap: bool) -> bool {
        part.0.is_frame_start()
    }

    fn new(part: &Self::Part<'_>) -> Self {
        Self { descriptor: part.0, data: Vec::new() }
    }

    fn add(
        &mut self,
        (descriptor, data): Self::Part<'_>,
        limit: FrameLimit,
    ) -> Result<(), Discard> {
        if !self.data.is_empty() && descriptor.is_frame_start() {
            return Err(Discard::Malformed);
        }
        if self.data.len() + data.len() > limit.0 {
            return Err(Discard::TooLong);
        }
        self.data.extend_from_slice(data);
        Ok(())
    }

    fn finish(self, Span { timestamp, first, last }: Span) -> Option<Frame> {
        Some(Frame { timestamp, first, last, descriptor: self.descriptor, data: self.data })
    }
}
