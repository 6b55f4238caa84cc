//! Which stream a new channel gets (RFC 8832 section 6).

use std::collections::VecDeque;

use icelab_sctp::StreamId;

use crate::config::Role;

/// The streams that this side may open channels on.
///
/// Those that were never used come first, then those that have been free for the longest time: a peer
/// that is slow to notice that a stream is free again has all the time there is.
#[derive(Debug, Default)]
pub(crate) struct StreamIds {
    role: Option<Role>,
    /// All from here on were never taken by this side.
    next: u16,
    /// Those before it that are free again, in the order in which they became so.
    freed: VecDeque<StreamId>,
}

impl StreamIds {
    pub(crate) const fn role(&self) -> Option<Role> {
        self.role
    }

    /// Says whose the even ones are. Once.
    pub(crate) const fn set_role(&mut self, role: Role) {
        if self.role.is_none() {
            self.role = Some(role);
            self.next = role.first();
        }
    }

    /// A free stream below `limit`.
    pub(crate) fn take(
        &mut self,
        limit: u16,
        is_used: impl Fn(StreamId) -> bool,
    ) -> Option<StreamId> {
        self.role?;
        while self.next < limit {
            let stream = StreamId(self.next);
            self.next = self.next.saturating_add(2);
            if !is_used(stream) {
                return Some(stream);
            }
        }
        let place = self.freed.iter().position(|stream| stream.0 < limit)?;
        self.freed.remove(place)
    }

    /// `stream` was taken otherwise.
    pub(crate) fn claim(&mut self, stream: StreamId) {
        self.freed.retain(|freed| *freed != stream);
    }

    /// `stream` is free again.
    pub(crate) fn release(&mut self, stream: StreamId) {
        let is_own = self.role.is_some_and(|role| role.owns(stream));
        if is_own && stream.0 < self.next {
            self.freed.push_back(stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE_USED: fn(StreamId) -> bool = |_| false;

    #[test]
    fn streams_that_were_never_used_come_first_and_then_the_longest_free() {
        let mut ids = StreamIds::default();
        assert_eq!(ids.take(8, NONE_USED), None, "no role, no stream");
        ids.set_role(Role::Server);
        assert_eq!(ids.take(8, |stream| stream.0 == 1), Some(StreamId(3)));
        ids.release(StreamId(3));
        assert_eq!(ids.take(8, NONE_USED), Some(StreamId(5)));
        ids.release(StreamId(5));
        let rest: Vec<_> = core::iter::from_fn(|| ids.take(8, NONE_USED)).collect();
        assert_eq!(rest, [7, 3, 5].map(StreamId));
        assert_eq!(ids.take(10, NONE_USED), Some(StreamId(9)), "there are more now");
    }

    #[test]
    fn a_stream_that_was_taken_otherwise_is_not_given_away() {
        let mut ids = StreamIds::default();
        ids.set_role(Role::Client);
        assert_eq!(ids.take(2, NONE_USED), Some(StreamId(0)));
        ids.release(StreamId(0));
        ids.claim(StreamId(0));
        assert_eq!(ids.take(2, NONE_USED), None);
        ids.release(StreamId(0));
        ids.release(StreamId(1));
        assert_eq!(ids.take(2, NONE_USED), Some(StreamId(0)));
        assert_eq!(ids.take(2, NONE_USED), None, "odd ones are the peer's");
    }

    #[test]
    fn there_is_no_stream_65535() {
        let mut ids = StreamIds::default();
        ids.set_role(Role::Server);
        let all: Vec<_> = core::iter::from_fn(|| ids.take(u16::MAX, NONE_USED)).collect();
        assert_eq!(all.len(), 32_767);
        assert_eq!(all.last(), Some(&StreamId(65_533)));
    }
}
