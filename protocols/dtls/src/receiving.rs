//! What arrives: datagrams, records, messages in pieces, ACKs and alerts (RFC 6347 section 4.1,
//! RFC 9147 section 4).
//!
//! 1. A datagram is cut into records, and each is opened ([`Dtls::take_datagram`]). What cannot be
//!    opened yet waits.
//! 2. Its content goes where it belongs ([`Dtls::take_record`]).
//! 3. Fragments become messages, which the stage takes in their order ([`Dtls::take_handshake`]).

use icelab_sans_io::Instant;
use icelab_wire::Reader;

use crate::config::Role;
use crate::core::Core;
use crate::discard::Discard;
use crate::dtls::Dtls;
use crate::event::{CloseReason, Event};
use crate::handshake::stage::Stage;
use crate::reassembly::Taken;
use crate::record::content::ContentType;
use crate::record::header::UnifiedHeader;
use crate::record::records::Record;
use crate::wire::ack::RecordNumber;
use crate::wire::alert::{Alert, AlertDescription};
use crate::wire::handshake::{Fragment, HandshakeType};
use crate::wire::version::Version;

/// What came of one record's fragments.
#[derive(Clone, Copy, Debug, Default)]
struct Sorted {
    /// Some are of a message that was handed over before.
    is_repeated: bool,
    /// Some are new.
    is_taken: bool,
    /// Some came before what precedes them.
    is_out_of_order: bool,
    /// Some were dropped.
    is_dropped: bool,
}

impl Dtls {
    /// Opens every record of a datagram.
    pub(crate) fn take_datagram(&mut self, mut datagram: Vec<u8>, now: Instant) {
        let mut rest = datagram.as_mut_slice();
        while !rest.is_empty() && !matches!(self.stage, Stage::Closed) {
            let keys_to_come = !matches!(self.stage, Stage::Open(_));
            // Opening spoils what belongs to another association.
            let copy = self.rival.is_some().then(|| rest.to_vec());
            let (length, record) = self.core.records.open(rest, keys_to_come);
            let is_mine = match record {
                Record::Opened { number, content, payload } => {
                    let payload = payload.to_vec();
                    let bytes = rest.get(..length).unwrap_or_default();
                    if number.epoch > 0 || !self.begins_anew(content, &payload, bytes, now) {
                        self.take_record(number, content, payload, now);
                    }
                    true
                }
                Record::Early => {
                    let bytes = rest.get(..length).unwrap_or_default().to_vec();
                    self.keep_record(bytes, now);
                    false
                }
                Record::Dropped(reason) => {
                    self.core.discards.add(reason);
                    self.count_forgeries(now);
                    false
                }
            };
            if let (false, Some(copy)) = (is_mine, copy) {
                self.feed_rival(copy.get(..length).unwrap_or_default(), now);
            }
            rest = rest.get_mut(length..).unwrap_or_default();
        }
    }

    /// RFC 9147 section 4.5.3: the peer changes its keys before too many records were forged under
    /// them; where it does not, everything ends.
    fn count_forgeries(&mut self, now: Instant) {
        let most = self.core.config.forgeries_per_key;
        let forged = self.core.records.forged(most);
        if forged > most {
            self.fail(AlertDescription::BAD_RECORD_MAC.into());
        } else if forged > most / 2
            && let Stage::Open(connection) = &mut self.stage
            && !connection.is_updating()
        {
            connection.update_keys(true, &mut self.core, now);
        }
    }

    /// Keeps a record whose keys may yet come. That it came tells an end of 1.3 that something
    /// before it is missing, which an ACK without numbers tells the other (RFC 9147 section 7.1).
    fn keep_record(&mut self, record: Vec<u8>, now: Instant) {
        let is_1_3 = record.first().is_some_and(|first| UnifiedHeader::starts_with(*first));
        let is_begun =
            self.core.config.role == Role::Client || self.core.version == Some(Version::V1_3);
        if !self.waiting.keep_record(record) {
            self.core.discards.add(Discard::NoRoom);
        }
        if is_1_3 && is_begun {
            self.core.owe_acknowledgement(Taken::OutOfOrder, now);
        }
    }

    fn take_record(
        &mut self,
        number: RecordNumber,
        content: ContentType,
        payload: Vec<u8>,
        now: Instant,
    ) {
        let is_plain = number.epoch == 0;
        match content {
            ContentType::HANDSHAKE => self.take_handshake(number, &payload, now),
            // Anybody could have written these. Until the peer has shown that it has keys, it may
            // have no better way to say so.
            ContentType::ALERT | ContentType::ACK if is_plain && self.core.records.has_opened() => {
                self.core.discards.add(Discard::Unprotected);
            }
            ContentType::ALERT => self.take_alert(&payload),
            ContentType::ACK => self.take_acknowledgement(number.epoch, &payload, now),
            ContentType::APPLICATION_DATA if is_plain => {
                self.core.discards.add(Discard::Unprotected);
            }
            ContentType::APPLICATION_DATA if self.is_connected() => {
                self.core.output.event(Event::Data(payload));
            }
            // RFC 6347 section 4.2.4, RFC 9147 section 5.8.1: not before the peer's Finished.
            ContentType::APPLICATION_DATA => {
                if !self.waiting.keep_data(payload) {
                    self.core.discards.add(Discard::NoRoom);
                }
            }
            // The epochs say what it says (RFC 6347 section 4.1).
            ContentType::CHANGE_CIPHER_SPEC => {}
            ContentType(_) => self.core.discards.add(Discard::Malformed),
        }
    }

    fn take_alert(&mut self, payload: &[u8]) {
        let Ok(alert) = Alert::decode(payload) else {
            self.core.discards.add(Discard::Malformed);
            return;
        };
        let is_error = if self.core.version == Some(Version::V1_3) {
            // RFC 8446 section 6: the level says nothing in 1.3; user_canceled announces a
            // close_notify.
            alert.description != AlertDescription::USER_CANCELED
        } else {
            alert.is_fatal
        };
        if alert.description == AlertDescription::CLOSE_NOTIFY {
            // RFC 5246 section 7.2.1: answered in kind.
            self.core.send_alert(false, AlertDescription::CLOSE_NOTIFY);
            self.end(CloseReason::Remote);
        } else if is_error {
            self.end(CloseReason::Alert(alert.description));
        }
    }

    fn take_acknowledgement(&mut self, epoch: u64, payload: &[u8], now: Instant) {
        let was_waiting = !self.core.flight.is_empty();
        let is_answer = matches!(self.stage, Stage::Open(_));
        self.core.hear_acknowledgement(epoch, payload, is_answer, now);
        if was_waiting
            && self.core.flight.is_empty()
            && let Stage::Open(connection) = &mut self.stage
        {
            connection.flight_acknowledged(&mut self.core, now);
        }
    }

    /// Takes the fragments of one record.
    fn take_handshake(&mut self, number: RecordNumber, payload: &[u8], now: Instant) {
        self.core.current = number;
        let mut reader = Reader::new(payload);
        let mut sorted = Sorted::default();
        while !reader.is_empty() {
            let Ok(fragment) = Fragment::decode(&mut reader) else {
                self.core.discards.add(Discard::Malformed);
                sorted.is_dropped = true;
                break;
            };
            self.sort(number, &fragment, &mut sorted);
        }
        if sorted.is_taken {
            // RFC 9147 section 7: what was dropped must come again, so the record is no ACK's.
            if !sorted.is_dropped {
                self.core.note_received(number);
            }
            if number.epoch > 0 && matches!(self.stage, Stage::Server13(_)) {
                self.core.hear_answer(now);
            }
            self.take_messages(now);
            self.settle_acknowledgement(!sorted.is_out_of_order, now);
        } else if sorted.is_repeated && !sorted.is_dropped {
            self.hear_again(number, now);
        }
    }

    /// Puts one fragment where it belongs.
    fn sort(&mut self, number: RecordNumber, fragment: &Fragment<'_>, sorted: &mut Sorted) {
        if self.is_renegotiation(number, fragment) {
            // RFC 5746 section 4.2: a wish for another handshake is refused.
            self.core.send_alert(false, AlertDescription::NO_RENEGOTIATION);
            sorted.is_dropped = true;
            return;
        }
        self.begin_where_the_client_is(fragment);
        // What comes without protection is old news once there is protection.
        let is_old = fragment.sequence < self.core.reassembly.next_sequence();
        if number.epoch == 0 && !is_old && self.must_be_protected(fragment.kind) {
            self.core.discards.add(Discard::Unprotected);
            sorted.is_dropped = true;
            return;
        }
        match self.core.reassembly.push(number.epoch, fragment) {
            Ok(Taken::Repeated) => sorted.is_repeated = true,
            Ok(taken) => {
                sorted.is_taken = true;
                sorted.is_out_of_order |= taken == Taken::OutOfOrder;
            }
            Err(reason) => {
                self.core.discards.add(reason);
                sorted.is_dropped = true;
            }
        }
    }

    /// Whether a message of `kind` cannot come without protection any more: in 1.2 that is Finished
    /// and what follows it, though keys are made before; in 1.3 all that comes after the hellos.
    fn must_be_protected(&self, kind: HandshakeType) -> bool {
        if self.core.version == Some(Version::V1_2) {
            kind == HandshakeType::FINISHED || matches!(self.stage, Stage::Open(_))
        } else {
            self.core.records.read_epoch() > 0
        }
    }

    /// Whether the fragment begins another handshake of 1.2 under the keys of this one: its numbers
    /// begin at 0 again (RFC 6347 section 4.2.2).
    fn is_renegotiation(&self, number: RecordNumber, fragment: &Fragment<'_>) -> bool {
        let begins = match self.core.config.role {
            Role::Client => HandshakeType::HELLO_REQUEST,
            Role::Server => HandshakeType::CLIENT_HELLO,
        };
        self.core.version == Some(Version::V1_2)
            && number.epoch > 0
            && fragment.kind == begins
            && matches!(self.stage, Stage::Open(_))
    }

    /// A server that has answered nothing counts from the hello that it gets: the client may have
    /// heard from it before, in another life (RFC 6347 section 4.2.1: servers keep no state).
    fn begin_where_the_client_is(&mut self, fragment: &Fragment<'_>) {
        let is_fresh = matches!(self.stage, Stage::AwaitingClientHello(_))
            && self.core.client_random.is_none();
        if is_fresh
            && fragment.kind == HandshakeType::CLIENT_HELLO
            && fragment.sequence != self.core.reassembly.next_sequence()
            && fragment.sequence < u16::MAX / 2
        {
            self.core.reassembly.begin_at(fragment.sequence);
            self.core.next_message = fragment.sequence;
        }
    }

    /// Hands whole messages to the stage, as many as there are.
    fn take_messages(&mut self, now: Instant) {
        while let Some(message) = self.core.reassembly.pop() {
            let was_open = matches!(self.stage, Stage::Open(_));
            let stage = core::mem::replace(&mut self.stage, Stage::Idle);
            match stage.handle(message, &mut self.core, now) {
                Ok(stage) => self.stage = stage,
                Err(failure) => {
                    // A handshake that fails where another one has begun is the one that was left.
                    if was_open || !self.give_way_unproven() {
                        self.fail(failure);
                    }
                    return;
                }
            }
            if !was_open && matches!(self.stage, Stage::Open(_)) {
                self.opened(now);
            }
        }
    }

    /// Sees to the ACK for what was taken, where one is due.
    fn settle_acknowledgement(&mut self, in_order: bool, now: Instant) {
        let has_some = !self.core.received.is_empty();
        match self.stage {
            // A peer whose version is not known may not know what an ACK is.
            _ if self.core.version != Some(Version::V1_3) || !has_some => {}
            Stage::Closed => {}
            Stage::Open(_) => {
                // RFC 9147 section 7.1: nothing else acknowledges what has no answer.
                self.core.acknowledge();
                self.core.received.clear();
            }
            Stage::Idle
            | Stage::AwaitingServerHello(_)
            | Stage::Client12(_)
            | Stage::Client13(_)
            | Stage::AwaitingClientHello(_)
            | Stage::Server12(_)
            | Stage::Server13(_) => {
                let taken = if in_order { Taken::InOrder } else { Taken::OutOfOrder };
                self.core.owe_acknowledgement(taken, now);
            }
        }
    }

    /// The peer has sent again what was taken before: its timer has fired, so something of ours was
    /// lost. An answer that is a flight goes out again; what has no other answer is acknowledged
    /// again (RFC 9147 sections 5.8.1 and 7).
    fn hear_again(&mut self, number: RecordNumber, now: Instant) {
        let is_answered = match self.core.config.role {
            Role::Client => number.epoch <= 2,
            Role::Server => number.epoch == 0,
        };
        let is_open = matches!(self.stage, Stage::Open(_));
        if !is_open || self.core.version == Some(Version::V1_2) {
            self.core.echo(now);
        } else if !is_answered {
            self.core.received.clear();
            self.core.note_received(number);
            self.core.acknowledge();
            self.core.received.clear();
        } else if self.core.config.role == Role::Client && self.is_last_flight_under_way() {
            self.core.echo(now);
        }
    }

    /// Whether what is under way belongs to the handshake.
    fn is_last_flight_under_way(&self) -> bool {
        self.core.flight.epoch() == Some(2)
    }

    /// Takes what came before its time, now that there are keys.
    pub(crate) fn take_waiting(&mut self, read_epoch: u64, now: Instant) {
        let mut before = read_epoch;
        while self.core.records.read_epoch() > before {
            before = self.core.records.read_epoch();
            for record in self.waiting.take_records() {
                self.take_datagram(record, now);
            }
        }
    }

    /// After the end nothing is taken (RFC 9147 section 5.10). But the peer may not have heard why: it is
    /// told again when it goes on, a few times.
    pub(crate) fn tell_again(&mut self, mut datagram: Vec<u8>) {
        self.core.discards.add(Discard::Closed);
        let Some((alert, left)) = self.farewell else { return };
        if left > 0 && goes_on(&mut self.core, &mut datagram) {
            self.farewell = Some((alert, left - 1));
            self.core.send_alert(alert.is_fatal, alert.description);
        }
    }
}

/// Whether a datagram holds something of the peer that is no alert: two ends that tell each other
/// that they are gone would never stop.
fn goes_on(core: &mut Core, datagram: &mut [u8]) -> bool {
    let mut rest = datagram;
    while !rest.is_empty() {
        let (length, record) = core.records.open(rest, false);
        if let Record::Opened { number, content, .. } = record {
            let is_data = number.epoch > 0 && content == ContentType::APPLICATION_DATA;
            if content == ContentType::HANDSHAKE || is_data {
                return true;
            }
        }
        rest = rest.get_mut(length..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use icelab_sans_io::Protocol;

    use super::*;
    use crate::testing::{apart, closed, connected, drain, tell};

    const VERSIONS: [Version; 2] = [Version::V1_2, Version::V1_3];

    /// What an end of `version` makes of a protected alert: its answers and why it closed, if it did.
    fn heard(version: Version, alert: &[u8]) -> (usize, Option<CloseReason>) {
        let (mut client, mut server) = connected(version, None);
        let (answers, events) = tell(&mut client, &mut server, ContentType::ALERT, alert);
        assert_eq!(server.is_connected(), closed(&events).is_none());
        (answers.len(), closed(&events))
    }

    /// RFC 5246 section 7.2.2, RFC 8446 section 6.2: a fatal alert ends the connection, one that nobody
    /// knows, too, and is not answered.
    #[test]
    fn a_fatal_alert_ends_the_connection() {
        for version in VERSIONS {
            for number in [10, 20, 40, 80, 200] {
                let reason = CloseReason::Alert(AlertDescription(number));
                assert_eq!(heard(version, &[2, number]), (0, Some(reason)), "{version} {number}");
            }
        }
    }

    /// RFC 5246 section 7.2.2: in 1.2 the receiver may go on after a warning, known or not. RFC 8446
    /// section 6: in 1.3 the level says nothing, an error is an error.
    #[test]
    fn a_warning_ends_a_connection_of_1_3_only() {
        for number in [100, 42, 200] {
            assert_eq!(heard(Version::V1_2, &[1, number]), (0, None), "{number}");
            let reason = CloseReason::Alert(AlertDescription(number));
            assert_eq!(heard(Version::V1_3, &[1, number]), (0, Some(reason)), "{number}");
        }
    }

    /// RFC 8446 section 6.1: `user_canceled` only announces a `close_notify`, which is answered in kind
    /// (RFC 5246 section 7.2.1), whatever its level.
    #[test]
    fn a_close_ends_a_connection_and_a_cancellation_does_not() {
        for version in VERSIONS {
            assert_eq!(heard(version, &[1, 90]), (0, None), "{version}");
            for level in [1, 2] {
                assert_eq!(
                    heard(version, &[level, 0]),
                    (1, Some(CloseReason::Remote)),
                    "{version}"
                );
            }
        }
        assert_eq!(heard(Version::V1_3, &[2, 90]), (0, None));
    }

    /// RFC 6347 section 4.1.2.7, RFC 9147 section 4.5.2: what is invalid is dropped.
    #[test]
    fn an_alert_that_is_none_is_dropped() {
        for version in VERSIONS {
            for alert in [&[][..], &[2], &[0, 0], &[3, 40], &[2, 40, 0]] {
                assert_eq!(heard(version, alert), (0, None), "{version} {alert:?}");
            }
        }
    }

    /// RFC 9147 section 5.10: data whose number comes after that of a closure alert are ignored, though
    /// they are under the right keys.
    #[test]
    fn data_after_a_close_are_ignored() {
        for version in VERSIONS {
            let (mut client, mut server) = connected(version, None);
            let (_, events) = tell(&mut client, &mut server, ContentType::ALERT, &[1, 0]);
            assert_eq!(closed(&events), Some(CloseReason::Remote));
            let content = ContentType::APPLICATION_DATA;
            let (_, events) = tell(&mut client, &mut server, content, b"too late");
            assert!(events.is_empty(), "{version}: {events:?}");
            assert_eq!(server.discards().count(Discard::Closed), 1);
        }
    }

    // A <- ServerHello .. (of 1.2)    Z
    // A -> .. {Finished}              Z
    // A <- {data}                     Z   before Finished
    // A <- {Finished}                 Z
    /// RFC 6347 sections 4.1 and 4.2.4, RFC 9147 section 5.8.1: data that come before Finished wait for
    /// it, in either role.
    #[test]
    fn data_that_come_before_finished_are_released_after_it() {
        for version in VERSIONS {
            let (mut client, mut server) = apart(version, None);
            let now = Instant::START;
            let mut ends = [&mut client, &mut server];
            // The end that is done first sends data; its own Finished comes after them.
            while !ends[0].is_connected() {
                for packet in drain(ends[0]).0 {
                    ends[1].handle_input(packet, now);
                }
                ends.reverse();
            }
            let [early, late] = ends;
            let finished = drain(early).0;
            early.send(b"early", now).unwrap();
            for packet in drain(early).0 {
                late.handle_input(packet, now);
            }
            let early_events = drain(late).1;
            assert!(early_events.is_empty(), "{version}: {early_events:?}");
            for packet in finished {
                late.handle_input(packet, now);
            }
            let events = drain(late).1;
            assert!(
                matches!(&events[..], [Event::Connected(_), Event::Data(data)] if data == b"early"),
                "{version}: {events:?}"
            );
        }
    }
}
