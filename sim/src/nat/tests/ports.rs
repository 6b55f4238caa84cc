//! How outside ports are chosen, shared and rested (RFC 4787 section 4.2).

use std::collections::BTreeSet;

use super::*;

fn lab(ports: Ports) -> Lab {
    Lab::new(Config { ports, ..Config::default() })
}

fn inside(host: u8, port: u16) -> String {
    format!("192.168.1.{host}:{port}")
}

#[test]
fn a_preserved_port_is_the_inside_port() {
    for ports in [Ports::Preserve, Ports::PreserveClass, Ports::PreserveParity, Ports::Overload] {
        assert_eq!(lab(ports).send(A, R1, Instant::START).unwrap().port(), 5000, "{ports:?}");
    }
}

#[test]
fn on_collision_preserve_takes_a_random_port_and_says_so() {
    let mut lab = lab(Ports::Preserve);
    lab.send(A, R1, Instant::START).unwrap();
    lab.notes();
    let other = lab.send(B, R1, Instant::START).unwrap();
    assert!(other.port() != 5000 && other.port() >= 1024);
    let notes = lab.notes();
    let Note::Collision { inside, wanted, remote, is_by_unsolicited, .. } = notes[0] else {
        panic!("{notes:?}");
    };
    assert_eq!((inside, remote), (endpoint(B), endpoint(R1)));
    assert_eq!((wanted, is_by_unsolicited), (endpoint("203.0.113.1:5000"), false));
}

#[test]
fn on_collision_a_port_of_the_same_class_is_taken() {
    for (port, class) in
        [(1, 1..=511), (511, 1..=511), (512, 512..=1023), (1023, 512..=1023), (1024, 1024..=65535)]
    {
        let mut lab = lab(Ports::PreserveClass);
        for host in 2..40 {
            let outside = lab.send(&inside(host, port), R1, Instant::START).unwrap();
            assert!(class.contains(&outside.port()), "{port}: {outside}");
        }
    }
}

#[test]
fn a_class_that_is_used_up_has_no_port_left() {
    let mut lab = lab(Ports::PreserveClass);
    for port in 1..=511 {
        lab.send(&inside(2, port), R1, Instant::START).unwrap();
    }
    assert_eq!(lab.send(&inside(3, 9), R1, Instant::START), Err(DropReason::NoPortLeft));
    assert!(lab.send(&inside(3, 512), R1, Instant::START).is_ok());
}

#[test]
fn on_collision_parity_is_preserved() {
    let mut lab = lab(Ports::PreserveParity);
    for port in [5000, 5001] {
        for host in 2..40 {
            let outside = lab.send(&inside(host, port), R1, Instant::START).unwrap();
            assert_eq!(outside.port() % 2, port % 2);
        }
    }
}

#[test]
fn parity_uses_every_port_of_the_range_and_no_other() {
    for (range, even, odd) in [(2000..=2009, 5, 5), (2001..=2009, 4, 5), (2000..=2008, 5, 4)] {
        for (port, count) in [(10, even), (11, odd)] {
            let config = Config {
                ports: Ports::PreserveParity,
                port_range: range.clone(),
                ..Config::default()
            };
            let mut lab = Lab::new(config);
            lab.send(&inside(2, port), R1, Instant::START).unwrap();
            let mut used = BTreeSet::new();
            for host in 0..count {
                used.insert(lab.send(&inside(10 + host, port), R1, Instant::START).unwrap().port());
            }
            assert_eq!(used.len(), usize::from(count));
            assert!(used.iter().all(|used| range.contains(used) && used % 2 == port % 2));
            let next = lab.send(&inside(99, port), R1, Instant::START);
            assert_eq!(next, Err(DropReason::NoPortLeft));
        }
    }
}

#[test]
fn sequential_ports_follow_one_another_and_begin_again_at_the_end() {
    let config = Config { ports: Ports::Sequential, port_range: 2000..=2002, ..Config::default() };
    let mut lab = Lab::new(config);
    let mut next = |port, at| lab.send(&inside(2, port), R1, at).map(|outside| outside.port());
    assert_eq!(next(7000, Instant::START), Ok(2000));
    assert_eq!(next(7001, seconds(100)), Ok(2001));
    assert_eq!(next(7002, seconds(100)), Ok(2002));
    assert_eq!(next(7003, seconds(100)), Err(DropReason::NoPortLeft));
    // 2000 is free again.
    assert_eq!(next(7003, seconds(300)), Ok(2000));
}

#[test]
fn sequential_ports_begin_again_after_a_reboot() {
    let mut lab = lab(Ports::Sequential);
    let first = lab.send(A, R1, Instant::START);
    lab.nat.reboot(seconds(1));
    assert_eq!(lab.send(B, R1, seconds(1)), first);
}

#[test]
fn sequential_ports_pass_over_those_in_use() {
    let config = Config { ports: Ports::Sequential, port_range: 2000..=2003, ..Config::default() };
    let mut lab = Lab::new(config);
    for port in 7000..7003 {
        lab.send(&inside(2, port), R1, Instant::START).unwrap();
    }
    lab.send(&inside(2, 7001), R1, seconds(200)).unwrap();
    let at = seconds(300);
    let ports = [7003, 7004, 7005].map(|port| lab.send(&inside(2, port), R1, at).unwrap().port());
    assert_eq!(ports, [2003, 2000, 2002]);
}

#[test]
fn random_ports_come_from_the_range_and_differ_by_seed() {
    let config = Config { ports: Ports::Random, port_range: 3000..=3999, ..Config::default() };
    let draw = |seed| {
        let outside = vec![address(OUTSIDE)];
        let inside_range = "192.168.1.0/24".parse().unwrap();
        let nat = Nat::new(config.clone(), outside, inside_range, Rng::from_u64(seed));
        let mut lab = Lab { nat };
        (0..20)
            .map(|n| lab.send(&inside(2, 5000 + n), R1, Instant::START).unwrap().port())
            .collect::<Vec<_>>()
    };
    assert!(draw(1).iter().all(|port| (3000..=3999).contains(port)));
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn every_port_of_the_range_is_given_out_before_none_is_left() {
    // So many that the last ones are not found by chance.
    let config = Config { ports: Ports::Random, port_range: 3000..=4023, ..Config::default() };
    let mut lab = Lab::new(config);
    let used: BTreeSet<u16> = (0..1024)
        .map(|n| lab.send(&inside(2, 5000 + n), R1, Instant::START).unwrap().port())
        .collect();
    assert_eq!(used, (3000..=4023).collect());
    assert_eq!(lab.send(&inside(2, 4000), R1, Instant::START), Err(DropReason::NoPortLeft));
}

#[test]
fn a_subscriber_gets_ports_of_its_blocks_up_to_their_number() {
    let ports = Ports::Block { size: 4, most: 2 };
    let config = Config { ports, port_range: 2000..=2099, ..Config::default() };
    let mut lab = Lab::new(config);
    let mut blocks = BTreeSet::new();
    for n in 0..8 {
        let port = lab.send(&inside(2, 5000 + n), R1, Instant::START).unwrap().port();
        blocks.insert((port - 2000) / 4);
        assert_eq!(blocks.len(), usize::from(n / 4) + 1, "a new block only when one is full");
    }
    assert_eq!(lab.send(&inside(2, 5100), R1, Instant::START), Err(DropReason::NoPortLeft));
    let other = lab.send(&inside(3, 5000), R1, Instant::START).unwrap().port();
    assert!(!blocks.contains(&((other - 2000) / 4)));
}

#[test]
fn blocks_are_given_out_up_to_their_number_and_come_back() {
    let ports = Ports::Block { size: 4, most: 2 };
    // Room for two blocks: what is left over is none.
    let config = Config { ports, port_range: 2000..=2010, ..Config::default() };
    let mut lab = Lab::new(config);
    lab.send(&inside(2, 5000), R1, Instant::START).unwrap();
    lab.send(&inside(3, 5000), R1, seconds(100)).unwrap();
    let at = seconds(200);
    assert_eq!(lab.send(&inside(4, 5000), R1, at), Err(DropReason::NoPortLeft));
    assert!(lab.send(&inside(4, 5000), R1, seconds(300)).is_ok());
    assert_eq!(lab.send(&inside(5, 5000), R1, seconds(300)), Err(DropReason::NoPortLeft));
}

#[test]
fn every_block_of_the_range_is_given_out_before_none_is_left() {
    let ports = Ports::Block { size: 4, most: 1 };
    for seed in 0..8 {
        let config = Config { ports, port_range: 2000..=2063, ..Config::default() };
        let inside_range = "192.168.1.0/24".parse().unwrap();
        let outside = vec![address(OUTSIDE)];
        let nat = Nat::new(config, outside, inside_range, Rng::from_u64(seed));
        let mut lab = Lab { nat };
        let blocks: BTreeSet<u16> = (2..18)
            .map(|host| lab.send(&inside(host, 5000), R1, Instant::START).unwrap().port())
            .map(|port| (port - 2000) / 4)
            .collect();
        assert_eq!(blocks, (0..16).collect());
    }
}

#[test]
fn of_two_blocks_the_one_without_mappings_goes_back() {
    let ports = Ports::Block { size: 2, most: 2 };
    let block_of = |outside: SocketAddr| (outside.port() - 2000) / 2;
    let config = Config { ports, port_range: 2000..=2005, ..Config::default() };
    for kept in [0, 1] {
        let mut lab = Lab::new(config.clone());
        let blocks = [5000, 5001, 5002, 5003]
            .map(|port| block_of(lab.send(&inside(2, port), R1, Instant::START).unwrap()));
        let third = block_of(lab.send(&inside(3, 5000), R1, seconds(100)).unwrap());
        // The mappings of one block live on, those of the other end.
        for n in [0, 1] {
            lab.send(&inside(2, 5000 + 2 * kept + n), R1, seconds(100)).unwrap();
        }
        lab.nat.handle_timeout(seconds(300));
        let freed = block_of(lab.send(&inside(4, 5000), R1, seconds(300)).unwrap());
        assert_eq!(freed, blocks[usize::from(2 - 2 * kept)]);
        assert_ne!(freed, third);
        assert_eq!(lab.send(&inside(5, 5000), R1, seconds(300)), Err(DropReason::NoPortLeft));
    }
}

#[test]
fn a_block_stays_while_one_of_its_ports_is_in_use() {
    let ports = Ports::Block { size: 2, most: 1 };
    let config = Config { ports, port_range: 2000..=2003, ..Config::default() };
    let mut lab = Lab::new(config);
    let first = lab.send(&inside(2, 5000), R1, Instant::START).unwrap().port();
    lab.send(&inside(2, 5001), R1, seconds(100)).unwrap();
    lab.send(&inside(3, 5000), R1, seconds(100)).unwrap();
    // Only the first mapping is over; its block is not free for a third subscriber, but for its own.
    assert_eq!(lab.send(&inside(4, 5000), R1, seconds(300)), Err(DropReason::NoPortLeft));
    let again = lab.send(&inside(2, 5002), R1, seconds(300)).unwrap().port();
    assert_eq!(again, first);
}

#[test]
fn a_block_of_one_address_gives_no_port_of_another() {
    let ports = Ports::Block { size: 2, most: 4 };
    let config = Config {
        mapping: APD,
        ports,
        port_range: 2000..=2003,
        pooling: Pooling::Arbitrary,
        ..Config::default()
    };
    for seed in 0..20 {
        let outside = vec![address(OUTSIDE), address("203.0.113.2")];
        let inside_range = "192.168.1.0/24".parse().unwrap();
        let nat = Nat::new(config.clone(), outside, inside_range, Rng::from_u64(seed));
        let mut lab = Lab { nat };
        let mut owners = BTreeSet::new();
        for to in [R1, R1_OTHER, R2, R3] {
            for host in [2, 3] {
                if let Ok(outside) = lab.send(&inside(host, 5000), to, Instant::START) {
                    assert!(owners.insert(outside), "{outside} twice with seed {seed}");
                    let block = (outside.ip(), outside.port() / 2);
                    let of_other = lab.nat.mappings().into_iter().any(|entry| {
                        entry.inside.ip() != address(&format!("192.168.1.{host}"))
                            && (entry.outside.ip(), entry.outside.port() / 2) == block
                    });
                    assert!(!of_other, "{outside} is in a block of the other with seed {seed}");
                }
            }
        }
    }
}

#[test]
fn who_may_have_no_further_block_gets_a_port_of_those_held_whatever_address_is_drawn() {
    let config = Config {
        ports: Ports::Block { size: 8, most: 1 },
        pooling: Pooling::Arbitrary,
        ..Config::default()
    };
    let mut lab = Lab::with_addresses(config, &["203.0.113.1", "203.0.113.2"]);
    let outsides: BTreeSet<SocketAddr> =
        (0..8).map(|n| lab.send(&inside(2, 5000 + n), R1, Instant::START).unwrap()).collect();
    assert_eq!(outsides.len(), 8);
    let blocks: BTreeSet<_> =
        outsides.iter().map(|outside| (outside.ip(), outside.port() / 8)).collect();
    assert_eq!(blocks.len(), 1, "{outsides:?}");
    assert_eq!(lab.send(&inside(2, 6000), R1, Instant::START), Err(DropReason::NoPortLeft));
}

#[test]
fn a_free_block_whose_ports_still_rest_is_passed_over() {
    let config = Config {
        ports: Ports::Block { size: 1, most: 1 },
        port_range: 2000..=2003,
        hold_down: core::time::Duration::from_secs(100),
        ..Config::default()
    };
    let mut lab = Lab::new(config);
    let resting = [2, 3, 4].map(|host| lab.send(&inside(host, 5000), R1, Instant::START).unwrap());
    let last = lab.send(&inside(5, 5000), R1, seconds(300)).unwrap();
    assert!(!resting.contains(&last));
    assert_eq!(lab.send(&inside(6, 5000), R1, seconds(300)), Err(DropReason::NoPortLeft));
    assert!(lab.send(&inside(6, 5000), R1, seconds(400)).is_ok());
}

#[test]
fn a_block_larger_than_the_range_is_the_range() {
    for range in [65_530..=65_535, 1..=65_535, 0..=65_535] {
        let ports = Ports::Block { size: u16::MAX, most: 2 };
        let config = Config { ports, port_range: range.clone(), ..Config::default() };
        let mut lab = Lab::new(config);
        for n in 0..6 {
            let outside = lab.send(&inside(2, 5000 + n), R1, Instant::START).unwrap();
            assert!(range.contains(&outside.port()));
        }
        assert_eq!(lab.send(&inside(3, 5000), R1, Instant::START), Err(DropReason::NoPortLeft));
    }
}

#[test]
fn a_block_counts_its_mappings_though_another_address_went_away() {
    let config = Config {
        mapping: APD,
        ports: Ports::Block { size: 1, most: 2 },
        port_range: 2000..=2000,
        pooling: Pooling::Arbitrary,
        quota: Some(2),
        ..Config::default()
    };
    let both = ["203.0.113.1", "203.0.113.2"];
    for gone in 0..2 {
        let mut lab = Lab::with_addresses(config.clone(), &both);
        // Which address is drawn is chance.
        for _ in 0..64 {
            lab.send(A, R1, Instant::START).ok();
            lab.send(A, R2, Instant::START).ok();
        }
        assert_eq!(lab.nat.mappings().len(), 2);
        let kept = address(both[1 - gone]);
        lab.nat.rebind(vec![kept], seconds(1));
        let [left] = &lab.nat.mappings()[..] else { panic!("{:?}", lab.nat.mappings()) };
        assert_eq!(left.outside.ip(), kept);
        // Its only port is in use, and comes back when the mapping has ended.
        assert_eq!(lab.send(B, R1, seconds(2)), Err(DropReason::NoPortLeft));
        assert_eq!(lab.send(B, R1, seconds(300)), Ok(SocketAddr::new(kept, 2000)));
    }
}

#[test]
fn overloading_gives_two_insides_the_same_port_and_tells_them_apart_by_remote_endpoint() {
    let mut lab = lab(Ports::Overload);
    let of_a = lab.send(A, R1, Instant::START).unwrap();
    let of_b = lab.send(B, R2, Instant::START).unwrap();
    assert_eq!((of_a, of_b), (endpoint("203.0.113.1:5000"), endpoint("203.0.113.1:5000")));
    assert_eq!(lab.receive(R1, of_a, Instant::START), Ok(endpoint(A)));
    assert_eq!(lab.receive(R2, of_a, Instant::START), Ok(endpoint(B)));
    assert_eq!(lab.send(B, R1, Instant::START), Err(DropReason::NoPortLeft));
}

#[test]
fn mappings_of_one_inside_socket_never_share_a_port_unless_overloaded() {
    for ports in [Ports::Preserve, Ports::PreserveParity, Ports::Sequential, Ports::Random] {
        let mut lab = Lab::new(Config { mapping: APD, ports, ..Config::default() });
        let used: BTreeSet<SocketAddr> =
            [R1, R1_OTHER, R2, R3].map(|to| lab.send(A, to, Instant::START).unwrap()).into();
        assert_eq!(used.len(), 4, "{ports:?}");
    }
    let mut lab = Lab::new(Config { mapping: APD, ports: Ports::Overload, ..Config::default() });
    assert_eq!(lab.send(A, R1, Instant::START), lab.send(A, R2, Instant::START));
}

#[test]
fn a_port_rests_exactly_as_long_as_it_is_held_down() {
    let config = Config { hold_down: core::time::Duration::from_secs(120), ..Config::default() };
    let mut lab = Lab::new(config);
    lab.send(A, R1, Instant::START).unwrap();
    lab.nat.handle_timeout(seconds(300));
    assert_eq!(lab.nat.poll_timeout(), Some(seconds(420)));
    let port = |lab: &Lab, at| lab.clone().send(B, R1, at).unwrap().port();
    assert_ne!(port(&lab, seconds(300)), 5000);
    assert_ne!(port(&lab, just_before(seconds(420))), 5000);
    assert_eq!(port(&lab, seconds(420)), 5000);
    lab.nat.handle_timeout(seconds(420));
    assert_eq!(lab.nat.poll_timeout(), None);
}

#[test]
fn without_hold_down_a_port_is_free_at_once() {
    let mut lab = lab(Ports::Preserve);
    lab.send(A, R1, Instant::START).unwrap();
    assert_eq!(lab.send(B, R1, seconds(300)).unwrap().port(), 5000);
}

#[test]
fn port_zero_is_never_kept_and_identifier_zero_is() {
    let mut lab = lab(Ports::Preserve);
    assert_ne!(lab.send("192.168.1.2:0", R1, Instant::START).unwrap().port(), 0);
    let mut packet = ping("192.168.1.2", "198.51.100.1", 0);
    lab.nat.outbound(&mut packet, Instant::START);
    assert_eq!(packet.source_port(), Some(0));
}
