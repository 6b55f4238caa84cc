//! Ids, tags and numbers that many chunks share.

use core::cmp::Ordering;
use core::fmt;

use icelab_wire::{Serial16, Serial32};

/// The tag by which an end knows that a packet is meant for this association (RFC 9260 section
/// 8.5). The peer has chosen it as its Initiate Tag; zero only beside an INIT chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct VerificationTag(pub u32);

/// One direction of a sequence of messages (RFC 9260 section 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StreamId(pub u16);

/// What a message is, by the upper layer's own number; 0 says nothing (RFC 9260 section 3.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ppid(pub u32);

impl fmt::Display for VerificationTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! serial {
    ($(#[$doc:meta])* $name:ident, $serial:ident, $unsigned:ty, $signed:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
        pub struct $name(pub $unsigned);

        impl $name {
            /// The number `count` steps later; it wraps.
            #[inline]
            #[must_use]
            pub const fn plus(self, count: $unsigned) -> Self {
                Self($serial(self.0).plus(count).0)
            }

            /// The number one step later; it wraps.
            #[inline]
            #[must_use]
            pub const fn next(self) -> Self {
                self.plus(1)
            }

            /// The number one step earlier; it wraps.
            #[inline]
            #[must_use]
            pub const fn previous(self) -> Self {
                Self(self.0.wrapping_sub(1))
            }

            /// How many steps `self` lies after `earlier`; negative where it lies before.
            #[inline]
            #[must_use]
            pub const fn since(self, earlier: Self) -> $signed {
                $serial(self.0).since($serial(earlier.0))
            }

            /// Whether `self` lies after `other`. Exactly half the circle away is neither.
            #[inline]
            #[must_use]
            pub const fn is_after(self, other: Self) -> bool {
                $serial(self.0).is_after($serial(other.0))
            }
        }

        impl PartialOrd for $name {
            /// `None` for two numbers exactly half the circle apart (RFC 1982 section 3.2).
            #[inline]
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                $serial(self.0).partial_cmp(&$serial(other.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

serial!(
    /// A Transmission Sequence Number: which DATA or I-DATA chunk (RFC 9260 section 1.6).
    Tsn,
    Serial32,
    u32,
    i32
);
serial!(
    /// A Stream Sequence Number: which ordered message of its stream (RFC 9260 section 3.3.1).
    Ssn,
    Serial16,
    u16,
    i16
);
serial!(
    /// A Message Identifier: which message of its stream, ordered and unordered ones counted apart
    /// (RFC 8260 section 2.1).
    Mid,
    Serial32,
    u32,
    i32
);
serial!(
    /// A Fragment Sequence Number: which piece of its message (RFC 8260 section 2.1).
    Fsn,
    Serial32,
    u32,
    i32
);
serial!(
    /// A Re-configuration Request Sequence Number (RFC 6525 section 4.1).
    RequestNumber,
    Serial32,
    u32,
    i32
);
