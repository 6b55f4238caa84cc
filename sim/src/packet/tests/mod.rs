//! What packets promise.

mod fragments;
mod icmp;
mod parsing;
mod properties;
mod rewriting;

use std::net::{IpAddr, SocketAddr};

use super::*;

fn endpoint(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

const V4: (&str, &str) = ("192.0.2.1:1000", "198.51.100.2:2000");
const V6: (&str, &str) = ("[2001:db8::1]:1000", "[2001:db8:1::2]:2000");

fn udp(ends: (&str, &str), payload: &[u8]) -> Packet {
    Packet::udp(endpoint(ends.0), endpoint(ends.1), payload).unwrap()
}

fn echo(ends: (&str, &str), identifier: u16) -> Packet {
    let message = Icmp::EchoRequest { identifier, sequence: 3 };
    Packet::echo(endpoint(ends.0).ip(), endpoint(ends.1).ip(), message, b"abc").unwrap()
}

fn tcp(ends: (&str, &str), payload: &[u8]) -> Packet {
    let segment = TcpSegment {
        sequence: 7,
        acknowledgment: 9,
        flags: TcpFlags(TcpFlags::ACK.0 | TcpFlags::SYN.0),
        window: 500,
        payload,
    };
    Packet::tcp(endpoint(ends.0), endpoint(ends.1), &segment).unwrap()
}

/// The packet parses again to the same view, and all checksums are right when computed anew.
fn check(packet: &Packet) {
    assert_eq!(Packet::parse(packet.as_bytes().to_vec()).as_ref(), Ok(packet));
    assert!(packet.has_valid_checksum());
}
