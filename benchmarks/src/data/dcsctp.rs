//! dcsctp as a stack to be measured.

use std::collections::VecDeque;

use dcsctp::api::{
    DcSctpSocket, Message, Options, PpId, SendOptions, SocketEvent, SocketTime, StreamId,
};
use icelab::bench::{Setup, Stack};
use icelab_sans_io::Instant;

/// Its own defaults, but for the sizes of packets and buffers.
pub fn new(mut setup: Setup) -> Box<dyn Stack> {
    // It draws its tags and TSNs from the generator of this thread.
    fastrand::seed(setup.rng.next_u64());
    let options = Options {
        mtu: setup.mtu,
        max_receiver_window_buffer_size: setup.window,
        max_send_buffer_size: SEND_BUFFER,
        per_stream_send_queue_limit: SEND_BUFFER,
        ..Options::default()
    };
    let socket = dcsctp::new_socket("", &options);
    let packets = VecDeque::new();
    Box::new(DcSctp { socket, packets, is_connected: false, failure: None })
}

struct DcSctp {
    socket: Box<dyn DcSctpSocket>,
    packets: VecDeque<Vec<u8>>,
    is_connected: bool,
    failure: Option<String>,
}

impl Stack for DcSctp {
    fn connect(&mut self, now: Instant) {
        self.socket.advance_time(time(now));
        self.socket.connect();
        self.hear();
    }

    fn is_connected(&self) -> bool {
        self.is_connected
    }

    fn failure(&self) -> Option<String> {
        self.failure.clone()
    }

    fn handle_input(&mut self, packet: Vec<u8>, now: Instant) {
        self.socket.advance_time(time(now));
        self.socket.handle_input(&packet);
        self.hear();
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.socket.advance_time(time(now));
        self.hear();
    }

    fn poll_packet(&mut self) -> Option<Vec<u8>> {
        self.packets.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let at = self.socket.poll_timeout();
        let after = (at != SocketTime::infinite_future()).then(|| at - SocketTime::zero())?;
        Some(Instant::START + after)
    }

    fn buffered(&mut self) -> usize {
        self.socket.buffered_amount(STREAM)
    }

    fn send(&mut self, message: &[u8], now: Instant) -> bool {
        self.socket.advance_time(time(now));
        let message = Message::new(STREAM, BINARY, message.to_vec());
        let is_taken = self.socket.send(message, &SendOptions::default()).is_ok();
        self.hear();
        is_taken
    }

    fn receive(&mut self, _: Instant) -> Option<Vec<u8>> {
        let message = self.socket.get_next_message()?;
        // Room in its window may be worth telling.
        self.hear();
        Some(message.payload)
    }
}

impl DcSctp {
    fn hear(&mut self) {
        while let Some(event) = self.socket.poll_event() {
            match event {
                SocketEvent::SendPacket(packet) => self.packets.push_back(packet),
                SocketEvent::OnConnected() => self.is_connected = true,
                SocketEvent::OnAborted(kind, reason) => {
                    self.failure = Some(format!("{kind:?}: {reason}"));
                }
                SocketEvent::OnClosed() => self.failure = Some("closed".to_owned()),
                _ => {}
            }
        }
    }
}

fn time(now: Instant) -> SocketTime {
    SocketTime::zero() + now.since_start()
}

const STREAM: StreamId = StreamId(1);
/// WebRTC Binary (RFC 8831 section 8).
const BINARY: PpId = PpId(53);
const SEND_BUFFER: usize = 256 << 20;
