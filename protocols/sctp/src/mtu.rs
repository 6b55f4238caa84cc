//! How long packets may be: longer ones are tried with padded heartbeats, halfway between what is known
//! to pass and what is not (RFC 8899), and where long ones stop passing the first length is used again.

use core::time::Duration;

use icelab_sans_io::Instant;

use crate::association::{Association, Stage};
use crate::packet::Header;
use crate::packet::chunk::{Heartbeat, Pad, RawChunk};

/// Looks for the longest packet that passes.
#[derive(Clone, Debug)]
pub(crate) struct MtuSearch {
    /// Passes everywhere (BASE_PLPMTU).
    base: usize,
    current: usize,
    /// The shortest that is not known to pass.
    too_long: usize,
    largest: usize,
    probe: Option<Probe>,
    next_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Probe {
    size: usize,
    nonce: [u8; 8],
    tries: u32,
    until: Instant,
}

impl MtuSearch {
    pub(crate) fn new(base: usize, largest: usize) -> Self {
        let largest = largest.max(base) & !3;
        Self {
            base,
            current: base,
            too_long: largest + 4,
            largest,
            probe: None,
            next_at: (largest > base).then_some(Instant::START),
        }
    }

    pub(crate) const fn current(&self) -> usize {
        self.current
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.probe.map(|probe| probe.until).or(self.next_at)
    }

    /// A heartbeat came back: whether it was a probe.
    pub(crate) fn on_answer(&mut self, info: &[u8], now: Instant) -> bool {
        match self.probe {
            Some(probe) if probe.nonce == info => {
                self.probe = None;
                self.current = probe.size;
                self.plan(now);
                true
            }
            _ => false,
        }
    }

    /// Nothing comes back for packets of this length any more (RFC 8899 section 4.3).
    pub(crate) fn fall_back(&mut self, now: Instant) -> bool {
        if self.current <= self.base {
            return false;
        }
        self.too_long = self.current;
        self.current = self.base;
        self.probe = None;
        self.plan(now);
        true
    }

    /// A router has said how long packets may be.
    pub(crate) fn limit(&mut self, mtu: usize, now: Instant) {
        let mtu = (mtu & !3).max(SMALLEST);
        self.too_long = self.too_long.min(mtu + 4);
        self.base = self.base.min(mtu);
        self.current = self.current.min(mtu);
        self.largest = self.largest.min(mtu);
        self.probe = None;
        self.plan(now);
    }

    fn plan(&mut self, now: Instant) {
        let is_found = self.too_long.saturating_sub(self.current) <= STEP;
        self.next_at = if self.largest <= self.base {
            None
        } else if is_found {
            self.too_long = self.largest + 4;
            Some(now + RAISE)
        } else {
            Some(now)
        };
    }

    /// The length to try, where one is due.
    fn next(&mut self, now: Instant, timeout: Duration, nonce: [u8; 8]) -> Option<Probe> {
        if let Some(probe) = &mut self.probe {
            if probe.until > now {
                return None;
            }
            if probe.tries < TRIES {
                // The same nonce: an answer that comes late is one to any of them.
                *probe = Probe { tries: probe.tries + 1, until: now + timeout, ..*probe };
                return Some(*probe);
            }
            let failed = *probe;
            self.fail(failed, now);
        }
        if self.next_at.is_none_or(|at| at > now) {
            return None;
        }
        self.next_at = None;
        // The longest first: often there is no limit but the known one.
        let is_first = self.too_long == self.largest + 4;
        let size =
            if is_first { self.largest } else { usize::midpoint(self.current, self.too_long) };
        let size = size & !3;
        self.probe = Some(Probe { size, nonce, tries: 1, until: now + timeout });
        self.probe
    }

    /// Packets of this length do not pass, not even where they did.
    fn fail(&mut self, probe: Probe, now: Instant) {
        if probe.size <= self.current && self.fall_back(now) {
            return;
        }
        self.too_long = probe.size.max(self.current + 4);
        self.probe = None;
        self.plan(now);
    }
}

impl Association {
    /// Tries a longer packet, where that is due.
    pub(crate) fn probe_mtu(&mut self, now: Instant) {
        let Stage::Open(session) = &mut self.stage else { return };
        if session.mtu.deadline().is_none_or(|at| at > now) || !session.may_send_data() {
            return;
        }
        let nonce = self.rng.bytes();
        let timeout = session.sender.trip.timeout();
        let probe = session.mtu.next(now, timeout, nonce);
        let mtu = session.mtu.current();
        session.sender.set_mtu(mtu);
        let Some(probe) = probe else { return };
        let mut packet = session.packet_of(probe.size);
        if packet.push(&Heartbeat { info: &probe.nonce }).is_ok() {
            let length = probe.size.saturating_sub(packet.len() + RawChunk::HEADER_LENGTH);
            let _ = packet.push(&Pad { length });
            self.output.packet(packet.finish(session.checksum()));
        }
    }
}

/// RFC 8899 section 5.1.2: MAX_PROBES.
const TRIES: u32 = 3;
/// RFC 8899 section 5.1.1: PMTU_RAISE_TIMER.
const RAISE: Duration = Duration::from_secs(600);
/// Not worth a probe.
const STEP: usize = 16;
/// No path carries less (RFC 9260 section 7.3 for IPv6, less headers).
const SMALLEST: usize = 512 + Header::LENGTH;
