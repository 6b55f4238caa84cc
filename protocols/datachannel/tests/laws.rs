//! The laws of every layer.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use icelab_datachannel::{DataChannels, Properties, Reliability};
use icelab_sans_io::testing::{LinkModel, Passing, laws};
use icelab_sans_io::{Instant, Protocol, Rng};

use crate::ends::{Ends, apart, binary, configs, text};

const LIMIT: Duration = Duration::from_secs(30);

/// Two ends that have much to say, over a terrible link.
fn busy() -> Ends {
    let link = LinkModel::terrible(Duration::from_millis(40));
    let mut ends = apart(configs(), link, 5);
    let now = Instant::START;
    for number in 0..4 {
        let properties = Properties {
            is_ordered: number % 2 == 0,
            reliability: if number < 2 {
                Reliability::Full
            } else {
                Reliability::Retransmissions(1)
            },
            ..Properties::labelled(format!("channel {number}"))
        };
        ends.a.open(properties.clone(), now).unwrap();
        ends.z.open(properties, now).unwrap();
    }
    ends.a.connect(now);
    ends.z.connect(now);
    ends.drive_for(Duration::from_secs(5));
    let now = ends.now();
    let channels: Vec<_> = ends.a.channels().collect();
    for channel in &channels {
        for length in [0, 10, 5000] {
            let _ = ends.a.send(*channel, binary(&vec![1; length]), now);
        }
    }
    for channel in ends.z.channels().collect::<Vec<_>>() {
        let _ = ends.z.send(channel, text("hello"), now);
    }
    ends.a.close(channels[0], now);
    ends
}

#[test]
fn the_same_seed_gives_the_same_log() {
    laws::same_seed_same_log(busy, LIMIT);
}

#[test]
fn an_early_timeout_is_a_no_op() {
    laws::an_early_timeout_is_a_no_op(busy, LIMIT);
}

#[test]
fn deadlines_advance_where_nobody_answers() {
    for lateness in [0, 1, 700] {
        let mut end = DataChannels::new(configs().0, Rng::from_u64(4));
        end.open(Properties::labelled("nobody"), Instant::START).unwrap();
        end.connect(Instant::START);
        while end.poll_output().is_some() {}
        let lateness = Duration::from_millis(lateness);
        laws::deadlines_advance(&mut end, Duration::from_secs(7200), lateness);
        assert_eq!(end.poll_timeout(), None, "it has given up");
    }
}

#[test]
fn no_bytes_panic() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let copies = Rc::clone(&seen);
    let mut ends = apart(configs(), LinkModel::default(), 5);
    ends.filter(move |_, packet: &Vec<u8>, _| {
        copies.borrow_mut().push(packet.clone());
        Passing::Pass
    });
    let now = Instant::START;
    let channel = ends.a.open(Properties::labelled("x"), now).unwrap();
    ends.a.connect(now);
    ends.drive_for(Duration::from_secs(1));
    ends.a.send(channel, text("hello"), ends.now()).unwrap();
    ends.a.close(channel, ends.now());
    ends.drive_for(Duration::from_secs(1));
    let samples = seen.borrow().clone();
    assert!(samples.len() > 6);
    // An end of the same randomness is in the midst of the same association.
    let rng = Rng::from_u64(5);
    laws::no_bytes_panic(|| DataChannels::new(configs().1, rng.fork("z", 0)), &samples, 1);
    let client = || {
        let mut client = DataChannels::new(configs().0, rng.fork("a", 0));
        client.open(Properties::labelled("x"), now).unwrap();
        client.connect(now);
        client
    };
    laws::no_bytes_panic(client, &samples, 1);
}
