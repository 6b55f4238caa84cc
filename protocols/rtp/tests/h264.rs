//! H.264 (RFC 6184).

use icelab_rtp::payload::h264::{
    AccessUnit, CannotPacketise, Depacketiser, Mode, Packetiser, UnitType, units,
};
use icelab_rtp::payload::{Discard, FrameLimit, Gap, Pushed};
use icelab_rtp::{Packet, PacketBuilder, PayloadType, Ssrc};
use icelab_wire::{Serial16, Serial32};
use proptest::collection::vec;
use proptest::prelude::*;

/// Parameter sets and the first bytes of slices, as encoders write them.
const SPS: &[u8] = &[0x67, 0x42, 0xC0, 0x1F, 0xDA, 0x01, 0x40, 0x16, 0xE8];
const PPS: &[u8] = &[0x68, 0xCE, 0x3C, 0x80];
const IDR: &[u8] = &[0x65, 0x88, 0x84, 0x00, 0x10];
const SLICE: &[u8] = &[0x41, 0x9A, 0x24, 0x6C];
/// A slice that is not the first of its picture.
const LATER_SLICE: &[u8] = &[0x41, 0x1A, 0x24, 0x6C];

struct Stream {
    depacketiser: Depacketiser,
}

impl Stream {
    fn new() -> Self {
        Self { depacketiser: Depacketiser::new(FrameLimit(5000)) }
    }

    fn push(
        &mut self,
        sequence: u16,
        time: u32,
        marker: bool,
        payload: &[u8],
    ) -> Pushed<AccessUnit> {
        let kind = PayloadType::new(102).expect("it was made here");
        let bytes = PacketBuilder::new(kind, Serial16(sequence), Serial32(time), Ssrc(1))
            .marker(marker)
            .build(payload);
        self.depacketiser.push(&Packet::parse(&bytes).expect("it was made here"))
    }
}

fn nothing() -> Pushed<AccessUnit> {
    Pushed { gap: None, discarded: None, dropped: vec![], frames: vec![] }
}

fn only(pushed: &Pushed<AccessUnit>) -> &AccessUnit {
    let [unit] = pushed.frames.as_slice() else { panic!("{pushed:?}") };
    unit
}

/// The pictures of RFC 6184 sections 5.6 (figure 2), 5.7.1 (figure 7) and 5.8 (figures 14, 15).
#[test]
fn each_kind_of_payload_is_read_as_drawn() {
    let mut stream = Stream::new();
    let together = [&[0x78, 0, 9], SPS, &[0, 4], PPS].concat();
    assert_eq!(stream.push(1, 9, false, &together), nothing());
    // The IDR slice in three parts: indicator 0x7C, header with S, none, E.
    assert_eq!(stream.push(2, 9, false, &[0x7C, 0x85, 0x88]), nothing());
    assert_eq!(stream.push(3, 9, false, &[0x7C, 0x05, 0x84, 0x00]), nothing());
    let pushed = stream.push(4, 9, true, &[0x7C, 0x45, 0x10]);
    let unit = only(&pushed);
    assert_eq!(unit.units().collect::<Vec<_>>(), [SPS, PPS, IDR]);
    assert_eq!((unit.timestamp, unit.first, unit.last), (Serial32(9), Serial16(1), Serial16(4)));
    assert!(unit.is_key());
    assert_eq!(unit.unit(UnitType::SEQUENCE_PARAMETERS), Some(SPS));
    assert_eq!(unit.unit(UnitType::PICTURE_PARAMETERS), Some(PPS));
    assert_eq!(unit.unit(UnitType::SEI), None);
    let start = &[0, 0, 0, 1][..];
    assert_eq!(unit.to_byte_stream(), [start, SPS, start, PPS, start, IDR].concat());
    let pushed = stream.push(5, 10, true, SLICE);
    assert_eq!(only(&pushed).units().collect::<Vec<_>>(), [SLICE]);
    assert!(!only(&pushed).is_key());
}

#[test]
fn a_byte_stream_is_cut_at_its_start_codes() {
    let stream = [&[0, 0, 0, 1], SPS, &[0, 0, 1], PPS, &[0, 0, 0, 0, 1], IDR, &[0, 0]].concat();
    assert_eq!(units(&stream).collect::<Vec<_>>(), [SPS, PPS, IDR]);
    assert_eq!(units(&[0, 0, 1]).count() + units(&[]).count() + units(SPS).count(), 0);
}

/// RFC 6184 section 5.7.1: small units go together, under the highest importance of them.
#[test]
fn small_units_go_together() {
    let packetiser = Packetiser { mode: Mode::NonInterleaved, longest: 20 };
    let payloads = packetiser.packetise(&[SPS, PPS, IDR]).unwrap();
    assert_eq!(payloads, [[&[0x78, 0, 9], SPS, &[0, 4], PPS].concat(), IDR.to_vec()]);
}

/// RFC 6184 section 5.8: a unit too long for a packet goes in parts; in mode 0 it does not go.
#[test]
fn a_long_unit_goes_in_parts() {
    let packetiser = Packetiser { mode: Mode::NonInterleaved, longest: 4 };
    let payloads = packetiser.packetise(&[IDR]).unwrap();
    assert_eq!(payloads, [[0x7C, 0x85, 0x88, 0x84], [0x7C, 0x45, 0x00, 0x10]]);
    let single = Packetiser { mode: Mode::SingleUnit, longest: 4 };
    assert_eq!(single.packetise(&[IDR]), Err(CannotPacketise::TooLong));
    assert_eq!(single.packetise(&[PPS, SLICE]).unwrap(), [PPS, SLICE]);
    let tiny = Packetiser { mode: Mode::NonInterleaved, longest: 2 };
    assert_eq!(tiny.packetise(&[IDR]), Err(CannotPacketise::TooLong));
    for wrong in [&[][..], &[0x7C, 0x85, 1], &[0x78, 0, 1, 1], &[0x60, 1]] {
        assert_eq!(packetiser.packetise(&[wrong]), Err(CannotPacketise::NoUnit));
    }
}

// S1 /S2 lost/ E3* | 4*
#[test]
fn a_unit_with_a_lost_part_is_dropped() {
    let mut stream = Stream::new();
    stream.push(1, 9, false, &[0x7C, 0x85, 0x88]);
    let pushed = stream.push(3, 9, true, &[0x7C, 0x45, 0x10]);
    let gap = Some(Gap { first: Serial16(2), count: 1 });
    let discarded = Some(Discard::NoStart);
    assert_eq!(pushed, Pushed { gap, discarded, dropped: vec![Serial32(9)], ..nothing() });
    assert_eq!(stream.push(4, 10, true, SLICE).frames.len(), 1);
}

/// After a gap nobody knows whether the packet is the first of its picture, if it does not show it.
#[test]
fn after_a_gap_a_picture_begins_where_that_is_seen() {
    for (payload, begins) in [
        (SPS.to_vec(), true),
        (SLICE.to_vec(), true),
        (IDR.to_vec(), true),
        (vec![0x09, 0xF0], true),
        (LATER_SLICE.to_vec(), false),
        (PPS.to_vec(), false),
        (vec![0x41], false),
        ([&[0x78, 0, 9], SPS].concat(), true),
        ([&[0x78, 0, 4], PPS].concat(), false),
    ] {
        let mut stream = Stream::new();
        stream.push(1, 9, true, SLICE);
        let pushed = stream.push(3, 10, true, &payload);
        assert_eq!(pushed.frames.len(), usize::from(begins), "{payload:02x?}");
        assert_eq!(pushed.discarded, (!begins).then_some(Discard::NoStart));
        // Without a gap, any of them begins one.
        let mut stream = Stream::new();
        stream.push(1, 9, true, SLICE);
        assert_eq!(stream.push(2, 10, true, &payload).frames.len(), 1, "{payload:02x?}");
    }
    let mut stream = Stream::new();
    stream.push(1, 9, false, &[0x7C, 0x85, 0x08]);
    assert_eq!(stream.push(2, 9, false, &[0x7C, 0x45, 0x10]).discarded, Some(Discard::NoStart));
}

/// RFC 6184 section 5.8: parts come in order, first to last, and nothing comes between them.
#[test]
fn parts_that_do_not_belong_together_are_dropped() {
    let first = &[0x7C, 0x85, 0x88][..];
    for second in [
        &[0x7C, 0x85, 0x88][..], // first again
        &[0x7C, 0x41, 0x88],     // last of another type
        SLICE,                   // a whole unit
        &[0x7C, 0xC5, 0x88],     // first and last at once
        &[0x7C, 0x45],           // empty
        &[0x7C],
        &[0x7C, 0x5C, 1], // a part of a part
    ] {
        let mut stream = Stream::new();
        stream.push(1, 9, false, first);
        let pushed = stream.push(2, 9, false, second);
        assert_eq!(pushed.discarded, Some(Discard::Malformed), "{second:02x?}");
        assert_eq!(pushed.dropped, [Serial32(9)]);
    }
    // The last part never comes: the marker, or the next picture, shows it.
    let mut stream = Stream::new();
    assert_eq!(stream.push(1, 9, true, first).dropped, [Serial32(9)]);
    stream.push(2, 10, false, first);
    let pushed = stream.push(3, 11, true, SLICE);
    assert_eq!((pushed.dropped.as_slice(), pushed.frames.len()), (&[Serial32(10)][..], 1));
}

#[test]
fn aggregates_that_are_cut_off_are_dropped_whole() {
    let whole = [&[0x78, 0, 9], SPS, &[0, 4], PPS].concat();
    for length in 1..whole.len() {
        let mut stream = Stream::new();
        let pushed = stream.push(1, 9, true, &whole[..length]);
        let is_whole = length == 12;
        assert_eq!(pushed.frames.len(), usize::from(is_whole), "{length}");
        assert_eq!(pushed.discarded, (!is_whole).then_some(Discard::Malformed));
    }
    let mut stream = Stream::new();
    // A unit of no bytes, and an aggregate in an aggregate.
    for (sequence, payload) in [(1, &[0x78, 0, 0][..]), (2, &[0x78, 0, 3, 0x78, 0, 1])] {
        assert_eq!(stream.push(sequence, 9, true, payload).discarded, Some(Discard::Malformed));
    }
}

/// RFC 6184 section 5.4: STAP-B, MTAP and FU-B belong to the interleaved mode.
#[test]
fn payloads_of_the_interleaved_mode_are_not_taken() {
    for kind in [0, 25, 26, 27, 29, 30, 31] {
        let mut stream = Stream::new();
        let pushed = stream.push(1, 9, true, &[0x60 | kind, 1, 2, 3, 4, 5]);
        assert_eq!(pushed.discarded, Some(Discard::Unsupported), "{kind}");
    }
}

#[test]
fn an_endless_picture_is_given_up() {
    let mut stream = Stream::new();
    let long = [SLICE, &[7; 3000]].concat();
    stream.push(1, 9, false, &long);
    let pushed = stream.push(2, 9, false, &long);
    assert_eq!((pushed.discarded, pushed.dropped), (Some(Discard::TooLong), vec![Serial32(9)]));
    assert_eq!(stream.push(3, 10, true, SLICE).frames.len(), 1);
}

/// A unit of one byte takes more memory than its byte: start codes count as in a byte stream.
#[test]
fn a_picture_of_endless_tiny_units_is_given_up() {
    let mut stream = Stream::new();
    stream.push(0, 9, false, SLICE);
    let tiny = [&[0x78][..], &[0, 1, 0x41].repeat(300)].concat();
    let pushed: Vec<_> = (1..=4).map(|sequence| stream.push(sequence, 9, false, &tiny)).collect();
    let discarded: Vec<_> = pushed.iter().map(|pushed| pushed.discarded).collect();
    // 5 bytes each: the limit of 5000 is passed with the 1001st.
    assert_eq!(discarded, [None, None, None, Some(Discard::TooLong)]);
    assert_eq!(pushed[3].dropped, [Serial32(9)]);
}

fn unit() -> impl Strategy<Value = Vec<u8>> {
    let header = (0..4_u8, 1..=23_u8).prop_map(|(importance, kind)| importance << 5 | kind);
    let length = prop_oneof![1..30_usize, 1..1500_usize];
    (header, length.prop_flat_map(|length| vec(any::<u8>(), length))).prop_map(
        |(header, mut bytes)| {
            bytes.insert(0, header);
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn access_units_survive_the_round_trip(
        pictures in vec(vec(unit(), 1..6), 1..4),
        longest in 4..1300_usize,
        first: u16,
    ) {
        let packetiser = Packetiser { mode: Mode::NonInterleaved, longest };
        let mut stream = Depacketiser::new(FrameLimit::default());
        let mut sequence = Serial16(first);
        let mut push = |time: u32, marker: bool, payload: &[u8]| {
            let kind = PayloadType::new(102).unwrap();
            let bytes = PacketBuilder::new(kind, sequence, Serial32(time), Ssrc(1))
                .marker(marker)
                .build(payload);
            sequence = sequence.plus(1);
            stream.push(&Packet::parse(&bytes).unwrap())
        };
        push(0, true, SLICE);
        for (time, picture) in (1..).zip(&pictures) {
            let picture: Vec<_> = picture.iter().map(Vec::as_slice).collect();
            let payloads = packetiser.packetise(&picture).unwrap();
            prop_assert!(payloads.iter().all(|payload| payload.len() <= longest));
            for (index, payload) in payloads.iter().enumerate() {
                let marker = index + 1 == payloads.len();
                let pushed = push(time, marker, payload);
                prop_assert_eq!(pushed.frames.len(), usize::from(marker));
                if let [whole] = pushed.frames.as_slice() {
                    prop_assert!(whole.units().eq(picture.iter().copied()));
                }
            }
        }
    }
}
