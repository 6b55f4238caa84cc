//! The link that all traffic of a measurement shares.

use core::time::Duration;

use icelab_reports::bench;
use icelab_sim::link::{Bitrate, Loss, QueueLimit};
use icelab_sim::{Chance, DirectionConfig, LinkConfig};

use super::datagram::{HEADERS, IP_AND_UDP};
use super::statistics::rounded;

/// A bottleneck: the same in both directions, first in, first out; what finds its queue full is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bottleneck {
    /// How long a packet and its answer travel, without any waiting.
    pub rtt: Duration,
    /// The share of packets that are lost at random, in each direction, after they used the link.
    pub loss: Chance,
    /// Bits per second, of IP packets; `None`: nothing ever waits.
    pub rate: Option<Bitrate>,
    /// How many bytes may wait.
    pub queue: u64,
}

impl Bottleneck {
    pub(super) fn config(&self) -> LinkConfig {
        LinkConfig::symmetric(DirectionConfig {
            rate: self.rate,
            delay: self.rtt / 2,
            loss: if self.loss.is_never() { Loss::None } else { Loss::Independent(self.loss) },
            queue: QueueLimit::Bytes(self.queue),
            ..DirectionConfig::default()
        })
    }

    /// How long a datagram with so many bytes of payload is on its way where it need not wait.
    pub(super) fn unhindered(&self, payload: usize) -> Duration {
        let sending = self.rate.map(|rate| rate.time_for(payload + IP_AND_UDP));
        self.rtt / 2 + sending.unwrap_or_default()
    }

    /// The most payload that can get through, in bits per second: a window in each round trip, and no more than the
    /// link's rate, as far as full packets are payload; of that what is not lost.
    #[must_use]
    pub fn ceiling(&self, window: usize) -> f64 {
        let arriving = 1.0 - f64::from(self.loss.as_ppb()) / 1e9;
        let payload = (MTU - SCTP_HEADERS) as f64;
        let of_window = window as f64 * 8.0 / self.rtt.as_secs_f64();
        let of_rate = self.rate.map_or(f64::INFINITY, |rate| {
            rate.as_bits_per_second() as f64 * payload / (MTU + HEADERS) as f64
        });
        of_window.min(of_rate) * arriving
    }

    /// As reports have it.
    pub(super) fn described(&self, window: usize) -> bench::Link {
        bench::Link {
            rtt_ms: self.rtt.into(),
            loss_percent: f64::from(self.loss.as_ppb()) / 1e7,
            rate_mbit: self.rate.map(|rate| rate.as_bits_per_second() as f64 / 1e6),
            queue_bytes: self.rate.map(|_| self.queue),
            window_bytes: window,
            ceiling_mbit: rounded(self.ceiling(window) / 1e6),
        }
    }
}

/// The longest packet of a stack: what data channels use on the internet.
pub(super) const MTU: usize = 1200;

/// The common header, and that of a DATA chunk (RFC 9260 sections 3.1 and 3.3.1).
const SCTP_HEADERS: usize = 12 + 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_is_what_full_packets_carry_and_the_link_does_not_lose() {
        let cell = Bottleneck {
            rtt: Duration::from_millis(50),
            loss: Chance::from_percent(10),
            rate: Some(Bitrate::from_mbit(100)),
            queue: 0,
        };
        // 1172 bytes of payload in a packet of 1200, which are 1265 on the wire: 12 + 16 of SCTP, 37 of DTLS, 8 of UDP,
        // 20 of IPv4. Of 100 Mbit/s that is 92.648 Mbit/s, of which nine tenths arrive.
        assert_eq!(cell.ceiling(5 << 20).round(), 83_383_399.0);
        // A window of 32 KiB in each of 20 round trips a second is less.
        assert_eq!(cell.ceiling(32 << 10).round(), 4_718_592.0);
        // 1 MiB in each of 20 round trips a second, 8 bits a byte, nine tenths.
        let free = Bottleneck { rate: None, ..cell };
        assert_eq!(free.ceiling(1 << 20).round(), 150_994_944.0);
    }

    #[test]
    fn a_packet_that_need_not_wait_takes_its_sending_and_half_a_round_trip() {
        let mut cell = Bottleneck {
            rtt: Duration::from_millis(50),
            loss: Chance::NEVER,
            rate: Some(Bitrate::from_mbit(1)),
            queue: 0,
        };
        // 1,000 bytes at a bit each microsecond.
        assert_eq!(cell.unhindered(972), Duration::from_millis(25 + 8));
        cell.rate = None;
        assert_eq!(cell.unhindered(972), Duration::from_millis(25));
    }
}
