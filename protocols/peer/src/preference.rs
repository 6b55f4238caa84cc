//! Local preferences: which of several interfaces, families and servers comes first.

use core::net::IpAddr;

/// The order in which addresses are preferred: families take turns, IPv6 first, and within a
/// family the interfaces' own order holds (RFC 8421 section 4: IPv6 before IPv4, but no long row of
/// IPv6 addresses that may all be broken).
pub(crate) fn interleave(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let mut sixes = addresses.iter().copied().filter(IpAddr::is_ipv6);
    let mut fours = addresses.iter().copied().filter(IpAddr::is_ipv4);
    let mut order = Vec::with_capacity(addresses.len());
    loop {
        match (sixes.next(), fours.next()) {
            (None, None) => return order,
            (six, four) => order.extend(six.into_iter().chain(four)),
        }
    }
}

/// The local preference of a candidate (RFC 8445 section 5.1.2.1): by its base's `rank` first, then
/// by the `server` that told or lent it, then IPv6 over IPv4. Different for any two candidates of
/// one type and component.
pub(crate) fn local_preference(rank: usize, server: usize, address: IpAddr) -> u16 {
    let rank = u16::try_from(rank).unwrap_or(u16::MAX).min(RANKS - 1);
    let server = u16::try_from(server).unwrap_or(u16::MAX).min(SERVERS - 1);
    u16::MAX - rank * SERVERS * 2 - server * 2 - u16::from(address.is_ipv4())
}

/// How many ranks are told apart.
const RANKS: u16 = 512;
/// How many servers are told apart.
const SERVERS: u16 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns_with_ipv6_first() {
        let address = |text: &str| -> IpAddr { text.parse().unwrap() };
        let [a, b, c] = ["10.0.0.1", "10.1.0.1", "10.2.0.1"].map(address);
        let six = address("2001:db8::1");
        assert_eq!(interleave(&[a, b, c, six]), [six, a, b, c]);
    }

    #[test]
    fn a_better_rank_beats_a_better_server_beats_a_family() {
        let four: IpAddr = "10.0.0.1".parse().unwrap();
        let six: IpAddr = "2001:db8::1".parse().unwrap();
        let order = [
            local_preference(0, 0, six),
            local_preference(0, 0, four),
            local_preference(0, 1, six),
            local_preference(0, SERVERS.into(), four),
            local_preference(1, 0, six),
            local_preference(RANKS.into(), SERVERS.into(), four),
        ];
        assert!(order.is_sorted_by(|left, right| left > right), "{order:?}");
    }
}
