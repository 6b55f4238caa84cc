//! INIT, INIT ACK, COOKIE ECHO and COOKIE ACK.

use icelab_sctp::packet::chunk::{
    Chunk, ChunkType, CookieAck, CookieEcho, Init, InitAck, InitFault, Initiation,
};
use icelab_sctp::packet::parameter::{ErrorDetectionMethod, Parameter, Parameters};
use icelab_sctp::packet::{ChunkError, List, Tsn, VerificationTag};

use super::{check, first, packet};

/// RFC 9260 section 3.3.2, with three parameters, the last of which needs a byte of padding.
const INIT: &[u8] = &[
    1, 0, 0, 39, 1, 2, 3, 4, 0, 1, 0, 0, 0, 5, 0, 6, 7, 8, 9, 10, 0xC0, 0, 0, 4, 0x80, 1, 0, 8, 0,
    0, 0, 1, 0x80, 8, 0, 7, 130, 64, 194, 0,
];

const INITIATION: Initiation<'_> = Initiation {
    initiate_tag: VerificationTag(0x0102_0304),
    window: 65_536,
    outbound_streams: 5,
    inbound_streams: 6,
    initial_tsn: Tsn(0x0708_090A),
    parameters: Parameters::EMPTY,
};

const EXTENSIONS: [ChunkType; 3] =
    [ChunkType::RE_CONFIG, ChunkType::I_DATA, ChunkType::I_FORWARD_TSN];

#[test]
fn an_init_is_read_where_the_rfc_draws_it() {
    let parameters = [
        Parameter::ForwardTsnSupported,
        Parameter::ZeroChecksumAcceptable(ErrorDetectionMethod::DTLS),
        Parameter::SupportedExtensions(List::from(&EXTENSIONS)),
    ];
    let init = Init(Initiation { parameters: Parameters::from(&parameters), ..INITIATION });
    // It may end behind the fixed fields, and behind each parameter.
    check(INIT, Chunk::Init(init), &[20, 24, 32]);
}

#[test]
fn an_init_ack_has_the_same_form_and_a_cookie() {
    let mut bytes = INIT[..20].to_vec();
    bytes[..4].copy_from_slice(&[2, 0, 0, 28]);
    bytes.extend([0, 7, 0, 8, 1, 2, 3, 4]);
    let parameters = [Parameter::StateCookie(&[1, 2, 3, 4])];
    let ack = InitAck(Initiation { parameters: Parameters::from(&parameters), ..INITIATION });
    check(&bytes, Chunk::InitAck(ack), &[20]);
    assert_eq!(ack.state_cookie(), Some(&[1, 2, 3, 4][..]));
    assert_eq!(InitAck(INITIATION).state_cookie(), None);
}

/// RFC 9260 sections 3.3.2 and 3.3.3: the answers to values that are not allowed need the tag.
#[test]
fn an_init_with_a_value_that_is_not_allowed_is_an_error_that_names_the_tag() {
    let faults: [(usize, &[u8], InitFault); 4] = [
        (4, &[0, 0, 0, 0], InitFault::NoTag),
        (8, &[0, 0, 5, 0xDB], InitFault::SmallWindow),
        (12, &[0, 0], InitFault::NoOutboundStreams),
        (14, &[0, 0], InitFault::NoInboundStreams),
    ];
    for (place, value, fault) in faults {
        for kind in [ChunkType::INIT, ChunkType::INIT_ACK] {
            let mut bytes = INIT.to_vec();
            bytes[0] = kind.0;
            bytes[place..place + value.len()].copy_from_slice(value);
            let tag = if fault == InitFault::NoTag { 0 } else { 0x0102_0304 };
            let initiate_tag = VerificationTag(tag);
            let error = ChunkError::Init { kind, initiate_tag, fault };
            assert_eq!(first(&packet(&bytes)), Err(error));
        }
    }
    let mut bytes = INIT.to_vec();
    bytes[8..12].copy_from_slice(&[0, 0, 5, 0xDC]);
    assert!(first(&packet(&bytes)).is_ok(), "1,500 bytes are enough");
}

#[test]
fn an_init_without_its_fixed_fields_is_malformed() {
    for length in 4..20_u8 {
        let mut bytes = INIT[..usize::from(length)].to_vec();
        bytes[3] = length;
        let packet = packet(&bytes);
        let result = first(&packet);
        assert!(
            matches!(result, Err(ChunkError::Malformed { kind: ChunkType::INIT, .. })),
            "{length}: {result:?}"
        );
    }
}

/// RFC 9260 section 3.2: an implementation accepts the last parameter's padding in the chunk's
/// length, or left out of it.
#[test]
fn the_padding_of_the_last_parameter_may_count_as_the_chunks() {
    let mut bytes = INIT.to_vec();
    bytes[3] = 40;
    let (counted, left_out) = (packet(&bytes), packet(INIT));
    assert_eq!(first(&counted), first(&left_out));
    assert!(first(&counted).is_ok());
}

/// RFC 9260 section 3.3.11: the cookie is the chunk's value, without a parameter around it.
#[test]
fn a_cookie_comes_back_as_it_is() {
    let bytes = [10, 0, 0, 9, 1, 2, 3, 4, 5, 0, 0, 0];
    let echo = CookieEcho { cookie: &[1, 2, 3, 4, 5] };
    check(&bytes, Chunk::CookieEcho(echo), &[4, 5, 6, 7, 8]);
    check(&[11, 0, 0, 4], Chunk::CookieAck(CookieAck), &[]);
    assert!(first(&packet(&[11, 0, 0, 8, 0, 0, 0, 0])).is_err());
}
