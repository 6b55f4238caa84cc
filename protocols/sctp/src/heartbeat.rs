//! HEARTBEAT: whether an idle path lives (RFC 9260 section 8.3).

use core::time::Duration;

use icelab_sans_io::{Instant, Rng};
use icelab_wire::Writer;

use crate::association::{Association, Stage};
use crate::discard::Discard;
use crate::packet::chunk::{ChunkType, EncodeChunk, Heartbeat, HeartbeatAck};

/// Asks an idle path whether it lives.
#[derive(Clone, Debug)]
pub(crate) struct Heartbeats {
    interval: Option<Duration>,
    longest: Duration,
    next_at: Option<Instant>,
    asked: Option<Asked>,
    /// How many in a row were lost.
    lost: u32,
}

/// The last HEARTBEAT, while it has not been answered.
#[derive(Clone, Copy, Debug)]
struct Asked {
    nonce: [u8; 8],
    at: Instant,
    /// Then it counts as lost; `None`: it has been counted. An answer still tells that the peer lives.
    until: Option<Instant>,
}

impl Heartbeats {
    pub(crate) const fn new(interval: Option<Duration>, longest: Duration) -> Self {
        Self { interval, longest, next_at: None, asked: None, lost: 0 }
    }

    pub(crate) fn begin(&mut self, timeout: Duration, rng: &mut Rng, now: Instant) {
        self.next_at = self.interval.map(|interval| now + interval + jittered(timeout, rng));
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let lost_at = self.asked.and_then(|asked| asked.until);
        self.next_at.into_iter().chain(lost_at).min()
    }

    /// Twice as long for each that was lost: a heartbeat's own, so that data need not wait.
    fn backed_off(&self, timeout: Duration) -> Duration {
        timeout.saturating_mul(1 << self.lost.min(16)).min(self.longest).max(timeout)
    }

    /// Whether the last one counts as lost from now on.
    fn lose(&mut self, now: Instant) -> bool {
        let is_lost = |asked: &Asked| asked.until.is_some_and(|until| until <= now);
        let Some(asked) = self.asked.as_mut().filter(|asked| is_lost(asked)) else { return false };
        asked.until = None;
        self.lost += 1;
        true
    }
}

impl Association {
    /// Does what is due for heartbeats. Whether one was lost.
    pub(crate) fn beat(&mut self, now: Instant) -> bool {
        let Stage::Open(session) = &mut self.stage else { return false };
        if !session.may_send_data() {
            return false;
        }
        let timeout = session.sender.trip.timeout();
        let beats = &mut session.heartbeats;
        let is_lost = beats.lose(now);
        let Some(interval) = beats.interval else { return is_lost };
        if beats.next_at.is_none_or(|at| at > now) {
            return is_lost;
        }
        let wait = interval + jittered(beats.backed_off(timeout), &mut self.rng);
        // Data on its way does the same.
        let idle_since = session.sender.last_sent_at();
        if !session.sender.is_quiet() || now - idle_since < interval {
            beats.next_at = Some(idle_since.max(now - interval) + wait);
            return is_lost;
        }
        let nonce = self.rng.bytes();
        let until = Some(now + beats.backed_off(timeout));
        beats.asked = Some(Asked { nonce, at: now, until });
        beats.next_at = until.max(Some(now + wait));
        let mut packet = session.packet();
        // Room for it there is: its packet holds nothing else.
        let _ = packet.push(&Heartbeat { info: &nonce });
        self.output.packet(packet.finish(session.checksum()));
        is_lost
    }

    /// Its parameters go back as they came.
    pub(crate) fn on_heartbeat(&mut self, parameters: &[u8]) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        session.reply(&Echo { parameters });
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
        let beats = &mut session.heartbeats;
        let Some(asked) = beats.asked.take_if(|asked| asked.nonce == ack.info) else {
            return self.discards.add(Discard::Unexpected);
        };
        beats.lost = 0;
        session.sender.trip.measured(now - asked.at, now);
        session.hear();
    }
}

/// HEARTBEAT ACK with all parameters of the HEARTBEAT, known or not.
struct Echo<'a> {
    parameters: &'a [u8],
}

impl EncodeChunk for Echo<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::HEARTBEAT_ACK
    }

    fn value_len(&self) -> usize {
        self.parameters.len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        writer.bytes(self.parameters);
    }
}

/// Between half and one and a half of it (RFC 9260 section 8.3).
fn jittered(timeout: Duration, rng: &mut Rng) -> Duration {
    let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(nanos / 2 + rng.range(0..=nanos))
}
