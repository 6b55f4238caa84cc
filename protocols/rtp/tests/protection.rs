//! RED (RFC 2198), RTX (RFC 4588), ULPFEC (RFC 5109) and FlexFEC (RFC 8627).

use std::collections::BTreeMap;

use icelab_rtp::protection::{
    CannotCarry, CannotProtect, FlexFec, FlexFecPacket, Pattern, Recovery, Red, RedBlock,
    Retransmission, Ulpfec,
};
use icelab_rtp::{Packet, PacketBuilder, PayloadType, Ssrc};
use icelab_wire::{DecodeError, Serial16, Serial32};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

fn kind(number: u8) -> PayloadType {
    PayloadType::new(number).expect("it was made here")
}

fn media(ssrc: u32, sequence: u16, length: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..length).map(|n| (n as u8).wrapping_mul(sequence as u8)).collect();
    PacketBuilder::new(kind(96), Serial16(sequence), Serial32(u32::from(sequence) * 90), Ssrc(ssrc))
        .marker(sequence.is_multiple_of(3))
        .build(&payload)
}

/// RFC 2198 section 3: two older blocks and the newest.
#[test]
fn redundant_payloads_are_read_as_drawn() {
    // Type 5, 160 back, 2 bytes; type 6, 16383 back, 1 byte; newest of type 7.
    let bytes = [0x85, 2, 0x80, 2, 0x86, 0xFF, 0xFC, 1, 7, 0xAA, 0xBB, 0xCC, 1, 2, 3];
    let block = |number, timestamp_offset, data| RedBlock {
        payload_type: kind(number),
        timestamp_offset,
        data,
    };
    let red = Red {
        redundant: vec![block(5, 160, &[0xAA, 0xBB]), block(6, 16_383, &[0xCC])],
        payload_type: kind(7),
        primary: &[1, 2, 3],
    };
    assert_eq!(Red::decode(&bytes), Ok(red.clone()));
    assert_eq!(red.encode().unwrap(), bytes);
    for length in 0..12 {
        assert!(Red::decode(&bytes[..length]).is_err(), "{length}");
    }
    assert_eq!(Red::decode(&bytes[..12]).unwrap().primary, [0_u8; 0]);
}

#[test]
fn a_block_that_is_too_old_or_too_long_is_not_carried() {
    let carry = |timestamp_offset, data| {
        let block = RedBlock { payload_type: kind(5), timestamp_offset, data };
        Red { redundant: vec![block], payload_type: kind(7), primary: &[] }.encode()
    };
    assert_eq!(carry(1 << 14, &[]), Err(CannotCarry::TooOld));
    assert_eq!(carry(0, &[0; 1024]), Err(CannotCarry::TooLong));
    assert!(carry((1 << 14) - 1, &[0; 1023]).is_ok());
}

/// RFC 4588 section 4: the original number before the payload; the rest of the header stays.
#[test]
fn a_packet_is_sent_again_in_another_stream() {
    let original = PacketBuilder::new(kind(96), Serial16(0xABCD), Serial32(7), Ssrc(1))
        .marker(true)
        .contributing_source(Ssrc(9))
        .raw_extension(0xBEDE, vec![0x10, 5, 0, 0]);
    let padded = original.clone().padding(5).build(&[1, 2, 3]);
    let packet = Packet::parse(&padded).unwrap();
    let again = Retransmission::wrap(&packet, kind(97), Serial16(3), Ssrc(2));
    let read = Packet::parse(&again).unwrap();
    assert_eq!(read.payload, [0xAB, 0xCD, 1, 2, 3]);
    assert_eq!((read.payload_type, read.sequence, read.ssrc), (kind(97), Serial16(3), Ssrc(2)));
    assert_eq!((read.timestamp, read.marker, read.padding), (Serial32(7), true, 0));
    let restored = Retransmission::restore(&read, kind(96), Ssrc(1)).unwrap();
    assert_eq!(restored, original.build(&[1, 2, 3]), "as it was, without its padding");
    let probe =
        PacketBuilder::new(kind(97), Serial16(3), Serial32(7), Ssrc(2)).padding(9).build(&[]);
    let probe = Packet::parse(&probe).unwrap();
    assert!(Retransmission::restore(&probe, kind(96), Ssrc(1)).is_err());
    assert!(Retransmission::decode(&[1]).is_err());
}

/// The packets A to D of RFC 5109 section 10: numbers 8 to 11, times 3, 5, 7, 9, types 11 and 18,
/// 200, 140, 100 and 340 bytes, markers on A and C.
fn of_the_rfc() -> [Vec<u8>; 4] {
    [(8, 3, 11, 200, true), (9, 5, 18, 140, false), (10, 7, 11, 100, true), (11, 9, 18, 340, false)]
        .map(|(sequence, time, number, length, marker)| {
            let payload: Vec<u8> =
                (0..length).map(|n: usize| (n * sequence) as u8 ^ 0x5A).collect();
            let sequence = Serial16(sequence as u16);
            PacketBuilder::new(kind(number), sequence, Serial32(time), Ssrc(2))
                .marker(marker)
                .build(&payload)
        })
}

/// The example of RFC 5109 section 10.1: figures 8 and 9, bit by bit.
#[test]
fn the_parity_packet_is_the_one_of_the_rfc() {
    let packets = of_the_rfc();
    let fec = Ulpfec::protect(&packets.each_ref().map(Vec::as_slice)).unwrap();
    let header = [0, 0, 0, 8, 0, 0, 0, 8, 0x01, 0x74, 0x01, 0x54, 0xF0, 0x00];
    assert_eq!(fec[..14], header);
    assert_eq!(fec.len(), 14 + 340);
    let read = Ulpfec::decode(&fec).unwrap();
    assert_eq!(read.base, Serial16(8));
    let protected: Vec<_> = read.levels[0].packets(read.base).map(|sequence| sequence.0).collect();
    assert_eq!(protected, [8, 9, 10, 11]);
    for missing in 8..12 {
        let lookup = |sequence: Serial16| {
            let index = usize::from(sequence.0 - 8);
            (sequence.0 != missing).then(|| packets[index].as_slice())
        };
        let expected = packets[usize::from(missing - 8)].clone();
        assert_eq!(read.recover(Ssrc(2), lookup), Recovery::Recovered(expected));
    }
    let all = |sequence: Serial16| Some(packets[usize::from(sequence.0 - 8)].as_slice());
    assert_eq!(read.recover(Ssrc(2), all), Recovery::NothingMissing);
    assert_eq!(read.recover(Ssrc(2), |_| None), Recovery::TooManyMissing(4));
    for length in 0..fec.len() {
        assert!(Ulpfec::decode(&fec[..length]).is_err(), "{length}");
    }
}

/// RFC 5109 section 7.4: a second level protects the bytes behind the first's.
#[test]
fn each_level_protects_its_own_bytes() {
    let packets = of_the_rfc();
    let [a, b, ..] = &packets;
    let (a, b) = (a.as_slice(), b.as_slice());
    let whole = Ulpfec::protect(&[a, b]).unwrap();
    // The same parity, cut after 70 bytes into two levels.
    let mut levels = whole[..10].to_vec();
    levels.extend([0, 70, 0xC0, 0]);
    levels.extend(&whole[14..84]);
    levels.extend([0, 130, 0xC0, 0]);
    levels.extend(&whole[84..]);
    let read = Ulpfec::decode(&levels).unwrap();
    assert_eq!(read.levels.len(), 2);
    let only_a = |sequence: Serial16| (sequence.0 == 8).then_some(a);
    assert_eq!(read.recover(Ssrc(2), only_a), Recovery::Recovered(b.to_vec()));
    // The first level alone does not cover the whole of the packet.
    let read = Ulpfec::decode(&levels[..84]).unwrap();
    assert_eq!(read.recover(Ssrc(2), only_a), Recovery::Unusable);
}

#[test]
fn packets_that_do_not_go_together_are_not_protected() {
    let [first, second, far] = [(1, 5), (1, 52), (1, 53)].map(|(ssrc, n)| media(ssrc, n, 9));
    let other = media(2, 6, 9);
    assert_eq!(Ulpfec::protect(&[]), Err(CannotProtect::Nothing));
    assert_eq!(Ulpfec::protect(&[&first, &far]), Err(CannotProtect::TooFarApart));
    assert_eq!(Ulpfec::protect(&[&second, &first]), Err(CannotProtect::TooFarApart));
    assert_eq!(Ulpfec::protect(&[&first, &other]), Err(CannotProtect::TooManyStreams));
    assert_eq!(Ulpfec::protect(&[&first[..11]]), Err(CannotProtect::NoPacket));
    assert_eq!(Ulpfec::protect(&[&[0; 20]]), Err(CannotProtect::NoPacket));
    assert!(Ulpfec::protect(&[&first, &second]).is_ok());
    let none = Ulpfec::decode(&[0; 14]);
    assert_eq!(none, Err(DecodeError::Value { field: "mask" }));
}

fn repair(sources: &[Ssrc], payload: &[u8]) -> Vec<u8> {
    let builder = PacketBuilder::new(kind(120), Serial16(1), Serial32(2), Ssrc(3));
    sources
        .iter()
        .fold(builder, |builder, source| builder.contributing_source(*source))
        .build(payload)
}

/// The picture of RFC 8627 section 4.2.2.1, figure 12, with each length of mask.
#[test]
fn a_mask_is_as_long_as_it_must_be() {
    for (last, header) in [
        (14, vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0x40, 1]),
        (45, vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0xC0, 0, 0, 0, 0, 1]),
        (109, vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0xC0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    ] {
        let bare = |sequence: u16| {
            PacketBuilder::new(kind(0), Serial16(sequence), Serial32(0), Ssrc(7))
                .build(&[sequence as u8])
        };
        let packets = [bare(10), bare(10 + last)];
        let fec = FlexFec::protect(&[&packets[0], &packets[1]]).unwrap();
        let mut expected = header;
        expected.push(10 ^ (10 + last) as u8);
        assert_eq!(fec.encode(), expected);
        let bytes = repair(&[Ssrc(7)], &expected);
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(FlexFecPacket::decode(&packet), Ok(FlexFecPacket::Repair(fec)));
        for length in 0..expected.len() - 1 {
            let cut = repair(&[Ssrc(7)], &expected[..length]);
            let cut = Packet::parse(&cut).unwrap();
            assert!(FlexFecPacket::decode(&cut).is_err(), "{last} {length}");
        }
    }
}

/// The table of RFC 8627 section 4.2.2.2, figure 14.
#[test]
fn rows_and_columns_name_their_packets() {
    for (pattern, places, header) in [
        (Pattern::Row { columns: 3, has_columns: false }, [5, 6, 7], [3, 0]),
        (Pattern::Row { columns: 3, has_columns: true }, [5, 6, 7], [3, 1]),
        (Pattern::Column { columns: 4, rows: 3 }, [5, 9, 13], [4, 3]),
    ] {
        let packets = places.map(|sequence| media(7, sequence, 20));
        let [a, b, c] = packets.each_ref().map(Vec::as_slice);
        let fec = FlexFec::protect_pattern(&[a, b, c], pattern).unwrap();
        let payload = fec.encode();
        assert_eq!(payload[0] >> 6, 1);
        assert_eq!(payload[8..12], [0, 5, header[0], header[1]]);
        let named: Vec<_> = fec.streams[0].packets().map(|sequence| sequence.0).collect();
        assert_eq!(named, places);
        let bytes = repair(&[Ssrc(7)], &payload);
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(FlexFecPacket::decode(&packet), Ok(FlexFecPacket::Repair(fec.clone())));
        let lookup = |_, sequence: Serial16| {
            let index = places.iter().position(|place| *place == sequence.0).unwrap();
            (index != 1).then(|| packets[index].as_slice())
        };
        assert_eq!(fec.recover(lookup), Recovery::Recovered(b.to_vec()));
        assert_eq!(
            FlexFec::protect_pattern(&[a, b], pattern),
            Err(CannotProtect::TooFarApart),
            "one is missing"
        );
    }
}

/// RFC 8627 section 4.2.2.2: D of 0 or 1 means a row, whatever was meant.
#[test]
fn a_column_of_one_packet_is_none() {
    let packet = media(7, 5, 20);
    for rows in 0..2 {
        let pattern = Pattern::Column { columns: 4, rows };
        let refused = FlexFec::protect_pattern(&[&packet], pattern);
        assert_eq!(refused, Err(CannotProtect::NoColumn));
    }
}

/// RFC 8627 section 4.2.2: figures 11 and 15, and what must be ignored.
#[test]
fn the_other_variants_are_a_retransmission_and_nothing() {
    let source = media(7, 5, 20);
    let bytes = repair(&[], &source);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(FlexFecPacket::decode(&packet), Ok(FlexFecPacket::Retransmission(&source)));
    let refused = |payload: &[u8], sources: &[Ssrc]| {
        let bytes = repair(sources, payload);
        FlexFecPacket::decode(&Packet::parse(&bytes).unwrap()).unwrap_err()
    };
    let reserved = [0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0x40, 1];
    assert_eq!(refused(&reserved, &[Ssrc(7)]), DecodeError::Value { field: "R and F" });
    let nothing = [0x40, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0];
    assert_eq!(refused(&nothing, &[Ssrc(7)]), DecodeError::Value { field: "L" });
    let no_mask = [0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0];
    assert_eq!(refused(&no_mask, &[Ssrc(7)]), DecodeError::Value { field: "mask" });
    assert_eq!(refused(&no_mask, &[]), DecodeError::Length { field: "CSRC list" });
}

/// RFC 8627 section 1: packets of several streams, one of which is lost.
#[test]
fn one_repair_packet_protects_several_streams() {
    let packets: Vec<_> =
        [(1, 65_535), (2, 7), (1, 1), (2, 9)].map(|(ssrc, n)| media(ssrc, n, 30)).into();
    let borrowed: Vec<_> = packets.iter().map(Vec::as_slice).collect();
    let fec = FlexFec::protect(&borrowed).unwrap();
    assert_eq!(fec.streams.len(), 2);
    let lookup = |ssrc: Ssrc, sequence: Serial16| {
        let find = |packet: &&&[u8]| {
            let packet = Packet::parse(packet).unwrap();
            (packet.ssrc, packet.sequence) == (ssrc, sequence)
        };
        borrowed.iter().take(2).chain(borrowed.iter().skip(3)).find(find).copied()
    };
    assert_eq!(fec.recover(lookup), Recovery::Recovered(packets[2].clone()));
    assert_eq!(fec.recover(|_, _| None), Recovery::TooManyMissing(4));
    let many: Vec<_> = (0..16).map(|ssrc| media(ssrc, 1, 3)).collect();
    let many: Vec<_> = many.iter().map(Vec::as_slice).collect();
    assert_eq!(FlexFec::protect(&many), Err(CannotProtect::TooManyStreams));
    assert_eq!(FlexFec::protect(&[]), Err(CannotProtect::Nothing));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn redundant_payloads_survive_the_round_trip(
        blocks in vec((0..128_u8, 0..1_u16 << 14, vec(any::<u8>(), 0..40)), 0..5),
        number in 0..128_u8,
        primary in vec(any::<u8>(), 0..40),
    ) {
        let redundant = blocks.iter().map(|(number, timestamp_offset, data)| RedBlock {
            payload_type: kind(*number),
            timestamp_offset: *timestamp_offset,
            data,
        });
        let red = Red { redundant: redundant.collect(), payload_type: kind(number), primary: &primary };
        let bytes = red.encode().unwrap();
        prop_assert_eq!(Red::decode(&bytes), Ok(red));
    }

    /// Whichever packet is missing comes back as it was: marker, extension, padding and all.
    #[test]
    fn whichever_packet_is_missing_comes_back(
        base: u16,
        places in btree_set(0..48_u16, 1..8),
        contents in vec((any::<bool>(), vec(any::<u8>(), 0..60), any::<u32>(), 0..9_u8), 8),
        lost in any::<proptest::sample::Index>(),
    ) {
        let packets: BTreeMap<u16, Vec<u8>> = places
            .iter()
            .zip(&contents)
            .map(|(place, (marker, payload, time, padding))| {
                let sequence = Serial16(base).plus(*place);
                let packet = PacketBuilder::new(kind(*padding), sequence, Serial32(*time), Ssrc(9))
                    .marker(*marker)
                    .padding(*padding)
                    .raw_extension(0xBEDE, payload.clone())
                    .build(payload);
                (sequence.0, packet)
            })
            .collect();
        let in_order: Vec<_> =
            places.iter().map(|place| packets[&base.wrapping_add(*place)].as_slice()).collect();
        let missing = base.wrapping_add(*lost.get(&places.iter().copied().collect::<Vec<_>>()));
        let received = |sequence: Serial16| {
            packets.get(&sequence.0).filter(|_| sequence.0 != missing).map(Vec::as_slice)
        };
        let expected = Recovery::Recovered(packets[&missing].clone());
        let fec = Ulpfec::protect(&in_order).unwrap();
        prop_assert_eq!(&Ulpfec::decode(&fec).unwrap().recover(Ssrc(9), received), &expected);
        let fec = FlexFec::protect(&in_order).unwrap();
        let bytes = repair(&[Ssrc(9)], &fec.encode());
        let packet = Packet::parse(&bytes).unwrap();
        prop_assert_eq!(FlexFecPacket::decode(&packet), Ok(FlexFecPacket::Repair(fec.clone())));
        prop_assert_eq!(fec.recover(|_, sequence| received(sequence)), expected);
    }
}
