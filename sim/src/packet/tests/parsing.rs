//! Which bytes are a packet, and why others are none.

use icelab_sans_io::net::{Datagram, Ecn};

use super::*;

/// A DNS query over IPv4 from 10.0.0.5:53124 to 10.0.0.1:53; its checksums were computed by other code.
const CAPTURE: [u8; 57] = [
    0x45, 0x00, 0x00, 0x39, 0x1c, 0x46, 0x40, 0x00, 0x40, 0x11, 0x0a, 0x69, 0x0a, 0x00, 0x00, 0x05,
    0x0a, 0x00, 0x00, 0x01, 0xcf, 0x84, 0x00, 0x35, 0x00, 0x25, 0x3a, 0x43, 0x12, 0x34, 0x01, 0x00,
    0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, b'e', b'x', b'a', b'm', b'p', b'l', b'e',
    0x03, b'c', b'o', b'm', 0x00, 0x00, 0x01, 0x00, 0x01,
];

#[test]
fn a_packet_from_elsewhere_is_read() {
    let packet = Packet::parse(CAPTURE.to_vec()).unwrap();
    let flow = packet.flow().unwrap();
    assert_eq!(flow.to_string(), "udp 10.0.0.5:53124 > 10.0.0.1:53");
    assert_eq!((packet.ttl(), packet.dont_fragment()), (64, true));
    assert_eq!(packet.identification(), 0x1c46);
    assert_eq!(packet.payload().len(), 29);
    assert_eq!(packet.version(), Version::V4);
    assert!(packet.has_valid_checksum());
    let mut bytes = CAPTURE.to_vec();
    bytes[26] = 0;
    bytes[27] = 0;
    assert!(Packet::parse(bytes).unwrap().has_valid_checksum(), "zero says that there is none");
}

#[test]
fn every_truncation_is_refused() {
    for packet in [udp(V4, b"abc"), udp(V6, b"abc"), tcp(V4, b"abc"), tcp(V6, b""), echo(V6, 1)] {
        for length in 0..packet.length() {
            let bytes = packet.as_bytes()[..length].to_vec();
            assert!(Packet::parse(bytes).is_err(), "{length} bytes of {packet:?}");
        }
    }
}

#[test]
fn padding_is_cut_off() {
    let packet = udp(V4, b"abc");
    let mut bytes = packet.as_bytes().to_vec();
    bytes.extend_from_slice(&[0; 20]);
    assert_eq!(Packet::parse(bytes), Ok(packet));
}

fn broken(at: usize, value: u8) -> Result<Packet, Malformed> {
    let mut bytes = udp(V4, b"abc").into_bytes();
    bytes[at] = value;
    header::write_v4_checksum(&mut bytes);
    Packet::parse(bytes)
}

#[test]
fn what_is_malformed_has_a_reason() {
    assert_eq!(Packet::parse(vec![]), Err(Malformed::Version));
    assert_eq!(Packet::parse(vec![0x50; 40]), Err(Malformed::Version));
    assert_eq!(Packet::parse(vec![0x45; 19]), Err(Malformed::TruncatedHeader));
    assert_eq!(Packet::parse(vec![0x60; 39]), Err(Malformed::TruncatedHeader));
    assert_eq!(broken(0, 0x44), Err(Malformed::HeaderLength));
    assert_eq!(broken(0, 0x4f), Err(Malformed::TruncatedHeader));
    assert_eq!(broken(3, 19), Err(Malformed::TotalLength));
    assert_eq!(broken(3, 32), Err(Malformed::TotalLength));
    assert_eq!(broken(25, 7), Err(Malformed::TransportLength));
    assert_eq!(broken(25, 12), Err(Malformed::TransportLength));
    assert_eq!(broken(3, 27), Err(Malformed::TruncatedTransport));
    // A fragment that is no multiple of 8 though more follow, and one that ends past 65,535.
    assert_eq!(broken(6, 0x20), Err(Malformed::Fragment));
    assert_eq!(broken(6, 0x1f).unwrap().fragment().unwrap().offset, 0x1f00 << 3);
    let mut bytes = udp(V4, b"abc").into_bytes();
    bytes[6] = 0x1f;
    bytes[7] = 0xff;
    header::write_v4_checksum(&mut bytes);
    assert_eq!(Packet::parse(bytes), Err(Malformed::Fragment));
    let mut bytes = udp(V4, b"abc").into_bytes();
    bytes[8] ^= 1;
    assert_eq!(Packet::parse(bytes), Err(Malformed::HeaderChecksum));
}

#[test]
fn a_tcp_header_that_does_not_fit_is_refused() {
    for (offset, fits) in [(4, false), (5, true), (6, false)] {
        let mut bytes = tcp(V4, b"abc").into_bytes();
        bytes[32] = offset << 4;
        let expected = if fits { None } else { Some(Malformed::TransportLength) };
        assert_eq!(Packet::parse(bytes).err(), expected, "{offset}");
    }
}

#[test]
fn reasons_have_names_of_their_own() {
    let all = [
        Malformed::Version,
        Malformed::TruncatedHeader,
        Malformed::HeaderLength,
        Malformed::TotalLength,
        Malformed::HeaderChecksum,
        Malformed::Fragment,
        Malformed::ExtensionHeaders,
        Malformed::TruncatedTransport,
        Malformed::TransportLength,
    ];
    let names: std::collections::BTreeSet<&str> = all.iter().map(|reason| reason.name()).collect();
    assert_eq!(names.len(), all.len());
    assert!(names.iter().all(|name| name.starts_with("malformed-")));
}

#[test]
fn ipv6_extension_headers_are_walked_and_bounded() {
    let chain = |count: usize| {
        let inner = udp(V6, b"abc").into_bytes();
        let mut bytes = inner[..40].to_vec();
        bytes[6] = 60;
        for index in 0..count {
            let next = if index + 1 == count { 17 } else { 60 };
            bytes.extend_from_slice(&[next, 0, 0, 0, 0, 0, 0, 0]);
        }
        bytes.extend_from_slice(&inner[40..]);
        let length = u16::try_from(bytes.len() - 40).unwrap();
        bytes[4..6].copy_from_slice(&length.to_be_bytes());
        Packet::parse(bytes)
    };
    assert_eq!(chain(7).unwrap().flow(), udp(V6, b"abc").flow());
    assert_eq!(chain(8), Err(Malformed::ExtensionHeaders));
}

#[test]
fn an_unknown_protocol_is_a_packet_without_ports() {
    let packet = broken(9, 132).unwrap();
    assert_eq!(packet.protocol(), Protocol::Other(132));
    assert_eq!((packet.flow(), packet.source_port()), (None, None));
    assert_eq!(packet.payload().len(), 11);
}

#[test]
fn datagrams_round_trip() {
    for ends in [V4, V6] {
        for ecn in [Ecn::NotEct, Ecn::Ect0, Ecn::Ect1, Ecn::Ce] {
            let datagram = Datagram {
                source: endpoint(ends.0),
                destination: endpoint(ends.1),
                ecn,
                ttl: 17,
                dont_fragment: true,
                payload: b"payload".to_vec(),
            };
            let packet = Packet::from_datagram(&datagram).unwrap();
            check(&packet);
            assert_eq!(packet.to_datagram(), Some(datagram));
        }
    }
}

#[test]
fn what_cannot_be_built_is_refused() {
    let mixed = Packet::udp(endpoint(V4.0), endpoint(V6.1), b"");
    assert_eq!(mixed, Err(Unbuildable::MixedVersions));
    let long = |ends: (&str, &str), length| {
        Packet::udp(endpoint(ends.0), endpoint(ends.1), &vec![0; length])
            .map(|packet| packet.length())
    };
    assert_eq!(long(V4, 65_507), Ok(65_535));
    assert_eq!(long(V4, 65_508), Err(Unbuildable::TooLong));
    assert_eq!(long(V6, 65_527), Ok(65_575));
    assert_eq!(long(V6, 65_528), Err(Unbuildable::TooLong));
}

#[test]
fn a_flipped_bit_is_found_by_the_receiver() {
    for packet in
        [udp(V4, b"payload"), udp(V6, b"payload"), tcp(V4, b"x"), echo(V4, 1), echo(V6, 1)]
    {
        let transport = if packet.version() == Version::V4 { 20 } else { 40 };
        for bit in transport * 8..packet.length() * 8 {
            if let Ok(damaged) = packet.clone().corrupt(bit) {
                let checksum_gone = damaged.as_bytes()[transport + 6..transport + 8] == [0, 0];
                assert!(!damaged.has_valid_checksum() || checksum_gone, "bit {bit} of {packet:?}");
                assert!(damaged.to_datagram().is_none() || checksum_gone);
            }
        }
    }
}

#[test]
fn udp_over_ipv6_must_have_a_checksum() {
    let mut bytes = udp(V6, b"abc").into_bytes();
    bytes[46] = 0;
    bytes[47] = 0;
    let packet = Packet::parse(bytes).unwrap();
    assert!(!packet.has_valid_checksum());
    assert_eq!(packet.to_datagram(), None);
}
