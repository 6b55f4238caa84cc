//! Priorities of pairs, as far as a record tells them (RFC 8445 section 6.1.2.3).

/// The priority of the valid pair that an answer made of a pair with a host candidate (section 7.2.5.3.2): its local
/// candidate is the one that the other side saw, of this kind. Never higher than the pair's own.
pub(crate) fn of_valid_pair(pair: i64, is_controlling: bool, seen_as: &str) -> i64 {
    let Some(preference) = type_preference(seen_as) else { return pair };
    let (low, high) = (pair >> 32, (pair & 0xffff_ffff) >> 1);
    let (controlling, controlled) = if pair & 1 == 1 { (high, low) } else { (low, high) };
    let valid = |local: i64| (preference << 24) | (local & 0x00ff_ffff);
    let (controlling, controlled) = match is_controlling {
        true => (valid(controlling), controlled),
        false => (controlling, valid(controlled)),
    };
    let (low, high) = (controlling.min(controlled), controlling.max(controlled));
    let valid = (low << 32).saturating_add(2 * high + i64::from(controlling > controlled));
    valid.min(pair)
}

/// Section 5.1.2.2's recommendation; a kind that nobody named is peer-reflexive.
fn type_preference(kind: &str) -> Option<i64> {
    match kind {
        "host" => Some(126),
        "prflx" | "?" => Some(110),
        "srflx" => Some(100),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pair of host candidates with local preferences 65534 and 65533, the controlling side's first.
    const HOSTS: i64 = (((126 << 24) | 0x00ff_fdff) << 32) + 2 * ((126 << 24) | 0x00ff_feff) + 1;

    #[test]
    fn a_valid_pair_counts_by_the_kind_of_its_mapped_address() {
        let priority =
            |local: i64| (((local << 24) | 0x00ff_feff) << 32) + 2 * ((126 << 24) | 0x00ff_fdff);
        assert_eq!(of_valid_pair(HOSTS, true, "srflx"), priority(100));
        assert_eq!(of_valid_pair(HOSTS, true, "prflx"), priority(110));
        assert_eq!(of_valid_pair(HOSTS, true, "host"), HOSTS);
        let mine = (((100 << 24) | 0x00ff_fdff) << 32) + 2 * ((126 << 24) | 0x00ff_feff) + 1;
        assert_eq!(of_valid_pair(HOSTS, false, "srflx"), mine);
    }
}
