//! What a payload looks like, from its first bytes.

use super::LooksLike;
use crate::packet::Protocol;

impl LooksLike {
    /// Whether the payload of a packet of this protocol looks like it. An empty payload looks like anything: a TCP
    /// handshake must pass before there is something to look at.
    pub fn matches(self, protocol: Protocol, payload: &[u8]) -> bool {
        match (self, protocol) {
            (Self::Tls | Self::Http, Protocol::Tcp) if payload.is_empty() => true,
            (Self::Tls, Protocol::Tcp) => is_tls(payload),
            (Self::Http, Protocol::Tcp) => is_http(payload),
            (Self::Stun, _) => is_stun(payload),
            (Self::Dns, Protocol::Udp) => is_dns(payload),
            (Self::TurnChannel, Protocol::Udp) => is_turn_channel(payload),
            (Self::Dtls, Protocol::Udp) => is_dtls(payload),
            (Self::Rtp, Protocol::Udp) => is_rtp(payload),
            (Self::Quic, Protocol::Udp) => is_quic(payload),
            (_, _) => false,
        }
    }
}

/// RFC 8489 section 5: two zero bits, a length in words, the magic cookie.
fn is_stun(payload: &[u8]) -> bool {
    let [first, _, _, length_low, cookie @ ..] = payload else {
        return false;
    };
    payload.len() >= 20
        && *first < 0x40
        && length_low % 4 == 0
        && cookie.starts_with(&[0x21, 0x12, 0xa4, 0x42])
}

/// RFC 8656 section 12.4: a channel number 0x4000-0x4FFF and a length that fits.
fn is_turn_channel(payload: &[u8]) -> bool {
    let [first, _, high, low, data @ ..] = payload else {
        return false;
    };
    (0x40..=0x4f).contains(first) && usize::from(u16::from_be_bytes([*high, *low])) <= data.len()
}

/// RFC 6347 section 4.1 and RFC 9147 section 4: content types 20-25 with version 254.x, or the unified header.
fn is_dtls(payload: &[u8]) -> bool {
    match payload {
        [20..=25, 0xfe, 0xfd..=0xff, ..] => payload.len() >= 13,
        [0x20..=0x3f, ..] => payload.len() >= 20,
        _ => false,
    }
}

/// RFC 3550 section 5.1: version 2, and at least a header of RTP or RTCP.
fn is_rtp(payload: &[u8]) -> bool {
    matches!(payload, [0x80..=0xbf, ..]) && payload.len() >= 8
}

/// RFC 9000 section 17: a long header with a known version. Short headers cannot be told from noise: they follow a long one,
/// which the firewall remembers.
fn is_quic(payload: &[u8]) -> bool {
    matches!(payload, [0xc0..=0xff, 0, 0, 0, 1, ..] | [0xc0..=0xff, 0x6b, 0x33, 0x43, 0xcf, ..])
}

/// RFC 1035 section 4.1.1: a header, one question or more but not many, and a known opcode.
fn is_dns(payload: &[u8]) -> bool {
    let [_, _, flags, _, questions_high, questions_low, ..] = payload else {
        return false;
    };
    let opcode = flags >> 3 & 0x0f;
    payload.len() >= 12 && opcode <= 6 && *questions_high == 0 && *questions_low <= 4
}

/// RFC 8446 section 5.1: a content type, version 3.x, a length within bounds.
fn is_tls(payload: &[u8]) -> bool {
    matches!(payload, [20..=23, 3, 0..=4, high, _, ..] if *high <= 0x41)
}

/// RFC 9112 sections 2.1 and 3: a method or a version.
fn is_http(payload: &[u8]) -> bool {
    const STARTS: [&[u8]; 9] = [
        b"GET ",
        b"POST ",
        b"PUT ",
        b"HEAD ",
        b"DELETE ",
        b"OPTIONS ",
        b"PATCH ",
        b"CONNECT ",
        b"HTTP/1.",
    ];
    STARTS.iter().any(|start| payload.starts_with(start))
}
