//! How much of a record is kept.

/// How much of a record is kept. The hash is over all of it, whatever is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Level {
    /// Nothing but the hash.
    #[default]
    Hash,
    /// Notes, network events, and mappings that came or went.
    Notes,
    /// Everything.
    Full,
}
