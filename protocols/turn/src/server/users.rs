//! Whom the server knows: a list, names that say when they expire, and the owners of allocations.

use icelab_crypto::{HmacSha1, base64, sha256};
use icelab_sans_io::Instant;
use icelab_stun::Key;
use icelab_stun::credentials::{
    Account, Name, PasswordAlgorithm, UserTable, Users as FindUser, opaque_string,
};

use super::allocation::Owner;
use super::config::Users;

/// The password of a name that says when it expires: base64 of HMAC-SHA-1 of the name
/// (draft-uberti-behave-turn-rest-00 section 2.2, which coturn and browsers' services follow).
///
/// The name is the seconds since 1970 at which it expires, and may go on with a colon and anything.
#[must_use]
pub fn time_limited_password(secret: &[u8], username: &str) -> String {
    base64::encode(&HmacSha1::new(secret).sign(&[username.as_bytes()]))
}

/// The users as the server looks them up.
#[derive(Debug)]
pub(super) enum Directory {
    Listed(UserTable),
    TimeLimited { secret: icelab_crypto::Secret, epoch: u64 },
}

impl Directory {
    pub(super) fn new(users: Users, realm: &str) -> Self {
        match users {
            Users::Listed(users) => {
                let mut table = UserTable::new(realm);
                for (username, password) in users {
                    if let Ok(password) = core::str::from_utf8(password.expose()) {
                        // A text that cannot be a credential is nobody's.
                        let _ = table.add(&username, password);
                    }
                }
                Self::Listed(table)
            }
            Users::TimeLimited { secret, epoch } => Self::TimeLimited { secret, epoch },
        }
    }
}

impl FindUser for Directory {
    fn find(
        &self,
        name: Name<'_>,
        realm: &str,
        algorithm: PasswordAlgorithm,
        now: Instant,
    ) -> Option<Account> {
        match self {
            Self::Listed(table) => table.find(name, realm, algorithm, now),
            Self::TimeLimited { secret, epoch } => {
                // The password follows from the name, so the name must be there.
                let Name::Plain(username) = name else { return None };
                let expiry = username.split(':').next()?.parse::<u64>().ok()?;
                if epoch.saturating_add(now.since_start().as_secs()) >= expiry {
                    return None;
                }
                let password = time_limited_password(secret.expose(), username);
                let key = Key::long_term(username, realm, &password, algorithm).ok()?;
                Some(Account { username: username.to_owned(), key })
            }
        }
    }
}

/// An allocation's owner is known for as long as it lives.
impl FindUser for Owner {
    fn find(
        &self,
        name: Name<'_>,
        realm: &str,
        _: PasswordAlgorithm,
        _: Instant,
    ) -> Option<Account> {
        let is_owner = match name {
            Name::Plain(name) => name == self.username,
            Name::Hashed(hash) => {
                let realm = opaque_string(realm).ok()?;
                hash == sha256(&[self.username.as_bytes(), b":", realm.as_bytes()])
            }
        };
        is_owner.then(|| Account { username: self.username.clone(), key: self.key.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limited_name_is_good_until_it_says() {
        let users = Users::TimeLimited { secret: "north".into(), epoch: 1_000 };
        let directory = Directory::new(users, "example.org");
        let find = |name, seconds| {
            let algorithm = PasswordAlgorithm::Sha256;
            let now = Instant::from_secs(seconds);
            directory.find(Name::Plain(name), "example.org", algorithm, now).is_some()
        };
        assert!(find("1600:alice", 599));
        assert!(!find("1600:alice", 600));
        assert!(find("1600", 0));
        assert!(!find("alice", 0));
        assert!(!find("", 0));
    }

    // From `openssl dgst -sha1 -hmac north -binary | base64`.
    #[test]
    fn its_password_is_the_one_that_openssl_computes() {
        let password = time_limited_password(b"north", "1433895918:alice");
        assert_eq!(password, "RqMvcGPYTJMGThVLSi4amT4zFtI=");
    }
}
