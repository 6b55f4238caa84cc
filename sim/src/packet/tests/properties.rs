//! Any bytes and any rewriting: checksums stay right, and nothing panics.

use icelab_sans_io::Instant;
use icelab_sans_io::net::{Ecn, IcmpKind};
use proptest::prelude::*;

use super::*;

fn ends() -> impl Strategy<Value = (SocketAddr, SocketAddr)> {
    let v4 = (any::<[u8; 4]>(), any::<[u8; 4]>(), any::<u16>(), any::<u16>())
        .prop_map(|(a, b, p, q)| (SocketAddr::from((a, p)), SocketAddr::from((b, q))));
    let v6 = (any::<[u8; 16]>(), any::<[u8; 16]>(), any::<u16>(), any::<u16>())
        .prop_map(|(a, b, p, q)| (SocketAddr::from((a, p)), SocketAddr::from((b, q))));
    prop_oneof![v4, v6]
}

fn built() -> impl Strategy<Value = Packet> {
    (ends(), prop::collection::vec(any::<u8>(), 0..200), 0..3u8).prop_map(
        |((source, destination), payload, kind)| match kind {
            0 => Packet::udp(source, destination, &payload).unwrap(),
            1 => {
                let segment = TcpSegment {
                    sequence: 1,
                    acknowledgment: 2,
                    flags: TcpFlags::ACK,
                    window: 3,
                    payload: &payload,
                };
                Packet::tcp(source, destination, &segment).unwrap()
            }
            _ => {
                let (identifier, sequence) = (source.port(), 1);
                let message = Icmp::EchoRequest { identifier, sequence };
                Packet::echo(source.ip(), destination.ip(), message, &payload).unwrap()
            }
        },
    )
}

/// A packet, whole or with noise in it, or noise alone.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let noise = prop::collection::vec(any::<u8>(), 0..120);
    let damaged =
        (built(), prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6))
            .prop_map(|(packet, changes)| {
                let mut bytes = packet.into_bytes();
                for (index, value) in changes {
                    let at = index.index(bytes.len());
                    bytes[at] = value;
                }
                if bytes[0] >> 4 == 4 && bytes.len() >= usize::from(bytes[0] & 15) * 4 {
                    header::write_v4_checksum(&mut bytes);
                }
                bytes
            });
    prop_oneof![noise, damaged]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn checksums_are_right_after_any_rewriting(
        packet in built(), (source, destination) in ends(), ttl in any::<u8>(),
    ) {
        let mut packet = packet;
        packet.set_source(source);
        packet.set_ttl(ttl);
        packet.set_ecn(Ecn::Ce);
        packet.set_destination(destination);
        packet.set_identification(source.port());
        prop_assert_eq!(Packet::parse(packet.as_bytes().to_vec()), Ok(packet.clone()));
        prop_assert!(packet.has_valid_checksum());
    }

    #[test]
    fn no_bytes_and_no_rewriting_panic(bytes in bytes(), (source, destination) in ends()) {
        let Ok(mut packet) = Packet::parse(bytes) else { return Ok(()) };
        let _ = (packet.flow(), packet.icmp(), packet.payload(), packet.fragment());
        let _ = (packet.to_datagram(), packet.has_valid_checksum(), packet.ecn());
        packet.set_source(source);
        packet.set_destination(destination);
        packet.set_quoted_source(source);
        packet.set_quoted_destination(destination);
        packet.set_ecn(Ecn::Ect1);
        let _ = packet.decrement_ttl();
        let _ = packet.clone().fragments(100);
        let _ = packet.clone().fragments_at_source(100, 1);
        let _ = Packet::icmp_error(&packet, source.ip(), IcmpKind::TimeExceeded);
        let quoted = Some(QuotedEnds { source, destination });
        if let Some(other) = packet.in_other_version(source, destination, quoted) {
            prop_assert_ne!(other.version(), packet.version());
        }
        let _ = Reassembly::new().push(packet.clone(), Instant::START);
        prop_assert_eq!(Packet::parse(packet.as_bytes().to_vec()), Ok(packet));
    }

    #[test]
    fn errors_about_anything_parse_and_are_right(bytes in bytes(), (source, _) in ends()) {
        let Ok(packet) = Packet::parse(bytes) else { return Ok(()) };
        if let Some(error) = Packet::icmp_error(&packet, source.ip(), IcmpKind::PortUnreachable) {
            prop_assert_eq!(Packet::parse(error.as_bytes().to_vec()), Ok(error.clone()));
            prop_assert!(error.has_valid_checksum());
        }
    }

    #[test]
    fn fragments_round_trip(
        payload in prop::collection::vec(any::<u8>(), 0..3000),
        mtu in 68..1500usize,
        turn in any::<prop::sample::Index>(),
    ) {
        let mut packet = udp(V4, &payload);
        packet.set_identification(3);
        let mut pieces = packet.clone().fragments(mtu).unwrap();
        let turn = turn.index(pieces.len());
        pieces.rotate_left(turn);
        let mut reassembly = Reassembly::new();
        let mut whole = None;
        for piece in pieces {
            prop_assert!(piece.length() <= mtu);
            whole = whole.or(reassembly.push(piece, Instant::START).unwrap());
        }
        prop_assert_eq!(whole, Some(packet));
    }

    #[test]
    fn the_other_version_and_back_is_the_same_packet(
        packet in built(), (a, b) in ends(), (c, d) in ends(),
    ) {
        if a.is_ipv4() == packet.source().is_ipv4() || c.is_ipv4() == a.is_ipv4() {
            return Ok(());
        }
        let mut packet = packet;
        packet.set_source(c);
        packet.set_destination(d);
        let other = packet.in_other_version(a, b, None).unwrap();
        prop_assert!(other.has_valid_checksum());
        let back = other.in_other_version(c, d, None).unwrap();
        prop_assert_eq!(back.flow(), packet.flow());
        prop_assert_eq!(back.payload(), packet.payload());
        prop_assert!(back.has_valid_checksum());
    }
}
