//! What a link does to packets, as whole numbers.

use std::time::Duration;

use icelab_sans_io::Instant;

use super::chance::Chance;
use super::trace::Trace;

/// A link between a node and the next one towards the internet, each direction apart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LinkConfig {
    /// From the owner towards the internet.
    pub up: DirectionConfig,
    /// From the internet towards the owner.
    pub down: DirectionConfig,
}

impl LinkConfig {
    /// The same in both directions.
    #[must_use]
    pub fn symmetric(direction: DirectionConfig) -> Self {
        Self { up: direction.clone(), down: direction }
    }
}

/// One direction of a link.
///
/// A packet waits in the queue, is sent at the link's rate, may be lost, travels for `delay` plus
/// some `jitter`, and may be duplicated, corrupted or held back on the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirectionConfig {
    /// Bits per second, of IP packets with their headers; `None` sends in no time.
    pub rate: Option<Bitrate>,
    /// Propagation, one way.
    pub delay: Duration,
    /// Each packet takes up to this much longer, evenly spread; never overtakes another one.
    pub jitter: Duration,
    /// Which packets are lost.
    pub loss: Loss,
    /// Which packets arrive later than those behind them.
    pub reorder: Reorder,
    /// A packet arrives twice.
    pub duplicate: Chance,
    /// One bit of the packet, headers included, arrives wrong.
    pub corrupt: Chance,
    /// How much may wait.
    pub queue: QueueLimit,
    /// In which order what waits goes out, and what is dropped or marked.
    pub discipline: Discipline,
    /// The largest IP packet, in bytes; at least 68 (RFC 791) counts.
    pub mtu: u16,
    /// What becomes of larger ones that may not be fragmented.
    pub oversize: Oversize,
    /// Changes over time, counted from the run's beginning.
    pub schedule: Vec<ScheduledChange>,
    /// Delivery opportunities, instead of a rate.
    pub trace: Option<Trace>,
}

impl Default for DirectionConfig {
    /// No delay, no rate, nothing lost, 1,000 packets of queue, 1,500 bytes of MTU.
    fn default() -> Self {
        Self {
            rate: None,
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: Loss::None,
            reorder: Reorder::default(),
            duplicate: Chance::NEVER,
            corrupt: Chance::NEVER,
            queue: QueueLimit::default(),
            discipline: Discipline::DropTail,
            mtu: 1500,
            oversize: Oversize::TooBig,
            schedule: Vec::new(),
            trace: None,
        }
    }
}

/// Bits per second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Bitrate(u64);

impl Bitrate {
    /// From bits per second; nothing is slower than 1 bit/s.
    #[must_use]
    pub const fn from_bits_per_second(bits: u64) -> Self {
        Self(if bits == 0 { 1 } else { bits })
    }

    /// From kbit/s.
    #[must_use]
    pub const fn from_kbit(kbit: u64) -> Self {
        Self::from_bits_per_second(kbit.saturating_mul(1_000))
    }

    /// From Mbit/s.
    #[must_use]
    pub const fn from_mbit(mbit: u64) -> Self {
        Self::from_bits_per_second(mbit.saturating_mul(1_000_000))
    }

    /// Bits per second.
    #[must_use]
    pub const fn as_bits_per_second(self) -> u64 {
        self.0
    }

    /// How long so many bytes take, rounded up to a nanosecond.
    #[must_use]
    pub fn time_for(self, bytes: usize) -> Duration {
        let nanos = (bytes as u128 * 8 * 1_000_000_000).div_ceil(u128::from(self.0));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Which packets are lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Loss {
    /// None.
    #[default]
    None,
    /// Each with this chance, whatever became of the others.
    Independent(Chance),
    /// In bursts: a chain of a good and a bad state, stepped once for each packet (Gilbert 1960, Elliott 1963).
    GilbertElliott {
        /// From the good into the bad state.
        worsen: Chance,
        /// From the bad into the good state.
        recover: Chance,
        /// Loss in the good state.
        loss_when_good: Chance,
        /// Loss in the bad state.
        loss_when_bad: Chance,
    },
}

impl Loss {
    /// Loss of this share of all packets, in bursts of `mean_length` packets on average.
    ///
    /// Everything is lost in the bad state and nothing in the good one. A length of 1 or less is independent loss. Where
    /// bursts of that length cannot lose so much, with one packet between two of them, they are longer.
    #[must_use]
    pub fn bursts(share: Chance, mean_length: u32) -> Self {
        if share.is_never() {
            return Self::None;
        }
        if mean_length <= 1 || share == Chance::ALWAYS {
            return Self::Independent(share);
        }
        let all = u64::from(Chance::ALWAYS.as_ppb());
        let lost = u64::from(share.as_ppb());
        let kept = all - lost;
        let wished = u64::from(Chance::one_in(mean_length).as_ppb());
        // The share is worsen / (worsen + recover), and worsen is no more than always.
        let recover = wished.min(kept * all / lost);
        let worsen = (lost * recover / kept).min(all);
        let chance = |parts| Chance::from_ppb(u32::try_from(parts).unwrap_or(u32::MAX));
        Self::GilbertElliott {
            worsen: chance(worsen),
            recover: chance(recover),
            loss_when_good: Chance::NEVER,
            loss_when_bad: Chance::ALWAYS,
        }
    }
}

/// Packets held back, so that those behind them arrive first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reorder {
    /// How often.
    pub chance: Chance,
    /// For how long.
    pub hold: Duration,
}

/// How much may wait before a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueueLimit {
    /// So many packets.
    Packets(u32),
    /// Packets of so many bytes together.
    Bytes(u64),
}

impl Default for QueueLimit {
    fn default() -> Self {
        Self::Packets(1_000)
    }
}

/// What orders, drops and marks the packets that wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Discipline {
    /// First in, first out; what finds the queue full is dropped.
    #[default]
    DropTail,
    /// First in, first out; packets that go while more than this many bytes wait, their own among them, are marked
    /// (RFC 3168); what cannot be marked goes as with drop-tail.
    MarkAbove {
        /// The threshold in bytes.
        bytes: u64,
    },
    /// Controlled delay (RFC 8289).
    CoDel(CoDel),
    /// Controlled delay for each flow, flows in turn (RFC 8290).
    FqCoDel {
        /// For each flow.
        codel: CoDel,
        /// How many queues the flows are hashed into.
        flows: u16,
        /// Bytes that a flow sends in its turn.
        quantum: u16,
    },
}

impl Discipline {
    /// RFC 8290 section 5.2's values: 1,024 queues and a quantum of 1,514 bytes.
    pub const FQ_CODEL: Self = Self::FqCoDel { codel: CoDel::DEFAULT, flows: 1024, quantum: 1514 };
}

/// The settings of controlled delay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CoDel {
    /// The standing delay that is fine (RFC 8289 section 4.4).
    pub target: Duration,
    /// For how long it may be more.
    pub interval: Duration,
    /// Whether packets that can carry a mark are marked rather than dropped (RFC 3168).
    pub is_marking: bool,
}

impl CoDel {
    /// 5 ms, 100 ms (RFC 8289 section 4), with marking.
    pub const DEFAULT: Self = Self {
        target: Duration::from_millis(5),
        interval: Duration::from_millis(100),
        is_marking: true,
    };
}

impl Default for CoDel {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What becomes of a packet above the MTU that may not be fragmented.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Oversize {
    /// Its sender is told (RFC 1191 section 4, RFC 4443 section 3.2).
    #[default]
    TooBig,
    /// Nobody is told.
    BlackHole,
}

/// Settings that change while the network runs; what is `None` stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LinkChange {
    /// New rate; `Some(None)` takes the limit away.
    pub rate: Option<Option<Bitrate>>,
    /// New propagation delay.
    pub delay: Option<Duration>,
    /// New jitter.
    pub jitter: Option<Duration>,
    /// New loss.
    pub loss: Option<Loss>,
    /// New reordering.
    pub reorder: Option<Reorder>,
    /// New duplication.
    pub duplicate: Option<Chance>,
    /// New corruption.
    pub corrupt: Option<Chance>,
    /// New queue limit; what already waits stays.
    pub queue: Option<QueueLimit>,
    /// New discipline; what already waits is taken over.
    pub discipline: Option<Discipline>,
    /// New MTU.
    pub mtu: Option<u16>,
    /// New treatment of larger packets.
    pub oversize: Option<Oversize>,
    /// New trace; `Some(None)` goes back to the rate.
    pub trace: Option<Option<Trace>>,
    /// Whether packets pass at all; while not, what is sent is lost.
    pub is_up: Option<bool>,
}

/// A change at a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScheduledChange {
    /// When.
    pub at: Instant,
    /// What.
    pub set: LinkChange,
}
