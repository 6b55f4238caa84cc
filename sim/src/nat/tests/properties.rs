//! Any traffic: the NAT does what the naive model says, and stays whole.

use core::time::Duration;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::reference::Reference;
use super::*;

/// One packet, after a pause.
#[derive(Clone, Debug)]
struct Move {
    pause: u64,
    is_outbound: bool,
    inside: usize,
    remote: usize,
    /// Which outside endpoint ever seen an inbound packet goes to.
    target: usize,
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    prop_oneof![Just(EI), Just(AD), Just(APD)]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    // Pauses of 0 to 4 s against a timeout of 10 s hit ends exactly.
    let one = (0..5u64, any::<bool>(), 0..3usize, 0..4usize, 0..100usize).prop_map(
        |(pause, is_outbound, inside, remote, target)| Move {
            pause,
            is_outbound,
            inside,
            remote,
            target,
        },
    );
    prop::collection::vec(one, 1..60)
}

fn config() -> impl Strategy<Value = Config> {
    let ports = prop_oneof![
        Just(Ports::Preserve),
        Just(Ports::PreserveParity),
        Just(Ports::Sequential),
        Just(Ports::Random),
        Just(Ports::Block { size: 16, most: 8 }),
        // So few that they run out.
        Just(Ports::Block { size: 2, most: 2 }),
    ];
    let pooling = prop_oneof![Just(Pooling::Paired), Just(Pooling::Arbitrary)];
    // A narrow range makes blocks and ports meet.
    let port_range = prop_oneof![Just(1024..=65535), Just(2000..=2031)];
    let refresh = prop_oneof![
        Just(Refresh::Outbound),
        Just(Refresh::Inbound),
        Just(Refresh::Both),
        Just(Refresh::None),
    ];
    let state = prop_oneof![Just(FilterState::Mapping), Just(FilterState::InsideEndpoint)];
    (behaviour(), behaviour(), ports, port_range, pooling, refresh, state).prop_map(
        |(mapping, filtering, ports, port_range, pooling, refresh, filter_state)| Config {
            mapping,
            filtering,
            filter_state,
            ports,
            port_range,
            pooling,
            refresh,
            timeouts: Timeouts::udp(Duration::from_secs(10)),
            ..Config::default()
        },
    )
}

/// One outside address, or more.
fn outsides() -> impl Strategy<Value = &'static [&'static str]> {
    (1..=OUTSIDES.len()).prop_map(|count| &OUTSIDES[..count])
}

/// No outside endpoint serves two mappings, so none serves two insides; where pooling is paired, an inside address has one outside
/// address (RFC 4787, REQ-2 and REQ-3).
fn assert_owners(lab: &Lab, pooling: Pooling) {
    let mut owners = BTreeMap::new();
    let mut addresses = BTreeMap::new();
    for entry in lab.nat.mappings() {
        assert_eq!(owners.insert(entry.outside, entry.inside), None, "{}", entry.outside);
        let address = *addresses.entry(entry.inside.ip()).or_insert(entry.outside.ip());
        assert!(pooling == Pooling::Arbitrary || address == entry.outside.ip());
    }
}

const INSIDES: [&str; 3] = [A, B, "192.168.1.2:5001"];
const REMOTES: [&str; 4] = [R1, R1_OTHER, R2, R3];
const OUTSIDES: [&str; 3] = [OUTSIDE, "203.0.113.2", "203.0.113.3"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Mapping, filtering and expiry are what the naive model says, packet by packet.
    #[test]
    fn the_nat_does_what_the_reference_model_says(
        config in config(),
        outsides in outsides(),
        moves in moves(),
    ) {
        let mut reference = Reference {
            mapping: config.mapping,
            filtering: config.filtering,
            filter_state: config.filter_state,
            refresh: config.refresh,
            timeout: Duration::from_secs(10),
            mappings: Vec::new(),
        };
        let (ports, pooling) = (config.ports, config.pooling);
        let mut lab = Lab::with_addresses(config, outsides);
        let mut seen: Vec<SocketAddr> = vec![endpoint("203.0.113.1:5000")];
        let mut now = Instant::START;
        for step in moves {
            now += Duration::from_secs(step.pause);
            let remote = REMOTES[step.remote];
            if step.is_outbound {
                let inside = INSIDES[step.inside];
                let expected = reference.expected(endpoint(inside), endpoint(remote), now);
                let in_use = reference.in_use(now);
                let sent = lab.send(inside, remote, now);
                if expected.is_none() && sent == Err(DropReason::NoPortLeft) {
                    prop_assert_eq!(ports, Ports::Block { size: 2, most: 2 });
                    continue;
                }
                let outside = sent.unwrap();
                match expected {
                    Some(expected) => prop_assert_eq!(outside, expected),
                    // A mapping never serves two insides, nor two mappings one port.
                    None => prop_assert!(!in_use.contains(&outside)),
                }
                reference.sent(endpoint(inside), endpoint(remote), outside, now);
                seen.push(outside);
                assert_owners(&lab, pooling);
            } else {
                let target = seen[step.target % seen.len()];
                let expected = reference.received(endpoint(remote), target, now);
                prop_assert_eq!(lab.receive(remote, target, now).ok(), expected);
            }
            lab.nat.take_notes();
        }
    }

    /// Whether and when timeouts are handled changes nothing that packets see.
    #[test]
    fn handling_timeouts_changes_nothing_that_packets_see(
        config in config(),
        outsides in outsides(),
        moves in moves(),
    ) {
        let mut lazy = Lab::with_addresses(config, outsides);
        let mut eager = lazy.clone();
        let mut now = Instant::START;
        for step in moves {
            let next = now + Duration::from_secs(step.pause);
            while let Some(at) = eager.nat.poll_timeout().filter(|at| *at <= next) {
                eager.nat.handle_timeout(at);
                prop_assert!(eager.nat.poll_timeout().is_none_or(|again| again > at));
            }
            now = next;
            let (inside, remote) = (INSIDES[step.inside], REMOTES[step.remote]);
            if step.is_outbound {
                prop_assert_eq!(lazy.send(inside, remote, now), eager.send(inside, remote, now));
            } else {
                let target = endpoint("203.0.113.1:5000");
                prop_assert_eq!(
                    lazy.receive(remote, target, now),
                    eager.receive(remote, target, now)
                );
            }
            prop_assert_eq!(lazy.nat.mappings(), eager.nat.mappings());
        }
    }

    /// Connection tracking: an outside endpoint towards one remote endpoint serves one inside endpoint.
    #[test]
    fn a_connection_never_serves_two_insides(
        preset in prop_oneof![
            Just("linux"), Just("linux_input_accept"), Just("pf"), Just("gcp_cloud_nat"),
            Just("azure_nat_gateway"), Just("pf_static_port"),
        ],
        pooling in prop_oneof![Just(Pooling::Paired), Just(Pooling::Arbitrary)],
        outsides in outsides(),
        moves in moves(),
    ) {
        let config = Config { pooling, ..Preset::named(preset).unwrap().config() };
        let mut lab = Lab::with_addresses(config, outsides);
        let mut now = Instant::START;
        for step in moves {
            now += Duration::from_secs(step.pause * 5);
            let (inside, remote) = (INSIDES[step.inside], REMOTES[step.remote]);
            let sent = if step.is_outbound {
                lab.send(inside, remote, now)
            } else {
                lab.receive(remote, endpoint("203.0.113.1:5000"), now).ok();
                continue;
            };
            let mut owners = BTreeMap::new();
            for entry in lab.nat.mappings() {
                let before = owners.insert((entry.outside, entry.remote), entry.inside);
                prop_assert_eq!(before, None);
            }
            if let Ok(outside) = sent {
                prop_assert_eq!(lab.receive(remote, outside, now), Ok(endpoint(inside)));
            }
        }
    }

    /// The next timeout never lies in the past, and after handling it there is progress.
    #[test]
    fn any_packet_at_any_side_leaves_the_nat_whole(
        packets in prop::collection::vec(
            (any::<bool>(), prop::collection::vec(any::<u8>(), 0..80), 0..3u8), 1..20),
    ) {
        for preset in ["linux_input_accept", "nat64", "cgn_rfc6888", "one_to_one"] {
            let mut lab = Lab::preset(preset);
            for (is_outbound, bytes, kind) in &packets {
                let Some(mut packet) = noisy(bytes, *kind) else { continue };
                if *is_outbound {
                    lab.nat.outbound(&mut packet, Instant::START);
                } else {
                    lab.nat.inbound(&mut packet, Instant::START);
                }
                prop_assert_eq!(Packet::parse(packet.as_bytes().to_vec()), Ok(packet));
            }
        }
    }
}

/// A packet between the ends of the lab with noise inside: ICMP, UDP or IPv6.
fn noisy(bytes: &[u8], kind: u8) -> Option<Packet> {
    let mut raw = match kind {
        0 => ping("198.51.100.1", OUTSIDE, 5).into_bytes(),
        1 => Packet::udp(endpoint(R1), endpoint("203.0.113.1:5000"), &[0; 40]).ok()?.into_bytes(),
        _ => ping("2001:db8::1", "64:ff9b::198.51.100.1", 5).into_bytes(),
    };
    let header = if kind == 2 { 40 } else { 20 };
    for (slot, byte) in raw.iter_mut().skip(header).zip(bytes) {
        *slot = *byte;
    }
    Packet::parse(raw).ok()
}
