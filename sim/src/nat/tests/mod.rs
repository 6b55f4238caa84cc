//! What every behaviour of a NAT means for packets.

mod capacity;
mod clash;
mod errors;
mod filtering;
mod fragments;
mod hairpin;
mod kinds;
mod mapping;
mod ports;
mod presets;
mod properties;
mod reference;
mod timers;

use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::{Instant, Rng};

use super::*;
use crate::packet::{Icmp, Packet, TcpFlags, TcpSegment};

const EI: Behaviour = Behaviour::EndpointIndependent;
const AD: Behaviour = Behaviour::AddressDependent;
const APD: Behaviour = Behaviour::AddressAndPortDependent;

/// Two inside endpoints, the outside address, and four remote endpoints on two addresses.
const A: &str = "192.168.1.2:5000";
const B: &str = "192.168.1.3:5000";
const OUTSIDE: &str = "203.0.113.1";
const R1: &str = "198.51.100.1:6000";
const R1_OTHER: &str = "198.51.100.1:6001";
const R2: &str = "198.51.100.2:6000";
const R3: &str = "198.51.100.3:6000";

fn endpoint(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn seconds(seconds: u64) -> Instant {
    Instant::from_secs(seconds)
}

fn just_before(at: Instant) -> Instant {
    Instant::from_nanos(at.as_nanos() - 1)
}

fn just_after(at: Instant) -> Instant {
    Instant::from_nanos(at.as_nanos() + 1)
}

/// A NAT and shorthands to send through it.
#[derive(Clone)]
struct Lab {
    nat: Nat,
}

impl Lab {
    fn new(config: Config) -> Self {
        Self::with_addresses(config, &[OUTSIDE])
    }

    fn preset(name: &str) -> Self {
        Self::new(Preset::named(name).unwrap().config())
    }

    fn of(mapping: Behaviour, filtering: Behaviour) -> Self {
        Self::new(Config { mapping, filtering, ..Config::default() })
    }

    fn with_addresses(config: Config, outside: &[&str]) -> Self {
        let outside = outside.iter().map(|text| address(text)).collect();
        let inside = "192.168.1.0/24".parse().unwrap();
        Self { nat: Nat::new(config, outside, inside, Rng::from_u64(7)) }
    }

    /// Sends UDP from the inside: the outside endpoint that it leaves from.
    fn send(&mut self, from: &str, to: &str, now: Instant) -> Result<SocketAddr, DropReason> {
        let mut packet = Packet::udp(endpoint(from), endpoint(to), b"ping").unwrap();
        let verdict = self.nat.outbound(&mut packet, now);
        self.settled(verdict, &packet).map(|()| packet.flow().unwrap().source)
    }

    /// Sends UDP from the outside: the inside endpoint that it reaches.
    fn receive(
        &mut self,
        from: &str,
        to: SocketAddr,
        now: Instant,
    ) -> Result<SocketAddr, DropReason> {
        let mut packet = Packet::udp(endpoint(from), to, b"pong").unwrap();
        let verdict = self.nat.inbound(&mut packet, now);
        self.settled(verdict, &packet).map(|()| packet.flow().unwrap().destination)
    }

    /// Whether a remote endpoint reaches an outside one; nothing of it remains.
    fn reaches(&self, from: &str, to: SocketAddr, now: Instant) -> bool {
        self.clone().receive(from, to, now).is_ok()
    }

    fn settled(&self, verdict: Verdict, packet: &Packet) -> Result<(), DropReason> {
        check(packet);
        match verdict {
            Verdict::Forward | Verdict::Hairpin => Ok(()),
            Verdict::Drop(reason) | Verdict::Reject { reason, .. } => Err(reason),
            Verdict::Local | Verdict::Held(_) => {
                panic!("neither forwarded nor dropped: {verdict:?}")
            }
        }
    }

    fn notes(&mut self) -> Vec<Note> {
        self.nat.take_notes().collect()
    }

    fn note_names(&mut self) -> Vec<&'static str> {
        self.nat.take_notes().map(|note| note.name()).collect()
    }
}

/// The packet parses again, to the same view, and its checksums are right when computed anew.
fn check(packet: &Packet) {
    let again = Packet::parse(packet.as_bytes().to_vec());
    assert_eq!(again.as_ref(), Ok(packet));
    assert!(packet.has_valid_checksum());
}

fn ping(from: &str, to: &str, identifier: u16) -> Packet {
    let message = Icmp::EchoRequest { identifier, sequence: 1 };
    Packet::echo(address(from), address(to), message, b"abcdefgh").unwrap()
}

fn pong(from: &str, to: &str, identifier: u16) -> Packet {
    let message = Icmp::EchoReply { identifier, sequence: 1 };
    Packet::echo(address(from), address(to), message, b"abcdefgh").unwrap()
}

fn syn(from: &str, to: &str) -> Packet {
    let segment = TcpSegment {
        sequence: 1,
        acknowledgment: 0,
        flags: TcpFlags::SYN,
        window: 1000,
        payload: b"",
    };
    Packet::tcp(endpoint(from), endpoint(to), &segment).unwrap()
}
