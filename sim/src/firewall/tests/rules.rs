//! Which rule a packet meets, and by what.

use super::*;

fn firewall(rules: Vec<Rule>) -> Firewall {
    Firewall::new(Config { rules, otherwise_out: Action::Drop, ..Config::default() })
}

fn allows(rule: Rule, direction: Direction, packet: &Packet) -> bool {
    firewall(vec![rule]).judge(direction, packet, Instant::START) == Verdict::Allow
}

#[test]
fn the_first_rule_that_matches_decides() {
    let rules = vec![
        Rule { to_port: Some(6001..=6001), ..Rule::new(Action::Drop) },
        Rule { protocol: Some(Protocol::Udp), ..Rule::new(Action::Allow) },
        Rule::new(Action::Reject),
    ];
    let mut firewall = firewall(rules);
    let dropped = udp(INSIDE, "198.51.100.1:6001", b"x");
    assert_eq!(out(&mut firewall, &dropped), Verdict::Drop(DropReason::Rule(0)));
    assert_eq!(out(&mut firewall, &udp(INSIDE, PEER, b"x")), Verdict::Allow);
    let rejected = tcp(INSIDE, PEER, b"");
    assert_eq!(out(&mut firewall, &rejected), Verdict::Reject(DropReason::Rule(2)));
}

#[test]
fn a_rule_is_about_its_direction_protocol_addresses_and_ports() {
    let packet = udp(INSIDE, PEER, b"x");
    let any = || Rule::new(Action::Allow);
    let range = |text: &str| vec!["10.0.0.0/8".parse().unwrap(), text.parse().unwrap()];
    for (rule, matches) in [
        (any(), true),
        (Rule { direction: Some(Direction::Out), ..any() }, true),
        (Rule { direction: Some(Direction::In), ..any() }, false),
        (Rule { protocol: Some(Protocol::Udp), ..any() }, true),
        (Rule { protocol: Some(Protocol::Tcp), ..any() }, false),
        (Rule { from: range("192.168.0.0/16"), ..any() }, true),
        (Rule { from: range("198.51.100.0/24"), ..any() }, false),
        (Rule { to: range("198.51.100.0/24"), ..any() }, true),
        (Rule { to: range("192.168.0.0/16"), ..any() }, false),
        (Rule { from_port: Some(5000..=5000), ..any() }, true),
        (Rule { from_port: Some(5001..=6000), ..any() }, false),
        (Rule { to_port: Some(5999..=6000), ..any() }, true),
        (Rule { to_port: Some(5000..=5999), ..any() }, false),
    ] {
        assert_eq!(rule.matches(Direction::Out, &packet), matches, "{rule:?}");
        assert_eq!(allows(rule.clone(), Direction::Out, &packet), matches, "{rule:?}");
    }
}

#[test]
fn identifiers_of_pings_are_no_ports() {
    let rule = Rule { from_port: Some(0..=65535), ..Rule::new(Action::Allow) };
    assert!(!rule.matches(Direction::Out, &ping(INSIDE, PEER)));
}

#[test]
fn payloads_are_known_by_their_first_bytes() {
    use LooksLike::{Dns, Dtls, Http, Quic, Rtp, Stun, Tls, TurnChannel};
    let mut dtls = vec![22, 0xfe, 0xfd];
    dtls.resize(13, 0);
    let mut unified = vec![0x2f];
    unified.resize(20, 0);
    let mut quic = vec![0xc3, 0, 0, 0, 1];
    quic.resize(30, 0);
    let dns = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for (bytes, kind) in [
        (stun(), Some(Stun)),
        (dtls, Some(Dtls)),
        (unified, Some(Dtls)),
        (vec![0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], Some(Rtp)),
        (vec![0xbf, 200, 0, 1, 0, 0, 0, 0], Some(Rtp)),
        (vec![0x40, 0, 0, 2, 9, 9], Some(TurnChannel)),
        (vec![0x40, 0, 0, 3, 9, 9], None),
        (vec![0x50, 0, 0, 2, 9, 9], None),
        (quic, Some(Quic)),
        (dns.to_vec(), Some(Dns)),
        (vec![], None),
    ] {
        for wanted in [Stun, TurnChannel, Dtls, Rtp, Quic, Tls, Http] {
            let expected = kind == Some(wanted);
            assert_eq!(wanted.matches(Protocol::Udp, &bytes), expected, "{wanted:?} {bytes:?}");
        }
        if kind == Some(Dns) {
            assert!(Dns.matches(Protocol::Udp, &bytes));
        }
    }
    let hello = [22, 3, 1, 2, 0, 1, 0, 1, 252];
    for (bytes, tls, http) in [
        (hello.as_slice(), true, false),
        (b"GET / HTTP/1.1\r\n", false, true),
        (b"CONNECT turn:443 HTTP/1.1\r\n", false, true),
        (b"HTTP/1.1 200 OK\r\n", false, true),
        (b"SSH-2.0-x\r\n", false, false),
        (b"", true, true),
    ] {
        assert_eq!(Tls.matches(Protocol::Tcp, bytes), tls, "{bytes:?}");
        assert_eq!(Http.matches(Protocol::Tcp, bytes), http, "{bytes:?}");
        assert!(!Tls.matches(Protocol::Udp, bytes) && !Dtls.matches(Protocol::Tcp, bytes));
    }
}

#[test]
fn stun_is_known_by_its_cookie_length_and_zero_bits() {
    for (at, value, is_stun) in
        [(19, 0, true), (0, 0x40, false), (3, 1, false), (3, 4, true), (4, 0x20, false)]
    {
        let mut bytes = stun();
        bytes[at] = value;
        assert_eq!(LooksLike::Stun.matches(Protocol::Udp, &bytes), is_stun, "{at} {value}");
    }
    assert!(!LooksLike::Stun.matches(Protocol::Udp, &stun()[..19]));
}

#[test]
fn a_stateless_firewall_asks_for_every_packet() {
    let rules = vec![Rule { direction: Some(Direction::Out), ..Rule::new(Action::Allow) }];
    let mut firewall = Firewall::new(Config { rules, is_stateful: false, ..Config::default() });
    assert_eq!(out(&mut firewall, &udp(INSIDE, PEER, b"x")), Verdict::Allow);
    let answer = udp(PEER, INSIDE, b"x");
    assert_eq!(into(&mut firewall, &answer), Verdict::Drop(DropReason::Unsolicited));
    assert_eq!((firewall.conversations(), firewall.poll_timeout()), (0, None));
}
