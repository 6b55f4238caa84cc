//! What files mean: defaults, presets, addresses, events.

use core::time::Duration;

use icelab::scenario::grammar::file::File;
use icelab::scenario::plan::{
    Action, Behind, Nomination, OnDisconnected, PacketKind, Policy, Roles, Runtime,
};
use icelab::scenario::text::decode::FromNode;
use icelab::scenario::text::fault::Faults;
use icelab::scenario::text::first_pass;
use icelab::scenario::text::source::Source;
use icelab_dtls::{NamedGroup, Version};
use icelab_peer::Handshake;
use icelab_sim::LinkConfig;
use icelab_sim::link::{Bitrate, Loss, QueueLimit};
use icelab_sim::nat::{Behaviour, Kind, Ports, Unsolicited};
use icelab_sim::topology::Families;

use crate::plan;

#[test]
fn a_small_file_gets_the_defaults() {
    let plan =
        plan("gateways: { home: { nat: symmetric } }\npeers: { alice: { behind: home }, bob: {} }");
    assert_eq!(
        (plan.seed, plan.limit, plan.runtime),
        (1, Duration::from_secs(60), Runtime::Native)
    );
    assert_eq!(plan.call.offerer, "alice");
    assert_eq!(plan.call.answerer, "bob");
    assert!(plan.call.trickle);
    assert_eq!(plan.call.roles, Roles::Standard);
    assert_eq!(plan.call.offerer_side.policy, Policy::All);
    assert!(plan.call.offerer_side.ice_servers.is_empty());
    assert_eq!(plan.call.signalling.delay, Duration::from_millis(20));
    let wait = Duration::from_secs(5);
    assert_eq!(plan.call.on_disconnected, OnDisconnected::RestartIce { after: wait });
    let home = plan.gateway("home").unwrap();
    assert_eq!((&home.behind, home.families), (&Behind::Internet, Families::V4));
    assert_eq!(home.link, LinkConfig::ethernet());
    assert_eq!(home.inside_v4.unwrap().to_string(), "192.168.1.0/24");
    let nat = home.nat.as_ref().unwrap();
    assert_eq!(nat.mapping, Behaviour::AddressAndPortDependent);
    assert_eq!(nat.ports, Ports::Random);
    assert_eq!(plan.peer("bob").unwrap().interfaces[0].behind, Behind::Internet);
    assert_eq!(plan.peer("bob").unwrap().ice.nomination, Nomination::Regular);
}

#[test]
fn a_nat_of_terms_starts_from_the_defaults_or_from_a_preset() {
    let plan = plan(
        "gateways:
  plain: { nat: { mapping: address_dependent, timeouts: 30 s } }
  like: { nat: { like: linux_input_accept, timeouts: { udp_replied: 20 s } } }
  each: { nat: { one_to_one: true } }
  none: {}
peers: { alice: { behind: plain }, bob: { behind: like } }"
            .replace("  none: {}\n", "  router: { nat: none }\n")
            .as_str(),
    );
    let nat = |name: &str| plan.gateway(name).unwrap().nat.clone();
    let plain = nat("plain").unwrap();
    assert_eq!(plain.mapping, Behaviour::AddressDependent);
    assert_eq!(plain.filtering, Behaviour::AddressAndPortDependent);
    assert_eq!(plain.timeouts.udp_replied, Duration::from_secs(30));
    let like = nat("like").unwrap();
    assert_eq!(like.unsolicited, Unsolicited::Track);
    assert_eq!(like.timeouts.udp_replied, Duration::from_secs(20));
    assert_eq!(like.timeouts.udp_unreplied, Duration::from_secs(30));
    assert_eq!(nat("each").unwrap().kind, Kind::OneToOne);
    assert_eq!(nat("router"), None);
}

#[test]
fn gateways_come_outermost_first_and_nested_homes_get_ranges_of_their_own() {
    let plan = plan(
        "gateways:
  inner: { nat: linux, behind: outer }
  outer: { nat: linux, behind: carrier }
  carrier: { nat: cgn_rfc6888 }
peers: { alice: { behind: inner, ip: 192.168.2.9 }, bob: {} }",
    );
    let shown: Vec<_> = plan
        .gateways
        .iter()
        .map(|gateway| (gateway.name.as_str(), gateway.inside_v4.unwrap().to_string()))
        .collect();
    let expected =
        [("carrier", "100.64.0.0/10"), ("outer", "192.168.1.0/24"), ("inner", "192.168.2.0/24")];
    assert_eq!(shown, expected.map(|(name, range)| (name, range.to_owned())));
    let alice = &plan.peer("alice").unwrap().interfaces[0];
    assert_eq!(alice.address_v4, Some("192.168.2.9".parse().unwrap()));
}

#[test]
fn links_are_presets_profiles_or_settings_on_top_of_another() {
    let plan = plan(
        "links:
  train: { like: lte, loss: 2 %, burst: 3 packets }
  tunnel: { like: train, delay: 80ms, up: { rate: 500 kbit/s, queue: 25 packets } }
gateways:
  a: { link: train }
  b: { link: tunnel }
  c: { link: { loss: 0 } }
peers: { alice: { behind: a }, bob: { behind: b } }",
    );
    let link = |name: &str| plan.gateway(name).unwrap().link.clone();
    assert!(matches!(link("a").up.loss, Loss::GilbertElliott { .. }));
    assert_eq!(link("a").up.delay, Duration::from_millis(25));
    assert_eq!(link("b").down.delay, Duration::from_millis(80));
    assert_eq!(link("b").up.rate, Some(Bitrate::from_kbit(500)));
    assert_eq!(link("b").up.queue, QueueLimit::Packets(25));
    assert_eq!(link("b").down.rate, Some(Bitrate::from_mbit(40)));
    assert_eq!(link("c"), LinkConfig::ethernet());
}

#[test]
fn a_peer_with_two_interfaces_has_a_cable_and_an_address_for_each() {
    let plan = plan(
        "gateways:
  home: { nat: linux }
  cell: { nat: cgn_strict, inside: 10.7.0.0/16 }
peers:
  alice: { behind: [home, cell], link: [wifi, lte], ip: [10.7.1.2, 192.168.1.50] }
  bob: {}
events:
  - { at: 5 s, cut: [home, alice] }
  - { at: 3 s, set: { link: [alice, cell], delay: 90 ms, down: { loss: 5 % } } }",
    );
    let alice = plan.peer("alice").unwrap();
    let shown: Vec<_> = alice
        .interfaces
        .iter()
        .map(|interface| {
            (interface.link.up.delay.as_millis(), interface.address_v4.unwrap().to_string())
        })
        .collect();
    assert_eq!(shown, [(5, "192.168.1.50".to_owned()), (25, "10.7.1.2".to_owned())]);
    let [first, second] = plan.events.as_slice() else { panic!("two events") };
    assert_eq!((first.at.as_secs(), second.at.as_secs()), (3, 5));
    let Action::Set { cable, up, down } = &first.action else { panic!("{first:?}") };
    assert_eq!(cable.towards, Behind::Gateway("cell".to_owned()));
    assert_eq!((up.delay, up.loss), (Some(Duration::from_millis(90)), None));
    assert!(down.loss.is_some());
    let Action::Cut(cable) = &second.action else { panic!("{second:?}") };
    assert_eq!(
        (cable.node.as_str(), &cable.towards),
        ("alice", &Behind::Gateway("home".to_owned()))
    );
}

#[test]
fn drop_rules_say_what_from_whom_to_whom_and_which() {
    let plan = plan(
        "peers: { alice: {}, bob: {} }
events:
  - { at: 0 s, drop: { match: nomination } }
  - { at: 1 s, drop: { match: { packet: stun_success, from: bob, to: alice }, nth: 2..4 } }",
    );
    let drops = plan.events.iter().map(|event| {
        let Action::Drop(rule) = &event.action else { panic!("{event:?}") };
        rule.clone()
    });
    let rules: Vec<_> = drops.collect();
    assert_eq!(
        (rules[0].packet, rules[0].nth.as_slice()),
        (PacketKind::Nomination, [1].as_slice())
    );
    assert_eq!(
        (rules[1].packet, rules[1].nth.as_slice()),
        (PacketKind::StunSuccess, [2, 3, 4].as_slice())
    );
    assert_eq!((rules[1].from.as_deref(), rules[1].to.as_deref()), (Some("bob"), Some("alice")));
}

#[test]
fn each_side_may_have_a_policy_and_servers_of_its_own() {
    let plan = plan(
        "servers:
  box: { stun: {}, turn: { users: { alice: a, other: b }, quota: 2, nonce_lifetime: 10 min } }
peers: { alice: {}, bob: {} }
call:
  policy: { alice: relay }
  ice_servers: { alice: [box] }",
    );
    assert_eq!(plan.call.side("alice").unwrap().policy, Policy::Relay);
    assert_eq!(plan.call.side("bob").unwrap().policy, Policy::All);
    assert_eq!(plan.call.side("alice").unwrap().ice_servers, ["box"]);
    assert!(plan.call.side("bob").unwrap().ice_servers.is_empty());
    let turn = plan.server("box").unwrap().turn.clone().unwrap();
    assert_eq!(turn.credentials_for("alice"), Some(("alice", "a")));
    assert_eq!(turn.credentials_for("bob"), Some(("alice", "a")));
    assert_eq!((turn.quota, turn.nonce_lifetime), (Some(2), Some(Duration::from_secs(600))));
}

#[test]
fn nat64_serves_peers_that_have_only_ipv6() {
    let plan =
        plan("gateways: { cell: { nat: nat64 } }\npeers: { alice: { behind: cell }, bob: {} }");
    assert_eq!(plan.peer("alice").unwrap().interfaces[0].families, Families::V6);
    assert_eq!(plan.peer("bob").unwrap().interfaces[0].families, Families::V4);
}

#[test]
fn a_peer_speaks_both_versions_of_dtls_unless_it_says_otherwise() {
    let handshake = |dtls: &str| {
        let text = format!("peers: {{ alice: {{ {dtls} }}, bob: {{}} }}");
        plan(&text).peer("alice").unwrap().handshake.clone()
    };
    let plain = handshake("");
    assert_eq!(plain, Handshake::default());
    assert_eq!(handshake("dtls: 1.2").versions, (Version::V1_2, Version::V1_2));
    assert_eq!(handshake("dtls: [1.3, 1.2]").versions, (Version::V1_2, Version::V1_3));
    let all = handshake(
        "dtls: { versions: 1.3, groups: [x25519_mlkem768, p256], key_shares: 2, cookie: true }",
    );
    assert_eq!(all.versions, (Version::V1_3, Version::V1_3));
    assert_eq!(all.groups, [NamedGroup::X25519_MLKEM768, NamedGroup::P256]);
    assert_eq!((all.key_shares, all.cookie), (2, true));
}

#[test]
fn a_file_written_from_what_was_read_reads_the_same() {
    let text = include_str!("../src/cli/template.yaml");
    let everything = "
asks: Everything?
seed: 7
limit: 20 min
links: { slow: { schedule: [ { at: 1 s, loss: 5 % } ], rate: 1.5 Mbit/s, jitter: 2 ms, queue: 64 KiB, reorder: { share: 1 %, hold: 5 ms }, up: { mtu: 1280 B } }, train: { trace: 7 } }
gateways:
  home:
    nat: { mapping: endpoint_independent, ports: { block: { size: 64 } }, timeouts: { udp: 30 s } }
    firewall: [ { allow: udp, to_port: 3478, to: 203.0.113.0/24 }, { reject: any, direction: in } ]
    inside: 192.168.7.0/24
    ip: [v4, v6]
servers: { turn: { turn: { users: { a: b }, lifetime: 600 s } } }
peers: { alice: { behind: home, lite: true }, bob: { nomination: renomination, link: slow, dtls: 1.3 }, carol: { dtls: { versions: [1.2, 1.3], groups: [x25519_mlkem768, x25519], key_shares: 2, cookie: true } } }
call: { policy: { bob: relay }, ice_servers: [turn], signalling: { delay: 1 ms, outage: { at: 1 s, for: 2 s } } }
events: [ { at: 10 s, reboot: home }, { at: 1 s, set: { link: home, loss: 5 % } }, { at: 0 s, drop: { match: { from: bob }, nth: [1, 3] } }, { at: 0 s, drop: { match: dtls_handshake } } ]
sweep: { seeds: 1..3 }
expect: [ { over: seeds, connected: { p50: 1 s, share: { at_least: 99 % } } }, { at: 19 min, path: [direct, relayed], selected: { bob: [host/udp, prflx/udp] }, dtls: [1.2, 1.3] } ]
";
    for text in [text, everything] {
        let read = |text: &str| {
            let tree = first_pass::read(&Source::new("test.yaml", text)).unwrap();
            let mut faults = Faults::default();
            let file = File::from_node(&tree, &mut faults);
            assert!(faults.is_empty(), "{faults:?}");
            file.unwrap()
        };
        let file = read(text);
        let written = serde_yaml::to_string(&file).unwrap();
        assert_eq!(read(&written), file, "{written}");
    }
}

#[test]
fn a_schedule_becomes_events_of_every_cable_that_has_it() {
    let plan = plan(
        "limit: 30 s
links:
  tunnel: { schedule: [ { at: 20 s, loss: 0 % }, { at: 5 s, loss: 10 %, delay: 90 ms } ] }
gateways: { home: { nat: linux, link: tunnel } }
peers:
  alice: { behind: home, link: { up: { schedule: { at: 5 s, rate: 1 Mbit/s } } } }
  bob: { link: { like: tunnel, delay: 3 ms } }
events: [ { at: 5 s, reboot: home } ]",
    );
    let shown: Vec<String> = plan
        .events
        .iter()
        .map(|event| match &event.action {
            Action::Set { cable, up, down } => format!(
                "{:?} {} loss {}/{} rate {}/{}",
                event.at,
                cable.node,
                up.loss.is_some(),
                down.loss.is_some(),
                up.rate.is_some(),
                down.rate.is_some()
            ),
            other => format!("{:?} {other:?}", event.at),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "5s Reboot { gateway: \"home\" }",
            "5s home loss true/true rate false/false",
            "5s alice loss false/false rate true/false",
            "5s bob loss true/true rate false/false",
            "20s home loss true/true rate false/false",
            "20s bob loss true/true rate false/false",
        ]
    );
    let links = [&plan.gateways[0].link, &plan.peers[1].interfaces[0].link];
    assert!(links.iter().all(|link| link.up.schedule.is_empty()), "nothing happens twice");
}

#[test]
fn a_trace_stands_instead_of_a_rate_and_a_rate_ends_it() {
    let plan = plan(
        "links:
  train:
    delay: 20 ms
    down:
      trace: |
        1
        3
        3
        10
peers: { alice: { link: train }, bob: { link: { like: train, rate: 5 Mbit/s } } }
events: [ { at: 3 s, set: { link: alice, rate: 2 Mbit/s } } ]",
    );
    let link = |peer: &str| plan.peer(peer).unwrap().interfaces[0].link.clone();
    assert_eq!(link("alice").down.trace, Some("1\n3\n3\n10".parse().unwrap()));
    assert_eq!(link("alice").up.trace, None);
    assert_eq!(link("bob").down.trace, None);
    let Action::Set { up, .. } = &plan.events[0].action else { panic!("{:?}", plan.events) };
    assert_eq!(up.trace, Some(None));
}
