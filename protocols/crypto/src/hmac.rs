//! HMAC (RFC 2104). A key runs the compressions of its inner and outer pad once, when it is made;
//! each message afterwards starts from copies of those states.

use core::fmt;

use ::hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

macro_rules! hmac {
    ($(#[$doc:meta])* $name:ident, $hash:ty, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Hmac<$hash>);

        impl $name {
            /// Length of a full tag in bytes.
            pub const LENGTH: usize = $length;

            /// The key made of `secret`, of any length.
            #[must_use]
            pub fn new(secret: &[u8]) -> Self {
                Self(Hmac::new_from_slice(secret).expect("HMAC takes keys of every length"))
            }

            /// The tag over `pieces` in order.
            #[must_use]
            pub fn sign(&self, pieces: &[&[u8]]) -> [u8; $length] {
                let mut state = self.0.clone();
                for piece in pieces {
                    state.update(piece);
                }
                state.finalize().into_bytes().into()
            }

            /// Whether `tag` is the full tag over `pieces`, compared in constant time.
            #[must_use]
            pub fn verify(&self, pieces: &[&[u8]], tag: &[u8]) -> bool {
                crate::equal(&self.sign(pieces), tag)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

hmac!(
    /// A key for HMAC-SHA-1.
    HmacSha1,
    Sha1,
    20
);
hmac!(
    /// A key for HMAC-SHA-256.
    HmacSha256,
    Sha256,
    32
);

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 2202 section 3, case 2, and RFC 4231 section 4.3: the same key and text.
    #[test]
    fn the_published_tags_of_jefe() {
        let pieces: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        assert_eq!(
            hex(&HmacSha1::new(b"Jefe").sign(&pieces)),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        let key = HmacSha256::new(b"Jefe");
        assert_eq!(
            hex(&key.sign(&pieces)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(key.verify(&pieces, &key.sign(&pieces)));
        assert!(!key.verify(&pieces, &key.sign(&pieces)[..16]));
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
