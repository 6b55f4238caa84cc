//! Hand-made records: lines without index, times not in order, `HASH` for what packets carry.

use icelab_sim::record::Entry;

/// The entries of a record written by hand.
pub(crate) fn entries(text: &str) -> Vec<Entry> {
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines.sort_by_key(|line| line.split(' ').next());
    let numbered = lines.into_iter().enumerate();
    let parsed = numbered.map(|(index, line)| {
        format!("{index} {}", line.replace("HASH", &"0".repeat(32))).parse().expect("an entry")
    });
    parsed.collect()
}

/// Two symmetric NATs that need a relay.
pub(crate) const SYMMETRIC: &str = include_str!("records/symmetric.txt");
