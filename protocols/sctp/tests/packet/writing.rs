//! Packets as they go: bundles that fit, and what does not.

use icelab_sctp::packet::chunk::{
    Chunk, CookieAck, CookieEcho, Data, GapBlock, Init, Initiation, Pad, Sack,
};
use icelab_sctp::packet::parameter::{Parameter, Parameters};
use icelab_sctp::packet::{
    Checksum, ChecksumPolicy, Header, NoRoom, Packet, PacketWriter, Ppid, Ssn, StreamId, Tsn,
    VerificationTag,
};

use super::{HEADER, first, read};

fn data(payload: &[u8]) -> Data<'_> {
    Data {
        is_immediate: false,
        is_unordered: false,
        is_beginning: true,
        is_ending: true,
        tsn: Tsn(1),
        stream: StreamId(2),
        ssn: Ssn(3),
        ppid: Ppid(51),
        payload,
    }
}

#[test]
fn chunks_are_bundled_and_padded() {
    let mut writer = PacketWriter::new(HEADER, 100);
    assert!(writer.is_empty());
    assert_eq!(writer.room(), 88);
    writer.push(&CookieAck).unwrap();
    assert_eq!((writer.room(), writer.len(), writer.is_empty()), (84, 16, false));
    writer.push(&data(b"hello")).unwrap();
    assert_eq!((writer.room(), writer.len()), (60, 40));
    let bytes = writer.finish(Checksum::Crc32c);
    assert_eq!(bytes.len(), 40);
    let packet = Packet::decode(&bytes, ChecksumPolicy::Required).unwrap();
    assert_eq!(packet.header, HEADER);
    let chunks: Vec<_> = packet.chunks().map(Result::unwrap).collect();
    assert_eq!(chunks, [Chunk::CookieAck(CookieAck), Chunk::Data(data(b"hello"))]);
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let payload = [7; 100];
    for limit in 0..60 {
        for length in 1..50_usize {
            let mut writer = PacketWriter::new(HEADER, limit);
            let fits = Header::LENGTH + Data::HEADER_LENGTH + length.next_multiple_of(4);
            let result = writer.push(&data(&payload[..length]));
            let bytes = writer.finish(Checksum::Zero);
            if fits <= limit {
                assert_eq!((result, bytes.len()), (Ok(()), fits));
            } else {
                assert_eq!((result, bytes.len()), (Err(NoRoom), Header::LENGTH));
            }
        }
    }
}

#[test]
fn a_packet_is_one_allocation() {
    let mut writer = PacketWriter::new(HEADER, 1200);
    writer.push(&CookieEcho { cookie: &[1; 61] }).unwrap();
    writer.push_sack(Tsn(1), 2, (2..4).map(|at| GapBlock { start: at, end: at }), []).unwrap();
    let payload = [7; 1200];
    while writer.room() > Data::HEADER_LENGTH {
        let most = (writer.room() - Data::HEADER_LENGTH).min(333);
        writer.push(&data(&payload[..most])).unwrap();
    }
    let bytes = writer.finish(Checksum::Crc32c);
    assert_eq!((bytes.len(), bytes.capacity()), (1200, 1200));
}

/// The length field has 16 bits.
#[test]
fn a_chunk_longer_than_its_length_field_can_say_is_refused() {
    let mut writer = PacketWriter::new(HEADER, 1_000_000);
    writer.push(&Pad { length: 65_531 }).unwrap();
    let length = writer.len();
    assert_eq!(writer.push(&Pad { length: 65_532 }), Err(NoRoom));
    let cookie = vec![0; 65_528];
    let long = [Parameter::StateCookie(&cookie)];
    let init = Init(Initiation {
        initiate_tag: VerificationTag(1),
        window: 1500,
        outbound_streams: 1,
        inbound_streams: 1,
        initial_tsn: Tsn(1),
        parameters: Parameters::from(&long),
    });
    assert_eq!(writer.push(&init), Err(NoRoom));
    assert_eq!(writer.len(), length);
}

/// RFC 9260 section 6.2: as many blocks as fit, the lowest first.
#[test]
fn a_sack_holds_as_many_blocks_and_duplicates_as_fit() {
    let gaps: Vec<_> = (0..10).map(|at| GapBlock { start: 2 * at + 2, end: 2 * at + 2 }).collect();
    let duplicates: Vec<_> = (0..5).map(|at| Tsn(100 + at)).collect();
    for limit in 0..120 {
        let mut writer = PacketWriter::new(HEADER, limit);
        let result =
            writer.push_sack(Tsn(50), 4660, gaps.iter().copied(), duplicates.iter().copied());
        let bytes = writer.finish(Checksum::Zero);
        let Some(left) = limit.checked_sub(Header::LENGTH + Sack::LENGTH) else {
            assert_eq!((result, bytes.len()), (Err(NoRoom), Header::LENGTH));
            continue;
        };
        let expected = ((left / 4).min(10), (left / 4).saturating_sub(10).min(5));
        assert_eq!(result, Ok(expected), "{limit}");
        let Ok(Chunk::Sack(sack)) = first(&bytes) else { panic!("{limit}") };
        assert_eq!((sack.cumulative_tsn_ack, sack.window), (Tsn(50), 4660));
        assert!(sack.gaps.iter().eq(gaps[..expected.0].iter().copied()));
        assert!(sack.duplicates.iter().eq(duplicates[..expected.1].iter().copied()));
    }
}

#[test]
fn a_sack_goes_behind_other_chunks() {
    let mut writer = PacketWriter::new(HEADER, 1200);
    writer.push(&CookieAck).unwrap();
    assert_eq!(writer.push_sack(Tsn(1), 2, [], [Tsn(3)]), Ok((0, 1)));
    writer.push(&data(b"x")).unwrap();
    let bytes = writer.finish(Checksum::Zero);
    let chunks: Vec<_> = read(&bytes).chunks().map(Result::unwrap).collect();
    let Chunk::Sack(sack) = chunks[1] else { panic!("{chunks:?}") };
    assert_eq!((sack.gaps.len(), sack.duplicates.len()), (0, 1));
    assert_eq!(chunks[2], Chunk::Data(data(b"x")));
}

/// The counts of a SACK have 16 bits, and so has its length.
#[test]
fn a_sack_is_no_longer_than_its_length_field_can_say() {
    let mut writer = PacketWriter::new(HEADER, 1_000_000);
    let endless = core::iter::repeat(GapBlock { start: 2, end: 2 });
    assert_eq!(writer.push_sack(Tsn(1), 2, endless, [Tsn(3)]), Ok((16_379, 0)));
    let bytes = writer.finish(Checksum::Zero);
    let Ok(Chunk::Sack(sack)) = first(&bytes) else { panic!() };
    assert_eq!(sack.gaps.len(), 16_379);
}
