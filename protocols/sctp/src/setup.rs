//! How an association begins: INIT, INIT ACK, COOKIE ECHO, COOKIE ACK (RFC 9260 section 5). What a
//! COOKIE ECHO does is in `cookie_echo`.
//!
//! ```text
//! CLOSED -- connect: INIT --> COOKIE-WAIT -- INIT ACK: COOKIE ECHO --> COOKIE-ECHOED
//! COOKIE-ECHOED -- COOKIE ACK --> ESTABLISHED
//! COOKIE-ECHOED -- ERROR, stale cookie: INIT --> COOKIE-WAIT
//! any -- INIT: INIT ACK --> the same
//! CLOSED, COOKIE-WAIT, COOKIE-ECHOED -- COOKIE ECHO: COOKIE ACK --> ESTABLISHED
//! ```

use core::time::Duration;

use icelab_sans_io::Instant;

use crate::association::{Association, Stage};
use crate::cookie::{Cookie, TieTags};
use crate::discard::Discard;
use crate::event::{CloseReason, Event};
use crate::packet::cause::Cause;
use crate::packet::chunk::{
    Abort, ChunkType, CookieAck, CookieEcho, Init, InitAck, InitFault, Initiation, OperationError,
};
use crate::packet::parameter::{Parameter, ParameterType};
use crate::packet::{Checksum, VerificationTag};
use crate::peer::{Offer, Own, Peer, initiation, unrecognized};
use crate::replies::length_alone;
use crate::session::{CookieEchoed, Phase, Session};
use crate::tx::{RoundTrip, Sender};

/// INIT was sent and not yet answered.
#[derive(Debug)]
pub(crate) struct CookieWait {
    /// How often it was sent, in all.
    pub(crate) tries: u32,
    /// When it was sent, while that was once: Karn's rule.
    sent_at: Option<Instant>,
    /// T1-init.
    pub(crate) again_at: Instant,
    timeout: Duration,
    again: Option<Again>,
}

/// The peer found its cookie too old.
#[derive(Debug)]
struct Again {
    /// What had left beside the cookie.
    sender: Sender,
    /// How much longer the next one is to live (RFC 9260 section 5.2.6).
    life: Duration,
}

impl CookieWait {
    /// The path works: the timer has not grown.
    pub(crate) fn path_works(&mut self, first: Duration) {
        let sent_at = self.again_at - self.timeout;
        self.timeout = self.timeout.min(first);
        self.again_at = self.again_at.min(sent_at + self.timeout);
    }
}

impl Association {
    pub(crate) fn begin(&mut self, now: Instant) {
        let timeout = self.config.first_timeout();
        self.stage = Stage::CookieWait(Box::new(CookieWait {
            tries: 1,
            sent_at: Some(now),
            again_at: now + timeout,
            timeout,
            again: None,
        }));
        self.send_init(None);
    }

    /// T1-init may have expired (RFC 9260 section 5.1 A). Whether the association is being asked for.
    pub(crate) fn init_again(&mut self, now: Instant) -> bool {
        let Stage::CookieWait(wait) = &mut self.stage else { return false };
        if wait.again_at > now {
            return true;
        }
        if wait.tries > self.config.max_init_retransmissions {
            self.close(CloseReason::SetupTimeout);
            return true;
        }
        wait.tries += 1;
        wait.sent_at = None;
        wait.timeout = (wait.timeout * 2).min(self.config.rto.max);
        wait.again_at = now + wait.timeout;
        let life = wait.again.as_ref().map(|again| again.life);
        self.send_init(life);
        true
    }

    fn send_init(&mut self, cookie_life: Option<Duration>) {
        let offer = Offer::new(&self.config.extensions);
        let mut all = Vec::new();
        offer.add_to(&mut all);
        all.extend(cookie_life.map(Parameter::CookiePreservative));
        let init = Init(initiation(&self.config, self.own, &all));
        self.send_alone(&init, VerificationTag(0));
    }

    /// RFC 9260 sections 5.1 B, 5.2.1 and 5.2.2: answered in every state, and nothing is changed by it.
    pub(crate) fn on_init(&mut self, init: &Init<'_>, now: Instant) {
        let peer = Peer::new(&init.0);
        if let Some(cause) = host_name(&init.0) {
            return self.refuse_init(peer.tag, &cause);
        }
        let (own, ties) = match &mut self.stage {
            Stage::Closed | Stage::CookieWait(_) => (self.own, TieTags::NONE),
            Stage::Open(session) => match &mut session.phase {
                Phase::CookieEchoed(_) => (self.own, session.ties),
                Phase::ShutdownAckSent(ending) => {
                    // Section 9.2: the peer has not heard that all is over.
                    ending.is_due = true;
                    return self.discards.add(Discard::Unexpected);
                }
                Phase::Established
                | Phase::ShutdownPending
                | Phase::ShutdownSent(_)
                | Phase::ShutdownReceived => (Own::draw(&mut self.rng), session.ties),
            },
            Stage::Ended(_) => {
                self.discards.add(Discard::Closed);
                return self.refuse_init(peer.tag, &Cause::OutOfResource);
            }
        };
        let cookie = Cookie {
            made_at: now,
            life: self.config.cookie_life + wanted_life(init),
            own_tag: own.tag,
            own_initial_tsn: own.initial_tsn,
            peer,
            ties,
        };
        self.send_init_ack(init, own, &cookie);
    }

    fn send_init_ack(&mut self, init: &Init<'_>, own: Own, cookie: &Cookie) {
        let baked = self.baker.bake(cookie);
        let offer = Offer::new(&self.config.extensions);
        let mut all = vec![Parameter::StateCookie(&baked)];
        offer.add_to(&mut all);
        // Section 12.4: no more is reported than has room.
        let bare = InitAck(initiation(&self.config, own, &all));
        let mut room = self.config.mtu.saturating_sub(length_alone(&bare));
        for unknown in unrecognized(&init.0) {
            let length = Parameter::HEADER_LENGTH + unknown.len().next_multiple_of(4);
            if let Some(left) = room.checked_sub(length) {
                room = left;
                all.push(Parameter::UnrecognizedParameter(unknown));
            }
        }
        let ack = initiation(&self.config, own, &all);
        // Section 3.3.3: no more streams than the INIT accepts.
        let outbound_streams = ack.outbound_streams.min(init.0.inbound_streams);
        self.send_alone(&InitAck(Initiation { outbound_streams, ..ack }), cookie.peer.tag);
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
        if let Some(cause) = host_name(&ack.0) {
            self.refuse_init(peer.tag, &cause);
            return self.close(CloseReason::UnusableInitAck);
        }
        let Some(cookie) = ack.state_cookie() else {
            // Section 3.3.3: the cookie is mandatory.
            let missing = [ParameterType::STATE_COOKIE];
            let cause = Cause::MissingMandatoryParameter(missing.as_slice().into());
            self.refuse_init(peer.tag, &cause);
            return self.close(CloseReason::UnusableInitAck);
        };
        let mut trip = RoundTrip::new(self.config.rto, self.config.rtt_hint);
        if let Some(sent_at) = wait.sent_at {
            trip.measured(now - sent_at, now);
        }
        let inits = wait.tries;
        let mut session = self.session(self.own, &peer, trip);
        session.phase = Phase::CookieEchoed(CookieEchoed {
            cookie: cookie.to_vec(),
            inits,
            tries: 0,
            sent_at: now,
            again_at: now,
        });
        session.unknown_parameters = unrecognized(&ack.0).map(<[u8]>::to_vec).collect();
        self.open(session);
        self.echo_cookie(now);
    }

    /// The values of an INIT or INIT ACK that are not allowed (RFC 9260 sections 3.3.2 and 3.3.3).
    pub(crate) fn on_init_fault(
        &mut self,
        kind: ChunkType,
        tag: VerificationTag,
        fault: InitFault,
    ) {
        let is_awaited = kind == ChunkType::INIT_ACK && matches!(self.stage, Stage::CookieWait(_));
        let is_init = kind == ChunkType::INIT;
        let cause = Cause::InvalidMandatoryParameter;
        match fault {
            InitFault::NoTag if is_awaited => {
                // The peer sees the tag that it had sent.
                let causes = [cause];
                let abort = Abort { is_tag_reflected: true, causes: causes.as_slice().into() };
                self.send_alone(&abort, self.own.tag);
                self.close(CloseReason::UnusableInitAck);
            }
            InitFault::NoOutboundStreams | InitFault::NoInboundStreams if is_awaited => {
                self.refuse_init(tag, &cause);
                self.close(CloseReason::UnusableInitAck);
            }
            InitFault::SmallWindow if is_awaited => self.refuse_init(tag, &cause),
            InitFault::NoTag => {}
            InitFault::NoOutboundStreams | InitFault::NoInboundStreams | InitFault::SmallWindow => {
                if is_init {
                    self.refuse_init(tag, &cause);
                }
            }
        }
    }

    /// What there is once the peer is known. What had left beside an older cookie leaves again.
    pub(crate) fn session(&mut self, own: Own, peer: &Peer, trip: RoundTrip) -> Session {
        let ties = TieTags::draw(&mut self.rng);
        let mut session = Session::new(&self.config, own, peer, trip, ties);
        if let Stage::CookieWait(wait) = &mut self.stage
            && let Some(again) = wait.again.take()
        {
            session.keep(again.sender, peer);
        }
        session
    }

    pub(crate) fn open(&mut self, session: Session) {
        // Section 5.1.1: the range of streams is known now.
        self.outbox.give_up_beyond(session.outgoing_streams);
        self.stage = Stage::Open(Box::new(session));
        self.is_readable_told = false;
        self.tell_outbox_news();
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
            session.sender.back_off();
        }
        echoed.tries += 1;
        echoed.sent_at = now;
        echoed.again_at = now + session.sender.trip.timeout();
        let cookie = echoed.cookie.clone();
        let echo = CookieEcho { cookie: &cookie };
        // A cookie longer than a packet leaves in a packet of its own length.
        let mut packet = session.packet_of(session.mtu.current().max(length_alone(&echo)));
        let pushed = packet.push(&echo);
        debug_assert!(pushed.is_ok(), "it came in a longer chunk");
        for parameter in &session.unknown_parameters {
            let causes = [Cause::UnrecognizedParameters(parameter)];
            let _ = packet.push(&OperationError { causes: causes.as_slice().into() });
        }
        session.sender.begin_burst();
        if session.sender.may_send(&mut self.outbox, now) {
            session.sender.fill(&mut packet, &mut self.outbox, now);
        }
        self.output.packet(packet.finish(Checksum::Crc32c));
        self.tell_outbox_news();
    }

    /// T1-cookie may have expired. Whether the cookie waits for its answer.
    pub(crate) fn echo_cookie_again(&mut self, now: Instant) -> bool {
        let Stage::Open(session) = &self.stage else { return false };
        let Phase::CookieEchoed(echoed) = &session.phase else { return false };
        if echoed.again_at <= now {
            self.echo_cookie(now);
        }
        true
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
        let Stage::Open(session) = &self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        let Phase::CookieEchoed(echoed) = &session.phase else {
            return self.discards.add(Discard::Unexpected);
        };
        let (inits, sent_at) = (echoed.inits, echoed.sent_at);
        if inits > self.config.max_init_retransmissions {
            return self.close(CloseReason::SetupTimeout);
        }
        let stage = core::mem::replace(&mut self.stage, Stage::Closed);
        let Stage::Open(session) = stage else { return };
        let timeout = session.sender.trip.timeout();
        let life = (now - sent_at).min(self.config.rto.max) + MORE_LIFE;
        self.stage = Stage::CookieWait(Box::new(CookieWait {
            tries: inits + 1,
            sent_at: Some(now),
            again_at: now + timeout,
            timeout,
            again: Some(Again { sender: session.sender, life }),
        }));
        self.send_init(Some(life));
    }

    pub(crate) fn establish(&mut self, now: Instant) {
        let Stage::Open(session) = &mut self.stage else { return };
        session.establish(self.is_shutdown_wanted, &mut self.rng, now);
        let (outgoing, incoming) = (session.outgoing_streams, session.receiver.stream_count());
        self.output.event(Event::Connected { outgoing, incoming });
    }
}

/// A name in place of an address, which is refused (RFC 9260 section 3.3.2.1.4).
fn host_name(initiation: &Initiation<'_>) -> Option<Cause<'static>> {
    let is_name = |one: Parameter<'_>| matches!(one, Parameter::HostNameAddress(_));
    initiation.parameters.iter().any(is_name).then_some(Cause::UnresolvableAddress(&[]))
}

/// How much longer the peer wants its cookie to live (RFC 9260 section 3.3.2.1.3); not more than this.
fn wanted_life(init: &Init<'_>) -> Duration {
    let more = init.0.parameters.iter().find_map(|one| {
        if let Parameter::CookiePreservative(more) = one { Some(more) } else { None }
    });
    more.unwrap_or_default().min(Duration::from_secs(60))
}

/// How much longer than a round trip the next cookie is to live (RFC 9260 section 5.2.6).
const MORE_LIFE: Duration = Duration::from_secs(1);
