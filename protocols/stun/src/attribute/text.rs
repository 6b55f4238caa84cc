//! Attributes that hold text (RFC 8489 sections 14.3, 14.9, 14.10, 14.14 and 14.16).

use icelab_wire::{DecodeError, Writer};

use super::{Attribute, kind};
use crate::message::TransactionId;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $kind:ident, $field:literal, $longest:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name<'a>(pub &'a str);

        impl<'a> Attribute<'a> for $name<'a> {
            const KIND: u16 = kind::$kind;

            fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
                decode(value, $longest, $field).map(Self)
            }

            fn encode(&self, writer: &mut Writer, _: &TransactionId) {
                writer.bytes(self.0.as_bytes());
            }
        }
    };
}

text!(
    /// Who sends (RFC 8489 section 14.3).
    Username, USERNAME, "USERNAME", LONGEST
);
text!(
    /// Where the username holds (RFC 8489 section 14.9).
    Realm, REALM, "REALM", LONGEST
);
text!(
    /// What makes a server's challenge unique (RFC 8489 section 14.10).
    Nonce, NONCE, "NONCE", LONGEST
);
text!(
    /// What software the sender is (RFC 8489 section 14.14).
    Software, SOFTWARE, "SOFTWARE", LONGEST
);
text!(
    /// The name that verifies the alternate server's certificate (RFC 8489 section 14.16).
    AlternateDomain, ALTERNATE_DOMAIN, "ALTERNATE-DOMAIN", 255
);

/// UTF-8 of at most `longest` bytes.
pub(super) fn decode<'a>(
    value: &'a [u8],
    longest: usize,
    field: &'static str,
) -> Result<&'a str, DecodeError> {
    if value.len() > longest {
        return Err(DecodeError::Length { field });
    }
    core::str::from_utf8(value).map_err(|_| DecodeError::Value { field })
}

/// The longest text to accept: RFC 8489 sections 14.3, 14.8, 14.9, 14.10 and 14.14 all say so.
pub(super) const LONGEST: usize = 763;
