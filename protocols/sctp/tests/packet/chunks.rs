//! The other chunks: heartbeats, ends, errors, re-configuration, padding, and what nobody knows.

use icelab_sctp::packet::cause::{Cause, Causes};
use icelab_sctp::packet::chunk::{
    Abort, Chunk, ChunkType, Cwr, Ecne, Heartbeat, HeartbeatAck, OperationError, Pad, ReConfig,
    Shutdown, ShutdownAck, ShutdownComplete,
};
use icelab_sctp::packet::parameter::{AddStreams, Parameter, Parameters, SsnTsnReset};
use icelab_sctp::packet::{ChunkError, List, RequestNumber, StreamId, Tsn, Unrecognized};

use super::{check, first, packet, read, written};

/// RFC 9260 sections 3.3.5 and 3.3.6.
#[test]
fn a_heartbeat_and_its_answer_carry_the_same_information() {
    let mut bytes = [4, 0, 0, 13, 0, 1, 0, 9, 1, 2, 3, 4, 5, 0, 0, 0];
    check(&bytes, Chunk::Heartbeat(Heartbeat { info: &[1, 2, 3, 4, 5] }), &[]);
    bytes[0] = 5;
    check(&bytes, Chunk::HeartbeatAck(HeartbeatAck { info: &[1, 2, 3, 4, 5] }), &[]);
    // What stands behind it must be a parameter too.
    assert!(first(&packet(&[4, 0, 0, 16, 0, 1, 0, 5, 9, 0, 0, 0, 0, 7, 0, 9])).is_err());
    // Another parameter in its place is no information.
    bytes[5] = 7;
    assert!(first(&packet(&bytes)).is_err());
}

/// RFC 9260 section 3.3.7.
#[test]
fn an_abort_has_any_number_of_causes() {
    let causes = [
        Cause::UserInitiatedAbort(b"enough"),
        Cause::OutOfResource,
        Cause::ProtocolViolation(b"odd"),
    ];
    let bytes = [
        6, 1, 0, 27, 0, 12, 0, 10, b'e', b'n', b'o', b'u', b'g', b'h', 0, 0, 0, 4, 0, 4, 0, 13, 0,
        7, b'o', b'd', b'd', 0,
    ];
    let abort = Abort { is_tag_reflected: true, causes: Causes::from(&causes) };
    // The first cause may lack its padding where it is the last.
    check(&bytes, Chunk::Abort(abort), &[4, 14, 15, 16, 20]);
    let none = Abort { is_tag_reflected: false, causes: Causes::EMPTY };
    check(&[6, 0, 0, 4], Chunk::Abort(none), &[]);
}

/// RFC 9260 section 3.3.10: an ERROR has one cause or more.
#[test]
fn an_error_has_a_cause() {
    let causes = [Cause::InvalidStreamIdentifier(StreamId(9))];
    let error = OperationError { causes: Causes::from(&causes) };
    check(&[9, 0, 0, 12, 0, 1, 0, 8, 0, 9, 0, 0], Chunk::Error(error), &[]);
}

/// RFC 9260 sections 3.3.8, 3.3.9 and 3.3.13.
#[test]
fn the_chunks_of_an_end_in_good_order_have_fixed_lengths() {
    let shutdown = Shutdown { cumulative_tsn_ack: Tsn(0x0102_0304) };
    check(&[7, 0, 0, 8, 1, 2, 3, 4], Chunk::Shutdown(shutdown), &[]);
    check(&[8, 0, 0, 4], Chunk::ShutdownAck(ShutdownAck), &[]);
    for is_tag_reflected in [false, true] {
        let complete = ShutdownComplete { is_tag_reflected };
        let bytes = [14, u8::from(is_tag_reflected), 0, 4];
        check(&bytes, Chunk::ShutdownComplete(complete), &[]);
    }
    for kind in [7, 8, 14] {
        let too_long = packet(&[kind, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert!(first(&too_long).is_err(), "{kind}");
    }
}

/// RFC 9260 section 3.2 reserves them without a format.
#[test]
fn reserved_chunks_keep_their_bytes() {
    check(&[12, 0, 0, 8, 1, 2, 3, 4], Chunk::Ecne(Ecne { value: &[1, 2, 3, 4] }), &[4, 5, 6, 7]);
    check(&[13, 0, 0, 8, 1, 2, 3, 4], Chunk::Cwr(Cwr { value: &[1, 2, 3, 4] }), &[4, 5, 6, 7]);
}

/// RFC 4820.
#[test]
fn padding_is_as_long_as_it_says_and_zero() {
    check(&[132, 0, 0, 7, 0, 0, 0, 0], Chunk::Pad(Pad { length: 3 }), &[4, 5, 6]);
    let filled = packet(&[132, 0, 0, 8, 1, 2, 3, 4]);
    assert_eq!(first(&filled), Ok(Chunk::Pad(Pad { length: 4 })));
    assert_eq!(written(&Pad { length: 1396 }).len(), 1400);
}

/// RFC 6525 section 3.1.
#[test]
fn a_re_config_has_a_parameter() {
    let request = RequestNumber(0x0102_0304);
    let parameters = [Parameter::SsnTsnReset(SsnTsnReset { request })];
    let re_config = ReConfig { parameters: Parameters::from(&parameters) };
    check(&[130, 0, 0, 12, 0, 15, 0, 8, 1, 2, 3, 4], Chunk::ReConfig(re_config), &[]);
}

/// The ten combinations of RFC 6525 section 3.1, and no other.
#[test]
fn only_ten_combinations_of_re_configurations_are_allowed() {
    let allowed: [&[u16]; 10] =
        [&[13], &[14], &[13, 14], &[15], &[17], &[18], &[17, 18], &[16], &[16, 13], &[16, 16]];
    let parameter = |kind: u16| {
        let mut bytes = kind.to_be_bytes().to_vec();
        let length = match kind {
            13 => 16,
            14 | 15 => 8,
            _ => 12,
        };
        bytes.extend([0, length]);
        bytes.resize(usize::from(length), 0);
        bytes
    };
    let is_allowed = |kinds: &[u16]| {
        let value: Vec<u8> = kinds.iter().flat_map(|kind| parameter(*kind)).collect();
        let mut bytes = vec![130, 0, 0, 4 + u8::try_from(value.len()).unwrap()];
        bytes.extend(value);
        let bytes = packet(&bytes);
        let Ok(Chunk::ReConfig(re_config)) = first(&bytes) else { panic!("{kinds:?}") };
        re_config.is_allowed_combination()
    };
    for one in 12..19 {
        assert_eq!(one != 12 && is_allowed(&[one]), allowed.contains(&&[one][..]), "{one}");
        for two in 13..19 {
            let pair = [one.max(13), two];
            assert_eq!(is_allowed(&pair), allowed.contains(&&pair[..]), "{pair:?}");
            assert!(!is_allowed(&[pair[0], two, 13]), "{pair:?}");
        }
    }
    // A parameter that nobody knows does not count.
    let add = [0, 17, 0, 12, 0, 0, 0, 1, 0, 2, 0, 0];
    let unknown = [[&[130, 0, 0, 20][..], &[0xC9, 0, 0, 4]].concat(), add.to_vec()].concat();
    let bytes = packet(&unknown);
    let Ok(Chunk::ReConfig(re_config)) = first(&bytes) else { panic!() };
    assert!(re_config.is_allowed_combination());
    let added = AddStreams { request: RequestNumber(1), new_streams: 2 };
    assert_eq!(re_config.parameters.iter().last(), Some(Parameter::AddOutgoingStreams(added)));
}

/// RFC 9260 section 3.2: the two highest bits of the type.
#[test]
fn an_unknown_chunk_says_what_to_do_with_it() {
    let actions = [
        (0x3F, Unrecognized::StopSilently, true, false),
        (0x7F, Unrecognized::StopAndReport, true, true),
        (0xBF, Unrecognized::SkipSilently, false, false),
        (0xFF, Unrecognized::SkipAndReport, false, true),
    ];
    for (kind, action, is_stop, is_reported) in actions {
        let bytes = packet(&[kind, 0xA5, 0, 7, 1, 2, 3, 0, 11, 0, 0, 4]);
        let Ok(Chunk::Unknown(unknown)) = first(&bytes) else { panic!("{kind}") };
        assert_eq!(unknown.kind(), ChunkType(kind));
        assert_eq!(unknown.kind().unrecognized(), action);
        assert_eq!((action.is_stop(), action.is_reported()), (is_stop, is_reported));
        assert_eq!((unknown.flags(), unknown.value()), (0xA5, &[1, 2, 3][..]));
        // It is reported whole, without its padding (section 3.3.10.6).
        assert_eq!(unknown.bytes(), [kind, 0xA5, 0, 7, 1, 2, 3]);
        assert_eq!(written(&unknown), bytes[12..20]);
        assert_eq!(read(&bytes).chunks().count(), 2);
    }
}

#[test]
fn an_error_says_in_words_what_is_wrong() {
    let bytes = packet(&[8, 0, 0, 8, 0, 0, 0, 0]);
    let error = first(&bytes).unwrap_err();
    assert!(matches!(error, ChunkError::Malformed { kind: ChunkType::SHUTDOWN_ACK, .. }));
    assert_eq!(error.to_string(), "a chunk of type 8 is malformed: 4 bytes left over");
    let error = first(&packet(&[130, 0, 0, 4])).unwrap_err().to_string();
    assert!(error.contains("Re-configuration Parameter"), "{error}");
}

/// A list is the same whether it was read or made.
#[test]
fn lists_are_compared_by_what_they_hold() {
    let made = [ChunkType::DATA, ChunkType::I_DATA];
    let other = [ChunkType::I_DATA, ChunkType::DATA];
    assert_eq!(List::from(&made), List::from(&made));
    assert_ne!(List::from(&made), List::from(&other));
    assert_ne!(List::from(&made), List::EMPTY);
    assert_eq!(format!("{:?}", List::from(&made)), "[ChunkType(0), ChunkType(64)]");
}
