//! The profile that usernames, realms and passwords pass before they are hashed (RFC 8265
//! section 4.2, as RFC 8489 sections 9.1.1 and 9.2.2 ask).

use std::borrow::Cow;

use precis_profiles::precis_core::profile::PrecisFastInvocation;

/// The profile forbids a text: it is empty, or holds a control character or one that Unicode
/// has not assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a text that may be a username, realm or password (RFC 8265 section 4.2)")]
pub struct OpaqueError;

/// `OpaqueString(text)`: non-ASCII spaces become spaces, and the text takes normalization form C.
///
/// # Errors
/// Where the profile forbids the text.
pub fn opaque_string(text: &str) -> Result<Cow<'_, str>, OpaqueError> {
    // ICE's and nearly all other texts are printable ASCII, which the profile leaves alone.
    if !text.is_empty() && text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        return Ok(Cow::Borrowed(text));
    }
    precis_profiles::OpaqueString::enforce(text).map_err(|_| OpaqueError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_ascii_stays_as_it_is() {
        assert_eq!(opaque_string("a b~!").unwrap(), "a b~!");
    }

    // RFC 8265 section 4.3, and the two texts of RFC 5769 section 2.4.
    #[test]
    fn spaces_and_combining_marks_are_normalised() {
        assert_eq!(opaque_string("my cat is a \u{3000}by").unwrap(), "my cat is a  by");
        assert_eq!(opaque_string("e\u{301}").unwrap(), "\u{e9}");
        assert_eq!(
            opaque_string("\u{30DE}\u{30C8}\u{30EA}\u{30C3}\u{30AF}\u{30B9}").unwrap(),
            "\u{30DE}\u{30C8}\u{30EA}\u{30C3}\u{30AF}\u{30B9}"
        );
    }

    #[test]
    fn empty_texts_and_control_characters_are_forbidden() {
        assert_eq!(opaque_string(""), Err(OpaqueError));
        assert_eq!(opaque_string("my cat is a \u{9}by"), Err(OpaqueError));
    }
}
