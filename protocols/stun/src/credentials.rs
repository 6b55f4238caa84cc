//! Who may speak: the short-term and the long-term credential mechanism (RFC 8489 section 9).

pub(crate) mod algorithm;
pub(crate) mod opaque;

pub use algorithm::PasswordAlgorithm;
pub use opaque::{OpaqueError, opaque_string};
