//! What a record can carry (RFC 9147 section 4, RFC 9146 section 4).

/// The kind of a record's content, by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ContentType(pub(crate) u8);

impl ContentType {
    /// ChangeCipherSpec, 1.2.
    pub(crate) const CHANGE_CIPHER_SPEC: Self = Self(20);
    /// An alert.
    pub(crate) const ALERT: Self = Self(21);
    /// Fragments of handshake messages.
    pub(crate) const HANDSHAKE: Self = Self(22);
    /// What the application sends.
    pub(crate) const APPLICATION_DATA: Self = Self(23);
    /// 1.2's record with a connection id; the true kind is inside (RFC 9146 section 4).
    pub(crate) const TLS12_CID: Self = Self(25);
    /// ACK, 1.3.
    pub(crate) const ACK: Self = Self(26);
}
