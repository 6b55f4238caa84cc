//! The sending side of an association: its state, and what timers change.
//!
//! - `sacks`: what SACKs tell, and what follows.
//! - `giving_up`: messages that are given up, and how the peer is told.
//! - `filling`: whether a packet may leave, and what goes into it.
//! - `probes`: what leaves to get an answer.
//! - `second_tries`: what leaves again twice, where there is room.

mod filling;
mod giving_up;
mod probes;
mod sacks;
mod second_tries;

use core::mem;

use icelab_sans_io::{Deadline, Instant, Rng};

use crate::config::Config;
use crate::congestion::Controller;
use crate::packet::{Header, Tsn};
use crate::tx::flight::{Flight, LongTsn};
use crate::tx::pacer::Pacer;
use crate::tx::peer_window::PeerWindow;
use crate::tx::rate::RateMeter;
use crate::tx::recovery::Recovery;
use crate::tx::rto::RoundTrip;
use crate::tx::sender::sacks::Facts;

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
    /// How often a timer has expired since anything was heard of the peer.
    unheard_timeouts: u32,
    /// How much may be under way before the next SACK or command (Max.Burst, RFC 9260 section 6.1 D).
    burst_until: usize,
    /// A packet may leave although the window is full.
    allowance: Option<Allowance>,
    /// What left again with the last packet that had room for it.
    second_tries: Vec<LongTsn>,
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
        // The first TSN is drawn for each association.
        let rng = Rng::from_u64(first);
        Self {
            flight: Flight::new(first),
            trip,
            recovery: Recovery::default(),
            control: config.congestion.start(longest_chunk(mtu), peer_window, rng),
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
            second_tries: Vec::new(),
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
        self.repeat_forward();
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
        self.back_off();
        self.start_again(now);
        Expired::Timeout
    }

    /// A timer has expired, of data or of something else: the next ones wait twice as long.
    pub(crate) fn back_off(&mut self) {
        self.unheard_timeouts = self.unheard_timeouts.saturating_add(1);
        self.trip.back_off();
    }

    /// All that is under way is taken for lost.
    fn start_again(&mut self, now: Instant) {
        self.timers =
            Timers { retransmission: Some(now + self.trip.timeout()), ..Timers::default() };
        let lost = self.recovery.on_timeout(&mut self.flight);
        // RFC 9260 section 6.1 A: that a full peer does not take a chunk says nothing of the path.
        if lost > 0 && self.peer.probe() != Some(self.flight.first()) {
            self.control.on_timeout(self.flight.in_flight());
            self.is_restarting = true;
        }
        self.repeat_forward();
    }

    /// RFC 3758 section 3.5 F3: what told the peer to go on may have been lost as well.
    fn repeat_forward(&mut self) {
        self.forward.is_due =
            self.agreed.gives_up && self.flight.forward_to() > self.flight.first();
    }

    /// A packet of the peer's was read. Where nothing at all had come for several timeouts, the path was
    /// dead, not crowded, and lives again: what is still not acknowledged waits no longer than after a first
    /// timeout.
    pub(crate) fn hear(&mut self, now: Instant) {
        if mem::take(&mut self.unheard_timeouts) >= SILENT_TIMEOUTS {
            self.end_silence(now);
        }
    }

    /// Another layer knows that the path lives. That is not read from what this one gets, so one timeout
    /// is enough.
    pub(crate) fn path_works(&mut self, now: Instant) {
        if mem::take(&mut self.unheard_timeouts) > 0 {
            self.end_silence(now);
        }
    }

    fn end_silence(&mut self, now: Instant) {
        self.trip.forget_back_off();
        let Some(expiry) = self.timers.retransmission else { return };
        let due = self.last_sent_at.max(self.forward.told_at) + self.trip.timeout();
        let due = due.min(expiry);
        if due <= now {
            self.start_again(now);
        } else {
            self.timers.retransmission = Some(due);
        }
    }
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

/// After so many timeouts without a packet of the peer's the path counts as dead.
const SILENT_TIMEOUTS: u32 = 2;
