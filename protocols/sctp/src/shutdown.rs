//! How an association ends: SHUTDOWN, SHUTDOWN ACK, SHUTDOWN COMPLETE; ABORT (RFC 9260 section 9).

use icelab_sans_io::Instant;

use crate::association::{Association, Stage};
use crate::discard::Discard;
use crate::event::{CloseReason, Event};
use crate::packet::cause::Cause;
use crate::packet::chunk::{Abort, Shutdown, ShutdownAck, ShutdownComplete};
use crate::packet::{Tsn, VerificationTag};
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
            Stage::CookieWait(_) | Stage::Open(_) | Stage::Ended => {}
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
        if !session.sender.is_quiet() || !self.outbox.is_empty() {
            return;
        }
        let ending = Ending::new(session.sender.trip.timeout(), self.config.rto.max, now);
        match session.phase {
            Phase::ShutdownPending => {
                session.phase = Phase::ShutdownSent(ending);
                self.send_shutdown();
            }
            Phase::ShutdownReceived => {
                session.phase = Phase::ShutdownAckSent(ending);
                self.send_shutdown_ack();
            }
            _ => {}
        }
    }

    /// T2-shutdown or the guard may be due.
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
        session.sender.trip.back_off();
        ending.again_at = now + session.sender.trip.timeout();
        if matches!(session.phase, Phase::ShutdownSent(_)) {
            self.send_shutdown();
        } else {
            self.send_shutdown_ack();
        }
    }

    fn send_shutdown(&mut self) {
        let Stage::Open(session) = &mut self.stage else { return };
        let cumulative_tsn_ack = Tsn(session.receiver.cumulative() as u32);
        let mut packet = session.packet();
        let _ = packet.push(&Shutdown { cumulative_tsn_ack });
        if session.receiver.has_more_to_tell() {
            session.receiver.push_sack(&mut packet);
        }
        self.output.packet(packet.finish(session.checksum()));
    }

    pub(crate) fn send_shutdown_ack(&mut self) {
        self.send_to_peer(&ShutdownAck);
    }

    /// In SHUTDOWN-SENT each packet with data is answered by SHUTDOWN.
    pub(crate) fn answer_data_with_shutdown(&mut self, now: Instant) {
        let Stage::Open(session) = &mut self.stage else { return };
        let timeout = session.sender.trip.timeout();
        if let Phase::ShutdownSent(ending) = &mut session.phase {
            ending.tries = 1;
            ending.again_at = now + timeout;
            self.send_shutdown();
        }
    }

    pub(crate) fn on_shutdown(&mut self, shutdown: Shutdown, now: Instant) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        if matches!(session.phase, Phase::CookieEchoed(_)) {
            return self.discards.add(Discard::Unexpected);
        }
        let sack = crate::packet::chunk::Sack {
            cumulative_tsn_ack: shutdown.cumulative_tsn_ack,
            window: u32::try_from(session.sender.peer_window()).unwrap_or(u32::MAX),
            ..Default::default()
        };
        if session.sender.on_sack(&sack, &mut self.outbox, now).is_none() {
            return self.violate();
        }
        session.hear();
        match session.phase {
            Phase::Established | Phase::ShutdownPending => {
                session.phase = Phase::ShutdownReceived;
                self.output.event(Event::PeerShutdown);
            }
            Phase::ShutdownSent(_) => {
                let ending = Ending::new(session.sender.trip.timeout(), self.config.rto.max, now);
                session.phase = Phase::ShutdownAckSent(ending);
                self.send_shutdown_ack();
            }
            Phase::ShutdownAckSent(_) => self.send_shutdown_ack(),
            Phase::ShutdownReceived | Phase::CookieEchoed(_) => {}
        }
    }

    pub(crate) fn on_shutdown_ack(&mut self, tag: VerificationTag) {
        match &self.stage {
            Stage::Open(session)
                if matches!(session.phase, Phase::ShutdownSent(_) | Phase::ShutdownAckSent(_)) =>
            {
                self.send_to_peer(&ShutdownComplete { is_tag_reflected: false });
                self.close(CloseReason::Shutdown);
            }
            Stage::Closed | Stage::CookieWait(_) | Stage::Ended => {
                // RFC 9260 sections 8.4 and 9.2: for an association that is no more.
                self.send_alone(&ShutdownComplete { is_tag_reflected: true }, tag);
            }
            Stage::Open(session) if matches!(session.phase, Phase::CookieEchoed(_)) => {
                self.send_alone(&ShutdownComplete { is_tag_reflected: true }, tag);
            }
            Stage::Open(_) => self.discards.add(Discard::Unexpected),
        }
    }

    pub(crate) fn on_shutdown_complete(&mut self) {
        match &self.stage {
            Stage::Open(session) if matches!(session.phase, Phase::ShutdownAckSent(_)) => {
                self.close(CloseReason::Shutdown);
            }
            _ => self.discards.add(Discard::Unexpected),
        }
    }

    pub(crate) fn on_abort(&mut self, abort: &Abort<'_>) {
        if matches!(self.stage, Stage::Closed | Stage::Ended) {
            return self.discards.add(Discard::Unexpected);
        }
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
        if !matches!(self.stage, Stage::Ended) {
            self.stage = Stage::Ended;
            self.output.event(Event::Closed { reason });
        }
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
