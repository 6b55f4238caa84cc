//! ACKs, which 1.3 has (RFC 9147 section 7).

use icelab_sans_io::Instant;
use icelab_wire::Writer;

use crate::core::{Core, Timer};
use crate::discard::Discard;
use crate::reassembly::Taken;
use crate::record::content::ContentType;
use crate::wire::ack::{Ack, RecordNumber};
use crate::wire::version::Version;

/// The most records that one ACK names.
const MOST: usize = 64;

impl Core {
    /// Notes that the handshake record `number` was taken.
    pub(crate) fn note_received(&mut self, number: RecordNumber) {
        if let Err(place) = self.received.binary_search(&number) {
            if self.received.len() == MOST {
                self.received.remove(0);
            }
            self.received.insert(place.min(self.received.len()), number);
        }
    }

    /// Sees to it that the peer hears what came of its flight, as long as some is missing (section
    /// 7.1): soon where something came out of order, else after a quarter of the wait.
    pub(crate) fn owe_acknowledgement(&mut self, taken: Taken, now: Instant) {
        if self.version == Some(Version::V1_2) || self.timers.get(&Timer::Acknowledge).is_some() {
            return;
        }
        let wait = self.resend.first / if taken == Taken::InOrder { 4 } else { 8 };
        self.timers.set(Timer::Acknowledge, now + wait);
    }

    /// The peer's flight still is not whole: says so again. Says whether to go on.
    pub(crate) fn acknowledge_again(&mut self, now: Instant) -> bool {
        let is_first = self.resend.tries == 0 && self.resend.interval == self.resend.first;
        if !is_first && !self.back_off() {
            return false;
        }
        self.acknowledge();
        self.timers.set(Timer::Acknowledge, now + self.resend.interval);
        true
    }

    /// Sends an ACK for all that was taken of the peer's flight. It may be empty: records that
    /// cannot be opened yet are news too (section 7.1).
    pub(crate) fn acknowledge(&mut self) {
        self.timers.cancel(&Timer::Acknowledge);
        let mut body = Writer::new();
        Ack { records: self.received.clone() }.encode(&mut body);
        self.send_record(self.records.write_epoch(), ContentType::ACK, body.as_slice());
    }

    /// Takes the peer's ACK (section 7.2).
    pub(crate) fn hear_acknowledgement(&mut self, payload: &[u8], now: Instant) {
        if self.version == Some(Version::V1_2) {
            self.discards.add(Discard::Unexpected);
            return;
        }
        let Ok(ack) = Ack::decode(payload) else {
            self.discards.add(Discard::Malformed);
            return;
        };
        let is_news = self.flight.acknowledge(&ack);
        if self.flight.is_empty() {
            return;
        }
        if self.flight.has_arrived() {
            self.flight_arrived(now);
            self.flight.clear();
        } else if is_news {
            self.transmit();
            self.timers.set(Timer::Retransmit, now + self.resend.interval);
        } else if ack.records.is_empty() {
            self.echo(now);
        }
    }
}
