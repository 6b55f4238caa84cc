//! What exists once the peer is known: both directions of data, and all that keeps them going.

use core::time::Duration;

use icelab_sans_io::{Deadline, Instant, Rng};

use crate::config::{Config, Extensions};
use crate::cookie::TieTags;
use crate::heartbeat::Heartbeats;
use crate::mtu::MtuSearch;
use crate::packet::chunk::{CookieAck, EncodeChunk, Shutdown, ShutdownAck};
use crate::packet::{Checksum, Header, PacketWriter, Tsn, VerificationTag};
use crate::peer::{Own, Peer};
use crate::reconfiguration::Reconfiguration;
use crate::replies::Replies;
use crate::rx::Receiver;
use crate::tx::{Agreed, LongTsn, RoundTrip, Sender};

/// An association whose peer is known.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) phase: Phase,
    pub(crate) peer_tag: VerificationTag,
    header: Header,
    checksum: Checksum,
    /// What both ends have.
    pub(crate) extensions: Extensions,
    /// How many streams this end may send on.
    pub(crate) outgoing_streams: u16,
    pub(crate) sender: Sender,
    pub(crate) receiver: Receiver,
    pub(crate) heartbeats: Heartbeats,
    pub(crate) mtu: MtuSearch,
    pub(crate) reconfiguration: Reconfiguration,
    /// Failures in a row (RFC 9260 section 8.1).
    pub(crate) errors: u32,
    /// Whether the peer has answered anything since the retransmission timer expired last.
    pub(crate) was_heard: bool,
    pub(crate) owes_cookie_ack: bool,
    pub(crate) replies: Replies,
    pub(crate) ties: TieTags,
    /// Parameters of INIT ACK that are reported beside COOKIE ECHO (RFC 9260 section 3.2.2).
    pub(crate) unknown_parameters: Vec<Vec<u8>>,
}

/// Where in its life the association is (RFC 9260 section 4).
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    /// COOKIE ECHO was sent.
    CookieEchoed(CookieEchoed),
    /// Data flows.
    Established,
    /// Ends when all that was sent is acknowledged.
    ShutdownPending,
    /// SHUTDOWN was sent.
    ShutdownSent(Ending),
    /// The peer ends; what was sent is not acknowledged yet.
    ShutdownReceived,
    /// SHUTDOWN ACK was sent.
    ShutdownAckSent(Ending),
}

/// COOKIE ECHO was sent and not yet answered.
#[derive(Clone, Debug)]
pub(crate) struct CookieEchoed {
    pub(crate) cookie: Vec<u8>,
    /// How often INIT was sent before.
    pub(crate) inits: u32,
    pub(crate) tries: u32,
    pub(crate) sent_at: Instant,
    /// T1-cookie.
    pub(crate) again_at: Instant,
}

/// The end is being agreed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    pub(crate) tries: u32,
    pub(crate) sent_at: Instant,
    /// T2-shutdown.
    pub(crate) again_at: Instant,
    /// T5-shutdown-guard.
    pub(crate) guard: Instant,
    /// SHUTDOWN or SHUTDOWN ACK is to be sent.
    pub(crate) is_due: bool,
}

impl Session {
    pub(crate) fn new(
        config: &Config,
        own: Own,
        peer: &Peer,
        trip: RoundTrip,
        ties: TieTags,
    ) -> Self {
        let extensions = peer.agree(config.extensions);
        let agreed = agreed(&extensions);
        let first = long(own.initial_tsn.0);
        Self {
            phase: Phase::Established,
            peer_tag: peer.tag,
            header: header(config, peer.tag),
            // RFC 9653 section 5.2: what the peer said decides.
            checksum: checksum(&extensions),
            extensions,
            outgoing_streams: config.streams.0.max(1).min(peer.inbound_streams),
            sender: Sender::new(config, trip, first, peer.window, agreed, config.mtu),
            receiver: receiver(config, peer),
            heartbeats: Heartbeats::new(config.heartbeat, config.rto.max),
            mtu: MtuSearch::new(config.mtu, config.largest_mtu),
            reconfiguration: Reconfiguration::new(own.initial_tsn.0, peer.initial_tsn.0),
            errors: 0,
            was_heard: false,
            owes_cookie_ack: false,
            replies: Replies::default(),
            ties,
            unknown_parameters: Vec::new(),
        }
    }

    /// The peer turned out to be another one (RFC 9260 section 5.2.4 B).
    pub(crate) fn change_peer(&mut self, config: &Config, peer: &Peer) {
        self.peer_tag = peer.tag;
        self.header = header(config, peer.tag);
        self.extensions = peer.agree(config.extensions);
        self.checksum = checksum(&self.extensions);
        self.outgoing_streams = config.streams.0.max(1).min(peer.inbound_streams);
        self.sender.meet(peer.window, agreed(&self.extensions));
        self.receiver = receiver(config, peer);
        self.reconfiguration.change_peer(peer.initial_tsn.0);
    }

    /// The sending side goes on from an earlier attempt to set the association up.
    pub(crate) fn keep(&mut self, mut sender: Sender, peer: &Peer) {
        sender.trip = self.sender.trip.clone();
        sender.meet(peer.window, agreed(&self.extensions));
        self.sender = sender;
    }

    /// The association is up, and ends at once where that is already wanted.
    pub(crate) fn establish(&mut self, is_shutdown_wanted: bool, rng: &mut Rng, now: Instant) {
        self.phase = if is_shutdown_wanted { Phase::ShutdownPending } else { Phase::Established };
        self.heartbeats.begin(self.sender.trip.timeout(), rng, now);
    }

    /// A packet to the peer.
    /// Whether the answer to the cookie is awaited.
    pub(crate) const fn is_setting_up(&self) -> bool {
        matches!(self.phase, Phase::CookieEchoed(_))
    }

    pub(crate) fn packet(&self) -> PacketWriter {
        self.packet_of(self.mtu.current())
    }

    pub(crate) fn packet_of(&self, limit: usize) -> PacketWriter {
        PacketWriter::new(self.header, limit)
    }

    pub(crate) const fn checksum(&self) -> Checksum {
        self.checksum
    }

    /// Answers what is being read.
    pub(crate) fn reply(&mut self, chunk: &impl EncodeChunk) {
        self.replies.push(chunk, self.header, self.mtu.current());
    }

    /// Whether something beside data and acknowledgements is to be sent.
    pub(crate) fn owes_control(&self) -> bool {
        let is_ending_due = match &self.phase {
            Phase::ShutdownSent(ending) | Phase::ShutdownAckSent(ending) => ending.is_due,
            Phase::CookieEchoed(_)
            | Phase::Established
            | Phase::ShutdownPending
            | Phase::ShutdownReceived => false,
        };
        self.owes_cookie_ack
            || is_ending_due
            || !self.replies.is_empty()
            || self.reconfiguration.is_due()
    }

    /// How long a packet has to be for what cannot be divided.
    pub(crate) fn needs(&self) -> usize {
        self.sender.needs().max(self.replies.needs()).max(self.reconfiguration.needs())
    }

    /// Puts into the packet what is to be sent beside data, COOKIE ACK first (RFC 9260 section 5.1 D).
    pub(crate) fn push_control(&mut self, packet: &mut PacketWriter) {
        if core::mem::take(&mut self.owes_cookie_ack) {
            let _ = packet.push(&CookieAck);
        }
        match &mut self.phase {
            Phase::ShutdownSent(ending) if ending.is_due => {
                ending.is_due = false;
                let cumulative_tsn_ack = Tsn(self.receiver.cumulative() as u32);
                let _ = packet.push(&Shutdown { cumulative_tsn_ack });
            }
            Phase::ShutdownAckSent(ending) if ending.is_due => {
                ending.is_due = false;
                let _ = packet.push(&ShutdownAck);
            }
            Phase::CookieEchoed(_)
            | Phase::Established
            | Phase::ShutdownPending
            | Phase::ShutdownSent(_)
            | Phase::ShutdownReceived
            | Phase::ShutdownAckSent(_) => {}
        }
        self.replies.move_to(packet);
        if self.receiver.is_owing() {
            self.receiver.push_sack(packet);
        }
        if self.reconfiguration.is_due() {
            self.reconfiguration.push(packet);
        }
    }

    /// Whether data may be sent.
    pub(crate) const fn may_send_data(&self) -> bool {
        match self.phase {
            Phase::Established | Phase::ShutdownPending | Phase::ShutdownReceived => true,
            Phase::CookieEchoed(_) | Phase::ShutdownSent(_) | Phase::ShutdownAckSent(_) => false,
        }
    }

    /// Whether data may be received (RFC 9260 section 6).
    pub(crate) const fn may_receive_data(&self) -> bool {
        match self.phase {
            Phase::Established | Phase::ShutdownPending | Phase::ShutdownSent(_) => true,
            Phase::CookieEchoed(_) | Phase::ShutdownReceived | Phase::ShutdownAckSent(_) => false,
        }
    }

    /// Whether `send` takes messages.
    pub(crate) const fn accepts_messages(&self) -> bool {
        matches!(self.phase, Phase::CookieEchoed(_) | Phase::Established)
    }

    pub(crate) fn deadline(&self) -> Option<Deadline> {
        let of_phase = match &self.phase {
            Phase::CookieEchoed(echoed) => {
                return Some(Deadline { at: echoed.again_at, timer: "sctp.t1-cookie" });
            }
            Phase::ShutdownSent(ending) | Phase::ShutdownAckSent(ending) => Some(ending.deadline()),
            Phase::Established | Phase::ShutdownPending | Phase::ShutdownReceived => None,
        };
        // RFC 9260 section 8.3: not after SHUTDOWN or SHUTDOWN ACK.
        let probes = self.may_send_data();
        let named = |at: Option<Instant>, timer| at.map(|at| Deadline { at, timer });
        [
            of_phase,
            self.sender.deadline(),
            named(self.receiver.deadline(), "sctp.sack"),
            named(self.reconfiguration.deadline(), "sctp.reconfiguration"),
            named(self.heartbeats.deadline().filter(|_| probes), "sctp.heartbeat"),
            named(self.mtu.deadline().filter(|_| probes), "sctp.mtu"),
        ]
        .into_iter()
        .fold(None, Deadline::earlier)
    }

    /// The peer has answered (RFC 9260 section 8.1).
    pub(crate) const fn hear(&mut self) {
        self.errors = 0;
        self.was_heard = true;
    }
}

impl Ending {
    pub(crate) fn new(timeout: Duration, longest: Duration, now: Instant) -> Self {
        // RFC 9260 section 9.2: the guard is five times RTO.Max.
        let guard = now + longest * 5;
        Self { tries: 1, sent_at: now, again_at: now + timeout, guard, is_due: true }
    }

    fn deadline(&self) -> Deadline {
        if self.guard < self.again_at {
            Deadline { at: self.guard, timer: "sctp.t5-shutdown-guard" }
        } else {
            Deadline { at: self.again_at, timer: "sctp.t2-shutdown" }
        }
    }
}

fn header(config: &Config, tag: VerificationTag) -> Header {
    Header {
        source_port: config.local_port,
        destination_port: config.remote_port,
        verification_tag: tag,
    }
}

const fn agreed(extensions: &Extensions) -> Agreed {
    Agreed { interleaves: extensions.interleaving, gives_up: extensions.partial_reliability }
}

const fn checksum(extensions: &Extensions) -> Checksum {
    if extensions.zero_checksum { Checksum::Zero } else { Checksum::Crc32c }
}

fn receiver(config: &Config, peer: &Peer) -> Receiver {
    let count = config.streams.1.max(1).min(peer.outbound_streams);
    Receiver::new(config, long(peer.initial_tsn.0), count)
}

/// A TSN in 64 bits, far enough from zero that there are some before it.
const fn long(tsn: u32) -> LongTsn {
    (1 << 32) + tsn as LongTsn
}
