//! icelab's own SCTP.

use bytes::Bytes;
use icelab_sans_io::{Instant, Output, Protocol};
use icelab_sctp::{
    Association, Config, Congestion, Event, Message, Part, Payload, Ppid, Reliability, StreamId,
};

use super::stack::{Contender, Setup, Stack};

/// icelab's own SCTP with each of its congestion controllers: `reno`, `cubic`, `path`.
#[must_use]
pub fn contenders() -> Vec<Contender> {
    let contender = |name, make| Contender { name, is_own: true, most_seeds: None, make };
    vec![
        contender("reno", |setup| new(setup, Congestion::Reno)),
        contender("cubic", |setup| new(setup, Congestion::Cubic)),
        contender("path", |setup| new(setup, Congestion::Path)),
    ]
}

/// Its own defaults, but for the sizes of packets and buffers.
fn new(setup: Setup, congestion: Congestion) -> Box<dyn Stack> {
    let config = Config {
        mtu: setup.mtu,
        largest_mtu: setup.mtu,
        receive_buffer: setup.window,
        congestion,
        ..Config::default()
    };
    let association = Association::new(config, setup.rng);
    Box::new(Sctp { association, begun: Payload::default(), failure: None })
}

struct Sctp {
    association: Association,
    /// A message of which parts have come.
    begun: Payload,
    failure: Option<String>,
}

impl Stack for Sctp {
    fn connect(&mut self, now: Instant) {
        self.association.connect(now);
    }

    fn is_connected(&self) -> bool {
        self.association.is_connected()
    }

    fn failure(&self) -> Option<String> {
        self.failure.clone()
    }

    fn handle_input(&mut self, packet: Vec<u8>, now: Instant) {
        self.association.handle_input(packet, now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.association.handle_timeout(now);
    }

    fn poll_packet(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.association.poll_output()? {
                Output::Packet(packet) => return Some(packet),
                Output::Event(Event::Closed { reason }) => {
                    self.failure = Some(format!("closed: {reason:?}"));
                }
                // Who asks for messages after each call need not be told of them.
                Output::Event(_) => {}
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.association.poll_timeout().map(|deadline| deadline.at)
    }

    fn buffered(&mut self) -> usize {
        self.association.buffered_amount(STREAM)
    }

    fn send(&mut self, message: &[u8], now: Instant) -> bool {
        let message = Message {
            stream: STREAM,
            ppid: BINARY,
            payload: Bytes::copy_from_slice(message),
            is_unordered: false,
            reliability: Reliability::Full,
        };
        self.association.send(message, now).is_ok()
    }

    fn receive(&mut self, now: Instant) -> Option<Vec<u8>> {
        loop {
            let received = self.association.receive(now)?;
            self.begun.append(received.payload);
            match received.part {
                Part::First | Part::Middle => {}
                Part::Void => self.begun = Payload::default(),
                Part::Whole | Part::Last => {
                    return Some(core::mem::take(&mut self.begun).into_bytes().into());
                }
            }
        }
    }
}

const STREAM: StreamId = StreamId(0);
/// WebRTC Binary (RFC 8831 section 8).
const BINARY: Ppid = Ppid(53);
