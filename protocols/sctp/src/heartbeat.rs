//! HEARTBEAT: whether an idle path lives (RFC 9260 section 8.3).

use core::time::Duration;

use icelab_sans_io::{Instant, Rng};

use crate::association::{Association, Stage};
use crate::discard::Discard;
use crate::packet::chunk::{Heartbeat, HeartbeatAck};

/// Asks an idle path whether it lives.
#[derive(Clone, Debug)]
pub(crate) struct Heartbeats {
    interval: Option<Duration>,
    next_at: Option<Instant>,
    asked: Option<Asked>,
}

/// A HEARTBEAT that has not been answered.
#[derive(Clone, Copy, Debug)]
struct Asked {
    nonce: [u8; 8],
    at: Instant,
    /// From then on it counts as lost.
    until: Instant,
}

impl Heartbeats {
    pub(crate) const fn new(interval: Option<Duration>, _now: Instant) -> Self {
        Self { interval, next_at: None, asked: None }
    }

    pub(crate) fn begin(&mut self, timeout: Duration, now: Instant) {
        self.next_at = self.interval.map(|interval| now + interval + timeout);
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let lost_at = self.asked.map(|asked| asked.until);
        self.next_at.into_iter().chain(lost_at).min()
    }
}

impl Association {
    /// Does what is due for heartbeats. Whether one was lost.
    pub(crate) fn beat(&mut self, now: Instant) -> bool {
        let Stage::Open(session) = &mut self.stage else { return false };
        let beats = &mut session.heartbeats;
        let is_lost = beats.asked.is_some_and(|asked| asked.until <= now);
        if is_lost {
            beats.asked = None;
        }
        if beats.next_at.is_none_or(|at| at > now) {
            return is_lost;
        }
        let timeout = session.sender.trip.timeout();
        let interval = beats.interval.unwrap_or_default();
        // Data on its way does the same.
        let idle_since = session.sender.last_sent_at();
        if !session.sender.is_quiet() || now - idle_since < interval {
            beats.next_at = Some(idle_since.max(now - interval) + interval + timeout);
            return is_lost;
        }
        let nonce = self.rng.bytes();
        beats.asked = Some(Asked { nonce, at: now, until: now + timeout });
        beats.next_at = Some(now + interval + jittered(timeout, &mut self.rng));
        let mut packet = session.packet();
        // Room for it there is: its packet holds nothing else.
        let _ = packet.push(&Heartbeat { info: &nonce });
        self.output.packet(packet.finish(session.checksum()));
        is_lost
    }

    pub(crate) fn on_heartbeat(&mut self, heartbeat: &Heartbeat<'_>) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        // Section 8.3: the information goes back as it came; a long one came in a long packet.
        let mut packet = session.packet_of(heartbeat.info.len() + 64);
        if packet.push(&HeartbeatAck { info: heartbeat.info }).is_ok() {
            self.output.packet(packet.finish(session.checksum()));
        }
    }

    pub(crate) fn on_heartbeat_ack(&mut self, ack: &HeartbeatAck<'_>, now: Instant) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        if session.mtu.on_answer(ack.info, now) {
            session.hear();
            let mtu = session.mtu.current();
            session.sender.set_mtu(mtu);
            return;
        }
        match session.heartbeats.asked {
            Some(asked) if asked.nonce == ack.info => {
                session.heartbeats.asked = None;
                session.sender.trip.measured(now - asked.at, now);
                session.hear();
            }
            _ => self.discards.add(Discard::Unexpected),
        }
    }
}

/// Between half and one and a half of it (RFC 9260 section 8.3).
fn jittered(timeout: Duration, rng: &mut Rng) -> Duration {
    let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(nanos / 2 + rng.range(0..=nanos))
}
