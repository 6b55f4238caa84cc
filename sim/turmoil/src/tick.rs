//! How long a tick may be.

use std::time::Duration;

/// The length of a tick: a whole number of milliseconds, since tokio's timers know nothing finer.
///
/// Within a tick the fabric runs first and guests second, so what a guest sends must not be able to
/// reach anybody in the same tick: a tick is at most as long as the shortest time in which a packet
/// can cross a guest's own link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(Duration);

impl Tick {
    /// The longest tick for guests whose links take at least `least_delay`, and no longer than
    /// 10 ms, so that crashes and events take effect soon. `None` where that is below 1 ms.
    #[must_use]
    pub fn longest(least_delay: Duration) -> Option<Self> {
        let millis = u64::try_from(least_delay.as_millis()).unwrap_or(u64::MAX).min(LONGEST);
        (millis > 0).then_some(Self(Duration::from_millis(millis)))
    }

    /// The length.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }
}

const LONGEST: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_whole_milliseconds_and_no_longer_than_the_fastest_link() {
        let longest =
            |micros| Tick::longest(Duration::from_micros(micros)).map(|tick| tick.duration());
        assert_eq!(longest(999), None);
        assert_eq!(longest(1_000), Some(Duration::from_millis(1)));
        assert_eq!(longest(2_999), Some(Duration::from_millis(2)));
        assert_eq!(longest(80_000), Some(Duration::from_millis(10)));
    }
}
