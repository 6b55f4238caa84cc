//! What has arrived of a flow.

use icelab_sans_io::Instant;

/// What has arrived of a flow.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    /// A bit for each message that has come.
    seen: Vec<u64>,
    highest: Option<u64>,
    /// How many messages, each counted once.
    pub(super) messages: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// The bytes of those that no later one had overtaken.
    pub(super) bytes_in_order: u64,
    /// How many came once more.
    pub(super) duplicates: u64,
    /// How many were not as they had been sent.
    pub(super) broken: u64,
    /// How many came after one that was sent later.
    pub(super) overtaken: u64,
    /// When the last one came.
    pub(super) last: Option<Instant>,
}

impl Meter {
    /// Takes a message with this number; no number is above what was sent.
    pub(super) fn take(&mut self, number: u64, length: u64, now: Instant) {
        let (word, bit) = (usize::try_from(number / 64).unwrap_or(usize::MAX), 1 << (number % 64));
        if self.seen.len() <= word {
            self.seen.resize(word + 1, 0);
        }
        let Some(seen) = self.seen.get_mut(word) else { return };
        if *seen & bit != 0 {
            self.duplicates += 1;
            return;
        }
        *seen |= bit;
        self.messages += 1;
        self.bytes += length;
        self.last = Some(now);
        if self.highest.is_some_and(|highest| number < highest) {
            self.overtaken += 1;
        } else {
            self.highest = Some(number);
            self.bytes_in_order += length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_twice_late_or_not_at_all_is_counted() {
        let mut meter = Meter::default();
        for (at, number) in [(10, 0), (20, 2), (30, 1), (40, 2), (50, 130)] {
            meter.take(number, 100, Instant::from_millis(at));
        }
        assert_eq!((meter.messages, meter.bytes, meter.bytes_in_order), (4, 400, 300));
        assert_eq!((meter.duplicates, meter.overtaken), (1, 1));
        assert_eq!(meter.last, Some(Instant::from_millis(50)));
    }
}
