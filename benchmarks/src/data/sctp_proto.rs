//! sctp-proto as a stack to be measured.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time;

use bytes::Bytes;
use icelab::bench::{Setup, Side, Stack};
use icelab_sans_io::Instant;
use sctp_proto::{
    Association, AssociationHandle, ClientConfig, DatagramEvent, Endpoint, EndpointConfig, Event,
    Payload, PayloadProtocolIdentifier, ServerConfig, Transmit, TransportConfig,
};

/// Its own defaults, but for the sizes of packets and buffers.
pub fn new(setup: Setup) -> Box<dyn Stack> {
    let mut config = EndpointConfig::new();
    let mtu = u32::try_from(setup.mtu).expect("packets are small");
    config.max_payload_size(mtu - HEADERS);
    let window = u32::try_from(setup.window).expect("no more than 1 GiB");
    let transport = Arc::new(TransportConfig::default().with_max_receive_buffer_size(window));
    let server = (setup.side == Side::Server).then(|| {
        let mut server = ServerConfig::new();
        server.transport = transport.clone();
        Arc::new(server)
    });
    Box::new(SctpProto {
        side: setup.side,
        transport,
        endpoint: Endpoint::new(Arc::new(config), server),
        association: None,
        began: time::Instant::now(),
        packets: VecDeque::new(),
        is_connected: false,
        failure: None,
    })
}

struct SctpProto {
    side: Side,
    transport: Arc<TransportConfig>,
    endpoint: Endpoint,
    association: Option<(AssociationHandle, Association)>,
    /// Its clock begins there; only differences count.
    began: time::Instant,
    packets: VecDeque<Vec<u8>>,
    is_connected: bool,
    failure: Option<String>,
}

impl Stack for SctpProto {
    fn connect(&mut self, now: Instant) {
        let mut config = ClientConfig::new();
        config.transport = self.transport.clone();
        match self.endpoint.connect(config, PEER) {
            Ok(association) => self.association = Some(association),
            Err(error) => self.failure = Some(error.to_string()),
        }
        self.hear(now);
    }

    fn is_connected(&self) -> bool {
        self.is_connected
    }

    fn failure(&self) -> Option<String> {
        self.failure.clone()
    }

    fn handle_input(&mut self, packet: Vec<u8>, now: Instant) {
        let at = self.began + now.since_start();
        let event = self.endpoint.handle(at, PEER, None, None, packet.into());
        match event {
            Some((handle, DatagramEvent::NewAssociation(association))) => {
                self.association = Some((handle, association));
            }
            Some((_, DatagramEvent::AssociationEvent(event))) => {
                if let Some((_, association)) = &mut self.association {
                    association.handle_event(event);
                }
            }
            None => {}
        }
        self.hear(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Some((_, association)) = &mut self.association {
            association.handle_timeout(self.began + now.since_start());
        }
        self.hear(now);
    }

    fn poll_packet(&mut self) -> Option<Vec<u8>> {
        self.packets.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let at = self.association.as_ref()?.1.poll_timeout()?;
        Some(Instant::START + at.saturating_duration_since(self.began))
    }

    fn buffered(&mut self) -> usize {
        let Some((_, association)) = &mut self.association else { return 0 };
        let stream = association.stream(STREAM);
        stream.and_then(|stream| stream.buffered_amount()).unwrap_or(0)
    }

    fn send(&mut self, message: &[u8], now: Instant) -> bool {
        let Some((_, association)) = &mut self.association else { return false };
        let message = Bytes::copy_from_slice(message);
        let sent = association
            .stream(STREAM)
            .and_then(|mut stream| stream.write_sctp(&message, PayloadProtocolIdentifier::Binary));
        self.hear(now);
        sent.is_ok()
    }

    fn receive(&mut self, now: Instant) -> Option<Vec<u8>> {
        let (_, association) = self.association.as_mut()?;
        let chunks = association.stream(STREAM).ok()?.read_sctp().ok()??;
        let mut message = vec![0; chunks.len()];
        chunks.read(&mut message).ok()?;
        self.hear(now);
        Some(message)
    }
}

impl SctpProto {
    /// Takes all that the association has to tell.
    fn hear(&mut self, now: Instant) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            self.queue(transmit);
        }
        let Some((handle, mut association)) = self.association.take() else { return };
        loop {
            while let Some(event) = association.poll() {
                match event {
                    Event::Connected => self.is_connected = true,
                    Event::HandshakeFailed { reason } | Event::AssociationLost { reason } => {
                        self.failure = Some(reason.to_string());
                    }
                    _ => {}
                }
            }
            let mut is_answered = false;
            while let Some(event) = association.poll_endpoint_event() {
                if let Some(answer) = self.endpoint.handle_event(handle, event) {
                    association.handle_event(answer);
                    is_answered = true;
                }
            }
            while let Some(transmit) = association.poll_transmit(self.began + now.since_start()) {
                self.queue(transmit);
            }
            if !is_answered {
                break;
            }
        }
        if self.is_connected && self.side == Side::Client && association.stream(STREAM).is_err() {
            let opened = association.open_stream(STREAM, PayloadProtocolIdentifier::Binary);
            self.failure = opened.err().map(|error| error.to_string());
        }
        self.association = Some((handle, association));
    }

    fn queue(&mut self, transmit: Transmit) {
        if let Payload::RawEncode(packets) = transmit.payload {
            self.packets.extend(packets.into_iter().map(Vec::from));
        }
    }
}

const STREAM: u16 = 1;
/// Any address: it never leaves the stack.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5000);
/// The common header, and that of a DATA chunk, which it counts apart from the payload.
const HEADERS: u32 = 12 + 16;
