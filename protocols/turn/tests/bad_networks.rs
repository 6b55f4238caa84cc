//! Loss, duplicates, reordering, and answers that take longer than anyone waits.

use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_sans_io::testing::{LinkModel, Pair};
use icelab_turn::client::{CloseReason, Event};

use crate::harness::{
    Host, Lab, PEER, address, client, client_config, open, pair, received, server_config,
};

#[test]
fn everything_works_over_a_terrible_link() {
    for seed in 0..30 {
        let link = LinkModel::terrible(Duration::from_millis(80));
        let lab = Lab::new(Host::new(server_config()));
        let mut pair = Pair::new(client(client_config()), lab, link, seed);
        pair.a.allocate(Instant::START).unwrap();
        open(&mut pair);
        for number in 0..50_u8 {
            pair.a.send(address(PEER), [number], pair.now()).unwrap();
            pair.drive_for(Duration::from_millis(200));
        }
        pair.drive_for(Duration::from_secs(40));
        let events = pair.events_a();
        // A fifth is lost each way, a tenth comes twice.
        assert!(received(&events).len() >= 20, "seed {seed}: {}", received(&events).len());
        assert!(pair.a.channel(address(PEER), pair.now()).is_some(), "seed {seed}");
        assert_eq!(pair.z.host.server.allocations(), 1);
        pair.a.close(pair.now());
        assert!(pair.drive(pair.now() + Duration::from_secs(60)), "seed {seed}");
        let closed = Event::Closed { reason: CloseReason::Requested };
        assert_eq!(pair.events_a().last(), Some(&closed));
        assert!(pair.z.host.relayed().is_empty(), "seed {seed}: {}", pair.log());
    }
}

#[test]
fn two_seconds_of_delay_cost_copies_but_nothing_else() {
    let link = LinkModel::delayed(Duration::from_secs(2));
    let mut pair = pair(client_config(), server_config(), link);
    pair.a.allocate(Instant::START).unwrap();
    open(&mut pair);
    assert_eq!(pair.now(), Instant::from_secs(8));
    pair.a.send(address(PEER), b"x".as_slice(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(60));
    let events = pair.events_a();
    assert_eq!(received(&events), [b"x"]);
    let bound = |event: &&Event| matches!(event, Event::ChannelBound { .. });
    assert_eq!(events.iter().filter(bound).count(), 1);
    assert_eq!(pair.z.host.server.allocations(), 1);
    pair.a.close(pair.now());
    assert!(pair.drive(pair.now() + Duration::from_secs(60)));
    let closed = Event::Closed { reason: CloseReason::Requested };
    assert_eq!(pair.events_a(), [closed]);
}

#[test]
fn a_refresh_that_nobody_answers_is_tried_again_while_there_is_time() {
    let mut pair = pair(client_config(), server_config(), LinkModel::default());
    pair.a.allocate(Instant::START).unwrap();
    open(&mut pair);
    // The request of 540 s is given up at 579.5 s.
    pair.drive(Instant::from_secs(535));
    pair.set_link(LinkModel { loss_ppb: 1_000_000_000, ..LinkModel::default() });
    pair.drive(Instant::from_millis(579_600));
    pair.set_link(LinkModel::default());
    pair.drive(Instant::from_secs(581));
    let lifetime = Duration::from_secs(600);
    assert!(pair.events_a().contains(&Event::Refreshed { lifetime }));
}

#[test]
fn an_outage_of_a_minute_is_survived_and_one_of_ten_is_not() {
    for (seconds, survives) in [(60, true), (660, false)] {
        let mut pair = pair(client_config(), server_config(), LinkModel::default());
        pair.a.allocate(Instant::START).unwrap();
        open(&mut pair);
        pair.a.send(address(PEER), b"x".as_slice(), pair.now()).unwrap();
        pair.drive(Instant::from_secs(500));
        pair.events_a();
        let loss_ppb = 1_000_000_000;
        pair.set_link(LinkModel { loss_ppb, ..LinkModel::default() });
        pair.drive_for(Duration::from_secs(seconds));
        pair.set_link(LinkModel::default());
        pair.drive_for(Duration::from_secs(300));
        assert_eq!(pair.a.is_open(), survives, "after {seconds} s");
        let closed = Event::Closed { reason: CloseReason::TimedOut };
        assert_eq!(pair.events_a().contains(&closed), !survives);
        assert_eq!(pair.z.host.server.allocations(), usize::from(survives));
    }
}
