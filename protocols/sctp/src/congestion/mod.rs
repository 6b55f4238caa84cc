//! How much may be under way, and how fast it goes out.
//!
//! - [`Controller`]: what a congestion control is told and what it answers.
//! - [`Congestion`]: the ones there are: [`reno`](Reno) as in RFC 9260 section 7.2, [`cubic`](Cubic)
//!   as in RFC 9438, [`path`](Path), which models the path's bandwidth and round trip.

mod cubic;
mod path;
mod reno;

use core::fmt::Debug;
use core::time::Duration;

use icelab_sans_io::{Instant, Rng};

pub use cubic::Cubic;
pub use path::Path;
pub use reno::Reno;

pub use crate::tx::RateSample;

/// Decides how much may be under way.
///
/// Bytes are those of DATA chunks with their headers. An `Ack` comes after each SACK and whenever
/// chunks are taken for lost.
pub trait Controller: Debug {
    /// Chunks were acknowledged, or taken for lost, or both.
    fn on_ack(&mut self, ack: &Ack);

    /// The retransmission timer has expired (RFC 9260 section 6.3.3).
    fn on_timeout(&mut self, in_flight: usize);

    /// What was taken for lost had arrived: the last reduction was needless.
    fn undo(&mut self);

    /// The path was idle for this long, and something is to be sent (RFC 9260 section 7.2.1).
    fn on_idle(&mut self, idle: Duration, rto: Duration);

    /// A chunk may be so long from now on.
    fn on_chunk_length(&mut self, chunk: usize);

    /// How many bytes may be under way.
    fn window(&self) -> usize;

    /// How many bytes may leave in a second; `None`: as many as the window allows.
    fn rate(&self) -> Option<u64>;
}

/// What became of chunks that were under way.
#[derive(Clone, Copy, Debug)]
pub struct Ack {
    /// When.
    pub now: Instant,
    /// Bytes that have arrived, as is known now for the first time.
    pub acked: usize,
    /// Bytes that are taken for lost now.
    pub lost: usize,
    /// Whether the loss is the first after the last one was repaired: one reduction for each window.
    pub is_new_loss: bool,
    /// Whether losses that were told by SACKs are being repaired (Fast Recovery).
    pub in_recovery: bool,
    /// Bytes under way before.
    pub in_flight_before: usize,
    /// Bytes under way now.
    pub in_flight: usize,
    /// Whether the window, and not the application or the peer's window, was what held data back.
    pub is_window_limited: bool,
    /// The round trip of the newest chunk that arrived.
    pub rtt: Option<Duration>,
    /// The smoothed round trip.
    pub smoothed_rtt: Duration,
    /// How fast chunks arrived.
    pub rate: Option<RateSample>,
}

/// The congestion controls there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Congestion {
    /// RFC 9260 section 7.2: halves at each loss.
    Reno,
    /// RFC 9438: grows back to where the loss was, and carefully beyond.
    Cubic,
    /// Models the path's bandwidth and round trip: random loss does not slow it down.
    #[default]
    Path,
}

impl Congestion {
    /// A controller for chunks of up to `chunk` bytes with their headers (PMDCS), to a peer whose window
    /// is `peer_window`. `rng`: so that two of them that share a path do not keep step.
    #[must_use]
    pub fn start(self, chunk: usize, peer_window: usize, rng: Rng) -> Box<dyn Controller> {
        match self {
            Self::Reno => Box::new(Reno::new(chunk, peer_window)),
            Self::Cubic => Box::new(Cubic::new(chunk, peer_window)),
            Self::Path => Box::new(Path::new(chunk, rng)),
        }
    }
}

#[cfg(test)]
mod testing {
    use super::*;

    /// So many bytes arrived, and the window had been full.
    pub(super) fn ack(acked: usize) -> Ack {
        Ack {
            now: Instant::START,
            acked,
            lost: 0,
            is_new_loss: false,
            in_recovery: false,
            in_flight_before: acked,
            in_flight: 0,
            is_window_limited: true,
            rtt: Some(Duration::from_millis(50)),
            smoothed_rtt: Duration::from_millis(50),
            rate: None,
        }
    }
}
