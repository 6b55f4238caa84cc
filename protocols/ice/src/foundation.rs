//! Foundations: which candidates are likely to share a fate (RFC 8445 section 5.1.1.3).

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use icelab_sans_io::net::Transport;

use crate::candidate::CandidateKind;

/// The foundation of a candidate: 1 to 32 letters, digits, `+` and `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Foundation(String);

impl Foundation {
    /// The longest foundation (RFC 8839 section 5.1).
    pub const MAX_LENGTH: usize = 32;

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The foundation with the number `number`.
    pub(crate) fn numbered(number: usize) -> Self {
        Self(number.to_string())
    }

    /// An arbitrary foundation, the `number`th, for a remote candidate that was not signalled
    /// (section 7.3.1.3). It contains a character that no signalled foundation contains, so it
    /// differs from all of them.
    pub(crate) fn arbitrary(number: usize) -> Self {
        Self(format!("*{number}"))
    }
}

impl fmt::Display for Foundation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no foundation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a foundation is 1 to 32 letters, digits, '+' and '/'")]
pub struct FoundationError;

impl FromStr for Foundation {
    type Err = FoundationError;

    fn from_str(text: &str) -> Result<Self, FoundationError> {
        let fits = (1..=Self::MAX_LENGTH).contains(&text.len());
        if fits && text.bytes().all(is_ice_char) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FoundationError)
        }
    }
}

/// RFC 8839 section 5.1: `ice-char = ALPHA / DIGIT / "+" / "/"`.
pub(crate) const fn is_ice_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Numbers the foundations of one agent's candidates: equal properties, equal number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Foundations {
    seen: Vec<Properties>,
}

/// What candidates of one foundation have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Properties {
    pub(crate) kind: CandidateKind,
    pub(crate) base: IpAddr,
    pub(crate) server: Option<IpAddr>,
    pub(crate) transport: Transport,
}

impl Foundations {
    /// The foundation for `properties`.
    pub(crate) fn of(&mut self, properties: Properties) -> Foundation {
        let known = self.seen.iter().position(|seen| *seen == properties);
        let index = known.unwrap_or_else(|| {
            self.seen.push(properties);
            self.seen.len() - 1
        });
        Foundation::numbered(index + 1)
    }
}
