//! The connection ids of both directions (RFC 9146, RFC 9147 section 9).

use std::collections::VecDeque;

/// How many own ids are valid at once, and how many spare ones of the peer are kept.
pub(crate) const MOST: usize = 8;

/// Which ids stand in records.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    /// Whether both ends wanted the extension.
    is_agreed: bool,
    /// What the peer may put into the records that it protects, the first one from the hello.
    own: VecDeque<Vec<u8>>,
    /// What the peer wants in the records that it gets.
    peer: Vec<u8>,
    /// What it would take as well.
    spare: VecDeque<Vec<u8>>,
}

impl Ids {
    /// The ids of the hellos.
    pub(crate) fn agree(&mut self, own: Vec<u8>, peer: Vec<u8>) {
        *self = Self { is_agreed: true, own: [own].into(), peer, spare: VecDeque::new() };
    }

    /// The longest own id that `bytes` begin with; `None` where none does, or none is wanted.
    pub(crate) fn find_own(&self, bytes: &[u8]) -> Option<&[u8]> {
        self.own
            .iter()
            .filter(|id| !id.is_empty() && bytes.starts_with(id))
            .max_by_key(|id| id.len())
            .map(Vec::as_slice)
    }

    /// Whether the peer must put an id into its records.
    pub(crate) fn is_own_wanted(&self) -> bool {
        self.own.front().is_some_and(|id| !id.is_empty())
    }

    /// Own ids, the oldest first.
    pub(crate) fn own(&self) -> impl Iterator<Item = &[u8]> {
        self.own.iter().map(Vec::as_slice)
    }

    /// Lets the peer use `id` too. The oldest ones go where there are too many.
    pub(crate) fn add_own(&mut self, id: Vec<u8>) {
        if self.own.len() == MOST {
            self.own.pop_front();
        }
        self.own.push_back(id);
    }

    /// What goes into the next record.
    pub(crate) fn peer(&self) -> &[u8] {
        &self.peer
    }

    /// Whether the peer wants an id in its records.
    pub(crate) const fn is_peer_wanted(&self) -> bool {
        self.is_agreed && !self.peer.is_empty()
    }

    /// Keeps ids that the peer gave; those that find no room are forgotten (RFC 9147 section 9).
    pub(crate) fn add_spare(&mut self, ids: Vec<Vec<u8>>) {
        let room = MOST.saturating_sub(self.spare.len());
        self.spare.extend(ids.into_iter().take(room));
    }

    /// The peer wants its new ids used at once, and none of the old ones (RFC 9147 section 9).
    pub(crate) fn replace(&mut self, ids: Vec<Vec<u8>>) {
        self.spare.clear();
        self.add_spare(ids);
        self.next();
    }

    /// Goes on with the oldest spare id. Says whether there was one.
    pub(crate) fn next(&mut self) -> bool {
        let next = self.spare.pop_front();
        let is_found = next.is_some();
        self.peer = next.unwrap_or_else(|| core::mem::take(&mut self.peer));
        is_found
    }
}
