//! One end of ours on a real UDP socket.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant as Clock};

use icelab_dtls::{Config, Dtls, Event};
use icelab_sans_io::{Instant, Output, Protocol, Rng};

/// One end of ours on a real UDP socket, with one peer.
pub struct Live {
    pub dtls: Dtls,
    pub events: Vec<Event>,
    socket: UdpSocket,
    peer: Option<SocketAddr>,
    began: Clock,
}

impl Live {
    /// An end that talks to `peer`, or to whoever talks first.
    pub fn new(config: Config, seed: u64, peer: Option<SocketAddr>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        Self {
            dtls: Dtls::new(config, Rng::from_u64(seed)),
            events: Vec::new(),
            socket,
            peer,
            began: Clock::now(),
        }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.socket.local_addr().expect("bound").port()
    }

    /// The time for the protocol.
    pub fn now(&self) -> Instant {
        Instant::START + self.began.elapsed()
    }

    /// Runs until `done`, or for `limit`. Says whether it was done.
    pub fn run(&mut self, limit: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = Clock::now() + limit;
        let mut buffer = [0; 65536];
        loop {
            while let Some(output) = self.dtls.poll_output() {
                match output {
                    Output::Packet(packet) => {
                        let peer = self.peer.expect("nothing is sent before the peer is known");
                        // A peer that is not there yet refuses; the timer repeats.
                        let _ = self.socket.send_to(&packet, peer);
                    }
                    Output::Event(event) => self.events.push(event),
                }
            }
            if done(self) {
                return true;
            }
            if Clock::now() >= end {
                return false;
            }
            let wait = self.dtls.poll_timeout().map_or(Duration::from_millis(50), |deadline| {
                (deadline.at - self.now())
                    .clamp(Duration::from_millis(1), Duration::from_millis(50))
            });
            self.socket.set_read_timeout(Some(wait)).expect("a wait above zero");
            match self.socket.recv_from(&mut buffer) {
                Ok((length, from)) => {
                    self.peer.get_or_insert(from);
                    let now = self.now();
                    self.dtls.handle_input(buffer[..length].to_vec(), now);
                }
                Err(error) => assert!(
                    matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::ConnectionRefused
                    ),
                    "{error}"
                ),
            }
            let now = self.now();
            if self.dtls.poll_timeout().is_some_and(|deadline| deadline.at <= now) {
                self.dtls.handle_timeout(now);
            }
        }
    }
}
