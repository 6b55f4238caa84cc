//! What the story says of single things: short hand-made records in, sentences out.

use icelab_reports::scene::{Role, Scene};
use icelab_reports::story::Story;

use crate::record::entries;
use crate::story::scene;

/// The story in one line, so that nothing depends on where lines are wrapped.
fn told_on(scene: Scene, record: &str) -> String {
    let record: Vec<_> = record.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let story = Story::new(scene, entries(&record.join("\n"))).to_string();
    story.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn told(record: &str) -> String {
    told_on(scene(), record)
}

#[track_caller]
fn assert_tells(story: &str, sentence: &str) {
    assert!(story.contains(sentence), "not told: {sentence}\n{story}");
}

#[test]
fn the_pairs_of_each_generation_are_told_apart() {
    let story = told(
        r#"
        0.010000000 note alice ice.pair local 192.168.1.2:5000 local_kind "host" remote 203.0.113.9:6000 remote_kind "srflx" priority 9
        0.100000000 sent #1 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 HASH
        0.100000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating true purpose "triggered"
        0.150000000 delivered #1 bob
        0.200000000 note alice ice.check.succeeded local 192.168.1.2:5000 remote 203.0.113.9:6000 mapped 203.0.113.1:5000
        0.200000000 note alice ice.selected local_kind "srflx" local 203.0.113.1:5000 base 192.168.1.2:5000 remote_kind "srflx" remote 203.0.113.9:6000
        0.200000000 note bob ice.selected local_kind "srflx" local 203.0.113.9:6000 base 192.168.1.2:6000 remote_kind "srflx" remote 203.0.113.1:5000
        0.200000000 note alice call.connected
        10.000000000 note alice ice.restart generation 1
        10.020000000 note bob ice.restart generation 1
        10.030000000 note alice ice.pair local 192.168.1.2:5001 local_kind "host" remote 203.0.113.9:6001 remote_kind "srflx" priority 9
        10.100000000 sent #2 alice udp 192.168.1.2:5001 > 203.0.113.9:6001 128 HASH
        10.100000000 note alice ice.check.sent local 192.168.1.2:5001 remote 203.0.113.9:6001 nominating true purpose "triggered"
        10.150000000 delivered #2 bob
        10.200000000 note alice ice.check.succeeded local 192.168.1.2:5001 remote 203.0.113.9:6001 mapped 203.0.113.1:5001
        10.200000000 note alice ice.selected local_kind "srflx" local 203.0.113.1:5001 base 192.168.1.2:5001 remote_kind "srflx" remote 203.0.113.9:6001
        10.200000000 note bob ice.selected local_kind "srflx" local 203.0.113.9:6001 base 192.168.1.2:6001 remote_kind "srflx" remote 203.0.113.1:5001
        "#,
    );
    let first = "Why this pair before ICE began anew at 10000.0 ms (alice chooses; best pair first) \
                 1. 192.168.1.2:5000 -> 203.0.113.9:6000 answered at 200.0 ms, seen as 203.0.113.1:5000: \
                 the best that works, so it is chosen at 200.0 ms Why";
    let second = "Why this pair after ICE began anew at 10000.0 ms (alice chooses; best pair first) \
                  1. 192.168.1.2:5001 -> 203.0.113.9:6001 answered at 10200.0 ms, seen as 203.0.113.1:5001: \
                  the best that works, so it is chosen at 10200.0 ms In short";
    assert_tells(&story, first);
    assert_tells(&story, second);
    let since = "They were first connected at 200.0 ms; ICE began anew at 10.00 s; they settled on this pair at 10.20 s.";
    assert_tells(&story, since);
}

#[test]
fn a_pair_with_the_other_sides_relay_is_no_direct_one() {
    let story = told(
        r#"
        0.200000000 note alice ice.selected local_kind "srflx" local 203.0.113.1:5000 base 192.168.1.2:5000 remote_kind "relay" remote 198.51.100.1:50000
        0.200000000 note bob ice.selected local_kind "prflx" local 203.0.113.9:6000 base 192.168.1.2:6000 remote_kind "relay" remote 198.51.100.1:50001
        0.200000000 note alice call.connected
        "#,
    );
    assert_tells(&story, "alice and bob are connected over a relay since 200.0 ms");
}

#[test]
fn the_time_of_the_first_connection_is_not_told_of_a_later_pair() {
    let story = told(
        r#"
        0.200000000 note alice call.connected
        2.500000000 note bob ice.selected local_kind "prflx" local 203.0.113.9:6000 base 192.168.1.2:6000 remote_kind "relay" remote 198.51.100.1:50001
        2.600000000 note alice ice.selected local_kind "relay" local 198.51.100.1:50001 base 198.51.100.1:50001 remote_kind "prflx" remote 203.0.113.9:6000
        "#,
    );
    let first = "alice and bob are connected over a relay: alice as 198.51.100.1:50001 (relay, lent by turn), bob as \
                 203.0.113.9:6000 (prflx). They were first connected at 200.0 ms; they settled on this pair at 2600.0 ms.";
    assert_tells(&story, first);
}

/// alice was lent an address, by the address that home_a gave her.
const LEASE: &str = r#"
    0.001000000 mapping made home_a udp 192.168.1.2:5000 203.0.113.1:40001
    0.012000000 note alice turn.allocated relayed 198.51.100.1:50000 mapped 203.0.113.1:40001 lifetime 600.000000000s server 198.51.100.1:3478
    0.012000000 note alice gather.candidate kind "relay" transport "udp" address 198.51.100.1:50000 base 198.51.100.1:50000 server 198.51.100.1:3478
"#;

fn told_of_lease(more: &str) -> String {
    told(&format!("{LEASE}{more}"))
}

#[test]
fn a_check_that_its_relay_may_not_send_yet_is_held_back() {
    let story = told_of_lease(
        "1.000000000 note alice ice.check.sent local 198.51.100.1:50000 remote 203.0.113.9:6000 nominating false",
    );
    assert_tells(&story, "held back: the relay has no leave to send there yet");
}

#[test]
fn a_check_is_held_back_since_its_relay_was_lent_to_an_address_that_is_gone() {
    let story = told_of_lease(
        "5.000000000 rebound home_a 203.0.113.3
         5.000000000 mapping expired home_a udp 192.168.1.2:5000 203.0.113.1:40001
         6.000000000 note alice ice.check.sent local 198.51.100.1:50000 remote 203.0.113.9:6000 nominating false",
    );
    let why =
        "held back: the relay was lent to 203.0.113.1:40001, which home_a mapped until 5000.0 ms";
    assert_tells(&story, why);
}

#[test]
fn a_relay_that_does_not_know_its_client_any_more_says_to_whom_it_was_lent() {
    let story = told_of_lease(
        r#"
        0.050000000 note alice turn.permission peer 203.0.113.9 server 198.51.100.1:3478
        5.000000000 mapping expired home_a udp 192.168.1.2:5000 203.0.113.1:40001
        6.000000000 note alice ice.check.sent local 198.51.100.1:50000 remote 203.0.113.9:6000 nominating false
        6.000000000 sent #1 alice udp 192.168.1.2:5000 > 198.51.100.1:3478 160 HASH
        6.001000000 mapping made home_a udp 192.168.1.2:5000 203.0.113.1:40777
        6.001000000 translated #1 home_a udp 192.168.1.2:5000 > 198.51.100.1:3478 into udp 203.0.113.1:40777 > 198.51.100.1:3478
        6.003000000 delivered #1 turn
        "#,
    );
    let why = "dropped at turn: it comes from 203.0.113.1:40777 of home_a, and the relay was lent to \
               203.0.113.1:40001, which home_a mapped until 5000.0 ms";
    assert_tells(&story, why);
}

#[test]
fn a_filter_knows_nothing_of_what_was_sent_before_a_reboot() {
    let story = told(
        r#"
        0.001000000 mapping made home_b udp 192.168.1.2:6000 203.0.113.9:6000
        0.001000000 sent #1 bob udp 192.168.1.2:6000 > 198.51.100.1:3478 128 HASH
        0.001000000 translated #1 home_b udp 192.168.1.2:6000 > 198.51.100.1:3478 into udp 203.0.113.9:6000 > 198.51.100.1:3478
        20.000000000 rebooted home_b
        20.000000000 mapping expired home_b udp 192.168.1.2:6000 203.0.113.9:6000
        20.001000000 mapping made home_b udp 192.168.1.2:6000 203.0.113.9:6000
        20.001000000 sent #2 bob udp 192.168.1.2:6000 > 203.0.113.1:5000 128 HASH
        20.001000000 translated #2 home_b udp 192.168.1.2:6000 > 203.0.113.1:5000 into udp 203.0.113.9:6000 > 203.0.113.1:5000
        20.400000000 note alice ice.check.sent local 198.51.100.1:3478 remote 203.0.113.9:6000 nominating false
        20.400000000 sent #3 alice udp 198.51.100.1:3478 > 203.0.113.9:6000 128 HASH
        20.410000000 dropped #3 at home_b nat-filtered
        "#,
    );
    let why = "since home_b restarted at 20000.0 ms and forgot its mappings, through 203.0.113.9:6000 packets had \
               gone out only to 203.0.113.1:5000, not to turn 198.51.100.1:3478";
    assert_tells(&story, why);
}

#[test]
fn a_filter_that_has_forgotten_an_address_does_not_deny_it() {
    // The entry ran out, while another of the same mapping stands.
    let story = told(
        r#"
        0.001000000 mapping made home_b udp 192.168.1.2:6000 203.0.113.9:6000
        0.001000000 sent #1 bob udp 192.168.1.2:6000 > 198.51.100.1:3478 128 HASH
        0.001000000 translated #1 home_b udp 192.168.1.2:6000 > 198.51.100.1:3478 into udp 203.0.113.9:6000 > 198.51.100.1:3478
        40.400000000 note alice ice.check.sent local 198.51.100.1:3478 remote 203.0.113.9:6000 nominating false
        40.400000000 sent #3 alice udp 198.51.100.1:3478 > 203.0.113.9:6000 128 HASH
        40.410000000 dropped #3 at home_b nat-filtered
        "#,
    );
    let why = "and that a packet had gone out through 203.0.113.9:6000 to turn 198.51.100.1:3478 it has forgotten";
    assert_tells(&story, why);
}

/// What packets carry.
const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

#[test]
fn a_check_is_the_packet_that_carries_it_and_not_the_first_one_there() {
    // An answer that goes the same way at the same instant is lost; the check is not.
    let story = told(&format!(
        r#"
        1.000000000 sent #1 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 100 {A}
        1.000000000 sent #2 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 {B}
        1.000000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating false payload "{B}"
        1.010000000 dropped #1 between home_a internet loss
        1.020000000 delivered #2 bob
        "#
    ));
    assert_tells(&story, "192.168.1.2:5000 -> 203.0.113.9:6000 reaches bob, and stays unanswered");
}

#[test]
fn two_checks_through_one_relay_at_one_instant_are_told_apart() {
    // The server gets the second one first, and somebody drops what it sends for the first one.
    let story = told_of_lease(&format!(
        r#"
        0.050000000 note alice turn.permission peer 203.0.113.9 server 198.51.100.1:3478
        1.000000000 sent #1 alice udp 192.168.1.2:5000 > 198.51.100.1:3478 160 HASH
        1.000000000 sent #2 alice udp 192.168.1.2:5000 > 198.51.100.1:3478 160 HASH
        1.000000000 note alice ice.check.sent local 198.51.100.1:50000 remote 203.0.113.9:6000 nominating false payload "{B}"
        1.000000000 note alice ice.check.sent local 198.51.100.1:50000 remote 203.0.113.9:6001 nominating false payload "{A}"
        1.003000000 delivered #1 turn
        1.003000000 sent #3 turn udp 198.51.100.1:50000 > 203.0.113.9:6001 128 {A}
        1.003000000 delivered #2 turn
        1.003000000 sent #4 turn udp 198.51.100.1:50000 > 203.0.113.9:6000 128 {B}
        1.004000000 dropped #4 between internet home_b loss
        1.006000000 delivered #3 bob
        "#
    ));
    let lost = "-> 203.0.113.9:6000 dropped between internet and home_b: lost on the link";
    assert_tells(&story, lost);
    assert_tells(&story, "-> 203.0.113.9:6001 reaches bob");
}

#[test]
fn a_check_that_ends_at_its_sender_met_the_senders_own_address() {
    let story = told(
        r#"
        0.000000000 note bob gather.candidate kind "host" transport "udp" address 192.168.1.2:6000 base 192.168.1.2:6000
        1.000000000 note alice ice.check.sent local 192.168.1.2:5000 remote 192.168.1.2:6000 nominating false
        1.000000000 sent #1 alice udp 192.168.1.2:5000 > 192.168.1.2:6000 128 HASH
        1.000000000 dropped #1 at alice no-socket
        "#,
    );
    let why =
        "dropped at alice: 192.168.1.2 is alice's own address too, and nobody listens at this port";
    assert_tells(&story, why);
}

#[test]
fn a_private_address_has_no_way_across_the_internet() {
    let story = told(
        "1.000000000 note alice ice.check.sent local 192.168.1.2:5000 remote 10.0.0.2:6000 nominating false
         1.000000000 sent #1 alice udp 192.168.1.2:5000 > 10.0.0.2:6000 128 HASH
         1.002000000 dropped #1 at internet no-route",
    );
    assert_tells(&story, "10.0.0.2 is a private address, to which there is no way from here");
}

#[test]
fn an_address_that_a_gateway_gave_up_is_nobodys() {
    let story = told(
        "0.001000000 mapping made home_b udp 192.168.1.2:6000 203.0.113.9:6000
         0.500000000 rebound home_b 203.0.113.10
         1.000000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating false
         1.000000000 sent #1 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 HASH
         1.002000000 dropped #1 at internet no-route",
    );
    assert_tells(&story, "nobody has 203.0.113.9 any more, which was home_b's until 500.0 ms");
}

/// The scene with a firewall at home_a.
fn guarded() -> Scene {
    let mut scene = scene();
    for actor in scene.actors.iter_mut().filter(|actor| actor.name == "home_a") {
        if let Role::Gateway { firewall, rules, .. } = &mut actor.role {
            *firewall = Some("what else goes out is dropped".to_owned());
            *rules = vec!["allow udp to port 3478".to_owned(), "reject udp".to_owned()];
        }
    }
    scene
}

#[test]
fn the_rules_of_a_firewall_are_listed_and_the_one_that_drops_is_named() {
    let record = "1.000000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating false
         1.000000000 sent #1 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 HASH
         1.001000000 dropped #1 at home_a firewall-rule-2";
    let story = told_on(guarded(), record);
    let list = "firewall rules, the first that fits counts: 1. allow udp to port 3478, 2. reject udp; \
                what else goes out is dropped";
    assert_tells(&story, list);
    assert_tells(&story, "dropped at home_a: rule 2 of its firewall (`reject udp`)");
}

#[test]
fn what_no_rule_lets_out_is_not_told_as_coming_in() {
    let record = "1.000000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating false
         1.000000000 sent #1 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 HASH
         1.001000000 dropped #1 at home_a firewall-unsolicited";
    let story = told_on(guarded(), record);
    assert_tells(&story, "dropped at home_a: no rule of the firewall lets it out");
}

#[test]
fn a_question_to_a_server_that_was_lost_and_asked_again_is_told() {
    let story = told(&format!(
        r#"
        0.000000000 note alice gather.started
        0.000000000 sent #1 alice udp 192.168.1.2:5000 > 198.51.100.1:3478 48 {A}
        0.001000000 dropped #1 between home_a internet loss
        0.500000000 sent #2 alice udp 192.168.1.2:5000 > 198.51.100.1:3478 48 {A}
        0.503000000 delivered #2 turn
        0.503000000 sent #3 turn udp 198.51.100.1:3478 > 203.0.113.1:40001 60 {B}
        0.506000000 delivered #3 alice
        0.506000000 note alice gather.candidate kind "srflx" transport "udp" address 203.0.113.1:40001 base 192.168.1.2:5000 server 198.51.100.1:3478
        0.506000000 note alice gather.done
        "#
    ));
    let text = "its request to turn is dropped between home_a and internet: lost on the link; asks again at 500.0 ms";
    assert_tells(&story, text);
}

#[test]
fn an_answer_of_a_server_that_was_lost_is_told() {
    let story = told(&format!(
        r#"
        0.000000000 note alice gather.started
        0.000000000 sent #1 alice udp 192.168.1.2:5000 > 198.51.100.1:3478 48 {A}
        0.003000000 delivered #1 turn
        0.003000000 sent #2 turn udp 198.51.100.1:3478 > 203.0.113.1:40001 60 {B}
        0.005000000 dropped #2 between internet home_a loss
        0.500000000 sent #3 alice udp 192.168.1.2:5000 > 198.51.100.1:3478 48 {A}
        0.506000000 note alice gather.candidate kind "srflx" transport "udp" address 203.0.113.1:40001 base 192.168.1.2:5000 server 198.51.100.1:3478
        "#
    ));
    let text = "turn's answer is dropped between internet and home_a: lost on the link; asks again at 500.0 ms";
    assert_tells(&story, text);
}

#[test]
fn consent_checks_ask_for_nothing_and_are_counted_apart() {
    let story = told(
        r#"
        1.000000000 sent #1 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 HASH
        1.000000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating true purpose "triggered"
        1.010000000 delivered #1 bob
        6.000000000 sent #2 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 HASH
        6.000000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating true purpose "consent"
        6.010000000 delivered #2 bob
        "#,
    );
    let asks = "1000.0 ms alice 192.168.1.2:5000 -> 203.0.113.9:6000, and asks to use this pair";
    assert_tells(&story, asks);
    let consent = "6000.0 ms alice consent check: 192.168.1.2:5000 -> 203.0.113.9:6000 reaches bob";
    assert_tells(&story, consent);
    let counts = "1 checks were sent, 0 were answered; 1 more asked whether a pair still works, 0 were answered.";
    assert_tells(&story, counts);
}

#[test]
fn a_link_that_is_set_says_to_what() {
    let story = told(
        r#"
        10.000000000 link-set home_a internet up
        10.000000000 link-set home_a internet down
        10.000000000 note home_a link.set towards "internet" up "delay 300 ms, loss 10 %" down "delay 300 ms, loss 10 %"
        20.000000000 link-set home_a internet up
        "#,
    );
    let set = "10000.0 ms home_a its link to internet has from now on: delay 300 ms, loss 10 %";
    assert_tells(&story, set);
    assert_eq!(story.matches("its link to internet").count(), 2, "{story}");
    assert_tells(&story, "20000.0 ms home_a its link to internet changes");
}

#[test]
fn the_wait_before_a_nomination_is_explained() {
    let story = told(
        r#"
        0.000000000 note alice ice.pair local 192.168.1.2:5000 local_kind "host" remote 192.168.1.9:6000 remote_kind "host" priority 99
        0.000000000 note alice ice.pair local 192.168.1.2:5000 local_kind "host" remote 203.0.113.9:6000 remote_kind "srflx" priority 9
        0.050000000 sent #1 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 HASH
        0.050000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating false purpose "ordinary"
        0.060000000 delivered #1 bob
        0.070000000 note alice ice.check.succeeded local 192.168.1.2:5000 remote 203.0.113.9:6000 mapped 203.0.113.1:5000
        2.070000000 sent #2 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 HASH
        2.070000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating true purpose "triggered"
        2.080000000 delivered #2 bob
        2.090000000 note alice ice.check.succeeded local 192.168.1.2:5000 remote 203.0.113.9:6000 mapped 203.0.113.1:5000
        2.090000000 note alice ice.selected local_kind "srflx" local 203.0.113.1:5000 base 192.168.1.2:5000 remote_kind "srflx" remote 203.0.113.9:6000
        "#,
    );
    assert_tells(&story, "70.0 ms alice waits until 2070.0 ms for better pairs");
    let why = "alice had a pair that works at 70.0 ms, and waited until 2070.0 ms before it asked to use one: \
               a better pair could still be answered.";
    assert_tells(&story, why);
}

/// A phone with two interfaces: `192.168.1.2` is told by STUN as whom it is seen, `192.168.1.3` only by bob.
const TWO_WAYS: &str = r#"
    0.000000000 note alice ice.role role "controlling"
    0.022000000 note alice gather.candidate kind "srflx" transport "udp" address 203.0.113.1:5000 base 192.168.1.2:5000
    0.040000000 note alice ice.pair local 192.168.1.2:5000 local_kind "host" remote 198.51.100.9:6000 remote_kind "host" priority 9151313343271665150
    0.040000000 note alice ice.pair local 192.168.1.3:5001 local_kind "host" remote 198.51.100.9:6000 remote_kind "host" priority 9151172605783309822
    0.040000000 sent #1 alice udp 192.168.1.2:5000 > 198.51.100.9:6000 128 HASH
    0.040000000 note alice ice.check.sent local 192.168.1.2:5000 remote 198.51.100.9:6000 nominating false purpose "ordinary"
    0.050000000 delivered #1 bob
    0.061000000 note alice ice.check.succeeded local 192.168.1.2:5000 remote 198.51.100.9:6000 mapped 203.0.113.1:5000
    0.090000000 sent #2 alice udp 192.168.1.3:5001 > 198.51.100.9:6000 128 HASH
    0.090000000 note alice ice.check.sent local 192.168.1.3:5001 remote 198.51.100.9:6000 nominating false purpose "ordinary"
    0.120000000 delivered #2 bob
    0.153000000 note alice ice.check.succeeded local 192.168.1.3:5001 remote 198.51.100.9:6000 mapped 203.0.113.2:14226
    0.153000000 note alice ice.prflx side "local" address 203.0.113.2:14226 base 192.168.1.3:5001
    0.160000000 sent #3 alice udp 192.168.1.3:5001 > 198.51.100.9:6000 128 HASH
    0.160000000 note alice ice.check.sent local 192.168.1.3:5001 remote 198.51.100.9:6000 nominating true purpose "triggered"
    0.190000000 delivered #3 bob
    0.220000000 note alice ice.check.succeeded local 192.168.1.3:5001 remote 198.51.100.9:6000 mapped 203.0.113.2:14226
    0.220000000 note alice ice.selected local_kind "prflx" local 203.0.113.2:14226 base 192.168.1.3:5001 remote_kind "host" remote 198.51.100.9:6000
"#;

#[test]
fn a_pair_that_works_ranks_by_the_address_that_the_other_side_saw() {
    let story = told(TWO_WAYS);
    let first = "1. 192.168.1.3:5001 -> 198.51.100.9:6000 answered at 153.0 ms, seen as 203.0.113.2:14226 (prflx): \
                 the best that works, so it is chosen at 220.0 ms";
    assert_tells(&story, first);
    let second = "2. 192.168.1.2:5000 -> 198.51.100.9:6000 answered at 61.0 ms, seen as 203.0.113.1:5000 (srflx): \
                  ranks lower A pair that works ranks by the address that the other side saw";
    assert_tells(&story, second);
    assert!(!story.contains("out of use"), "{story}");
}

#[test]
fn a_better_pair_is_out_of_use_only_where_the_record_says_so() {
    // Without a sign that it broke, a pair of the same kind is just not the one that was chosen.
    let worse = TWO_WAYS.replace(r#"kind "srflx" transport"#, r#"kind "prflx" transport"#);
    assert_tells(&told(&worse), "seen as 203.0.113.1:5000 (prflx), but not chosen 2.");
    let gone = format!("{worse}\n0.155000000 note alice interface.gone address 192.168.1.2");
    assert_tells(&told(&gone), "seen as 203.0.113.1:5000 (prflx), but out of use by then 2.");
}

#[test]
fn a_relay_lets_a_sender_in_late_or_never() {
    let check = r#"
        1.000000000 note bob ice.check.sent local 192.168.1.2:6000 remote 198.51.100.1:50000 nominating false
        1.000000000 sent #1 bob udp 192.168.1.2:6000 > 198.51.100.1:50000 128 HASH
        1.001000000 mapping made home_b udp 192.168.1.2:6000 203.0.113.9:51003
        1.001000000 translated #1 home_b udp 192.168.1.2:6000 > 198.51.100.1:50000 into udp 203.0.113.9:51003 > 198.51.100.1:50000
        1.003000000 delivered #1 turn
    "#;
    let never = told_of_lease(check);
    assert_tells(
        &never,
        "dropped at turn: alice never lets 203.0.113.9 (home_b) send to its relay 198.51.100.1:50000",
    );
    let late = told_of_lease(&format!(
        "{check}\n1.500000000 note alice turn.permission peer 203.0.113.9 server 198.51.100.1:3478"
    ));
    assert_tells(
        &late,
        "dropped at turn: alice lets 203.0.113.9 (home_b) send to its relay 198.51.100.1:50000 only from 1500.0 ms on",
    );
    assert_tells(
        &late,
        "1500.0 ms alice lets these send to its relay 198.51.100.1:50000: 203.0.113.9 (home_b)",
    );
}

#[test]
fn what_one_allocation_permits_another_one_does_not() {
    // Of two relays, the second one lets bob in; what he sends to the first one is not passed on.
    let second = r#"
        1.000000000 note alice turn.allocated relayed 198.51.100.1:50009 mapped 203.0.113.1:40009 lifetime 600.000000000s server 198.51.100.1:3478
        1.100000000 note alice turn.permission peer 203.0.113.9 server 198.51.100.1:3478
        2.000000000 note bob ice.check.sent local 192.168.1.2:6000 remote 198.51.100.1:50000 nominating false
        2.000000000 sent #1 bob udp 192.168.1.2:6000 > 198.51.100.1:50000 128 HASH
        2.001000000 mapping made home_b udp 192.168.1.2:6000 203.0.113.9:51003
        2.001000000 translated #1 home_b udp 192.168.1.2:6000 > 198.51.100.1:50000 into udp 203.0.113.9:51003 > 198.51.100.1:50000
        2.003000000 delivered #1 turn
    "#;
    let story = told_of_lease(second);
    let never = "alice never lets 203.0.113.9 (home_b) send to its relay 198.51.100.1:50000";
    assert_tells(&story, never);
    assert_tells(
        &story,
        "alice lets these send to its relay 198.51.100.1:50009: 203.0.113.9 (home_b)",
    );
    // The server's answer came to the address to which the first relay is lent: it is about that one.
    let first = format!(
        r#"{second}
        1.100000000 sent #2 turn udp 198.51.100.1:3478 > 203.0.113.1:40001 80 {A}
        1.100000000 delivered #2 alice
        1.100000000 note alice turn.permission peer 203.0.113.7 server 198.51.100.1:3478"#
    );
    assert_tells(
        &told_of_lease(&first),
        "alice lets these send to its relay 198.51.100.1:50000: 203.0.113.7",
    );
}

#[test]
fn one_mapping_for_each_connection_is_told_as_one_mapping() {
    let story = told(
        "0.001000000 mapping made home_a udp 192.168.1.2:5000 203.0.113.1:5000
         0.002000000 mapping made home_a udp 192.168.1.2:5000 203.0.113.1:5000
         0.003000000 mapping expired home_a udp 192.168.1.2:5000 203.0.113.1:5000
         0.004000000 mapping made home_a udp 192.168.1.2:5000 203.0.113.1:6000",
    );
    assert_eq!(story.matches("192.168.1.2:5000 -> 203.0.113.1:5000").count(), 1, "{story}");
    assert!(!story.contains("gone at"), "{story}");
}

#[test]
fn an_answer_that_comes_after_the_check_was_answered_is_told_as_late() {
    let story = told(&format!(
        r#"
        1.000000000 sent #1 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 {A}
        1.000000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating false payload "{A}"
        1.500000000 sent #2 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 {A}
        1.500000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating false payload "{A}"
        1.600000000 delivered #1 bob
        1.600000000 sent #3 bob udp 203.0.113.9:6000 > 192.168.1.2:5000 100 {B}
        2.000000000 delivered #3 alice
        2.000000000 note alice ice.check.succeeded local 192.168.1.2:5000 remote 203.0.113.9:6000 mapped 203.0.113.1:5000
        2.100000000 delivered #2 bob
        2.100000000 sent #4 bob udp 203.0.113.9:6000 > 192.168.1.2:5000 100 {B}
        2.500000000 delivered #4 alice
        "#
    ));
    assert_tells(
        &story,
        "1000.0 ms alice 192.168.1.2:5000 -> 203.0.113.9:6000 answered at 2000.0 ms",
    );
    let late = "1500.0 ms alice 192.168.1.2:5000 -> 203.0.113.9:6000 reaches bob; the answer comes at 2500.0 ms, too late to matter";
    assert_tells(&story, late);
}

#[test]
fn a_side_that_begins_anew_goes_on_with_the_pair_that_it_has() {
    let story = told(
        r#"
        0.100000000 note alice ice.state state "completed"
        10.000000000 note alice ice.restart generation 1
        10.000000000 note alice ice.state state "connected"
        "#,
    );
    assert_tells(
        &story,
        "starts ICE anew 10000.0 ms alice goes on with the pair that it has, meanwhile",
    );
}

#[test]
fn a_packet_between_two_nats_is_no_surprise() {
    // home_b passes it on towards another NAT, which never sees it.
    let story = told(
        r#"
        0.001000000 mapping made home_a udp 192.168.1.2:5000 100.64.0.2:5000
        0.002000000 mapping made carrier udp 100.64.0.2:5000 203.0.113.1:5000
        0.010000000 note alice gather.candidate kind "srflx" transport "udp" address 203.0.113.1:5000 base 192.168.1.2:5000 server 198.51.100.1:3478
        1.000000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating false
        1.000000000 sent #1 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 HASH
        1.001000000 translated #1 home_a udp 192.168.1.2:5000 > 203.0.113.9:6000 into udp 100.64.0.2:5000 > 203.0.113.9:6000
        1.002000000 dropped #1 between home_a carrier loss
        "#,
    );
    assert!(!story.contains("sends it on from"), "{story}");
}

#[test]
fn a_port_that_an_unasked_packet_took_is_told() {
    let story = told(
        r#"1.000000000 note home_a nat.collision protocol "udp" inside 192.168.1.2:5000 wanted 203.0.113.1:5000 remote 203.0.113.9:6000 by_unsolicited true"#,
    );
    let text = "home_a cannot send from 203.0.113.1:5000 to 203.0.113.9:6000 for 192.168.1.2:5000: \
                a packet that came from there unasked has taken it";
    assert_tells(&story, text);
}

#[test]
fn another_pair_in_the_middle_of_a_call_is_told() {
    let story = told(
        r#"
        0.200000000 note alice ice.selected local_kind "host" local 192.168.1.2:5000 base 192.168.1.2:5000 remote_kind "srflx" remote 203.0.113.9:6000
        5.000000000 note alice ice.selected local_kind "host" local 192.168.1.2:5000 base 192.168.1.2:5000 remote_kind "srflx" remote 203.0.113.9:6001
        "#,
    );
    assert_tells(&story, "5000.0 ms alice now uses 192.168.1.2:5000 -> 203.0.113.9:6001");
    assert_eq!(story.matches("now uses").count(), 1, "{story}");
}

#[test]
fn a_relayed_address_that_was_given_back_is_lent_no_more() {
    let story = told_of_lease(
        "9.000000000 note bob ice.check.sent local 192.168.1.2:6000 remote 198.51.100.1:50000 nominating false
         9.000000000 sent #1 bob udp 192.168.1.2:6000 > 198.51.100.1:50000 128 HASH
         9.003000000 dropped #1 at turn no-socket",
    );
    assert_tells(&story, "dropped at turn: turn does not lend this address any more");
}

#[test]
fn an_answer_that_is_an_error_is_told_as_a_refusal() {
    let story = told(&format!(
        r#"
        1.000000000 sent #1 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 {A}
        1.000000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating false payload "{A}"
        1.004000000 delivered #1 bob
        1.004000000 sent #2 bob udp 203.0.113.9:6000 > 192.168.1.2:5000 100 {B}
        1.004000000 note bob ice.check.refused local 203.0.113.9:6000 remote 192.168.1.2:5000 code 487
        1.008000000 delivered #2 alice
        "#
    ));
    assert_tells(&story, "reaches bob, which refuses it with error 487");
    assert!(!story.contains("too late to matter"), "{story}");
}

#[test]
fn an_answer_that_somebody_else_gets_is_told_in_a_sentence() {
    let story = told(&format!(
        r#"
        1.000000000 sent #1 alice udp 192.168.1.2:5000 > 203.0.113.9:6000 128 {A}
        1.000000000 note alice ice.check.sent local 192.168.1.2:5000 remote 203.0.113.9:6000 nominating false payload "{A}"
        1.004000000 delivered #1 bob
        1.004000000 sent #2 bob udp 203.0.113.9:6000 > 192.168.1.2:5000 100 {B}
        1.008000000 delivered #2 home_a
        "#
    ));
    assert_tells(&story, "reaches bob, but the answer reaches home_a, for whom it was not meant");
}

#[test]
fn sides_without_a_common_family_have_nothing_to_try() {
    let story = told(
        r#"
        0.000000000 note alice gather.candidate kind "host" transport "udp" address [2001:db8::2]:5000 base [2001:db8::2]:5000
        0.000000000 note bob gather.candidate kind "host" transport "udp" address 192.168.1.2:6000 base 192.168.1.2:6000
        "#,
    );
    let why =
        "alice had nothing to try: alice has only IPv6 candidates, and bob only IPv4 ones. bob had";
    assert_tells(&story, why);
    let story = told(
        r#"0.000000000 note bob gather.candidate kind "host" transport "udp" address 192.168.1.2:6000 base 192.168.1.2:6000"#,
    );
    assert_tells(&story, "bob had nothing to try: alice has no candidate.");
}

#[test]
fn a_relay_that_was_refused_is_told_once_and_in_words() {
    let story = told(
        r#"
        0.000000000 note bob gather.started
        0.032000000 note bob turn.failed reason "the server refused with 486" server 198.51.100.1:3478
        0.032000000 note bob gather.failed local 192.168.1.2:6000 server 198.51.100.1:3478 reason "refused"
        "#,
    );
    let why = "gets nothing from turn: refused: the user's quota of allocations is used up (486 Allocation Quota Reached)";
    assert_tells(&story, why);
    assert!(!story.contains("has trouble"), "{story}");
}

#[test]
fn a_restart_is_told_with_who_asked_for_it_and_why() {
    let story = told(
        r#"
        24.000000000 note bob ice.state state "disconnected"
        27.000000000 note alice ice.state state "disconnected"
        29.000000000 note bob signal.sent to "alice" what "restart-request"
        29.020000000 note alice ice.restart generation 1
        "#,
    );
    let asks =
        "29000.0 ms bob asks alice to start ICE anew: it is disconnected since 24000.0 ms 29020.0";
    assert_tells(&story, asks);
    assert_tells(&story, "alice starts ICE anew: it is disconnected since 27000.0 ms");
}

#[test]
fn what_data_channels_carried_is_told() {
    let story = told(
        r#"
        0.100000000 note alice data.open label "file"
        0.100000000 note alice data.sending label "file"
        0.140000000 note bob data.first label "file"
        1.000000000 note bob data.paused
        2.000000000 note bob data.resumed
        3.000000000 note alice data.ended reason "the other side has ended it"
        4.000000000 note bob data.carried label "file" from "alice" sent 10 delivered 8 bytes 8000 duplicates 0 broken 0 overtaken 1 given_up 2 goodput 2500000 last 2.500000000s
        4.000000000 note alice data.carried label "file" from "bob" sent 3 delivered 0 bytes 0 duplicates 0 broken 0 overtaken 0 given_up 0
        4.000000000 note bob data.carried label "chat" from "alice" sent 0 delivered 0 bytes 0 duplicates 0 broken 0 overtaken 0 given_up 0
        "#,
    );
    for sentence in [
        "What the data channels carried 100.0 ms alice the channel `file` is open",
        "100.0 ms alice begins to send on `file`",
        "140.0 ms bob gets the first message on `file`",
        "1000.0 ms bob reads no more 2000.0 ms bob reads again",
        "3000.0 ms alice has no channels any more: the other side has ended it",
        "bob has got 8 of alice's 10 messages on `file`: 8000 bytes, 2.5 Mbit/s; the last one came at 2500.0 ms; \
         2 were given up; 1 came after a later one",
        "alice has got none of bob's 3 messages on `file`",
        "bob has got nothing on `chat`: alice has sent nothing",
    ] {
        assert_tells(&story, sentence);
    }
}
