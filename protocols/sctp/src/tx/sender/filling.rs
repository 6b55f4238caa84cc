//! Whether a packet may leave, and what goes into it.

use icelab_sans_io::Instant;

use super::{Allowance, Sender, longest_chunk};
use crate::packet::chunk::{Data, Fragment as FragmentNumber, IData};
use crate::packet::{Fsn, Header, Mid, PacketWriter, Ssn, Tsn};
use crate::tx::flight::LongTsn;
use crate::tx::outbox::{Cut, Fragment, Outbox, Pause};

impl Sender {
    /// A SACK or a command has come, or a timer has expired.
    pub(crate) fn begin_burst(&mut self) {
        self.burst_until = self.flight.in_flight() + MAX_BURST * longest_chunk(self.mtu);
    }

    /// Whether a packet may leave now that has something in it. Sets the timer for when it may, if only
    /// the pace is what holds it back.
    pub(crate) fn may_send(&mut self, outbox: &mut Outbox, now: Instant) -> bool {
        self.give_up_what_is_due(outbox, now);
        let is_probe = matches!(self.allowance, Some(Allowance::Probe | Allowance::WindowProbe));
        if self.forward.is_due || is_probe {
            return true;
        }
        let in_flight = self.flight.in_flight();
        let has_room = in_flight < self.control.window()
            && !(self.is_restarting && in_flight > 0)
            && (in_flight < self.burst_until || self.control.rate().is_some());
        let repairs = self.flight.first_lost().is_some()
            && (has_room || self.allowance == Some(Allowance::FirstRepair));
        let waits_for_peer = !outbox.is_empty() && has_room && !self.peer_has_room(outbox);
        let asks_peer = waits_for_peer && self.flight.is_empty();
        self.peer.wait(asks_peer.then(|| now + self.trip.timeout()));
        let has_new = !outbox.is_empty() && has_room && !waits_for_peer;
        if !repairs && !has_new {
            if has_room && self.flight.first_lost().is_none() {
                self.meter.on_application_limited(self.flight.in_flight());
            }
            return false;
        }
        if self.control.rate().is_some() && !self.pacer.is_open(now) {
            self.timers.pacing = Some(self.pacer.opens_at());
            return false;
        }
        self.timers.pacing = None;
        true
    }

    /// Whether the peer has room for the next chunk (RFC 9260 section 6.1 A), and numbers to tell it from
    /// those before it (section 6.1: 2^16 - 1 messages of a stream).
    pub(super) fn peer_has_room(&self, outbox: &Outbox) -> bool {
        let under_way = self.flight.next() - self.flight.first();
        under_way < MOST_CHUNKS && self.peer.has_room(outbox.next_length().min(self.most()))
    }

    /// The payload that an empty packet has room for.
    const fn most(&self) -> usize {
        self.mtu.saturating_sub(Header::LENGTH + self.chunk_header())
    }

    /// Puts into the packet what may leave.
    pub(crate) fn fill(&mut self, packet: &mut PacketWriter, outbox: &mut Outbox, now: Instant) {
        if self.forward.is_due {
            self.push_forward(packet, now);
        }
        let before = packet.len();
        let earliest = self.flight.earliest();
        match self.allowance {
            Some(Allowance::Probe) => {
                self.allowance = None;
                self.push_probe(packet, outbox, now);
            }
            Some(Allowance::WindowProbe) => {
                self.allowance = None;
                self.push_window_probe(packet, outbox, now);
            }
            Some(Allowance::FirstRepair) | None => {
                self.end_idle(now);
                self.push_repairs(packet, outbox, now);
                // RFC 9260 section 6.1 C: what is lost leaves first.
                if self.flight.first_lost().is_none() {
                    self.push_new(packet, outbox, now);
                }
            }
        }
        let bytes = packet.len() - before;
        if bytes == 0 {
            return;
        }
        let repeats_earliest = earliest.is_some_and(|(tsn, times)| {
            self.flight.get(tsn).is_some_and(|sent| sent.transmissions > times)
        });
        self.last_sent_at = now;
        if let Some(rate) = self.control.rate() {
            self.pacer.sent(bytes, rate, self.trip.timeout(), now);
        }
        if self.timers.retransmission.is_none() || repeats_earliest {
            // R1, and section 6.1: where the earliest leaves again.
            self.timers.retransmission = Some(now + self.trip.timeout());
        }
        self.arm_probe(now);
    }

    /// RFC 9260 section 7.2.1: after a time without data the window is smaller.
    fn end_idle(&mut self, now: Instant) {
        if self.flight.is_empty() {
            self.control.on_idle(now - self.last_sent_at, self.trip.timeout());
        }
    }

    fn push_repairs(&mut self, packet: &mut PacketWriter, outbox: &mut Outbox, now: Instant) {
        let mut second_tries = self.take_second_tries(packet, outbox);
        loop {
            let lost = self.flight.first_lost();
            if let Some(tsn) = second_tries.next_before(lost) {
                self.push_second_try(packet, tsn, &second_tries, now);
                continue;
            }
            let Some(tsn) = lost else { break };
            let has_room = self.flight.in_flight() < self.control.window();
            if !has_room && self.allowance != Some(Allowance::FirstRepair) {
                break;
            }
            let before = packet.len();
            if !self.push_again(packet, tsn, now) {
                break;
            }
            second_tries.repaired(tsn, packet.len() - before);
            self.second_tries.push(tsn);
            self.give_up_what_is_due(outbox, now);
        }
        if self.allowance == Some(Allowance::FirstRepair) {
            self.allowance = None;
        }
    }

    fn push_again(&mut self, packet: &mut PacketWriter, tsn: LongTsn, now: Instant) -> bool {
        let Some(sent) = self.flight.get(tsn) else { return false };
        if !push(packet, &sent.fragment, tsn, false, self.agreed.interleaves) {
            return false;
        }
        self.counts.chunks += 1;
        self.counts.retransmissions += 1;
        self.flight.send_again(tsn, now);
        self.recovery.on_sent_again(tsn);
        self.take_snapshot(tsn, false, now);
        true
    }

    fn push_new(&mut self, packet: &mut PacketWriter, outbox: &mut Outbox, now: Instant) {
        outbox.begin_packet();
        while self.flight.in_flight() < self.control.window() && self.peer_has_room(outbox) {
            if !self.push_next(packet, outbox, usize::MAX, now) {
                break;
            }
        }
    }

    /// The next chunk, with a payload of at most so many bytes.
    pub(super) fn push_next(
        &mut self,
        packet: &mut PacketWriter,
        outbox: &mut Outbox,
        limit: usize,
        now: Instant,
    ) -> bool {
        let header = self.chunk_header();
        let room = packet.room().min(usize::from(u16::MAX)) & !3;
        let cut = Cut {
            room: room.saturating_sub(header).min(limit),
            most: self.most().min(limit),
            interleaves: self.agreed.interleaves,
            gives_up: self.agreed.gives_up,
        };
        let fragment = match outbox.next(cut, now) {
            Ok(fragment) => fragment,
            Err(Pause::Expired { stream, ppid, message }) => {
                self.give_up(stream, ppid, message, outbox, now);
                return true;
            }
            Err(Pause::Empty | Pause::NoRoom) => return false,
        };
        let was_idle = self.flight.in_flight() == 0;
        let size = (header + fragment.payload.len()).next_multiple_of(4);
        let is_immediate = outbox.is_empty();
        let tsn = self.flight.next();
        let pushed = push(packet, &fragment, tsn, is_immediate, self.agreed.interleaves);
        debug_assert!(pushed, "the fragment was cut to fit");
        self.counts.chunks += 1;
        self.peer.take(fragment.payload.len());
        self.flight.send(fragment, size, now);
        self.take_snapshot(tsn, was_idle, now);
        true
    }

    pub(super) fn take_snapshot(&mut self, tsn: LongTsn, was_idle: bool, now: Instant) {
        let snapshot = self.meter.on_sent(was_idle, now);
        self.flight.set_snapshot(tsn, snapshot);
    }

    pub(super) const fn chunk_header(&self) -> usize {
        if self.agreed.interleaves { IData::HEADER_LENGTH } else { Data::HEADER_LENGTH }
    }
}

pub(super) fn push(
    packet: &mut PacketWriter,
    fragment: &Fragment,
    tsn: LongTsn,
    is_immediate: bool,
    interleaves: bool,
) -> bool {
    let tsn = Tsn(tsn as u32);
    let pushed = if interleaves {
        packet.push(&IData {
            is_immediate,
            is_unordered: fragment.is_unordered,
            is_ending: fragment.is_last,
            tsn,
            stream: fragment.stream,
            mid: Mid(fragment.number),
            fragment: if fragment.is_first {
                FragmentNumber::First(fragment.ppid)
            } else {
                FragmentNumber::Later(Fsn(fragment.fragment))
            },
            payload: &fragment.payload,
        })
    } else {
        packet.push(&Data {
            is_immediate,
            is_unordered: fragment.is_unordered,
            is_beginning: fragment.is_first,
            is_ending: fragment.is_last,
            tsn,
            stream: fragment.stream,
            ssn: Ssn(if fragment.is_unordered { 0 } else { fragment.number as u16 }),
            ppid: fragment.ppid,
            payload: &fragment.payload,
        })
    };
    pushed.is_ok()
}

/// Max.Burst (RFC 9260 section 16), where nothing else spreads packets over time.
const MAX_BURST: usize = 4;
/// A message is one chunk at least.
const MOST_CHUNKS: LongTsn = u16::MAX as LongTsn;
