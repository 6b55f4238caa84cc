//! Twenty minutes in which nobody says anything, and then somebody does (aioice#29, pion/turn#102,
//! pjproject#2503: relays that fall silent after 5 or 10 minutes).

use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_sans_io::testing::{LinkModel, Pair};
use icelab_turn::client::{Client, Event};

use crate::harness::{Lab, PEER, address, client_config, open, pair, received, server_config};

fn count(events: &[Event], wanted: impl Fn(&Event) -> bool) -> usize {
    events.iter().filter(|event| wanted(event)).count()
}

/// A channel to one peer and a permission for another, over `link`.
fn settled(link: LinkModel, nonce_lifetime: Duration) -> Pair<Client, Lab> {
    let mut config = server_config();
    config.nonce_lifetime = nonce_lifetime;
    let mut pair = pair(client_config(), config, link);
    pair.a.allocate(Instant::START).unwrap();
    open(&mut pair);
    pair.a.send(address(PEER), b"first".as_slice(), pair.now()).unwrap();
    pair.a.permit(address("203.0.113.77:7").ip(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(60));
    assert!(pair.a.channel(address(PEER), pair.now()).is_some(), "{}", pair.log());
    pair
}

/// Data flows both ways.
fn works(pair: &mut Pair<Client, Lab>) {
    pair.events_a();
    let mut tries = 0;
    let mut wanted = 3;
    while wanted > 0 {
        tries += 1;
        assert!(tries < 30, "silence at {}\n{}", pair.now(), pair.log());
        pair.a.send(address(PEER), b"still there?".as_slice(), pair.now()).unwrap();
        let now = pair.now();
        pair.z.peer_sends(address("203.0.113.77:8"), b"the other", now);
        pair.drive_for(Duration::from_secs(5));
        wanted -= received(&pair.events_a()).len().min(wanted);
    }
}

#[test]
fn a_relay_works_after_twenty_idle_minutes() {
    let mut pair = settled(LinkModel::delayed(Duration::from_millis(30)), Duration::from_secs(300));
    pair.events_a();
    pair.drive_for(Duration::from_secs(20 * 60));
    let events = pair.events_a();
    assert_eq!(count(&events, |event| matches!(event, Event::Refreshed { .. })), 2);
    // The nonce of 300 s was renewed whenever a request came later than that.
    let renewed = count(&events, |event| matches!(event, Event::NonceChanged));
    assert!((3..=4).contains(&renewed), "{events:?}");
    assert_eq!(events.len(), renewed + 2, "nothing else happened: {events:?}");
    works(&mut pair);
    // All of it on the channel that was bound at first.
    assert!(pair.a.channel(address(PEER), pair.now()).is_some());
}

#[test]
fn it_does_so_over_a_link_that_loses_a_fifth() {
    for seed in 0..4 {
        let mut link = LinkModel::terrible(Duration::from_millis(40 + seed));
        link.reorder_ppb /= 2;
        let mut pair = settled(link, Duration::from_secs(100));
        for _ in 0..20 {
            pair.drive_for(Duration::from_secs(61));
            assert!(pair.a.is_open(), "{}", pair.log());
        }
        works(&mut pair);
        assert_eq!(pair.z.host.server.allocations(), 1);
    }
}

#[test]
fn the_client_asks_no_more_often_than_needed() {
    let mut pair = settled(LinkModel::default(), Duration::from_secs(3600));
    let before = pair.log().lines().count();
    pair.drive_for(Duration::from_secs(3000));
    // In 3000 s: two permissions every 240 s at most, a channel and the allocation every 540 s;
    // each is a request, an answer, and sometimes an event at either end.
    let lines = pair.log().lines().count() - before;
    assert!(lines <= 2 * 2 * 13 + 2 * 6 + 4 * 6, "{lines} lines\n{}", pair.log());
}
