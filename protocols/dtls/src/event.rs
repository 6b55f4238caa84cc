//! What one end says to whoever owns it.

use icelab_crypto::{Certificate, Secret};

use crate::wire::alert::AlertDescription;
use crate::wire::extension::use_srtp::SrtpProfile;
use crate::wire::group::NamedGroup;
use crate::wire::suite::CipherSuite;
use crate::wire::version::Version;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The handshake is over, and the peer's certificate is the one that was expected. Another one
    /// tells that the peer has begun anew and has proven who it is (RFC 9147 section 5.11): what was
    /// agreed on before is over.
    Connected(Connected),
    /// What the peer's application sent, one record each.
    Data(Vec<u8>),
    /// A line for the key log, in the format of `SSLKEYLOGFILE`.
    KeyLog(String),
    /// Own flight was sent again because nothing was heard in time; how often this made.
    Retransmitted(u32),
    /// The peer asked for connection ids and got these: what carries one is for this end (RFC 9147
    /// section 9).
    ConnectionIds(Vec<Vec<u8>>),
    /// Nothing more will come or go.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

/// What both ends agreed on.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The version.
    pub version: Version,
    /// The cipher suite.
    pub cipher_suite: CipherSuite,
    /// The group of the key exchange.
    pub group: NamedGroup,
    /// Keys for media, where both ends wanted them.
    pub srtp: Option<SrtpKeys>,
    /// The peer's certificate.
    pub certificate: Certificate,
}

/// Keys for SRTP (RFC 5764 section 4.2).
#[derive(Clone, Debug)]
pub struct SrtpKeys {
    /// The profile.
    pub profile: SrtpProfile,
    /// Master key and salt for what this end sends.
    pub local: MasterKey,
    /// Master key and salt for what the peer sends.
    pub remote: MasterKey,
}

/// A master key and its salt, as long as the profile has them.
#[derive(Clone, Debug)]
pub struct MasterKey {
    /// The key.
    pub key: Secret,
    /// The salt.
    pub salt: Secret,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// This end wished so.
    Local,
    /// The peer said `close_notify`.
    Remote,
    /// The peer sent a fatal alert.
    Alert(AlertDescription),
    /// This end sent a fatal alert.
    Failed(AlertDescription),
    /// The peer's certificate is not the one that was expected.
    Fingerprint,
    /// Nothing was heard, however often the flight was sent.
    Timeout,
}

/// Why application data cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The handshake is not over.
    #[error("the handshake is not over")]
    NotConnected,
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
    /// The data do not fit one record: of 2^14 bytes, or one less in 1.2 with a connection id.
    #[error("the data do not fit one record of 16384 bytes")]
    TooLong,
}

/// Why connection ids can neither be given nor asked for (RFC 9147 section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionIdError {
    /// The handshake is not over, the version is 1.2, or there are no ids in that direction.
    #[error("no connection ids were agreed on")]
    NotAgreed,
    /// An earlier message of the kind has not done its work.
    #[error("an earlier message is under way")]
    Pending,
    /// An id is empty or longer than 255 bytes, or there are none or more than seven.
    #[error("none or more than 7 ids, or an id that is empty or longer than 255 bytes")]
    Unfit,
}

/// Why nothing can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The handshake is not over.
    #[error("the handshake is not over")]
    NotConnected,
    /// The peer's 1.2 does not bind the master secret to the handshake (RFC 7627 section 5.4).
    #[error("the peer does not know the extended master secret")]
    Unbound,
    /// The label, context or output is longer than the construction takes.
    #[error("label, context or output is too long")]
    TooLong,
}
