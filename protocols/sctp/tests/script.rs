//! A peer whose every packet the test writes and reads, and the association that it talks to. TSNs are
//! counted from 1 on both sides.

use std::time::Duration;

use icelab_sans_io::{Instant, Output, Protocol, Rng};
use icelab_sctp::packet::chunk::{
    Chunk, ChunkType, CookieEcho, Data, EncodeChunk, GapBlock, Init, Initiation, Sack,
};
use icelab_sctp::packet::parameter::Parameter;
use icelab_sctp::packet::{
    Checksum, ChecksumPolicy, Header, Packet, PacketWriter, Ppid, Ssn, StreamId, Tsn,
    VerificationTag,
};
use icelab_sctp::{Association, Config, Congestion, Event, Message, Received, Rto};

/// The peer, and the association under test: the end.
pub(crate) struct Script {
    pub(crate) end: Association,
    pub(crate) now: Instant,
    /// The tag that packets to the end carry.
    end_tag: VerificationTag,
    /// The first TSN of the end.
    end_first: Tsn,
    /// What the end's INIT ACK said.
    pub(crate) end_extensions: Vec<ChunkType>,
    packets: Vec<Vec<u8>>,
    events: Vec<Event>,
    last: u32,
}

/// What the peer says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) window: u32,
    pub(crate) streams: (u16, u16),
    pub(crate) extensions: Vec<ChunkType>,
}

impl Default for Offer {
    fn default() -> Self {
        Self {
            window: 1 << 20,
            streams: (u16::MAX, u16::MAX),
            extensions: vec![ChunkType::FORWARD_TSN, ChunkType::RE_CONFIG],
        }
    }
}

impl Offer {
    pub(crate) fn window(window: u32) -> Self {
        Self { window, ..Self::default() }
    }
}

/// A chunk that the end sent, in the peer's eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Data(SeenData),
    Sack {
        cumulative: u32,
        window: u32,
        gaps: Vec<(u16, u16)>,
        duplicates: Vec<u32>,
    },
    /// FORWARD TSN and I-FORWARD-TSN: streams, whether unordered messages are meant, numbers.
    Forward {
        to: u32,
        skipped: Vec<(u16, bool, u32)>,
    },
    ReConfig(Vec<SeenParameter>),
    Other(ChunkType),
}

/// DATA or I-DATA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeenData {
    pub(crate) tsn: u32,
    pub(crate) stream: u16,
    /// The stream sequence number, or the message identifier.
    pub(crate) number: u32,
    /// The fragment sequence number (I-DATA).
    pub(crate) fragment: u32,
    pub(crate) is_unordered: bool,
    pub(crate) is_first: bool,
    pub(crate) is_last: bool,
    pub(crate) is_immediate: bool,
    pub(crate) payload: Vec<u8>,
}

/// A request or a response, its numbers counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SeenParameter {
    OutgoingReset { request: u32, response: u32, last: u32, streams: Vec<u16> },
    IncomingReset { request: u32, streams: Vec<u16> },
    AddOutgoing { request: u32, count: u16 },
    AddIncoming { request: u32, count: u16 },
    Response { response: u32, result: u32, next: Option<(u32, u32)> },
    Other,
}

impl Script {
    /// The association is up, and quiet.
    pub(crate) fn new(config: Config, offer: &Offer) -> Self {
        let mut script = Self {
            end: Association::new(config, Rng::from_u64(7)),
            now: Instant::from_secs(1),
            end_tag: VerificationTag(0),
            end_first: Tsn(0),
            end_extensions: Vec::new(),
            packets: Vec::new(),
            events: Vec::new(),
            last: 0,
        };
        let parameters = [
            Parameter::ForwardTsnSupported,
            Parameter::SupportedExtensions(offer.extensions.as_slice().into()),
        ];
        let knows_forward = offer.extensions.contains(&ChunkType::FORWARD_TSN);
        let init = Init(Initiation {
            initiate_tag: PEER_TAG,
            window: offer.window,
            outbound_streams: offer.streams.0,
            inbound_streams: offer.streams.1,
            initial_tsn: PEER_FIRST.previous(),
            parameters: parameters[usize::from(!knows_forward)..].into(),
        });
        // A <- INIT <- peer; A -> INIT ACK -> peer
        script.put(&[Chunk::Init(init)]);
        let ack = script.packets.pop().expect("INIT ACK");
        let packet = Packet::decode(&ack, ChecksumPolicy::Required).expect("a packet");
        let cookie = match packet.chunks().next() {
            Some(Ok(Chunk::InitAck(ack))) => {
                script.end_tag = ack.0.initiate_tag;
                script.end_first = ack.0.initial_tsn;
                for parameter in ack.0.parameters.iter() {
                    if let Parameter::SupportedExtensions(chunks) = parameter {
                        script.end_extensions = chunks.iter().collect();
                    }
                }
                ack.state_cookie().expect("a cookie").to_vec()
            }
            other => panic!("INIT ACK, not {other:?}"),
        };
        // A <- COOKIE ECHO <- peer, a round trip later; A -> COOKIE ACK -> peer
        script.now += RTT;
        script.put(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
        assert!(script.end.is_connected());
        // A <- DATA(0) <- peer: the first one is acknowledged at once (RFC 9260 section 5.1)
        script.put(&[Chunk::Data(Data { is_unordered: true, ..data(0, 0, 0, b"first") })]);
        assert!(
            script.end.receive(script.now).is_some() && script.end.receive(script.now).is_none()
        );
        script.collect();
        script.packets.clear();
        script.events.clear();
        script
    }

    /// A packet to the end.
    pub(crate) fn put(&mut self, chunks: &[Chunk<'_>]) {
        self.put_bytes(self.packet(chunks));
    }

    pub(crate) fn put_bytes(&mut self, packet: Vec<u8>) {
        self.end.handle_input(packet, self.now);
        self.collect();
    }

    /// A packet for the end.
    pub(crate) fn packet(&self, chunks: &[Chunk<'_>]) -> Vec<u8> {
        let is_init = matches!(chunks.first(), Some(Chunk::Init(_)));
        let tag = if is_init { VerificationTag(0) } else { self.end_tag };
        let header = Header { source_port: 5000, destination_port: 5000, verification_tag: tag };
        let mut packet = PacketWriter::new(header, 65_000);
        for chunk in chunks {
            packet.push(chunk).expect("there is room");
        }
        packet.finish(Checksum::Crc32c)
    }

    /// The packet with the checksum that belongs to it.
    pub(crate) fn with_checksum(mut packet: Vec<u8>) -> Vec<u8> {
        packet[8..12].fill(0);
        let checksum = crc32c::crc32c(&packet);
        packet[8..12].copy_from_slice(&checksum.to_le_bytes());
        packet
    }

    /// Packets to the end, each with one of these whole messages on stream 0.
    pub(crate) fn put_messages(&mut self, tsns: impl IntoIterator<Item = u32>) {
        for tsn in tsns {
            let ssn = u16::try_from(tsn - 1).expect("few messages");
            self.put(&[Chunk::Data(data(tsn, 0, ssn, &tsn.to_be_bytes()))]);
        }
    }

    fn collect(&mut self) {
        while let Some(output) = self.end.poll_output() {
            match output {
                Output::Packet(packet) => self.packets.push(packet),
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    /// Time passes.
    pub(crate) fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(deadline) = self.end.poll_timeout()
            && deadline.at <= until
        {
            self.now = self.now.max(deadline.at);
            self.end.handle_timeout(self.now);
            self.collect();
        }
        self.now = until;
    }

    /// Time passes until the end sends something, at most so long. How long it was.
    pub(crate) fn wait_for_packet(&mut self, most: Duration) -> Option<Duration> {
        let start = self.now;
        let until = start + most;
        while self.packets.is_empty() {
            let deadline = self.end.poll_timeout().filter(|deadline| deadline.at <= until)?;
            self.now = self.now.max(deadline.at);
            self.end.handle_timeout(self.now);
            self.collect();
        }
        Some(self.now - start)
    }

    pub(crate) fn send(&mut self, message: Message) {
        self.end.send(message, self.now).expect("it is taken");
        self.collect();
    }

    /// The end sends, and the peer acknowledges every second packet, until so many packets may be under
    /// way. Returns the last TSN; nothing is under way then.
    pub(crate) fn grow(&mut self, packets: usize) -> u32 {
        let mut acked = self.end_last();
        while self.end.stats().congestion_window < packets * 1188 {
            self.send(crate::ends::message(0, vec![1; 2 * packets * 1172]));
            while acked < self.end_last() {
                acked = self.acknowledge_round(acked);
            }
        }
        acked
    }

    /// A round trip passes, and all that is under way is acknowledged, every second packet in turn.
    pub(crate) fn acknowledge_round(&mut self, acked: u32) -> u32 {
        let until = self.end_last();
        self.wait(RTT);
        for tsn in (acked + 2..until).step_by(2).chain([until]) {
            self.sack(tsn, 1 << 20, &[]);
        }
        until
    }

    /// All that can be read.
    pub(crate) fn read(&mut self) -> Vec<Received> {
        let read = std::iter::from_fn(|| self.end.receive(self.now)).collect();
        self.collect();
        read
    }

    /// All that can be read, as bytes.
    pub(crate) fn read_bytes(&mut self) -> Vec<Vec<u8>> {
        self.read().into_iter().map(|received| received.payload.into_bytes().to_vec()).collect()
    }

    /// The events since the last call.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        self.collect();
        std::mem::take(&mut self.events)
    }

    /// The packets since the last call.
    pub(crate) fn take(&mut self) -> Vec<Vec<Seen>> {
        self.collect();
        let packets = std::mem::take(&mut self.packets);
        let packets: Vec<Vec<Seen>> = packets.iter().map(|packet| self.see(packet)).collect();
        let tsns = data_of(packets.concat()).into_iter().map(|data| data.tsn);
        self.last = tsns.fold(self.last, u32::max);
        packets
    }

    /// The highest TSN that the end has sent.
    pub(crate) fn end_last(&mut self) -> u32 {
        self.take();
        self.last
    }

    /// The packets since the last call, as bytes.
    pub(crate) fn take_bytes(&mut self) -> Vec<Vec<u8>> {
        self.collect();
        std::mem::take(&mut self.packets)
    }

    /// The chunks of the packets since the last call.
    pub(crate) fn chunks(&mut self) -> Vec<Seen> {
        self.take().into_iter().flatten().collect()
    }

    /// The TSNs of the packets since the last call, by packet; packets without data do not count.
    pub(crate) fn tsns(&mut self) -> Vec<Vec<u32>> {
        let tsns = |packet: Vec<Seen>| data_of(packet).iter().map(|data| data.tsn).collect();
        self.take().into_iter().map(tsns).filter(|tsns: &Vec<u32>| !tsns.is_empty()).collect()
    }

    fn see(&self, packet: &[u8]) -> Vec<Seen> {
        let packet = Packet::decode(packet, ChecksumPolicy::ZeroAllowed).expect("a packet");
        assert_eq!(packet.header.verification_tag, PEER_TAG);
        packet.chunks().map(|chunk| self.see_chunk(&chunk.expect("a chunk"))).collect()
    }

    fn see_chunk(&self, chunk: &Chunk<'_>) -> Seen {
        let own = |tsn: Tsn| tsn.0.wrapping_sub(self.end_first.0).wrapping_add(1);
        let theirs = |tsn: Tsn| tsn.0.wrapping_sub(PEER_FIRST.0).wrapping_add(1);
        match chunk {
            Chunk::Data(data) => Seen::Data(SeenData {
                tsn: own(data.tsn),
                stream: data.stream.0,
                number: data.ssn.0.into(),
                fragment: 0,
                is_unordered: data.is_unordered,
                is_first: data.is_beginning,
                is_last: data.is_ending,
                is_immediate: data.is_immediate,
                payload: data.payload.to_vec(),
            }),
            Chunk::IData(data) => Seen::Data(SeenData {
                tsn: own(data.tsn),
                stream: data.stream.0,
                number: data.mid.0,
                fragment: data.fragment.fsn().0,
                is_unordered: data.is_unordered,
                is_first: data.fragment.is_first(),
                is_last: data.is_ending,
                is_immediate: data.is_immediate,
                payload: data.payload.to_vec(),
            }),
            Chunk::Sack(sack) => Seen::Sack {
                cumulative: theirs(sack.cumulative_tsn_ack),
                window: sack.window,
                gaps: sack.gaps.iter().map(|gap| (gap.start, gap.end)).collect(),
                duplicates: sack.duplicates.iter().map(theirs).collect(),
            },
            Chunk::ForwardTsn(forward) => Seen::Forward {
                to: own(forward.new_cumulative_tsn),
                skipped: forward
                    .skipped
                    .iter()
                    .map(|one| (one.stream.0, false, one.ssn.0.into()))
                    .collect(),
            },
            Chunk::IForwardTsn(forward) => Seen::Forward {
                to: own(forward.new_cumulative_tsn),
                skipped: forward
                    .skipped
                    .iter()
                    .map(|one| (one.stream.0, one.is_unordered, one.mid.0))
                    .collect(),
            },
            Chunk::ReConfig(re_config) => {
                let see = |parameter| self.see_parameter(&parameter);
                Seen::ReConfig(re_config.parameters.iter().map(see).collect())
            }
            other => Seen::Other(other.kind()),
        }
    }

    fn see_parameter(&self, parameter: &Parameter<'_>) -> SeenParameter {
        let own = |number: u32| number.wrapping_sub(self.end_first.0).wrapping_add(1);
        let theirs = |number: u32| number.wrapping_sub(PEER_FIRST.0).wrapping_add(1);
        match parameter {
            Parameter::OutgoingReset(reset) => SeenParameter::OutgoingReset {
                request: own(reset.request.0),
                response: theirs(reset.response.0),
                last: own(reset.last_assigned_tsn.0),
                streams: reset.streams.iter().map(|stream| stream.0).collect(),
            },
            Parameter::IncomingReset(reset) => SeenParameter::IncomingReset {
                request: own(reset.request.0),
                streams: reset.streams.iter().map(|stream| stream.0).collect(),
            },
            Parameter::AddOutgoingStreams(add) => {
                SeenParameter::AddOutgoing { request: own(add.request.0), count: add.new_streams }
            }
            Parameter::AddIncomingStreams(add) => {
                SeenParameter::AddIncoming { request: own(add.request.0), count: add.new_streams }
            }
            Parameter::ReconfigurationResponse(response) => SeenParameter::Response {
                response: theirs(response.response.0),
                result: response.result.0,
                next: response.next_tsns.map(|next| (own(next.sender.0), theirs(next.receiver.0))),
            },
            _ => SeenParameter::Other,
        }
    }

    /// The end's TSN with this count.
    pub(crate) fn end_tsn(&self, tsn: u32) -> Tsn {
        self.end_first.plus(tsn.wrapping_sub(1))
    }

    /// A SACK to the end.
    pub(crate) fn sack(&mut self, cumulative: u32, window: u32, gaps: &[(u16, u16)]) {
        self.sack_with(cumulative, window, gaps, &[]);
    }

    /// A SACK to the end that names duplicates.
    pub(crate) fn sack_with(
        &mut self,
        cumulative: u32,
        window: u32,
        gaps: &[(u16, u16)],
        duplicates: &[u32],
    ) {
        let gaps: Vec<_> =
            gaps.iter().map(|(start, end)| GapBlock { start: *start, end: *end }).collect();
        let duplicates: Vec<_> = duplicates.iter().map(|tsn| self.end_tsn(*tsn)).collect();
        let sack = Sack {
            cumulative_tsn_ack: self.end_tsn(cumulative),
            window,
            gaps: gaps.as_slice().into(),
            duplicates: duplicates.as_slice().into(),
        };
        self.put(&[Chunk::Sack(sack)]);
    }
}

/// Timers and congestion control as RFC 9260 says.
pub(crate) fn rfc() -> Config {
    Config { congestion: Congestion::Reno, rto: Rto::RFC, heartbeat: None, ..Config::default() }
}

/// The peer's TSN with this count.
pub(crate) fn tsn(tsn: u32) -> Tsn {
    PEER_FIRST.plus(tsn.wrapping_sub(1))
}

/// A DATA chunk of the peer's with a whole ordered message.
pub(crate) fn data(number: u32, stream: u16, ssn: u16, payload: &[u8]) -> Data<'_> {
    Data {
        is_immediate: false,
        is_unordered: false,
        is_beginning: true,
        is_ending: true,
        tsn: tsn(number),
        stream: StreamId(stream),
        ssn: Ssn(ssn),
        ppid: Ppid(51),
        payload,
    }
}

/// The data among chunks.
pub(crate) fn data_of(chunks: Vec<Seen>) -> Vec<SeenData> {
    chunks
        .into_iter()
        .filter_map(|chunk| if let Seen::Data(data) = chunk { Some(data) } else { None })
        .collect()
}

/// No packet with data.
pub(crate) const NO_TSNS: [[u32; 0]; 0] = [];
/// The round trip of the set-up.
pub(crate) const RTT: Duration = Duration::from_millis(100);
const PEER_TAG: VerificationTag = VerificationTag(0x5005_0001);
/// Close to where numbers wrap.
const PEER_FIRST: Tsn = Tsn(u32::MAX - 2);
