//! A peer whose packets are made by hand, and the association that it talks to.

use std::time::Duration;

use icelab_sans_io::{Instant, Output, Protocol, Rng};
use icelab_sctp::packet::chunk::{
    Chunk, ChunkType, CookieAck, CookieEcho, Data, EncodeChunk, Init, InitAck, Initiation,
};
use icelab_sctp::packet::parameter::{Parameter, Parameters};
use icelab_sctp::packet::{
    Checksum, ChecksumPolicy, Header, Packet, PacketWriter, Ppid, Ssn, StreamId, Tsn,
    VerificationTag,
};
use icelab_sctp::{Association, Config, Event, Stats};

/// A peer whose packets are made by hand, and the association that it talks to, called the end.
pub(crate) struct ByHand {
    pub(crate) end: Association,
    pub(crate) now: Instant,
    /// What the end puts into its packets,
    pub(crate) tag: VerificationTag,
    /// and what the peer puts into its own.
    pub(crate) end_tag: VerificationTag,
    /// The peer's first TSN,
    pub(crate) first: Tsn,
    /// and the end's.
    pub(crate) end_first: Tsn,
    sent: Vec<Sent>,
    events: Vec<Event>,
}

/// A packet that the end has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) at: Instant,
    pub(crate) bytes: Vec<u8>,
}

impl ByHand {
    /// Nobody has said anything.
    pub(crate) fn closed(config: Config) -> Self {
        Self {
            end: Association::new(config, Rng::from_u64(9).fork("end", 0)),
            now: Instant::from_millis(1000),
            tag: VerificationTag(0x0A0A_0A0A),
            end_tag: VerificationTag(0),
            first: Tsn(1000),
            end_first: Tsn(0),
            sent: Vec::new(),
            events: Vec::new(),
        }
    }

    /// The end has sent INIT, and the peer has it.
    pub(crate) fn asked(config: Config) -> Self {
        let mut hand = Self::closed(config);
        hand.end.connect(hand.now);
        let sent = hand.only();
        let Chunk::Init(init) = sent.only() else { panic!("{sent:?}") };
        hand.end_tag = init.0.initiate_tag;
        hand.end_first = init.0.initial_tsn;
        hand
    }

    /// The end has sent INIT, got INIT ACK and sent COOKIE ECHO.
    pub(crate) fn echoed(config: Config) -> Self {
        let mut hand = Self::asked(config);
        hand.say_init_ack(&[]);
        let sent = hand.only();
        assert_eq!(sent.kinds().first(), Some(&ChunkType::COOKIE_ECHO));
        hand
    }

    /// There is an association that the end has asked for.
    pub(crate) fn connected(config: Config) -> Self {
        let mut hand = Self::echoed(config);
        hand.say(&[Chunk::CookieAck(CookieAck)]);
        assert!(hand.end.is_connected());
        hand.sent();
        hand.events();
        hand
    }

    /// There is an association that the peer has asked for.
    pub(crate) fn answered(config: Config) -> Self {
        let mut hand = Self::closed(config);
        let cookie = hand.ask();
        hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
        assert!(hand.end.is_connected());
        hand.sent();
        hand.events();
        hand
    }

    /// The peer asks for an association, and gets the cookie.
    pub(crate) fn ask(&mut self) -> Vec<u8> {
        self.say_init(&[]);
        let sent = self.only();
        let Chunk::InitAck(ack) = sent.only() else { panic!("{sent:?}") };
        assert_eq!(sent.header().verification_tag, self.tag);
        self.end_tag = ack.0.initiate_tag;
        self.end_first = ack.0.initial_tsn;
        ack.state_cookie().expect("it has a cookie").to_vec()
    }

    pub(crate) fn say_init(&mut self, parameters: &[Parameter<'_>]) {
        let init = Init(self.initiation(parameters));
        self.give(self.packet(VerificationTag(0), &[Chunk::Init(init)]));
    }

    pub(crate) fn say_init_ack(&mut self, parameters: &[Parameter<'_>]) {
        let mut all = vec![Parameter::StateCookie(b"a cookie")];
        all.extend(parameters);
        let ack = InitAck(self.initiation(&all));
        self.say(&[Chunk::InitAck(ack)]);
    }

    /// What the peer says of itself.
    pub(crate) fn initiation<'a>(&self, parameters: &'a [Parameter<'a>]) -> Initiation<'a> {
        Initiation {
            initiate_tag: self.tag,
            window: 100_000,
            outbound_streams: 10,
            inbound_streams: 10,
            initial_tsn: self.first,
            parameters: Parameters::from(parameters),
        }
    }

    /// The peer's message number `number`, from zero on, on stream 0.
    pub(crate) fn data(&self, number: u32) -> Chunk<'static> {
        Chunk::Data(Data {
            is_immediate: false,
            is_unordered: false,
            is_beginning: true,
            is_ending: true,
            tsn: self.first.plus(number),
            stream: StreamId(0),
            ssn: Ssn(u16::try_from(number).expect("few")),
            ppid: Ppid(51),
            payload: b"data",
        })
    }

    /// A packet of these chunks, however long.
    pub(crate) fn packet(&self, tag: VerificationTag, chunks: &[Chunk<'_>]) -> Vec<u8> {
        self.sealed(tag, chunks, Checksum::Crc32c)
    }

    pub(crate) fn sealed(
        &self,
        tag: VerificationTag,
        chunks: &[Chunk<'_>],
        checksum: Checksum,
    ) -> Vec<u8> {
        let header = Header { source_port: 5000, destination_port: 5000, verification_tag: tag };
        let mut writer = PacketWriter::new(header, 70_000);
        for chunk in chunks {
            writer.push(chunk).expect("there is room");
        }
        writer.finish(checksum)
    }

    /// The peer sends a packet of these chunks.
    pub(crate) fn say(&mut self, chunks: &[Chunk<'_>]) {
        self.give(self.packet(self.end_tag, chunks));
    }

    /// The same with a tag of its own.
    pub(crate) fn say_with(&mut self, tag: VerificationTag, chunks: &[Chunk<'_>]) {
        self.give(self.packet(tag, chunks));
    }

    /// A packet with a right checksum that holds these bytes.
    pub(crate) fn say_raw(&mut self, tag: VerificationTag, chunks: &[u8]) {
        let mut bytes = self.packet(tag, &[]);
        bytes.truncate(Header::LENGTH);
        bytes[8..12].fill(0);
        bytes.extend(chunks);
        let checksum = crc32c::crc32c(&bytes);
        bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
        self.give(bytes);
    }

    pub(crate) fn give(&mut self, packet: Vec<u8>) {
        self.end.handle_input(packet, self.now);
        self.collect();
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, duration: Duration) {
        self.collect();
        let until = self.now + duration;
        let mut steps = 0;
        while let Some(deadline) = self.end.poll_timeout()
            && deadline.at <= until
        {
            steps = if deadline.at > self.now { 0 } else { steps + 1 };
            assert!(steps < 1000, "endless work: {}", deadline.timer);
            self.now = self.now.max(deadline.at);
            self.end.handle_timeout(self.now);
            self.collect();
        }
        self.now = until;
    }

    fn collect(&mut self) {
        while let Some(output) = self.end.poll_output() {
            match output {
                Output::Packet(bytes) => self.sent.push(Sent { at: self.now, bytes }),
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    /// What the end has sent since the last call.
    pub(crate) fn sent(&mut self) -> Vec<Sent> {
        self.collect();
        std::mem::take(&mut self.sent)
    }

    /// The chunks of what the end has sent since the last call, packet by packet.
    pub(crate) fn kinds(&mut self) -> Vec<Vec<ChunkType>> {
        self.sent().iter().map(Sent::kinds).collect()
    }

    /// The one packet that the end has sent since the last call.
    #[track_caller]
    pub(crate) fn only(&mut self) -> Sent {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "{:?}", sent.iter().map(Sent::kinds).collect::<Vec<_>>());
        sent.remove(0)
    }

    /// The end has sent nothing since the last call.
    #[track_caller]
    pub(crate) fn nothing(&mut self) {
        assert_eq!(self.kinds(), Vec::<Vec<ChunkType>>::new());
    }

    /// What the end has told since the last call.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        self.collect();
        std::mem::take(&mut self.events)
    }

    /// Whether the end has heard of the peer's tag.
    pub(crate) fn knows_peer(&self) -> bool {
        self.end.stats() != Stats::default()
    }

    /// All that the end is: to be compared.
    pub(crate) fn state(&self) -> String {
        format!("{:?}", self.end)
    }

    /// The same but for the counts of what was dropped.
    pub(crate) fn state_without_discards(&self) -> String {
        let state = self.state();
        let (before, rest) = state.split_once("discards: ").expect("it has some");
        let (_, behind) = rest.split_once("} }").expect("they end");
        format!("{before}{behind}")
    }
}

impl Sent {
    fn packet(&self) -> Packet<'_> {
        Packet::decode(&self.bytes, ChecksumPolicy::ZeroAllowed).expect("a packet")
    }

    pub(crate) fn header(&self) -> Header {
        self.packet().header
    }

    /// Whether the checksum is right, and not left out.
    pub(crate) fn has_checksum(&self) -> bool {
        Packet::decode(&self.bytes, ChecksumPolicy::Required).is_ok()
    }

    pub(crate) fn tag(&self) -> VerificationTag {
        self.header().verification_tag
    }

    pub(crate) fn chunks(&self) -> Vec<Chunk<'_>> {
        self.packet().chunks().map(|chunk| chunk.expect("a good chunk")).collect()
    }

    pub(crate) fn kinds(&self) -> Vec<ChunkType> {
        self.chunks().iter().map(EncodeChunk::kind).collect()
    }

    /// The one chunk.
    #[track_caller]
    pub(crate) fn only(&self) -> Chunk<'_> {
        let chunks = self.chunks();
        assert_eq!(chunks.len(), 1, "{:?}", self.kinds());
        chunks[0]
    }
}
