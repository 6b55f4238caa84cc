//! Every parameter, in a chunk that holds it alone.

use core::net::{Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use icelab_sctp::packet::chunk::{Chunk, ChunkType, ReConfig};
use icelab_sctp::packet::parameter::{
    AddStreams, ErrorDetectionMethod, IncomingReset, NextTsns, OutgoingReset, Parameter,
    ParameterType, Parameters, ReconfigurationResponse, ReconfigurationResult, SsnTsnReset,
};
use icelab_sctp::packet::{ChunkError, List, RequestNumber, StreamId, Tsn, Unrecognized};

use super::{check, first, packet};

/// Checks a parameter: a RE-CONFIG chunk can hold any. `readable` are the lengths, type and length
/// counted, to which it can be shortened.
#[track_caller]
fn check_parameter(bytes: &[u8], parameter: Parameter<'_>, readable: &[usize]) {
    let length = 4 + usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
    let mut chunk = vec![130, 0];
    chunk.extend(u16::try_from(length).unwrap().to_be_bytes());
    chunk.extend(bytes);
    let parameters = [parameter];
    let re_config = ReConfig { parameters: Parameters::from(&parameters) };
    check(&chunk, Chunk::ReConfig(re_config), &[]);
    for short in 0..length - 4 {
        let mut shorter = chunk[..4 + short].to_vec();
        shorter[2..4].copy_from_slice(&u16::try_from(4 + short).unwrap().to_be_bytes());
        if short >= 4 {
            shorter[6..8].copy_from_slice(&u16::try_from(short).unwrap().to_be_bytes());
        }
        let packet = packet(&shorter);
        let result = first(&packet);
        assert_eq!(result.is_ok(), readable.contains(&short), "{short}: {result:?}");
    }
}

const REQUEST: RequestNumber = RequestNumber(0x0102_0304);

/// RFC 9260 section 3.3.2.1.
#[test]
fn addresses_are_read() {
    let address = Ipv4Addr::new(192, 0, 2, 1);
    check_parameter(&[0, 5, 0, 8, 192, 0, 2, 1], Parameter::Ipv4Address(address), &[]);
    let mut bytes = vec![0, 6, 0, 20];
    bytes.extend([0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    let address: Ipv6Addr = "2001:db8::1".parse().unwrap();
    check_parameter(&bytes, Parameter::Ipv6Address(address), &[]);
    let name = Parameter::HostNameAddress(b"a.example\0");
    let bytes = [0, 11, 0, 14, 97, 46, 101, 120, 97, 109, 112, 108, 101, 0, 0, 0];
    check_parameter(&bytes, name, &[4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    let types = [ParameterType::IPV4_ADDRESS, ParameterType::IPV6_ADDRESS];
    let types = Parameter::SupportedAddressTypes(List::from(&types));
    check_parameter(&[0, 12, 0, 8, 0, 5, 0, 6], types, &[4, 6]);
}

/// RFC 9260 sections 3.3.2.1.3 and 3.3.3.1.
#[test]
fn what_concerns_cookies_is_read() {
    let cookie = Parameter::StateCookie(&[1, 2, 3, 4, 5]);
    check_parameter(&[0, 7, 0, 9, 1, 2, 3, 4, 5, 0, 0, 0], cookie, &[4, 5, 6, 7, 8]);
    let longer = Parameter::CookiePreservative(Duration::from_millis(0x0102_0304));
    check_parameter(&[0, 9, 0, 8, 1, 2, 3, 4], longer, &[]);
    let unknown = Parameter::UnrecognizedParameter(&[0xC9, 0, 0, 4]);
    check_parameter(&[0, 8, 0, 8, 0xC9, 0, 0, 4], unknown, &[4, 5, 6, 7]);
    let info = Parameter::HeartbeatInfo(&[9]);
    check_parameter(&[0, 1, 0, 5, 9, 0, 0, 0], info, &[4]);
}

/// RFC 3758 section 3.1, RFC 5061 section 4.2.7, RFC 9653 section 4, RFC 4820.
#[test]
fn what_an_end_supports_is_read() {
    check_parameter(&[0xC0, 0, 0, 4], Parameter::ForwardTsnSupported, &[]);
    let chunks = [ChunkType::RE_CONFIG, ChunkType::FORWARD_TSN, ChunkType(0xC1)];
    let chunks = Parameter::SupportedExtensions(List::from(&chunks));
    check_parameter(&[0x80, 8, 0, 7, 130, 192, 0xC1, 0], chunks, &[4, 5, 6]);
    let dtls = Parameter::ZeroChecksumAcceptable(ErrorDetectionMethod::DTLS);
    check_parameter(&[0x80, 1, 0, 8, 0, 0, 0, 1], dtls, &[]);
    check_parameter(&[0x80, 5, 0, 6, 0, 0, 0, 0], Parameter::Padding(2), &[4, 5]);
    for too_long in [[0xC0, 0, 0, 8, 0, 0, 0, 0], [0xC0, 0, 0, 5, 0, 0, 0, 0]] {
        let chunk = [&[130, 0, 0, 12][..], &too_long].concat();
        assert!(first(&packet(&chunk)).is_err());
    }
}

/// RFC 6525 sections 4.1 to 4.3.
#[test]
fn requests_to_reset_are_read() {
    let streams = [StreamId(9), StreamId(0x0A0B)];
    let outgoing = OutgoingReset {
        request: REQUEST,
        response: RequestNumber(0x0506_0708),
        last_assigned_tsn: Tsn(0x090A_0B0C),
        streams: List::from(&streams),
    };
    let bytes = [0, 13, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 9, 10, 11];
    check_parameter(&bytes, Parameter::OutgoingReset(outgoing), &[16, 18]);
    let incoming = IncomingReset { request: REQUEST, streams: List::from(&streams[..1]) };
    let bytes = [0, 14, 0, 10, 1, 2, 3, 4, 0, 9, 0, 0];
    check_parameter(&bytes, Parameter::IncomingReset(incoming), &[8]);
    let all = Parameter::SsnTsnReset(SsnTsnReset { request: REQUEST });
    check_parameter(&[0, 15, 0, 8, 1, 2, 3, 4], all, &[]);
}

/// RFC 6525 section 4.4: both numbers are there, or neither.
#[test]
fn what_came_of_a_request_is_read() {
    let response = ReconfigurationResponse {
        response: REQUEST,
        result: ReconfigurationResult::IN_PROGRESS,
        next_tsns: None,
    };
    let bytes = [0, 16, 0, 12, 1, 2, 3, 4, 0, 0, 0, 6];
    check_parameter(&bytes, Parameter::ReconfigurationResponse(response), &[]);
    let next_tsns = Some(NextTsns { sender: Tsn(7), receiver: Tsn(8) });
    let result = ReconfigurationResult::PERFORMED;
    let response = ReconfigurationResponse { result, next_tsns, ..response };
    let bytes = [0, 16, 0, 20, 1, 2, 3, 4, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 8];
    check_parameter(&bytes, Parameter::ReconfigurationResponse(response), &[12]);
}

/// RFC 6525 sections 4.5 and 4.6.
#[test]
fn requests_for_more_streams_are_read() {
    let add = AddStreams { request: REQUEST, new_streams: 0x0506 };
    let mut bytes = [0, 17, 0, 12, 1, 2, 3, 4, 5, 6, 0, 0];
    check_parameter(&bytes, Parameter::AddOutgoingStreams(add), &[]);
    bytes[1] = 18;
    check_parameter(&bytes, Parameter::AddIncomingStreams(add), &[]);
}

/// RFC 9260 section 3.2.1: the two highest bits of the type. Those of RFC 4895 are among the
/// unknown.
#[test]
fn an_unknown_parameter_says_what_to_do_with_it() {
    let actions = [
        (0x3F00, Unrecognized::StopSilently),
        (0x7F00, Unrecognized::StopAndReport),
        (0x8002, Unrecognized::SkipSilently),
        (0x8003, Unrecognized::SkipSilently),
        (0x8004, Unrecognized::SkipSilently),
        (0xFF00, Unrecognized::SkipAndReport),
    ];
    for (kind, action) in actions {
        assert_eq!(ParameterType(kind).unrecognized(), action, "{kind:x}");
        let [high, low] = kind.to_be_bytes();
        // Behind it another.
        let bytes = packet(&[130, 0, 0, 16, high, low, 0, 7, 1, 2, 3, 0, 0xC0, 0, 0, 4]);
        let Ok(Chunk::ReConfig(re_config)) = first(&bytes) else { panic!("{kind:x}") };
        let mut parameters = re_config.parameters.iter();
        let Some(Parameter::Unknown(unknown)) = parameters.next() else { panic!("{kind:x}") };
        assert_eq!((unknown.kind().0, unknown.value()), (kind, &[1, 2, 3][..]));
        // It is reported whole, without its padding (section 3.3.3.1.2).
        assert_eq!(unknown.bytes(), [high, low, 0, 7, 1, 2, 3]);
        let next = (!action.is_stop()).then_some(Parameter::ForwardTsnSupported);
        assert_eq!(parameters.next(), next, "{kind:x}");
    }
}

/// Nothing behind a parameter that stops the processing is looked at.
#[test]
fn what_stands_behind_a_stop_need_not_be_readable() {
    let malformed_behind = |kind: u8| packet(&[130, 0, 0, 12, kind, 0xAA, 0, 4, 0xC0, 0, 0, 9]);
    assert!(first(&malformed_behind(0x3F)).is_ok());
    assert!(first(&malformed_behind(0x7F)).is_ok());
    assert!(first(&malformed_behind(0xBF)).is_err());
    assert!(first(&malformed_behind(0xFF)).is_err());
}

#[test]
fn a_parameter_whose_length_is_wrong_is_malformed() {
    for length in [0, 1, 2, 3, 9, 255] {
        let bytes = packet(&[130, 0, 0, 12, 0xBF, 0, 0, length, 1, 2, 3, 4]);
        let result = first(&bytes);
        assert!(matches!(result, Err(ChunkError::Malformed { .. })), "{length}: {result:?}");
    }
}

/// More than a field can say is said as the most it can.
#[test]
fn a_lifetime_beyond_its_field_is_the_longest() {
    let parameters = [Parameter::CookiePreservative(Duration::MAX)];
    let chunk = ReConfig { parameters: Parameters::from(&parameters) };
    assert_eq!(super::written(&chunk)[8..], [0xFF; 4]);
}
