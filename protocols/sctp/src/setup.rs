//! How an association begins: INIT, INIT ACK, COOKIE ECHO, COOKIE ACK (RFC 9260 section 5), also when
//! both ends begin at once, and when the peer begins anew.
//!
//! ```text
//! CLOSED -- connect: INIT --> COOKIE-WAIT -- INIT ACK: COOKIE ECHO --> COOKIE-ECHOED
//! COOKIE-ECHOED -- COOKIE ACK --> ESTABLISHED
//! any -- INIT: INIT ACK --> the same
//! CLOSED, COOKIE-WAIT, COOKIE-ECHOED -- COOKIE ECHO: COOKIE ACK --> ESTABLISHED
//! ```

use icelab_sans_io::{Instant, Rng};
use icelab_wire::{Reader, Writer};

use crate::association::{Association, Stage};
use crate::config::{Config, Extensions};
use crate::cookie::{Cookie, Refusal};
use crate::discard::Discard;
use crate::event::{CloseReason, Event};
use crate::packet::cause::Cause;
use crate::packet::chunk::{
    Abort, ChunkType, CookieAck, CookieEcho, Init, InitAck, Initiation, OperationError,
};
use crate::packet::parameter::{ErrorDetectionMethod, Parameter, ParameterType};
use crate::packet::{Tsn, VerificationTag};
use crate::session::{Phase, Session};
use crate::tx::{RoundTrip, first_timeout};

/// What this end says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Own {
    pub(crate) tag: VerificationTag,
    pub(crate) initial_tsn: Tsn,
}

impl Own {
    /// RFC 9260 section 5.3.1: never zero, and never the same twice.
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        Self { tag: VerificationTag(rng.next_u32().max(1)), initial_tsn: Tsn(rng.next_u32()) }
    }
}

/// What the peer said of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) tag: VerificationTag,
    pub(crate) initial_tsn: Tsn,
    pub(crate) window: u32,
    pub(crate) outbound_streams: u16,
    pub(crate) inbound_streams: u16,
    pub(crate) extensions: Extensions,
}

impl Peer {
    pub(crate) fn new(initiation: &Initiation<'_>) -> Self {
        let mut peer = Self {
            tag: initiation.initiate_tag,
            initial_tsn: initiation.initial_tsn,
            window: initiation.window,
            outbound_streams: initiation.outbound_streams,
            inbound_streams: initiation.inbound_streams,
            extensions: Extensions::NONE,
        };
        let known = &mut peer.extensions;
        for parameter in initiation.parameters.iter() {
            match parameter {
                Parameter::ForwardTsnSupported => known.partial_reliability = true,
                Parameter::ZeroChecksumAcceptable(method) => {
                    known.zero_checksum |= method == ErrorDetectionMethod::DTLS;
                }
                Parameter::SupportedExtensions(chunks) => {
                    for chunk in chunks {
                        known.partial_reliability |= chunk == ChunkType::FORWARD_TSN;
                        known.stream_reset |= chunk == ChunkType::RE_CONFIG;
                        known.interleaving |= chunk == ChunkType::I_DATA;
                    }
                }
                _ => {}
            }
        }
        peer
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.u32(self.tag.0);
        writer.u32(self.initial_tsn.0);
        writer.u32(self.window);
        writer.u16(self.outbound_streams);
        writer.u16(self.inbound_streams);
        let known = &self.extensions;
        let bits = [
            known.partial_reliability,
            known.stream_reset,
            known.interleaving,
            known.zero_checksum,
        ];
        for bit in bits {
            writer.u8(bit.into());
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        let bit = |reader: &mut Reader<'_>| reader.u8().ok().map(|bit| bit == 1);
        Some(Self {
            tag: VerificationTag(reader.u32().ok()?),
            initial_tsn: Tsn(reader.u32().ok()?),
            window: reader.u32().ok()?,
            outbound_streams: reader.u16().ok()?,
            inbound_streams: reader.u16().ok()?,
            extensions: Extensions {
                partial_reliability: bit(reader)?,
                stream_reset: bit(reader)?,
                interleaving: bit(reader)?,
                zero_checksum: bit(reader)?,
            },
        })
    }
}

/// INIT was sent and not yet answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CookieWait {
    /// How often it was sent.
    pub(crate) tries: u32,
    pub(crate) sent_at: Instant,
    /// T1-init.
    pub(crate) again_at: Instant,
    pub(crate) timeout: core::time::Duration,
}

impl Association {
    pub(crate) fn begin(&mut self, now: Instant) {
        let timeout = self
            .config
            .rtt_hint
            .map_or(self.config.rto.initial, |hint| first_timeout(self.config.rto, hint));
        self.stage = Stage::CookieWait(CookieWait {
            tries: 1,
            sent_at: now,
            again_at: now + timeout,
            timeout,
        });
        self.send_init();
    }

    /// T1-init has expired (RFC 9260 section 5.1 A).
    pub(crate) fn init_again(&mut self, mut wait: CookieWait, now: Instant) {
        if wait.tries > self.config.max_init_retransmissions {
            return self.close(CloseReason::SetupTimeout);
        }
        wait.tries += 1;
        wait.sent_at = now;
        wait.timeout = (wait.timeout * 2).min(self.config.rto.max);
        wait.again_at = now + wait.timeout;
        self.stage = Stage::CookieWait(wait);
        self.send_init();
    }

    fn send_init(&mut self) {
        let (extensions, parameters) = self.own_parameters();
        let mut all: Vec<_> = parameters.into();
        if !extensions.is_empty() {
            all.push(Parameter::SupportedExtensions(extensions.as_slice().into()));
        }
        let init = Init(initiation(&self.config, self.own, &all));
        self.send_alone(&init, VerificationTag(0));
    }

    /// What this end offers beyond RFC 9260.
    fn own_parameters(&self) -> (Vec<ChunkType>, Vec<Parameter<'static>>) {
        let offered = &self.config.extensions;
        let mut chunks = Vec::new();
        let mut parameters = Vec::new();
        if offered.partial_reliability {
            parameters.push(Parameter::ForwardTsnSupported);
            chunks.push(ChunkType::FORWARD_TSN);
        }
        if offered.stream_reset {
            chunks.push(ChunkType::RE_CONFIG);
        }
        if offered.interleaving {
            chunks.push(ChunkType::I_DATA);
            if offered.partial_reliability {
                chunks.push(ChunkType::I_FORWARD_TSN);
            }
        }
        if offered.zero_checksum {
            parameters.push(Parameter::ZeroChecksumAcceptable(ErrorDetectionMethod::DTLS));
        }
        (chunks, parameters)
    }

    /// RFC 9260 sections 5.1 B, 5.2.1 and 5.2.2: answered in every state, and nothing is changed by it.
    pub(crate) fn on_init(&mut self, init: &Init<'_>, now: Instant) {
        let peer = Peer::new(&init.0);
        if init.0.parameters.iter().any(|one| matches!(one, Parameter::HostNameAddress(_))) {
            return self.refuse_init(peer.tag, &Cause::UnresolvableAddress(&[]));
        }
        let (own, tie_own, tie_peer) = match &self.stage {
            Stage::Closed | Stage::CookieWait(_) => (self.own, NO_TAG, NO_TAG),
            Stage::Open(session) => match &session.phase {
                Phase::CookieEchoed(_) => (self.own, self.own.tag, session.peer_tag),
                Phase::ShutdownAckSent(_) => {
                    // Section 9.2: the peer has not heard that all is over.
                    return self.send_shutdown_ack();
                }
                _ => (Own::draw(&mut self.rng), self.own.tag, session.peer_tag),
            },
            Stage::Ended => return self.discards.add(Discard::Closed),
        };
        let cookie = Cookie {
            made_at: now,
            life: self.config.cookie_life + wanted_life(init),
            own_tag: own.tag,
            own_initial_tsn: own.initial_tsn,
            peer,
            tie_own,
            tie_peer,
        };
        let cookie = self.baker.bake(&cookie);
        let (extensions, parameters) = self.own_parameters();
        let mut all = vec![Parameter::StateCookie(&cookie)];
        all.extend(parameters);
        if !extensions.is_empty() {
            all.push(Parameter::SupportedExtensions(extensions.as_slice().into()));
        }
        for unknown in unrecognized(&init.0) {
            all.push(Parameter::UnrecognizedParameter(unknown));
        }
        let ack = InitAck(initiation(&self.config, own, &all));
        self.send_alone(&ack, peer.tag);
    }

    fn refuse_init(&mut self, tag: VerificationTag, cause: &Cause<'_>) {
        let causes = [*cause];
        self.send_alone(&Abort { is_tag_reflected: false, causes: causes.as_slice().into() }, tag);
    }

    /// RFC 9260 section 5.1 C.
    pub(crate) fn on_init_ack(&mut self, ack: &InitAck<'_>, now: Instant) {
        let Stage::CookieWait(wait) = &self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        let peer = Peer::new(&ack.0);
        let Some(cookie) = ack.state_cookie() else {
            // Section 3.3.3: the cookie is mandatory.
            let missing = [ParameterType::STATE_COOKIE];
            let cause = Cause::MissingMandatoryParameter(missing.as_slice().into());
            self.refuse_init(peer.tag, &cause);
            return self.close(CloseReason::UnusableInitAck);
        };
        let mut trip = RoundTrip::new(self.config.rto, self.config.rtt_hint);
        if wait.tries == 1 {
            // Karn's rule: where INIT was sent again, the answer may be to either.
            trip.measured(now - wait.sent_at, now);
        }
        let mut session = Session::new(&self.config, self.own, &peer, trip, now);
        session.phase = Phase::CookieEchoed(crate::session::CookieEchoed {
            cookie: cookie.to_vec(),
            tries: 0,
            sent_at: now,
            again_at: now,
        });
        session.unknown_parameters = unrecognized(&ack.0).map(<[u8]>::to_vec).collect();
        self.stage = Stage::Open(Box::new(session));
        self.echo_cookie(now);
    }

    /// Sends the cookie back, for the first time or because T1-cookie has expired, with as much data as
    /// fits (RFC 9260 section 5.1 C).
    pub(crate) fn echo_cookie(&mut self, now: Instant) {
        let limit = self.config.max_init_retransmissions;
        let Stage::Open(session) = &mut self.stage else { return };
        let Phase::CookieEchoed(echoed) = &mut session.phase else { return };
        if echoed.tries > limit {
            return self.close(CloseReason::SetupTimeout);
        }
        if echoed.tries > 0 {
            session.sender.lose_all_in_setup();
            session.sender.trip.back_off();
        }
        echoed.tries += 1;
        echoed.sent_at = now;
        echoed.again_at = now + session.sender.trip.timeout();
        let echo = echoed.cookie.clone();
        let unknown = core::mem::take(&mut session.unknown_parameters);
        let mut packet = session.packet();
        if packet.push(&CookieEcho { cookie: &echo }).is_err() {
            // A cookie longer than a packet leaves in a packet of its own length.
            packet = session.packet_of(echo.len() + 64);
            let pushed = packet.push(&CookieEcho { cookie: &echo });
            debug_assert!(pushed.is_ok() || echo.len() > 60_000, "there is room for it");
        }
        for parameter in &unknown {
            let causes = [Cause::UnrecognizedParameters(parameter)];
            let _ = packet.push(&OperationError { causes: causes.as_slice().into() });
        }
        session.sender.fill(&mut packet, &mut self.outbox, now);
        self.output.packet(packet.finish(crate::packet::Checksum::Crc32c));
        self.tell_outbox_news();
    }

    /// RFC 9260 sections 5.1 D and 5.2.4. Returns whether the rest of the packet is for the association.
    pub(crate) fn on_cookie_echo(
        &mut self,
        echo: &CookieEcho<'_>,
        tag: VerificationTag,
        now: Instant,
    ) -> bool {
        let cookie = match self.baker.open(echo.cookie, now) {
            Ok(cookie) => cookie,
            Err(Refusal::Stale(cookie, staleness)) if self.is_current(&cookie) => {
                // Step 3: what the association was made with never gets too old.
                let _ = staleness;
                cookie
            }
            Err(Refusal::Stale(cookie, staleness)) => {
                self.discards.add(Discard::Cookie);
                let causes = [Cause::StaleCookie(staleness)];
                let error = OperationError { causes: causes.as_slice().into() };
                self.send_alone(&error, cookie.peer.tag);
                return false;
            }
            Err(Refusal::Forged) => {
                self.discards.add(Discard::Cookie);
                return false;
            }
        };
        if tag != cookie.own_tag {
            self.discards.add(Discard::Tag);
            return false;
        }
        self.take_cookie(&cookie, now)
    }

    fn is_current(&self, cookie: &Cookie) -> bool {
        matches!(&self.stage, Stage::Open(session)
            if self.own.tag == cookie.own_tag && session.peer_tag == cookie.peer.tag)
    }

    /// Table 12 of RFC 9260 section 5.2.4.
    fn take_cookie(&mut self, cookie: &Cookie, now: Instant) -> bool {
        let is_own = cookie.own_tag == self.own.tag;
        match &mut self.stage {
            Stage::Ended => {
                self.discards.add(Discard::Closed);
                return false;
            }
            Stage::Closed | Stage::CookieWait(_) => {
                if !is_own {
                    // This end has not yet been what made the cookie: it was another life of it.
                    self.discards.add(Discard::Cookie);
                    return false;
                }
                let mut trip = RoundTrip::new(self.config.rto, self.config.rtt_hint);
                // The cookie went there and back.
                trip.measured(now - cookie.made_at, now);
                let session = Session::new(&self.config, self.own, &cookie.peer, trip, now);
                self.stage = Stage::Open(Box::new(session));
                self.establish(now);
            }
            Stage::Open(session) => {
                let is_peer = session.peer_tag == cookie.peer.tag;
                if is_own {
                    // B and D.
                    if !is_peer {
                        session.change_peer(&self.config, &cookie.peer);
                    }
                    if matches!(session.phase, Phase::CookieEchoed(_)) {
                        self.establish(now);
                    }
                } else if !is_peer
                    && cookie.tie_own == self.own.tag
                    && cookie.tie_peer == session.peer_tag
                {
                    // A.
                    if matches!(session.phase, Phase::ShutdownAckSent(_)) {
                        self.send_shutdown_ack();
                        let causes = [Cause::CookieReceivedWhileShuttingDown];
                        let error = OperationError { causes: causes.as_slice().into() };
                        self.send_to_peer(&error);
                        return false;
                    }
                    self.restart(cookie, now);
                } else {
                    // C, and what is not in the table.
                    self.discards.add(Discard::Cookie);
                    return false;
                }
            }
        }
        self.owe_cookie_ack();
        true
    }

    /// The peer began anew: so does this end.
    fn restart(&mut self, cookie: &Cookie, now: Instant) {
        self.own = Own { tag: cookie.own_tag, initial_tsn: cookie.own_initial_tsn };
        self.outbox.clear();
        let trip = RoundTrip::new(self.config.rto, self.config.rtt_hint);
        let session = Session::new(&self.config, self.own, &cookie.peer, trip, now);
        self.stage = Stage::Open(Box::new(session));
        self.output.event(Event::Restarted);
        self.tell_outbox_news();
        self.establish(now);
    }

    /// RFC 9260 section 5.1 E.
    pub(crate) fn on_cookie_ack(&mut self, _ack: CookieAck, now: Instant) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        let Phase::CookieEchoed(echoed) = &session.phase else {
            return self.discards.add(Discard::Unexpected);
        };
        if echoed.tries == 1 {
            session.sender.trip.measured(now - echoed.sent_at, now);
        }
        session.errors = 0;
        self.establish(now);
    }

    /// RFC 9260 section 5.2.6, the third way: again, with a cookie that lives longer.
    pub(crate) fn on_stale_cookie(&mut self, now: Instant) {
        let Stage::Open(session) = &self.stage else { return };
        let Phase::CookieEchoed(_) = &session.phase else {
            return self.discards.add(Discard::Unexpected);
        };
        self.begin(now);
    }

    fn establish(&mut self, now: Instant) {
        let Stage::Open(session) = &mut self.stage else { return };
        session.establish(now);
        let (outgoing, incoming) = (session.outgoing_streams, session.receiver.stream_count());
        self.output.event(Event::Connected { outgoing, incoming });
        if self.is_shutdown_wanted {
            self.shutdown(now);
        }
    }
}

fn initiation<'a>(config: &Config, own: Own, parameters: &'a [Parameter<'a>]) -> Initiation<'a> {
    let window = u32::try_from(config.receive_buffer).unwrap_or(u32::MAX);
    Initiation {
        initiate_tag: own.tag,
        window: window.max(Initiation::SMALLEST_WINDOW),
        outbound_streams: config.streams.0.max(1),
        inbound_streams: config.streams.1.max(1),
        initial_tsn: own.initial_tsn,
        parameters: parameters.into(),
    }
}

/// The parameters that are to be reported, up to the one after which nothing is read (RFC 9260 section
/// 3.2.1).
fn unrecognized<'a>(initiation: &Initiation<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let mut is_over = false;
    initiation.parameters.iter().filter_map(move |parameter| {
        let Parameter::Unknown(unknown) = parameter else { return None };
        let todo = unknown.kind().unrecognized();
        let is_wanted = !is_over && todo.is_reported();
        is_over |= todo.is_stop();
        is_wanted.then(|| unknown.bytes())
    })
}

/// How much longer the peer wants its cookie to live (RFC 9260 section 3.3.2.1.3); not more than this.
fn wanted_life(init: &Init<'_>) -> core::time::Duration {
    init.0
        .parameters
        .iter()
        .find_map(|one| match one {
            Parameter::CookiePreservative(more) => Some(more),
            _ => None,
        })
        .unwrap_or_default()
        .min(core::time::Duration::from_secs(60))
}

const NO_TAG: VerificationTag = VerificationTag(0);
