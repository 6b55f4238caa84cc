//! `Pair` and the laws, tried on a little protocol that sends a ping until it is answered.

use std::time::Duration;

use icelab_sans_io::net::Datagram;
use icelab_sans_io::testing::{LinkModel, Pair, Passing, Side, laws};
use icelab_sans_io::{Backoff, Deadline, Instant, Output, OutputQueue, Protocol};

/// Sends its ping again until an answer comes; answers pings.
struct Pinger {
    output: OutputQueue<Datagram, Said>,
    retry: Option<(Instant, Backoff)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Said {
    Answered,
    GaveUp,
}

impl Pinger {
    fn idle() -> Self {
        Self { output: OutputQueue::new(), retry: None }
    }

    fn ping(&mut self, now: Instant) {
        let mut backoff = Backoff::new(Duration::from_millis(100), 2, Duration::MAX, 8);
        self.output.packet(datagram(b"ping"));
        self.retry = backoff.next_interval().map(|wait| (now + wait, backoff));
    }
}

impl Protocol for Pinger {
    type Input = Datagram;
    type Packet = Datagram;
    type Event = Said;

    fn handle_input(&mut self, input: Datagram, _: Instant) {
        match input.payload.as_slice() {
            b"ping" => self.output.packet(datagram(b"pong")),
            b"pong" if self.retry.take().is_some() => self.output.event(Said::Answered),
            _ => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        let Some((_, mut backoff)) = self.retry.filter(|(at, _)| *at <= now) else {
            return;
        };
        self.retry = backoff.next_interval().map(|wait| (now + wait, backoff));
        match self.retry {
            Some(_) => self.output.packet(datagram(b"ping")),
            None => self.output.event(Said::GaveUp),
        }
    }

    fn poll_output(&mut self) -> Option<Output<Datagram, Said>> {
        self.output.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.retry.map(|(at, _)| Deadline { at, timer: "ping.retry" })
    }
}

fn datagram(payload: &[u8]) -> Datagram {
    let address = |host| ([192, 0, 2, host], 7).into();
    Datagram::new(address(1), address(2), payload.to_vec())
}

fn pinging(model: LinkModel, seed: u64) -> Pair<Pinger, Pinger> {
    let mut pair = Pair::new(Pinger::idle(), Pinger::idle(), model, seed);
    pair.a.ping(Instant::START);
    pair
}

#[test]
fn a_ping_is_answered_after_one_round_trip() {
    let mut pair = pinging(LinkModel::delayed(Duration::from_millis(30)), 1);
    assert!(pair.drive(Instant::from_secs(9)));
    assert_eq!(pair.events_a(), [Said::Answered]);
    assert_eq!(pair.now(), Instant::from_millis(60));
}

#[test]
fn a_lost_ping_is_sent_again() {
    // A /lost/ ping; A -> ping -> Z; A <- pong <- Z
    let mut pair = pinging(LinkModel::default(), 1);
    let mut seen = 0;
    pair.filter(move |from, _, _| {
        seen += 1;
        if from == Side::A && seen == 1 { Passing::Lost } else { Passing::Pass }
    });
    assert!(pair.drive(Instant::from_secs(9)));
    assert_eq!(pair.now(), Instant::from_millis(100));
    assert_eq!(pair.events_a(), [Said::Answered]);
}

#[test]
fn nobody_there_is_noticed() {
    let mut pair = pinging(LinkModel { loss_ppb: 1_000_000_000, ..LinkModel::default() }, 1);
    assert!(pair.drive(Instant::from_secs(99)));
    assert_eq!(pair.events_a(), [Said::GaveUp]);
}

#[test]
fn a_terrible_link_loses_repeats_and_reorders() {
    let mut pair = pinging(LinkModel::terrible(Duration::from_millis(500)), 2);
    for _ in 0..200 {
        pair.a.ping(pair.now());
        pair.drive_for(Duration::from_millis(10));
    }
    let lost = pair.log().matches("/lost/").count();
    let sent = pair.log().matches("->").count();
    let share = 100 * lost / (lost + sent);
    assert!((15..25).contains(&share), "{share} %");
}

#[test]
fn the_laws_hold_for_the_little_protocol() {
    let make = || pinging(LinkModel::terrible(Duration::from_millis(50)), 5);
    let limit = Duration::from_secs(60);
    laws::same_seed_same_log(make, limit);
    laws::an_early_timeout_is_a_no_op(make, limit);
    laws::no_bytes_panic(Pinger::idle, &[datagram(b"ping"), datagram(b"")], 1);
    for lateness in [Duration::ZERO, Duration::from_secs(3)] {
        let mut pinger = Pinger::idle();
        pinger.ping(Instant::START);
        laws::deadlines_advance(&mut pinger, limit, lateness);
    }
}

/// Breaks the law of deadlines: it never lets go of one.
struct Stuck;

impl Protocol for Stuck {
    type Input = Datagram;
    type Packet = Datagram;
    type Event = ();

    fn handle_input(&mut self, _: Datagram, _: Instant) {}
    fn handle_timeout(&mut self, _: Instant) {}
    fn poll_output(&mut self) -> Option<Output<Datagram, ()>> {
        None
    }
    fn poll_timeout(&self) -> Option<Deadline> {
        Some(Deadline { at: Instant::START, timer: "stuck.forever" })
    }
}

#[test]
#[should_panic(expected = "stuck.forever")]
fn the_law_of_deadlines_names_a_timer_that_never_ends() {
    laws::deadlines_advance(&mut Stuck, Duration::from_secs(1), Duration::ZERO);
}

#[test]
#[should_panic(expected = "endless work at 0 ms: timer stuck.forever")]
fn endless_work_at_one_instant_is_an_error_that_names_the_timer() {
    Pair::new(Stuck, Stuck, LinkModel::default(), 1).drive(Instant::from_secs(1));
}

/// Breaks the law of early timeouts: it sends whenever it is asked.
struct Chatty(OutputQueue<Datagram, ()>);

impl Protocol for Chatty {
    type Input = Datagram;
    type Packet = Datagram;
    type Event = ();

    fn handle_input(&mut self, _: Datagram, _: Instant) {}
    fn handle_timeout(&mut self, _: Instant) {
        self.0.packet(datagram(b"?"));
    }
    fn poll_output(&mut self) -> Option<Output<Datagram, ()>> {
        self.0.pop()
    }
    fn poll_timeout(&self) -> Option<Deadline> {
        None
    }
}

#[test]
#[should_panic(expected = "needless calls")]
fn the_law_of_early_timeouts_catches_a_layer_that_works_when_nothing_is_due() {
    let make = || {
        let mut first = Chatty(OutputQueue::new());
        first.0.packet(datagram(b"!"));
        let link = LinkModel::delayed(Duration::from_millis(10));
        Pair::new(first, Chatty(OutputQueue::new()), link, 1)
    };
    laws::an_early_timeout_is_a_no_op(make, Duration::from_millis(15));
}
