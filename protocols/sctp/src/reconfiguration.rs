//! Streams are reset and added (RFC 6525). One request at a time is on its way; it is sent again until
//! it is answered.

use core::mem;
use std::collections::{BTreeSet, VecDeque};

use icelab_sans_io::Instant;

use crate::association::{Association, Stage};
use crate::discard::Discard;
use crate::event::{Event, ReconfigureError};
use crate::packet::chunk::ReConfig;
use crate::packet::parameter::{
    AddStreams, IncomingReset, NextTsns, OutgoingReset, Parameter, ReconfigurationResponse,
    ReconfigurationResult, SsnTsnReset,
};
use crate::packet::{PacketWriter, RequestNumber, StreamId, Tsn};
use crate::session::{Phase, Session};
use crate::tx::{LongTsn, lengthen};

/// Requests of both ends.
#[derive(Clone, Debug)]
pub(crate) struct Reconfiguration {
    next_request: RequestNumber,
    /// What the peer's next request is numbered.
    expected: RequestNumber,
    /// Own requests that wait for their turn.
    wanted: VecDeque<Request>,
    pending: Option<Pending>,
    /// What the peer's last requests were answered with, the newest last.
    answered: VecDeque<ReconfigurationResponse>,
    /// Answers to be sent.
    answers: Vec<ReconfigurationResponse>,
    deferred: Option<Deferred>,
}

/// What is asked of the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Request {
    /// To begin these own streams at zero; in answer to a request of the peer's, where there is one.
    ResetOutgoing {
        streams: BTreeSet<StreamId>,
        answers: Option<RequestNumber>,
    },
    /// That it begins its streams at zero.
    ResetIncoming(Vec<StreamId>),
    AddOutgoing(u16),
    AddIncoming(u16),
}

/// A request on its way.
#[derive(Clone, Debug)]
struct Pending {
    number: RequestNumber,
    request: Request,
    /// A3 of section 5.1.2.
    last_assigned: Tsn,
    /// The Re-configuration Timer.
    again_at: Instant,
    is_due: bool,
    /// The peer works on it: that it takes long is no failure (section 5.2.7 H2).
    is_in_progress: bool,
}

/// A reset of the peer's streams that waits for the data before it (section 5.2.2 E2).
#[derive(Clone, Debug)]
struct Deferred {
    number: RequestNumber,
    last: LongTsn,
    streams: Vec<StreamId>,
}

impl Reconfiguration {
    /// Numbers begin with the initial TSNs (section 4.1).
    pub(crate) const fn new(own_initial: u32, peer_initial: u32) -> Self {
        Self {
            next_request: RequestNumber(own_initial),
            expected: RequestNumber(peer_initial),
            wanted: VecDeque::new(),
            pending: None,
            answered: VecDeque::new(),
            answers: Vec::new(),
            deferred: None,
        }
    }

    pub(crate) const fn change_peer(&mut self, initial: u32) {
        self.expected = RequestNumber(initial);
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.pending.as_ref().map(|pending| pending.again_at)
    }

    fn answer(&mut self, number: RequestNumber, result: ReconfigurationResult) {
        self.remember(response(number, result));
    }

    /// What a request is answered with where it comes again.
    fn note(&mut self, response: ReconfigurationResponse) {
        self.answered.retain(|answered| answered.response != response.response);
        self.answered.push_back(response);
        while self.answered.len() > REMEMBERED {
            self.answered.pop_front();
        }
    }

    fn remember(&mut self, response: ReconfigurationResponse) {
        self.note(response);
        self.answers.retain(|answer| answer.response != response.response);
        self.answers.push(response);
    }

    /// Whether so much waits already that the peer may not ask for more.
    fn is_busy(&self) -> bool {
        self.wanted.len() >= MOST_WANTED
    }

    /// Whether a chunk is to be sent.
    pub(crate) fn is_due(&self) -> bool {
        !self.answers.is_empty() || self.pending.as_ref().is_some_and(|pending| pending.is_due)
    }

    /// Puts what is due into the packet, as far as there is room.
    pub(crate) fn push(&mut self, packet: &mut PacketWriter) {
        let answers = mem::take(&mut self.answers);
        let due = self.pending.as_ref().filter(|pending| pending.is_due);
        let streams = due.map(|pending| pending.request.streams()).unwrap_or_default();
        let request = due.map(|pending| pending.parameter(self.expected, &streams));
        let answered = answers.iter().copied().map(Parameter::ReconfigurationResponse);
        let parameters: Vec<_> = answered.chain(request).collect();
        let mut rest = parameters.as_slice();
        while !rest.is_empty() {
            let two = ReConfig { parameters: rest.get(..2).unwrap_or_default().into() };
            let count = if two.is_allowed_combination() { 2 } else { 1 };
            let (now, later) = rest.split_at(count);
            if packet.push(&ReConfig { parameters: now.into() }).is_err() {
                break;
            }
            rest = later;
        }
        let pushed = parameters.len() - rest.len();
        self.answers = answers.into_iter().skip(pushed).collect();
        if let Some(pending) = &mut self.pending {
            pending.is_due &= !rest.is_empty();
        }
    }
}

impl Request {
    /// The streams that it names.
    fn streams(&self) -> Vec<StreamId> {
        match self {
            Self::ResetOutgoing { streams, .. } => streams.iter().copied().collect(),
            Self::ResetIncoming(streams) => streams.clone(),
            Self::AddOutgoing(_) | Self::AddIncoming(_) => Vec::new(),
        }
    }
}

impl Pending {
    /// What is sent of it, while the peer's next request is `expected`.
    fn parameter<'a>(&self, expected: RequestNumber, streams: &'a [StreamId]) -> Parameter<'a> {
        let request = self.number;
        match &self.request {
            Request::ResetOutgoing { answers, .. } => Parameter::OutgoingReset(OutgoingReset {
                request,
                response: answers.unwrap_or(expected.previous()),
                last_assigned_tsn: self.last_assigned,
                streams: streams.into(),
            }),
            Request::ResetIncoming(_) => {
                Parameter::IncomingReset(IncomingReset { request, streams: streams.into() })
            }
            Request::AddOutgoing(count) => {
                Parameter::AddOutgoingStreams(AddStreams { request, new_streams: *count })
            }
            Request::AddIncoming(count) => {
                Parameter::AddIncomingStreams(AddStreams { request, new_streams: *count })
            }
        }
    }
}

impl Association {
    /// Resets own outgoing streams, once what was given to `send` on them has left; until then, and until
    /// the peer has answered, nothing is taken for them. [`Event::StreamsReset`] or
    /// [`Event::ResetRefused`] follows (RFC 6525 section 5.1.2).
    ///
    /// # Errors
    /// Where there is no association, no such stream, or the peer knows no RFC 6525.
    pub fn reset_streams(
        &mut self,
        streams: &[StreamId],
        now: Instant,
    ) -> Result<(), ReconfigureError> {
        let session = self.reconfigurable()?;
        let outgoing = session.outgoing_streams;
        if streams.is_empty() || streams.iter().any(|stream| stream.0 >= outgoing) {
            return Err(ReconfigureError::NoSuchStream);
        }
        self.want_reset(streams, None);
        self.settle(now);
        Ok(())
    }

    /// Asks the peer to reset streams that it sends on (RFC 6525 section 5.1.3). It answers with a reset
    /// of its own: [`Event::PeerReset`], or [`Event::ResetRefused`].
    ///
    /// # Errors
    /// Where there is no association, no such stream, or the peer knows no RFC 6525.
    pub fn ask_reset(
        &mut self,
        streams: &[StreamId],
        now: Instant,
    ) -> Result<(), ReconfigureError> {
        let session = self.reconfigurable()?;
        let incoming = session.receiver.stream_count();
        if streams.is_empty() || streams.iter().any(|stream| stream.0 >= incoming) {
            return Err(ReconfigureError::NoSuchStream);
        }
        session.reconfiguration.wanted.push_back(Request::ResetIncoming(streams.to_vec()));
        self.settle(now);
        Ok(())
    }

    /// Adds streams: so many that this end may send on, so many that the peer may send on (RFC 6525
    /// sections 5.1.5 and 5.1.6). [`Event::StreamsAdded`] follows where the peer agrees.
    ///
    /// # Errors
    /// Where there is no association, the peer knows no RFC 6525, or there would be too many.
    pub fn add_streams(
        &mut self,
        outgoing: u16,
        incoming: u16,
        now: Instant,
    ) -> Result<(), ReconfigureError> {
        let session = self.reconfigurable()?;
        if session.outgoing_streams.checked_add(outgoing).is_none()
            || session.receiver.stream_count().checked_add(incoming).is_none()
        {
            return Err(ReconfigureError::NoSuchStream);
        }
        if outgoing > 0 {
            session.reconfiguration.wanted.push_back(Request::AddOutgoing(outgoing));
        }
        if incoming > 0 {
            session.reconfiguration.wanted.push_back(Request::AddIncoming(incoming));
        }
        // What this end asks for it also allows.
        let (own, peer) = (session.outgoing_streams, session.receiver.stream_count());
        let (outbound, inbound) = &mut self.config.streams;
        *outbound = (*outbound).max(own + outgoing);
        *inbound = (*inbound).max(peer + incoming);
        self.settle(now);
        Ok(())
    }

    fn reconfigurable(&mut self) -> Result<&mut Session, ReconfigureError> {
        let Stage::Open(session) = &mut self.stage else { return Err(ReconfigureError::NotOpen) };
        if !matches!(session.phase, Phase::Established) {
            return Err(ReconfigureError::NotOpen);
        }
        if !session.extensions.stream_reset {
            return Err(ReconfigureError::Unsupported);
        }
        Ok(session)
    }

    fn want_reset(&mut self, streams: &[StreamId], answers: Option<RequestNumber>) {
        for stream in streams {
            self.outbox.set_resetting(*stream, true);
        }
        let Stage::Open(session) = &mut self.stage else { return };
        let wanted = &mut session.reconfiguration.wanted;
        if answers.is_some() {
            // One reset answers the peer and does what was wanted here.
            for request in wanted.iter_mut() {
                if let Request::ResetOutgoing { streams: waiting, answers: None } = request {
                    waiting.retain(|stream| !streams.contains(stream));
                }
            }
            wanted.retain(|request| {
                !matches!(request, Request::ResetOutgoing { streams, .. } if streams.is_empty())
            });
        }
        if let Some(Request::ResetOutgoing { streams: waiting, answers: None }) = wanted.back_mut()
            && answers.is_none()
        {
            waiting.extend(streams);
        } else {
            let streams = streams.iter().copied().collect();
            wanted.push_back(Request::ResetOutgoing { streams, answers });
        }
    }

    /// Begins the next request, where none is on its way and what has to leave before it has left.
    pub(crate) fn begin_request(&mut self, now: Instant) {
        let Stage::Open(session) = &mut self.stage else { return };
        let timeout = session.sender.trip.timeout();
        let last_assigned = Tsn((session.sender.flight.next() - 1) as u32);
        let reconfiguration = &mut session.reconfiguration;
        if reconfiguration.pending.is_some() {
            return;
        }
        let request = match reconfiguration.wanted.front_mut() {
            None => return,
            Some(Request::ResetOutgoing { streams, answers: None }) => {
                // Those that are ready go, the others wait.
                let ready: BTreeSet<_> = streams
                    .iter()
                    .copied()
                    .filter(|stream| self.outbox.waiting_on(*stream) == 0)
                    .take(MOST_STREAMS)
                    .collect();
                if ready.is_empty() {
                    return;
                }
                streams.retain(|stream| !ready.contains(stream));
                if streams.is_empty() {
                    reconfiguration.wanted.pop_front();
                }
                Request::ResetOutgoing { streams: ready, answers: None }
            }
            Some(Request::ResetOutgoing { streams, .. })
                if streams.iter().any(|stream| self.outbox.waiting_on(*stream) > 0) =>
            {
                return;
            }
            Some(_) => match reconfiguration.wanted.pop_front() {
                Some(request) => request,
                None => return,
            },
        };
        reconfiguration.pending = Some(Pending {
            number: reconfiguration.next_request,
            request,
            last_assigned,
            again_at: now + timeout,
            is_due: true,
            is_in_progress: false,
        });
        reconfiguration.next_request = reconfiguration.next_request.next();
    }

    /// The Re-configuration Timer may have expired. Whether the peer should have answered.
    pub(crate) fn request_again(&mut self, now: Instant) -> bool {
        let Stage::Open(session) = &mut self.stage else { return false };
        let Some(pending) = &mut session.reconfiguration.pending else { return false };
        if pending.again_at > now {
            return false;
        }
        session.sender.trip.back_off();
        pending.again_at = now + session.sender.trip.timeout();
        pending.is_due = true;
        !pending.is_in_progress
    }

    /// RFC 6525 section 5.2.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other parameter has a place here")]
    pub(crate) fn on_re_config(&mut self, chunk: &ReConfig<'_>, now: Instant) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        if !session.extensions.stream_reset || !chunk.is_allowed_combination() {
            return self.discards.add(Discard::Unexpected);
        }
        session.hear();
        for parameter in chunk.parameters.iter() {
            match parameter {
                Parameter::ReconfigurationResponse(response) => self.on_response(&response, now),
                Parameter::OutgoingReset(reset) => self.on_outgoing_reset(&reset),
                Parameter::IncomingReset(reset) => self.on_incoming_reset(&reset),
                Parameter::AddOutgoingStreams(add) => self.on_add_outgoing(add),
                Parameter::AddIncomingStreams(add) => self.on_add_incoming(add),
                Parameter::SsnTsnReset(reset) => self.on_ssn_tsn_reset(reset),
                _ => {}
            }
        }
        if let Stage::Open(session) = &mut self.stage
            && !session.reconfiguration.answers.is_empty()
        {
            // Section 5.2.1: it tells what is missing.
            session.receiver.acknowledge_now();
        }
    }

    /// Whether the request is new. A repeated one gets the same answer, any other is refused.
    fn is_new_request(&mut self, number: RequestNumber) -> bool {
        let Stage::Open(session) = &mut self.stage else { return false };
        let reconfiguration = &mut session.reconfiguration;
        if number == reconfiguration.expected {
            reconfiguration.expected = number.next();
            return true;
        }
        let answered = reconfiguration.answered.iter().find(|one| one.response == number).copied();
        match answered {
            Some(answer) => reconfiguration.remember(answer),
            None => {
                let bad = response(number, ReconfigurationResult::BAD_SEQUENCE_NUMBER);
                reconfiguration.answers.push(bad);
            }
        }
        false
    }

    /// Section 5.2.2.
    fn on_outgoing_reset(&mut self, reset: &OutgoingReset<'_>) {
        if !self.is_new_request(reset.request) {
            return;
        }
        let Stage::Open(session) = &mut self.stage else { return };
        // E1.
        let is_answer = session.reconfiguration.pending.as_ref().is_some_and(|pending| {
            pending.number == reset.response && matches!(pending.request, Request::ResetIncoming(_))
        });
        if is_answer {
            session.reconfiguration.pending = None;
        }
        let count = session.receiver.stream_count();
        if reset.streams.iter().any(|stream| stream.0 >= count) {
            return session.reconfiguration.answer(reset.request, ReconfigurationResult::WRONG_SSN);
        }
        let cumulative = session.receiver.cumulative();
        let last = lengthen(cumulative, reset.last_assigned_tsn);
        let streams: Vec<StreamId> = reset.streams.iter().collect();
        session.reconfiguration.deferred =
            Some(Deferred { number: reset.request, last, streams: streams.clone() });
        if cumulative < last {
            session.receiver.hold(last, streams);
            session.reconfiguration.answer(reset.request, ReconfigurationResult::IN_PROGRESS);
        } else {
            self.reset_deferred();
        }
    }

    /// E3 to E6 of section 5.2.2, once all data before the reset has arrived.
    pub(crate) fn reset_deferred(&mut self) {
        let Stage::Open(session) = &mut self.stage else { return };
        let cumulative = session.receiver.cumulative();
        let is_ready = |deferred: &mut Deferred| deferred.last <= cumulative;
        let Some(deferred) = session.reconfiguration.deferred.take_if(is_ready) else { return };
        session.receiver.reset(deferred.streams);
        session.reconfiguration.answer(deferred.number, ReconfigurationResult::PERFORMED);
    }

    /// Section 5.2.3.
    fn on_incoming_reset(&mut self, reset: &IncomingReset<'_>) {
        if self.is_being_answered(reset.request) || !self.is_new_request(reset.request) {
            return;
        }
        let Stage::Open(session) = &mut self.stage else { return };
        let outgoing = session.outgoing_streams;
        let streams: Vec<StreamId> = reset.streams.iter().collect();
        if streams.iter().any(|stream| stream.0 >= outgoing) {
            return session.reconfiguration.answer(reset.request, ReconfigurationResult::WRONG_SSN);
        }
        let is_under_way = session.reconfiguration.pending.as_ref().is_some_and(|pending| {
            matches!(&pending.request, Request::ResetOutgoing { streams: sent, .. }
                if !streams.is_empty() && streams.iter().all(|stream| sent.contains(stream)))
        });
        if is_under_way {
            let result = ReconfigurationResult::NOTHING_TO_DO;
            return session.reconfiguration.answer(reset.request, result);
        }
        let all = || (0..outgoing).map(StreamId).filter(|id| self.outbox.is_used(*id)).collect();
        let streams = if streams.is_empty() { all() } else { streams };
        if streams.is_empty() {
            let result = ReconfigurationResult::NOTHING_TO_DO;
            return session.reconfiguration.answer(reset.request, result);
        }
        if streams.len() > MOST_STREAMS {
            return session.reconfiguration.answer(reset.request, ReconfigurationResult::DENIED);
        }
        if session.reconfiguration.is_busy() {
            let result = ReconfigurationResult::REQUEST_ALREADY_IN_PROGRESS;
            return session.reconfiguration.answer(reset.request, result);
        }
        self.output.event(Event::ResetAsked { streams: streams.clone() });
        self.want_reset(&streams, Some(reset.request));
    }

    /// Whether a reset answers this request, and has not been made yet. What was sent is sent again (section
    /// 5.2.1).
    fn is_being_answered(&mut self, number: RequestNumber) -> bool {
        let Stage::Open(session) = &mut self.stage else { return false };
        let reconfiguration = &mut session.reconfiguration;
        let answers = |request: &Request| matches!(request, Request::ResetOutgoing { answers: Some(one), .. } if *one == number);
        if let Some(pending) = &mut reconfiguration.pending
            && answers(&pending.request)
        {
            pending.is_due = true;
            return true;
        }
        if reconfiguration.wanted.iter().any(answers) {
            let in_progress = response(number, ReconfigurationResult::IN_PROGRESS);
            reconfiguration.answers.push(in_progress);
            return true;
        }
        false
    }

    /// Section 5.2.4: this end does not do it, and says so (section 5.2.1).
    fn on_ssn_tsn_reset(&mut self, reset: SsnTsnReset) {
        let is_new = self.is_new_request(reset.request);
        let Stage::Open(session) = &mut self.stage else { return };
        if is_new {
            session.reconfiguration.answer(reset.request, ReconfigurationResult::DENIED);
        }
        let sender = Tsn(session.sender.flight.next() as u32);
        let receiver = Tsn((session.receiver.cumulative() + 1) as u32);
        if let Some(answer) = session.reconfiguration.answers.last_mut() {
            answer.next_tsns = Some(NextTsns { sender, receiver });
        }
    }

    /// Section 5.2.5.
    fn on_add_outgoing(&mut self, add: AddStreams) {
        if !self.is_new_request(add.request) {
            return;
        }
        let Stage::Open(session) = &mut self.stage else { return };
        let most = self.config.streams.1.max(session.receiver.stream_count());
        let has_room = most - session.receiver.stream_count() >= add.new_streams;
        let result = if has_room {
            session.receiver.add_streams(add.new_streams);
            // Section 5.2.6: where this end has asked for them, that is the answer.
            session
                .reconfiguration
                .pending
                .take_if(|pending| pending.request == Request::AddIncoming(add.new_streams));
            self.output.event(Event::StreamsAdded {
                outgoing: session.outgoing_streams,
                incoming: session.receiver.stream_count(),
            });
            ReconfigurationResult::PERFORMED
        } else {
            ReconfigurationResult::DENIED
        };
        session.reconfiguration.answer(add.request, result);
    }

    /// Section 5.2.6.
    fn on_add_incoming(&mut self, add: AddStreams) {
        if !self.is_new_request(add.request) {
            return;
        }
        let Stage::Open(session) = &mut self.stage else { return };
        let most = self.config.streams.0.max(session.outgoing_streams);
        if most - session.outgoing_streams < add.new_streams {
            return session.reconfiguration.answer(add.request, ReconfigurationResult::DENIED);
        }
        if session.reconfiguration.is_busy() {
            let result = ReconfigurationResult::REQUEST_ALREADY_IN_PROGRESS;
            return session.reconfiguration.answer(add.request, result);
        }
        session.reconfiguration.answer(add.request, ReconfigurationResult::PERFORMED);
        session.reconfiguration.wanted.push_back(Request::AddOutgoing(add.new_streams));
    }

    /// Section 5.2.7.
    fn on_response(&mut self, response: &ReconfigurationResponse, now: Instant) {
        let Stage::Open(session) = &mut self.stage else { return };
        let timeout = session.sender.trip.timeout();
        let reconfiguration = &mut session.reconfiguration;
        let is_pending = |pending: &mut Pending| pending.number == response.response;
        let Some(mut pending) = reconfiguration.pending.take_if(is_pending) else {
            return self.discards.add(Discard::Unexpected);
        };
        if response.result == ReconfigurationResult::IN_PROGRESS {
            pending.again_at = now + timeout;
            pending.is_in_progress = true;
            reconfiguration.pending = Some(pending);
            return;
        }
        if response.result == ReconfigurationResult::REQUEST_ALREADY_IN_PROGRESS {
            reconfiguration.wanted.push_front(pending.request);
            return;
        }
        let is_done = response.result == ReconfigurationResult::PERFORMED
            || response.result == ReconfigurationResult::NOTHING_TO_DO;
        match pending.request {
            Request::ResetOutgoing { streams, answers } => {
                if let Some(number) = answers {
                    reconfiguration
                        .note(self::response(number, ReconfigurationResult::NOTHING_TO_DO));
                }
                let streams: Vec<_> = streams.into_iter().collect();
                for stream in &streams {
                    if is_done {
                        self.outbox.reset(*stream);
                    }
                    // It may have been wanted once more while this one was on its way.
                    let is_wanted = reconfiguration.wanted.iter().any(|request| {
                        matches!(request, Request::ResetOutgoing { streams, .. }
                            if streams.contains(stream))
                    });
                    self.outbox.set_resetting(*stream, is_wanted);
                }
                self.output.event(if is_done {
                    Event::StreamsReset { streams }
                } else {
                    Event::ResetRefused { streams }
                });
            }
            Request::ResetIncoming(streams) if !is_done => {
                self.output.event(Event::ResetRefused { streams });
            }
            Request::AddOutgoing(count) if is_done => {
                session.outgoing_streams = session.outgoing_streams.saturating_add(count);
                self.output.event(Event::StreamsAdded {
                    outgoing: session.outgoing_streams,
                    incoming: session.receiver.stream_count(),
                });
            }
            Request::ResetIncoming(_) | Request::AddOutgoing(_) | Request::AddIncoming(_) => {}
        }
    }
}

const fn response(number: RequestNumber, result: ReconfigurationResult) -> ReconfigurationResponse {
    ReconfigurationResponse { response: number, result, next_tsns: None }
}

/// How many answers are remembered for requests that come again.
const REMEMBERED: usize = 4;
/// How many requests may wait for their turn before the peer may not ask for more.
const MOST_WANTED: usize = 16;
/// How many streams one request names: a packet has room for them.
const MOST_STREAMS: usize = 256;
