//! Compound packets, reports, descriptions, goodbyes (RFC 3550 section 6).

use icelab_rtp::rtcp::{
    Application, Compound, CompoundBuilder, Item, ItemKind, PacketType, RawPacket, ReportBlock,
    Rtcp, SenderInfo,
};
use icelab_rtp::{CompactNtp, NtpTime, ShortInterval, Ssrc};
use icelab_wire::{DecodeError, Serial32};
use proptest::collection::vec;
use proptest::prelude::*;

/// A sender report with one block (-2 packets lost), a description with a CNAME, and a goodbye
/// with a reason.
pub(crate) const COMPOUND: &[u8] = &[
    0x81, 200, 0, 12, 0x11, 0x11, 0x11, 0x11, // SR of 0x11111111
    0xB4, 0x4D, 0xB7, 0x05, 0x20, 0, 0, 0, // NTP
    0, 0, 0x3E, 0x80, 0, 0, 0, 10, 0, 0, 4, 0xB0, // RTP time, packets, octets
    0x22, 0x22, 0x22, 0x22, 0x40, 0xFF, 0xFF, 0xFE, // about 0x22222222: a quarter lost, -2
    0, 1, 0, 5, 0, 0, 0, 9, 0xB7, 0x05, 0x20, 0, 0, 5, 0x40, 0, // highest, jitter, LSR, DLSR
    0x81, 202, 0, 3, 0x11, 0x11, 0x11, 0x11, 1, 4, b'a', b'@', b'b', b'c', 0, 0, // SDES
    0x82, 203, 0, 4, 0x11, 0x11, 0x11, 0x11, 0x33, 0x33, 0x33, 0x33, // BYE of two
    4, b'd', b'o', b'n', b'e', 0, 0, 0, // why
];

const BLOCK: ReportBlock = ReportBlock {
    source: Ssrc(0x2222_2222),
    fraction_lost: 0x40,
    cumulative_lost: -2,
    highest_sequence: 0x0001_0005,
    jitter: 9,
    last_sender_report: CompactNtp(0xB705_2000),
    delay: ShortInterval(0x0005_4000),
};

const INFO: SenderInfo = SenderInfo {
    ntp: NtpTime(0xB44D_B705_2000_0000),
    timestamp: Serial32(16_000),
    packets: 10,
    octets: 1200,
};

fn decode(bytes: &[u8]) -> Vec<Rtcp<'_>> {
    Compound::parse(bytes)
        .expect("it was made here")
        .packets()
        .map(|packet| packet.decode().expect("it was made here"))
        .collect()
}

/// The pictures of RFC 3550 sections 6.4.1, 6.5 and 6.6.
#[test]
fn a_compound_packet_is_read_as_drawn() {
    let packets = decode(COMPOUND);
    let [Rtcp::SenderReport(report), Rtcp::Description(description), Rtcp::Goodbye(goodbye)] =
        packets.as_slice()
    else {
        panic!("{packets:?}");
    };
    assert_eq!((report.sender, report.info), (Ssrc(0x1111_1111), INFO));
    assert_eq!(report.blocks.iter().collect::<Vec<_>>(), [BLOCK]);
    assert_eq!(report.blocks.about(BLOCK.source), Some(BLOCK));
    assert_eq!(report.blocks.about(Ssrc(1)), None);
    assert_eq!((report.blocks.len(), report.extension), (1, &[][..]));
    assert_eq!(description.cname(Ssrc(0x1111_1111)), Some(&b"a@bc"[..]));
    assert_eq!(description.cname(Ssrc(7)), None);
    let sources: Vec<_> = goodbye.sources().collect();
    assert_eq!(sources, [Ssrc(0x1111_1111), Ssrc(0x3333_3333)]);
    assert_eq!(goodbye.reason, Some(&b"done"[..]));
}

#[test]
fn a_compound_packet_is_written_as_drawn() {
    let sender = Ssrc(0x1111_1111);
    let cname = Item::new(ItemKind::CNAME, b"a@bc").unwrap();
    let bytes = CompoundBuilder::new()
        .sender_report(sender, &INFO, &[BLOCK])
        .description(&[(sender, &[cname])])
        .goodbye(&[sender, Ssrc(0x3333_3333)], Some(b"done"))
        .finish();
    assert_eq!(bytes, COMPOUND);
}

/// RFC 3550 appendix A.2: the lengths of all packets add up to the datagram's.
#[test]
fn a_compound_packet_that_is_cut_off_is_an_error() {
    let ends = [0, 52, 68];
    for length in 0..COMPOUND.len() {
        let is_whole = length > 0 && ends.contains(&length);
        assert_eq!(Compound::parse(&COMPOUND[..length]).is_ok(), is_whole, "{length}");
    }
    let mut bytes = COMPOUND.to_vec();
    bytes[52] = 0x41;
    assert_eq!(Compound::parse(&bytes), Err(DecodeError::Value { field: "version" }));
}

/// Each body alone, a word shorter than it should be.
#[test]
fn a_body_that_is_cut_off_is_an_error() {
    for packet in Compound::parse(COMPOUND).unwrap() {
        for words in 0..packet.body.len() / 4 {
            let cut = RawPacket { body: &packet.body[..4 * words], ..packet };
            let result = cut.decode();
            let without_reason = packet.kind == PacketType::GOODBYE && words == 2;
            assert_eq!(result.is_ok(), without_reason, "{:?} {words}", packet.kind);
        }
    }
}

/// RFC 3550 section 6.1: only the last packet may be padded, to whole words (section 6.4.1).
#[test]
fn padding_is_at_the_end_only() {
    let report = || CompoundBuilder::new().receiver_report(Ssrc(1), &[]);
    let padded = report().finish_padded(16);
    assert_eq!(padded, [0xA0, 201, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 8]);
    let packet = Compound::parse(&padded).unwrap().packets().next().unwrap();
    assert_eq!((packet.body, packet.padding), (&[0, 0, 0, 1][..], 8));
    assert_eq!(report().finish_padded(8), report().finish());
    assert_eq!(report().finish_padded(0), report().finish());
    assert_eq!(report().finish_padded(7), report().finish());
    assert_eq!(CompoundBuilder::new().finish_padded(8), [0_u8; 0]);

    let mut first = padded.clone();
    first.extend(report().finish());
    assert_eq!(Compound::parse(&first), Err(DecodeError::Value { field: "padding bit" }));
    for (padding, error) in [
        (0, DecodeError::Value { field: "padding" }),
        (7, DecodeError::Value { field: "padding" }),
        (16, DecodeError::Length { field: "padding" }),
    ] {
        let mut bytes = padded.clone();
        bytes[15] = padding;
        assert_eq!(Compound::parse(&bytes), Err(error));
    }
}

/// RFC 5506 section 3: a packet that begins with no report is one of reduced size.
#[test]
fn a_packet_without_a_report_in_front_is_of_reduced_size() {
    assert!(!Compound::parse(COMPOUND).unwrap().is_reduced_size());
    assert!(Compound::parse(&COMPOUND[52..]).unwrap().is_reduced_size());
    let report = CompoundBuilder::new().receiver_report(Ssrc(1), &[]).finish();
    assert!(!Compound::parse(&report).unwrap().is_reduced_size());
}

/// RFC 3550 section 6.1: where there are more than 31 sources, more reports follow the first.
#[test]
fn more_blocks_than_fit_go_into_more_reports() {
    let blocks: Vec<_> =
        (0..70).map(|source| ReportBlock { source: Ssrc(source), ..BLOCK }).collect();
    let bytes = CompoundBuilder::new().sender_report(Ssrc(9), &INFO, &blocks).finish();
    let packets = decode(&bytes);
    let [Rtcp::SenderReport(first), Rtcp::ReceiverReport(second), Rtcp::ReceiverReport(third)] =
        packets.as_slice()
    else {
        panic!("{packets:?}");
    };
    assert_eq!([first.blocks.len(), second.blocks.len(), third.blocks.len()], [31, 31, 8]);
    let all = first.blocks.iter().chain(second.blocks.iter()).chain(third.blocks.iter());
    assert_eq!(all.collect::<Vec<_>>(), blocks);
    let sources: Vec<_> = (0..40).map(Ssrc).collect();
    assert_eq!(decode(&CompoundBuilder::new().goodbye(&sources, None).finish()).len(), 2);
}

/// RFC 3550 section 6.4.1: the count of lost packets is signed and has 24 bits.
#[test]
fn losses_beyond_24_bits_are_told_as_the_nearest() {
    for (lost, told) in [(i32::MAX, 0x7F_FFFF), (i32::MIN, -0x80_0000), (-1, -1), (7, 7)] {
        let block = ReportBlock { cumulative_lost: lost, ..BLOCK };
        let bytes = CompoundBuilder::new().receiver_report(Ssrc(1), &[block]).finish();
        let packets = decode(&bytes);
        let [Rtcp::ReceiverReport(report)] = packets.as_slice() else { panic!() };
        assert_eq!(report.blocks.iter().next().unwrap().cumulative_lost, told);
    }
}

/// RFC 3550 section 6.5.8: a prefix and a value.
#[test]
fn a_private_item_has_a_prefix() {
    let item = Item::new(ItemKind::PRIVATE, b"\x02abcd").unwrap();
    assert_eq!(item.private(), Some((&b"ab"[..], &b"cd"[..])));
    assert_eq!(Item::new(ItemKind::PRIVATE, b"\x05abcd").unwrap().private(), None);
    assert_eq!(Item::new(ItemKind::NOTE, b"\x02abcd").unwrap().private(), None);
    assert!(Item::new(ItemKind(0), b"").is_none());
    assert!(Item::new(ItemKind::NOTE, &[b'a'; 256]).is_none());
}

/// RFC 3550 section 6.5: the list of items ends with a zero, and zeros fill its word.
#[test]
fn a_chunk_without_its_end_is_an_error() {
    let body = [0, 0, 0, 1, 1, 2, b'a', b'b'];
    let packet = RawPacket { kind: PacketType::DESCRIPTION, count: 1, body: &body, padding: 0 };
    assert_eq!(packet.decode(), Err(DecodeError::Truncated { needed: 1, had: 0 }));
    let extra = RawPacket { count: 0, ..packet };
    assert_eq!(extra.decode(), Err(DecodeError::Trailing { left: 8 }));
}

#[test]
fn an_extended_report_and_any_unknown_packet_keep_their_bytes() {
    for kind in [PacketType::EXTENDED_REPORT, PacketType(192), PacketType(255)] {
        let packet = RawPacket { kind, count: 3, body: &[1, 2, 3, 4, 5, 6, 7, 8], padding: 0 };
        let bytes = CompoundBuilder::new().raw(&packet).finish();
        assert_eq!(decode(&bytes), [Rtcp::Unknown(packet)]);
    }
}

/// The picture of RFC 3550 section 6.7.
#[test]
fn an_applications_packet_is_read_as_drawn() {
    let bytes = [0x85, 204, 0, 3, 0, 0, 0, 7, b'q', b'u', b'u', b'x', 9, 8, 7, 6];
    let application =
        Application { subtype: 5, source: Ssrc(7), name: *b"quux", data: &[9, 8, 7, 6] };
    assert_eq!(decode(&bytes), [Rtcp::Application(application)]);
    assert_eq!(CompoundBuilder::new().application(&application).finish(), bytes);
    let packet = Compound::parse(&bytes).unwrap().packets().next().unwrap();
    assert!(RawPacket { body: &packet.body[..4], ..packet }.decode().is_err());
}

#[test]
fn a_long_reason_is_cut() {
    let bytes = CompoundBuilder::new().goodbye(&[Ssrc(1)], Some(&[b'a'; 300])).finish();
    let packets = decode(&bytes);
    let [Rtcp::Goodbye(goodbye)] = packets.as_slice() else { panic!() };
    assert_eq!(goodbye.reason, Some(&[b'a'; 255][..]));
}

prop_compose! {
    pub(crate) fn block()(
        (source, fraction_lost, lost, highest_sequence, jitter, last, delay) in
            any::<(u32, u8, i32, u32, u32, u32, u32)>(),
    ) -> ReportBlock {
        ReportBlock {
            source: Ssrc(source),
            fraction_lost,
            cumulative_lost: lost >> 8,
            highest_sequence,
            jitter,
            last_sender_report: CompactNtp(last),
            delay: ShortInterval(delay),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reports_survive_the_round_trip(
        sender: u32,
        (ntp, timestamp, packets, octets) in any::<(u64, u32, u32, u32)>(),
        blocks in vec(block(), 0..=31),
    ) {
        let info = SenderInfo { ntp: NtpTime(ntp), timestamp: Serial32(timestamp), packets, octets };
        let bytes = CompoundBuilder::new()
            .sender_report(Ssrc(sender), &info, &blocks)
            .receiver_report(Ssrc(sender), &blocks)
            .finish();
        let read = decode(&bytes);
        let [Rtcp::SenderReport(first), Rtcp::ReceiverReport(second)] = read.as_slice() else {
            panic!("{read:?}");
        };
        prop_assert_eq!((first.sender, first.info), (Ssrc(sender), info));
        prop_assert!(first.blocks.iter().eq(blocks.iter().copied()));
        prop_assert!(second.blocks.iter().eq(blocks.iter().copied()));
    }

    #[test]
    fn descriptions_survive_the_round_trip(
        chunks in vec((any::<u32>(), vec((1..=255_u8, vec(any::<u8>(), 0..20)), 0..5)), 1..31),
    ) {
        let items: Vec<Vec<Item<'_>>> = chunks
            .iter()
            .map(|(_, items)| {
                items.iter().map(|(kind, text)| Item::new(ItemKind(*kind), text).unwrap()).collect()
            })
            .collect();
        let written: Vec<_> =
            chunks.iter().zip(&items).map(|(chunk, items)| (Ssrc(chunk.0), items.as_slice())).collect();
        let bytes = CompoundBuilder::new().description(&written).finish();
        let read = decode(&bytes);
        let [Rtcp::Description(description)] = read.as_slice() else { panic!("{read:?}") };
        let read: Vec<_> = description
            .chunks()
            .map(|chunk| (chunk.source, chunk.items().collect::<Vec<_>>()))
            .collect();
        prop_assert!(read.iter().map(|(source, items)| (*source, items.as_slice())).eq(written));
    }
}
