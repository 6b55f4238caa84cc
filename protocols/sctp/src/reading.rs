//! What arrives: a packet's checksum, ports and tag, and then its chunks one by one (RFC 9260 sections
//! 6.10, 8.4 and 8.5).

use bytes::Bytes;
use icelab_sans_io::Instant;

use crate::association::{Association, Stage};
use crate::discard::Discard;
use crate::event::Event;
use crate::packet::cause::Cause;
use crate::packet::chunk::{
    Abort, Chunk, ChunkType, Data, ForwardTsn, IData, IForwardTsn, OperationError, RawChunk, Sack,
};
use crate::packet::{ChecksumPolicy, ChunkError, Packet, PacketError, StreamId, VerificationTag};
use crate::rx::Taken;
use crate::session::Phase;
use crate::shutdown::information;

/// Whether the rest of a packet is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    GoesOn,
    Ends,
}

impl Association {
    pub(crate) fn read_packet(&mut self, bytes: &Bytes, now: Instant) {
        // RFC 9653 section 5.3.
        let policy = if self.config.extensions.zero_checksum {
            ChecksumPolicy::ZeroAllowed
        } else {
            ChecksumPolicy::Required
        };
        let packet = match Packet::decode(bytes, policy) {
            Ok(packet) => packet,
            Err(PacketError::Checksum) => return self.discards.add(Discard::Checksum),
            Err(PacketError::Truncated | PacketError::Port) => {
                return self.discards.add(Discard::Malformed);
            }
        };
        let header = packet.header;
        if header.source_port != self.config.remote_port
            || header.destination_port != self.config.local_port
        {
            return self.discards.add(Discard::Port);
        }
        let mut chunks = packet.raw_chunks();
        let Some(Ok(first)) = chunks.next() else { return self.discards.add(Discard::Chunk) };
        let is_alone = chunks.next().is_none();
        if !self.is_admitted(&first, header.verification_tag, is_alone) {
            return;
        }
        let was_owing = self.is_owing_sack();
        let mut has_data = false;
        for raw in packet.raw_chunks() {
            let Ok(raw) = raw else {
                self.discards.add(Discard::Chunk);
                break;
            };
            has_data |= matches!(raw.kind(), ChunkType::DATA | ChunkType::I_DATA);
            if self.read_chunk(raw, header.verification_tag, bytes, now) == Reading::Ends {
                break;
            }
        }
        if has_data {
            self.end_data(was_owing, now);
        }
    }

    fn is_owing_sack(&self) -> bool {
        matches!(&self.stage, Stage::Open(session) if session.receiver.is_owing())
    }

    fn end_data(&mut self, was_owing: bool, now: Instant) {
        let Stage::Open(session) = &mut self.stage else { return };
        session.receiver.end_packet(was_owing);
        if matches!(session.phase, Phase::ShutdownSent(_)) {
            self.answer_data_with_shutdown(now);
        }
        self.reset_deferred();
    }

    /// The rules for verification tags (RFC 9260 section 8.5), and what belongs to no association
    /// (section 8.4).
    fn is_admitted(&mut self, first: &RawChunk<'_>, tag: VerificationTag, is_alone: bool) -> bool {
        let own = self.own.tag;
        let peer = match &self.stage {
            Stage::Open(session) => Some(session.peer_tag),
            Stage::Closed | Stage::CookieWait(_) | Stage::Ended => None,
        };
        let is_reflected = first.flags() & 1 == 1;
        match first.kind() {
            ChunkType::INIT => {
                if tag != VerificationTag(0) {
                    self.discards.add(Discard::Tag);
                } else if !is_alone {
                    self.discards.add(Discard::Bundling);
                } else {
                    return true;
                }
                false
            }
            ChunkType::INIT_ACK if !is_alone => {
                self.discards.add(Discard::Bundling);
                false
            }
            // Its own tag is checked with it (section 8.5.1 D and 5.2.4).
            ChunkType::COOKIE_ECHO => true,
            ChunkType::ABORT | ChunkType::SHUTDOWN_COMPLETE => {
                let is_right = if is_reflected { Some(tag) == peer } else { tag == own };
                if !is_right {
                    self.discards.add(Discard::Tag);
                }
                is_right
            }
            // Section 8.5.1 E.
            ChunkType::SHUTDOWN_ACK if self.is_setting_up() => true,
            _ if peer.is_none() && !matches!(self.stage, Stage::CookieWait(_)) => {
                self.answer_out_of_the_blue(first, tag);
                false
            }
            _ if tag != own => {
                self.discards.add(Discard::Tag);
                false
            }
            _ => true,
        }
    }

    fn is_setting_up(&self) -> bool {
        match &self.stage {
            Stage::Closed | Stage::CookieWait(_) => true,
            Stage::Open(session) => matches!(session.phase, Phase::CookieEchoed(_)),
            Stage::Ended => false,
        }
    }

    /// RFC 9260 section 8.4: nothing is known of the association that this belongs to.
    fn answer_out_of_the_blue(&mut self, first: &RawChunk<'_>, tag: VerificationTag) {
        self.discards.add(Discard::Tag);
        let is_harmless = match first.decode() {
            // 7: a stale cookie, or any other error, of an association that is gone.
            Ok(Chunk::Error(_) | Chunk::CookieAck(_)) | Err(_) => true,
            Ok(_) => false,
        };
        if !is_harmless {
            // 8.
            self.send_alone(&Abort { is_tag_reflected: true, causes: [].as_slice().into() }, tag);
        }
    }

    fn read_chunk(
        &mut self,
        raw: RawChunk<'_>,
        tag: VerificationTag,
        bytes: &Bytes,
        now: Instant,
    ) -> Reading {
        let chunk = match raw.decode() {
            Ok(chunk) => chunk,
            Err(error) => return self.read_error(&error),
        };
        match chunk {
            Chunk::Data(data) => return self.on_data(&data, bytes, now),
            Chunk::IData(data) => return self.on_i_data(&data, bytes, now),
            Chunk::Sack(sack) => self.on_sack(&sack, now),
            Chunk::Init(init) => self.on_init(&init, now),
            Chunk::InitAck(ack) => self.on_init_ack(&ack, now),
            Chunk::CookieEcho(echo) => {
                if !self.on_cookie_echo(&echo, tag, now) {
                    return Reading::Ends;
                }
            }
            Chunk::CookieAck(ack) => self.on_cookie_ack(ack, now),
            Chunk::Heartbeat(heartbeat) => self.on_heartbeat(&heartbeat),
            Chunk::HeartbeatAck(ack) => self.on_heartbeat_ack(&ack, now),
            Chunk::Shutdown(shutdown) => self.on_shutdown(shutdown, now),
            Chunk::ShutdownAck(_) => self.on_shutdown_ack(tag),
            Chunk::ShutdownComplete(_) => self.on_shutdown_complete(),
            Chunk::Abort(abort) => {
                self.on_abort(&abort);
                return Reading::Ends;
            }
            Chunk::Error(error) => self.on_error(&error, now),
            Chunk::ForwardTsn(forward) => self.on_forward_tsn(&forward),
            Chunk::IForwardTsn(forward) => self.on_i_forward_tsn(&forward),
            Chunk::ReConfig(re_config) => self.on_re_config(&re_config, now),
            Chunk::Ecne(_) | Chunk::Cwr(_) | Chunk::Pad(_) => {}
            Chunk::Unknown(unknown) => return self.on_unknown(&unknown),
        }
        if matches!(self.stage, Stage::Ended) { Reading::Ends } else { Reading::GoesOn }
    }

    fn read_error(&mut self, error: &ChunkError) -> Reading {
        self.discards.add(Discard::Chunk);
        match *error {
            ChunkError::NoUserData { tsn } => {
                // RFC 9260 section 6.2: at once.
                if matches!(&self.stage, Stage::Open(session) if session.may_receive_data()) {
                    self.send_abort(&[Cause::NoUserData(tsn)]);
                    self.close(crate::event::CloseReason::ProtocolViolation);
                }
                Reading::Ends
            }
            ChunkError::Init { kind, initiate_tag, .. } => {
                // Section 3.3.2: refused where there is somebody to tell.
                if kind == ChunkType::INIT && initiate_tag != VerificationTag(0) {
                    let causes = [Cause::InvalidMandatoryParameter];
                    let abort = Abort { is_tag_reflected: false, causes: causes.as_slice().into() };
                    self.send_alone(&abort, initiate_tag);
                } else if kind == ChunkType::INIT_ACK && matches!(self.stage, Stage::CookieWait(_))
                {
                    // Section 3.3.3: the association cannot be.
                    self.close(crate::event::CloseReason::UnusableInitAck);
                }
                Reading::Ends
            }
            ChunkError::Framing(_) => Reading::Ends,
            ChunkError::Malformed { .. } => Reading::GoesOn,
        }
    }

    fn on_data(&mut self, data: &Data<'_>, packet: &Bytes, now: Instant) -> Reading {
        let Stage::Open(session) = &mut self.stage else {
            self.discards.add(Discard::Unexpected);
            return Reading::Ends;
        };
        if !session.may_receive_data() {
            self.discards.add(Discard::Unexpected);
            return Reading::GoesOn;
        }
        if session.extensions.interleaving {
            // RFC 8260 section 2.2.2: never both.
            self.violate();
            return Reading::Ends;
        }
        let taken = session.receiver.on_data(data, packet, now);
        self.book(taken, data.stream);
        Reading::GoesOn
    }

    fn on_i_data(&mut self, data: &IData<'_>, packet: &Bytes, now: Instant) -> Reading {
        let Stage::Open(session) = &mut self.stage else {
            self.discards.add(Discard::Unexpected);
            return Reading::Ends;
        };
        if !session.may_receive_data() {
            self.discards.add(Discard::Unexpected);
            return Reading::GoesOn;
        }
        if !session.extensions.interleaving {
            self.violate();
            return Reading::Ends;
        }
        let taken = session.receiver.on_i_data(data, packet, now);
        self.book(taken, data.stream);
        Reading::GoesOn
    }

    fn book(&mut self, taken: Taken, stream: StreamId) {
        let reason = match taken {
            Taken::Yes => return,
            Taken::Duplicate => Discard::Duplicate,
            Taken::NoRoom => Discard::NoRoom,
            Taken::Stale => Discard::Stale,
            Taken::NoSuchStream => {
                // RFC 9260 section 6.5.
                let causes = [Cause::InvalidStreamIdentifier(stream)];
                self.send_to_peer(&OperationError { causes: causes.as_slice().into() });
                Discard::NoSuchStream
            }
        };
        self.discards.add(reason);
    }

    fn on_sack(&mut self, sack: &Sack<'_>, now: Instant) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        if matches!(session.phase, Phase::CookieEchoed(_)) {
            return self.discards.add(Discard::Unexpected);
        }
        match session.sender.on_sack(sack, &mut self.outbox, now) {
            Some(true) => session.hear(),
            Some(false) => session.was_heard = true,
            // RFC 9260 section 6.2.1: of a TSN that was never sent.
            None => self.violate(),
        }
    }

    fn on_forward_tsn(&mut self, forward: &ForwardTsn<'_>) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        if !session.may_receive_data() || !session.extensions.partial_reliability {
            return self.discards.add(Discard::Unexpected);
        }
        if session.extensions.interleaving {
            return self.violate();
        }
        session.receiver.on_forward_tsn(forward);
        self.reset_deferred();
    }

    fn on_i_forward_tsn(&mut self, forward: &IForwardTsn<'_>) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        if !session.may_receive_data() || !session.extensions.partial_reliability {
            return self.discards.add(Discard::Unexpected);
        }
        if !session.extensions.interleaving {
            return self.violate();
        }
        session.receiver.on_i_forward_tsn(forward);
        self.reset_deferred();
    }

    fn on_error(&mut self, error: &OperationError<'_>, now: Instant) {
        for cause in error.causes.iter() {
            if let Cause::StaleCookie(_) = cause {
                self.on_stale_cookie(now);
                continue;
            }
            let information = Bytes::copy_from_slice(information(&cause));
            self.output.event(Event::PeerError { cause: cause.code().0, information });
        }
    }

    /// RFC 9260 section 3.2: the two highest bits of its type say what to do.
    fn on_unknown(&mut self, unknown: &RawChunk<'_>) -> Reading {
        self.discards.add(Discard::UnknownChunk);
        let todo = unknown.kind().unrecognized();
        if todo.is_reported() && unknown.bytes().len() <= LONGEST_REPORT {
            let causes = [Cause::UnrecognizedChunkType(unknown.bytes())];
            self.send_to_peer(&OperationError { causes: causes.as_slice().into() });
        }
        if todo.is_stop() { Reading::Ends } else { Reading::GoesOn }
    }
}

/// Longer chunks are not sent back.
const LONGEST_REPORT: usize = 1000;
