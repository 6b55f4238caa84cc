//! What every layer must obey.

use core::time::Duration;

use icelab_peer::{Config, Peer};
use icelab_sans_io::net::{Datagram, Interface, Notice};
use icelab_sans_io::testing::laws;
use icelab_sans_io::{Instant, Protocol, Rng};

use crate::switchboard::Switchboard;

fn lonely() -> Peer {
    let mut peer = Peer::new(Config::default(), Rng::from_u64(1));
    let addresses = vec!["198.51.100.1".parse().unwrap()];
    let interface = Interface { name: "eth0".to_owned(), addresses };
    peer.handle_input(Notice::InterfacesChanged(vec![interface]), Instant::START);
    peer.call(Instant::START);
    peer
}

#[test]
fn deadlines_advance_also_where_the_driver_is_late() {
    for lateness in [Duration::ZERO, Duration::from_millis(700)] {
        laws::deadlines_advance(&mut lonely(), Duration::from_secs(60), lateness);
    }
}

#[test]
fn the_same_seed_makes_the_same_call() {
    let run = || {
        let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, _| {});
        board.call(Duration::from_secs(30));
        format!("{:?} {:?}", board.ends[0].events, board.signals)
    };
    assert_eq!(run(), run());
}

#[test]
fn no_bytes_from_anyone_make_a_peer_panic() {
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, _| {});
    board.call(Duration::from_secs(2));
    let local = *board.ends[0].sockets.first().unwrap();
    let mut rng = Rng::from_u64(5);
    for source in ["192.0.2.1:3478", "192.0.2.2:3478", "198.51.100.2:50000", "203.0.113.9:9"] {
        for _ in 0..500 {
            let length = usize::try_from(rng.below(64)).unwrap();
            let mut payload = vec![0; length];
            rng.fill(&mut payload);
            let datagram = Datagram::new(source.parse().unwrap(), local, payload);
            board.alice.handle_input(Notice::Datagram(datagram), board.now);
        }
    }
    board.run(Duration::from_secs(1));
    assert!(board.talks());
}
