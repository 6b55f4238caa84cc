//! Times in words.

use icelab_sans_io::Instant;

/// A time in milliseconds with one decimal.
pub(crate) fn milliseconds(at: Instant) -> String {
    let tenths = at.as_nanos().saturating_add(50_000) / 100_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A few times in words: `83.0, 133.0 and 233.0 ms`, or how many there were and until when.
pub(crate) fn times(times: &[Instant]) -> String {
    let Some((last, before)) = times.split_last() else { return String::new() };
    if times.len() > SHOWN {
        return format!("{} times until {} ms", times.len(), milliseconds(*last));
    }
    let before: Vec<_> = before.iter().map(|at| milliseconds(*at)).collect();
    if before.is_empty() {
        return format!("at {} ms", milliseconds(*last));
    }
    format!("at {} and {} ms", before.join(", "), milliseconds(*last))
}

/// How many times are listed one by one.
const SHOWN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_times_are_listed_and_many_are_counted() {
        let at = |count: u64| (1..=count).map(Instant::from_millis).collect::<Vec<_>>();
        assert_eq!(times(&at(1)), "at 1.0 ms");
        assert_eq!(times(&at(3)), "at 1.0, 2.0 and 3.0 ms");
        assert_eq!(times(&at(9)), "9 times until 9.0 ms");
    }
}
