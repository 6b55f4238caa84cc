//! Packets in the order of their numbers, and what they bring about.

use icelab_wire::{Serial16, Serial32};

/// What a packet that was handed in brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed<F> {
    /// Packets are missing before it.
    pub gap: Option<Gap>,
    /// It was not used, and why.
    pub discarded: Option<Discard>,
    /// The timestamps of frames that were under way and will never be whole.
    pub dropped: Vec<Serial32>,
    /// The frames that are whole now: two where the packet shows that the frame before its own is.
    pub frames: Vec<F>,
}

impl<F> Pushed<F> {
    pub(super) const NOTHING: Self =
        Self { gap: None, discarded: None, dropped: Vec::new(), frames: Vec::new() };
}

/// Packets that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first of them.
    pub first: Serial16,
    /// How many.
    pub count: u16,
}

/// Why a packet was not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Discard {
    /// A packet of its number or a later one came before.
    Late,
    /// Its payload is not of the format, or does not continue the one before.
    Malformed,
    /// Its payload is of a kind that has not been agreed on.
    Unsupported,
    /// Its frame is longer than allowed.
    TooLong,
    /// An earlier part of its frame is missing.
    NoStart,
}

/// The number of the last packet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    last: Option<Serial16>,
    /// The number that would follow a packet from far behind.
    elsewhere: Option<Serial16>,
}

/// Where a packet lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    First,
    Next,
    AfterGap(Gap),
    /// The sender counts anew: nothing is known of what came before it.
    Elsewhere,
    Late,
}

impl Order {
    pub(super) const fn new() -> Self {
        Self { last: None, elsewhere: None }
    }

    /// Notes a packet. A late one is left out; but two in a row from far behind are a sender that
    /// counts anew (RFC 3550 appendix A.1), or goes on after a long silence.
    pub(super) fn note(&mut self, sequence: Serial16) -> Place {
        let was_expected = self.elsewhere.take() == Some(sequence);
        let place = match self.last.map(|last| (last, sequence.since(last))) {
            None => Place::First,
            Some((_, ..=FAR_BEHIND)) if was_expected => Place::Elsewhere,
            Some((_, ..=FAR_BEHIND)) => {
                self.elsewhere = Some(sequence.plus(1));
                return Place::Late;
            }
            Some((_, ..=0)) => return Place::Late,
            Some((_, 1)) => Place::Next,
            Some((last, steps)) => {
                Place::AfterGap(Gap { first: last.plus(1), count: steps.unsigned_abs() - 1 })
            }
        };
        self.last = Some(sequence);
        place
    }
}

/// How far behind a packet is not late but from elsewhere: RFC 3550's `MAX_MISORDER`, and one.
const FAR_BEHIND: i16 = -101;
