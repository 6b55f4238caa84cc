//! What one end is told before it starts.

use core::time::Duration;

use crate::congestion::Congestion;
use crate::tx::{Scheduling, first_timeout};

/// What one end is told before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Own port: of a=sctp-port (RFC 8841), 5000 by custom.
    pub local_port: u16,
    /// The peer's port.
    pub remote_port: u16,
    /// The longest packet, in bytes from the common header on: what a DTLS record has room for.
    pub mtu: usize,
    /// Up to which size longer packets are tried (RFC 8899); no larger than [`Self::mtu`]: not at all.
    pub largest_mtu: usize,
    /// How many streams this end wants to send on, and lets the peer send on.
    pub streams: (u16, u16),
    /// The payload bytes that may wait here to be read: the receiver window (a_rwnd).
    pub receive_buffer: usize,
    /// The payload bytes that may wait here, beside those, for a gap to be filled or a message to be
    /// complete. They close the receiver window only beyond this, so that a lost packet does not: its
    /// repair takes a round trip, in which as much again arrives.
    pub reordering_buffer: usize,
    /// The payload bytes that may wait here to be sent for the first time.
    pub send_buffer: usize,
    /// From how many bytes on a message that is not complete yet is handed over in parts (RFC 9260
    /// section 6.9).
    pub partial_delivery: usize,
    /// How long retransmissions wait.
    pub rto: Rto,
    /// The path's round trip, where another layer has measured it: replaces the first timeouts.
    pub rtt_hint: Option<Duration>,
    /// How long an acknowledgement may wait for a second packet (RFC 9260 section 6.2): up to 500 ms.
    pub sack_delay: Duration,
    /// How often an idle path is asked whether it lives, beside the retransmission timeout (RFC 9260
    /// section 8.3); `None`: never.
    pub heartbeat: Option<Duration>,
    /// After how many failures in a row the association ends (Association.Max.Retrans, RFC 9260
    /// section 8.1).
    pub max_retransmissions: u32,
    /// How often INIT and COOKIE ECHO are sent again (Max.Init.Retransmits, RFC 9260 section 5.1).
    pub max_init_retransmissions: u32,
    /// How long a state cookie is good (Valid.Cookie.Life, RFC 9260 section 5.1.3).
    pub cookie_life: Duration,
    /// Which of the streams that have something to send is next (RFC 8260 section 3).
    pub scheduling: Scheduling,
    /// How much may be under way.
    pub congestion: Congestion,
    /// What is offered to the peer beyond RFC 9260.
    pub extensions: Extensions,
}

impl Config {
    /// How long the first packet's answer may take.
    pub(crate) fn first_timeout(&self) -> Duration {
        self.rtt_hint.map_or(self.rto.initial, |hint| first_timeout(self.rto, hint))
    }
}

/// How long retransmissions wait (RFC 9260 section 6.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rto {
    /// Before any measurement.
    pub initial: Duration,
    /// At least.
    pub min: Duration,
    /// At most.
    pub max: Duration,
}

impl Rto {
    /// The values of RFC 9260 section 16.
    pub const RFC: Self = Self {
        initial: Duration::from_secs(1),
        min: Duration::from_secs(1),
        max: Duration::from_secs(60),
    };
}

/// What is offered to the peer beyond RFC 9260; used where the peer offers it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extensions {
    /// FORWARD TSN: messages may be given up (RFC 3758).
    pub partial_reliability: bool,
    /// RE-CONFIG: streams are reset and added (RFC 6525).
    pub stream_reset: bool,
    /// I-DATA: a long message does not hold up the others (RFC 8260).
    pub interleaving: bool,
    /// Packets from the peer need no checksum: DTLS has one of its own (RFC 9653).
    pub zero_checksum: bool,
}

impl Default for Config {
    /// What suits data channels: port 5000, packets of up to 1200 bytes, all streams, a window of 5 MiB.
    fn default() -> Self {
        Self {
            local_port: 5000,
            remote_port: 5000,
            mtu: 1200,
            largest_mtu: 1200,
            streams: (u16::MAX, u16::MAX),
            receive_buffer: 5 << 20,
            reordering_buffer: 10 << 20,
            send_buffer: 256 << 20,
            partial_delivery: 1 << 20,
            rto: Rto {
                initial: Duration::from_millis(500),
                min: Duration::from_millis(400),
                max: Duration::from_secs(60),
            },
            rtt_hint: None,
            sack_delay: Duration::from_millis(200),
            heartbeat: Some(Duration::from_secs(30)),
            max_retransmissions: 10,
            max_init_retransmissions: 8,
            cookie_life: Duration::from_secs(60),
            scheduling: Scheduling::default(),
            congestion: Congestion::default(),
            extensions: Extensions::default(),
        }
    }
}

impl Extensions {
    /// None of them.
    pub const NONE: Self = Self {
        partial_reliability: false,
        stream_reset: false,
        interleaving: false,
        zero_checksum: false,
    };

    /// Those that both sides have.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            partial_reliability: self.partial_reliability && other.partial_reliability,
            stream_reset: self.stream_reset && other.stream_reset,
            interleaving: self.interleaving && other.interleaving,
            zero_checksum: self.zero_checksum && other.zero_checksum,
        }
    }
}

impl Default for Extensions {
    /// All but interleaving, which costs four bytes more in each chunk, and which peers rarely have.
    fn default() -> Self {
        Self {
            partial_reliability: true,
            stream_reset: true,
            interleaving: false,
            zero_checksum: true,
        }
    }
}
