//! What leaves to get an answer: for the end of what is under way (RFC 8985 section 7), and where the
//! peer has no room (RFC 9260 section 6.1 A).

use core::time::Duration;

use icelab_sans_io::Instant;

use super::Sender;
use super::filling::push;
use crate::packet::PacketWriter;
use crate::tx::outbox::Outbox;

impl Sender {
    /// RFC 8985 section 7.2: two round trips after the last packet. Other than there, also while losses are repaired:
    /// the last repairs have nothing behind them that would tell whether they arrived.
    pub(super) fn arm_probe(&mut self, now: Instant) {
        let is_wanted = self.flight.in_flight() > 0
            && self.flight.first_lost().is_none()
            && !self.recovery.is_after_timeout()
            && !self.recovery.is_probing()
            && self.peer.probe().is_none()
            && self.trip.is_measured();
        self.timers.probe = is_wanted.then(|| {
            let wait = 2 * self.trip.smoothed() + 4 * self.trip.variance().min(MOST_VARIANCE);
            now + wait.max(SHORTEST_PROBE)
        });
        if let (Some(probe), Some(retransmission)) = (self.timers.probe, self.timers.retransmission)
            && probe >= retransmission
        {
            self.timers.probe = None;
        }
    }

    /// RFC 8985 section 7.3: new data, or else the last chunk under way again that may leave again (RFC
    /// 3758 section 4.1 TR4). Where there is none, new data leaves although the window is full, or else a
    /// question.
    pub(super) fn push_probe(
        &mut self,
        packet: &mut PacketWriter,
        outbox: &mut Outbox,
        now: Instant,
    ) {
        self.counts.probes += 1;
        let next = self.flight.next();
        let last = self.flight.last_to_repeat(now);
        let has_room = self.flight.in_flight() < self.control.window();
        if (has_room || last.is_none()) && !outbox.is_empty() && self.peer_has_room(outbox) {
            outbox.begin_packet();
            if self.push_next(packet, outbox, usize::MAX, now) && self.flight.is_in_flight(next) {
                self.recovery.on_probe(next, false);
                return;
            }
        }
        let Some(tsn) = last else { return self.push_question(packet, now) };
        if let Some(sent) = self.flight.get(tsn)
            && push(packet, &sent.fragment, tsn, true, self.agreed.interleaves)
        {
            self.counts.chunks += 1;
            self.counts.retransmissions += 1;
            self.flight.send_again(tsn, now);
            self.recovery.on_probe(tsn, true);
            self.take_snapshot(tsn, false, now);
        }
    }

    /// A FORWARD TSN with nothing new in it: the peer answers with a SACK, as its last one may be lost (RFC
    /// 3758 section 3.6).
    fn push_question(&mut self, packet: &mut PacketWriter, now: Instant) {
        if !self.agreed.gives_up {
            return;
        }
        let is_in_packet = self.forward.told_at == now;
        if is_in_packet || self.push_forward(packet, now) {
            self.recovery.on_question(self.flight.next_order(), now);
        }
    }

    /// One chunk, of what there is room for, where there is any.
    pub(super) fn push_window_probe(
        &mut self,
        packet: &mut PacketWriter,
        outbox: &mut Outbox,
        now: Instant,
    ) {
        let next = self.flight.next();
        let limit = if self.peer.has_room(1) { self.peer.room() } else { usize::MAX };
        outbox.begin_packet();
        if self.push_next(packet, outbox, limit, now) && self.flight.is_in_flight(next) {
            self.peer.on_probe(next);
        }
    }

    /// The peer has room again, and has not taken the chunk that asked for it: it need not wait for its
    /// timer.
    pub(super) fn repeat_window_probe(&mut self, window: usize, now: Instant) {
        if let Some(tsn) = self.peer.probe()
            && let Some(sent) = self.flight.get(tsn)
            && now - sent.sent_at >= self.trip.min().unwrap_or_default()
            && window >= sent.fragment.payload.len()
        {
            self.flight.lose(tsn);
        }
    }
}

/// However short the path is, the peer's processor needs time.
const SHORTEST_PROBE: Duration = Duration::from_millis(10);
/// A wild variance does not make the probe later than this many times four.
const MOST_VARIANCE: Duration = Duration::from_millis(50);
