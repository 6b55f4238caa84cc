//! Addresses and what cannot be built.

use icelab_sans_io::Rng;
use icelab_sim::nat::Config;
use icelab_sim::packet::Prefix;
use icelab_sim::{
    Attachment, BuildError, Fabric, Families, GatewayConfig, HostConfig, Level, Network,
};

fn fabric(network: &Network) -> Fabric {
    Fabric::new(network, &Rng::from_u64(1), Level::Hash).unwrap()
}

fn error(network: &Network) -> BuildError {
    Fabric::new(network, &Rng::from_u64(1), Level::Hash).unwrap_err()
}

fn addresses(fabric: &Fabric, name: &str) -> Vec<String> {
    let node = fabric.node(name).unwrap();
    fabric.addresses(node).iter().map(ToString::to_string).collect()
}

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

#[test]
fn addresses_nobody_wrote_are_assigned_in_the_order_of_declaration() {
    let mut network = Network::new();
    network.host("alice", HostConfig::behind("home_a"));
    network.host("stun", HostConfig::behind("internet").with_families(Families::BOTH));
    network.gateway("home_a", GatewayConfig::nat(Config::default()));
    network.gateway("home_b", GatewayConfig::nat(Config::default()).with_families(Families::BOTH));
    network.host("bob", HostConfig::behind("home_b").with_families(Families::BOTH));
    network.host("bella", HostConfig::behind("home_b"));
    let fabric = fabric(&network);
    assert_eq!(addresses(&fabric, "home_a"), ["203.0.113.1"]);
    assert_eq!(addresses(&fabric, "home_b"), ["203.0.113.2", "2001:db8:0:1::1"]);
    assert_eq!(addresses(&fabric, "stun"), ["198.51.100.1", "2001:db8::1"]);
    assert_eq!(addresses(&fabric, "alice"), ["192.168.1.2"]);
    assert_eq!(addresses(&fabric, "bob"), ["192.168.1.2", "2001:db8:1000::2"]);
    assert_eq!(addresses(&fabric, "bella"), ["192.168.1.3"]);
}

#[test]
fn gateways_nest_and_take_their_outside_address_from_the_range_above() {
    let mut network = Network::new();
    let mut carrier = GatewayConfig::nat(Config::default());
    carrier.inside_v4 = Some(prefix("100.64.0.0/10"));
    network.gateway("carrier", carrier);
    network.gateway("home", GatewayConfig::nat(Config::default()).behind("carrier"));
    network.gateway("office", GatewayConfig::router().behind("home"));
    network.host("alice", HostConfig::behind("office"));
    network.host("carol", HostConfig::behind("carrier"));
    let fabric = fabric(&network);
    assert_eq!(addresses(&fabric, "carrier"), ["203.0.113.1"]);
    assert_eq!(addresses(&fabric, "home"), ["100.64.0.2"]);
    assert_eq!(addresses(&fabric, "carol"), ["100.64.0.3"]);
    assert_eq!(addresses(&fabric, "office"), ["192.168.1.2"]);
    assert_eq!(addresses(&fabric, "alice"), ["10.64.0.2"]);
}

#[test]
fn a_firewall_alone_has_public_addresses_behind_it() {
    let mut network = Network::new();
    network.gateway("office", GatewayConfig::firewall(icelab_sim::firewall::Config::default()));
    network.host("alice", HostConfig::behind("office"));
    assert_eq!(addresses(&fabric(&network), "alice"), ["192.0.2.2"]);
}

#[test]
fn a_host_has_as_many_interfaces_as_places_that_it_is_behind() {
    let mut network = Network::new();
    network.gateway("wifi", GatewayConfig::nat(Config::default()));
    network.gateway("mobile", GatewayConfig::nat(Config::default()));
    let attachments = vec![Attachment::behind("wifi"), Attachment::behind("mobile")];
    let host = network.host("phone", HostConfig { attachments });
    let fabric = fabric(&network);
    let interfaces = fabric.interfaces(host);
    let names: Vec<&str> = interfaces.iter().map(|interface| interface.name.as_str()).collect();
    assert_eq!(names, ["eth0", "eth1"]);
    // The ranges are the same, but a host has no address twice: it tells its interfaces apart by them.
    assert_eq!(addresses(&fabric, "phone"), ["192.168.1.2", "192.168.1.3"]);
}

#[test]
fn two_nodes_of_one_name_are_refused() {
    let mut network = Network::new();
    network.host("internet", HostConfig::behind("internet"));
    assert_eq!(error(&network), BuildError::NameTaken { name: "internet".into() });
}

#[test]
fn going_round_in_a_circle_is_refused_with_the_way_round() {
    let mut network = Network::new();
    network.gateway("a", GatewayConfig::router().behind("b"));
    network.gateway("b", GatewayConfig::router().behind("c"));
    network.gateway("c", GatewayConfig::router().behind("a"));
    let BuildError::Cycle { nodes } = error(&network) else { panic!("no cycle") };
    assert_eq!((nodes.len(), &nodes[0]), (4, &nodes[3]));
    let mut network = Network::new();
    network.gateway("a", GatewayConfig::router().behind("a"));
    assert_eq!(error(&network), BuildError::Cycle { nodes: vec!["a".into(), "a".into()] });
}

#[test]
fn being_behind_nothing_or_behind_a_host_is_refused() {
    let mut network = Network::new();
    network.host("a", HostConfig::behind("nowhere"));
    let unknown = BuildError::UnknownNode { node: "a".into(), behind: "nowhere".into() };
    assert_eq!(error(&network), unknown);
    let mut network = Network::new();
    network.host("a", HostConfig::behind("internet"));
    network.host("b", HostConfig::behind("a"));
    assert_eq!(error(&network), BuildError::BehindHost { node: "b".into(), behind: "a".into() });
    let mut network = Network::new();
    network.host("a", HostConfig::default());
    assert_eq!(error(&network), BuildError::NoInterface { node: "a".into() });
}

#[test]
fn addresses_that_are_taken_outside_their_range_or_used_up_are_refused() {
    let small = |inside: &str| {
        let mut gateway = GatewayConfig::nat(Config::default());
        gateway.inside_v4 = Some(prefix(inside));
        gateway
    };
    let at = |address: [u8; 4]| {
        let mut attachment = Attachment::behind("home");
        attachment.address_v4 = Some(address.into());
        HostConfig { attachments: vec![attachment] }
    };
    let mut network = Network::new();
    network.gateway("home", small("10.0.0.0/30"));
    network.host("a", at([10, 0, 1, 2]));
    let range = prefix("10.0.0.0/30");
    let address = [10, 0, 1, 2].into();
    assert_eq!(error(&network), BuildError::OutsideRange { node: "a".into(), address, range });

    let mut network = Network::new();
    network.gateway("home", small("10.0.0.0/30"));
    network.host("a", at([10, 0, 0, 1]));
    let (node, other) = ("a".into(), "home".into());
    let address = [10, 0, 0, 1].into();
    assert_eq!(error(&network), BuildError::AddressTaken { node, other, address });

    let mut network = Network::new();
    network.gateway("home", small("10.0.0.0/30"));
    network.host("a", HostConfig::behind("home"));
    network.host("b", HostConfig::behind("home"));
    assert_eq!(error(&network), BuildError::RangeExhausted { node: "b".into(), range });
}

#[test]
fn a_family_that_is_not_offered_and_ranges_that_overlap_are_refused() {
    let mut network = Network::new();
    network.gateway("home", GatewayConfig::nat(Config::default()));
    network.host("a", HostConfig::behind("home").with_families(Families::V6));
    let (node, behind) = ("a".into(), "home".into());
    assert_eq!(error(&network), BuildError::NoRoute { node, behind, family: "IPv6" });

    let mut network = Network::new();
    for name in ["one", "two"] {
        let mut gateway = GatewayConfig::router();
        gateway.inside_v4 = Some(prefix("192.0.2.0/24"));
        network.gateway(name, gateway);
    }
    let (range, other) = (prefix("192.0.2.0/24"), prefix("192.0.2.0/24"));
    assert_eq!(error(&network), BuildError::RangesOverlap { node: "two".into(), range, other });
}
