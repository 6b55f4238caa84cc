//! Figures of the moment.

use core::time::Duration;

use crate::session::Session;

/// Figures of the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The smoothed round trip (RFC 9260 section 6.3.1).
    pub smoothed_rtt: Duration,
    /// The retransmission timeout.
    pub rto: Duration,
    /// How many bytes may be under way.
    pub congestion_window: usize,
    /// How many bytes may leave in a second, where that is limited.
    pub pacing_rate: Option<u64>,
    /// How many bytes are under way.
    pub in_flight: usize,
    /// What the peer has room for.
    pub peer_window: usize,
    /// The longest packet, from the common header on.
    pub mtu: usize,
    /// Chunks with data that were sent, again or for the first time.
    pub data_chunks: u64,
    /// Those that were sent again.
    pub retransmissions: u64,
    /// Chunks that were sent to get an answer for the end of what was under way.
    pub probes: u64,
    /// How often the retransmission timer expired.
    pub timeouts: u64,
    /// How often what had been taken for lost turned out to have arrived.
    pub undone: u64,
}

impl Stats {
    pub(crate) fn new(session: &Session) -> Self {
        let sender = &session.sender;
        Self {
            smoothed_rtt: sender.trip.smoothed(),
            rto: sender.trip.timeout(),
            congestion_window: sender.window(),
            pacing_rate: sender.pacing_rate(),
            in_flight: sender.flight.in_flight(),
            peer_window: sender.peer_window(),
            mtu: session.mtu.current(),
            data_chunks: sender.counts.chunks,
            retransmissions: sender.counts.retransmissions,
            probes: sender.counts.probes,
            timeouts: sender.counts.timeouts,
            undone: sender.counts.undone,
        }
    }
}
