//! The sending side of an association: what goes into the next packet, and what SACKs and timers change.

use core::mem;
use core::time::Duration;

use icelab_sans_io::{Deadline, Instant};

use crate::config::Config;
use crate::congestion::{Ack, Controller};
use crate::packet::chunk::{
    Data, ForwardTsn, Fragment as FragmentNumber, GapBlock, IData, IForwardTsn, Sack, SkippedMid,
    SkippedSsn,
};
use crate::packet::{Fsn, Header, Mid, PacketWriter, Ppid, Ssn, StreamId, Tsn};
use crate::tx::flight::{Flight, LongTsn, Sent};
use crate::tx::outbox::{Cut, Fragment, News, Outbox, Pause};
use crate::tx::pacer::Pacer;
use crate::tx::peer_window::PeerWindow;
use crate::tx::rate::RateMeter;
use crate::tx::recovery::{Recovery, Verdict};
use crate::tx::rto::RoundTrip;

/// The sending side of an association.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) flight: Flight,
    pub(crate) trip: RoundTrip,
    recovery: Recovery,
    control: Box<dyn Controller>,
    pacer: Pacer,
    meter: RateMeter,
    agreed: Agreed,
    /// The longest packet.
    mtu: usize,
    peer: PeerWindow,
    forward: Forward,
    timers: Timers,
    /// The retransmission timer has expired, and nothing has arrived since: one packet is under way (RFC
    /// 9260 section 7.2.3).
    is_restarting: bool,
    /// How often the retransmission timer has expired since anything was heard of the peer.
    unheard_timeouts: u32,
    /// How much may be under way before the next SACK or command (Max.Burst, RFC 9260 section 6.1 D).
    burst_until: usize,
    /// A packet may leave although the window is full.
    allowance: Option<Allowance>,
    last_sent_at: Instant,
    pub(crate) counts: Counts,
}

/// What both ends agreed on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Agreed {
    /// I-DATA in place of DATA (RFC 8260).
    pub(crate) interleaves: bool,
    /// FORWARD TSN (RFC 3758).
    pub(crate) gives_up: bool,
}

/// Why a packet may leave although the window is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Allowance {
    /// The first retransmission (RFC 9260 section 7.2.4).
    FirstRepair,
    /// A probe for the end of what is under way (RFC 8985 section 7).
    Probe,
    /// A probe of the peer's window (RFC 9260 section 6.1 A).
    WindowProbe,
}

/// What the peer is told to wait for no longer (RFC 3758 section 3.5).
#[derive(Clone, Copy, Debug, Default)]
struct Forward {
    /// Up to where the peer was told.
    told: LongTsn,
    told_at: Instant,
    is_due: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Timers {
    /// T3-rtx.
    retransmission: Option<Instant>,
    /// A chunk is lost, if nothing tells otherwise by then.
    reordering: Option<Instant>,
    /// Nothing has come back for the end of what is under way.
    probe: Option<Instant>,
    /// The next packet may leave.
    pacing: Option<Instant>,
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) chunks: u64,
    pub(crate) retransmissions: u64,
    pub(crate) probes: u64,
    pub(crate) timeouts: u64,
    pub(crate) undone: u64,
}

/// What became of the retransmission timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expired {
    /// Nothing that counts as a failure of the peer.
    Harmless,
    /// The peer may be gone (RFC 9260 section 8.1).
    Timeout,
}

impl Sender {
    pub(crate) fn new(
        config: &Config,
        trip: RoundTrip,
        first: LongTsn,
        peer_window: u32,
        agreed: Agreed,
        mtu: usize,
    ) -> Self {
        let peer_window = peer_window as usize;
        Self {
            flight: Flight::new(first),
            trip,
            recovery: Recovery::default(),
            control: config.congestion.start(longest_chunk(mtu), peer_window),
            pacer: Pacer::default(),
            meter: RateMeter::default(),
            agreed,
            mtu,
            peer: PeerWindow::new(peer_window),
            forward: Forward { told: first - 1, ..Forward::default() },
            timers: Timers::default(),
            is_restarting: false,
            unheard_timeouts: 0,
            burst_until: 0,
            allowance: None,
            last_sent_at: Instant::START,
            counts: Counts::default(),
        }
    }

    pub(crate) fn set_mtu(&mut self, mtu: usize) {
        self.mtu = mtu;
        self.control.on_chunk_length(longest_chunk(mtu));
    }

    pub(crate) fn window(&self) -> usize {
        self.control.window()
    }

    pub(crate) fn pacing_rate(&self) -> Option<u64> {
        self.control.rate()
    }

    pub(crate) const fn peer_window(&self) -> usize {
        self.peer.room()
    }

    /// Whether all that was sent has been acknowledged.
    pub(crate) fn is_quiet(&self) -> bool {
        self.flight.is_empty()
    }

    pub(crate) const fn last_sent_at(&self) -> Instant {
        self.last_sent_at
    }

    /// How long a packet has to be for the next chunk that is sent again: such a chunk is not cut
    /// again where packets have become shorter (RFC 9260 section 7.3).
    pub(crate) fn needs(&self) -> usize {
        let lost = self.flight.first_lost().and_then(|tsn| self.flight.get(tsn));
        lost.map_or(0, |sent| Header::LENGTH + sent.size)
    }

    /// The COOKIE ECHO that these chunks were bundled with is sent again, and so are they.
    pub(crate) fn lose_all_in_setup(&mut self) {
        self.flight.lose_all();
        self.timers = Timers::default();
    }

    /// The peer is not, or not yet, the one that this was sent to (RFC 9260 sections 5.2.4 B and 5.2.6):
    /// all of it is sent again.
    pub(crate) fn meet(&mut self, window: u32, agreed: Agreed) {
        self.agreed = agreed;
        self.lose_all_in_setup();
        self.peer = PeerWindow::new((window as usize).saturating_sub(self.flight.outstanding()));
    }

    /// When `handle_timeout` is next due.
    pub(crate) fn deadline(&self) -> Option<Deadline> {
        let timers = &self.timers;
        [
            (timers.retransmission, "sctp.t3-rtx"),
            (timers.reordering, "sctp.reordering"),
            (timers.probe, "sctp.probe"),
            (timers.pacing, "sctp.pacing"),
            (self.peer.probe_at(), "sctp.window"),
        ]
        .into_iter()
        .filter_map(|(at, timer)| at.map(|at| Deadline { at, timer }))
        .min_by_key(|deadline| deadline.at)
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Expired {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(self.timers.pacing) {
            self.timers.pacing = None;
        }
        if is_due(self.timers.reordering) {
            let before = self.flight.in_flight();
            let verdict = self.recovery.detect(&mut self.flight, &self.trip, now);
            self.timers.reordering = verdict.next;
            self.follow(&verdict, &Facts { in_flight_before: before, ..Facts::default() }, now);
        }
        if is_due(self.timers.retransmission) {
            return self.time_out(now);
        }
        if is_due(self.timers.probe) {
            self.timers.probe = None;
            self.allowance = Some(Allowance::Probe);
        }
        if is_due(self.peer.probe_at()) {
            self.peer.wait(None);
            self.allowance = Some(Allowance::WindowProbe);
        }
        Expired::Harmless
    }

    /// RFC 9260 section 6.3.3.
    fn time_out(&mut self, now: Instant) -> Expired {
        self.counts.timeouts += 1;
        self.unheard_timeouts = self.unheard_timeouts.saturating_add(1);
        self.trip.back_off();
        self.start_again(now);
        Expired::Timeout
    }

    /// All that is under way is taken for lost.
    fn start_again(&mut self, now: Instant) {
        self.timers =
            Timers { retransmission: Some(now + self.trip.timeout()), ..Timers::default() };
        let lost = self.recovery.on_timeout(&mut self.flight);
        self.meter.on_lost(lost);
        // RFC 9260 section 6.1 A: that a full peer does not take a chunk says nothing of the path.
        if lost > 0 && self.peer.probe() != Some(self.flight.first()) {
            self.control.on_timeout(self.flight.in_flight(), now);
            self.is_restarting = true;
        }
        // RFC 3758 section 3.5 F3: what tells to go on may have been lost as well.
        self.forward.is_due = self.flight.forward_to() > self.flight.first();
    }

    /// A packet of the peer's was read. Where nothing at all had come for several timeouts, the path was
    /// dead, not crowded, and lives again: what is still not acknowledged waits no longer than after a first
    /// timeout.
    pub(crate) fn hear(&mut self, now: Instant) {
        let was_silent = mem::take(&mut self.unheard_timeouts) >= SILENT_TIMEOUTS;
        let Some(expiry) = self.timers.retransmission.filter(|_| was_silent) else { return };
        self.trip.forget_back_off();
        let due = self.last_sent_at.max(self.forward.told_at) + self.trip.timeout();
        if due <= now {
            self.start_again(now);
        } else {
            self.timers.retransmission = Some(expiry.min(due));
        }
    }

    /// Reads a SACK (RFC 9260 section 6.2.1). Returns whether it acknowledged something new; `None`
    /// where it names what was never sent.
    pub(crate) fn on_sack(
        &mut self,
        sack: &Sack<'_>,
        outbox: &mut Outbox,
        now: Instant,
    ) -> Option<bool> {
        let first = self.flight.first();
        let cumulative = lengthen(first, sack.cumulative_tsn_ack);
        let beyond = self.flight.next();
        if cumulative >= beyond
            || sack.gaps.iter().any(|gap| cumulative + LongTsn::from(gap.end) >= beyond)
        {
            return None;
        }
        if cumulative + 1 < first {
            // D i: an older one.
            return Some(false);
        }
        let in_flight_before = self.flight.in_flight();
        let is_window_limited = in_flight_before + self.mtu > self.control.window();
        let gaps =
            sack.gaps.iter().filter(|gap| gap.start > 0 && gap.start <= gap.end).map(|gap| {
                (cumulative + LongTsn::from(gap.start), cumulative + LongTsn::from(gap.end))
            });
        let highest = sack.gaps.iter().last().map_or(0, |gap| LongTsn::from(gap.end));
        let is_cut = self.is_cut(sack) || cumulative + highest < self.recovery.highest();
        let told_to = if is_cut { cumulative + highest } else { LongTsn::MAX };
        self.meter.on_sack(is_cut);
        let news = self.flight.acknowledge(cumulative, gaps);
        if news.bytes > 0 {
            self.is_restarting = false;
            self.unheard_timeouts = 0;
        }
        let mut facts = Facts {
            in_flight_before,
            acked: news.bytes,
            is_cumulative: news.is_cumulative,
            is_window_limited,
            ..Facts::default()
        };
        if let Some(newest) = news.newest {
            if newest.is_sent_once {
                let rtt = now - newest.sent_at;
                self.trip.measured(rtt, now);
                facts.rtt = Some(rtt);
            }
            let shortest = self.trip.min().unwrap_or_default();
            facts.rate = Some(self.meter.on_acked(
                news.bytes,
                newest.sent_at,
                &newest.snapshot,
                shortest,
                now,
            ));
        }
        let duplicates = sack.duplicates.iter().map(|tsn| lengthen(first, tsn));
        let verdict =
            self.recovery.on_sack(&news, told_to, duplicates, &mut self.flight, &self.trip, now);
        if verdict.was_timeout_needless {
            self.trip.forget_back_off();
        }
        self.timers.reordering = verdict.next;
        self.follow(&verdict, &facts, now);
        self.peer.told(sack.window as usize, self.flight.outstanding(), cumulative);
        self.repeat_window_probe(sack.window as usize, now);
        if news.is_cumulative {
            // RFC 9260 section 6.3.2 R2 and R3.
            self.timers.retransmission =
                (!self.flight.is_empty()).then(|| now + self.trip.timeout());
        }
        self.arm_probe(now);
        self.judge_forward(outbox, now);
        Some(news.bytes > 0 || news.is_cumulative)
    }

    /// The peer has room again, and has not taken the chunk that asked for it: it need not wait for its
    /// timer.
    fn repeat_window_probe(&mut self, window: usize, now: Instant) {
        if let Some(tsn) = self.peer.probe()
            && let Some(sent) = self.flight.get(tsn)
            && now - sent.sent_at >= self.trip.min().unwrap_or_default()
            && window >= sent.fragment.payload.len()
        {
            self.flight.lose(tsn);
        }
    }

    /// SHUTDOWN says nothing of the window: what it acknowledges still takes the peer's room.
    pub(crate) fn on_cumulative_ack(
        &mut self,
        cumulative_tsn_ack: Tsn,
        outbox: &mut Outbox,
        now: Instant,
    ) -> Option<bool> {
        let window = self.peer.clone();
        let sack = Sack { cumulative_tsn_ack, ..Sack::default() };
        let is_new = self.on_sack(&sack, outbox, now)?;
        self.peer = window;
        Some(is_new)
    }

    /// Whether the SACK may not show all that has arrived: it is as long as a packet can be, or has as
    /// many gap blocks as some peers stop at.
    fn is_cut(&self, sack: &Sack<'_>) -> bool {
        let room = self.mtu.saturating_sub(Header::LENGTH + Sack::LENGTH) / GapBlock::LENGTH;
        let count = sack.gaps.len() + sack.duplicates.len();
        count + SPARE_BLOCKS >= room || sack.gaps.len() == FEW_BLOCKS
    }

    /// Tells the congestion control.
    fn follow(&mut self, verdict: &Verdict, facts: &Facts, now: Instant) {
        if verdict.is_undone {
            self.counts.undone += 1;
            self.control.undo();
        }
        self.meter.on_lost(verdict.lost);
        if verdict.is_new_loss {
            self.allowance = Some(Allowance::FirstRepair);
        }
        if facts.acked == 0 && verdict.lost == 0 && !verdict.is_new_loss {
            return;
        }
        self.control.on_ack(&Ack {
            now,
            acked: facts.acked,
            lost: verdict.lost,
            is_cumulative: facts.is_cumulative,
            is_new_loss: verdict.is_new_loss,
            in_recovery: self.recovery.is_fast(),
            in_flight_before: facts.in_flight_before,
            in_flight: self.flight.in_flight(),
            is_window_limited: facts.is_window_limited,
            rtt: facts.rtt,
            smoothed_rtt: self.trip.smoothed(),
            rate: facts.rate,
        });
    }

    /// RFC 3758 section 3.5 C1 to C3. The peer is told when there is news, and again where a round trip
    /// has passed: not with each SACK.
    fn judge_forward(&mut self, outbox: &mut Outbox, now: Instant) {
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
    fn give_up_what_is_due(&mut self, outbox: &mut Outbox, now: Instant) {
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
    fn give_up(
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
    fn peer_has_room(&self, outbox: &Outbox) -> bool {
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
        self.control.on_sent(bytes, self.flight.in_flight(), now);
        if let Some(rate) = self.control.rate() {
            self.pacer.sent(bytes, rate, now);
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
        while let Some(tsn) = self.flight.first_lost() {
            let has_room = self.flight.in_flight() < self.control.window();
            if !has_room && self.allowance != Some(Allowance::FirstRepair) {
                break;
            }
            if !self.push_again(packet, tsn, now) {
                break;
            }
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
    fn push_next(
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

    /// RFC 8985 section 7.3: new data, or else the last chunk under way again that may leave again (RFC
    /// 3758 section 4.1 TR4). Where there is none, new data leaves although the window is full, or else a
    /// question.
    fn push_probe(&mut self, packet: &mut PacketWriter, outbox: &mut Outbox, now: Instant) {
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
    fn push_window_probe(&mut self, packet: &mut PacketWriter, outbox: &mut Outbox, now: Instant) {
        let next = self.flight.next();
        let limit = if self.peer.has_room(1) { self.peer.room() } else { usize::MAX };
        outbox.begin_packet();
        if self.push_next(packet, outbox, limit, now) && self.flight.is_in_flight(next) {
            self.peer.on_probe(next);
        }
    }

    fn push_forward(&mut self, packet: &mut PacketWriter, now: Instant) -> bool {
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

    fn take_snapshot(&mut self, tsn: LongTsn, was_idle: bool, now: Instant) {
        let snapshot = self.meter.on_sent(self.flight.in_flight(), was_idle, now);
        self.flight.set_snapshot(tsn, snapshot);
    }

    const fn chunk_header(&self) -> usize {
        if self.agreed.interleaves { IData::HEADER_LENGTH } else { Data::HEADER_LENGTH }
    }

    /// RFC 8985 section 7.2: two round trips after the last packet, while nothing is being repaired.
    fn arm_probe(&mut self, now: Instant) {
        let is_wanted = self.flight.in_flight() > 0
            && self.flight.first_lost().is_none()
            && !self.recovery.is_active()
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
}

/// What a SACK told.
#[derive(Clone, Copy, Debug, Default)]
struct Facts {
    acked: usize,
    is_cumulative: bool,
    in_flight_before: usize,
    is_window_limited: bool,
    rtt: Option<Duration>,
    rate: Option<crate::tx::RateSample>,
}

/// PMDCS (RFC 9260 section 2.3) of packets of so many bytes.
const fn longest_chunk(mtu: usize) -> usize {
    mtu.saturating_sub(Header::LENGTH) & !3
}

/// The long TSN nearest to `near` that ends in these 32 bits.
pub(crate) fn lengthen(near: LongTsn, tsn: Tsn) -> LongTsn {
    let distance = tsn.since(Tsn(near as u32));
    near.saturating_add_signed(i64::from(distance))
}

fn push(
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

/// Max.Burst (RFC 9260 section 16), where nothing else spreads packets over time.
const MAX_BURST: usize = 4;
/// A message is one chunk at least.
const MOST_CHUNKS: LongTsn = u16::MAX as LongTsn;
/// After so many timeouts without a packet of the peer's the path counts as dead.
const SILENT_TIMEOUTS: u32 = 2;
/// dcsctp's limit.
const FEW_BLOCKS: usize = 20;
/// What else may be in the packet of a SACK.
const SPARE_BLOCKS: usize = 4;
/// RFC 3758 section 3.5 F3.
const LONGEST_FORWARD_DELAY: Duration = Duration::from_millis(200);
/// However short the path is, the peer's processor needs time.
const SHORTEST_PROBE: Duration = Duration::from_millis(10);
/// A wild variance does not make the probe later than this many times four.
const MOST_VARIANCE: Duration = Duration::from_millis(50);
