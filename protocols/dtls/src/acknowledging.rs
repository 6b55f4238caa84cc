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
    use icelab_sans_io::Protocol;

    use super::*;
    use crate::dtls::Dtls;
    use crate::testing::{apart, connected, drain, message, tell};
    use crate::wire::handshake::HandshakeType;

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

    /// The records that an ACK of `end`, the last that it sent, names.
    fn named(from: &mut Dtls, to: &mut Dtls) -> Vec<Vec<RecordNumber>> {
        let mut acks = Vec::new();
        for packet in drain(from).0 {
            let mut rest = packet;
            while !rest.is_empty() {
                let (length, record) = to.core.records.open(&mut rest, false);
                if let crate::record::records::Record::Opened { content, payload, .. } = record
                    && content == ContentType::ACK
                {
                    acks.push(Ack::decode(payload).unwrap().records);
                }
                rest.drain(..length);
            }
        }
        acks
    }

    /// RFC 9147 section 7: what was neither processed nor kept is not acknowledged, nor is a record of
    /// which a part was dropped.
    #[test]
    fn a_record_is_not_acknowledged_where_something_of_it_was_dropped() {
        let (mut client, mut server) = connected(Version::V1_3, None);
        let next = client.core.next_message;
        let update = message(HandshakeType::KEY_UPDATE, next, &[0]);
        let far = message(HandshakeType::KEY_UPDATE, next + 100, &[0]);
        for bytes in
            [far.clone(), [update.clone(), far].concat(), [update.clone(), vec![1]].concat()]
        {
            let epoch = client.core.records.write_epoch();
            client.core.send_record(epoch, ContentType::HANDSHAKE, &bytes);
            for packet in drain(&mut client).0 {
                server.handle_input(packet, Instant::START);
            }
            assert!(named(&mut server, &mut client).into_iter().flatten().next().is_none());
        }
        // The part that was not dropped was taken: it comes again and is acknowledged now.
        let sequence = client.core.records.sent(3);
        client.core.send_record(3, ContentType::HANDSHAKE, &update);
        for packet in drain(&mut client).0 {
            server.handle_input(packet, Instant::START);
        }
        let expected = RecordNumber { epoch: 3, sequence };
        assert_eq!(named(&mut server, &mut client), [[expected]]);
    }

    /// RFC 9147 section 7.1: only handshake messages are acknowledged, and only where they could be
    /// opened.
    #[test]
    fn nothing_but_handshake_records_that_could_be_opened_is_acknowledged() {
        let (mut client, mut server) = connected(Version::V1_3, None);
        for (content, payload) in [
            (ContentType::APPLICATION_DATA, &b"data"[..]),
            (ContentType::ACK, &[0, 0]),
            (ContentType::ALERT, &[1, 90]),
            (ContentType(24), b"heartbeat"),
            (ContentType::CHANGE_CIPHER_SPEC, &[1]),
        ] {
            let (answers, _) = tell(&mut client, &mut server, content, payload);
            assert!(answers.is_empty(), "{content:?}");
        }
        let next = client.core.next_message;
        let ticket = message(HandshakeType::KEY_UPDATE, next, &[0]);
        client.core.send_record(3, ContentType::HANDSHAKE, &ticket);
        let mut packet = drain(&mut client).0.remove(0);
        *packet.last_mut().unwrap() ^= 1;
        server.handle_input(packet, Instant::START);
        assert!(drain(&mut server).0.is_empty());
    }

    /// RFC 9147 sections 7.1 and 8: KeyUpdate, NewConnectionId and RequestConnectionId have no answer
    /// but an ACK, which comes for each, and again where the message does.
    #[test]
    fn each_message_after_the_handshake_is_acknowledged_each_time() {
        for (kind, body) in [
            (HandshakeType::KEY_UPDATE, &[0][..]),
            (HandshakeType::NEW_CONNECTION_ID, &[0, 2, 1, 9, 1]),
            (HandshakeType::REQUEST_CONNECTION_ID, &[0]),
        ] {
            let (mut client, mut server) = connected(Version::V1_3, Some(vec![7]));
            let bytes = message(kind, client.core.next_message, body);
            for _ in 0..3 {
                let sequence = client.core.records.sent(3);
                client.core.send_record(3, ContentType::HANDSHAKE, &bytes);
                for packet in drain(&mut client).0 {
                    server.handle_input(packet, Instant::START);
                }
                let acks = named(&mut server, &mut client);
                assert_eq!(acks, [[RecordNumber { epoch: 3, sequence }]], "{kind:?}");
            }
        }
    }

    // A -> ClientHello                                     Z
    // A <- ServerHello {EncryptedExtensions .. Finished}   Z
    // A -> [ACK] of it all                                 Z
    /// RFC 9147 sections 5.8.1 and 7.2: the server repeats nothing more, and waits for the answer.
    #[test]
    fn a_flight_that_was_acknowledged_in_the_handshake_is_not_repeated() {
        let (mut client, mut server) = apart(Version::V1_3, None);
        for packet in drain(&mut client).0 {
            server.handle_input(packet, Instant::START);
        }
        for packet in drain(&mut server).0 {
            client.handle_input(packet, Instant::START);
        }
        let answer = drain(&mut client).0;
        let all = (0..4).map(|sequence| RecordNumber { epoch: 2, sequence });
        let records = [RecordNumber { epoch: 0, sequence: 0 }].into_iter().chain(all).collect();
        let mut body = Writer::new();
        Ack { records }.encode(&mut body);
        client.core.send_record(2, ContentType::ACK, body.as_slice());
        for packet in drain(&mut client).0 {
            server.handle_input(packet, Instant::START);
        }
        let mut now = Instant::START;
        for _ in 0..5 {
            now = server.poll_timeout().expect("it does not wait for ever").at;
            server.handle_timeout(now);
            let (packets, events) = drain(&mut server);
            assert!(packets.is_empty() && events.is_empty(), "{events:?}");
        }
        for packet in answer {
            server.handle_input(packet, now);
        }
        assert!(server.is_connected());
    }

    // A -> ClientHello                                           Z
    // A <- ServerHello {EncryptedExtensions ..                   Z
    // A /lost/ <- .. Finished}                                   Z
    // A -> [ACK] in epoch 2                                      Z
    /// RFC 9147 section 7: an ACK is under keys of the epoch that it acknowledges, or of a later one.
    #[test]
    fn an_ack_in_the_handshake_is_as_protected_as_what_it_names() {
        let (mut client, mut server) = apart(Version::V1_3, None);
        server.core.config.mtu = 500;
        for packet in drain(&mut client).0 {
            server.handle_input(packet, Instant::START);
        }
        let flight = drain(&mut server).0;
        client.handle_input(flight[0].clone(), Instant::START);
        let deadline = client.poll_timeout().unwrap();
        assert_eq!(deadline.timer, "dtls.acknowledge");
        client.handle_timeout(deadline.at);
        let packets = drain(&mut client).0;
        assert_eq!(packets.len(), 1);
        assert_eq!(packets[0][0], 0x2E, "the unified header, epoch 2");
        let mut bytes = packets[0].clone();
        let (_, record) = server.core.records.open(&mut bytes, false);
        let crate::record::records::Record::Opened { payload, .. } = record else {
            panic!("it is")
        };
        let names = Ack::decode(payload).unwrap().records;
        assert!(names.iter().any(|name| name.epoch == 2) && names.iter().all(|it| it.epoch <= 2));
    }
}
