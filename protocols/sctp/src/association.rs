//! The association: commands, dispatch of what arrives and of what is due, and the one place where
//! packets are filled.

use bytes::Bytes;
use icelab_sans_io::{Deadline, Instant, Output, OutputQueue, Protocol, Rng};

use crate::config::Config;
use crate::cookie::Baker;
use crate::discard::Discards;
use crate::event::{CloseReason, Event, SendError};
use crate::message::{Message, Received};
use crate::packet::chunk::EncodeChunk;
use crate::packet::{Checksum, Header, PacketWriter, StreamId, VerificationTag};
use crate::peer::Own;
use crate::replies::length_alone;
use crate::rx::Receiver;
use crate::session::Session;
use crate::setup::CookieWait;
use crate::stats::Stats;
use crate::tx::{Expired, News, Outbox};

/// One end of an SCTP association over DTLS (RFC 9260, RFC 8261). Both ends are equal: either may call
/// [`connect`](Self::connect), or both.
///
/// Packets go in and out as bytes from the common header on; the layer below neither repeats nor keeps
/// their order.
#[derive(Debug)]
pub struct Association {
    pub(crate) config: Config,
    pub(crate) rng: Rng,
    pub(crate) own: Own,
    pub(crate) baker: Baker,
    pub(crate) stage: Stage,
    pub(crate) outbox: Outbox,
    pub(crate) output: OutputQueue<Vec<u8>, Event>,
    pub(crate) discards: Discards,
    pub(crate) is_shutdown_wanted: bool,
    /// Whether `Readable` was told since `receive` has answered `None` last.
    pub(crate) is_readable_told: bool,
    /// How often `PeerReset` was told and not polled yet.
    unheard_resets: usize,
}

/// How far the association has come.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Nothing yet.
    Closed,
    CookieWait(Box<CookieWait>),
    Open(Box<Session>),
    /// It is over; what had arrived by then can be read.
    Ended(Option<Box<Receiver>>),
}

impl Association {
    /// An end that answers, and that asks once [`connect`](Self::connect) is called.
    #[must_use]
    pub fn new(config: Config, mut rng: Rng) -> Self {
        Self {
            own: Own::draw(&mut rng),
            baker: Baker::new(&mut rng),
            outbox: Outbox::new(config.scheduling),
            config,
            rng,
            stage: Stage::Closed,
            output: OutputQueue::new(),
            discards: Discards::default(),
            is_shutdown_wanted: false,
            is_readable_told: false,
            unheard_resets: 0,
        }
    }

    /// Asks the peer for an association (RFC 9260 section 5.1 A). Where there is one, or where it has
    /// been asked for, nothing happens.
    pub fn connect(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Closed) {
            self.begin(now);
        }
    }

    /// Takes a message; it is sent when its turn comes, at once where nothing holds it up. Before the
    /// association is up messages wait.
    ///
    /// # Errors
    /// Where it cannot be sent at all, or the send buffer is full.
    pub fn send(&mut self, message: Message, now: Instant) -> Result<(), SendError> {
        let outgoing = match &self.stage {
            Stage::Ended(_) => return Err(SendError::Closed),
            Stage::Open(session) if !session.accepts_messages() => return Err(SendError::Closed),
            Stage::Open(session) => session.outgoing_streams,
            Stage::Closed | Stage::CookieWait(_) => self.config.streams.0.max(1),
        };
        if self.is_shutdown_wanted {
            return Err(SendError::Closed);
        }
        let stream = message.stream;
        if message.payload.is_empty() {
            return Err(SendError::Empty);
        }
        if stream.0 >= outgoing {
            return Err(SendError::NoSuchStream { stream, last: StreamId(outgoing - 1) });
        }
        if self.outbox.is_resetting(stream) {
            return Err(SendError::Resetting { stream });
        }
        let (waiting, limit) = (self.outbox.waiting(), self.config.send_buffer);
        // A message longer than the buffer passes where nothing else waits.
        if waiting > 0 && waiting + message.payload.len() > limit {
            return Err(SendError::BufferFull { waiting, limit });
        }
        self.outbox.push(message, now);
        self.settle(now);
        Ok(())
    }

    /// Hands over the oldest message, or part of one, that can be read. That makes room for others. What had
    /// arrived before the end can be read after it; what follows a reset, once that was polled.
    pub fn receive(&mut self, now: Instant) -> Option<Received> {
        let is_heard = self.unheard_resets == 0;
        let receiver = self.receiver()?;
        let taken = if is_heard { receiver.take() } else { None };
        let Some((received, is_worth_telling)) = taken else {
            self.is_readable_told = false;
            self.tell_readable();
            return None;
        };
        if is_worth_telling {
            self.settle(now);
        }
        Some(received)
    }

    /// The payload bytes given to `send` on the stream that have not been sent for the first time.
    #[must_use]
    pub fn buffered_amount(&self, stream: StreamId) -> usize {
        self.outbox.waiting_on(stream)
    }

    /// [`Event::BufferedAmountLow`] comes when what waits on the stream falls to so many bytes; zero at
    /// first.
    pub fn set_buffered_amount_low_threshold(&mut self, stream: StreamId, bytes: usize) {
        self.outbox.set_threshold(stream, bytes);
    }

    /// The stream's weight against the others (RFC 8831 section 6.4: 128, 256, 512, 1024); 256 at first.
    pub fn set_priority(&mut self, stream: StreamId, priority: u16) {
        self.outbox.set_priority(stream, priority);
    }

    /// Whether the association is up: messages can be sent and received.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(&self.stage, Stage::Open(session)
            if !session.is_setting_up())
    }

    /// Whether the association is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Ended(_))
    }

    /// Whether nothing is under way, nothing waits and no answer is owed: unless something comes from above or
    /// below, this end sends heartbeats and searches for the MTU at most. One that is over rests.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        match &self.stage {
            Stage::Closed => self.outbox.is_empty(),
            Stage::CookieWait(_) => false,
            // Where no data may be sent, the setup or the end waits for an answer.
            Stage::Open(session) => {
                session.may_send_data()
                    && self.outbox.is_empty()
                    && session.sender.deadline().is_none()
                    && session.receiver.deadline().is_none()
                    && session.reconfiguration.deadline().is_none()
            }
            Stage::Ended(_) => true,
        }
    }

    /// What was dropped, by reason.
    #[must_use]
    pub const fn discards(&self) -> &Discards {
        &self.discards
    }

    /// Figures of the moment.
    #[must_use]
    pub fn stats(&self) -> Stats {
        match &self.stage {
            Stage::Open(session) => Stats::new(session),
            Stage::Closed | Stage::CookieWait(_) | Stage::Ended(_) => Stats::default(),
        }
    }

    /// Sends what may be sent, until nothing more may.
    pub(crate) fn settle(&mut self, now: Instant) {
        if let Stage::Open(session) = &mut self.stage {
            session.sender.begin_burst();
        }
        let mut was_empty = false;
        loop {
            self.begin_request(now);
            self.advance_shutdown(now);
            let Stage::Open(session) = &mut self.stage else { break };
            let has_data =
                session.may_send_data() && session.sender.may_send(&mut self.outbox, now);
            if !has_data && !session.owes_control() && !session.receiver.must_acknowledge() {
                break;
            }
            let mut packet = session.packet_of(session.mtu.current().max(session.needs()));
            session.push_control(&mut packet);
            if has_data {
                session.sender.fill(&mut packet, &mut self.outbox, now);
            }
            if packet.is_empty() {
                // What was given up may have left something to tell.
                if was_empty {
                    break;
                }
                was_empty = true;
                continue;
            }
            was_empty = false;
            self.output.packet(packet.finish(session.checksum()));
        }
        self.tell_outbox_news();
        self.tell_readable();
    }

    /// A reset is told when what came before it has been read.
    pub(crate) fn tell_readable(&mut self) {
        while let Some(streams) = self.receiver().and_then(Receiver::take_reset) {
            self.unheard_resets += 1;
            self.output.event(Event::PeerReset { streams });
        }
        if self.receiver().is_some_and(|receiver| receiver.has_ready()) && !self.is_readable_told {
            self.is_readable_told = true;
            self.output.event(Event::Readable);
        }
    }

    fn receiver(&mut self) -> Option<&mut Receiver> {
        match &mut self.stage {
            Stage::Open(session) => Some(&mut session.receiver),
            Stage::Ended(receiver) => receiver.as_deref_mut(),
            Stage::Closed | Stage::CookieWait(_) => None,
        }
    }

    pub(crate) fn tell_outbox_news(&mut self) {
        for news in core::mem::take(&mut self.outbox.news) {
            self.output.event(match news {
                News::Low(stream) => Event::BufferedAmountLow { stream },
                News::GivenUp { stream, ppid } => Event::GivenUp { stream, ppid },
            });
        }
    }

    /// A chunk in a packet of its own, to whoever has this tag.
    pub(crate) fn send_alone(&mut self, chunk: &impl EncodeChunk, tag: VerificationTag) {
        let header = Header {
            source_port: self.config.local_port,
            destination_port: self.config.remote_port,
            verification_tag: tag,
        };
        let mut packet = PacketWriter::new(header, length_alone(chunk));
        if packet.push(chunk).is_ok() {
            self.output.packet(packet.finish(Checksum::Crc32c));
        }
    }

    /// A chunk in a packet of its own, to the peer.
    pub(crate) fn send_to_peer(&mut self, chunk: &impl EncodeChunk) {
        if let Stage::Open(session) = &self.stage {
            let mut packet = session.packet_of(length_alone(chunk));
            if packet.push(chunk).is_ok() {
                self.output.packet(packet.finish(session.checksum()));
            }
        }
    }

    /// The peer has not answered once more (RFC 9260 section 8.1).
    fn count_failure(&mut self) {
        let Stage::Open(session) = &mut self.stage else { return };
        session.errors += 1;
        if session.errors > self.config.max_retransmissions {
            self.close(CloseReason::PeerSilent);
        }
    }

    fn time_out_data(&mut self, now: Instant) {
        let Stage::Open(session) = &mut self.stage else { return };
        if session.is_setting_up() {
            return;
        }
        session.receiver.handle_timeout(now);
        if session.sender.handle_timeout(now) == Expired::Timeout {
            // RFC 9260 section 6.1: a peer that answers with a closed window has not gone.
            let is_closed_window = session.sender.peer_window() == 0;
            let was_heard = core::mem::take(&mut session.was_heard);
            if session.errors >= FAILURES_BEFORE_FALL_BACK && session.mtu.fall_back(now) {
                let mtu = session.mtu.current();
                session.sender.set_mtu(mtu);
            }
            if !(is_closed_window && was_heard) {
                self.count_failure();
            }
        }
    }
}

impl Protocol for Association {
    type Input = Vec<u8>;
    type Packet = Vec<u8>;
    type Event = Event;

    fn handle_input(&mut self, input: Vec<u8>, now: Instant) {
        let bytes = Bytes::from(input);
        self.read_packet(&bytes, now);
        self.settle(now);
        self.probe_mtu(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|deadline| deadline.at > now) {
            return;
        }
        if self.init_again(now) || self.echo_cookie_again(now) {
            return;
        }
        self.time_out_data(now);
        if self.request_again(now) {
            self.count_failure();
        }
        if self.beat(now) {
            self.count_failure();
        }
        self.probe_mtu(now);
        self.end_again(now);
        self.settle(now);
    }

    fn poll_output(&mut self) -> Option<Output<Vec<u8>, Event>> {
        let output = self.output.pop();
        if let Some(Output::Event(Event::PeerReset { .. })) = output {
            self.unheard_resets -= 1;
        }
        output
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        match &self.stage {
            Stage::Closed | Stage::Ended(_) => None,
            Stage::CookieWait(wait) => Some(Deadline { at: wait.again_at, timer: "sctp.t1-init" }),
            Stage::Open(session) => session.deadline(),
        }
    }
}

/// Long packets are given up after so many timeouts in a row.
const FAILURES_BEFORE_FALL_BACK: u32 = 2;
