//! Which packets come in because of those that went out, and for how long.

use super::*;

fn stateful() -> Firewall {
    Firewall::new(Config::default())
}

#[test]
fn answers_come_in_and_nothing_else() {
    let mut firewall = stateful();
    assert_eq!(out(&mut firewall, &udp(INSIDE, PEER, b"x")), Verdict::Allow);
    assert_eq!(into(&mut firewall, &udp(PEER, INSIDE, b"x")), Verdict::Allow);
    for stranger in [
        udp(OTHER, INSIDE, b"x"),
        udp("198.51.100.1:6001", INSIDE, b"x"),
        udp(PEER, "192.168.1.2:5001", b"x"),
        tcp(PEER, INSIDE, b""),
    ] {
        let verdict = into(&mut firewall, &stranger);
        assert_eq!(verdict, Verdict::Drop(DropReason::Unsolicited), "{stranger:?}");
    }
}

#[test]
fn answers_to_pings_come_in() {
    let mut firewall = stateful();
    out(&mut firewall, &ping(INSIDE, PEER));
    let message = Icmp::EchoReply { identifier: 7, sequence: 1 };
    let reply = |identifier_matches: bool| {
        let message = if identifier_matches {
            message
        } else {
            Icmp::EchoReply { identifier: 8, sequence: 1 }
        };
        Packet::echo(endpoint(PEER).ip(), endpoint(INSIDE).ip(), message, b"").unwrap()
    };
    assert_eq!(into(&mut firewall, &reply(true)), Verdict::Allow);
    assert_ne!(into(&mut firewall, &reply(false)), Verdict::Allow);
}

#[test]
fn a_conversation_ends_exactly_when_its_time_is_over() {
    let mut firewall = stateful();
    firewall.judge(Direction::Out, &udp(INSIDE, PEER, b"x"), seconds(10));
    let answer = udp(PEER, INSIDE, b"x");
    let just_before = Instant::from_nanos(seconds(310).as_nanos() - 1);
    let judge = |firewall: &Firewall, at| firewall.clone().judge(Direction::In, &answer, at);
    assert_eq!(judge(&firewall, just_before), Verdict::Allow);
    assert_ne!(judge(&firewall, seconds(310)), Verdict::Allow);
    assert_eq!(firewall.poll_timeout(), Some(seconds(310)));
    firewall.handle_timeout(just_before);
    assert_eq!(firewall.conversations(), 1);
    firewall.handle_timeout(seconds(310));
    assert_eq!((firewall.conversations(), firewall.poll_timeout()), (0, None));
}

#[test]
fn packets_in_both_directions_keep_a_conversation() {
    let mut firewall = stateful();
    firewall.judge(Direction::Out, &udp(INSIDE, PEER, b"x"), Instant::START);
    firewall.judge(Direction::In, &udp(PEER, INSIDE, b"x"), seconds(200));
    firewall.judge(Direction::Out, &udp(INSIDE, PEER, b"x"), seconds(400));
    // The first timer finds it kept.
    firewall.handle_timeout(seconds(699));
    assert_eq!(firewall.poll_timeout(), Some(seconds(700)));
    assert_eq!(firewall.conversations(), 1);
    firewall.handle_timeout(seconds(700));
    assert_eq!(firewall.conversations(), 0);
}

#[test]
fn errors_about_allowed_packets_come_in_and_keep_nothing() {
    let mut firewall = stateful();
    let sent = udp(INSIDE, PEER, b"x");
    out(&mut firewall, &sent);
    let router = "192.0.2.99".parse().unwrap();
    let error = Packet::icmp_error(&sent, router, IcmpKind::TimeExceeded).unwrap();
    assert_eq!(firewall.judge(Direction::In, &error, seconds(200)), Verdict::Allow);
    let about_nothing = udp(INSIDE, OTHER, b"x");
    let error = Packet::icmp_error(&about_nothing, router, IcmpKind::TimeExceeded).unwrap();
    let verdict = firewall.judge(Direction::In, &error, seconds(200));
    assert_eq!(verdict, Verdict::Drop(DropReason::IcmpAboutNothing));
    firewall.handle_timeout(seconds(300));
    assert_eq!(firewall.conversations(), 0);
}

#[test]
fn fragments_follow_the_first_one() {
    let mut packet = udp(PEER, INSIDE, &[0; 1000]);
    packet.set_identification(9);
    let pieces = packet.fragments(500).unwrap();
    let mut firewall = stateful();
    let refused = Verdict::Drop(DropReason::FragmentWithoutFirst);
    assert_eq!(into(&mut firewall, &pieces[0]), Verdict::Drop(DropReason::Unsolicited));
    assert_eq!(into(&mut firewall, &pieces[1]), refused);
    out(&mut firewall, &udp(INSIDE, PEER, b"x"));
    for piece in &pieces {
        assert_eq!(into(&mut firewall, piece), Verdict::Allow);
    }
    let later = |at| firewall.clone().judge(Direction::In, &pieces[1], at);
    assert_eq!(later(Instant::from_nanos(seconds(30).as_nanos() - 1)), Verdict::Allow);
    assert_eq!(later(seconds(30)), refused);
}

#[test]
fn a_reboot_forgets_everything_but_the_rules() {
    let mut firewall = stateful();
    out(&mut firewall, &udp(INSIDE, PEER, b"x"));
    firewall.reboot();
    assert_ne!(into(&mut firewall, &udp(PEER, INSIDE, b"x")), Verdict::Allow);
    assert_eq!(firewall.config(), &Config::default());
}

#[test]
fn bytes_are_looked_at_once_there_are_some() {
    let rule = Rule {
        direction: Some(Direction::Out),
        looks_like: Some(LooksLike::Tls),
        ..Rule::new(Action::Allow)
    };
    let config = Config { rules: vec![rule], otherwise_out: Action::Drop, ..Config::default() };
    let hello = [22, 3, 1, 2, 0, 1, 0, 1, 252];
    let mut firewall = Firewall::new(config.clone());
    assert_eq!(out(&mut firewall, &tcp(INSIDE, PEER, b"")), Verdict::Allow);
    assert_eq!(into(&mut firewall, &tcp(PEER, INSIDE, b"")), Verdict::Allow);
    assert_eq!(out(&mut firewall, &tcp(INSIDE, PEER, &hello)), Verdict::Allow);
    // What follows the first bytes is not judged.
    assert_eq!(out(&mut firewall, &tcp(INSIDE, PEER, b"rest")), Verdict::Allow);
    let mut firewall = Firewall::new(config);
    out(&mut firewall, &tcp(INSIDE, PEER, b""));
    assert_ne!(out(&mut firewall, &tcp(INSIDE, PEER, b"SSH-2.0")), Verdict::Allow);
    assert_ne!(into(&mut firewall, &tcp(PEER, INSIDE, b"")), Verdict::Allow);
    assert_eq!(firewall.poll_timeout(), None);
}

#[test]
fn a_rule_that_drops_one_kind_of_udp_packet_drops_each_of_them() {
    let dtls = [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
    let looks = |action, kind| Rule { looks_like: Some(kind), ..Rule::new(action) };
    let judge = |rules: Vec<Rule>, begins_out: bool| {
        let otherwise_in = if begins_out { Action::Drop } else { Action::Allow };
        let mut firewall = Firewall::new(Config { rules, otherwise_in, ..Config::default() });
        let mut pass = |goes_out: bool, bytes: &[u8]| {
            let verdict = if goes_out {
                out(&mut firewall, &udp(INSIDE, PEER, bytes))
            } else {
                into(&mut firewall, &udp(PEER, INSIDE, bytes))
            };
            verdict == Verdict::Allow
        };
        assert!(pass(begins_out, &stun()) && pass(!begins_out, &stun()));
        let dtls = [pass(true, &dtls), pass(false, &dtls)];
        assert!(pass(true, &stun()) && pass(false, &stun()), "the conversation goes on");
        dtls
    };
    let drops = || vec![looks(Action::Drop, LooksLike::Dtls)];
    assert_eq!(judge(drops(), true), [false, false]);
    assert_eq!(judge(drops(), false), [false, false]);
    // The rules above it count, for answers too.
    let above =
        || vec![looks(Action::Allow, LooksLike::Stun), looks(Action::Drop, LooksLike::Dtls)];
    assert_eq!(judge(above(), true), [false, false]);
    let port = Rule { to_port: Some(6000..=6000), ..Rule::new(Action::Allow) };
    assert_eq!(judge([vec![port], drops()].concat(), true), [true, true]);
    // What was allowed to begin goes on.
    let only = vec![looks(Action::Allow, LooksLike::Stun), Rule::new(Action::Drop)];
    assert_eq!(judge(only, true), [true, true]);
}

#[test]
fn the_bytes_of_an_inbound_connections_answer_are_not_judged() {
    let rule = Rule { direction: Some(Direction::In), ..Rule::new(Action::Allow) };
    let config = Config { rules: vec![rule], otherwise_out: Action::Drop, ..Config::default() };
    let mut firewall = Firewall::new(config);
    assert_eq!(into(&mut firewall, &tcp(PEER, INSIDE, b"")), Verdict::Allow);
    assert_eq!(out(&mut firewall, &tcp(INSIDE, PEER, b"welcome")), Verdict::Allow);
}

#[test]
fn the_memory_is_kept_for_at_least_two_minutes() {
    // RFC 6092, REC-14.
    assert!(Config::default().timeout >= Duration::from_secs(120));
}
