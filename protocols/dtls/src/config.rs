//! What one end is told before it starts.

use core::time::Duration;

use icelab_crypto::{Fingerprint, Identity};

use crate::wire::extension::use_srtp::SrtpProfile;
use crate::wire::group::NamedGroup;
use crate::wire::suite::CipherSuite;
use crate::wire::version::Version;

/// Which end of the handshake (in SDP: `a=setup`, RFC 8842).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends the first message: `active`.
    Client,
    /// Waits for it: `passive`.
    Server,
}

/// What one end is told before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Client or server.
    pub role: Role,
    /// Own certificate and its key.
    pub identity: Identity,
    /// What the peer's certificate must hash to, from its signalling (RFC 8122): any one of these.
    /// Empty: nothing is released before [`Dtls::expect_fingerprints`](crate::Dtls::expect_fingerprints).
    pub fingerprints: Vec<Fingerprint>,
    /// The oldest and the newest version that may be spoken.
    pub versions: (Version, Version),
    /// The best first.
    pub cipher_suites: Vec<CipherSuite>,
    /// The best first. A client sends shares for the first [`Self::key_shares`] of them.
    pub groups: Vec<NamedGroup>,
    /// For how many groups a 1.3 client sends a share at once.
    pub key_shares: usize,
    /// The profiles that may protect media, the best first (RFC 5764); empty where there is none.
    pub srtp_profiles: Vec<SrtpProfile>,
    /// The longest datagram, in bytes without IP and UDP headers.
    pub mtu: usize,
    /// When a flight is sent again.
    pub retransmission: Retransmission,
    /// How a server makes sure that its client has its address.
    pub address: AddressCheck,
    /// The id that the peer shall put into its records (RFC 9146); `None` where this end does not
    /// want the extension, empty where it needs no id itself and takes the peer's.
    pub connection_id: Option<Vec<u8>>,
    /// Whether secrets are told as [`Event::KeyLog`](crate::Event::KeyLog).
    pub key_log: bool,
    /// After how many records a 1.3 end changes its keys (RFC 9147 section 4.5.3).
    pub records_per_key: u64,
    /// After how many records that could not be opened under one key the connection ends (RFC 9147
    /// section 4.5.3).
    pub forgeries_per_key: u64,
}

impl Config {
    /// Defaults of WebRTC: both versions, AES-128-GCM first, X25519 first, no cookie (ICE has
    /// checked the address), datagrams of up to 1200 bytes.
    #[must_use]
    pub fn new(role: Role, identity: Identity) -> Self {
        Self {
            role,
            identity,
            fingerprints: Vec::new(),
            versions: (Version::V1_2, Version::V1_3),
            cipher_suites: vec![
                CipherSuite::AES_128_GCM,
                CipherSuite::AES_256_GCM,
                CipherSuite::CHACHA20_POLY1305,
                CipherSuite::ECDHE_ECDSA_AES_128_GCM,
                CipherSuite::ECDHE_RSA_AES_128_GCM,
                CipherSuite::ECDHE_ECDSA_AES_256_GCM,
                CipherSuite::ECDHE_RSA_AES_256_GCM,
                CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305,
                CipherSuite::ECDHE_RSA_CHACHA20_POLY1305,
            ],
            groups: vec![
                NamedGroup::X25519,
                NamedGroup::P256,
                NamedGroup::P384,
                NamedGroup::X25519_MLKEM768,
            ],
            key_shares: 1,
            srtp_profiles: vec![
                SrtpProfile::AEAD_AES_128_GCM,
                SrtpProfile::AEAD_AES_256_GCM,
                SrtpProfile::AES128_CM_SHA1_80,
            ],
            mtu: 1200,
            retransmission: Retransmission::default(),
            address: AddressCheck::Known,
            connection_id: None,
            key_log: false,
            records_per_key: 1 << 24,
            forgeries_per_key: 1 << 36,
        }
    }

    /// Whether `version` may be spoken.
    pub(crate) fn speaks(&self, version: Version) -> bool {
        self.versions.0 <= version && version <= self.versions.1
    }

    /// The suites of `version` that may be used, the best first.
    pub(crate) fn suites(&self, version: Version) -> impl Iterator<Item = CipherSuite> + '_ {
        self.cipher_suites.iter().copied().filter(move |suite| {
            suite.parameters().is_some_and(|parameters| parameters.version() == version)
        })
    }
}

/// When a flight is sent again (RFC 6347 section 4.2.4.1, RFC 9147 section 5.8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retransmission {
    /// The path's round trip, where somebody (ICE) has measured it.
    pub rtt: Option<Duration>,
    /// The first wait where nobody has. RFC 9147 recommends 400 ms for DTLS-SRTP.
    pub initial: Duration,
    /// Each wait is twice the one before, up to this; where the round trip is known, up to
    /// eight times the first, or two seconds, if that is longer.
    pub longest: Duration,
    /// How often a flight is sent again before the end gives up.
    pub tries: u32,
}

impl Default for Retransmission {
    fn default() -> Self {
        Self {
            rtt: None,
            initial: Duration::from_millis(400),
            longest: Duration::from_secs(60),
            tries: 30,
        }
    }
}

impl Retransmission {
    /// The first wait: a little longer than the round trip, where that is known.
    ///
    /// RFC 9147 section 5.8.2 suggests one and a half round trips. A measured round trip that is
    /// exceeded by an eighth tells of a loss just as well where no queue has built up, and half a
    /// round trip is what a user waits for; a wait never is shorter than the round trip.
    pub(crate) fn first(&self) -> Duration {
        self.rtt.map_or(self.initial, |rtt| (rtt + rtt / 8 + MARGIN).max(SHORTEST))
    }

    /// The longest wait. That a known round trip has passed eight times over tells of losses, not
    /// of a path that is slower than it was: waiting a minute helps nobody.
    pub(crate) fn patience(&self) -> Duration {
        match self.rtt {
            Some(_) => self.longest.min((self.first() * 8).max(SECONDS)),
            None => self.longest,
        }
    }
}

/// The longest wait on a fast path whose round trip is known.
const SECONDS: Duration = Duration::from_secs(2);
/// For clocks.
const MARGIN: Duration = Duration::from_millis(5);
/// No wait that somebody measured is shorter: on the nearest path, too, the peer must sign and verify
/// before it answers.
pub(crate) const SHORTEST: Duration = Duration::from_millis(50);

/// How a server makes sure that its client has its address (RFC 6347 section 4.2.1, RFC 9147
/// section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressCheck {
    /// Somebody else has: ICE's checks.
    Known,
    /// By a cookie: HelloVerifyRequest in 1.2, HelloRetryRequest in 1.3.
    Cookie,
    /// Not at all, but no more than three times the bytes that came are sent before the client has
    /// shown that it hears.
    Limit,
}
