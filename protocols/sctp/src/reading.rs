//! What arrives: a packet's checksum, ports and tag, and then its chunks one by one (RFC 9260 sections
//! 6.10, 8.4 and 8.5).

use bytes::Bytes;
use icelab_sans_io::Instant;

use crate::association::{Association, Stage};
use crate::discard::Discard;
use crate::event::{CloseReason, Event};
use crate::packet::cause::Cause;
use crate::packet::chunk::{
    Chunk, ChunkType, Data, EncodeChunk, ForwardTsn, IData, IForwardTsn, OperationError, RawChunk,
    Sack,
};
use crate::packet::{
    ChecksumPolicy, ChunkError, Header, Packet, PacketError, StreamId, VerificationTag,
};
use crate::rx::Taken;
use crate::shutdown::information;

/// Whether the rest of a packet is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    GoesOn,
    Ends,
}

impl Association {
    pub(crate) fn read_packet(&mut self, bytes: &Bytes, now: Instant) {
        let packet = match Packet::decode(bytes, self.checksum_policy(bytes)) {
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
        if !self.is_admitted(&packet) {
            return;
        }
        let is_of_peer = header.verification_tag == self.own.tag;
        let was_owing = self.is_owing_sack();
        let mut has_data = false;
        for (place, raw) in packet.raw_chunks().enumerate() {
            let Ok(raw) = raw else {
                self.discards.add(Discard::Chunk);
                break;
            };
            if place > 0 && stands_first(raw.kind()) {
                self.discards.add(Discard::Bundling);
                break;
            }
            has_data |= matches!(raw.kind(), ChunkType::DATA | ChunkType::I_DATA);
            if self.read_chunk(raw, header.verification_tag, bytes, now) == Reading::Ends {
                break;
            }
        }
        if is_of_peer {
            self.put_off_shutdown(has_data, now);
        }
        if has_data {
            self.end_data(was_owing);
        }
        if is_of_peer && let Stage::Open(session) = &mut self.stage {
            session.sender.hear(now);
        }
    }

    /// RFC 9653 section 5.3: zero is accepted by who has said so, in INIT or in INIT ACK. Before the first
    /// INIT nothing was said; a good cookie shows that something was, and what comes out of the blue may be
    /// read.
    fn checksum_policy(&self, packet: &[u8]) -> ChecksumPolicy {
        let is_init = packet.get(Header::LENGTH) == Some(&ChunkType::INIT.0);
        let is_unheard = matches!(self.stage, Stage::Closed) && is_init;
        if self.config.extensions.zero_checksum && !is_unheard {
            ChecksumPolicy::ZeroAllowed
        } else {
            ChecksumPolicy::Required
        }
    }

    fn is_owing_sack(&self) -> bool {
        matches!(&self.stage, Stage::Open(session) if session.receiver.is_owing())
    }

    fn end_data(&mut self, was_owing: bool) {
        if let Stage::Open(session) = &mut self.stage {
            session.receiver.end_packet(was_owing);
            self.reset_deferred();
        }
    }

    /// The rules for verification tags (RFC 9260 section 8.5), and what belongs to no association
    /// (section 8.4).
    fn is_admitted(&mut self, packet: &Packet<'_>) -> bool {
        let tag = packet.header.verification_tag;
        let mut chunks = packet.raw_chunks();
        let Some(Ok(first)) = chunks.next() else {
            self.discards.add(Discard::Chunk);
            return false;
        };
        let is_alone = chunks.next().is_none();
        match first.kind() {
            ChunkType::INIT if tag != VerificationTag(0) => self.discards.add(Discard::Tag),
            ChunkType::INIT | ChunkType::INIT_ACK if !is_alone => {
                self.discards.add(Discard::Bundling);
            }
            // Its own tag is checked with it (section 8.5.1 D and 5.2.4).
            ChunkType::INIT | ChunkType::COOKIE_ECHO => return true,
            _ => match &self.stage {
                Stage::CookieWait(_) | Stage::Open(_) if tag == self.own.tag => return true,
                Stage::CookieWait(_) | Stage::Open(_) => self.read_with_other_tag(packet),
                Stage::Closed => {
                    self.discards.add(Discard::Tag);
                    self.answer_out_of_the_blue(packet);
                }
                Stage::Ended(_) => {
                    self.discards.add(Discard::Closed);
                    self.answer_out_of_the_blue(packet);
                }
            },
        }
        false
    }

    /// What is read although the tag is not this end's (section 8.5.1 B, C and E).
    fn read_with_other_tag(&mut self, packet: &Packet<'_>) {
        let tag = packet.header.verification_tag;
        if self.is_setting_up()
            && packet.raw_chunks().flatten().any(|raw| raw.kind() == ChunkType::SHUTDOWN_ACK)
        {
            return self.answer_out_of_the_blue(packet);
        }
        for raw in packet.raw_chunks().flatten() {
            match raw.decode() {
                Ok(Chunk::Abort(abort)) if self.is_for_this_end(abort.is_tag_reflected, tag) => {
                    return self.on_abort(&abort);
                }
                Ok(Chunk::ShutdownComplete(complete))
                    if self.is_for_this_end(complete.is_tag_reflected, tag) =>
                {
                    return self.on_shutdown_complete();
                }
                _ => {}
            }
        }
        self.discards.add(Discard::Tag);
    }

    /// Section 8.5.1 B and C: its own tag, or with the T bit set the peer's.
    fn is_for_this_end(&self, is_tag_reflected: bool, tag: VerificationTag) -> bool {
        if is_tag_reflected {
            matches!(&self.stage, Stage::Open(session) if session.peer_tag == tag)
        } else {
            tag == self.own.tag
        }
    }

    fn is_setting_up(&self) -> bool {
        match &self.stage {
            Stage::CookieWait(_) => true,
            Stage::Open(session) => session.is_setting_up(),
            Stage::Closed | Stage::Ended(_) => false,
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
            Chunk::Heartbeat(_) => self.on_heartbeat(raw.value()),
            Chunk::HeartbeatAck(ack) => self.on_heartbeat_ack(&ack, now),
            Chunk::Shutdown(shutdown) => self.on_shutdown(shutdown, now),
            Chunk::ShutdownAck(_) => {
                if !self.on_shutdown_ack(tag) {
                    return Reading::Ends;
                }
            }
            Chunk::ShutdownComplete(complete) => {
                if self.is_for_this_end(complete.is_tag_reflected, tag) {
                    self.on_shutdown_complete();
                } else {
                    self.discards.add(Discard::Tag);
                }
            }
            Chunk::Abort(abort) => {
                if self.is_for_this_end(abort.is_tag_reflected, tag) {
                    self.on_abort(&abort);
                } else {
                    self.discards.add(Discard::Tag);
                }
                return Reading::Ends;
            }
            Chunk::Error(error) => self.on_error(&error, now),
            Chunk::ForwardTsn(_) | Chunk::IForwardTsn(_) if !self.may_skip() => {
                return self.on_unknown(&raw);
            }
            Chunk::ForwardTsn(forward) => self.on_forward_tsn(&forward),
            Chunk::IForwardTsn(forward) => self.on_i_forward_tsn(&forward),
            Chunk::ReConfig(re_config) => self.on_re_config(&re_config, now),
            Chunk::Ecne(_) | Chunk::Cwr(_) | Chunk::Pad(_) => {}
            Chunk::Unknown(unknown) => return self.on_unknown(&unknown),
        }
        if matches!(self.stage, Stage::Ended(_)) { Reading::Ends } else { Reading::GoesOn }
    }

    fn read_error(&mut self, error: &ChunkError) -> Reading {
        self.discards.add(Discard::Chunk);
        match *error {
            ChunkError::NoUserData { tsn } => {
                // RFC 9260 section 6.2: at once.
                if matches!(&self.stage, Stage::Open(session) if session.may_receive_data()) {
                    self.send_abort(&[Cause::NoUserData(tsn)]);
                    self.close(CloseReason::ProtocolViolation);
                }
                Reading::Ends
            }
            ChunkError::Init { kind, initiate_tag, fault } => {
                self.on_init_fault(kind, initiate_tag, fault);
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
                self.reply(&OperationError { causes: causes.as_slice().into() });
                Discard::NoSuchStream
            }
        };
        self.discards.add(reason);
    }

    fn on_sack(&mut self, sack: &Sack<'_>, now: Instant) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        if session.is_setting_up() {
            return self.discards.add(Discard::Unexpected);
        }
        match session.sender.on_sack(sack, &mut self.outbox, now) {
            Some(true) => session.hear(),
            Some(false) => session.was_heard = true,
            // RFC 9260 section 6.2.1: of a TSN that was never sent.
            None => self.violate(),
        }
    }

    /// RFC 3758 section 3.3: where it was not agreed on, this end is one that does not know FORWARD TSN.
    fn may_skip(&self) -> bool {
        !matches!(&self.stage, Stage::Open(session) if !session.extensions.partial_reliability)
    }

    fn on_forward_tsn(&mut self, forward: &ForwardTsn<'_>) {
        let Stage::Open(session) = &mut self.stage else {
            return self.discards.add(Discard::Unexpected);
        };
        if !session.may_receive_data() {
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
        if !session.may_receive_data() {
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

    /// Reports what is wrong, once the association is up: before, nothing leaves but the cookie (RFC 9260
    /// section 5.1 C).
    fn reply(&mut self, chunk: &impl EncodeChunk) {
        if let Stage::Open(session) = &mut self.stage
            && !session.is_setting_up()
        {
            session.reply(chunk);
        }
    }

    /// RFC 9260 section 3.2: the two highest bits of its type say what to do.
    fn on_unknown(&mut self, unknown: &RawChunk<'_>) -> Reading {
        self.discards.add(Discard::UnknownChunk);
        let todo = unknown.kind().unrecognized();
        if todo.is_reported() {
            let causes = [Cause::UnrecognizedChunkType(unknown.bytes())];
            self.reply(&OperationError { causes: causes.as_slice().into() });
        }
        if todo.is_stop() { Reading::Ends } else { Reading::GoesOn }
    }
}

/// Chunks that are ignored behind others (RFC 9260 sections 3.2.2, 5.1 and 12.3).
const fn stands_first(kind: ChunkType) -> bool {
    matches!(
        kind,
        ChunkType::INIT
            | ChunkType::INIT_ACK
            | ChunkType::COOKIE_ECHO
            | ChunkType::SHUTDOWN_COMPLETE
    )
}
