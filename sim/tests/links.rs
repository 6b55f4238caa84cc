//! Links as hosts feel them.

use std::time::Duration;

use icelab_sans_io::Instant;
use icelab_sans_io::net::{Datagram, Ecn, Notice, Request};
use icelab_sim::link::{Bitrate, CoDel, Discipline, Loss, QueueLimit, ScheduledChange};
use icelab_sim::{Chance, Direction, DirectionConfig, HostConfig, LinkChange, LinkConfig, Network};

use crate::guest::Lab;

fn pair(up: DirectionConfig) -> Network {
    let mut network = Network::new();
    let link = LinkConfig { up, down: DirectionConfig::default() };
    network.host("alice", HostConfig::behind("internet").with_link(&link));
    let free = LinkConfig::default();
    network.host("bob", HostConfig::behind("internet").with_link(&free));
    network
}

fn millis(lab: &Lab) -> Vec<u64> {
    lab.datagrams("bob").iter().map(|(micros, ..)| micros / 1000).collect()
}

fn change(delay: u64) -> LinkChange {
    LinkChange { delay: Some(Duration::from_millis(delay)), ..LinkChange::default() }
}

#[test]
fn a_schedule_changes_a_link_at_its_times() {
    let at =
        |millis, delay| ScheduledChange { at: Instant::from_millis(millis), set: change(delay) };
    let schedule = vec![at(100, 20), at(200, 5)];
    let mut lab = Lab::new(&pair(DirectionConfig {
        delay: Duration::from_millis(10),
        schedule,
        ..DirectionConfig::default()
    }));
    for time in [50, 150, 250] {
        lab.run(time);
        lab.send("alice", lab.socket("bob"), b"x");
    }
    lab.run(300);
    assert_eq!(millis(&lab), [60, 170, 255]);
}

#[test]
fn a_setting_that_changes_by_hand_is_in_the_record() {
    let mut lab = Lab::new(&pair(DirectionConfig::default()));
    let alice = lab.node("alice");
    let link = lab.simulation.link(alice, None).unwrap();
    lab.simulation.set_link(link, Direction::Up, &change(30));
    lab.send("alice", lab.socket("bob"), b"x");
    lab.run(100);
    assert_eq!(millis(&lab), [30]);
    assert!(lab.story().contains(&"0 link-set alice internet up".to_owned()));
}

#[test]
fn a_link_counts_what_it_drops_for_each_reason() {
    let mut lab = Lab::new(&pair(DirectionConfig {
        rate: Some(Bitrate::from_kbit(8)),
        loss: Loss::Independent(Chance::ALWAYS),
        queue: QueueLimit::Packets(3),
        ..DirectionConfig::default()
    }));
    for _ in 0..6 {
        lab.send("alice", lab.socket("bob"), b"x");
    }
    lab.run(10_000);
    let link = lab.simulation.link(lab.node("alice"), None).unwrap();
    let dropped = |direction, reason| lab.simulation.fabric().dropped(link, direction, reason);
    // One is sent at once and three wait; all four are lost on the way, and two found no place.
    assert_eq!(dropped(Direction::Up, "loss"), 4);
    assert_eq!(dropped(Direction::Up, "queue-full"), 2);
    assert_eq!(dropped(Direction::Down, "loss"), 0);
}

#[test]
fn damaged_packets_do_not_reach_a_socket() {
    let mut lab = Lab::new(&pair(DirectionConfig {
        corrupt: Chance::from_percent(50),
        ..DirectionConfig::default()
    }));
    for _ in 0..400 {
        lab.send("alice", lab.socket("bob"), &[7; 100]);
    }
    lab.run(100);
    let heard = lab.datagrams("bob");
    assert!((150..250).contains(&heard.len()), "{} arrived", heard.len());
    assert!(heard.iter().all(|(.., payload)| *payload == [7; 100]));
    let drops = lab.drops();
    assert_eq!(drops.len() + heard.len(), 400);
    assert!(drops.iter().any(|reason| reason == "checksum"));
    assert!(drops.iter().any(|reason| reason.starts_with("malformed")));
}

#[test]
fn duplicates_and_losses_are_counted_in_the_record() {
    let mut lab = Lab::new(&pair(DirectionConfig {
        duplicate: Chance::from_percent(20),
        loss: Loss::Independent(Chance::from_percent(20)),
        ..DirectionConfig::default()
    }));
    for _ in 0..500 {
        lab.send("alice", lab.socket("bob"), b"x");
    }
    lab.run(100);
    let copies = lab.story().iter().filter(|line| line.contains(" copied ")).count();
    let lost = lab.drops().iter().filter(|reason| *reason == "loss").count();
    assert_eq!(lab.datagrams("bob").len(), 500 + copies - lost);
    assert!((60..140).contains(&lost) && (50..130).contains(&copies), "{lost} {copies}");
}

#[test]
fn a_controlled_queue_stays_short_where_a_plain_one_grows() {
    let last_wait = |discipline| {
        let mut lab = Lab::new(&pair(DirectionConfig {
            rate: Some(Bitrate::from_mbit(8)),
            queue: QueueLimit::Packets(1_000),
            discipline,
            ..DirectionConfig::default()
        }));
        // A little more than the link can take, for three seconds: a packet of 1000 bytes each 0.9 ms.
        for index in 0..3_333u64 {
            let micros = index * 900;
            let until = Instant::from_nanos(micros * 1000);
            while lab.simulation.step(until).unwrap() != icelab_sim::Step::Reached {}
            lab.send("alice", lab.socket("bob"), &[0; 972]);
        }
        let (start, mut waits) = (lab.simulation.now(), 0);
        lab.run(10_000);
        for (at, ..) in &lab.heard {
            waits = waits.max((*at - start).as_millis());
        }
        waits
    };
    let plain = last_wait(Discipline::DropTail);
    let controlled = last_wait(Discipline::CoDel(CoDel::DEFAULT));
    let fair = last_wait(Discipline::FQ_CODEL);
    assert!((300..350).contains(&plain), "{plain} ms");
    assert!(controlled < 150 && fair < 150, "{controlled} ms, {fair} ms");
}

#[test]
fn a_congested_link_marks_what_can_be_marked() {
    let mut lab = Lab::new(&pair(DirectionConfig {
        rate: Some(Bitrate::from_mbit(8)),
        discipline: Discipline::MarkAbove { bytes: 2_000 },
        ..DirectionConfig::default()
    }));
    for _ in 0..5 {
        let mut datagram = Datagram::new(lab.socket("alice"), lab.socket("bob"), vec![0; 972]);
        datagram.ecn = Ecn::Ect0;
        lab.ask(lab.node("alice"), Request::Send(datagram));
    }
    lab.run(100);
    let marks: Vec<bool> = lab
        .heard
        .iter()
        .filter_map(|(.., notice)| match notice {
            Notice::Datagram(datagram) => Some(datagram.ecn == Ecn::Ce),
            _ => None,
        })
        .collect();
    assert_eq!(marks, [false, true, true, false, false]);
}
