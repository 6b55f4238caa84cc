//! Username fragment and password (RFC 8445 section 5.3).

use core::fmt;

use icelab_sans_io::Rng;

use crate::foundation::is_ice_char;

/// What checks towards an agent are signed with. A new pair of values is a new ICE session.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    ufrag: String,
    password: String,
}

impl Credentials {
    /// Credentials as the peer signalled them.
    ///
    /// # Errors
    /// Where they do not keep to RFC 8839 section 5.4.
    pub fn new(
        ufrag: impl Into<String>,
        password: impl Into<String>,
    ) -> Result<Self, CredentialsError> {
        let (ufrag, password) = (ufrag.into(), password.into());
        if !fits(&ufrag, 4) {
            return Err(CredentialsError::Ufrag);
        }
        if !fits(&password, 22) {
            return Err(CredentialsError::Password);
        }
        Ok(Self { ufrag, password })
    }

    /// The username fragment.
    #[must_use]
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// The password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Fresh ones: 48 random bits for the fragment (24 are demanded), 144 for the password (128).
    pub(crate) fn random(rng: &mut Rng) -> Self {
        Self { ufrag: ice_chars(rng.bytes::<8>()), password: ice_chars(rng.bytes::<24>()) }
    }
}

/// Shows the fragment, which is no secret, and not the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, ..)", self.ufrag)
    }
}

/// Why credentials cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// The username fragment.
    #[error("an ICE username fragment is 4 to 256 letters, digits, '+' and '/'")]
    Ufrag,
    /// The password.
    #[error("an ICE password is 22 to 256 letters, digits, '+' and '/'")]
    Password,
}

fn fits(text: &str, least: usize) -> bool {
    (least..=256).contains(&text.len()) && text.bytes().all(is_ice_char)
}

/// Six random bits of each byte as one of the 64 ice-chars.
fn ice_chars<const N: usize>(bytes: [u8; N]) -> String {
    let chars = bytes.iter().map(|byte| match byte & 0x3F {
        letter @ 0..=25 => char::from(b'A' + letter),
        letter @ 26..=51 => char::from(b'a' + letter - 26),
        digit @ 52..=61 => char::from(b'0' + digit - 52),
        62 => '+',
        _ => '/',
    });
    chars.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_credentials_pass_the_check_for_the_peers() {
        let mut rng = Rng::from_u64(1);
        let fresh = Credentials::random(&mut rng);
        assert_eq!(Credentials::new(fresh.ufrag(), fresh.password()).unwrap(), fresh);
        assert_ne!(fresh, Credentials::random(&mut rng));
    }

    #[test]
    fn short_or_odd_credentials_are_refused() {
        let password = "0123456789012345678901";
        assert_eq!(Credentials::new("abc", password), Err(CredentialsError::Ufrag));
        assert_eq!(Credentials::new("ab:d", password), Err(CredentialsError::Ufrag));
        assert_eq!(
            Credentials::new("abcd", "012345678901234567890"),
            Err(CredentialsError::Password)
        );
    }

    #[test]
    fn debug_text_hides_the_password() {
        let credentials = Credentials::new("abcd", "0123456789012345678901").unwrap();
        assert_eq!(format!("{credentials:?}"), "Credentials(abcd, ..)");
    }
}
