//! The laws of every layer.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use icelab_sans_io::testing::{LinkModel, Passing, laws};
use icelab_sans_io::{Instant, Protocol, Rng};
use icelab_sctp::packet::cause::Cause;
use icelab_sctp::packet::chunk::{Chunk, ChunkType, EncodeChunk, OperationError};
use icelab_sctp::{Association, Config, Extensions, Message, Reliability, StreamId};

use crate::by_hand::{ByHand, Sent};
use crate::ends::{Ends, ends_with, message, millis};

const LIMIT: Duration = Duration::from_secs(30);

fn config(interleaving: bool) -> Config {
    Config {
        largest_mtu: 1400,
        heartbeat: Some(millis(700)),
        extensions: Extensions { interleaving, ..Extensions::default() },
        ..Config::default()
    }
}

/// Two ends that begin at once, with messages of all kinds, a reset and an end before them.
fn busy(interleaving: bool, model: LinkModel, seed: u64) -> Ends {
    let mut pair = ends_with(config(interleaving), config(interleaving), model, seed);
    pair.a.connect(Instant::START);
    pair.z.connect(Instant::START);
    for number in 0..20 {
        let reliability = match number % 3 {
            0 => Reliability::Full,
            1 => Reliability::Retransmissions(0),
            _ => Reliability::Lifetime(millis(100)),
        };
        let is_unordered = number % 2 == 0;
        let next = Message { reliability, is_unordered, ..message(number % 4, vec![7; 2000]) };
        pair.a.send(next.clone(), Instant::START).unwrap();
        pair.z.send(next, Instant::START).unwrap();
    }
    pair
}

#[test]
fn the_same_seed_gives_the_same_log() {
    for interleaving in [false, true] {
        let model = LinkModel::terrible(millis(60));
        laws::same_seed_same_log(|| busy(interleaving, model, 3), LIMIT);
    }
}

#[test]
fn an_early_timeout_is_a_no_op() {
    for interleaving in [false, true] {
        let model = LinkModel::terrible(millis(60));
        laws::an_early_timeout_is_a_no_op(|| busy(interleaving, model, 3), LIMIT);
    }
    let ending = || {
        let mut pair = busy(false, LinkModel::terrible(millis(60)), 4);
        pair.a.shutdown(Instant::START);
        pair
    };
    laws::an_early_timeout_is_a_no_op(ending, LIMIT);
}

type Make = fn(Config) -> ByHand;

/// An end in each stage of its life.
fn stages() -> Vec<(&'static str, ByHand)> {
    let stages: [(&str, Make); 5] = [
        ("closed", ByHand::closed),
        ("asked", ByHand::asked),
        ("echoed", ByHand::echoed),
        ("connected", ByHand::connected),
        ("answered", ByHand::answered),
    ];
    let mut all = Vec::new();
    for interleaving in [false, true] {
        for (name, make) in stages {
            all.push((name, make(config(interleaving))));
        }
        let with_data = |name: &'static str, make: Make| {
            let mut hand = make(config(interleaving));
            let now = hand.now;
            hand.end.send(message(0, vec![1; 5000]), now).unwrap();
            hand.say(&[hand.data(1)]);
            hand.sent();
            (name, hand)
        };
        all.push(with_data("data under way", ByHand::answered));
        all.push(with_data("data with the cookie", ByHand::echoed));
        let (_, mut pending) = with_data("", ByHand::answered);
        let now = pending.now;
        pending.end.shutdown(now);
        all.push(("shutdown pending", pending));
        let mut sent = ByHand::answered(config(interleaving));
        let now = sent.now;
        sent.end.shutdown(now);
        all.push(("shutdown sent", sent));
        for name in ["shutdown received", "shutdown acknowledged"] {
            let mut hand = ByHand::answered(config(interleaving));
            if name == "shutdown received" {
                let now = hand.now;
                hand.end.send(message(0, "under way"), now).unwrap();
            }
            let shutdown = icelab_sctp::packet::chunk::Shutdown {
                cumulative_tsn_ack: hand.end_first.previous(),
            };
            hand.say(&[Chunk::Shutdown(shutdown)]);
            all.push((name, hand));
        }
        let mut over = ByHand::answered(config(interleaving));
        let now = over.now;
        over.end.abort(now);
        all.push(("over", over));
    }
    all
}

#[test]
fn deadlines_advance_where_nobody_answers() {
    for lateness in [0, 1, 700, 100_000] {
        for (name, mut hand) in stages() {
            let lateness = millis(lateness);
            laws::deadlines_advance(&mut hand.end, Duration::from_secs(100_000), lateness);
            assert_eq!(hand.end.poll_timeout(), None, "{name}: it has given up");
        }
    }
}

/// Where the peer answers heartbeats but nothing else.
#[test]
fn no_stage_works_without_end_at_one_instant() {
    for (name, mut hand) in stages() {
        for _ in 0..1000 {
            hand.pass(millis(100));
            for sent in hand.sent() {
                for chunk in sent.chunks() {
                    if let Chunk::Heartbeat(beat) = chunk {
                        let info = beat.info;
                        let ack = icelab_sctp::packet::chunk::HeartbeatAck { info };
                        hand.say(&[Chunk::HeartbeatAck(ack)]);
                    }
                }
            }
        }
        assert!(hand.sent().len() < 10, "{name}");
    }
}

/// Packets of every kind of chunk, as they were sent in two associations, without a checksum: so that
/// their mutations are read.
fn samples(interleaving: bool) -> Vec<Vec<u8>> {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let mut pair = busy(interleaving, LinkModel::terrible(millis(20)), 5);
    let copies = Rc::clone(&seen);
    pair.filter(move |_, packet: &Vec<u8>, _| {
        copies.borrow_mut().push(packet.clone());
        Passing::Pass
    });
    pair.drive_for(Duration::from_secs(5));
    let now = pair.now();
    pair.a.reset_streams(&[StreamId(1)], now).unwrap();
    pair.a.ask_reset(&[StreamId(2)], now).unwrap();
    pair.z.add_streams(0, 0, now).unwrap();
    pair.drive_for(Duration::from_secs(5));
    let now = pair.now();
    pair.a.shutdown(now);
    pair.drive_for(Duration::from_secs(60));
    // What two that understand each other do not say.
    let mut hand = ByHand::answered(config(interleaving));
    let causes = [Cause::InvalidStreamIdentifier(StreamId(7)), Cause::StaleCookie(millis(1))];
    let error = Chunk::Error(OperationError { causes: causes.as_slice().into() });
    let mut all = seen.borrow().clone();
    all.push(hand.packet(hand.end_tag, &[error]));
    let now = hand.now;
    hand.end.abort(now);
    all.extend(hand.sent().into_iter().map(|sent| sent.bytes));
    for packet in &mut all {
        packet[8..12].fill(0);
    }
    // One of each: the first packet with a new combination of chunks.
    let mut kinds = Vec::new();
    all.retain(|bytes| {
        let sent = Sent { at: Instant::START, bytes: bytes.clone() };
        let is_new = !kinds.contains(&sent.kinds());
        kinds.push(sent.kinds());
        is_new
    });
    let found: Vec<_> = kinds.concat();
    let data = if interleaving { ChunkType::I_DATA } else { ChunkType::DATA };
    let forward = if interleaving { ChunkType::I_FORWARD_TSN } else { ChunkType::FORWARD_TSN };
    for kind in [
        data,
        forward,
        ChunkType::SACK,
        ChunkType::INIT,
        ChunkType::INIT_ACK,
        ChunkType::COOKIE_ECHO,
        ChunkType::COOKIE_ACK,
        ChunkType::HEARTBEAT,
        ChunkType::HEARTBEAT_ACK,
        ChunkType::PAD,
        ChunkType::RE_CONFIG,
        ChunkType::ERROR,
        ChunkType::ABORT,
        ChunkType::SHUTDOWN,
        ChunkType::SHUTDOWN_ACK,
        ChunkType::SHUTDOWN_COMPLETE,
    ] {
        assert!(found.contains(&kind), "{kind:?}");
    }
    all
}

/// Each end with the randomness of the run that the samples are from: it is in the midst of it.
#[test]
fn no_bytes_panic() {
    for interleaving in [false, true] {
        let samples = samples(interleaving);
        assert!(samples.len() >= 16);
        for side in ["a", "z"] {
            let make = || {
                let rng = Rng::from_u64(5).fork(side, 0);
                let mut end = Association::new(config(interleaving), rng);
                end.connect(Instant::START);
                end.send(message(0, vec![1; 5000]), Instant::START).unwrap();
                end
            };
            laws::no_bytes_panic(make, &samples, 1);
            let closed = || {
                let rng = Rng::from_u64(5).fork(side, 0);
                Association::new(config(interleaving), rng)
            };
            laws::no_bytes_panic(closed, &samples, 2);
        }
    }
}

/// The same in every stage: the samples are given the tag that the end listens to.
#[test]
fn no_bytes_panic_in_any_stage() {
    for interleaving in [false, true] {
        let samples = samples(interleaving);
        for place in 0..stages().len() {
            let tag = stages()[place].1.end_tag.0.to_be_bytes();
            let tagged: Vec<_> = samples
                .iter()
                .map(|sample| {
                    let mut sample = sample.clone();
                    if sample[12] != ChunkType::INIT.0 {
                        sample[4..8].copy_from_slice(&tag);
                    }
                    sample
                })
                .collect();
            laws::no_bytes_panic(|| stages().swap_remove(place).1.end, &tagged, 3);
        }
    }
}

#[test]
fn the_samples_name_what_they_hold() {
    let sample = samples(false).remove(0);
    let sent = Sent { at: Instant::START, bytes: sample };
    assert_eq!(sent.chunks()[0].kind(), ChunkType::INIT);
}
