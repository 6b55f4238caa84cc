//! The nonce cookie: which security features a server has, in a place that an attacker cannot
//! change unnoticed (RFC 8489 sections 9.2, 9.2.1 and 18.1).

use icelab_crypto::base64;

/// The STUN Security Features (RFC 8489 section 18.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecurityFeatures {
    /// Bit 0: the server sends PASSWORD-ALGORITHMS.
    pub password_algorithms: bool,
    /// Bit 1: the server takes USERHASH.
    pub username_anonymity: bool,
}

impl SecurityFeatures {
    /// The features that the cookie at the start of `nonce` claims; `None` without a cookie.
    #[must_use]
    pub fn of(nonce: &str) -> Option<Self> {
        let text = nonce.strip_prefix(MARK)?.get(..4)?;
        let bits = *base64::decode(text)?.first()?;
        Some(Self { password_algorithms: bits & 0x80 != 0, username_anonymity: bits & 0x40 != 0 })
    }

    /// The 13 characters at the start of a nonce.
    #[must_use]
    pub fn cookie(self) -> String {
        let bits = u8::from(self.password_algorithms) << 7 | u8::from(self.username_anonymity) << 6;
        format!("{MARK}{}", base64::encode(&[bits, 0, 0]))
    }
}

const MARK: &str = "obMatJos2";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_says_what_it_was_made_of() {
        for password_algorithms in [false, true] {
            for username_anonymity in [false, true] {
                let features = SecurityFeatures { password_algorithms, username_anonymity };
                let cookie = features.cookie();
                assert_eq!(cookie.len(), 13);
                assert_eq!(SecurityFeatures::of(&format!("{cookie}x")), Some(features));
            }
        }
        assert_eq!(SecurityFeatures::default().cookie(), "obMatJos2AAAA");
    }

    // The nonce of RFC 8489 appendix B.1.
    #[test]
    fn the_rfcs_own_nonce_has_both_features_off_and_on() {
        let nonce = "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA";
        let features = SecurityFeatures::of(nonce).unwrap();
        assert!(!features.password_algorithms && !features.username_anonymity);
    }

    #[test]
    fn a_nonce_without_a_whole_cookie_claims_nothing() {
        for nonce in ["", "abc", "obMatJos2", "obMatJos2AA", "obMatJos2A A A", "obMatJos2éé"] {
            assert_eq!(SecurityFeatures::of(nonce), None);
        }
    }
}
