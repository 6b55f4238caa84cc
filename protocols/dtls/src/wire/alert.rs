//! Alerts (RFC 5246 section 7.2, RFC 8446 section 6).

use icelab_wire::{DecodeError, Reader, Writer};

/// Why a side complains or leaves, by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertDescription(pub u8);

macro_rules! descriptions {
    ($($(#[doc = $doc:literal])* $name:ident = $number:literal, $text:literal;)+) => {
        impl AlertDescription {
            $($(#[doc = $doc])* pub const $name: Self = Self($number);)+

            /// The registered name, or `unknown`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                    Self(_) => "unknown",
                }
            }
        }
    };
}

descriptions! {
    /// The sender will send no more.
    CLOSE_NOTIFY = 0, "close_notify";
    /// A message came where it has no place.
    UNEXPECTED_MESSAGE = 10, "unexpected_message";
    /// A record could not be opened.
    BAD_RECORD_MAC = 20, "bad_record_mac";
    /// A record is longer than may be.
    RECORD_OVERFLOW = 22, "record_overflow";
    /// Nothing that both sides could speak was offered.
    HANDSHAKE_FAILURE = 40, "handshake_failure";
    /// A certificate is broken, or its signature is.
    BAD_CERTIFICATE = 42, "bad_certificate";
    /// A certificate is of a kind that is not supported.
    UNSUPPORTED_CERTIFICATE = 43, "unsupported_certificate";
    /// A certificate is not acceptable for another reason.
    CERTIFICATE_UNKNOWN = 46, "certificate_unknown";
    /// A field holds what it must not.
    ILLEGAL_PARAMETER = 47, "illegal_parameter";
    /// The certificate's issuer is not known.
    UNKNOWN_CA = 48, "unknown_ca";
    /// A message could not be decoded.
    DECODE_ERROR = 50, "decode_error";
    /// A signature, Finished or binder is wrong.
    DECRYPT_ERROR = 51, "decrypt_error";
    /// The version is known and not spoken.
    PROTOCOL_VERSION = 70, "protocol_version";
    /// What was offered is too weak.
    INSUFFICIENT_SECURITY = 71, "insufficient_security";
    /// Something failed that is not the peer's fault.
    INTERNAL_ERROR = 80, "internal_error";
    /// The sender gives up for a reason of its own.
    USER_CANCELED = 90, "user_canceled";
    /// Renegotiation was refused (RFC 5246 section 7.2.2).
    NO_RENEGOTIATION = 100, "no_renegotiation";
    /// An extension that must be there is not.
    MISSING_EXTENSION = 109, "missing_extension";
    /// An extension came that nobody offered.
    UNSUPPORTED_EXTENSION = 110, "unsupported_extension";
    /// The client must send a certificate.
    CERTIFICATE_REQUIRED = 116, "certificate_required";
    /// More connection ids were asked for than may be (RFC 9147 section 9).
    TOO_MANY_CIDS_REQUESTED = 52, "too_many_cids_requested";
}

impl core::fmt::Display for AlertDescription {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} ({})", self.name(), self.0)
    }
}

/// An alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Whether it ends the connection; `close_notify` is a warning.
    pub is_fatal: bool,
    /// Why.
    pub description: AlertDescription,
}

impl Alert {
    /// Reads an alert.
    ///
    /// # Errors
    /// Where it is not two bytes, or its level is neither warning (1) nor fatal (2).
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let is_fatal = match reader.u8()? {
            1 => false,
            2 => true,
            _ => return Err(DecodeError::Value { field: "alert level" }),
        };
        let description = AlertDescription(reader.u8()?);
        reader.finish()?;
        Ok(Self { is_fatal, description })
    }

    /// Writes the alert.
    pub fn encode(&self, writer: &mut Writer) {
        writer.u8(if self.is_fatal { 2 } else { 1 });
        writer.u8(self.description.0);
    }
}
