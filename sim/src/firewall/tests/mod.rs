//! What rules mean for packets.

use core::time::Duration;
use std::net::SocketAddr;

use icelab_sans_io::Instant;
use icelab_sans_io::net::IcmpKind;

use super::*;
use crate::packet::{Icmp, Packet, Protocol, TcpFlags, TcpSegment};

mod presets;
mod rules;
mod state;

const INSIDE: &str = "192.168.1.2:5000";
const PEER: &str = "198.51.100.1:6000";
const OTHER: &str = "198.51.100.2:6000";

fn endpoint(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn seconds(seconds: u64) -> Instant {
    Instant::from_secs(seconds)
}

fn udp(from: &str, to: &str, payload: &[u8]) -> Packet {
    Packet::udp(endpoint(from), endpoint(to), payload).unwrap()
}

fn tcp(from: &str, to: &str, payload: &[u8]) -> Packet {
    let segment =
        TcpSegment { sequence: 1, acknowledgment: 1, flags: TcpFlags::ACK, window: 1000, payload };
    Packet::tcp(endpoint(from), endpoint(to), &segment).unwrap()
}

fn ping(from: &str, to: &str) -> Packet {
    let message = Icmp::EchoRequest { identifier: 7, sequence: 1 };
    Packet::echo(endpoint(from).ip(), endpoint(to).ip(), message, b"").unwrap()
}

fn out(firewall: &mut Firewall, packet: &Packet) -> Verdict {
    firewall.judge(Direction::Out, packet, Instant::START)
}

fn into(firewall: &mut Firewall, packet: &Packet) -> Verdict {
    firewall.judge(Direction::In, packet, Instant::START)
}

fn stun() -> Vec<u8> {
    let mut bytes = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    bytes.resize(20, 9);
    bytes
}
