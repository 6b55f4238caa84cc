//! One end of a DTLS connection: commands and dispatch.

use core::time::Duration;

use icelab_crypto::Fingerprint;
use icelab_sans_io::{Deadline, Instant, Output, Protocol, Rng};

use crate::config::{AddressCheck, Config, Role};
use crate::core::{Core, Timer, Window};
use crate::discard::{Discard, Discards};
use crate::event::{CloseReason, Event, ExportError, SendError};
use crate::handshake::client;
use crate::handshake::failure::Failure;
use crate::handshake::identity;
use crate::handshake::server::AwaitingClientHello;
use crate::handshake::stage::Stage;
use crate::record::content::ContentType;
use crate::restart::Rival;
use crate::waiting::Waiting;
use crate::wire::alert::{Alert, AlertDescription};
use crate::wire::version::Version;

/// One end of a DTLS connection with one peer.
///
/// 1. A client begins with [`Dtls::start`]; a server waits.
/// 2. Datagrams go in by `handle_input` and come out of `poll_output`.
/// 3. [`Event::Connected`] says what was agreed on; [`Dtls::send`] and [`Event::Data`] carry data.
/// 4. [`Event::Closed`] ends it, whoever wished so.
#[derive(Debug)]
pub struct Dtls {
    pub(crate) core: Core,
    pub(crate) stage: Stage,
    /// What came before its time.
    pub(crate) waiting: Waiting,
    /// Whether it is known what the peer's certificate must hash to.
    pub(crate) is_verified: bool,
    /// The server of a client that may have begun anew.
    pub(crate) rival: Option<Box<Rival>>,
    /// How often one seemed to.
    pub(crate) restarts: u64,
    /// Whether this end is such a server itself, which needs none.
    pub(crate) is_rival: bool,
    /// What the peer was told at the end, and how often it may be told again.
    pub(crate) farewell: Option<(Alert, u32)>,
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
        Self {
            core,
            stage,
            waiting: Waiting::default(),
            is_verified,
            rival: None,
            restarts: 0,
            is_rival: false,
            farewell: None,
        }
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
        self.with_rival(|rival| rival.expect_fingerprints(fingerprints.clone()));
        self.is_verified = true;
        self.core.config.fingerprints = fingerprints;
        self.judge();
    }

    /// The path's round trip as somebody (ICE) has measured it now: the waits follow it
    /// ([`Retransmission::rtt`](crate::Retransmission::rtt)), and one that is running becomes no longer
    /// than that from now on.
    pub fn hint_round_trip(&mut self, round_trip: Duration, now: Instant) {
        self.core.hint_round_trip(round_trip, now);
        self.with_rival(|rival| rival.hint_round_trip(round_trip, now));
    }

    /// The path takes no datagrams of more than `longest` bytes, IP and UDP headers not counted (RFC 9147
    /// section 4.4): a flight under way goes out again, in smaller pieces. Anyone can forge such news, so
    /// no path is believed to be worse than IPv4's least.
    pub fn limit_datagrams(&mut self, longest: usize) {
        self.core.limit_datagrams(longest);
        self.with_rival(|rival| rival.limit_datagrams(longest));
    }

    /// Sends one record of application data.
    ///
    /// # Errors
    /// Before the handshake is over, after the end, and for more than 2^14 bytes (one less in 1.2, where
    /// the peer wants a connection id).
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
        // RFC 6347 section 4.1.1.1, RFC 9147 section 4.4.
        let epoch = self.core.records.write_epoch();
        if data.len() > self.core.records.longest_content(epoch) {
            return Err(SendError::TooLong);
        }
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
    /// Before the handshake is over, with a peer of 1.2 that does not know the extended master secret,
    /// and for lengths that the construction does not give.
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
                self.say_farewell(false, AlertDescription::CLOSE_NOTIFY);
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

    /// How many bytes a record of data is longer than its data, for whoever fills datagrams (RFC 9147
    /// section 4.4).
    #[must_use]
    pub fn record_overhead(&self) -> usize {
        self.core.records.overhead(self.core.records.write_epoch())
    }

    /// How many bytes of data fit one datagram of the longest that the path is known to take.
    #[must_use]
    pub fn room(&self) -> usize {
        self.core.config.mtu.saturating_sub(self.record_overhead())
    }

    /// What arrived and was dropped.
    #[must_use]
    pub const fn discards(&self) -> &Discards {
        &self.core.discards
    }

    /// Holds the certificate of a finished handshake against the fingerprints, which may have come
    /// after it (RFC 8827 section 6.5).
    fn judge(&mut self) {
        let Stage::Open(connection) = &self.stage else { return };
        if identity::is_expected(&self.core.config, connection.agreed.certificate.der()) {
            self.announce();
        } else {
            self.fail(Failure::Fingerprint);
        }
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
    pub(crate) fn fail(&mut self, failure: Failure) {
        self.say_farewell(true, failure.alert());
        self.end(failure.reason());
    }

    fn say_farewell(&mut self, is_fatal: bool, description: AlertDescription) {
        self.core.send_alert(is_fatal, description);
        self.farewell = Some((Alert { is_fatal, description }, FAREWELLS));
    }

    pub(crate) fn end(&mut self, reason: CloseReason) {
        self.stage = Stage::Closed;
        self.core.timers.clear();
        self.core.flight.clear();
        self.waiting = Waiting::default();
        self.rival = None;
        self.core.output.event(Event::Closed { reason });
    }

    /// Takes a datagram whose bytes the window knows of.
    pub(crate) fn take_input(&mut self, datagram: Vec<u8>, now: Instant) {
        match self.stage {
            Stage::Closed => self.tell_again(datagram),
            Stage::Idle => self.core.discards.add(Discard::Unexpected),
            Stage::AwaitingServerHello(_)
            | Stage::Client12(_)
            | Stage::Client13(_)
            | Stage::AwaitingClientHello(_)
            | Stage::Server12(_)
            | Stage::Server13(_)
            | Stage::Open(_) => {
                let read_epoch = self.core.records.read_epoch();
                self.take_datagram(datagram, now);
                self.take_waiting(read_epoch, now);
                self.core.reopen(now);
            }
        }
    }

    /// The last message of the handshake was taken.
    pub(crate) fn opened(&mut self, now: Instant) {
        self.core.transcript.clear();
        self.core.timers.set(Timer::Forget, now + REPEATS_END);
        if self.is_verified {
            self.judge();
        }
    }
}

impl Protocol for Dtls {
    type Input = Vec<u8>;
    type Packet = Vec<u8>;
    type Event = Event;

    fn handle_input(&mut self, datagram: Vec<u8>, now: Instant) {
        if !matches!(self.stage, Stage::Idle | Stage::Closed) {
            self.core.window.widen(datagram.len());
        }
        self.take_input(datagram, now);
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
        self.with_rival(|rival| rival.handle_timeout(now));
    }

    fn poll_output(&mut self) -> Option<Output<Vec<u8>, Event>> {
        self.core.output.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        let own = self.core.timers.next().map(|(at, timer)| Deadline { at, timer: timer.name() });
        let rival = self.rival.as_ref().and_then(|rival| rival.end.poll_timeout());
        own.into_iter().chain(rival).min_by_key(|deadline| deadline.at)
    }
}

/// How long a peer may repeat its last flight: twice the longest life of a segment (RFC 9147
/// section 5.8.1, RFC 9293 section 3.4.2).
const REPEATS_END: Duration = Duration::from_secs(240);
/// How often a peer that goes on is told again that this end is gone.
const FAREWELLS: u32 = 8;
