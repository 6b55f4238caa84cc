//! DATA, I-DATA, SACK and the chunks that skip data.

use icelab_sctp::packet::chunk::{
    Chunk, ChunkType, Data, ForwardTsn, Fragment, GapBlock, IData, IForwardTsn, Sack, SkippedMid,
    SkippedSsn,
};
use icelab_sctp::packet::{ChunkError, Fsn, List, Mid, Ppid, Ssn, StreamId, Tsn};
use icelab_wire::DecodeError;

use super::{check, first, packet, shortened, written};

/// RFC 9260 section 3.3.1, with the I and E bits: six bytes of data and two of padding.
const DATA: &[u8] = &[
    0, 0b1001, 0, 22, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, b'a', b'b', b'c', b'd', b'e', b'f', 0,
    0,
];

/// RFC 8260 section 2.1, with the U and B bits.
const FIRST: &[u8] =
    &[64, 0b0110, 0, 21, 1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 13, 14, b'x', 0, 0, 0];

const DATA_VALUE: Data<'_> = Data {
    is_immediate: true,
    is_unordered: false,
    is_beginning: false,
    is_ending: true,
    tsn: Tsn(0x0102_0304),
    stream: StreamId(0x0506),
    ssn: Ssn(0x0708),
    ppid: Ppid(0x090A_0B0C),
    payload: b"abcdef",
};

#[test]
fn data_is_read_where_the_rfc_draws_it() {
    check(DATA, Chunk::Data(DATA_VALUE), &[17, 18, 19, 20, 21]);
}

#[test]
fn i_data_says_what_the_message_is_in_its_first_piece() {
    let first_piece = IData {
        is_immediate: false,
        is_unordered: true,
        is_ending: false,
        tsn: Tsn(0x0102_0304),
        stream: StreamId(0x0506),
        mid: Mid(0x0708_090A),
        fragment: Fragment::First(Ppid(0x0B0C_0D0E)),
        payload: b"x",
    };
    check(FIRST, Chunk::IData(first_piece), &[]);
    assert_eq!(first_piece.fragment.fsn(), Fsn(0));
}

#[test]
fn i_data_says_which_piece_it_is_in_later_ones() {
    let mut bytes = FIRST.to_vec();
    bytes[1] = 0b1101;
    let later = IData {
        is_immediate: true,
        is_unordered: true,
        is_ending: true,
        tsn: Tsn(0x0102_0304),
        stream: StreamId(0x0506),
        mid: Mid(0x0708_090A),
        fragment: Fragment::Later(Fsn(0x0B0C_0D0E)),
        payload: b"x",
    };
    check(&bytes, Chunk::IData(later), &[]);
    assert_eq!(later.fragment.fsn(), Fsn(0x0B0C_0D0E));
}

#[test]
fn each_flag_has_its_bit() {
    for flags in 0..16_u8 {
        let mut bytes = packet(DATA);
        bytes[13] = flags;
        let Ok(Chunk::Data(data)) = first(&bytes) else { panic!("{flags}") };
        assert_eq!(data.is_immediate, flags & 8 != 0);
        assert_eq!(data.is_unordered, flags & 4 != 0);
        assert_eq!(data.is_beginning, flags & 2 != 0);
        assert_eq!(data.is_ending, flags & 1 != 0);
        // The other four are ignored.
        let mut reserved = bytes.clone();
        reserved[13] |= 0xF0;
        assert_eq!(first(&reserved), Ok(Chunk::Data(data)));
    }
}

/// RFC 9260 section 6.2: the answer to data without data names its TSN.
#[test]
fn data_without_data_is_an_error_that_names_its_number() {
    let error = Err(ChunkError::NoUserData { tsn: Tsn(0x0102_0304) });
    assert_eq!(first(&packet(&shortened(DATA, 16))), error);
    assert_eq!(first(&packet(&shortened(FIRST, 20))), error);
}

/// The example of RFC 9260 section 3.3.4: 10 to 12 have come, 14 and 15, and 17.
#[test]
fn a_sack_holds_the_blocks_of_the_example() {
    let bytes = [3, 0, 0, 24, 0, 0, 0, 12, 0, 0, 0x12, 0x34, 0, 2, 0, 0, 0, 2, 0, 3, 0, 5, 0, 5];
    let gaps = [GapBlock { start: 2, end: 3 }, GapBlock { start: 5, end: 5 }];
    let sack = Sack {
        cumulative_tsn_ack: Tsn(12),
        window: 4660,
        gaps: List::from(&gaps),
        duplicates: List::EMPTY,
    };
    check(&bytes, Chunk::Sack(sack), &[]);
}

/// The same section: TSN 19 came three times.
#[test]
fn a_sack_names_a_duplicate_once_for_each_time_too_many() {
    let bytes = [
        3, 0, 0, 28, 0, 0, 0, 18, 0, 0, 0, 0, 0, 1, 0, 2, 0, 2, 0xFF, 0xFF, 0, 0, 0, 19, 0, 0, 0,
        19,
    ];
    let sack = Sack {
        cumulative_tsn_ack: Tsn(18),
        window: 0,
        gaps: List::from(&[GapBlock { start: 2, end: u16::MAX }]),
        duplicates: List::from(&[Tsn(19), Tsn(19)]),
    };
    check(&bytes, Chunk::Sack(sack), &[]);
}

#[test]
fn a_sack_whose_counts_contradict_its_length_is_an_error() {
    let bytes = [3, 0, 0, 20, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3];
    let is_read = |counts: [u8; 4]| {
        let mut bytes = packet(&bytes);
        bytes[24..28].copy_from_slice(&counts);
        first(&bytes).map(|_| ())
    };
    assert_eq!(is_read([0, 1, 0, 0]), Ok(()));
    assert_eq!(is_read([0, 0, 0, 1]), Ok(()));
    let malformed = |error| Err(ChunkError::Malformed { kind: ChunkType::SACK, error });
    assert_eq!(is_read([0, 0, 0, 0]), malformed(DecodeError::Trailing { left: 4 }));
    assert_eq!(is_read([0, 1, 0, 1]), malformed(DecodeError::Truncated { needed: 4, had: 0 }));
    let most = DecodeError::Truncated { needed: 4 * 65_535, had: 4 };
    assert_eq!(is_read([255, 255, 255, 255]), malformed(most));
}

/// RFC 3758 section 3.2.
#[test]
fn forward_tsn_names_the_ordered_messages_that_are_skipped() {
    let bytes = [192, 0, 0, 16, 0, 0, 0, 9, 0, 1, 0, 2, 0xFF, 3, 0xFF, 4];
    let skipped = [
        SkippedSsn { stream: StreamId(1), ssn: Ssn(2) },
        SkippedSsn { stream: StreamId(0xFF03), ssn: Ssn(0xFF04) },
    ];
    let forward = ForwardTsn { new_cumulative_tsn: Tsn(9), skipped: List::from(&skipped) };
    check(&bytes, Chunk::ForwardTsn(forward), &[8, 12]);
}

/// RFC 8260 section 2.3.1.
#[test]
fn i_forward_tsn_names_ordered_and_unordered_messages_that_are_skipped() {
    let bytes = [194, 0, 0, 24, 0, 0, 0, 9, 0, 1, 0, 0, 1, 2, 3, 4, 0, 1, 0, 1, 5, 6, 7, 8];
    let stream = StreamId(1);
    let skipped = [
        SkippedMid { stream, is_unordered: false, mid: Mid(0x0102_0304) },
        SkippedMid { stream, is_unordered: true, mid: Mid(0x0506_0708) },
    ];
    let forward = IForwardTsn { new_cumulative_tsn: Tsn(9), skipped: List::from(&skipped) };
    check(&bytes, Chunk::IForwardTsn(forward), &[8, 16]);
    // The reserved bits are ignored.
    let mut reserved = packet(&bytes);
    reserved[12 + 10..12 + 12].copy_from_slice(&[0xFF, 0xFE]);
    assert_eq!(first(&reserved), Ok(Chunk::IForwardTsn(forward)));
}

/// Step by step and at once, read and made.
#[test]
fn a_list_gives_the_same_elements_in_every_way() {
    let tsns = [Tsn(19), Tsn(7), Tsn(u32::MAX)];
    let made = Sack { duplicates: List::from(&tsns), ..Sack::default() };
    let bytes = packet(&written(&made));
    let Ok(Chunk::Sack(read)) = first(&bytes) else { panic!() };
    for list in [made.duplicates, read.duplicates] {
        assert_eq!((list.len(), list.iter().len(), list.is_empty()), (3, 3, false));
        let mut steps = Vec::new();
        for tsn in list {
            steps.push(tsn);
        }
        let at_once = list.iter().fold(Vec::new(), |seen, tsn| [seen, vec![tsn]].concat());
        assert_eq!((&steps[..], &at_once[..]), (&tsns[..], &tsns[..]));
    }
}
