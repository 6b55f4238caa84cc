//! How an association ends: SHUTDOWN, SHUTDOWN ACK, SHUTDOWN COMPLETE; ABORT (RFC 9260 section 9).

use icelab_sans_io::Instant;

use crate::association::{Association, Stage};
use crate::discard::Discard;
use crate::event::{CloseReason, Event};
use crate::packet::VerificationTag;
use crate::packet::cause::Cause;
use crate::packet::chunk::{Abort, Shutdown, ShutdownComplete};
use crate::session::{Ending, Phase};

impl Association {
    /// Ends the association when all that was given to `send` has been delivered. The peer's messages
    /// still arrive. Before there is an association: as soon as there is one.
    pub fn shutdown(&mut self, now: Instant) {
        self.is_shutdown_wanted = true;
        match &mut self.stage {
            Stage::Closed => self.close(CloseReason::Shutdown),
            Stage::Open(session) if matches!(session.phase, Phase::Established) => {
                session.phase = Phase::ShutdownPending;
                self.settle(now);
            }
            Stage::CookieWait(_) | Stage::Open(_) | Stage::Ended(_) => {}
        }
    }

    /// Ends the association at once; what was not delivered is lost.
    pub fn abort(&mut self, _now: Instant) {
        if matches!(self.stage, Stage::Open(_)) {
            let causes = [Cause::UserInitiatedAbort(&[])];
            self.send_abort(&causes);
        }
        self.close(CloseReason::Aborted);
    }

    pub(crate) fn send_abort(&mut self, causes: &[Cause<'_>]) {
        self.send_to_peer(&Abort { is_tag_reflected: false, causes: causes.into() });
    }

    /// What is due where all that was sent has been acknowledged.
    pub(crate) fn advance_shutdown(&mut self, now: Instant) {
        let Stage::Open(session) = &mut self.stage else { return };
        let next = match session.phase {
            Phase::ShutdownPending => Phase::ShutdownSent,
            Phase::ShutdownReceived => Phase::ShutdownAckSent,
            Phase::CookieEchoed(_)
            | Phase::Established
            | Phase::ShutdownSent(_)
            | Phase::ShutdownAckSent(_) => return,
        };
        if session.sender.is_quiet() && self.outbox.is_empty() {
            let timeout = session.sender.trip.timeout();
            session.phase = next(Ending::new(timeout, self.config.rto.max, now));
        }
    }

    /// T2-shutdown or the guard may have expired.
    pub(crate) fn end_again(&mut self, now: Instant) {
        let Stage::Open(session) = &mut self.stage else { return };
        let (Phase::ShutdownSent(ending) | Phase::ShutdownAckSent(ending)) = &mut session.phase
        else {
            return;
        };
        if ending.guard <= now {
            self.send_abort(&[]);
            return self.close(CloseReason::PeerSilent);
        }
        if ending.again_at > now {
            return;
        }
        if ending.tries > self.config.max_retransmissions {
            return self.close(CloseReason::PeerSilent);
        }
        ending.tries += 1;
        session.sender.back_off();
        ending.sent_at = now;
        ending.again_at = now + session.sender.trip.timeout();
        ending.is_due = true;
    }

    /// The peer lives: in SHUTDOWN-SENT it gets time for what it still has to send. Data is answered by
    /// SHUTDOWN, and acknowledged with it.
    pub(crate) fn put_off_shutdown(&mut self, has_data: bool, now: Instant) {
        let Stage::Open(session) = &mut self.stage else { return };
        let Phase::ShutdownSent(ending) = &mut session.phase else { return };
        ending.tries = 1;
        ending.sent_at = now;
        ending.again_at = now + session.sender.trip.timeout();
        ending.is_due |= has_data;
    }

    pub(crate) fn on_shutdown(&mut self, shutdown: Shutdown, now: Instant) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        if session.is_setting_up() {
            return self.discards.add(Discard::Unexpected);
        }
        let cumulative = shutdown.cumulative_tsn_ack;
        if session.sender.on_cumulative_ack(cumulative, &mut self.outbox, now).is_none() {
            return self.violate();
        }
        session.hear();
        match &mut session.phase {
            Phase::Established | Phase::ShutdownPending => {
                session.phase = Phase::ShutdownReceived;
                self.output.event(Event::PeerShutdown);
            }
            Phase::ShutdownSent(ending) => {
                let timeout = session.sender.trip.timeout();
                let new = Ending::new(timeout, self.config.rto.max, now);
                let guard = ending.guard;
                session.phase = Phase::ShutdownAckSent(Ending { guard, ..new });
            }
            Phase::ShutdownAckSent(ending) => ending.is_due = true,
            Phase::ShutdownReceived | Phase::CookieEchoed(_) => {}
        }
    }

    /// Returns whether the rest of the packet is to be read.
    pub(crate) fn on_shutdown_ack(&mut self, tag: VerificationTag) -> bool {
        let phase =
            if let Stage::Open(session) = &self.stage { Some(&session.phase) } else { None };
        match phase {
            Some(Phase::ShutdownSent(_) | Phase::ShutdownAckSent(_)) => {
                self.send_to_peer(&ShutdownComplete { is_tag_reflected: false });
                self.close(CloseReason::Shutdown);
                false
            }
            None | Some(Phase::CookieEchoed(_)) => {
                // Sections 8.5.1 E and 9.2: of an association that is no more.
                self.send_alone(&ShutdownComplete { is_tag_reflected: true }, tag);
                false
            }
            Some(Phase::Established | Phase::ShutdownPending | Phase::ShutdownReceived) => {
                self.discards.add(Discard::Unexpected);
                true
            }
        }
    }

    pub(crate) fn on_shutdown_complete(&mut self) {
        let is_awaited = matches!(&self.stage, Stage::Open(session)
            if matches!(session.phase, Phase::ShutdownAckSent(_)));
        if is_awaited {
            self.close(CloseReason::Shutdown);
        } else {
            self.discards.add(Discard::Unexpected);
        }
    }

    pub(crate) fn on_abort(&mut self, abort: &Abort<'_>) {
        let first = abort.causes.iter().next();
        let cause = first.map(|cause| cause.code().0);
        let information = first.as_ref().map_or(&[][..], information);
        let information = bytes::Bytes::copy_from_slice(information);
        self.close(CloseReason::PeerAborted { cause, information });
    }

    /// The peer broke the protocol: the association ends.
    pub(crate) fn violate(&mut self) {
        self.send_abort(&[Cause::ProtocolViolation(&[])]);
        self.close(CloseReason::ProtocolViolation);
    }

    pub(crate) fn close(&mut self, reason: CloseReason) {
        let unread = match core::mem::replace(&mut self.stage, Stage::Ended(None)) {
            Stage::Ended(unread) => {
                self.stage = Stage::Ended(unread);
                return;
            }
            Stage::Open(session) => {
                let mut receiver = session.receiver;
                receiver.end();
                Some(Box::new(receiver))
            }
            Stage::Closed | Stage::CookieWait(_) => None,
        };
        self.stage = Stage::Ended(unread);
        self.tell_readable();
        self.output.event(Event::Closed { reason });
    }
}

/// What a cause holds, where it is text for the layer above.
pub(crate) const fn information<'a>(cause: &Cause<'a>) -> &'a [u8] {
    match cause {
        Cause::UserInitiatedAbort(bytes)
        | Cause::ProtocolViolation(bytes)
        | Cause::UnrecognizedChunkType(bytes)
        | Cause::UnrecognizedParameters(bytes)
        | Cause::UnresolvableAddress(bytes)
        | Cause::RestartWithNewAddresses(bytes) => bytes,
        Cause::Unknown(raw) => raw.information,
        Cause::InvalidStreamIdentifier(_)
        | Cause::MissingMandatoryParameter(_)
        | Cause::StaleCookie(_)
        | Cause::OutOfResource
        | Cause::InvalidMandatoryParameter
        | Cause::NoUserData(_)
        | Cause::CookieReceivedWhileShuttingDown => &[],
    }
}
