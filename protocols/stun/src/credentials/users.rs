//! Where a server looks its users up.

use std::collections::BTreeMap;

use icelab_crypto::sha256;
use icelab_sans_io::Instant;

use super::algorithm::PasswordAlgorithm;
use super::opaque::{OpaqueError, opaque_string};
use crate::message::Key;

/// How a request names its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// By USERNAME.
    Plain(&'a str),
    /// By USERHASH: SHA-256 of `username:realm`.
    Hashed([u8; 32]),
}

/// A user who exists.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name.
    pub username: String,
    /// The long-term key of the asked realm and algorithm.
    pub key: Key,
}

/// All users that a server knows.
pub trait Users {
    /// The user of this name, with the long-term key for `realm` and `algorithm`.
    fn find(
        &self,
        name: Name<'_>,
        realm: &str,
        algorithm: PasswordAlgorithm,
        now: Instant,
    ) -> Option<Account>;
}

/// Users of one realm with fixed passwords; their keys are made once.
#[derive(Clone, Debug, Default)]
pub struct UserTable {
    realm: String,
    keys: BTreeMap<String, [Key; 2]>,
    names: BTreeMap<[u8; 32], String>,
}

impl UserTable {
    /// A realm without users.
    #[must_use]
    pub fn new(realm: impl Into<String>) -> Self {
        Self { realm: realm.into(), ..Self::default() }
    }

    /// Adds a user, or gives one a new password.
    ///
    /// # Errors
    /// Where the profile of RFC 8265 forbids name, realm or password.
    pub fn add(&mut self, username: &str, password: &str) -> Result<(), OpaqueError> {
        let username = opaque_string(username)?.into_owned();
        let realm = opaque_string(&self.realm)?;
        let key = |algorithm| Key::long_term(&username, &self.realm, password, algorithm);
        let keys = [key(PasswordAlgorithm::Md5)?, key(PasswordAlgorithm::Sha256)?];
        let hash = sha256(&[username.as_bytes(), b":", realm.as_bytes()]);
        self.keys.insert(username.clone(), keys);
        self.names.insert(hash, username);
        Ok(())
    }

    /// Removes a user; says whether there was one.
    pub fn remove(&mut self, username: &str) -> bool {
        self.names.retain(|_, name| name != username);
        self.keys.remove(username).is_some()
    }
}

impl Users for UserTable {
    fn find(
        &self,
        name: Name<'_>,
        realm: &str,
        algorithm: PasswordAlgorithm,
        _: Instant,
    ) -> Option<Account> {
        let username = match name {
            Name::Plain(name) => name,
            Name::Hashed(hash) => self.names.get(&hash)?,
        };
        let [md5, sha256] = self.keys.get(username).filter(|_| realm == self.realm)?;
        let key = match algorithm {
            PasswordAlgorithm::Md5 => md5,
            PasswordAlgorithm::Sha256 => sha256,
        };
        Some(Account { username: username.to_owned(), key: key.clone() })
    }
}
