//! Where two records part.

use super::entry::Entry;

/// The first place at which two records differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// How many entries before it are the same.
    pub index: u64,
    /// The left record's entry there; `None` where it has ended.
    pub left: Option<Entry>,
    /// The right record's entry there; `None` where it has ended.
    pub right: Option<Entry>,
}

/// The first place at which two records differ; `None` when they are the same.
pub fn first_difference(
    left: impl IntoIterator<Item = Entry>,
    right: impl IntoIterator<Item = Entry>,
) -> Option<Difference> {
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let mut index = 0;
    loop {
        match (left.next(), right.next()) {
            (None, None) => return None,
            (left, right) if left != right => return Some(Difference { index, left, right }),
            _ => index += 1,
        }
    }
}
