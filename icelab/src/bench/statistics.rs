//! Means, percentiles, fairness.

/// The mean; 0 of nothing.
pub(super) fn mean(figures: &[f64]) -> f64 {
    if figures.is_empty() { 0.0 } else { figures.iter().sum::<f64>() / figures.len() as f64 }
}

/// The smallest figure that so many of a thousand are not above (nearest rank); `None` of nothing.
pub(super) fn percentile<T: Copy + Ord>(sorted: &[T], thousandths: usize) -> Option<T> {
    let rank = (sorted.len() * thousandths).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied()
}

/// Jain's index: the square of the sum over the sum of the squares and their number. 1 where all have the same, one over
/// their number where one has all; 0 where nobody has anything.
pub(super) fn jain(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    if squares > 0.0 { sum * sum / (squares * shares.len() as f64) } else { 0.0 }
}

/// With three decimals, as results are written.
pub(super) fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fairness_of_shares_is_that_of_jain() {
        let near = |shares: &[f64], index: f64| (jain(shares) - index).abs() < 1e-12;
        assert!(near(&[3.0, 3.0], 1.0));
        assert!(near(&[7.0, 0.0], 0.5));
        assert!(near(&[0.0, 0.0, 5.0, 0.0], 0.25));
        // (1 + 2 + 3)^2 / (3 * (1 + 4 + 9))
        assert!(near(&[1.0, 2.0, 3.0], 36.0 / 42.0));
        assert!(near(&[0.0, 0.0], 0.0));
    }

    #[test]
    fn a_percentile_is_one_of_the_figures() {
        let sorted: Vec<u32> = (1..=20).collect();
        let found = [0, 50, 500, 950, 951, 990, 1000].map(|at| percentile(&sorted, at));
        assert_eq!(found, [1, 1, 10, 19, 20, 20, 20].map(Some));
        assert_eq!(percentile::<u32>(&[], 500), None);
    }

    #[test]
    fn the_mean_of_nothing_is_nothing() {
        assert!(mean(&[]).abs() < 1e-12);
        assert!((mean(&[1.0, 2.0, 6.0]) - 3.0).abs() < 1e-12);
    }
}
