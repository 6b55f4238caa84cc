//! Data channels: what files say of them, and what a run makes of it.

use core::time::Duration;

use icelab::scenario::plan::{Amount, Carried, Delivered, Send};
use icelab::scenario::text::bound::Bound;
use icelab::scenario::text::quantity::{Rate, Share, Size};
use icelab::{Flow, Outcome, World};
use icelab_datachannel::{Priority, Reliability};
use icelab_sim::Level;

use crate::{plan, refused};

const PEERS: &str = "peers: { alice: {}, bob: {} }\n";

fn run_with(text: &str) -> Outcome {
    World::from_plan(&plan(text), Level::Hash).run().unwrap()
}

fn run(text: &str) -> Outcome {
    run_with(&format!("{PEERS}{text}"))
}

fn failures(outcome: &Outcome) -> Vec<String> {
    let told = outcome.failures.iter();
    told.map(|it| format!("{}: {}, not {}", it.expect, it.got, it.wanted)).collect()
}

fn flow(outcome: &Outcome, label: &str, from: &str) -> Flow {
    outcome.data[label].flows[from]
}

#[test]
fn a_channel_is_ordered_and_reliable_and_whoever_sends_saturates() {
    let plan = plan(&format!("{PEERS}call: {{ data: {{ send: {{ from: bob }} }} }}"));
    let [channel] = plan.call.data.as_slice() else { panic!("one channel") };
    assert_eq!(channel.properties.label, "data");
    assert!(channel.properties.is_ordered);
    assert_eq!(channel.properties.reliability, Reliability::Full);
    assert_eq!(channel.properties.priority, Priority::NORMAL);
    assert_eq!(channel.offerer_sends, []);
    let saturating = Amount::Saturating { lasts: None };
    let send = Send { at: None, message: 16 << 10, amount: saturating };
    assert_eq!(channel.answerer_sends, [send]);
}

#[test]
fn what_is_written_of_channels_is_what_they_are() {
    let plan = plan(&format!(
        "{PEERS}call:
  data:
    - {{ label: a, ordered: false, max_retransmits: 3, priority: high }}
    - {{ label: b, max_lifetime: 150 ms, priority: very-low, send: [
        {{ from: alice, size: 1 MiB, message: 1 KiB }}, {{ from: alice, rate: 1 Mbit/s, for: 2 s, at: 5 s }} ] }}
expect: {{ data: {{ b: {{ delivered: \">= 5 KiB\", goodput: {{ at_most: 2 Mbit/s }}, ordered: true }} }} }}"
    ));
    let [a, b] = plan.call.data.as_slice() else { panic!("two channels") };
    assert!(!a.properties.is_ordered);
    assert_eq!(a.properties.reliability, Reliability::Retransmissions(3));
    assert_eq!(a.properties.priority, Priority::EXTRA_HIGH);
    let life = Duration::from_millis(150);
    assert_eq!(b.properties.reliability, Reliability::Lifetime(life));
    assert_eq!(b.properties.priority, Priority::BELOW_NORMAL);
    let lasts = Some(Duration::from_secs(2));
    let paced = Amount::Paced { bits_per_second: 1_000_000, lasts };
    let at = Some(Duration::from_secs(5));
    assert_eq!(
        b.offerer_sends,
        [
            Send { at: None, message: 1 << 10, amount: Amount::Bytes(1 << 20) },
            Send { at, message: 16 << 10, amount: paced },
        ]
    );
    let wanted = Carried {
        delivered: Some(Delivered::Bytes(Bound { at_least: Some(Size(5 << 10)), at_most: None })),
        goodput: Some(Bound { at_least: None, at_most: Some(Rate(2_000_000)) }),
        ordered: Some(true),
    };
    assert_eq!(plan.expectations[0].data["b"], wanted);
}

#[test]
fn an_amount_alone_is_the_least() {
    let plan = plan(&format!(
        "{PEERS}call: {{ data: {{ send: {{ from: bob }} }} }}
expect: {{ data: {{ data: {{ delivered: 94 %, goodput: 5 Mbit/s }} }} }}"
    ));
    let wanted = plan.expectations[0].data["data"];
    let share = Bound { at_least: Some(Share(940_000_000)), at_most: None };
    assert_eq!(wanted.delivered, Some(Delivered::Share(share)));
    assert_eq!(wanted.goodput, Some(Bound { at_least: Some(Rate(5_000_000)), at_most: None }));
}

#[test]
fn what_cannot_be_meant_is_told() {
    for (call, expect, message) in [
        (
            "{ data: { lable: x } }",
            "",
            "unknown key `lable` in a data channel (did you mean `label`?)",
        ),
        ("{ data: { label: \"\" } }", "", "`` cannot be a label"),
        ("{ data: [{}, {}] }", "", "two channels are called `data`"),
        (
            "{ data: { max_retransmits: 1, max_lifetime: 1 s } }",
            "",
            "`max_retransmits` and `max_lifetime` exclude each other",
        ),
        ("{ data: { max_lifetime: 1.5 ms } }", "", "lifetimes are whole milliseconds (RFC 8832)"),
        ("{ data: { priority: urgent } }", "", "unknown priority `urgent`"),
        ("{ data: { send: { size: 1 MiB } } }", "", "`send` needs `from`"),
        ("{ data: { send: { from: carol } } }", "", "unknown side of the call `carol`"),
        (
            "{ data: { send: { from: bob, size: 1 MiB, rate: 1 Mbit/s } } }",
            "",
            "1 MiB in all leave nothing to say here",
        ),
        ("{ data: { send: { from: bob, message: 4 B } } }", "", "a message of 4 B is out of range"),
        (
            "{ data: { send: { from: bob, rate: 9000000000 Gbit/s, message: 12 B } } }",
            "",
            "at this rate more than 1000000 messages are written in a second",
        ),
        (
            "{ data: { send: { from: bob, rate: 96.1 Mbit/s, message: 12 B } } }",
            "",
            "at this rate more than 1000000 messages are written in a second",
        ),
        ("{ data: { send: { from: bob, at: 2 min } } }", "", "2 min is after the end of the run"),
        (
            "{ data: { send: [{ from: bob }, { from: bob, size: 1 KiB }] } }",
            "",
            "what is sent before this never ends",
        ),
        ("{}", "{ data: { x: { delivered: 1 % } } }", "the call has no data channel `x`"),
        (
            "{ data: { label: file, send: { from: bob } } }",
            "{ data: { flie: { delivered: 1 % } } }",
            "unknown data channel `flie` (did you mean `file`?)",
        ),
        ("{ data: {} }", "{ data: { data: { delivered: 1 % } } }", "nothing is sent on `data`"),
        ("{ data: { send: { from: bob } } }", "{ data: { data: {} } }", "this expects nothing"),
        (
            "{ data: { send: { from: bob } } }",
            "{ data: { data: { delivered: 0 % } } }",
            "any amount is right here, so this expects nothing",
        ),
        (
            "{ data: { send: { from: bob } } }",
            "{ data: { data: { delivered: { at_least: 50 %, at_most: 200 % } } } }",
            "a share of more than all messages",
        ),
        (
            "{ data: { send: { from: bob } } }",
            "{ path: none, data: { data: { delivered: 1 % } } }",
            "a call that never connects carries no data",
        ),
    ] {
        let expect = if expect.is_empty() { "{ connected: true }" } else { expect };
        let told = refused(&format!("{PEERS}call: {call}\nexpect: {expect}"));
        assert!(told.iter().any(|told| told.contains(message)), "{message}: {told:?}");
    }
}

#[test]
fn who_reads_nothing_has_nothing_to_pause() {
    let told = refused(&format!("{PEERS}events: [{{ at: 1 s, pause: bob }}]"));
    assert!(told[0].contains("the call has no data channels to read"), "{told:?}");
}

#[test]
fn a_file_arrives_and_is_measured() {
    let outcome = run("call: { data: { label: file, send: { from: alice, size: 100 KiB } } }
expect: { data: { file: { delivered: 100 %, ordered: true, goodput: 10 Mbit/s } } }");
    assert_eq!(failures(&outcome), [""; 0]);
    let file = flow(&outcome, "file", "alice");
    assert_eq!((file.sent, file.sent_bytes), (7, 100 << 10));
    assert_eq!((file.delivered, file.delivered_bytes), (7, 100 << 10));
    assert_eq!((file.duplicates, file.broken, file.overtaken, file.given_up), (0, 0, 0, 0));
    assert_eq!(outcome.phases.get_index(3).unwrap().0, &"open");
    assert!(outcome.data["file"].opened >= file.first_write);
    let took = file.last_delivery.unwrap() - file.first_write.unwrap();
    let goodput = (100 << 10) * 8 * 1_000_000_000_u128 / took.as_nanos();
    assert_eq!(u128::from(file.goodput.unwrap()), goodput);
    // It ends once all has arrived and a second has passed, not at the limit.
    assert!(outcome.simulated < Duration::from_secs(3), "{:?}", outcome.simulated);
}

#[test]
fn both_sides_may_send_on_a_channel_and_both_are_judged() {
    let outcome = run(
        "call: { data: { send: [{ from: alice, size: 20 KiB }, { from: bob, size: 50 KiB }] } }
expect: { data: { data: { delivered: 30 KiB } } }",
    );
    let told = ["data.data.delivered: from alice: 20 KiB, not at least 30 KiB"];
    assert_eq!(failures(&outcome), told);
    assert_eq!(flow(&outcome, "data", "bob").delivered_bytes, 50 << 10);
}

#[test]
fn a_call_that_does_not_connect_carries_nothing_and_says_so() {
    let outcome = run("call: { data: { send: { from: alice, size: 1 KiB } } }
events: [{ at: 0 s, cut: [alice, internet] }]
expect: { data: { data: { delivered: 100 %, ordered: true, goodput: 1 bit/s } } }");
    assert_eq!(outcome.connected, None);
    assert_eq!(outcome.failures.len(), 3, "{:?}", failures(&outcome));
}

#[test]
fn channels_that_end_with_the_call_have_carried_what_they_had() {
    let outcome = run("call: { data: { send: { from: alice, rate: 1 Mbit/s, message: 1000 B } } }
events: [{ at: 2 s, close: bob }]
expect: { data: { data: { delivered: { at_least: 200 KiB, at_most: 250 KiB } } } }");
    assert_eq!(failures(&outcome), [""; 0]);
    assert!(outcome.simulated < Duration::from_secs(60), "{:?}", outcome.simulated);
}

#[test]
fn who_saturates_for_a_time_does_so_for_that_time() {
    let outcome = run_with(
        "peers: { alice: {}, bob: { link: { rate: 2 Mbit/s, delay: 10 ms } } }
call: { data: { send: { from: alice, for: 3 s } } }",
    );
    let sent = flow(&outcome, "data", "alice");
    assert_eq!(sent.delivered, sent.sent);
    let began = sent.first_write.unwrap();
    assert!(sent.last_delivery.unwrap() - began > Duration::from_millis(2_990));
}

#[test]
fn an_unreliable_channel_that_lost_its_last_message_still_ends() {
    let outcome = run("limit: 5 min
call: { data: { max_retransmits: 0, send: { from: alice, rate: 80 kbit/s, message: 1000 B, for: 3 s } } }
events: [{ at: 2.5 s, cut: [bob, internet] }, { at: 4 s, heal: [bob, internet] }]");
    let flow = flow(&outcome, "data", "alice");
    assert!(flow.delivered < flow.sent && flow.given_up > 0, "{flow:?}");
    // The cut comes before the last of what is written in three seconds.
    let last = flow.last_delivery.unwrap();
    assert!(last < Duration::from_millis(2_600), "{last:?}");
    assert!(outcome.simulated <= last + Duration::from_secs(5), "{:?}", outcome.simulated);
}

/// The heartbeat is due before the message is sent once more.
#[test]
fn what_is_still_to_be_sent_again_is_waited_for() {
    let outcome = run("limit: 10 min
call: { data: { send: { from: alice, size: 1 KiB, at: 4 s } } }
events: [{ at: 0 s, drop: { match: { packet: data, from: alice }, nth: 29..36, must_come: false } }]
expect: { data: { data: { delivered: 100 % } } }");
    assert_eq!(failures(&outcome), [""; 0]);
}

#[test]
fn probes_after_an_event_go_over_a_channel_too() {
    let outcome = run("call: { data: { send: { from: alice, size: 1 KiB } } }
events: [{ at: 2 s, cut: [bob, internet] }, { at: 4 s, heal: [bob, internet] }]
expect:
  - { at: 4 s, reconnected: false }
  - { reconnected: { within: 2 s } }");
    assert_eq!(failures(&outcome), [""; 0]);
    assert!(!outcome.data.contains_key("probe"), "it is no channel of the plan");
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_one_another() {
    let hash = |seed: u64| {
        let text = format!(
            "seed: {seed}
peers: {{ alice: {{}}, bob: {{ link: wifi_bad }} }}
call: {{ data: {{ send: {{ from: alice, size: 100 KiB }} }} }}"
        );
        run_with(&text).record_hash()
    };
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}
