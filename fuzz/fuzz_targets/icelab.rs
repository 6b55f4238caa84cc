//! Bytes at every decoder and at the state machines behind them. The environment variable
//! `FUZZ_TARGET` chooses which: `fuzz/run` sets it.

#![no_main]

mod associations;
mod channels;
mod dcep;
mod dtls;
mod flights;
mod input;
mod ledger;
mod link;
mod rtcp;
mod rtp;
mod sctp;
mod srtp;

use std::net::SocketAddr;
use std::sync::LazyLock;

use icelab::scenario::load::Scenario;
use icelab::scenario::text::source::Source;
use icelab_sans_io::net::{Datagram, Notice, Request};
use icelab_sans_io::{Instant, Output, Protocol, Rng};
use icelab_sim::packet::Packet;
use icelab_stun::{Message, MessageBuilder};
use icelab_turn::server::Users;
use icelab_turn::wire::ChannelData;
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<fn(&[u8])> =
    LazyLock::new(|| match std::env::var("FUZZ_TARGET").as_deref() {
        Ok("stun") => stun,
        Ok("turn") => turn,
        Ok("packet") => packet,
        Ok("scenario") => scenario,
        Ok("dtls-records") => dtls::records,
        Ok("dtls-handshake") => dtls::handshake,
        Ok("dtls-flights") => flights::flights,
        Ok("certificate") => dtls::certificate,
        Ok("rtp") => rtp::rtp,
        Ok("rtcp") => rtcp::rtcp,
        Ok("srtp") => srtp::srtp,
        Ok("sctp-packets") => sctp::packets,
        Ok("sctp-associations") => associations::associations,
        Ok("dcep") => dcep::dcep,
        Ok("data-channels") => channels::channels,
        other => panic!("FUZZ_TARGET is {other:?}, and not the name of a folder in fuzz/seeds"),
    });

fuzz_target!(|data: &[u8]| TARGET(data));

/// A message decodes to what it encodes; a server survives it.
fn stun(data: &[u8]) {
    if let Ok(message) = Message::parse(data) {
        let mut copy =
            MessageBuilder::new(message.class(), message.method(), message.transaction_id());
        for attribute in message.attributes() {
            copy = copy.raw(attribute.kind, attribute.value);
        }
        let bytes = copy.finish();
        let again = Message::parse(&bytes).expect("what was built can be read");
        assert!(
            message
                .attributes()
                .map(|attribute| (attribute.kind, attribute.value.to_vec()))
                .eq(again.attributes().map(|attribute| (attribute.kind, attribute.value.to_vec()))),
            "the attributes survive a round trip"
        );
        let _ = message.check_fingerprint();
        let _ = message.unknown_required(&[]);
    }
    let config = icelab_stun::ServerConfig::new(SERVER).with_alternate(address(11, 3479));
    let mut server = icelab_stun::Server::new(config, Rng::from_u64(1));
    server.handle_input(Datagram::new(CLIENT, SERVER, data.to_vec()), Instant::START);
    while server.poll_output().is_some() {}
}

/// Several datagrams, each behind its length, at one TURN server: from a client and from peers.
fn turn(data: &[u8]) {
    if let Ok(frame) = ChannelData::decode(data) {
        let bytes = frame.encode().expect("what was read can be written");
        assert_eq!(ChannelData::decode(&bytes).expect("and read again"), frame);
    }
    let users = Users::one("user", "password");
    let config = icelab_turn::ServerConfig::new(SERVER, SERVER.ip(), "realm", users);
    let mut server = icelab_turn::Server::new(config, Rng::from_u64(1));
    let mut now = Instant::START;
    server.start(now);
    let mut rest = data;
    while let Some(([length, from], tail)) = rest.split_first_chunk::<2>() {
        let (payload, after) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = after;
        let source = if from % 2 == 0 { CLIENT } else { address(*from, 9) };
        let datagram = Datagram::new(source, SERVER, payload.to_vec());
        server.handle_input(Notice::Datagram(datagram), now);
        settle(&mut server, now);
        now += std::time::Duration::from_secs(u64::from(*from));
        server.handle_timeout(now);
        settle(&mut server, now);
    }
}

fn settle(server: &mut icelab_turn::Server, now: Instant) {
    while let Some(output) = server.poll_output() {
        if let Output::Packet(Request::Bind { local }) = output {
            server.handle_input(Notice::Bound { requested: local, local }, now);
        }
    }
}

/// A packet keeps its bytes, and every question about it has an answer.
fn packet(data: &[u8]) {
    let Ok(mut packet) = Packet::parse(data.to_vec()) else { return };
    let _ = (packet.flow(), packet.fragment(), packet.payload().len(), packet.ecn());
    let is_valid = packet.has_valid_checksum();
    let _ = packet.to_datagram();
    packet.set_source_address(packet.source());
    packet.set_destination_address(packet.destination());
    assert_eq!(packet.has_valid_checksum(), is_valid, "rewriting to the same changes nothing");
    let _ = packet.decrement_ttl();
    let bytes = packet.into_bytes();
    Packet::parse(bytes).expect("a rewritten packet is a packet");
}

/// Any text is a scenario or a refusal with places inside the text.
fn scenario(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = Scenario::read(Source::new("fuzz.yaml", text));
}

fn address(host: u8, port: u16) -> SocketAddr {
    ([192, 0, 2, host], port).into()
}

const SERVER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 10)), 3478);
const CLIENT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7)), 40_000);
