//! Why a handshake ends.

use icelab_wire::DecodeError;

use crate::event::CloseReason;
use crate::wire::alert::AlertDescription;

/// What the peer did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It is told so by this alert.
    Alert(AlertDescription),
    /// Its certificate is not the one that was expected: `bad_certificate` (RFC 8122 section 6.2).
    Fingerprint,
}

impl Failure {
    /// The alert that tells it.
    pub(crate) const fn alert(self) -> AlertDescription {
        match self {
            Self::Alert(description) => description,
            Self::Fingerprint => AlertDescription::BAD_CERTIFICATE,
        }
    }

    /// What this end's owner is told.
    pub(crate) const fn reason(self) -> CloseReason {
        match self {
            Self::Alert(description) => CloseReason::Failed(description),
            Self::Fingerprint => CloseReason::Fingerprint,
        }
    }
}

impl From<AlertDescription> for Failure {
    fn from(description: AlertDescription) -> Self {
        Self::Alert(description)
    }
}

/// What cannot be decoded is a `decode_error`; a value that its field forbids is an
/// `illegal_parameter` (RFC 8446 section 6.2).
impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::Alert(match error {
            DecodeError::Value { .. } => AlertDescription::ILLEGAL_PARAMETER,
            DecodeError::Truncated { .. }
            | DecodeError::Length { .. }
            | DecodeError::Trailing { .. } => AlertDescription::DECODE_ERROR,
        })
    }
}
