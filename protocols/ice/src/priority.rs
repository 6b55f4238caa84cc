//! Priorities of candidates and pairs (RFC 8445 sections 5.1.2 and 6.1.2.3).

use crate::candidate::{CandidateKind, RelayTransport};
use crate::config::Role;

/// Section 5.1.2.1's formula with section 5.1.2.2's type preferences.
pub(crate) const fn candidate_priority(
    kind: CandidateKind,
    local_preference: u16,
    component: u16,
) -> u32 {
    let type_preference: u32 = match kind {
        CandidateKind::Host => 126,
        CandidateKind::PeerReflexive => 110,
        CandidateKind::ServerReflexive => 100,
        CandidateKind::Relayed => 0,
    };
    (type_preference << 24)
        + ((local_preference as u32) << 8)
        + 256_u32.saturating_sub(component as u32)
}

/// Among relayed candidates, how their server is reached comes before the preference from outside:
/// a relay over TCP delays and duplicates what it should lose. The type preference must not differ
/// within a type, so the difference is in the local preference; UDP alone keeps the full range's end.
pub(crate) const fn relayed_preference(
    local_preference: u16,
    transport: Option<RelayTransport>,
) -> u16 {
    let rank: u16 = match transport {
        None | Some(RelayTransport::Udp) => 3,
        Some(RelayTransport::Tcp) => 2,
        Some(RelayTransport::Tls) => 1,
    };
    rank << 14 | local_preference >> 2
}

/// Section 6.1.2.3: `2^32 * MIN(G, D) + 2 * MAX(G, D) + (G > D ? 1 : 0)`, where G is the controlling
/// side's candidate.
pub(crate) const fn pair_priority(role: Role, local: u32, remote: u32) -> u64 {
    let (g, d) = match role {
        Role::Controlling => (local as u64, remote as u64),
        Role::Controlled => (remote as u64, local as u64),
    };
    let (low, high) = if g < d { (g, d) } else { (d, g) };
    // The highest a signalled pair of 32-bit values can come to is below 2^64.
    (low << 32).saturating_add(2 * high).saturating_add((g > d) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8839 section 5.1's and RFC 8421 section 5's examples.
    #[test]
    fn candidates_have_the_priorities_of_the_published_examples() {
        assert_eq!(candidate_priority(CandidateKind::Host, 65535, 1), 2_130_706_431);
        assert_eq!(candidate_priority(CandidateKind::ServerReflexive, 65535, 1), 1_694_498_815);
        assert_eq!(candidate_priority(CandidateKind::Host, 60000, 2), 2_129_289_470);
        assert_eq!(candidate_priority(CandidateKind::Relayed, 60000, 1), 15_360_255);
    }

    #[test]
    fn both_sides_compute_the_same_pair_priority() {
        let (mine, theirs) = (2_130_706_431, 1_694_498_815);
        assert_eq!(
            pair_priority(Role::Controlling, mine, theirs),
            pair_priority(Role::Controlled, theirs, mine)
        );
        assert_eq!(
            pair_priority(Role::Controlling, mine, theirs),
            (1_694_498_815 << 32) + 2 * 2_130_706_431 + 1
        );
    }

    #[test]
    fn of_two_mirrored_pairs_the_one_with_the_better_controlling_side_wins() {
        let (high, low) = (5, 3);
        assert!(
            pair_priority(Role::Controlling, high, low)
                > pair_priority(Role::Controlling, low, high)
        );
    }

    #[test]
    fn a_pair_of_two_equal_priorities_has_no_better_side() {
        assert_eq!(pair_priority(Role::Controlling, 5, 5), (5 << 32) + 10);
    }

    #[test]
    fn relays_over_udp_come_before_tcp_before_tls() {
        let udp = relayed_preference(0, Some(RelayTransport::Udp));
        let tcp = relayed_preference(u16::MAX, Some(RelayTransport::Tcp));
        let tls = relayed_preference(u16::MAX, Some(RelayTransport::Tls));
        assert!(udp > tcp && tcp > tls);
        assert_eq!(relayed_preference(u16::MAX, Some(RelayTransport::Udp)), u16::MAX);
    }

    #[test]
    fn no_pair_of_priorities_overflows() {
        assert!(pair_priority(Role::Controlling, u32::MAX, u32::MAX) > 0);
    }
}
