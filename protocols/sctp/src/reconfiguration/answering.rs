//! What the peer asks and answers (RFC 6525 section 5.2).

use icelab_sans_io::Instant;

use super::request::{Pending, Request};
use super::{Deferred, MOST_STREAMS, response};
use crate::association::{Association, Stage};
use crate::discard::Discard;
use crate::event::Event;
use crate::packet::chunk::ReConfig;
use crate::packet::parameter::{
    AddStreams, IncomingReset, NextTsns, OutgoingReset, Parameter, ReconfigurationResponse,
    ReconfigurationResult, SsnTsnReset,
};
use crate::packet::{RequestNumber, StreamId, Tsn};
use crate::tx::lengthen;

impl Association {
    /// RFC 6525 section 5.2.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other parameter has a place here")]
    pub(crate) fn on_re_config(&mut self, chunk: &ReConfig<'_>, now: Instant) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        if session.is_setting_up()
            || !session.extensions.stream_reset
            || !chunk.is_allowed_combination()
        {
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
        if session.reconfiguration.is_busy() || session.reconfiguration.goes_before(reset.request) {
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
        let (promised, _) = session.stream_counts_once_added();
        if self.config.streams.0.saturating_sub(promised) < add.new_streams {
            return session.reconfiguration.answer(add.request, ReconfigurationResult::DENIED);
        }
        if session.reconfiguration.is_busy() {
            let result = ReconfigurationResult::REQUEST_ALREADY_IN_PROGRESS;
            return session.reconfiguration.answer(add.request, result);
        }
        session.reconfiguration.answer(add.request, ReconfigurationResult::PERFORMED);
        let add = Request::AddOutgoing { count: add.new_streams, is_asked: true };
        session.reconfiguration.want_before_others(add);
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
            pending.sent_at = now;
            pending.again_at = now + timeout;
            pending.is_in_progress = true;
            reconfiguration.pending = Some(pending);
            return;
        }
        let is_busy = response.result == ReconfigurationResult::REQUEST_ALREADY_IN_PROGRESS;
        if is_busy && !pending.request.is_asked() {
            reconfiguration.waits_until = Some(now + timeout);
            reconfiguration.want_before_others(pending.request);
            return;
        }
        let is_done = response.result == ReconfigurationResult::PERFORMED
            || response.result == ReconfigurationResult::NOTHING_TO_DO;
        match pending.request {
            Request::ResetOutgoing { streams, answers } => {
                if let Some(number) = answers {
                    reconfiguration
                        .note(super::response(number, ReconfigurationResult::NOTHING_TO_DO));
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
            Request::AddOutgoing { count, .. } if is_done => {
                session.outgoing_streams = session.outgoing_streams.saturating_add(count);
                self.output.event(Event::StreamsAdded {
                    outgoing: session.outgoing_streams,
                    incoming: session.receiver.stream_count(),
                });
            }
            Request::ResetIncoming(_) | Request::AddOutgoing { .. } | Request::AddIncoming(_) => {}
        }
    }
}
