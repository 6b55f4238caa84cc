//! Links and figures in words, and the order of names.

use crate::bench::results::Link;

/// `18 Mbit/s, RTT 60 ms, queue 128 KiB`.
pub(super) fn place(link: &Link) -> String {
    let rtt = number(link.rtt_ms.as_f64());
    match (link.rate_mbit, link.queue_bytes) {
        (Some(rate), Some(queue)) => {
            format!("{} Mbit/s, RTT {rtt} ms, queue {}", number(rate), size(queue))
        }
        (Some(rate), None) => format!("{} Mbit/s, RTT {rtt} ms", number(rate)),
        (None, _) => {
            format!("no limit of rate, RTT {rtt} ms, window {}", size(link.window_bytes as u64))
        }
    }
}

/// `0.1 %`.
pub(super) fn loss(link: &Link) -> String {
    format!("{} %", number(link.loss_percent))
}

/// Without needless zeros, with up to three decimals.
pub(super) fn number(figure: f64) -> String {
    let text = format!("{figure:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A rate with as many decimals as tell it apart from others.
pub(super) fn rate(mbit: f64) -> String {
    if mbit >= 100.0 { format!("{mbit:.1}") } else { format!("{mbit:.2}") }
}

/// In the largest unit that makes a whole number of it.
pub(super) fn size(bytes: u64) -> String {
    let units = [("MiB", 1 << 20), ("KiB", 1 << 10)];
    let unit = units.into_iter().find(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} B"), |(name, unit)| format!("{} {name}", bytes / unit))
}

/// Each once, in the order of coming.
pub(super) fn in_order<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}
