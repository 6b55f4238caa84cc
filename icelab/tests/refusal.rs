//! What is told about files that cannot be used: one message a fault, with its place and the way out.

use icelab::scenario::load::Scenario;

use crate::refused;

/// Peers without which no file is complete.
const PEERS: &str = "peers: { alice: {}, bob: {} }\n";

fn check(text: &str, expected: &[&str]) {
    assert_eq!(refused(text), expected, "{text}");
}

#[test]
fn unknown_keys_name_the_nearest_known_one() {
    check(
        "gateway: {}",
        &["test.yaml:1:1: unknown key `gateway` in a scenario (did you mean `gateways`?)"],
    );
    check(
        "peers:\n  alice: { behnid: x }\n  bob: { link: { rat: 1 kbit/s } }",
        &[
            "test.yaml:2:12: unknown key `behnid` in a peer (did you mean `behind`?)",
            "test.yaml:3:18: unknown key `rat` in a link (did you mean `rate`?)",
        ],
    );
    check(
        "peers: {}\nsweep: { xyzzy: 1 }",
        &["test.yaml:2:10: unknown key `xyzzy` in `sweep` (one of: seeds)"],
    );
}

#[test]
fn unknown_words_name_the_nearest_known_one() {
    let text =
        "gateways:\n  a: { nat: symetric, link: wfi, firewall: blok_udp }\n".to_owned() + PEERS;
    check(
        &text,
        &[
            "test.yaml:2:13: unknown NAT preset `symetric` (did you mean `symmetric`?)",
            "test.yaml:2:29: unknown link `wfi` (did you mean `wifi`?)",
            "test.yaml:2:44: unknown firewall preset `blok_udp` (did you mean `block_udp`?)",
        ],
    );
    check(
        &format!("{PEERS}expect: {{ path: relay, selected: {{ alice: srlfx/udp }} }}"),
        &[
            "test.yaml:2:17: unknown path `relay` (did you mean `relayed`?)",
            "test.yaml:2:43: unknown kind of candidate `srlfx/udp` (did you mean `srflx/udp`?)",
        ],
    );
}

#[test]
fn wrong_units_name_the_right_one() {
    for (value, message) in [
        ("rate: 20 Mbps", "test.yaml:1:20: unknown unit `Mbps` (write `20 Mbit/s`)"),
        (
            "rate: 2.5MB/s",
            "test.yaml:1:20: unknown unit `MB/s` (write `2.5 Mbit/s`: rates count bits; 1 byte has 8 of them)",
        ),
        (
            "delay: 30",
            "test.yaml:1:21: `30` has no unit (write a unit after it: ns, us, ms, s, min, h, as in `30 ms`)",
        ),
        ("delay: 2 sec", "test.yaml:1:21: unknown unit `sec` (write `2 s`)"),
        ("delay: soon", "test.yaml:1:21: `soon` is not a time (as in `30 ms`)"),
        (
            "loss: 0.01",
            "test.yaml:1:20: `0.01` has no unit (write `1 %`, or `0.01 %` where that is meant)",
        ),
        ("loss: 101 %", "test.yaml:1:20: 101 % is more than all"),
        (
            "queue: 64 KB",
            "test.yaml:1:21: `64 KB` is no size of a queue (write `64 KiB`: sizes count in steps of 1024 bytes, and say so)",
        ),
        ("mtu: 40", "test.yaml:1:19: no link has an mtu of 40 B"),
        ("mtu: 1400 bytes", "test.yaml:1:19: unknown unit `bytes` (write `1400 B`)"),
        (
            "burst: 3 packets",
            "test.yaml:1:21: `burst` needs `loss` (as in `{ loss: 2 %, burst: 3 packets }`)",
        ),
    ] {
        check(&format!("links: {{ x: {{{value}}} }}\n{PEERS}"), &[message]);
    }
}

#[test]
fn an_unquoted_bound_is_told_apart_from_other_slips() {
    let message = |place: &str| {
        format!(
            "test.yaml:{place}: an unquoted `>=` starts a YAML text block (quote the bound, as in `\">= 5 Mbit/s\"`, or write `{{ at_least: 5 Mbit/s }}`)"
        )
    };
    let block = "expect:\n  over: seeds\n  connected:\n    share: >= 99 %\n";
    check(block, &[&message("4:12")]);
    let flow = "expect: { over: seeds, connected: { share: >= 99 % } }";
    check(flow, &[&message("1:44")]);
}

#[test]
fn duplicate_keys_tabs_aliases_and_tags_are_refused() {
    check(
        "peers:\n  alice: {}\n  alice: {}",
        &[
            "test.yaml:3:3: duplicate key `alice` (a key may stand only once in a map: rename one, or merge the two)",
        ],
    );
    check(
        "peers:\n\talice: {}",
        &["test.yaml:2:1: a tab in the indentation (YAML indents with blanks only)"],
    );
    check(
        "peers:\n  alice:\n\tbehind: linux\n  bob: {}",
        &["test.yaml:3:1: a tab in the indentation (YAML indents with blanks only)"],
    );
    check(
        "asks: My office: does it reach bob?",
        &[
            "test.yaml:1:16: a `: ` inside of unquoted text (quote the text, as in `asks: \"One thing: does it work?\"`, or check the indentation)",
        ],
    );
    check(
        "links: { a: &a {}, b: *a }",
        &[
            "test.yaml:1:23: aliases (`*name`) are not used in scenarios (write the value out, or name it under `links:` or `matrix:`)",
        ],
    );
    check("seed: !big 7", &["test.yaml:1:7: tags (`!name`) are not used in scenarios"]);
    check(
        "",
        &["test.yaml:1:1: the file is empty (`icelab new NAME` writes a scenario to start from)"],
    );
    check(
        "seed: 1\n---\nseed: 2",
        &[
            "test.yaml:2:1: a second YAML document in one file (one file asks one question: put it into a file of its own)",
        ],
    );
    check(
        "stun:",
        &[
            "test.yaml:1:1: unknown key `stun` in a scenario (it belongs to a server, as in `servers: { turn: { turn: {} } }`)",
        ],
    );
    check(
        &format!("{PEERS}servers:\n  s:\n    stun:\n"),
        &[
            "test.yaml:4:9: a key without a value (write `{}` for an empty value, indent what belongs to it, or remove the key)",
        ],
    );
}

#[test]
fn words_of_old_yaml_are_no_booleans() {
    check(
        &format!("{PEERS}call: {{ trickle: no }}"),
        &[
            "test.yaml:2:18: expected true or false, found text (write `false`: `no` is a word in YAML 1.2)",
        ],
    );
}

#[test]
fn what_comes_later_is_refused_and_never_ignored() {
    let text = "traffic: {}\ncalls: []\nruntime: tokio
servers: { t: { turn: { transports: [udp, tls], credentials: rest }, signal: {} } }
peers: { alice: { mdns: true, tcp: true }, bob: {} }
call: { media: [] }
events: [ { at: 1 s, crash: alice } ]
expect: { media: {}, selected: { alice: relay/tls } }";
    let words: Vec<String> = refused(text)
        .iter()
        .map(|message| message.split("not supported yet: ").nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(
        words,
        [
            "traffic",
            "calls",
            "runtime `tokio`",
            "transport `tls`",
            "kind of credentials `rest`",
            "signal",
            "mdns",
            "tcp",
            "media",
            "crash",
            "media",
            "kind of candidate `relay/tls`",
        ]
    );
}

#[test]
fn references_to_nothing_or_to_the_wrong_thing_are_told() {
    check(
        "gateways: { home: {} }
servers: { stun: { stun: {} } }
peers: { alice: { behind: hoem }, bob: { behind: stun } }
call: { offerer: home, ice_servers: [sturn, bob] }
events: [ { at: 1 s, reboot: alice }, { at: 1 s, cut: [alice, bob] } ]",
        &[
            "test.yaml:3:27: unknown gateway `hoem` (did you mean `home`?)",
            "test.yaml:3:50: `stun` is a server, which nothing can be behind",
            "test.yaml:4:18: `home` is a gateway, not a peer (one of: alice, bob)",
            "test.yaml:5:30: `alice` is a peer, not a gateway (one of: home)",
            "test.yaml:5:55: no cable between `alice` and `bob` (these are cables: [alice, internet], [bob, internet])",
        ],
    );
}

#[test]
fn names_mean_one_thing_each() {
    check(
        "gateways: { linux: {}, internet: {}, alice: {}, 7up: {} }\npeers: { alice: {}, bob: {} }",
        &[
            "test.yaml:1:49: `7up` cannot be a name (names are letters, digits, `_` and `-`, begin with a letter, and have at most 48 of them)",
        ],
    );
    check(
        "links: { wifi: {} }\ngateways: { linux: {}, internet: {}, alice: {} }\npeers: { alice: {}, bob: {} }",
        &[
            "test.yaml:1:10: `wifi` is the name of a preset (choose another name, such as `my_wifi`)",
            "test.yaml:2:13: `linux` is the name of a preset (choose another name, such as `my_linux`)",
            "test.yaml:2:24: `internet` is there already (it is what everything hangs on; choose another name)",
            "test.yaml:3:10: `alice` is a gateway already (gateways, servers and peers share one space of names: choose another)",
        ],
    );
}

#[test]
fn a_circle_of_gateways_is_shown_as_one() {
    check(
        &format!(
            "gateways: {{ a: {{ behind: b }}, b: {{ behind: c }}, c: {{ behind: b }} }}\n{PEERS}"
        ),
        &[
            "test.yaml:1:44: a circle of `behind`: b -> c -> b (one of them must be `behind: internet`, which is the default)",
        ],
    );
    check(
        &format!("gateways: {{ a: {{ behind: a }} }}\n{PEERS}"),
        &[
            "test.yaml:1:26: a circle of `behind`: a -> a (one of them must be `behind: internet`, which is the default)",
        ],
    );
}

#[test]
fn addresses_must_be_readable_of_the_right_kind_and_within_their_range() {
    check(
        "gateways:
  a: { nat: linux, inside: 192.168.1.7/24 }
  b: { nat: linux, inside: 10.0.0.0/33 }
  c: { nat: linux, inside: 10.9.0.0/16, outside: 10.1.1.1 }
  d: { nat: linux, inside: [10.8.0.0/16, 10.7.0.0/16] }
peers:
  alice: { behind: c, ip: 10.8.0.1 }
  bob: { ip: 203.0.113.5 }
  carol: { ip: 203.0.113.5 }
  dave: { ip: 127.0.0.1 }
  erin: { ip: 300.1.1.1 }
  frank: { ip: ipv6 }",
        &[
            "test.yaml:2:28: `192.168.1.7/24` is no range of addresses (the range that holds it is `192.168.1.0/24`)",
            "test.yaml:3:28: `10.0.0.0/33` is no range of addresses (as in `192.168.1.0/24` or `\"2001:db8:1::/64\"`)",
            "test.yaml:4:50: 10.1.1.1 is a private address, which the internet does not route (give a public one such as 203.0.113.7, or put the node `behind:` a gateway)",
            "test.yaml:5:42: a second range of the same IP version",
            "test.yaml:7:27: 10.8.0.1 is outside the range 10.9.0.0/16 of `c` (or give `c` another range with `inside:`)",
            "test.yaml:9:16: 203.0.113.5 is `bob`'s address already",
            "test.yaml:10:15: 127.0.0.1 cannot be the address of a node",
            "test.yaml:11:15: `300.1.1.1` is no IP address (as in `203.0.113.7` or `\"2001:db8::7\"`)",
            "test.yaml:12:16: `ipv6` is no IP address (one of: v4, v6)",
        ],
    );
}

#[test]
fn a_family_that_nothing_routes_is_told() {
    check(
        "gateways: { home: { nat: linux } }\npeers: { alice: { behind: home, ip: v6 }, bob: {} }",
        &[
            "test.yaml:2:37: no way to route IPv6 from `alice` (add v6 to `ip:` of `home`, as in `ip: [v4, v6]`)",
        ],
    );
    check(
        "gateways: { a: {}, b: { ip: v6, behind: a } }\npeers: { alice: { behind: b }, bob: {} }",
        &[
            "test.yaml:1:29: no way to route IPv6 from `b` (add v6 to `ip:` of `a`, as in `ip: [v4, v6]`)",
        ],
    );
}

#[test]
fn variables_must_exist_and_when_must_be_possible() {
    check(
        "matrix: { nat: [symmetric, full_con] }
gateways: { a: { nat: $nta }, b: { nat: $nat } }
peers: { alice: { behind: a }, bob: { behind: b } }",
        &["test.yaml:2:23: unknown variable `$nta` (did you mean `nat`?)"],
    );
    check(
        "matrix: { nat: [symmetric, full_con] }
gateways: { a: { nat: $nat } }
peers: { alice: { behind: a }, bob: {} }",
        &["test.yaml:1:28: unknown NAT preset `full_con` (did you mean `full_cone`?)"],
    );
    check(
        &format!(
            "matrix: {{ a: [one, two] }}\n{PEERS}expect:\n  - {{ when: {{ b: one }} }}\n  - {{ when: {{ a: [one, tow] }} }}"
        ),
        &[
            "test.yaml:4:15: `when` asks for `b`, which is not in `matrix` (one of: a)",
            "test.yaml:5:24: `a` is never `tow` (did you mean `two`?)",
        ],
    );
    check(
        &format!("asks: Does it cost 5 $?\n{PEERS}"),
        &[
            "test.yaml:1:7: a lonely `$` (`$name` stands alone, `${name}` stands inside text, and `$$` is a dollar)",
        ],
    );
    check(
        &format!("matrix: {{ a: [] }}\n{PEERS}"),
        &["test.yaml:1:14: `a` has no values, so there is no case"],
    );
}

#[test]
fn times_must_lie_within_the_run() {
    check(
        &format!(
            "limit: 10 s\n{PEERS}events: [ {{ at: 70 s, close: bob }} ]\nexpect: {{ at: 11 s, connected: true }}"
        ),
        &[
            "test.yaml:3:17: 70 s is after the end of the run (write an earlier time, or a `limit` above 70 s)",
            "test.yaml:4:15: 11 s is after the end of the run (write an earlier time, or a `limit` above 11 s)",
        ],
    );
}

#[test]
fn expectations_must_be_complete_and_possible() {
    check(
        &format!(
            "{PEERS}expect:\n  - connected: {{ p95: 1 s }}\n  - reconnected: {{ within: 1 s }}\n  - {{ over: seeds, path: direct }}\n  - selected: {{ carol: host/udp }}"
        ),
        &[
            "test.yaml:3:23: `p50`, `p95`, `max` and `share` are about many runs (add `over: seeds` beside `connected`)",
            "test.yaml:4:18: nothing happens before this (write the event under `events:`, or ask for `connected`)",
            "test.yaml:5:5: `over: seeds` needs `connected` with `p50`, `p95`, `max` or `share` (as in `{ over: seeds, connected: { p95: 2 s, share: \">= 99 %\" } }`)",
            "test.yaml:5:26: `over: seeds` judges `connected` only (write the rest in a map of its own, without `over`: each seed is judged by it)",
            "test.yaml:6:17: unknown side of the call `carol` (one of: alice, bob)",
        ],
    );
}

#[test]
fn a_call_needs_two_ends_that_are_not_both_lite() {
    check(
        "peers: { alice: {} }",
        &["test.yaml:1:8: a call needs two peers (as in `peers: { alice: {}, bob: {} }`)"],
    );
    check(
        "peers: { alice: { lite: true }, bob: { lite: true } }\ncall: {}",
        &["test.yaml:2:7: both sides are lite, so nobody would check anything"],
    );
    check(
        &format!("{PEERS}call: {{ offerer: alice, answerer: alice }}"),
        &["test.yaml:2:35: `alice` cannot call itself"],
    );
}

#[test]
fn places_are_counted_in_letters_not_bytes() {
    check(
        "asks: \"Hört Änne mich?\" # grün\r\npeers: { alice: {}, bob: { lnik: wifi } }",
        &["test.yaml:2:28: unknown key `lnik` in a peer (did you mean `link`?)"],
    );
    check(
        "asks: Über ü\npeers: { é: {}, bob: {} }",
        &[
            "test.yaml:2:10: `é` cannot be a name (names are letters, digits, `_` and `-`, begin with a letter, and have at most 48 of them)",
        ],
    );
}

#[test]
fn a_value_where_a_map_belongs_is_shown_as_a_map() {
    for (line, message) in [
        ("sweep: 1..200", "1:8: expected a map, found text (as in `{ seeds: 1..200 }`)"),
        (
            "sweep: { seeds: 1-200 }",
            "1:17: `1-200` is no range of seeds (write `1..200`: both ends included)",
        ),
        (
            "sweep: { seeds: 200 }",
            "1:17: `200` is no range of seeds (write `1..200`: both ends included)",
        ),
        ("gateways: { home: linux }", "1:19: expected a map, found text (as in `{ nat: linux }`)"),
        ("gateways: [home]", "1:11: expected a map of names, found a list (as in `{ home: {} }`)"),
        (
            "gateways: [ { name: home } ]",
            "1:11: expected a map of names, found a list (as in `{ home: {} }`)",
        ),
        (
            "call: { signalling: 50 ms }",
            "1:21: expected a map, found text (as in `{ delay: 50 ms }`)",
        ),
        (
            "servers: { turn: { turn: true } }",
            "1:26: expected a map, found true or false (write `{}`: what it does not say has a default)",
        ),
        (
            "servers: { stun: { stun: true } }",
            "1:26: expected a map, found true or false (write `{}`)",
        ),
        (
            "gateways: { g: { nat: { port_range: 1024-65535 } } }",
            "1:37: `1024-65535` is no port (write `1024..65535`)",
        ),
    ] {
        check(&format!("{line}\n{PEERS}"), &[&format!("test.yaml:{message}")]);
    }
}

#[test]
fn words_of_other_tools_find_ours() {
    for (text, message) in [
        (
            "expect: { selected: { alice: relay } }",
            "unknown kind of candidate `relay` (did you mean `relay/udp`?)",
        ),
        ("expect: { path: p2p }", "unknown path `p2p` (did you mean `direct`?)"),
        (
            "links: { x: { latency: 20 ms } }",
            "unknown key `latency` in a link (did you mean `delay`?)",
        ),
        (
            "gateways: { g: { nat: address_restricted_cone } }",
            "unknown NAT preset `address_restricted_cone` (did you mean `restricted`?)",
        ),
        (
            "gateways: { g: { nat: { mapping: EIM } } }",
            "unknown behaviour `EIM` (did you mean `endpoint_independent`?)",
        ),
        ("call: { caller: alice }", "unknown key `caller` in a call (did you mean `offerer`?)"),
    ] {
        let messages = refused(&format!("{text}\n{PEERS}"));
        assert!(messages[0].ends_with(message), "{messages:?}");
        assert_eq!(messages.len(), 1, "{messages:?}");
    }
}

#[test]
fn a_key_in_a_wrong_place_is_told_its_right_one() {
    for (text, message) in [
        ("media: []", "1:1: not supported yet: media (its place is under `call:`)"),
        (
            "data: []",
            "1:1: unknown key `data` in a scenario (it belongs under `call:` or `expect:`, as in `call: { data: { send: { from: alice } } }`)",
        ),
        (
            "call: { priority: high }",
            "1:9: unknown key `priority` in a call (it belongs to a channel, as in `call: { data: { label: file, send: { from: alice } } }`)",
        ),
        (
            "call: { from: alice }",
            "1:9: unknown key `from` in a call (it belongs to `send` of a channel, as in `send: { from: alice, size: 2 MiB }`, or to `match` of `drop`, as in `drop: { match: { packet: data, from: alice } }`)",
        ),
        (
            "ice_servers: []",
            "1:1: unknown key `ice_servers` in a scenario (it belongs under `call:`, as in `call: { offerer: alice, ice_servers: [stun] }`)",
        ),
        (
            "nat: linux",
            "1:1: unknown key `nat` in a scenario (it belongs to a gateway, as in `gateways: { home: { nat: linux } }`; peers stand `behind: home`)",
        ),
        (
            "call: { events: [] }",
            "1:9: unknown key `events` in a call (it belongs to the top of the file, without blanks before it)",
        ),
    ] {
        check(&format!("{text}\n{PEERS}"), &[&format!("test.yaml:{message}")]);
    }
}

#[test]
fn how_soon_is_written_with_within() {
    for (value, help) in [
        ("maybe", "as in `true` or `{ within: 2 s }`"),
        ("2 s", "write `{ within: 2 s }`"),
        ("< 2 s", "write `{ within: 2 s }`"),
        ("yes", "write `true`: `yes` is a word in YAML 1.2"),
        ("\"true\"", "write `true` without quotes"),
    ] {
        check(
            &format!("{PEERS}expect: {{ connected: {value} }}"),
            &[&format!(
                "test.yaml:2:22: expected true, false or `{{ within: … }}`, found text ({help})"
            )],
        );
    }
}

#[test]
fn numbers_that_are_nearly_right_are_shown_right() {
    for (line, message) in [
        ("seed: 1_000", "1:7: expected a whole number from 0 up, found text (write `1000`)"),
        ("seed: 007", "1:7: expected a whole number from 0 up, found text (write `7`)"),
        ("seed: 1.0", "1:7: expected a whole number from 0 up, found a number (write `1`)"),
        (
            "seed: 99999999999999999999",
            "1:7: a number that is too large (18446744073709551615 is the most)",
        ),
        ("limit: 1,5 s", "1:8: `1,5 s` is not a time (write `1.5 s`)"),
        (
            "limit: 1 min 30 s",
            "1:8: `1 min 30 s` is not a time (one number with one unit, as in `30 ms`)",
        ),
        ("limit: 1:30", "1:8: `1:30` is not a time (one number with one unit, as in `30 ms`)"),
        ("limit: -5 s", "1:8: `-5 s` is less than nothing (as in `30 ms`)"),
        (
            "gateways: { g: { outside: \"203.0.113.7:5000\" } }",
            "1:27: `203.0.113.7:5000` is no IP address (this is an address with a port; nodes have an address only)",
        ),
    ] {
        check(&format!("{line}\n{PEERS}"), &[&format!("test.yaml:{message}")]);
    }
}

#[test]
fn brackets_and_quotes_are_told_where_they_begin() {
    for (text, message) in [
        (
            "peers:\n  alice: { behind: home\n  bob: {}\n",
            "2:10: a `{` that is never closed (write `}` where it ends)",
        ),
        (
            "peers: { alice: {}, bob: {}\n",
            "1:8: a `{` that is never closed (write `}` where it ends)",
        ),
        (
            "call:\n  ice_servers: [turn\nexpect:\n  path: direct\n",
            "2:16: a `[` that is never closed (write `]` where it ends)",
        ),
        ("call:\n  ice_servers: [turn}\n", "2:21: `}` closes no `[` (write `]`)"),
        (
            "call:\n  ice_servers: [turn]]\n",
            "2:22: a `]` too many (nothing is open here: remove it)",
        ),
        (
            "asks: \"Does it work?\npeers: {}\n",
            "1:7: a quote that is never closed (write \" at the end of the text as well)",
        ),
        (
            "asks: 'It's broken'\n",
            "1:11: text goes on after its closing quote (inside of '…' a `'` is written twice; inside of \"…\" a `\"` is written `\\\"`)",
        ),
    ] {
        check(text, &[&format!("test.yaml:{message}")]);
    }
}

#[test]
fn letters_that_look_like_others_are_named() {
    for (text, message) in [
        (
            "peers:\n\u{a0}\u{a0}alice: {}\n\u{a0}\u{a0}bob: {}\n",
            "2:1: a no-break space (U+00A0) (write an ordinary blank)",
        ),
        ("seed:\u{a0}7\npeers: {}\n", "1:6: a no-break space (U+00A0) (write an ordinary blank)"),
        (
            "asks: Ça marche\u{a0}?\npeers: {\u{a0}alice: {}, bob: {} }\n",
            "2:9: a no-break space (U+00A0) (write an ordinary blank)",
        ),
        (
            "peers:\n  alice: {}\n \u{a0}bob: {}\n",
            "3:2: a no-break space (U+00A0) (write an ordinary blank)",
        ),
        (
            "peers:\n  al\u{200b}ice: {}\n  bob: {}\n",
            "2:5: a blank that YAML does not know (U+200B) (write an ordinary blank, or nothing)",
        ),
        ("peers\u{ff1a} { alice: {}, bob: {} }\n", "1:6: a wide colon (U+FF1A) (write `: `)"),
        (
            "asks: x\u{2028}y\npeers: { alice: {}, bob: {} }\n",
            "1:8: an unusual end of a line (U+2028) (remove it, or end the line as usual)",
        ),
        ("asks: a\u{7}b\npeers: {}\n", "1:8: a control character (U+0007) (remove it)"),
    ] {
        check(text, &[&format!("test.yaml:{message}")]);
    }
    // A no-break space within text is text.
    crate::read("asks: Ça marche\u{a0}?\npeers: { alice: {}, bob: {} }");
}

#[test]
fn slips_of_yaml_are_told_in_words_that_mend_them() {
    for (text, message) in [
        ("seed:7\npeers: {}\n", "1:5: no blank after `:` (write `seed: 7`)"),
        ("peers:\n  alice:{}\n  bob: {}\n", "2:8: no blank after `:` (write `alice: {}`)"),
        ("// hello\npeers: {}\n", "1:1: `//` begins no comment (a comment begins with `#`)"),
        ("peers: {}#x\n", "1:10: a comment without a blank before it (write ` #`)"),
        (
            "asks: @home\n",
            "1:7: unquoted text that begins with `@` (this letter means something to YAML: put the text into quotes)",
        ),
        (
            "asks: *bold*\n",
            "1:7: unquoted text that begins with `*` (this letter means something to YAML: put the text into quotes)",
        ),
        (
            "gateways: { g: { nat: ${a} } }\n",
            "1:23: an unquoted `${` inside of `{…}` or `[…]` (write `$name` alone, or quote the text: `\"${name} and more\"`)",
        ),
        (
            "peers:\n  alice: {}\n bob: {}\n",
            "3:2: the indentation fits none of the lines above (the lines above that it can belong to begin in column 3 or 1)",
        ),
    ] {
        check(text, &[&format!("test.yaml:{message}")]);
    }
}

#[test]
fn a_trace_is_the_text_of_a_file_and_a_schedule_has_times() {
    for (link, message) in [
        (
            "trace: verizon.down",
            "1:25: this trace cannot be used: line 1 is not a whole number of milliseconds (write `trace: |` and below it, indented, the lines of a file in mahimahi's format: times in whole ms that never decrease)",
        ),
        (
            "trace: \"5 3\"",
            "1:25: this trace cannot be used: line 1 is not a whole number of milliseconds (write `trace: |` and below it, indented, the lines of a file in mahimahi's format: times in whole ms that never decrease)",
        ),
        (
            "rate: 1 Mbit/s, trace: 5",
            "1:24: `rate` and `trace` both say how fast the link is (remove one of them)",
        ),
        (
            "schedule: [ { loss: 5 % } ]",
            "1:30: a change of a schedule needs `at` (as in `schedule: [ { at: 5 s, loss: 10 % }, { at: 8 s, loss: 0 % } ]`)",
        ),
        ("schedule: { at: 5 s }", "1:28: this changes nothing (as in `{ at: 5 s, loss: 10 % }`)"),
        (
            "schedule: { at: 90 s, loss: 5 % }",
            "1:34: 90 s is after the end of the run (write an earlier time, or a `limit` above 90 s)",
        ),
        (
            "schedule: { at: 9 s, schedule: { at: 3 s, loss: 5 % } }",
            "1:49: a change of a schedule has no schedule of its own (write one list of changes)",
        ),
    ] {
        check(
            &format!("links: {{ poor: {{ {link} }} }}\n{PEERS}"),
            &[&format!("test.yaml:{message}")],
        );
    }
    check(
        &format!(
            "{PEERS}events: [ {{ at: 1 s, set: {{ link: bob, schedule: {{ at: 2 s, loss: 1 % }} }} }} ]"
        ),
        &[
            "test.yaml:2:50: `set` happens at one time, and has no schedule (write an event for each change, or the schedule at the link itself)",
        ],
    );
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    let refused = |bytes: &[u8]| match Scenario::read_bytes("test.yaml", bytes) {
        Ok(_) => panic!("accepted"),
        Err(refusal) => refusal.lines(),
    };
    assert_eq!(
        refused(b"peers: {}\nasks: caf\xe9 noir\n"),
        ["test.yaml:2:10: the byte 0xE9 is no UTF-8 (save the file as UTF-8)"]
    );
    assert_eq!(
        refused(b"\xff\xfep\0e\0"),
        ["test.yaml:1:1: the file is UTF-16 (save it as UTF-8)"]
    );
    assert!(
        Scenario::read_bytes("test.yaml", "\u{feff}peers: { alice: {}, bob: {} }".as_bytes())
            .is_ok()
    );
}

#[test]
fn what_other_tools_would_take_is_told_in_words_that_help() {
    for (text, place, told) in [
        (
            "asks base\nlinks:\n  slow: { like: dsl }\n".to_owned() + PEERS,
            "1:1",
            "no `:` after `asks` (write `asks: base`)",
        ),
        (
            format!("{PEERS}servers: {{ s: {{ url: \"stun:x\" }} }}"),
            "2:17",
            "unknown key `url` in a server (servers are part of the simulated network and have no url, as in `servers: { stun: { stun: {} } }`)",
        ),
        (
            format!("{PEERS}gateways: {{ g: {{ firewall: [ {{ allow: http }} ] }} }}"),
            "2:39",
            "unknown protocol `http` (write it with its port: `{ allow: tcp, to_port: 80 }`)",
        ),
        (
            format!(
                "{PEERS}events: [ {{ at: 1 s, drop: {{ match: {{ packet: turn_error }} }} }} ]"
            ),
            "2:47",
            "unknown kind of packet `turn_error` (did you mean `turn_response`?)",
        ),
        (format!("seed: -1\n{PEERS}"), "1:7", "expected a whole number from 0 up, found -1"),
        (
            format!("{PEERS}gateways: {{ g: {{ nat: [symmetric] }} }}"),
            "2:23",
            "expected a map, found a list (as in `nat: symmetric`, a preset, or `nat: { mapping: endpoint_independent }`)",
        ),
        (
            format!("{PEERS}gateways: {{ g: {{ nat: {{ mapping: symmetric }} }} }}"),
            "2:34",
            "unknown behaviour `symmetric` (that is `address_and_port_dependent`)",
        ),
        (
            format!("{PEERS}gateways: {{ g: {{ nat: {{ filtering: port_restricted }} }} }}"),
            "2:36",
            "unknown behaviour `port_restricted` (as `filtering`, that is `address_and_port_dependent`; such a NAT's `mapping` is `endpoint_independent`)",
        ),
        (
            format!(
                "servers: {{ s: {{ stun: {{}} }} }}\n{PEERS}call: {{ ice_servers: [\"stun:x.org:3478\"] }}"
            ),
            "3:23",
            "`stun:x.org:3478` is a URL (write names of `servers:`, as in `ice_servers: [s]`)",
        ),
    ] {
        check(&text, &[&format!("test.yaml:{place}: {told}")]);
    }
}

#[test]
fn what_dtls_is_not_is_refused() {
    for (value, message) in [
        ("1.1", "test.yaml:1:25: `1.1` is no version of DTLS"),
        ("[1.2, new]", "test.yaml:1:31: `new` is no version of DTLS"),
        ("{ groups: [p521] }", "test.yaml:1:36: unknown group `p521`"),
        ("{ groups: [p256], key_shares: 2 }", "test.yaml:1:55: 2 key shares"),
        ("{ version: 1.3 }", "test.yaml:1:27: unknown key `version`"),
        ("{ key_shares: 0 }", "test.yaml:1:39: no key share"),
        ("{ groups: [p256, p256] }", "test.yaml:1:42: `p256` twice"),
        (
            "{ versions: 1.2, groups: x25519_mlkem768 }",
            "test.yaml:1:50: DTLS 1.2 has none of these groups",
        ),
    ] {
        let text = format!("peers: {{ alice: {{ dtls: {value} }}, bob: {{}} }}");
        let faults = refused(&text);
        assert!(faults.iter().any(|fault| fault.starts_with(message)), "{faults:?}");
    }
}
