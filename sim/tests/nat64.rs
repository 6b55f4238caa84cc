//! A network with IPv6 alone behind a NAT64 (RFC 6146, RFC 6145).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use icelab_sans_io::net::{Datagram, IcmpKind, Notice, Request};
use icelab_sim::nat::Preset;
use icelab_sim::{Families, GatewayConfig, HostConfig, Network};

use crate::guest::Lab;

fn network(mtu_up: u16) -> Network {
    let mut network = Network::new();
    let config = Preset::named("nat64").unwrap().config();
    let mut cell = GatewayConfig::nat(config).with_families(Families::V6);
    cell.link.up.mtu = mtu_up;
    network.gateway("cell", cell);
    network.host("alice", HostConfig::behind("cell").with_families(Families::V6));
    network.host("server", HostConfig::behind("internet").with_families(Families::V4));
    network
}

/// The address by which alice reaches an IPv4 one.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V4(v4) = address else { panic!("{address} is no IPv4 address") };
    let [a, b, c, d] = v4.octets().map(u16::from);
    Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a << 8 | b, c << 8 | d).into()
}

fn server(lab: &Lab) -> SocketAddr {
    (embedded(lab.socket("server").ip()), 5000).into()
}

fn send(lab: &mut Lab, from: &str, to: SocketAddr, length: usize, ttl: u8, dont_fragment: bool) {
    let mut datagram = Datagram::new(lab.socket(from), to, vec![7; length]);
    (datagram.ttl, datagram.dont_fragment) = (ttl, dont_fragment);
    lab.ask(lab.node(from), Request::Send(datagram));
    lab.run(lab.simulation.now().as_nanos() / 1_000_000 + 50);
}

/// The one ICMP error that a host was told of: what, about which endpoints, from whom.
fn error(lab: &Lab, name: &str) -> (IcmpKind, SocketAddr, SocketAddr, IpAddr) {
    let notices = lab.notices(name);
    let [Notice::Icmp(error)] = &notices[..] else { panic!("{notices:?} {:#?}", lab.story()) };
    (error.kind, error.local, error.remote, error.from)
}

#[test]
fn datagrams_of_every_size_pass_both_ways() {
    // With an IPv6 header instead of an IPv4 one, packets grow by 20 bytes, fragments by 28 (RFC 6145 section 4).
    for length in [1, 1232, 1233, 1453, 1472, 1473, 4000] {
        let mut lab = Lab::new(&network(1500));
        let to = server(&lab);
        send(&mut lab, "alice", to, length, 64, false);
        let [(_, seen, heard)] = &lab.datagrams("server")[..] else { panic!("{length}") };
        assert_eq!(heard.len(), length);
        let seen = *seen;
        send(&mut lab, "server", seen, length, 64, false);
        let heard = lab.datagrams("alice");
        let [(_, source, payload)] = &heard[..] else { panic!("{length} {:#?}", lab.story()) };
        assert_eq!((*source, payload.len()), (server(&lab), length));
    }
}

#[test]
fn no_ipv6_packet_of_an_ipv4_one_that_may_be_cut_is_larger_than_1280_bytes() {
    let mut network = network(1500);
    let mut anna = HostConfig::behind("cell").with_families(Families::V6);
    anna.attachments[0].link.down.mtu = 1280;
    network.host("anna", anna);
    let mut lab = Lab::new(&network);
    let to = server(&lab);
    send(&mut lab, "anna", to, 1, 64, false);
    let seen = lab.datagrams("server")[0].1;
    for length in [1232, 1233, 4000] {
        lab.heard.clear();
        send(&mut lab, "server", seen, length, 64, false);
        assert_eq!(lab.datagrams("anna").len(), 1, "{length} {:#?}", lab.story());
    }
    assert_eq!(lab.drops(), [""; 0]);
}

#[test]
fn who_forbids_to_cut_is_told_the_size_that_fits_in_its_own_ip_version() {
    let mut lab = Lab::new(&network(1300));
    let to = server(&lab);
    // 1,252 bytes of payload make 1,300 with an IPv6 header and 1,280 with an IPv4 one.
    send(&mut lab, "alice", to, 1252, 64, true);
    let seen = lab.datagrams("server")[0].1;
    send(&mut lab, "alice", to, 1300, 64, true);
    let (kind, local, remote, _) = error(&lab, "alice");
    assert_eq!((kind, local, remote), (IcmpKind::TooBig { mtu: 1320 }, lab.socket("alice"), to));
    // Downwards, what fits the inside link without growing does not with 20 bytes more.
    send(&mut lab, "server", seen, 1472, 64, true);
    let (kind, local, remote, _) = error(&lab, "server");
    assert_eq!((kind, local, remote), (IcmpKind::TooBig { mtu: 1480 }, lab.socket("server"), seen));
    send(&mut lab, "server", seen, 1452, 64, true);
    assert_eq!(lab.datagrams("alice").len(), 1);
}

#[test]
fn hops_are_counted_through_the_translator_and_errors_come_back_in_ipv6() {
    let mut lab = Lab::new(&network(1500));
    let to = server(&lab);
    // The NAT64 itself, then the internet's router, whose address is embedded.
    for ttl in [1, 2] {
        lab.heard.clear();
        send(&mut lab, "alice", to, 1, ttl, false);
        let (kind, local, remote, from) = error(&lab, "alice");
        assert_eq!((kind, local, remote), (IcmpKind::TimeExceeded, lab.socket("alice"), to));
        let router = embedded("198.51.100.254".parse().unwrap());
        assert_eq!(from == router, ttl == 2, "from {from}");
    }
    send(&mut lab, "alice", to, 1, 3, false);
    assert_eq!(lab.datagrams("server").len(), 1);
}

#[test]
fn a_closed_port_and_an_address_that_nobody_has_are_told_in_ipv6() {
    let nobody = embedded("192.0.2.99".parse().unwrap());
    for (address, kind) in
        [(None, IcmpKind::PortUnreachable), (Some(nobody), IcmpKind::NetworkUnreachable)]
    {
        let mut lab = Lab::new(&network(1500));
        let to = (address.unwrap_or(server(&lab).ip()), 9).into();
        send(&mut lab, "alice", to, 1, 64, false);
        let (heard, local, remote, _) = error(&lab, "alice");
        assert_eq!((heard, local, remote), (kind, lab.socket("alice"), to));
    }
}
