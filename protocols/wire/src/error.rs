//! The one way in which bytes can fail to be a message.

use core::fmt;

/// Why a buffer could not be read as the message it should be.
///
/// It names the field, never the bytes, and costs nothing to make: decoders run on what any
/// stranger sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecodeError {
    /// The buffer ends before the field does.
    Truncated {
        /// How many bytes the field takes.
        needed: usize,
        /// How many bytes were left.
        had: usize,
    },
    /// A length field contradicts the buffer or the format.
    Length {
        /// The field, in the words of its RFC.
        field: &'static str,
    },
    /// A field holds a value that its format forbids.
    Value {
        /// The field, in the words of its RFC.
        field: &'static str,
    },
    /// Bytes are left after the end of the message.
    Trailing {
        /// How many.
        left: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { needed, had } => write!(f, "{needed} bytes needed, {had} left"),
            Self::Length { field } => write!(f, "the length of {field} is wrong"),
            Self::Value { field } => write!(f, "the value of {field} is not allowed"),
            Self::Trailing { left } => write!(f, "{left} bytes left over"),
        }
    }
}

impl core::error::Error for DecodeError {}
