//! Messages that are given up, and how the peer is told (RFC 3758).

use core::time::Duration;

use icelab_sans_io::Instant;

use super::{Forward, Sender};
use crate::packet::chunk::{ForwardTsn, IForwardTsn, SkippedMid, SkippedSsn};
use crate::packet::{Mid, PacketWriter, Ppid, Ssn, StreamId, Tsn};
use crate::tx::flight::Sent;
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

    pub(super) fn push_forward(&mut self, packet: &mut PacketWriter, now: Instant) -> bool {
        let to = self.flight.forward_to() - 1;
        let front: Vec<&Sent> = self.flight.given_up_front().collect();
        let new_cumulative_tsn = Tsn(to as u32);
        let pushed = if self.agreed.interleaves {
            let skipped = skipped_mids(&front);
            packet.push(&IForwardTsn { new_cumulative_tsn, skipped: skipped.as_slice().into() })
        } else {
            let skipped = skipped_ssns(&front);
            packet.push(&ForwardTsn { new_cumulative_tsn, skipped: skipped.as_slice().into() })
        };
        if pushed.is_ok() {
            self.forward = Forward { told: to, told_at: now, is_due: false };
            if self.timers.retransmission.is_none() {
                self.timers.retransmission = Some(now + self.trip.timeout());
            }
        }
        pushed.is_ok()
    }
}

/// The last message that was given up on each stream (RFC 3758 section 3.2).
fn skipped_ssns(front: &[&Sent]) -> Vec<SkippedSsn> {
    let mut last = std::collections::BTreeMap::new();
    for sent in front.iter().filter(|sent| !sent.fragment.is_unordered) {
        last.insert(sent.fragment.stream, Ssn(sent.fragment.number as u16));
    }
    last.into_iter().map(|(stream, ssn)| SkippedSsn { stream, ssn }).collect()
}

/// The same with interleaving, for ordered and unordered messages apart (RFC 8260 section 2.3.1).
fn skipped_mids(front: &[&Sent]) -> Vec<SkippedMid> {
    let mut last = std::collections::BTreeMap::new();
    for sent in front {
        let fragment = &sent.fragment;
        last.insert((fragment.stream, fragment.is_unordered), Mid(fragment.number));
    }
    last.into_iter()
        .map(|((stream, is_unordered), mid)| SkippedMid { stream, is_unordered, mid })
        .collect()
}

/// RFC 3758 section 3.5 F3.
const LONGEST_FORWARD_DELAY: Duration = Duration::from_millis(200);
