//! The short-term mechanism, both sides (RFC 8489 section 9.1).

use super::judgement::{Flaw, Judgement};
use super::long_term_server::Rejection;
use super::opaque::{OpaqueError, opaque_string};
use crate::attribute::{Username, kind};
use crate::message::{Integrity, IntegrityKind, Key, Message, MessageBuilder};

/// The client's side: a username and a password that signalling has agreed on.
#[derive(Clone, Debug)]
pub struct ShortTermClient {
    username: String,
    key: Key,
}

impl ShortTermClient {
    /// Credentials of which it is not yet known which integrity attribute the server knows: the
    /// first request carries both (RFC 8489 section 9.1.2).
    ///
    /// # Errors
    /// Where the profile of RFC 8265 forbids the username or the password.
    pub fn new(username: &str, password: &str) -> Result<Self, OpaqueError> {
        let username = opaque_string(username)?.into_owned();
        Ok(Self { username, key: Key::short_term(password)?.signing_with(IntegrityKind::Both) })
    }

    /// The same, with the attribute that is known to be understood.
    #[must_use]
    pub fn signing_with(self, kind: IntegrityKind) -> Self {
        Self { key: self.key.signing_with(kind), ..self }
    }

    /// Finishes a request or indication.
    #[must_use]
    pub fn seal(&self, builder: MessageBuilder, with_fingerprint: bool) -> Vec<u8> {
        builder.add(&Username(&self.username)).finish_with(Some(&self.key), with_fingerprint)
    }

    /// Judges a response (RFC 8489 section 9.1.4); the attribute that it carries is the only one
    /// that later requests carry (section 9.1.5).
    pub fn judge(&mut self, response: &Message<'_>) -> Judgement {
        let carried = match response.verify_integrity(&self.key) {
            Integrity::Good { sha256: true } => IntegrityKind::Sha256,
            Integrity::Good { sha256: false } => IntegrityKind::Sha1,
            Integrity::Bad => return Judgement::Discard(Flaw::BadIntegrity),
            Integrity::Absent => return Judgement::Discard(Flaw::Unprotected),
        };
        let agreed = self.key.signs_with();
        if agreed != IntegrityKind::Both && agreed != carried {
            return Judgement::Discard(Flaw::Unprotected);
        }
        self.key = self.key.clone().signing_with(carried);
        Judgement::Accept { authenticated: true }
    }
}

/// Checks a request or indication against the passwords that are valid now, in the order of RFC
/// 8489 section 9.1.3, and hands back the key that seals the response, in the request's way.
///
/// # Errors
/// The error with which a request is answered, unsealed; an indication is dropped instead.
pub fn check_short_term(
    message: &Message<'_>,
    password_of: impl FnOnce(&str) -> Option<Key>,
) -> Result<Key, Rejection> {
    let with_sha256 = message.has(kind::MESSAGE_INTEGRITY_SHA256);
    let Some(Ok(Username(username))) = message.get::<Username<'_>>() else {
        return Err(Rejection::BadRequest);
    };
    if !with_sha256 && !message.has(kind::MESSAGE_INTEGRITY) {
        return Err(Rejection::BadRequest);
    }
    let key = password_of(username).ok_or(Rejection::Unauthenticated)?;
    match message.verify_integrity(&key) {
        Integrity::Good { sha256: true } => Ok(key.signing_with(IntegrityKind::Sha256)),
        Integrity::Good { sha256: false } => Ok(key.signing_with(IntegrityKind::Sha1)),
        Integrity::Bad | Integrity::Absent => Err(Rejection::Unauthenticated),
    }
}
