//! The client's side of the long-term mechanism (RFC 8489 sections 9.2.3 and 9.2.5).
//!
//! 1. The first request goes out bare.
//! 2. The server answers 401 with a realm and a nonce; [`LongTermClient::judge`] keeps them, makes
//!    the key, and says [`Judgement::Retry`].
//! 3. The next request is sealed with them. A 438 brings a new nonce, and one more try.

use std::sync::Arc;

use icelab_crypto::{Secret, sha256};

use super::algorithm::PasswordAlgorithm;
use super::cookie::SecurityFeatures;
use super::judgement::{Flaw, Judgement, Refusal};
use super::opaque::{OpaqueError, opaque_string};
use crate::attribute::{
    ErrorCode, Nonce, PasswordAlgorithmChoice, PasswordAlgorithms, Realm, Userhash, Username, kind,
};
use crate::message::{Class, Integrity, IntegrityKind, Key, Message, MessageBuilder};

/// A username and a password, and what the server has asked of them.
#[derive(Clone, Debug)]
pub struct LongTermClient {
    username: String,
    password: Secret,
    challenge: Option<Challenge>,
}

/// What the server's latest 401 or 438 said, and the key that follows from it.
#[derive(Clone, Debug)]
struct Challenge {
    realm: String,
    nonce: String,
    /// The value of PASSWORD-ALGORITHMS, to be sent back as it came, and our choice from it.
    algorithms: Option<(Vec<u8>, PasswordAlgorithm)>,
    userhash: Option<[u8; 32]>,
    key: Arc<Key>,
}

/// How one request was sealed: kept with its transaction, to judge the response.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    key: Option<Arc<Key>>,
    realm: Option<String>,
    retries: u8,
}

impl Attempt {
    /// The key that sealed the request, if one did.
    #[must_use]
    pub fn key(&self) -> Option<&Key> {
        self.key.as_deref()
    }

    /// How often the request was sent again, for credentials' sake, before this time.
    #[must_use]
    pub const fn retries(&self) -> u8 {
        self.retries
    }
}

impl LongTermClient {
    /// Credentials that no server has challenged yet.
    ///
    /// # Errors
    /// Where the profile of RFC 8265 forbids the username or the password.
    pub fn new(username: &str, password: &str) -> Result<Self, OpaqueError> {
        let username = opaque_string(username)?.into_owned();
        let password = Secret::new(opaque_string(password)?.as_bytes());
        Ok(Self { username, password, challenge: None })
    }

    /// The username.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The realm, once a server has named it.
    #[must_use]
    pub fn realm(&self) -> Option<&str> {
        self.challenge.as_ref().map(|challenge| challenge.realm.as_str())
    }

    /// Whether a server has challenged, so that requests go out sealed.
    #[must_use]
    pub const fn is_challenged(&self) -> bool {
        self.challenge.is_some()
    }

    /// Finishes a request with the credentials, so far as they are known. For a retry, `previous`
    /// is the attempt that was answered.
    #[must_use]
    pub fn seal(
        &self,
        builder: MessageBuilder,
        previous: Option<&Attempt>,
        with_fingerprint: bool,
    ) -> (Vec<u8>, Attempt) {
        let retries = previous.map_or(0, |attempt| attempt.retries.saturating_add(1));
        // RFC 8489 section 9.2.3.1: the first request carries nothing of the mechanism.
        let Some(challenge) = &self.challenge else {
            let attempt = Attempt { retries, ..Attempt::default() };
            return (builder.finish_with(None, with_fingerprint), attempt);
        };
        // RFC 8489 section 9.2.3.2.
        let mut builder = match challenge.userhash {
            Some(hash) => builder.add(&Userhash(hash)),
            None => builder.add(&Username(&self.username)),
        };
        builder = builder.add(&Realm(&challenge.realm)).add(&Nonce(&challenge.nonce));
        if let Some((offer, choice)) = &challenge.algorithms {
            builder = builder
                .raw(kind::PASSWORD_ALGORITHMS, offer)
                .add(&PasswordAlgorithmChoice::from(*choice));
        }
        let attempt = Attempt {
            key: Some(Arc::clone(&challenge.key)),
            realm: Some(challenge.realm.clone()),
            retries,
        };
        (builder.finish_with(Some(&challenge.key), with_fingerprint), attempt)
    }

    /// Judges the response to a request that was sealed as `attempt` says, in the order of RFC
    /// 8489 section 9.2.5.
    pub fn judge(&mut self, response: &Message<'_>, attempt: &Attempt) -> Judgement {
        let code = match (response.class(), response.get::<ErrorCode<'_>>()) {
            (Class::Error, Some(Ok(error))) => Some(error.code),
            _ => None,
        };
        match code {
            Some(401) => self.unauthenticated(response, attempt),
            Some(438) => self.stale_nonce(response, attempt),
            _ => other(response, attempt),
        }
    }

    fn unauthenticated(&mut self, response: &Message<'_>, attempt: &Attempt) -> Judgement {
        let challenge = match self.read_challenge(response) {
            Ok(challenge) => challenge,
            Err(refusal) => return Judgement::Fail(refusal),
        };
        // No retry unless it changes something: RFC 8489 section 9.2.5.
        let is_refused = attempt.realm.as_ref() == Some(&challenge.realm);
        self.challenge = Some(challenge);
        if is_refused || attempt.retries >= RETRIES {
            Judgement::Fail(Refusal::WrongCredentials)
        } else {
            Judgement::Retry
        }
    }

    fn stale_nonce(&mut self, response: &Message<'_>, attempt: &Attempt) -> Judgement {
        match self.read_challenge(response) {
            Ok(challenge) => self.challenge = Some(challenge),
            Err(refusal) => return Judgement::Fail(refusal),
        }
        if attempt.retries >= RETRIES {
            Judgement::Fail(Refusal::AlwaysStale)
        } else {
            Judgement::Retry
        }
    }

    /// Takes in realm, nonce and algorithms of a 401 or 438.
    fn read_challenge(&self, response: &Message<'_>) -> Result<Challenge, Refusal> {
        if promises_absent_algorithms(response) {
            return Err(Refusal::BidDown);
        }
        let realm = match response.get::<Realm<'_>>() {
            Some(Ok(Realm(realm))) => realm,
            // RFC 5389's servers may leave it out of a 438.
            None => self.realm().ok_or(Refusal::BrokenChallenge)?,
            Some(Err(_)) => return Err(Refusal::BrokenChallenge),
        };
        let Some(Ok(Nonce(nonce))) = response.get::<Nonce<'_>>() else {
            return Err(Refusal::BrokenChallenge);
        };
        let features = SecurityFeatures::of(nonce).unwrap_or_default();
        let algorithms = choose_algorithm(response)?;
        let algorithm = algorithms.as_ref().map(|(_, choice)| *choice);
        let key = match &self.challenge {
            Some(before)
                if before.realm == realm
                    && before.algorithms.as_ref().map(|(_, choice)| *choice) == algorithm =>
            {
                Arc::clone(&before.key)
            }
            _ => Arc::new(self.make_key(realm, algorithm)?),
        };
        let userhash = match opaque_string(realm) {
            Ok(realm) if features.username_anonymity => {
                Some(sha256(&[self.username.as_bytes(), b":", realm.as_bytes()]))
            }
            _ => None,
        };
        Ok(Challenge {
            realm: realm.to_owned(),
            nonce: nonce.to_owned(),
            algorithms,
            userhash,
            key,
        })
    }

    fn make_key(&self, realm: &str, algorithm: Option<PasswordAlgorithm>) -> Result<Key, Refusal> {
        let password = core::str::from_utf8(self.password.expose())
            .expect("the password was text when it came in");
        let hash = algorithm.unwrap_or(PasswordAlgorithm::Md5);
        let key = Key::long_term(&self.username, realm, password, hash)
            .map_err(|_| Refusal::BrokenChallenge)?;
        // RFC 8489 section 9.2.5: a server that offers algorithms gets MESSAGE-INTEGRITY-SHA256
        // only, with either of them.
        Ok(match algorithm {
            Some(_) => key.signing_with(IntegrityKind::Sha256),
            None => key.signing_with(IntegrityKind::Sha1),
        })
    }
}

/// Judges what is neither 401 nor 438.
fn other(response: &Message<'_>, attempt: &Attempt) -> Judgement {
    if promises_absent_algorithms(response) {
        return Judgement::Discard(Flaw::BidDown);
    }
    let Some(key) = &attempt.key else {
        return Judgement::Accept { authenticated: false };
    };
    match response.verify_integrity(key) {
        // The algorithm that sealed the request must seal the response, lest somebody
        // between fall back to the weaker one (RFC 8489 sections 9.2.4 and 9.2.5).
        Integrity::Good { sha256 } if sha256 == (key.signs_with() != IntegrityKind::Sha1) => {
            Judgement::Accept { authenticated: true }
        }
        Integrity::Good { .. } => Judgement::Discard(Flaw::Unprotected),
        Integrity::Bad => Judgement::Discard(Flaw::BadIntegrity),
        // A 400 too: such a response never reaches the application.
        Integrity::Absent => Judgement::Discard(Flaw::Unprotected),
    }
}

/// Whether the nonce's cookie says that PASSWORD-ALGORITHMS was sent, and it did not arrive.
fn promises_absent_algorithms(response: &Message<'_>) -> bool {
    let Some(Ok(Nonce(nonce))) = response.get::<Nonce<'_>>() else {
        return false;
    };
    SecurityFeatures::of(nonce).is_some_and(|features| features.password_algorithms)
        && !response.has(kind::PASSWORD_ALGORITHMS)
}

/// The offer as it came, and the first algorithm in it that is known here.
fn choose_algorithm(
    response: &Message<'_>,
) -> Result<Option<(Vec<u8>, PasswordAlgorithm)>, Refusal> {
    let Some(offer) = response.raw(kind::PASSWORD_ALGORITHMS) else {
        return Ok(None);
    };
    let Some(Ok(PasswordAlgorithms(choices))) = response.get::<PasswordAlgorithms<'_>>() else {
        return Err(Refusal::BrokenChallenge);
    };
    let choice = choices.iter().find_map(PasswordAlgorithmChoice::known);
    choice.map(|choice| Some((offer.to_vec(), choice))).ok_or(Refusal::NoKnownAlgorithm)
}

/// How often one request is sent again for credentials' sake: a challenge, a stale nonce, and
/// one more of each when the server restarts meanwhile.
const RETRIES: u8 = 4;
