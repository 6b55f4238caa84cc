//! What both sides know of a channel (RFC 8831 section 6.4).

use core::time::Duration;

use icelab_sctp::Reliability;

use crate::event::OpenError;

/// What both sides know of a channel (RFC 8831 section 6.4).
///
/// The default is ordered and reliable, without a label or a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// A name, unique or not; up to 65,535 bytes.
    pub label: String,
    /// What the messages mean: a name of the "WebSocket Subprotocol Name Registry", or nothing; up to
    /// 65,535 bytes.
    pub protocol: String,
    /// Whether messages arrive in the order in which they were sent.
    pub is_ordered: bool,
    /// When a message is given up. Lifetimes are whole milliseconds, up to 2^32 - 1 of them; what is beyond
    /// either is cut off.
    pub reliability: Reliability,
    /// What it weighs beside other channels.
    pub priority: Priority,
}

impl Properties {
    /// An ordered, reliable channel with this label.
    #[must_use]
    pub fn labelled(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    /// As they are told to the peer, so that both sides do the same.
    pub(crate) fn agreeable(mut self) -> Result<Self, OpenError> {
        // RFC 8832 section 5.1: both lengths have two bytes.
        if self.label.len() > LONGEST_TEXT {
            return Err(OpenError::LabelTooLong(self.label.len()));
        }
        if self.protocol.len() > LONGEST_TEXT {
            return Err(OpenError::ProtocolTooLong(self.protocol.len()));
        }
        if let Reliability::Lifetime(lifetime) = self.reliability {
            let millis = u32::try_from(lifetime.as_millis()).unwrap_or(u32::MAX);
            self.reliability = Reliability::Lifetime(Duration::from_millis(millis.into()));
        }
        Ok(self)
    }

    /// Whether no message is ever given up.
    pub(crate) fn is_reliable(&self) -> bool {
        self.reliability == Reliability::Full
    }

    /// The bytes of its names.
    pub(crate) const fn names(&self) -> usize {
        self.label.len() + self.protocol.len()
    }
}

impl Default for Properties {
    fn default() -> Self {
        Self {
            label: String::new(),
            protocol: String::new(),
            is_ordered: true,
            reliability: Reliability::Full,
            priority: Priority::default(),
        }
    }
}

/// What a channel weighs beside the others when they share what the path can carry (RFC 8831 section
/// 6.4): one of twice the priority gets twice as much.
///
/// The four that there are names for SHOULD be used; a peer may say any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(pub u16);

impl Priority {
    /// W3C: `very-low`.
    pub const BELOW_NORMAL: Self = Self(128);
    /// W3C: `low`, the default.
    pub const NORMAL: Self = Self(256);
    /// W3C: `medium`.
    pub const HIGH: Self = Self(512);
    /// W3C: `high`.
    pub const EXTRA_HIGH: Self = Self(1024);

    /// The weight for SCTP's scheduler (RFC 8260 section 3.6). Stacks that know no priorities say 0, with
    /// which a channel would get nothing: they get the lowest that has a name.
    #[must_use]
    pub const fn weight(self) -> u16 {
        if self.0 == 0 { Self::BELOW_NORMAL.0 } else { self.0 }
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::NORMAL
    }
}

/// How long a label or a protocol may be.
const LONGEST_TEXT: usize = u16::MAX as usize;
