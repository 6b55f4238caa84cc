//! Streams are reset and added (RFC 6525). One request at a time is on its way; it is sent again until
//! it is answered.
//!
//! - `answering`: what the peer asks and answers;
//! - `request`: what this end asks.

mod answering;
mod request;

use core::mem;
use core::time::Duration;
use std::collections::{BTreeSet, VecDeque};

use icelab_sans_io::Instant;

use crate::association::{Association, Stage};
use crate::event::ReconfigureError;
use crate::packet::chunk::ReConfig;
use crate::packet::parameter::{Parameter, ReconfigurationResponse, ReconfigurationResult};
use crate::packet::{PacketWriter, RequestNumber, StreamId, Tsn};
use crate::replies::length_alone;
use crate::session::{Phase, Session};
use crate::tx::LongTsn;

use self::request::{Pending, Request};

/// Requests of both ends.
#[derive(Clone, Debug)]
pub(crate) struct Reconfiguration {
    next_request: RequestNumber,
    /// What the peer's next request is numbered.
    expected: RequestNumber,
    /// Own requests that wait for their turn: what the peer has asked for first.
    wanted: VecDeque<Request>,
    pending: Option<Pending>,
    /// The peer works on something else, and is asked for nothing of this end's until then.
    waits_until: Option<Instant>,
    /// What the peer's last requests were answered with, the newest last.
    answered: VecDeque<ReconfigurationResponse>,
    /// Answers to be sent.
    answers: Vec<ReconfigurationResponse>,
    deferred: Option<Deferred>,
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
            waits_until: None,
            answered: VecDeque::new(),
            answers: Vec::new(),
            deferred: None,
        }
    }

    pub(crate) const fn change_peer(&mut self, initial: u32) {
        self.expected = RequestNumber(initial);
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.pending.as_ref().map(|pending| pending.again_at).or(self.waits_until)
    }

    /// The path works: the timer has not grown.
    pub(crate) fn path_works(&mut self, timeout: Duration) {
        if let Some(pending) = &mut self.pending {
            pending.again_at = pending.again_at.min(pending.sent_at + timeout);
        }
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

    /// Whether so much that the peer has asked for waits already that it may not ask for more. What this end
    /// wants does not count: where both want much, each would send the other away for ever.
    fn is_busy(&self) -> bool {
        self.asked() >= MOST_ASKED
    }

    /// Whether this end and the peer have asked each other for a reset at once, and this end's is to be first.
    /// Each would wait for the other's answer, which is a request, before it may send its own (section 5.1.1).
    fn goes_before(&self, peers: RequestNumber) -> bool {
        self.pending.as_ref().is_some_and(|pending| {
            matches!(pending.request, Request::ResetIncoming(_)) && pending.number.0 >= peers.0
        })
    }

    /// How much of what waits the peer has asked for.
    fn asked(&self) -> usize {
        self.wanted.iter().take_while(|request| request.is_asked()).count()
    }

    /// The last of what the peer has asked for, or the first of what this end wants.
    fn want_before_others(&mut self, request: Request) {
        self.wanted.insert(self.asked(), request);
    }

    /// Whether a chunk is to be sent.
    pub(crate) fn is_due(&self) -> bool {
        !self.answers.is_empty() || self.pending.as_ref().is_some_and(|pending| pending.is_due)
    }

    /// How long a packet has to be for the request that is due: the streams that it names are those that the
    /// peer has named, and not to be divided (A4 of section 5.1.2).
    pub(crate) fn needs(&self) -> usize {
        let due = self.pending.as_ref().filter(|pending| pending.is_due);
        due.map_or(0, |pending| {
            let streams = pending.request.streams();
            let parameters = [pending.parameter(self.expected, &streams)];
            length_alone(&ReConfig { parameters: parameters.as_slice().into() })
        })
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

impl Session {
    /// How many streams this end, and how many the peer, can send on once all that is asked for is there.
    fn stream_counts_once_added(&self) -> (u16, u16) {
        let (mut own, mut peer) = (self.outgoing_streams, self.receiver.stream_count());
        let reconfiguration = &self.reconfiguration;
        let pending = reconfiguration.pending.iter().map(|pending| &pending.request);
        for request in pending.chain(&reconfiguration.wanted) {
            match request {
                Request::AddOutgoing { count, .. } => own = own.saturating_add(*count),
                Request::AddIncoming(count) => peer = peer.saturating_add(*count),
                Request::ResetOutgoing { .. } | Request::ResetIncoming(_) => {}
            }
        }
        (own, peer)
    }
}

impl Association {
    /// Resets own outgoing streams, once what was given to `send` on them has left; until then, and until
    /// the peer has answered, nothing is taken for them. [`Event::StreamsReset`](crate::Event::StreamsReset) or
    /// [`Event::ResetRefused`](crate::Event::ResetRefused) follows (RFC 6525 section 5.1.2).
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
    /// of its own: [`Event::PeerReset`](crate::Event::PeerReset), or [`Event::ResetRefused`](crate::Event::ResetRefused).
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
        for some in streams.chunks(MOST_STREAMS) {
            session.reconfiguration.wanted.push_back(Request::ResetIncoming(some.to_vec()));
        }
        self.settle(now);
        Ok(())
    }

    /// Adds streams: so many that this end may send on, so many that the peer may send on (RFC 6525
    /// sections 5.1.5 and 5.1.6). [`Event::StreamsAdded`](crate::Event::StreamsAdded) follows where the peer agrees.
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
        let (own, peer) = session.stream_counts_once_added();
        let (Some(own), Some(peer)) = (own.checked_add(outgoing), peer.checked_add(incoming))
        else {
            return Err(ReconfigureError::NoSuchStream);
        };
        if outgoing > 0 {
            let add = Request::AddOutgoing { count: outgoing, is_asked: false };
            session.reconfiguration.wanted.push_back(add);
        }
        if incoming > 0 {
            session.reconfiguration.wanted.push_back(Request::AddIncoming(incoming));
        }
        // What this end asks for it also allows.
        let (outbound, inbound) = &mut self.config.streams;
        *outbound = (*outbound).max(own);
        *inbound = (*inbound).max(peer);
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
        let reconfiguration = &mut session.reconfiguration;
        let wanted = &mut reconfiguration.wanted;
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
            let streams = streams.iter().copied().collect();
            reconfiguration.want_before_others(Request::ResetOutgoing { streams, answers });
        } else if let Some(Request::ResetOutgoing { streams: waiting, answers: None }) =
            wanted.back_mut()
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
        let waits = reconfiguration.waits_until.is_some() && reconfiguration.asked() == 0;
        if reconfiguration.pending.is_some() || waits {
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
            sent_at: now,
            again_at: now + timeout,
            is_due: true,
            is_in_progress: false,
        });
        reconfiguration.next_request = reconfiguration.next_request.next();
    }

    /// The Re-configuration Timer may have expired. Whether the peer should have answered.
    pub(crate) fn request_again(&mut self, now: Instant) -> bool {
        let Stage::Open(session) = &mut self.stage else { return false };
        session.reconfiguration.waits_until.take_if(|until| *until <= now);
        let Some(pending) = &mut session.reconfiguration.pending else { return false };
        if pending.again_at > now {
            return false;
        }
        session.sender.back_off();
        pending.sent_at = now;
        pending.again_at = now + session.sender.trip.timeout();
        pending.is_due = true;
        !pending.is_in_progress
    }
}

const fn response(number: RequestNumber, result: ReconfigurationResult) -> ReconfigurationResponse {
    ReconfigurationResponse { response: number, result, next_tsns: None }
}

/// How many answers are remembered for requests that come again.
const REMEMBERED: usize = 4;
/// How many of the peer's requests may wait for their turn before it may not ask for more.
const MOST_ASKED: usize = 16;
/// How many streams one request names: a packet has room for them.
const MOST_STREAMS: usize = 256;
