//! Second tries: what leaves again may be lost again, and only a round trip later does that show. Where an application
//! sends little, the next packet has room for it once more, and so costs nothing but its bytes.

use core::iter::Peekable;
use core::mem;
use std::vec;

use icelab_sans_io::Instant;

use super::Sender;
use super::filling::push;
use crate::packet::PacketWriter;
use crate::tx::flight::LongTsn;
use crate::tx::outbox::{Limit, Outbox};

/// What may leave once more with a packet, in the order of TSNs.
pub(super) struct SecondTries {
    tsns: Peekable<vec::IntoIter<LongTsn>>,
    /// What the packet needs for what is lost and for what is new.
    reserve: usize,
}

impl SecondTries {
    /// The next one, where it belongs before this one (RFC 9260 section 6.10).
    pub(super) fn next_before(&mut self, other: Option<LongTsn>) -> Option<LongTsn> {
        self.tsns.next_if(|tsn| other.is_none_or(|other| *tsn < other))
    }

    /// A lost one of this size has found its room.
    pub(super) fn repaired(&mut self, tsn: LongTsn, size: usize) {
        self.tsns.next_if_eq(&tsn);
        self.reserve = self.reserve.saturating_sub(size);
    }
}

impl Sender {
    /// What left again with the packet before this one; nothing where more has to leave than this packet takes, or where
    /// the window has no room for a full one.
    pub(super) fn take_second_tries(
        &mut self,
        packet: &PacketWriter,
        outbox: &Outbox,
    ) -> SecondTries {
        let tsns = mem::take(&mut self.second_tries);
        let room = packet.room();
        let has_window = self.flight.in_flight() + room <= self.control.window();
        let is_one_message = outbox.waiting() == outbox.next_length();
        let is_wanted = !tsns.is_empty() && has_window && is_one_message;
        let reserve =
            if is_wanted { self.flight.lost_size(room) + self.size_of_next(outbox) } else { 0 };
        let tsns = if is_wanted && reserve < room { tsns } else { Vec::new() };
        SecondTries { tsns: tsns.into_iter().peekable(), reserve }
    }

    /// How long a chunk with all of the next message is.
    fn size_of_next(&self, outbox: &Outbox) -> usize {
        let waiting = outbox.next_length();
        if waiting > 0 { (self.chunk_header() + waiting).next_multiple_of(4) } else { 0 }
    }

    /// Its place among the transmissions stays that of the first try: what tells that one lost left with this one, or
    /// later.
    pub(super) fn push_second_try(
        &mut self,
        packet: &mut PacketWriter,
        tsn: LongTsn,
        tries: &SecondTries,
        now: Instant,
    ) {
        let Some(sent) = self.flight.get(tsn).filter(|_| self.flight.is_in_flight(tsn)) else {
            return;
        };
        // How often a message may be sent again is not for this to use up.
        let is_counted = matches!(sent.fragment.limit, Limit::Retransmissions(_));
        if is_counted || sent.is_over(now) || packet.room() < sent.size + tries.reserve {
            return;
        }
        if push(packet, &sent.fragment, tsn, false, self.agreed.interleaves) {
            self.counts.chunks += 1;
            self.counts.retransmissions += 1;
            self.recovery.on_sent_again(tsn);
        }
    }
}
