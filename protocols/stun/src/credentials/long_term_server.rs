//! The server's side of the long-term mechanism (RFC 8489 section 9.2.4), without state: a nonce
//! holds its own expiry, sealed together with the client's address.

use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

use icelab_crypto::{HmacSha256, base64, equal};
use icelab_sans_io::{Instant, Rng};

use super::algorithm::PasswordAlgorithm;
use super::cookie::SecurityFeatures;
use super::users::{Name, Users};
use crate::attribute::{
    ErrorCode, Nonce, PasswordAlgorithmChoice, PasswordAlgorithms, Realm, Userhash, Username, kind,
};
use crate::message::{Class, Integrity, IntegrityKind, Key, Message, MessageBuilder};

/// What a server asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongTermConfig {
    /// The realm, best the provider's domain name.
    pub realm: String,
    /// The algorithms offered in PASSWORD-ALGORITHMS, the preferred one first; none is RFC
    /// 5389's way.
    pub algorithms: Vec<PasswordAlgorithm>,
    /// Whether clients shall send USERHASH.
    pub username_anonymity: bool,
    /// For how long a nonce is good.
    pub nonce_lifetime: Duration,
}

impl LongTermConfig {
    /// SHA-256 before MD5, plain usernames, nonces good for 10 minutes.
    #[must_use]
    pub fn new(realm: impl Into<String>) -> Self {
        Self {
            realm: realm.into(),
            algorithms: vec![PasswordAlgorithm::Sha256, PasswordAlgorithm::Md5],
            username_anonymity: false,
            nonce_lifetime: Duration::from_secs(600),
        }
    }
}

/// Challenges and checks.
#[derive(Clone, Debug)]
pub struct LongTermServer {
    config: LongTermConfig,
    seal: HmacSha256,
}

/// A request that proved who sent it.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The sender.
    pub username: String,
    /// The key that seals the response, in the way that the request asks for.
    pub key: Key,
}

/// A request that did not.
#[derive(Clone, Debug)]
pub enum Rejection {
    /// 400: it is malformed.
    BadRequest,
    /// 401: it carries no credentials, or wrong ones.
    Unauthenticated,
    /// 438: its credentials are right, and its nonce is not, or no more.
    StaleNonce,
}

impl LongTermServer {
    /// A server whose nonces only it can make.
    #[must_use]
    pub fn new(config: LongTermConfig, rng: &mut Rng) -> Self {
        Self { config, seal: HmacSha256::new(&rng.bytes::<32>()) }
    }

    /// The realm.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.config.realm
    }

    /// Checks a request, in the order of RFC 8489 section 9.2.4.
    ///
    /// # Errors
    /// The error that is to be answered with: see [`reject`](Self::reject).
    pub fn check(
        &self,
        request: &Message<'_>,
        source: SocketAddr,
        users: &(impl Users + ?Sized),
        now: Instant,
    ) -> Result<Authenticated, Rejection> {
        if !request.has(kind::MESSAGE_INTEGRITY) && !request.has(kind::MESSAGE_INTEGRITY_SHA256) {
            return Err(Rejection::Unauthenticated);
        }
        let (name, realm, nonce) = read_claims(request)?;
        let algorithm = self.read_algorithm(request, nonce)?;
        if realm != self.config.realm {
            return Err(Rejection::Unauthenticated);
        }
        // Who offers algorithms without MD5 has no key for a client that knows nothing else.
        let hash = algorithm.unwrap_or(PasswordAlgorithm::Md5);
        if !self.config.algorithms.is_empty() && !self.config.algorithms.contains(&hash) {
            return Err(Rejection::Unauthenticated);
        }
        let account =
            users.find(name, &self.config.realm, hash, now).ok_or(Rejection::Unauthenticated)?;
        if !matches!(request.verify_integrity(&account.key), Integrity::Good { .. }) {
            return Err(Rejection::Unauthenticated);
        }
        if !self.is_fresh(nonce, source, now) {
            return Err(Rejection::StaleNonce);
        }
        let signs_with = match algorithm {
            Some(_) => IntegrityKind::Sha256,
            None => IntegrityKind::Sha1,
        };
        Ok(Authenticated { username: account.username, key: account.key.signing_with(signs_with) })
    }

    /// The error response to a rejected request, without integrity; the caller may add SOFTWARE
    /// and finishes it.
    pub fn reject(
        &self,
        request: &Message<'_>,
        rejection: &Rejection,
        source: SocketAddr,
        now: Instant,
    ) -> MessageBuilder {
        let builder = MessageBuilder::new(Class::Error, request.method(), request.transaction_id());
        let code = match rejection {
            Rejection::BadRequest => return builder.add(&ErrorCode::BAD_REQUEST),
            Rejection::Unauthenticated => ErrorCode::UNAUTHENTICATED,
            Rejection::StaleNonce => ErrorCode::STALE_NONCE,
        };
        let builder = builder
            .add(&code)
            .add(&Realm(&self.config.realm))
            .add(&Nonce(&self.make_nonce(source, now + self.config.nonce_lifetime)));
        if self.config.algorithms.is_empty() { builder } else { builder.add(&self.offer()) }
    }

    fn offer(&self) -> PasswordAlgorithms<'static> {
        PasswordAlgorithms(self.config.algorithms.iter().map(|one| (*one).into()).collect())
    }

    /// Which algorithm the client chose; `None` for a client that knows of none, which means MD5.
    fn read_algorithm(
        &self,
        request: &Message<'_>,
        nonce: &str,
    ) -> Result<Option<PasswordAlgorithm>, Rejection> {
        if !SecurityFeatures::of(nonce).is_some_and(|features| features.password_algorithms) {
            return Ok(None);
        }
        let offered = request.get::<PasswordAlgorithms<'_>>();
        let chosen = request.get::<PasswordAlgorithmChoice<'_>>();
        match (offered, chosen) {
            (None, None) => Ok(None),
            (Some(Ok(offered)), Some(Ok(chosen)))
                if offered == self.offer() && offered.0.contains(&chosen) =>
            {
                chosen.known().map(Some).ok_or(Rejection::BadRequest)
            }
            _ => Err(Rejection::BadRequest),
        }
    }

    /// Cookie, then base64 of expiry and seal: a nonce differs for every address and port, as
    /// RFC 8489 section 9.2.4 demands.
    fn make_nonce(&self, source: SocketAddr, expiry: Instant) -> String {
        let cookie = SecurityFeatures {
            password_algorithms: !self.config.algorithms.is_empty(),
            username_anonymity: self.config.username_anonymity,
        }
        .cookie();
        let expiry = expiry.as_nanos().to_be_bytes();
        let seal = self.seal_of(&cookie, source, expiry);
        let body: Vec<u8> = expiry.into_iter().chain(seal).collect();
        format!("{cookie}{}", base64::encode(&body))
    }

    fn is_fresh(&self, nonce: &str, source: SocketAddr, now: Instant) -> bool {
        let Some((cookie, body)) = nonce.split_at_checked(COOKIE_LENGTH) else {
            return false;
        };
        let Some(body) = base64::decode(body) else {
            return false;
        };
        let Some((expiry, seal)) = body.split_first_chunk::<8>() else {
            return false;
        };
        equal(&self.seal_of(cookie, source, *expiry), seal)
            && now < Instant::from_nanos(u64::from_be_bytes(*expiry))
    }

    fn seal_of(&self, cookie: &str, source: SocketAddr, expiry: [u8; 8]) -> [u8; SEAL_LENGTH] {
        let address = match source.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
            IpAddr::V6(ip) => ip.octets(),
        };
        let port = source.port().to_be_bytes();
        let tag = self.seal.sign(&[cookie.as_bytes(), &expiry, &address, &port]);
        *tag.first_chunk().expect("the seal is shorter than the tag")
    }
}

/// The claims of a request: without all three it is malformed.
fn read_claims<'a>(request: &Message<'a>) -> Result<(Name<'a>, &'a str, &'a str), Rejection> {
    let name = match (request.get::<Username<'a>>(), request.get::<Userhash>()) {
        (Some(Ok(Username(name))), _) => Name::Plain(name),
        (None, Some(Ok(Userhash(hash)))) => Name::Hashed(hash),
        _ => return Err(Rejection::BadRequest),
    };
    let (Some(Ok(Realm(realm))), Some(Ok(Nonce(nonce)))) =
        (request.get::<Realm<'a>>(), request.get::<Nonce<'a>>())
    else {
        return Err(Rejection::BadRequest);
    };
    Ok((name, realm, nonce))
}

/// Length of "obMatJos2" and 24 bits in base64.
const COOKIE_LENGTH: usize = 13;
/// 104 bits; with the expiry 21 bytes, which is base64 without padding.
const SEAL_LENGTH: usize = 13;
