//! What exists once the peer is known: both directions of data, and all that keeps them going.

use core::time::Duration;

use icelab_sans_io::{Deadline, Instant};

use crate::config::{Config, Extensions};
use crate::heartbeat::Heartbeats;
use crate::mtu::MtuSearch;
use crate::packet::{Checksum, Header, PacketWriter, VerificationTag};
use crate::reconfiguration::Reconfiguration;
use crate::rx::Receiver;
use crate::setup::{Own, Peer};
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
    pub(crate) tries: u32,
    pub(crate) sent_at: Instant,
    /// T1-cookie.
    pub(crate) again_at: Instant,
}

/// The end is being agreed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    pub(crate) tries: u32,
    /// T2-shutdown.
    pub(crate) again_at: Instant,
    /// T5-shutdown-guard.
    pub(crate) guard: Instant,
}

impl Session {
    pub(crate) fn new(
        config: &Config,
        own: Own,
        peer: &Peer,
        trip: RoundTrip,
        now: Instant,
    ) -> Self {
        let extensions = config.extensions.and(peer.extensions);
        let agreed = Agreed {
            interleaves: extensions.interleaving,
            gives_up: extensions.partial_reliability,
        };
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
            heartbeats: Heartbeats::new(config.heartbeat, now),
            mtu: MtuSearch::new(config.mtu, config.largest_mtu),
            reconfiguration: Reconfiguration::new(own.initial_tsn.0, peer.initial_tsn.0),
            errors: 0,
            was_heard: false,
            owes_cookie_ack: false,
            unknown_parameters: Vec::new(),
        }
    }

    /// The peer turned out to be another one (RFC 9260 section 5.2.4 B).
    pub(crate) fn change_peer(&mut self, config: &Config, peer: &Peer) {
        self.peer_tag = peer.tag;
        self.header = header(config, peer.tag);
        self.outgoing_streams = config.streams.0.max(1).min(peer.inbound_streams);
        self.receiver = receiver(config, peer);
        self.reconfiguration.change_peer(peer.initial_tsn.0);
    }

    pub(crate) fn establish(&mut self, now: Instant) {
        self.phase = Phase::Established;
        self.heartbeats.begin(self.sender.trip.timeout(), now);
    }

    /// A packet to the peer.
    pub(crate) fn packet(&self) -> PacketWriter {
        self.packet_of(self.mtu.current())
    }

    pub(crate) fn packet_of(&self, limit: usize) -> PacketWriter {
        PacketWriter::new(self.header, limit)
    }

    pub(crate) const fn checksum(&self) -> Checksum {
        self.checksum
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
            Phase::ShutdownSent(ending) | Phase::ShutdownAckSent(ending) => {
                Some(Deadline { at: ending.again_at.min(ending.guard), timer: "sctp.t2-shutdown" })
            }
            Phase::Established | Phase::ShutdownPending | Phase::ShutdownReceived => None,
        };
        let named = |at: Option<Instant>, timer| at.map(|at| Deadline { at, timer });
        [
            of_phase,
            self.sender.deadline(),
            named(self.receiver.deadline(), "sctp.sack"),
            named(self.reconfiguration.deadline(), "sctp.reconfiguration"),
            named(self.heartbeats.deadline(), "sctp.heartbeat"),
            named(self.mtu.deadline(), "sctp.mtu"),
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
        Self { tries: 1, again_at: now + timeout, guard: now + longest * 5 }
    }
}

fn header(config: &Config, tag: VerificationTag) -> Header {
    Header {
        source_port: config.local_port,
        destination_port: config.remote_port,
        verification_tag: tag,
    }
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
