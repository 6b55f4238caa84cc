//! Messages that are given up, and how the peer is told (RFC 3758).

use core::time::Duration;
use std::collections::BTreeMap;

use icelab_sans_io::Instant;

use super::{Forward, Sender};
use crate::packet::chunk::{ForwardTsn, IForwardTsn, SkippedMid, SkippedSsn};
use crate::packet::{Mid, PacketWriter, Ppid, Ssn, StreamId, Tsn};
use crate::tx::flight::{LongTsn, Sent};
use crate::tx::outbox::{Fragment, News, Outbox};

impl Sender {
    /// RFC 3758 section 3.5 C1 to C3. The peer is told when there is news, and again where a round trip
    /// has passed: not with each SACK.
    pub(super) fn judge_forward(&mut self, outbox: &mut Outbox, now: Instant) {
        if !self.agreed.gives_up {
            return;
        }
        self.give_up_what_is_due(outbox, now);
        let to = self.flight.forward_to();
        if to > self.flight.first() {
            let patience = self.trip.smoothed().min(LONGEST_FORWARD_DELAY);
            let is_old = now - self.forward.told_at > patience;
            self.forward.is_due = to - 1 > self.forward.told || is_old;
        } else {
            self.forward.is_due = false;
        }
    }

    /// Lost chunks whose message has had its chances (RFC 3758 section 3.5 A1 to A3).
    pub(super) fn give_up_what_is_due(&mut self, outbox: &mut Outbox, now: Instant) {
        while let Some(tsn) = self.flight.first_lost()
            && let Some(sent) = self.flight.get(tsn)
            && sent.is_over(now)
        {
            let Fragment { stream, ppid, message, .. } = sent.fragment;
            self.give_up(stream, ppid, message, outbox, now);
        }
    }

    /// No chunk of the message leaves any more (RFC 3758 section 3.5 A3). Where not all of it had left, the
    /// peer may have all that had, and would wait for the rest: so the end has a TSN too, up to which the
    /// peer is told to go on.
    pub(super) fn give_up(
        &mut self,
        stream: StreamId,
        ppid: Ppid,
        message: u64,
        outbox: &mut Outbox,
        now: Instant,
    ) {
        outbox.news.push(News::GivenUp { stream, ppid });
        self.flight.give_up(message);
        if let Some(end) = outbox.give_up(stream, message) {
            self.flight.skip(end, now);
        }
        let to = self.flight.forward_to();
        self.forward.is_due |= to > self.flight.first() && to - 1 > self.forward.told;
    }

    /// Tells the peer to go on, as far as the packet has room for the streams to name: the rest follows once
    /// it has answered.
    pub(super) fn push_forward(&mut self, packet: &mut PacketWriter, now: Instant) -> bool {
        let room = packet.room().saturating_sub(FORWARD_LENGTH);
        if room < SKIPPED_MID_LENGTH {
            return false;
        }
        let front = self.flight.given_up_front();
        let (count, pushed) = if self.agreed.interleaves {
            let (count, last) = last_of_each(front, room / SKIPPED_MID_LENGTH, |fragment| {
                Some(((fragment.stream, fragment.is_unordered), Mid(fragment.number)))
            });
            let skipped: Vec<_> = last
                .into_iter()
                .map(|((stream, is_unordered), mid)| SkippedMid { stream, is_unordered, mid })
                .collect();
            let new_cumulative_tsn = Tsn((self.flight.first() + count) as u32 - 1);
            let skipped = skipped.as_slice().into();
            (count, packet.push(&IForwardTsn { new_cumulative_tsn, skipped }))
        } else {
            let (count, last) = last_of_each(front, room / SKIPPED_SSN_LENGTH, |fragment| {
                let ssn = Ssn(fragment.number as u16);
                (!fragment.is_unordered).then_some((fragment.stream, ssn))
            });
            let skipped: Vec<_> =
                last.into_iter().map(|(stream, ssn)| SkippedSsn { stream, ssn }).collect();
            let new_cumulative_tsn = Tsn((self.flight.first() + count) as u32 - 1);
            let skipped = skipped.as_slice().into();
            (count, packet.push(&ForwardTsn { new_cumulative_tsn, skipped }))
        };
        if pushed.is_err() {
            return false;
        }
        let told = self.flight.first() + count - 1;
        self.forward = Forward { told, told_at: now, is_due: false };
        if self.timers.retransmission.is_none() {
            self.timers.retransmission = Some(now + self.trip.timeout());
        }
        true
    }
}

/// The last message of each place in chunks that were given up (RFC 3758 section 3.2, RFC 8260 section
/// 2.3.1): how many chunks they are, where there is room for so many places.
fn last_of_each<'a, Place: Ord, Number>(
    front: impl Iterator<Item = &'a Sent>,
    most: usize,
    entry: impl Fn(&Fragment) -> Option<(Place, Number)>,
) -> (LongTsn, BTreeMap<Place, Number>) {
    let (mut count, mut last) = (0, BTreeMap::new());
    for sent in front {
        if let Some((place, number)) = entry(&sent.fragment) {
            if last.len() == most && !last.contains_key(&place) {
                break;
            }
            last.insert(place, number);
        }
        count += 1;
    }
    (count, last)
}

/// A FORWARD TSN without streams, in bytes, and what each of them adds; one of an I-FORWARD TSN.
const FORWARD_LENGTH: usize = 8;
const SKIPPED_SSN_LENGTH: usize = 4;
const SKIPPED_MID_LENGTH: usize = 8;
/// RFC 3758 section 3.5 F3.
const LONGEST_FORWARD_DELAY: Duration = Duration::from_millis(200);
