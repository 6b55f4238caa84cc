//! Frames that take many packets: which packet belongs to which frame.

use icelab_wire::{Serial16, Serial32};

use super::order::{Discard, Order, Place, Pushed};
use crate::packet::Packet;

/// How many bytes a frame may have before it is given up; of H.264, in its byte stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameLimit(pub usize);

impl Default for FrameLimit {
    /// 4 MiB: more than a key frame of any codec here at its highest resolution.
    fn default() -> Self {
        Self(4 << 20)
    }
}

/// A frame while it grows.
pub(super) trait Body: Sized {
    /// What the frame is when it is whole.
    type Frame;

    /// One packet's payload, read.
    type Part<'a>;

    /// Reads a payload.
    fn read(payload: &[u8]) -> Result<Self::Part<'_>, Discard>;

    /// Whether a frame may begin with the part. Where packets are missing before it, it must be
    /// seen in the part itself.
    fn begins(part: &Self::Part<'_>, is_after_gap: bool) -> bool;

    /// A frame of nothing yet, which the part will begin.
    fn new(part: &Self::Part<'_>) -> Self;

    /// Adds a part.
    fn add(&mut self, part: Self::Part<'_>, limit: FrameLimit) -> Result<(), Discard>;

    /// The whole frame, or `None` where its end is missing.
    fn finish(self, span: Span) -> Option<Self::Frame>;
}

/// The packets of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) timestamp: Serial32,
    pub(super) first: Serial16,
    pub(super) last: Serial16,
}

/// The frames of one stream.
#[derive(Clone, Debug)]
pub(super) struct Assembly<B> {
    order: Order,
    state: State<B>,
    limit: FrameLimit,
}

#[derive(Clone, Debug)]
enum State<B> {
    /// The next packet begins a frame.
    Between,
    /// Packets are missing: only what is seen to begin a frame does.
    AfterGap,
    /// A frame is under way.
    Building { span: Span, body: B },
    /// The rest of this frame is of no use.
    Skipping { timestamp: Serial32 },
}

impl<B: Body> Assembly<B> {
    pub(super) const fn new(limit: FrameLimit) -> Self {
        Self { order: Order::new(), state: State::AfterGap, limit }
    }

    /// Takes the next packet.
    pub(super) fn push(&mut self, packet: &Packet<'_>) -> Pushed<B::Frame> {
        let mut pushed = Pushed::NOTHING;
        match self.order.note(packet.sequence) {
            Place::Late => return Pushed { discarded: Some(Discard::Late), ..pushed },
            Place::First | Place::Next => {}
            Place::Elsewhere => self.leave_off(&mut pushed),
            Place::AfterGap(gap) => {
                pushed.gap = Some(gap);
                self.leave_off(&mut pushed);
            }
        }
        if packet.payload.is_empty() {
            return pushed; // padding only, as senders probe with it
        }
        self.leave_frame(packet.timestamp, &mut pushed);
        if let Err(reason) = self.enter_frame(packet) {
            pushed.discarded = Some(reason);
            let broken = State::Skipping { timestamp: packet.timestamp };
            if let State::Building { span, .. } = core::mem::replace(&mut self.state, broken) {
                pushed.dropped.push(span.timestamp);
            }
        }
        if packet.marker {
            self.finish(&mut pushed);
        }
        pushed
    }

    /// Packets are missing: the frame under way will never be whole.
    fn leave_off(&mut self, pushed: &mut Pushed<B::Frame>) {
        if let State::Building { span, .. } = core::mem::replace(&mut self.state, State::AfterGap) {
            pushed.dropped.push(span.timestamp);
        }
    }

    /// A packet of another frame shows that the one before has ended.
    fn leave_frame(&mut self, timestamp: Serial32, pushed: &mut Pushed<B::Frame>) {
        match &self.state {
            State::Building { span, .. } if span.timestamp != timestamp => self.finish(pushed),
            State::Skipping { timestamp: skipped } if *skipped != timestamp => {
                self.state = State::Between;
            }
            State::Between | State::AfterGap | State::Building { .. } | State::Skipping { .. } => {}
        }
    }

    /// Adds the packet to the frame under way, or begins one with it.
    fn enter_frame(&mut self, packet: &Packet<'_>) -> Result<(), Discard> {
        let part = B::read(packet.payload)?;
        let is_after_gap = match &mut self.state {
            State::Building { span, body } => {
                span.last = packet.sequence;
                return body.add(part, self.limit);
            }
            State::Skipping { .. } => return Err(Discard::NoStart),
            State::Between => false,
            State::AfterGap => true,
        };
        if !B::begins(&part, is_after_gap) {
            return Err(Discard::NoStart);
        }
        let (timestamp, sequence) = (packet.timestamp, packet.sequence);
        let mut body = B::new(&part);
        body.add(part, self.limit)?;
        let span = Span { timestamp, first: sequence, last: sequence };
        self.state = State::Building { span, body };
        Ok(())
    }

    /// The frame under way has ended, or what is left of it has been skipped.
    fn finish(&mut self, pushed: &mut Pushed<B::Frame>) {
        if let State::Building { span, body } = core::mem::replace(&mut self.state, State::Between)
        {
            match body.finish(span) {
                Some(frame) => pushed.frames.push(frame),
                None => pushed.dropped.push(span.timestamp),
            }
        }
    }
}
