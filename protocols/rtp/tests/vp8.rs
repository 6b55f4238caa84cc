//! VP8 (RFC 7741).

use icelab_rtp::payload::vp8::{
    Depacketiser, Descriptor, Frame, KeyFrame, PictureId, is_key_frame, packetise,
};
use icelab_rtp::payload::{Discard, FrameLimit, Gap, Pushed};
use icelab_rtp::{Packet, PacketBuilder, PayloadType, Ssrc};
use icelab_wire::{DecodeError, Serial16, Serial32, Writer};
use proptest::collection::vec;
use proptest::prelude::*;

const START: Descriptor = Descriptor {
    is_discardable: false,
    is_partition_start: true,
    partition: 0,
    picture_id: None,
    base_layer_index: None,
    temporal_layer: None,
    is_layer_sync: false,
    key_index: None,
};

fn written(descriptor: &Descriptor) -> Vec<u8> {
    let mut writer = Writer::new();
    descriptor.encode(&mut writer);
    writer.into_vec()
}

/// The examples of RFC 7741 sections 4.6.1 to 4.6.5, and all fields at once.
#[test]
fn descriptors_are_read_as_drawn() {
    let short = Some(PictureId::Short(17));
    let all = Descriptor {
        is_discardable: true,
        is_partition_start: false,
        partition: 5,
        picture_id: Some(PictureId::Long(0x1234)),
        base_layer_index: Some(0xAB),
        temporal_layer: Some(2),
        is_layer_sync: true,
        key_index: Some(19),
    };
    let layer_only = Descriptor { temporal_layer: Some(1), ..START };
    let key_only = Descriptor { key_index: Some(3), is_layer_sync: true, ..START };
    for (bytes, descriptor) in [
        (&[0x90, 0x80, 0x11][..], Descriptor { picture_id: short, ..START }),
        (&[0x10], START),
        (&[0x91, 0x80, 0x11], Descriptor { picture_id: short, partition: 1, ..START }),
        (
            &[0x81, 0x80, 0x11],
            Descriptor { picture_id: short, partition: 1, is_partition_start: false, ..START },
        ),
        (
            &[0x90, 0x80, 0x92, 0x67],
            Descriptor { picture_id: Some(PictureId::Long(4711)), ..START },
        ),
        (&[0xA5, 0xF0, 0x92, 0x34, 0xAB, 0b1011_0011], all),
        (&[0x90, 0x20, 0x40], layer_only),
        (&[0x90, 0x10, 0x23], key_only),
    ] {
        assert_eq!(written(&descriptor), bytes);
        let payload = [bytes, &[0xEE, 0xFF]].concat();
        assert_eq!(Descriptor::decode(&payload), Ok((descriptor, &[0xEE, 0xFF][..])));
        for length in 0..bytes.len() {
            let cut = Descriptor::decode(&bytes[..length]);
            assert!(matches!(cut, Err(DecodeError::Truncated { .. })), "{length}: {cut:?}");
        }
        assert!(bytes.len() <= Descriptor::LONGEST);
    }
    // Reserved bits are ignored.
    assert_eq!(Descriptor::decode(&[0x58]), Ok((START, &[][..])));
}

#[test]
fn picture_ids_wrap_within_their_bits() {
    assert_eq!(PictureId::Short(127).next(), PictureId::Short(0));
    assert_eq!(PictureId::Long(0x7FFF).next(), PictureId::Long(0));
    assert_eq!(PictureId::Long(127).next(), PictureId::Long(128));
}

/// RFC 6386 section 9.1: a shown key frame of 640 by 480, its first partition 1000 bytes long.
#[test]
fn a_key_frame_tells_its_size() {
    let size = 1000_u32 << 5 | 0x10;
    let [s0, s1, s2, _] = size.to_le_bytes();
    let header = [s0, s1, s2, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0xE0, 0x41];
    let expected = KeyFrame { width: 640, height: 480, is_shown: true, first_partition: 1000 };
    assert_eq!(KeyFrame::decode(&header), Ok(expected));
    assert!(is_key_frame(&header));
    for length in 0..header.len() {
        assert!(KeyFrame::decode(&header[..length]).is_err());
    }
    let mut inter = header;
    inter[0] |= 1;
    assert!(!is_key_frame(&inter) && KeyFrame::decode(&inter).is_err() && !is_key_frame(&[]));
    let mut broken = header;
    broken[4] = 2;
    assert_eq!(KeyFrame::decode(&broken), Err(DecodeError::Value { field: "start code" }));
}

/// A stream of packets into a depacketiser.
struct Stream {
    depacketiser: Depacketiser,
}

impl Stream {
    fn new() -> Self {
        Self { depacketiser: Depacketiser::new(FrameLimit(5000)) }
    }

    fn push(&mut self, sequence: u16, time: u32, marker: bool, payload: &[u8]) -> Pushed<Frame> {
        let kind = PayloadType::new(96).expect("it was made here");
        let bytes = PacketBuilder::new(kind, Serial16(sequence), Serial32(time), Ssrc(1))
            .marker(marker)
            .build(payload);
        self.depacketiser.push(&Packet::parse(&bytes).expect("it was made here"))
    }
}

fn nothing() -> Pushed<Frame> {
    Pushed { gap: None, discarded: None, dropped: vec![], frames: vec![] }
}

/// RFC 7741 section 4.6.4: a frame in four packets.
#[test]
fn a_frame_is_whole_at_the_marker() {
    let mut stream = Stream::new();
    assert_eq!(stream.push(1, 9, false, &[0x90, 0x80, 0x11, 0, 1]), nothing());
    assert_eq!(stream.push(2, 9, false, &[0x91, 0x80, 0x11, 2]), nothing());
    assert_eq!(stream.push(3, 9, false, &[0x81, 0x80, 0x11, 3]), nothing());
    let pushed = stream.push(4, 9, true, &[0x81, 0x80, 0x11, 4]);
    let [frame] = pushed.frames.as_slice() else { panic!("{pushed:?}") };
    assert_eq!((frame.timestamp, frame.first, frame.last), (Serial32(9), Serial16(1), Serial16(4)));
    assert_eq!(frame.data, [0, 1, 2, 3, 4]);
    assert!(frame.is_key());
    assert_eq!(frame.descriptor.picture_id, Some(PictureId::Short(17)));
}

#[test]
fn a_frame_without_a_marker_is_whole_when_the_next_begins() {
    let mut stream = Stream::new();
    stream.push(1, 9, false, &[0x10, 1]);
    let pushed = stream.push(2, 10, true, &[0x10, 2]);
    let data: Vec<_> = pushed.frames.iter().map(|frame| frame.data.clone()).collect();
    assert_eq!(data, [[1], [2]]);
    assert_eq!((pushed.frames[0].last, pushed.frames[1].first), (Serial16(1), Serial16(2)));
}

// 1 2 /3 lost/ 4* | 5 6*
#[test]
fn a_frame_with_a_gap_is_dropped_and_the_next_is_whole() {
    let mut stream = Stream::new();
    stream.push(1, 9, false, &[0x10, 1]);
    stream.push(2, 9, false, &[0x00, 1]);
    let pushed = stream.push(4, 9, true, &[0x00, 1]);
    let gap = Some(Gap { first: Serial16(3), count: 1 });
    let expected =
        Pushed { gap, discarded: Some(Discard::NoStart), dropped: vec![Serial32(9)], ..nothing() };
    assert_eq!(pushed, expected);
    assert_eq!(stream.push(5, 10, false, &[0x10, 5]), nothing());
    assert_eq!(stream.push(6, 10, true, &[0x00, 6]).frames[0].data, [5, 6]);
}

// 1 /2* lost/ 3 /4 lost/ /5 lost/ 6* | 7*
#[test]
fn a_frame_whose_start_is_lost_is_skipped() {
    let mut stream = Stream::new();
    stream.push(1, 9, false, &[0x10, 1]);
    let pushed = stream.push(3, 10, false, &[0x10, 3]);
    assert_eq!((pushed.dropped, pushed.discarded), (vec![Serial32(9)], None));
    let pushed = stream.push(6, 11, true, &[0x00, 6]);
    assert_eq!(pushed.gap, Some(Gap { first: Serial16(4), count: 2 }));
    assert_eq!((pushed.dropped, pushed.discarded), (vec![Serial32(10)], Some(Discard::NoStart)));
    assert_eq!(stream.push(7, 12, true, &[0x10, 7]).frames.len(), 1);
}

#[test]
fn late_malformed_and_endless_packets_are_discarded() {
    let mut stream = Stream::new();
    stream.push(1, 9, false, &[0x10, 1]);
    assert_eq!(stream.push(1, 9, true, &[0x10, 1]).discarded, Some(Discard::Late));
    let malformed = stream.push(2, 9, false, &[0x80]);
    assert_eq!(malformed.discarded, Some(Discard::Malformed));
    assert_eq!(malformed.dropped, [Serial32(9)]);
    assert_eq!(stream.push(3, 9, true, &[0x00, 1]).discarded, Some(Discard::NoStart));
    stream.push(4, 10, false, &[0x10, 1]);
    let twice = stream.push(5, 10, true, &[0x10, 1]);
    assert_eq!((twice.discarded, twice.dropped), (Some(Discard::Malformed), vec![Serial32(10)]));
    stream.push(6, 11, false, &[0x10; 3001]);
    let endless = stream.push(7, 11, false, &[0x00; 3001]);
    assert_eq!((endless.discarded, endless.dropped), (Some(Discard::TooLong), vec![Serial32(11)]));
    assert_eq!(stream.push(8, 12, true, &[0x10, 1]).frames.len(), 1);
}

/// Senders probe with packets of padding only: they carry a number, and nothing else.
// S1 | S101 is late, 102 is no start | S103* of a stream that counts anew
#[test]
fn a_frame_under_way_is_dropped_where_its_stream_begins_again_elsewhere() {
    let mut stream = Stream::new();
    stream.push(10_001, 9, false, &[0x10, 1, 2]);
    assert_eq!(stream.push(101, 9, false, &[0x10, 1, 2]).discarded, Some(Discard::Late));
    let pushed = stream.push(102, 9, false, &[0x00, 3]);
    let discarded = Some(Discard::NoStart);
    assert_eq!(pushed, Pushed { discarded, dropped: vec![Serial32(9)], ..nothing() });
    assert_eq!(stream.push(103, 10, true, &[0x10, 1]).frames.len(), 1);
}

#[test]
fn a_packet_of_padding_breaks_no_frame() {
    let mut stream = Stream::new();
    stream.push(1, 9, false, &[0x10, 1]);
    assert_eq!(stream.push(2, 9, false, &[]), nothing());
    assert_eq!(stream.push(3, 9, true, &[0x00, 2]).frames[0].data, [1, 2]);
}

#[test]
fn where_there_is_no_room_there_are_no_payloads() {
    assert_eq!(packetise(&[1, 2], &START, 1), Vec::<Vec<u8>>::new());
    assert_eq!(packetise(&[], &START, 100), Vec::<Vec<u8>>::new());
    assert_eq!(packetise(&[1, 2], &START, 2), [[0x10, 1], [0x00, 2]]);
}

prop_compose! {
    fn descriptor()(
        (is_discardable, is_partition_start, is_layer_sync) in any::<(bool, bool, bool)>(),
        partition in 0..8_u8,
        picture_id in proptest::option::of(prop_oneof![
            (0..128_u8).prop_map(PictureId::Short),
            (0..1_u16 << 15).prop_map(PictureId::Long)
        ]),
        base_layer_index in proptest::option::of(any::<u8>()),
        temporal_layer in proptest::option::of(0..4_u8),
        key_index in proptest::option::of(0..32_u8),
    ) -> Descriptor {
        let has_layers = temporal_layer.is_some() || key_index.is_some();
        Descriptor {
            is_discardable,
            is_partition_start,
            partition,
            picture_id,
            base_layer_index,
            temporal_layer,
            is_layer_sync: is_layer_sync && has_layers,
            key_index,
        }
    }
}

proptest! {
    #[test]
    fn descriptors_survive_the_round_trip(descriptor in descriptor()) {
        let bytes = written(&descriptor);
        prop_assert_eq!(Descriptor::decode(&bytes), Ok((descriptor, &[][..])));
    }

    #[test]
    fn frames_survive_the_round_trip(
        descriptor in descriptor(),
        frames in vec(vec(any::<u8>(), 1..2000), 1..4),
        longest in 10..1200_usize,
        first: u16,
    ) {
        let mut stream = Stream::new();
        let mut sequence = Serial16(first);
        for (time, data) in (0..).zip(&frames) {
            let payloads = packetise(data, &descriptor, longest);
            prop_assert!(payloads.iter().all(|payload| payload.len() <= longest));
            for (index, payload) in payloads.iter().enumerate() {
                let marker = index + 1 == payloads.len();
                let pushed = stream.push(sequence.0, time, marker, payload);
                prop_assert_eq!(pushed.frames.len(), usize::from(marker));
                if let [frame] = pushed.frames.as_slice() {
                    prop_assert_eq!(&frame.data, data);
                    let expected =
                        Descriptor { is_partition_start: true, partition: 0, ..descriptor };
                    prop_assert_eq!(frame.descriptor, expected);
                }
                sequence = sequence.plus(1);
            }
        }
    }
}
