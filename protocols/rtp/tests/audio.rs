//! Opus (RFC 7587) and G.711 (RFC 3551).

use core::time::Duration;

use icelab_rtp::payload::audio::{AudioPacket, Depacketiser};
use icelab_rtp::payload::{Discard, Gap, g711, opus};
use icelab_rtp::{Packet, PacketBuilder, PayloadType, Ssrc};
use icelab_wire::{Serial16, Serial32};
use proptest::prelude::*;

/// RFC 6716 section 3.1, table 2: the length of a frame for each configuration, in 48ths of a
/// millisecond.
#[test]
fn the_length_of_a_packet_is_in_its_first_byte() {
    let silk = [480, 960, 1920, 2880];
    let expected: Vec<u32> = [silk, silk, silk, [480, 960, 480, 960]]
        .into_iter()
        .chain([[120, 240, 480, 960]; 4])
        .flatten()
        .collect();
    for (config, length) in (0..32_u8).zip(expected) {
        assert_eq!(opus::samples(&[config << 3]), Ok(length), "{config}");
        assert_eq!(opus::samples(&[config << 3 | 1]), Ok(2 * length), "{config}");
        assert_eq!(opus::samples(&[config << 3 | 2]), Ok(2 * length), "{config}");
        let two = opus::samples(&[config << 3 | 3, 0xC2]);
        assert_eq!(two, Ok(2 * length), "{config}");
    }
    assert_eq!(opus::duration(&[0x78]), Ok(Duration::from_millis(20)));
    assert_eq!(opus::duration(&[0x80]), Ok(Duration::from_micros(2500)));
}

/// RFC 6716 section 3.4: a packet holds at least one frame and at most 120 ms.
#[test]
fn a_packet_without_frames_or_of_too_many_is_none() {
    assert!(opus::samples(&[]).is_err());
    assert!(opus::samples(&[0x7B]).is_err(), "the count is cut off");
    assert!(opus::samples(&[0x7B, 0]).is_err());
    assert_eq!(opus::samples(&[0x7B, 6]), Ok(5760));
    assert!(opus::samples(&[0x7B, 7]).is_err());
    assert!(opus::Packetiser::new(Serial32(0)).packetise(&[]).is_err());
}

#[test]
fn each_packet_of_opus_moves_the_timestamp_by_its_length() {
    let mut packetiser = opus::Packetiser::new(Serial32(u32::MAX - 959));
    let first = packetiser.packetise(&[0x78, 1]).unwrap();
    let timestamp = Serial32(u32::MAX - 959);
    assert_eq!(first, AudioPacket { timestamp, marker: true, payload: &[0x78, 1] });
    let second = packetiser.packetise(&[0x80, 2]).unwrap();
    assert_eq!((second.timestamp, second.marker), (Serial32(0), false));
    packetiser.pause(960);
    let third = packetiser.packetise(&[0x78, 3]).unwrap();
    assert_eq!((third.timestamp, third.marker), (Serial32(120 + 960), true));
}

/// RFC 3551 section 4.2: 20 ms are 160 samples.
#[test]
fn samples_are_cut_at_the_packet_time() {
    let samples: Vec<u8> = (0..200).map(|n| n as u8).collect();
    let mut packetiser = g711::Packetiser::new(Duration::from_millis(20), Serial32(7));
    let packets: Vec<_> = packetiser.packetise(&samples).collect();
    let [first, second] = packets.as_slice() else { panic!("{packets:?}") };
    assert_eq!(
        (first.timestamp, first.marker, first.payload),
        (Serial32(7), true, &samples[..160])
    );
    assert_eq!((second.timestamp, second.marker), (Serial32(167), false));
    assert_eq!(second.payload, &samples[160..]);
    packetiser.pause(1000);
    let third: Vec<_> = packetiser.packetise(&samples[..1]).collect();
    assert_eq!((third[0].timestamp, third[0].marker), (Serial32(1207), true));
    let longest = g711::Packetiser::new(Duration::MAX, Serial32(0)).packetise(&[0; 4000]).count();
    assert_eq!(longest, 3, "200 ms each");
    assert_eq!(g711::Packetiser::new(Duration::ZERO, Serial32(0)).packetise(&[0; 16]).count(), 2);
}

fn packet(sequence: u16, payload: &[u8]) -> Vec<u8> {
    PacketBuilder::new(PayloadType::PCMU, Serial16(sequence), Serial32(160), Ssrc(1))
        .marker(true)
        .build(payload)
}

/// RFC 3550 appendix A.1: two numbers in a row, far behind, tell that the sender counts anew.
#[test]
fn a_stream_that_begins_again_elsewhere_is_followed() {
    for away in [101, 5_000, 32_767] {
        let mut depacketiser = Depacketiser::new();
        let mut push = |sequence: u16| {
            let pushed = depacketiser.push(&Packet::parse(&packet(sequence, &[1])).unwrap());
            (pushed.gap, pushed.discarded, pushed.frames.len())
        };
        let late = (None, Some(Discard::Late), 0);
        let taken = (None, None, 1);
        let now = 40_000;
        let there = now - away;
        assert_eq!(push(now), taken);
        // One packet alone, or two that do not follow each other, may be anything.
        assert_eq!([there, there + 2, now + 1].map(&mut push), [late, late, taken]);
        assert_eq!([there, there + 1, there + 2].map(&mut push), [late, taken, taken]);
        let gap = Some(Gap { first: Serial16(there + 3), count: 1 });
        assert_eq!(push(there + 4), (gap, None, 1));
    }
    // Packets that are only late do not take the stream back.
    let mut depacketiser = Depacketiser::new();
    for sequence in [500, 400, 401, 402, 499] {
        let pushed = depacketiser.push(&Packet::parse(&packet(sequence, &[1])).unwrap());
        assert_eq!(pushed.discarded.is_some(), sequence != 500, "{sequence}");
    }
}

#[test]
fn missing_and_late_packets_are_told() {
    let mut depacketiser = Depacketiser::new();
    let mut push = |sequence, payload: &[u8]| {
        depacketiser.push(&Packet::parse(&packet(sequence, payload)).unwrap())
    };
    let first = push(65_534, &[1, 2]);
    assert_eq!((first.gap, first.discarded), (None, None));
    let [frame] = first.frames.as_slice() else { panic!() };
    assert_eq!((frame.sequence, frame.timestamp), (Serial16(65_534), Serial32(160)));
    assert_eq!((frame.is_after_silence, frame.data.as_slice()), (true, &[1, 2][..]));
    let third = push(0, &[5]);
    assert_eq!(third.gap, Some(Gap { first: Serial16(65_535), count: 1 }));
    assert_eq!(third.frames.len(), 1);
    for late in [65_535, 0] {
        let late = push(late, &[3]);
        assert_eq!((late.discarded, late.frames.len()), (Some(Discard::Late), 0));
    }
    let empty = push(1, &[]);
    assert_eq!((empty.gap, empty.discarded, empty.frames.len()), (None, None, 0));
    assert_eq!(push(2, &[1]).gap, None);
}

proptest! {
    #[test]
    fn all_samples_arrive(samples: Vec<u8>, millis in 1..=200_u64) {
        let mut packetiser = g711::Packetiser::new(Duration::from_millis(millis), Serial32(0));
        let packets: Vec<_> = packetiser.packetise(&samples).collect();
        let mut timestamp = 0;
        for packet in &packets {
            prop_assert_eq!(packet.timestamp, Serial32(timestamp));
            timestamp += packet.payload.len() as u32;
        }
        prop_assert!(packets.iter().flat_map(|packet| packet.payload).eq(&samples));
    }

    #[test]
    fn no_bytes_of_opus_panic(bytes: Vec<u8>) {
        if let Ok(samples) = opus::samples(&bytes) {
            prop_assert!((120..=5760).contains(&samples));
        }
    }
}
