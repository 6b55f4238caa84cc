//! Bytes that leave no trace: overwritten when dropped, absent from `Debug`.

use core::fmt;

use zeroize::Zeroizing;

/// A password or a key.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes ownership of `bytes`.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use core::mem::needs_drop;

    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "Secret(..)");
        assert_eq!(Secret::from("a").expose(), b"a");
    }

    /// RFC 7714 section 13.1: all keys are erased. Safe code cannot look at what was freed; it can see
    /// that there is something to do when a key goes: none of these owns anything but its bytes.
    #[test]
    fn keys_are_wiped_when_they_go() {
        const fn wiped<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        wiped(&Secret::default().0);
        assert!(needs_drop::<crate::AesKey>());
        assert!(needs_drop::<crate::AeadKey>());
        assert!(needs_drop::<crate::HmacSha1>());
        assert!(needs_drop::<crate::HmacSha256>());
        assert!(needs_drop::<crate::Digest>());
    }
}
