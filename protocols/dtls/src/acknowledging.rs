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
            self.received.insert(place, number);
            if self.received.len() > MOST {
                self.received.remove(0);
            }
            self.resend.acknowledgements = 0;
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
        if self.timers.get(&Timer::Retransmit).is_some() {
            // The own flight's timer brings the rest.
            self.acknowledge();
            return true;
        }
        if self.resend.acknowledgements >= self.config.retransmission.tries {
            return false;
        }
        let factor = 2_u32.saturating_pow(self.resend.acknowledgements);
        let longest = self.config.retransmission.patience();
        let wait = self.resend.first.saturating_mul(factor).min(longest);
        self.resend.acknowledgements += 1;
        self.acknowledge();
        self.timers.set(Timer::Acknowledge, now + wait);
        true
    }

    /// Sends an ACK for all that was taken of the peer's flight, or, where that does not fit, for
    /// the last of it. It may be empty: records that cannot be opened yet are news too
    /// (section 7.1).
    pub(crate) fn acknowledge(&mut self) {
        self.timers.cancel(&Timer::Acknowledge);
        // Section 7: under the highest keys, which are those of the record or later ones.
        let epoch = self.records.write_epoch();
        let room = self.config.mtu.saturating_sub(self.records.overhead(epoch) + 2);
        let surplus = self.received.len().saturating_sub((room / RecordNumber::LENGTH).max(1));
        let records = self.received.get(surplus..).unwrap_or_default().to_vec();
        let mut body = Writer::new();
        Ack { records }.encode(&mut body);
        self.send_record(epoch, ContentType::ACK, body.as_slice());
    }

    /// Takes the peer's ACK, which came under the keys of `epoch` (section 7.2). `is_answer` says
    /// that the flight needs no other.
    pub(crate) fn hear_acknowledgement(
        &mut self,
        epoch: u64,
        payload: &[u8],
        is_answer: bool,
        now: Instant,
    ) {
        if self.version == Some(Version::V1_2) {
            self.discards.add(Discard::Unexpected);
            return;
        }
        let Ok(mut ack) = Ack::decode(payload) else {
            self.discards.add(Discard::Malformed);
            return;
        };
        let is_empty = ack.records.is_empty();
        // Section 7: in the handshake an ACK has at least the protection of what it acknowledges.
        ack.records.retain(|number| epoch >= 3 || number.epoch <= epoch);
        let is_news = self.flight.acknowledge(&ack);
        if !is_news {
            if is_empty {
                self.echo(now);
            }
        } else if self.flight.has_arrived() {
            self.flight_arrived(now);
            if is_answer {
                self.flight.clear();
            } else {
                // What the peer will say is still to come (section 5.8.1).
                self.timers.set(Timer::Retransmit, now + self.resend.interval);
            }
        } else {
            self.transmit();
            self.timers.set(Timer::Retransmit, now + self.resend.interval);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::connected;

    fn number(sequence: u64) -> RecordNumber {
        RecordNumber { epoch: 2, sequence }
    }

    /// RFC 9147 section 7: in numerically increasing order; the newest ones, where there are many.
    #[test]
    fn the_records_of_an_ack_rise_however_many_came_and_in_whatever_order() {
        let (mut client, _) = connected(Version::V1_3, None);
        let core = &mut client.core;
        for sequence in (0..64).rev() {
            core.note_received(number(2 * sequence));
        }
        for sequence in [21, 3, 200, 21, 1] {
            core.note_received(number(sequence));
        }
        let mut expected: Vec<u64> = (0..64).map(|sequence| 2 * sequence).collect();
        expected.extend([3, 21, 200]);
        expected.sort_unstable();
        let expected: Vec<_> = expected.split_off(3).into_iter().map(number).collect();
        assert_eq!(core.received, expected);
    }
}
