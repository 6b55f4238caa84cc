//! Which bytes of a message are there.

/// Ranges of positions, apart and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges {
    ranges: Vec<(usize, usize)>,
}

impl Ranges {
    /// Nothing.
    pub(crate) const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// Adds `start..end`; joins what touches.
    pub(crate) fn add(&mut self, start: usize, end: usize) {
        if start >= end {
            return;
        }
        let first = self.ranges.partition_point(|range| range.1 < start);
        let last = self.ranges.partition_point(|range| range.0 <= end);
        let joined = self.ranges.get(first..last).unwrap_or_default();
        let start = joined.first().map_or(start, |range| range.0.min(start));
        let end = joined.last().map_or(end, |range| range.1.max(end));
        self.ranges.splice(first..last, [(start, end)]);
    }

    /// How far it reaches from 0 without a gap.
    pub(crate) fn contiguous(&self) -> usize {
        match self.ranges.first() {
            Some((0, end)) => *end,
            Some(_) | None => 0,
        }
    }

    /// The gaps within `0..length`, in order.
    pub(crate) fn gaps(&self, length: usize) -> Vec<(usize, usize)> {
        let mut gaps = Vec::new();
        let mut position = 0;
        for (start, end) in &self.ranges {
            if position < *start {
                gaps.push((position, *start));
            }
            position = *end;
        }
        if position < length {
            gaps.push((position, length));
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_and_gaps_are_a_set_and_its_complement(
            pieces in prop::collection::vec((0_usize..40, 0_usize..10), 0..12),
        ) {
            let mut ranges = Ranges::new();
            let mut set = [false; 50];
            for (start, length) in pieces {
                ranges.add(start, start + length);
                set[start..start + length].fill(true);
            }
            let mut missing = [true; 50];
            for (start, end) in ranges.gaps(50) {
                prop_assert!(start < end);
                missing[start..end].fill(false);
            }
            prop_assert_eq!(set, missing);
            prop_assert_eq!(ranges.contiguous(), set.iter().take_while(|there| **there).count());
        }
    }
}
