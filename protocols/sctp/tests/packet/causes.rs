//! Every error cause (RFC 9260 section 3.3.10), in an ERROR chunk that holds it alone.

use core::time::Duration;

use icelab_sctp::packet::cause::{Cause, CauseCode, Causes};
use icelab_sctp::packet::chunk::{Chunk, OperationError};
use icelab_sctp::packet::parameter::ParameterType;
use icelab_sctp::packet::{List, StreamId, Tsn};

use super::{check, first, packet, written};

/// Checks a cause. `readable` are the lengths, code and length counted, to which it can be
/// shortened.
#[track_caller]
fn check_cause(bytes: &[u8], cause: Cause<'_>, readable: &[usize]) {
    let length = 4 + usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
    let mut chunk = vec![9, 0];
    chunk.extend(u16::try_from(length).unwrap().to_be_bytes());
    chunk.extend(bytes);
    let causes = [cause];
    let error = OperationError { causes: Causes::from(&causes) };
    check(&chunk, Chunk::Error(error), &[]);
    assert_eq!(cause.code(), CauseCode(u16::from_be_bytes([bytes[0], bytes[1]])));
    for short in 4..length - 4 {
        let mut shorter = chunk[..4 + short].to_vec();
        shorter[2..4].copy_from_slice(&u16::try_from(4 + short).unwrap().to_be_bytes());
        shorter[6..8].copy_from_slice(&u16::try_from(short).unwrap().to_be_bytes());
        let packet = packet(&shorter);
        let result = first(&packet);
        assert_eq!(result.is_ok(), readable.contains(&short), "{short}: {result:?}");
    }
}

#[test]
fn causes_of_fixed_length_are_read() {
    let stream = Cause::InvalidStreamIdentifier(StreamId(0x0102));
    check_cause(&[0, 1, 0, 8, 1, 2, 0, 0], stream, &[]);
    let stale = Cause::StaleCookie(Duration::from_micros(0x0102_0304));
    check_cause(&[0, 3, 0, 8, 1, 2, 3, 4], stale, &[]);
    check_cause(&[0, 4, 0, 4], Cause::OutOfResource, &[]);
    check_cause(&[0, 7, 0, 4], Cause::InvalidMandatoryParameter, &[]);
    check_cause(&[0, 9, 0, 8, 1, 2, 3, 4], Cause::NoUserData(Tsn(0x0102_0304)), &[]);
    check_cause(&[0, 10, 0, 4], Cause::CookieReceivedWhileShuttingDown, &[]);
}

#[test]
fn causes_that_are_longer_than_they_should_be_are_malformed() {
    for code in [1, 3, 4, 7, 9, 10] {
        let bytes = packet(&[9, 0, 0, 16, 0, code, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert!(first(&bytes).is_err(), "{code}");
    }
}

#[test]
fn causes_that_hold_any_bytes_are_read() {
    const ANY: &[u8] = &[1, 2, 3, 4, 5];
    let causes = [
        (5, Cause::UnresolvableAddress(ANY)),
        (6, Cause::UnrecognizedChunkType(ANY)),
        (8, Cause::UnrecognizedParameters(ANY)),
        (11, Cause::RestartWithNewAddresses(ANY)),
        (12, Cause::UserInitiatedAbort(ANY)),
        (13, Cause::ProtocolViolation(ANY)),
    ];
    for (code, cause) in causes {
        let bytes = [0, code, 0, 9, 1, 2, 3, 4, 5, 0, 0, 0];
        check_cause(&bytes, cause, &[4, 5, 6, 7, 8]);
    }
}

#[test]
fn missing_parameters_are_counted() {
    let types = [ParameterType::STATE_COOKIE, ParameterType::HEARTBEAT_INFO];
    let missing = Cause::MissingMandatoryParameter(List::from(&types));
    check_cause(&[0, 2, 0, 12, 0, 0, 0, 2, 0, 7, 0, 1], missing, &[]);
    for count in [0, 1, 3, 255] {
        let bytes = packet(&[9, 0, 0, 16, 0, 2, 0, 12, 0, 0, 0, count, 0, 7, 0, 1]);
        assert!(first(&bytes).is_err(), "{count}");
    }
    let bytes = packet(&[9, 0, 0, 16, 0, 2, 0, 12, 255, 255, 255, 255, 0, 7, 0, 1]);
    assert!(first(&bytes).is_err());
}

#[test]
fn an_unknown_cause_keeps_its_bytes() {
    let bytes = packet(&[9, 0, 0, 11, 0xAB, 0xCD, 0, 7, 1, 2, 3, 0]);
    let Ok(Chunk::Error(error)) = first(&bytes) else { panic!() };
    let Some(Cause::Unknown(unknown)) = error.causes.iter().next() else { panic!() };
    assert_eq!((unknown.code, unknown.information), (CauseCode(0xABCD), &[1, 2, 3][..]));
    check_cause(&bytes[16..], Cause::Unknown(unknown), &[4, 5, 6]);
}

/// More than a field can say is said as the most it can.
#[test]
fn a_staleness_beyond_its_field_is_the_longest() {
    let causes = [Cause::StaleCookie(Duration::MAX)];
    let chunk = OperationError { causes: Causes::from(&causes) };
    assert_eq!(written(&chunk)[8..], [0xFF; 4]);
}
