//! Messages on their way over good and bad links.

use icelab_sans_io::Instant;
use icelab_sans_io::testing::LinkModel;

use crate::ends::{connected, ends, is_connected_event, message, millis, payloads, read};

#[test]
fn two_ends_connect_in_two_round_trips() {
    let mut pair = ends(LinkModel::delayed(millis(50)), 1);
    pair.drive(Instant::from_millis(200));
    assert!(pair.events_a().iter().any(is_connected_event));
    assert!(pair.events_z().iter().any(is_connected_event));
    assert_eq!(pair.now(), Instant::from_millis(200));
}

#[test]
fn a_message_arrives_as_it_was() {
    let mut pair = connected(LinkModel::delayed(millis(10)), 1);
    let now = pair.now();
    pair.a.send(message(3, "hello"), now).expect("it is taken");
    pair.drive_for(millis(15));
    let now = pair.now();
    assert_eq!(payloads(read(&mut pair.z, now)), ["hello"]);
}

#[test]
fn many_messages_of_any_length_arrive_in_order_on_the_worst_link() {
    for seed in 1..=5 {
        let mut pair = connected(LinkModel::terrible(millis(100)), seed);
        let now = pair.now();
        let sent: Vec<Vec<u8>> = (0..100usize)
            .map(|number| vec![number as u8; 1 + number * number * 7 % 20_000])
            .collect();
        for payload in &sent {
            pair.a.send(message(1, payload.clone()), now).expect("it is taken");
        }
        let mut arrived = Vec::new();
        for _ in 0..3000 {
            pair.drive_for(millis(20));
            let now = pair.now();
            arrived.extend(payloads(read(&mut pair.z, now)));
            if arrived.len() == sent.len() {
                break;
            }
        }
        assert_eq!(arrived.len(), sent.len(), "seed {seed}: {:?}", pair.a.stats());
        assert!(arrived.iter().zip(&sent).all(|(arrived, sent)| arrived == sent));
    }
}
