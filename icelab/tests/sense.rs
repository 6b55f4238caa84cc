//! What reads well and cannot mean anything is refused; what may be a mistake gets a warning.

use icelab::scenario::load::Scenario;
use icelab::scenario::text::fault::Refusal;
use icelab::scenario::text::source::Source;

use crate::{read, refused};

/// Peers without which no file is complete.
const PEERS: &str = "peers: { alice: {}, bob: {} }\n";

/// A call that may be relayed.
const RELAYED: &str = "servers: { turn: { turn: {} } }
peers: { alice: {}, bob: {} }
call: { ice_servers: [turn] }
";

/// The only message about a scenario.
fn only(text: &str) -> String {
    let mut messages = refused(text);
    assert_eq!(messages.len(), 1, "{messages:?}\n{text}");
    messages.remove(0)
}

/// The warnings about a scenario that can be run.
fn warned(text: &str) -> Vec<String> {
    let Scenario { source, warnings, .. } = read(text);
    Refusal { source, faults: warnings }.lines()
}

#[test]
fn empty_lists_and_maps_that_say_nothing_are_refused() {
    for (expect, message) in [
        (
            "{ path: [] }",
            "2:17: an empty list, which says nothing (write a value, or remove the key)",
        ),
        (
            "{ selected: { alice: [] } }",
            "2:30: an empty list, which says nothing (write a value, or remove the key)",
        ),
        (
            "{ selected: {} }",
            "2:21: this names no side, so it expects nothing (as in `selected: { alice: srflx/udp }`)",
        ),
        (
            "{ selected: [] }",
            "2:21: an empty list, which says nothing (write a value, or remove the key)",
        ),
        ("{}", "2:9: this expects nothing (as in `expect: { path: direct }`, or remove it)"),
        (
            "{ path: [direct, none, relayed] }",
            "2:17: any path is right here, so this expects nothing (remove what must not happen, or the whole key)",
        ),
        (
            "{ over: seeds, connected: { share: 0 % } }",
            "2:44: any share is right here, so this expects nothing (as in `share: \">= 99 %\"`)",
        ),
        ("{ over: seeds, connected: { share: 101 % } }", "2:44: a share of more than all runs"),
        (
            "{ over: seeds, connected: { share: { at_least: 50 %, at_most: 101 % } } }",
            "2:44: a share of more than all runs",
        ),
    ] {
        assert_eq!(only(&format!("{PEERS}expect: {expect}")), format!("test.yaml:{message}"));
    }
    let gateway =
        "gateways: { g: { nat: linux, inside: [] } }\npeers: { alice: { behind: g }, bob: {} }";
    assert!(only(gateway).contains("1:38: an empty list"), "{gateway}");
    let rule = "gateways: { g: { firewall: [ { allow: udp, to: [] } ] } }\npeers: { alice: { behind: g }, bob: {} }";
    assert!(only(rule).contains("1:48: an empty list"), "{rule}");
    assert_eq!(read(&format!("{PEERS}call: {{ ice_servers: [] }}")).cases.len(), 1, "the default");
}

#[test]
fn a_matrix_says_each_thing_once_and_uses_it() {
    assert_eq!(
        only(&format!("matrix: {{ a: [x, y], b: [x] }}\nasks: What of ${{a}}?\n{PEERS}")),
        "test.yaml:1:22: `b` is used nowhere, so its cases are all the same (write `$b` where its values belong, or remove it)"
    );
    assert_eq!(
        only(&format!(
            "matrix: {{ a: [x, y] }}\n{PEERS}expect: [ {{ when: {{ a: x }}, path: direct }}, {{ path: none }} ]"
        )),
        "test.yaml:1:11: `a` is used nowhere, so its cases are all the same (write `$a` where its values belong, or remove it)"
    );
    assert_eq!(
        only(&format!("matrix: {{ a: [linux, pf, linux] }}\nasks: ${{a}}\n{PEERS}")),
        "test.yaml:1:26: `linux` stands twice in `a` (the two cases would be the same: remove one)"
    );
    assert_eq!(
        only(&format!("matrix: {{}}\n{PEERS}")),
        "test.yaml:1:9: a matrix without variables (as in `matrix: { a: [full_cone, symmetric] }`, or remove it)"
    );
    assert_eq!(
        only(&format!(
            "matrix: {{ relay: [] }}\n{PEERS}expect: {{ when: {{ relay: x }}, path: direct }}"
        )),
        "test.yaml:1:18: `relay` has no values, so there is no case",
        "what follows from that is not told"
    );
}

#[test]
fn an_expectation_that_no_case_is_judged_by_is_refused() {
    assert_eq!(
        only(&format!(
            "matrix: {{ a: [x, y] }}\nasks: ${{a}}\n{PEERS}expect:\n  - path: direct\n  - {{ when: {{ a: x }}, path: none }}"
        )),
        "test.yaml:6:5: no case is judged by this (the first whose `when` holds counts: move this one up, or give the one above a `when`)"
    );
}

#[test]
fn nat_terms_that_cannot_be_are_refused() {
    for (nat, message) in [
        (
            "{ ports: { block: { size: 4096 } }, port_range: 1024..2047 }",
            "1:32: a block of 4096 ports does not fit in 1024..2047 (write a smaller `size`, or a larger `port_range`)",
        ),
        (
            "{ like: cgn_rfc6888, port_range: 1024..1030 }",
            "1:56: a block of 64 ports does not fit in 1024..1030 (write a smaller `size`, or a larger `port_range`)",
        ),
        (
            "{ one_to_one: true, ports: random }",
            "1:50: a one-to-one NAT keeps all ports (remove this, or `one_to_one`)",
        ),
        (
            "{ like: none, ports: random }",
            "1:31: `none` translates nothing (remove `like`, or name a NAT that these terms change)",
        ),
        ("{ timeouts: { tcp_established: 1 h } }", "1:37: not supported yet: tcp_established"),
        ("{ timeouts: { tcp_transitory: 4 min } }", "1:37: not supported yet: tcp_transitory"),
        ("{ alg: sip }", "1:25: not supported yet: alg"),
    ] {
        let text = format!(
            "gateways: {{ g: {{ nat: {nat} }} }}\npeers: {{ alice: {{ behind: g }}, bob: {{}} }}"
        );
        let found = only(&text);
        let without_size = |text: &str| text.replace(char::is_numeric, "");
        assert!(
            found == format!("test.yaml:{message}")
                || (nat.contains("like: cgn")
                    && without_size(&found) == without_size(&format!("test.yaml:{message}"))),
            "{found}"
        );
    }
}

#[test]
fn firewall_rules_that_match_nothing_are_refused() {
    for (rules, message) in [
        (
            "{ allow: icmp, to_port: 80 }",
            "1:54: ICMP has no ports (remove this, or write the rule for `udp` or `tcp`)",
        ),
        (
            "{ reject: any }, { allow: udp }",
            "1:47: no packet comes as far as this rule (the first rule that matches counts: move this one up, or remove it)",
        ),
    ] {
        let text = format!(
            "gateways: {{ g: {{ firewall: [ {rules} ] }} }}\npeers: {{ alice: {{ behind: g }}, bob: {{}} }}"
        );
        assert_eq!(only(&text), format!("test.yaml:{message}"));
    }
    // Rules about TCP are rules like any other, also while nothing sends it.
    read(
        "gateways: { g: { firewall: [ { allow: tcp, to_port: 443, looks_like: tls }, { reject: any } ] } }\npeers: { alice: { behind: g }, bob: {} }",
    );
}

#[test]
fn ranges_that_cannot_be_routed_are_refused_before_anything_runs() {
    assert_eq!(
        only(
            "gateways: { a: { inside: 192.0.2.0/25 }, b: { inside: 192.0.2.64/26 } }\npeers: { alice: { behind: a }, bob: { behind: b } }"
        ),
        "test.yaml:1:55: the range 192.0.2.64/26 of `b` overlaps 192.0.2.0/25, and both are routed in one place (give one of them another range with `inside:`, or a `nat:`, behind which ranges may overlap)"
    );
    assert_eq!(
        only(
            "gateways: { a: { nat: none, inside: 10.0.0.0/8 } }\npeers: { alice: { behind: a }, bob: {} }"
        ),
        "test.yaml:1:37: `10.0.0.0/8` is private, and no NAT is on the way to the internet (give the gateway a `nat:`, or a public range such as 192.0.2.0/28)"
    );
    assert_eq!(
        only(
            "gateways: { a: { nat: linux, inside: 192.168.1.1 } }\npeers: { alice: { behind: a }, bob: {} }"
        ),
        "test.yaml:1:38: `192.168.1.1` is an address, not a range (as in `192.168.1.0/24`)"
    );
    for range in
        ["0.0.0.0/0", "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "64.0.0.0/2"]
    {
        let text = format!(
            "gateways: {{ a: {{ nat: linux, inside: {range} }} }}\npeers: {{ alice: {{ behind: a }}, bob: {{}} }}"
        );
        let told = format!("test.yaml:1:38: nodes cannot have all addresses of `{range}` (write");
        assert!(only(&text).starts_with(&told), "{}", only(&text));
    }
    assert_eq!(
        only(
            "gateways: { a: { nat: linux, inside: \"fd00::/64\" } }\npeers: { alice: { behind: a }, bob: {} }"
        ),
        "test.yaml:1:38: `a` has no IPv6, so `fd00::/64` is nobody's (add v6 to its `ip:`, as in `ip: [v4, v6]`)"
    );
    let crowd = "gateways: { a: { nat: linux, inside: 192.168.1.0/30 } }\npeers: { alice: { behind: a }, bob: { behind: a } }";
    assert!(
        only(crowd).starts_with("test.yaml:2:32: `bob` finds no free address in 192.168.1.0/30"),
        "{}",
        only(crowd)
    );
}

#[test]
fn events_come_when_they_can_mean_something() {
    let text = |events: &str| {
        format!(
            "gateways: {{ h: {{}} }}\npeers: {{ alice: {{ behind: h }}, bob: {{}}, carol: {{}} }}\nevents: [ {events} ]"
        )
    };
    for (events, message) in [
        (
            "{ at: 5 s, heal: [alice, h] }",
            "3:11: `[alice, h]` is not cut at this time (`cut: [alice, h]` at an earlier time)",
        ),
        (
            "{ at: 5 s, heal: [h, internet] }, { at: 6 s, cut: [h, internet] }",
            "3:11: `[h, internet]` is not cut at this time (`cut: [h, internet]` at an earlier time)",
        ),
        (
            "{ at: 1 s, cut: [alice, h] }, { at: 5 s, cut: [h, alice] }",
            "3:41: `[alice, h]` is cut already, since 1 s (`heal` it first, or remove this)",
        ),
        (
            "{ at: 5 s, restart_ice: alice }, { at: 2 s, close: alice }",
            "3:11: `alice` has left the call at 2 s",
        ),
        (
            "{ at: 5 s, close: carol }",
            "3:29: `carol` is not in the call (its sides are alice and bob)",
        ),
        (
            "{ at: 5 s, drop: { match: { from: carol } } }",
            "3:45: `carol` is not in the call (its sides are alice and bob)",
        ),
        (
            "{ at: 5 s, set: { link: h } }",
            "3:27: this changes nothing (as in `set: { link: home_a, loss: 5 % }`)",
        ),
    ] {
        assert_eq!(only(&text(events)), format!("test.yaml:{message}"));
    }
    let with_data = |events: &str| {
        text(events) + "\ncall: { data: { send: [ { from: alice }, { from: bob } ] } }"
    };
    for (events, message) in [
        (
            "{ at: 5 s, resume: bob }",
            "3:11: `bob` is not paused at this time (`pause: bob` at an earlier time)",
        ),
        (
            "{ at: 5 s, resume: bob }, { at: 1 s, pause: alice }",
            "3:11: `bob` is not paused at this time (`pause: bob` at an earlier time)",
        ),
        (
            "{ at: 1 s, pause: bob }, { at: 5 s, pause: bob }",
            "3:36: `bob` is paused already, since 1 s (`resume: bob` first, or remove this)",
        ),
        (
            "{ at: 5 s, pause: alice }, { at: 2 s, close: alice }",
            "3:11: `alice` has left the call at 2 s",
        ),
        (
            "{ at: 1 s, pause: bob }, { at: 2 s, close: bob }, { at: 3 s, resume: bob }",
            "3:61: `bob` has left the call at 2 s",
        ),
    ] {
        assert_eq!(only(&with_data(events)), format!("test.yaml:{message}"));
    }
    read(&with_data(
        "{ at: 5 s, resume: bob }, { at: 1 s, pause: bob }, { at: 7 s, pause: bob }, { at: 2 s, pause: alice }",
    ));
    read(&text(
        "{ at: 5 s, heal: [h, alice] }, { at: 1 s, cut: [alice, h] }, { at: 7 s, cut: [h, alice] }",
    ));
}

#[test]
fn expectations_that_speak_against_themselves_are_refused() {
    for (expect, message) in [
        (
            "{ connected: false, path: relayed }",
            "4:35: `connected: false` is a call that never connects, and so never has this path (write `path: none`, or judge `connected: false` at a time, with `at: 9 s`)",
        ),
        (
            "{ connected: { within: 2 s }, path: none }",
            "4:45: `path: none` is a call that never connects, and `connected` asks for one that does (write `connected: false`, or another path)",
        ),
        (
            "{ path: direct, selected: { alice: relay/udp } }",
            "4:35: a side that selects a relay makes the path relayed, and `path` says direct (write `path: relayed`, or another candidate)",
        ),
        (
            "{ path: relayed, selected: { alice: host/udp, bob: srflx/udp } }",
            "4:36: a path is relayed where one side selects a relay, and neither does here (write `path: direct`, or `relay/udp` for one side)",
        ),
        (
            "{ at: 3 s, connected: { within: 5 s } }",
            "4:41: 5 s is after the time of judging (write at most 3 s here, or a later `at`)",
        ),
        (
            "{ connected: { within: 90 s } }",
            "4:32: 90 s is after the end of the run (write an earlier time, or a `limit` above 90 s)",
        ),
        (
            "{ selected: { carol: host/udp } }",
            "4:23: unknown side of the call `carol` (one of: alice, bob)",
        ),
    ] {
        assert_eq!(only(&format!("{RELAYED}expect: {expect}")), format!("test.yaml:{message}"));
    }
    for expect in [
        "{ at: 9 s, connected: false, path: relayed }",
        "{ connected: true, path: [none, direct] }",
        "{ connected: false, path: [none, direct] }",
        "{ path: relayed, selected: { alice: host/udp } }",
        "{ path: relayed, selected: [ { alice: relay/udp, bob: prflx/udp }, { alice: prflx/udp, bob: relay/udp } ] }",
    ] {
        read(&format!("{RELAYED}expect: {expect}"));
    }
}

#[test]
fn a_third_peer_is_no_side_of_the_call() {
    assert_eq!(
        only("peers: { alice: {}, bob: {}, carol: {} }\nexpect: { selected: { carol: host/udp } }"),
        "test.yaml:2:23: `carol` is not in the call (its sides are alice and bob)"
    );
}

#[test]
fn relays_only_without_a_turn_server_must_be_meant() {
    let text = |expect: &str| {
        format!(
            "servers: {{ stun: {{ stun: {{}} }} }}\n{PEERS}call: {{ policy: {{ bob: relay }}, ice_servers: [stun] }}\nexpect: {expect}"
        )
    };
    let message = "test.yaml:3:17: `bob` may use relays only, and asks no TURN server (name a TURN server in `ice_servers`; where nothing shall connect, expect `path: none`)";
    assert_eq!(only(&text("{ connected: { within: 5 s } }")), message);
    assert_eq!(only(&text("{ path: relayed }")), message);
    assert_eq!(warned(&text("{ path: none, connected: false }")), [""; 0]);
    let unsaid = text("").replace("expect: ", "");
    assert_eq!(warned(&unsaid), [message]);
}

#[test]
fn what_is_defined_and_not_used_gets_a_warning() {
    assert_eq!(
        warned(
            "links: { slow: { delay: 90 ms } }
gateways: { home: { nat: linux }, work: { nat: linux } }
servers: { stun: { stun: {} }, turn: { turn: {} } }
peers: { alice: { behind: home }, bob: {}, carol: {} }
call: { ice_servers: { alice: [stun] } }"
        ),
        [
            "test.yaml:1:10: no cable is `slow` (as in `peers: { alice: { link: slow } }`, or remove it)",
            "test.yaml:2:35: nothing is behind `work` (as in `peers: { alice: { behind: work } }`, or remove it)",
            "test.yaml:3:32: nobody asks `turn` (name it in `ice_servers`, as in `call: { ice_servers: [turn] }`, or remove it)",
            "test.yaml:4:44: `carol` takes no part in the call (choose the sides with `offerer` and `answerer` of `call`, or remove it)",
        ]
    );
    assert_eq!(
        warned(
            "matrix: { servers: [[stun], [turn], []], home: [a, b] }
links: { slow: { delay: 90 ms }, slower: { like: slow, loss: 1 % } }
gateways: { a: { nat: linux }, b: { nat: linux, link: slower } }
servers: { stun: { stun: {} }, turn: { turn: {} } }
peers: { alice: { behind: $home }, bob: {} }
call: { ice_servers: $servers }"
        ),
        [""; 0],
        "each is used in some case"
    );
}

#[test]
fn a_relay_that_cannot_be_and_seeds_that_are_not_used_get_a_warning() {
    assert_eq!(
        warned(&format!(
            "seed: 3\nsweep: {{ seeds: 1..2 }}\n{PEERS}expect: {{ path: relayed, selected: {{ bob: relay/udp }} }}"
        )),
        [
            "test.yaml:1:1: this seed is not used: `sweep` says which seeds are (remove `seed`, or `sweep`)",
            "test.yaml:4:17: no path is relayed where nobody asks a TURN server (name a TURN server in `ice_servers` of `call`)",
            "test.yaml:4:38: `bob` has no relay where it asks no TURN server (name a TURN server in `ice_servers` of `call`)",
        ]
    );
    assert_eq!(
        warned(&format!("{PEERS}expect: {{ over: seeds, connected: {{ p50: 1 s }} }}")),
        [
            "test.yaml:2:9: `over: seeds` without a `sweep` is about one seed (as in `sweep: { seeds: 1..100 }`; `icelab run --sweep 1..100` gives one too)"
        ]
    );
}

#[test]
fn messages_of_cases_do_not_multiply() {
    let source = Source::new(
        "test.yaml",
        format!(
            "matrix: {{ a: [1, 2, 3, 4, 5, 6] }}\nseed: $a\n{PEERS}events: [ {{ at: 1 s, heal: [alice, internet] }} ]"
        ),
    );
    let Err(refusal) = Scenario::read(source) else { panic!("accepted") };
    assert_eq!(refusal.faults.len(), 1);
}

#[test]
fn a_time_to_reconnect_below_its_resolution_is_refused() {
    let text = |within: &str| {
        format!(
            "{RELAYED}events: [ {{ at: 5 s, cut: [alice, internet] }} ]\nexpect: {{ reconnected: {{ within: {within} }} }}"
        )
    };
    for within in ["0 s", "99 ms"] {
        assert_eq!(
            only(&text(within)),
            "test.yaml:5:34: `reconnected` is measured to 100 ms, not finer (write `100 ms`: what was never interrupted counts as 0)"
        );
    }
    assert_eq!(read(&text("100 ms")).cases.len(), 1);
}

#[test]
fn a_range_that_holds_its_own_gateway_is_refused_and_a_lite_agent_behind_a_nat_warned_of() {
    let text = "gateways: { a: { nat: linux, inside: 203.0.113.0/24, outside: 203.0.113.7 } }
peers: { alice: { behind: a }, bob: {} }";
    assert_eq!(
        only(text),
        "test.yaml:1:38: `203.0.113.0/24` holds 203.0.113.7, the gateway's own address outside (write a private range, such as 192.168.1.0/24)"
    );
    let text =
        "gateways: { a: { nat: linux } }\npeers: { alice: {}, bob: { behind: a, lite: true } }";
    assert_eq!(
        warned(text),
        [
            "test.yaml:2:45: `bob` is lite and behind a NAT (lite agents belong on public addresses (RFC 8445 section 2.5): remove this, or `behind`)"
        ]
    );
    assert_eq!(warned(&text.replace("nat: linux", "nat: none")), [""; 0]);
}
