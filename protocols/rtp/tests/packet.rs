//! RTP packets (RFC 3550 section 5.1).

use icelab_rtp::extension::HeaderExtension;
use icelab_rtp::{Packet, PacketBuilder, PayloadType, Ssrc, is_rtcp};
use icelab_wire::{DecodeError, Serial16, Serial32};
use proptest::collection::vec;
use proptest::prelude::*;

/// Version 2 with padding, extension and two sources; marker, type 96, number 0x1234, time
/// 0x01020304, source 0xCAFEBABE; two contributing sources; an extension of profile 0xABAC with one
/// word; three bytes of payload; three of padding.
pub(crate) const PACKET: &[u8] = &[
    0xB2, 0xE0, 0x12, 0x34, 1, 2, 3, 4, 0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 1, 0, 0, 0, 2, 0xAB, 0xAC,
    0, 1, 9, 8, 7, 6, 0xAA, 0xBB, 0xCC, 0, 0, 3,
];

/// The picture of RFC 3550 section 5.1.
#[test]
fn every_field_is_read_where_the_rfc_draws_it() {
    let packet = Packet::parse(PACKET).unwrap();
    assert!(packet.marker);
    assert_eq!(packet.payload_type.number(), 96);
    assert_eq!(packet.sequence, Serial16(0x1234));
    assert_eq!(packet.timestamp, Serial32(0x0102_0304));
    assert_eq!(packet.ssrc, Ssrc(0xCAFE_BABE));
    assert_eq!(packet.contributing_sources().collect::<Vec<_>>(), [Ssrc(1), Ssrc(2)]);
    let extension = HeaderExtension { profile: 0xABAC, data: &[9, 8, 7, 6] };
    assert_eq!(packet.extension, Some(extension));
    assert_eq!(extension.elements().count(), 0);
    assert_eq!(packet.payload, [0xAA, 0xBB, 0xCC]);
    assert_eq!(packet.padding, 3);
}

#[test]
fn a_packet_is_written_as_it_was_read() {
    let packet = Packet::parse(PACKET).unwrap();
    assert_eq!(PacketBuilder::like(&packet).padding(3).build(packet.payload), PACKET);
}

#[test]
fn a_header_that_is_cut_off_is_an_error() {
    for length in 0..28 {
        let result = Packet::parse(&PACKET[..length]);
        assert!(matches!(result, Err(DecodeError::Truncated { .. })), "{length}: {result:?}");
    }
}

/// RFC 3550 appendix A.1: the version is 2, and the padding is not longer than what follows the
/// header.
#[test]
fn another_version_or_too_much_padding_is_an_error() {
    for version in [0x32, 0x72, 0xF2] {
        let mut bytes = PACKET.to_vec();
        bytes[0] = version;
        assert_eq!(Packet::parse(&bytes), Err(DecodeError::Value { field: "version" }));
    }
    let mut bytes = PACKET.to_vec();
    bytes[33] = 6;
    assert_eq!(Packet::parse(&bytes).unwrap().payload, [0_u8; 0]);
    bytes[33] = 7;
    assert_eq!(Packet::parse(&bytes), Err(DecodeError::Length { field: "padding" }));
    bytes[33] = 0;
    assert_eq!(Packet::parse(&bytes), Err(DecodeError::Value { field: "padding" }));
    // The padding bit with nothing that could say how long it is.
    let mut bytes = PACKET[..12].to_vec();
    bytes[0] = 0xA0;
    assert_eq!(Packet::parse(&bytes), Err(DecodeError::Value { field: "padding" }));
}

/// RFC 5761 section 4: the second byte tells RTCP (192 to 223) from RTP.
#[test]
fn rtcp_is_told_from_rtp_by_its_second_byte() {
    assert!(is_rtcp(&[0x80, 200]) && is_rtcp(&[0x81, 192]) && is_rtcp(&[0x81, 223]));
    assert!(!is_rtcp(&[0x80, 191]) && !is_rtcp(&[0x80, 224]) && !is_rtcp(&[0x80, 96]));
    assert!(!is_rtcp(&[0x80]) && !is_rtcp(&[]));
}

/// RFC 3550 section 5.1: where there are more than 15 contributing sources, 15 are named.
#[test]
fn no_more_than_fifteen_sources_are_named() {
    let mut builder = PacketBuilder::new(PayloadType::PCMU, Serial16(1), Serial32(2), Ssrc(3));
    for source in 0..20 {
        builder = builder.contributing_source(Ssrc(source));
    }
    let bytes = builder.build(&[7]);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.contributing_sources().len(), 15);
    assert_eq!(packet.payload, [7]);
}

proptest! {
    #[test]
    fn a_packet_survives_the_round_trip(
        marker: bool,
        kind in 0..128_u8,
        (sequence, timestamp, ssrc) in any::<(u16, u32, u32)>(),
        sources in vec(any::<u32>(), 0..16),
        extension in proptest::option::of((any::<u16>(), vec(any::<u8>(), 0..40))),
        padding: u8,
        payload in vec(any::<u8>(), 0..100),
    ) {
        let kind = PayloadType::new(kind).unwrap();
        let mut builder = PacketBuilder::new(kind, Serial16(sequence), Serial32(timestamp), Ssrc(ssrc))
            .marker(marker)
            .padding(padding);
        for source in &sources {
            builder = builder.contributing_source(Ssrc(*source));
        }
        let mut words = Vec::new();
        if let Some((profile, data)) = &extension {
            words.clone_from(data);
            words.resize(data.len().next_multiple_of(4), 0);
            builder = builder.raw_extension(*profile, data.clone());
        }
        let bytes = builder.build(&payload);
        let packet = Packet::parse(&bytes).unwrap();
        prop_assert_eq!(packet.marker, marker);
        prop_assert_eq!(packet.payload_type, kind);
        prop_assert_eq!((packet.sequence, packet.timestamp), (Serial16(sequence), Serial32(timestamp)));
        prop_assert_eq!(packet.ssrc, Ssrc(ssrc));
        prop_assert!(packet.contributing_sources().map(|source| source.0).eq(sources));
        let expected = extension.map(|(profile, _)| HeaderExtension { profile, data: &words });
        prop_assert_eq!(packet.extension, expected);
        prop_assert_eq!(packet.padding, padding);
        prop_assert_eq!(packet.payload, payload);
    }
}
