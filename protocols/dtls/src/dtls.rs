//! One end of a DTLS connection: commands and dispatch.

use icelab_crypto::Fingerprint;
use icelab_sans_io::{Deadline, Instant, Output, Protocol, Rng};
use icelab_wire::Reader;

use crate::config::{AddressCheck, Config, Role};
use crate::core::{Core, Timer, Window};
use crate::discard::{Discard, Discards};
use crate::event::{CloseReason, Event, ExportError, SendError};
use crate::handshake::client;
use crate::handshake::failure::Failure;
use crate::handshake::server::AwaitingClientHello;
use crate::handshake::stage::Stage;
use crate::reassembly::Taken;
use crate::record::content::ContentType;
use crate::record::records::{LONGEST_CONTENT, Record};
use crate::waiting::Waiting;
use crate::wire::ack::RecordNumber;
use crate::wire::alert::{Alert, AlertDescription};
use crate::wire::handshake::Fragment;
use crate::wire::version::Version;

/// One end of a DTLS connection with one peer.
///
/// 1. A client begins with [`Dtls::start`]; a server waits.
/// 2. Datagrams go in by `handle_input` and come out of `poll_output`.
/// 3. [`Event::Connected`] says what was agreed on; [`Dtls::send`] and [`Event::Data`] carry data.
/// 4. [`Event::Closed`] ends it, whoever wished so.
#[derive(Debug)]
pub struct Dtls {
    core: Core,
    stage: Stage,
    /// What came before its time.
    waiting: Waiting,
    /// Whether the peer's certificate was held against a fingerprint.
    is_verified: bool,
}

impl Dtls {
    /// An end that has sent nothing yet.
    #[must_use]
    pub fn new(config: Config, rng: Rng) -> Self {
        let is_limited = config.role == Role::Server && config.address != AddressCheck::Known;
        let window = if is_limited { Window::Limited { left: 0 } } else { Window::Open };
        let is_verified = !config.fingerprints.is_empty();
        let mut core = Core::new(config, rng, window);
        let stage = match core.config.role {
            Role::Client => Stage::Idle,
            Role::Server => Stage::AwaitingClientHello(AwaitingClientHello::new(&mut core)),
        };
        Self { core, stage, waiting: Waiting::default(), is_verified }
    }

    /// A client's first message. A server, or a client that has started, does nothing.
    pub fn start(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Idle) {
            self.stage = client::start(&mut self.core, now);
        }
    }

    /// What the peer's certificate must hash to, where the configuration did not say: any one of
    /// these (RFC 8122 section 6.2). An empty list changes nothing.
    pub fn expect_fingerprints(&mut self, fingerprints: Vec<Fingerprint>) {
        if self.is_verified || fingerprints.is_empty() {
            return;
        }
        self.is_verified = true;
        self.core.config.fingerprints = fingerprints;
        if let Stage::Open(connection) = &self.stage {
            let der = connection.agreed.certificate.der();
            if self.core.config.fingerprints.iter().any(|fingerprint| fingerprint.matches(der)) {
                self.announce();
            } else {
                self.fail(Failure::Fingerprint);
            }
        }
    }

    /// Sends one record of application data.
    ///
    /// # Errors
    /// Before the handshake is over, after the end, and for more than 2^14 bytes.
    pub fn send(&mut self, data: &[u8], now: Instant) -> Result<(), SendError> {
        if matches!(self.stage, Stage::Closed) {
            return Err(SendError::Closed);
        }
        let Stage::Open(connection) = &mut self.stage else {
            return Err(SendError::NotConnected);
        };
        if !self.is_verified {
            return Err(SendError::NotConnected);
        }
        if data.len() > LONGEST_CONTENT {
            return Err(SendError::TooLong);
        }
        let epoch = self.core.records.write_epoch();
        self.core.send_record(epoch, ContentType::APPLICATION_DATA, data);
        if connection.are_keys_worn(&self.core) {
            connection.update_keys(false, &mut self.core, now);
        }
        Ok(())
    }

    /// Changes this end's keys, and the peer's too where `with_peer` (RFC 9147 section 8). Nothing
    /// happens in 1.2, before the handshake is over, or while a change is under way.
    pub fn update_keys(&mut self, with_peer: bool, now: Instant) {
        if let Stage::Open(connection) = &mut self.stage {
            connection.update_keys(with_peer, &mut self.core, now);
        }
    }

    /// Keying material that only both ends have (RFC 5705, RFC 8446 section 7.5).
    ///
    /// # Errors
    /// Before the handshake is over, and for lengths that the construction does not give.
    pub fn export(
        &self,
        label: &[u8],
        context: Option<&[u8]>,
        output: &mut [u8],
    ) -> Result<(), ExportError> {
        if let Stage::Open(connection) = &self.stage
            && self.is_verified
        {
            connection.export(label, context, output)
        } else {
            Err(ExportError::NotConnected)
        }
    }

    /// Says goodbye (`close_notify`) and ends.
    pub fn close(&mut self, _now: Instant) {
        if !matches!(self.stage, Stage::Closed) {
            if !matches!(self.stage, Stage::Idle) {
                self.core.send_alert(false, AlertDescription::CLOSE_NOTIFY);
            }
            self.end(CloseReason::Local);
        }
    }

    /// Whether data can be sent.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        matches!(self.stage, Stage::Open(_)) && self.is_verified
    }

    /// The version, once it is agreed on.
    #[must_use]
    pub const fn version(&self) -> Option<Version> {
        self.core.version
    }

    /// What arrived and was dropped.
    #[must_use]
    pub const fn discards(&self) -> &Discards {
        &self.core.discards
    }

    /// The handshake is over, and the peer is who it should be.
    fn announce(&mut self) {
        let Stage::Open(connection) = &self.stage else { return };
        let connected = connection.connected(self.core.config.role);
        self.core.output.event(Event::Connected(connected));
        for data in self.waiting.take_data() {
            self.core.output.event(Event::Data(data));
        }
    }

    /// Tells the peer what it did wrong, and ends.
    fn fail(&mut self, failure: Failure) {
        self.core.send_alert(true, failure.alert());
        self.end(failure.reason());
    }

    fn end(&mut self, reason: CloseReason) {
        self.stage = Stage::Closed;
        self.core.timers.clear();
        self.core.flight.clear();
        self.waiting = Waiting::default();
        self.core.output.event(Event::Closed { reason });
    }

    /// Opens every record of a datagram.
    fn take_datagram(&mut self, mut datagram: Vec<u8>, now: Instant) {
        let mut rest = datagram.as_mut_slice();
        while !rest.is_empty() && !matches!(self.stage, Stage::Closed) {
            let keys_to_come = !matches!(self.stage, Stage::Open(_));
            let (length, record) = self.core.records.open(rest, keys_to_come);
            match record {
                Record::Opened { number, content, payload } => {
                    let payload = payload.to_vec();
                    self.take_record(number, content, payload, now);
                }
                Record::Early => {
                    let bytes = rest.get(..length).unwrap_or_default().to_vec();
                    self.keep_record(bytes, now);
                }
                Record::Dropped(reason) => {
                    self.core.discards.add(reason);
                    if self.core.records.forged() > self.core.config.forgeries_per_key {
                        self.fail(AlertDescription::BAD_RECORD_MAC.into());
                    }
                }
            }
            rest = rest.get_mut(length..).unwrap_or_default();
        }
    }

    /// Keeps a record whose keys may yet come. That it came tells a client of 1.3 that something
    /// before it is missing, which an ACK without numbers tells the server (RFC 9147 section 7.1).
    fn keep_record(&mut self, record: Vec<u8>, now: Instant) {
        if !self.waiting.keep_record(record) {
            self.core.discards.add(Discard::NoRoom);
        }
        if self.core.version.is_none() && self.core.config.role == Role::Client {
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
        let has_keys = self.core.records.read_epoch() > 0;
        match content {
            ContentType::HANDSHAKE => self.take_handshake(number, &payload, now),
            // Anybody could have written these.
            ContentType::ACK if is_plain && has_keys => {
                self.core.discards.add(Discard::Unprotected);
            }
            // Before the end of the handshake the peer may not have the keys that this end has.
            ContentType::ALERT if is_plain && matches!(self.stage, Stage::Open(_)) => {
                self.core.discards.add(Discard::Unprotected);
            }
            ContentType::ALERT => self.take_alert(&payload),
            ContentType::ACK => self.take_acknowledgement(&payload, now),
            ContentType::APPLICATION_DATA if is_plain => {
                self.core.discards.add(Discard::Unprotected);
            }
            ContentType::APPLICATION_DATA if self.is_connected() => {
                self.core.output.event(Event::Data(payload));
            }
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
        if alert.description == AlertDescription::CLOSE_NOTIFY {
            // RFC 5246 section 7.2.1: answered in kind.
            self.core.send_alert(false, AlertDescription::CLOSE_NOTIFY);
            self.end(CloseReason::Remote);
        } else if alert.is_fatal || self.core.version == Some(Version::V1_3) {
            // RFC 8446 section 6: the level says nothing in 1.3.
            self.end(CloseReason::Alert(alert.description));
        }
    }

    fn take_acknowledgement(&mut self, payload: &[u8], now: Instant) {
        let was_waiting = !self.core.flight.is_empty();
        self.core.hear_acknowledgement(payload, now);
        if was_waiting
            && self.core.flight.is_empty()
            && let Stage::Open(connection) = &mut self.stage
        {
            connection.flight_acknowledged(&mut self.core, now);
        }
    }

    /// Takes the fragments of one record.
    fn take_handshake(&mut self, number: RecordNumber, payload: &[u8], now: Instant) {
        let mut reader = Reader::new(payload);
        let mut is_repeated = false;
        let mut is_taken = false;
        let mut in_order = true;
        while !reader.is_empty() {
            let Ok(fragment) = Fragment::decode(&mut reader) else {
                self.core.discards.add(Discard::Malformed);
                break;
            };
            // What comes without protection where protection is due may be old news, no more.
            let is_old = fragment.sequence < self.core.reassembly.next_sequence();
            if number.epoch == 0 && self.is_protection_due() && !is_old {
                self.core.discards.add(Discard::Unprotected);
                continue;
            }
            match self.core.reassembly.push(number.epoch, &fragment) {
                Ok(Taken::Repeated) => is_repeated = true,
                Ok(taken) => {
                    is_taken = true;
                    in_order &= taken == Taken::InOrder;
                }
                Err(reason) => self.core.discards.add(reason),
            }
        }
        if is_taken {
            self.core.note_received(number);
            self.take_messages(now);
            self.settle_acknowledgement(in_order, now);
        } else if is_repeated {
            self.hear_again(number, now);
        }
    }

    /// Whether the peer protects every new handshake message: in 1.3 as soon as there are keys; in
    /// 1.2 only Finished comes under them.
    fn is_protection_due(&self) -> bool {
        match self.core.version {
            Some(Version::V1_3) => self.core.records.read_epoch() > 0,
            Some(Version::V1_2) | None => matches!(self.stage, Stage::Open(_)),
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
                    self.fail(failure);
                    return;
                }
            }
            if !was_open && matches!(self.stage, Stage::Open(_)) {
                self.opened(now);
            }
        }
    }

    /// The last message of the handshake was taken.
    fn opened(&mut self, now: Instant) {
        self.core.transcript.clear();
        if self.core.version == Some(Version::V1_3) && self.core.config.role == Role::Server {
            // RFC 9147 section 7.1: nothing else acknowledges the client's last flight.
            self.core.acknowledge();
        }
        self.core.timers.set(Timer::Forget, now + REPEATS_END);
        if self.is_verified {
            self.announce();
        }
    }

    /// Sees to the ACK for what was taken, where one is due.
    fn settle_acknowledgement(&mut self, in_order: bool, now: Instant) {
        if self.core.version == Some(Version::V1_2) {
            return;
        }
        if matches!(self.stage, Stage::Open(_)) {
            if !self.core.received.is_empty() {
                self.core.acknowledge();
                self.core.received.clear();
            }
        } else if !self.core.received.is_empty() {
            let taken = if in_order { Taken::InOrder } else { Taken::OutOfOrder };
            self.core.owe_acknowledgement(taken, now);
        }
    }

    /// The peer has sent again what was taken before: its timer has fired, so something of ours was
    /// lost.
    fn hear_again(&mut self, number: RecordNumber, now: Instant) {
        let is_open = matches!(self.stage, Stage::Open(_));
        if is_open && self.core.version == Some(Version::V1_3) && self.core.flight.is_empty() {
            self.core.received.clear();
            self.core.note_received(number);
            self.core.acknowledge();
            self.core.received.clear();
        } else {
            self.core.echo(now);
        }
    }

    /// Takes what came before its time, now that there are keys.
    fn take_waiting(&mut self, read_epoch: u64, now: Instant) {
        let mut before = read_epoch;
        while self.core.records.read_epoch() > before {
            before = self.core.records.read_epoch();
            for record in self.waiting.take_records() {
                self.take_datagram(record, now);
            }
        }
    }
}

impl Protocol for Dtls {
    type Input = Vec<u8>;
    type Packet = Vec<u8>;
    type Event = Event;

    fn handle_input(&mut self, datagram: Vec<u8>, now: Instant) {
        if matches!(self.stage, Stage::Closed) {
            self.core.discards.add(Discard::Closed);
            return;
        }
        self.core.window.widen(datagram.len());
        let read_epoch = self.core.records.read_epoch();
        self.take_datagram(datagram, now);
        self.take_waiting(read_epoch, now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, timer)) = self.core.timers.pop_due(now) {
            let goes_on = match timer {
                Timer::Retransmit => self.core.send_again(now),
                Timer::Acknowledge => self.core.acknowledge_again(now),
                Timer::Forget => {
                    if self.core.version == Some(Version::V1_3) {
                        self.core.records.stop_reading_before(3);
                        if self.core.flight.is_empty() {
                            self.core.records.stop_writing_before(3);
                        }
                    } else {
                        self.core.flight.clear();
                    }
                    true
                }
            };
            if !goes_on {
                self.end(CloseReason::Timeout);
            }
        }
    }

    fn poll_output(&mut self) -> Option<Output<Vec<u8>, Event>> {
        self.core.output.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.core.timers.next().map(|(at, timer)| Deadline { at, timer: timer.name() })
    }
}

/// How long a peer may repeat its last flight: twice the longest life of a segment (RFC 9147
/// section 5.8.1, RFC 9293 section 3.4.2).
const REPEATS_END: core::time::Duration = core::time::Duration::from_secs(240);
