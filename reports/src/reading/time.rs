//! Times in words.

use icelab_sans_io::Instant;

/// A time in milliseconds with one decimal.
pub(crate) fn milliseconds(at: Instant) -> String {
    let tenths = at.as_nanos().saturating_add(50_000) / 100_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A time as one says it, where no line of the story has to be found by it: `685.5 ms`, from ten seconds on `55.06 s`.
pub(crate) fn spoken(at: Instant) -> String {
    if at < LONG {
        return format!("{} ms", milliseconds(at));
    }
    let hundredths = at.as_nanos().saturating_add(5_000_000) / 10_000_000;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
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

/// From when on a time is told in seconds.
const LONG: Instant = Instant::from_millis(10_000);
/// How many times are listed one by one.
const SHOWN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_ten_seconds_on_a_time_is_told_in_seconds() {
        assert_eq!(spoken(Instant::from_nanos(9_999_900_000)), "9999.9 ms");
        assert_eq!(spoken(Instant::from_millis(10_000)), "10.00 s");
        assert_eq!(spoken(Instant::from_millis(55_057)), "55.06 s");
    }

    #[test]
    fn a_few_times_are_listed_and_many_are_counted() {
        let at = |count: u64| (1..=count).map(Instant::from_millis).collect::<Vec<_>>();
        assert_eq!(times(&at(1)), "at 1.0 ms");
        assert_eq!(times(&at(3)), "at 1.0, 2.0 and 3.0 ms");
        assert_eq!(times(&at(9)), "9 times until 9.0 ms");
    }
}
