//! Any values: written, read, and written again.

use core::time::Duration;

use icelab_sctp::packet::cause::{Cause, Causes};
use icelab_sctp::packet::chunk::{
    Abort, Chunk, ChunkType, CookieAck, CookieEcho, Cwr, Data, Ecne, ForwardTsn, Fragment,
    GapBlock, Heartbeat, HeartbeatAck, IData, IForwardTsn, Init, InitAck, Initiation,
    OperationError, Pad, ReConfig, Sack, Shutdown, ShutdownAck, ShutdownComplete, SkippedMid,
    SkippedSsn,
};
use icelab_sctp::packet::parameter::{
    AddStreams, ErrorDetectionMethod, IncomingReset, NextTsns, OutgoingReset, Parameter,
    ParameterType, Parameters, ReconfigurationResponse, ReconfigurationResult, SsnTsnReset,
};
use icelab_sctp::packet::{
    Checksum, ChecksumPolicy, Fsn, Header, List, Mid, Packet, PacketWriter, Ppid, RequestNumber,
    Ssn, StreamId, Tsn, VerificationTag,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// What parameters and causes are made of.
#[derive(Clone, Debug)]
struct Element {
    choice: u8,
    is_long: bool,
    words: (u32, u32, u32),
    half: u16,
    bytes: Vec<u8>,
    streams: Vec<StreamId>,
    types: Vec<ParameterType>,
    chunks: Vec<ChunkType>,
}

/// What chunks are made of.
#[derive(Clone, Debug)]
struct Recipe {
    choice: u8,
    flags: (bool, bool, bool, bool),
    words: (u32, u32, u32),
    halves: (u16, u16),
    bytes: Vec<u8>,
    gaps: Vec<GapBlock>,
    tsns: Vec<Tsn>,
    skipped: Vec<SkippedSsn>,
    skipped_by_mid: Vec<SkippedMid>,
    elements: Vec<Element>,
}

const PARAMETERS: u8 = 18;
const CAUSES: u8 = 13;
const CHUNKS: u8 = 20;

prop_compose! {
    fn element()(
        choice: u8,
        is_long: bool,
        words in any::<(u32, u32, u32)>(),
        half: u16,
        bytes in vec(any::<u8>(), 0..40),
        streams in vec(any::<u16>().prop_map(StreamId), 0..20),
        types in vec(any::<u16>().prop_map(ParameterType), 0..5),
        chunks in vec(any::<u8>().prop_map(ChunkType), 0..9),
    ) -> Element {
        Element { choice, is_long, words, half, bytes, streams, types, chunks }
    }
}

prop_compose! {
    fn recipe()(
        choice in 0..CHUNKS,
        flags in any::<(bool, bool, bool, bool)>(),
        words in any::<(u32, u32, u32)>(),
        halves in any::<(u16, u16)>(),
        bytes in vec(any::<u8>(), 0..200),
        gaps in vec(any::<(u16, u16)>().prop_map(|(start, end)| GapBlock { start, end }), 0..100),
        tsns in vec(any::<u32>().prop_map(Tsn), 0..20),
        skipped in vec(any::<(u16, u16)>(), 0..20),
        skipped_by_mid in vec(any::<(u16, bool, u32)>(), 0..20),
        elements in vec(element(), 0..6),
    ) -> Recipe {
        let skipped = skipped
            .into_iter()
            .map(|(stream, ssn)| SkippedSsn { stream: StreamId(stream), ssn: Ssn(ssn) })
            .collect();
        let skipped_by_mid = skipped_by_mid
            .into_iter()
            .map(|(stream, is_unordered, mid)| {
                SkippedMid { stream: StreamId(stream), is_unordered, mid: Mid(mid) }
            })
            .collect();
        Recipe { choice, flags, words, halves, bytes, gaps, tsns, skipped, skipped_by_mid, elements }
    }
}

fn parameter(element: &Element) -> Parameter<'_> {
    let request = RequestNumber(element.words.0);
    let streams = List::from(&element.streams[..]);
    let bytes = &element.bytes[..];
    match element.choice % PARAMETERS {
        0 => Parameter::HeartbeatInfo(bytes),
        1 => Parameter::Ipv4Address(element.words.0.into()),
        2 => Parameter::Ipv6Address((u128::from(element.words.1) << 70).into()),
        3 => Parameter::StateCookie(bytes),
        4 => Parameter::UnrecognizedParameter(bytes),
        5 => Parameter::CookiePreservative(Duration::from_millis(element.words.0.into())),
        6 => Parameter::HostNameAddress(bytes),
        7 => Parameter::SupportedAddressTypes(List::from(&element.types[..])),
        8 => Parameter::OutgoingReset(OutgoingReset {
            request,
            response: RequestNumber(element.words.1),
            last_assigned_tsn: Tsn(element.words.2),
            streams,
        }),
        9 => Parameter::IncomingReset(IncomingReset { request, streams }),
        10 => Parameter::SsnTsnReset(SsnTsnReset { request }),
        11 => Parameter::ReconfigurationResponse(ReconfigurationResponse {
            response: request,
            result: ReconfigurationResult(element.words.1),
            next_tsns: element
                .is_long
                .then_some(NextTsns { sender: Tsn(element.words.2), receiver: Tsn(7) }),
        }),
        12 => Parameter::AddOutgoingStreams(AddStreams { request, new_streams: element.half }),
        13 => Parameter::AddIncomingStreams(AddStreams { request, new_streams: element.half }),
        14 => Parameter::ZeroChecksumAcceptable(ErrorDetectionMethod(element.words.0)),
        15 => Parameter::Padding(bytes.len()),
        16 => Parameter::SupportedExtensions(List::from(&element.chunks[..])),
        _ => Parameter::ForwardTsnSupported,
    }
}

fn cause(element: &Element) -> Cause<'_> {
    let bytes = &element.bytes[..];
    match element.choice % CAUSES {
        0 => Cause::InvalidStreamIdentifier(StreamId(element.half)),
        1 => Cause::MissingMandatoryParameter(List::from(&element.types[..])),
        2 => Cause::StaleCookie(Duration::from_micros(element.words.0.into())),
        3 => Cause::OutOfResource,
        4 => Cause::UnresolvableAddress(bytes),
        5 => Cause::UnrecognizedChunkType(bytes),
        6 => Cause::InvalidMandatoryParameter,
        7 => Cause::UnrecognizedParameters(bytes),
        8 => Cause::NoUserData(Tsn(element.words.0)),
        9 => Cause::CookieReceivedWhileShuttingDown,
        10 => Cause::RestartWithNewAddresses(bytes),
        11 => Cause::UserInitiatedAbort(bytes),
        _ => Cause::ProtocolViolation(bytes),
    }
}

fn initiation<'a>(recipe: &Recipe, parameters: Parameters<'a>) -> Initiation<'a> {
    Initiation {
        initiate_tag: VerificationTag(recipe.words.0.max(1)),
        window: recipe.words.1.max(Initiation::SMALLEST_WINDOW),
        outbound_streams: recipe.halves.0.max(1),
        inbound_streams: recipe.halves.1.max(1),
        initial_tsn: Tsn(recipe.words.2),
        parameters,
    }
}

fn data(recipe: &Recipe) -> Data<'_> {
    Data {
        is_immediate: recipe.flags.0,
        is_unordered: recipe.flags.1,
        is_beginning: recipe.flags.2,
        is_ending: recipe.flags.3,
        tsn: Tsn(recipe.words.0),
        stream: StreamId(recipe.halves.0),
        ssn: Ssn(recipe.halves.1),
        ppid: Ppid(recipe.words.1),
        payload: if recipe.bytes.is_empty() { &[1] } else { &recipe.bytes },
    }
}

fn i_data(recipe: &Recipe) -> IData<'_> {
    IData {
        is_immediate: recipe.flags.0,
        is_unordered: recipe.flags.1,
        is_ending: recipe.flags.3,
        tsn: Tsn(recipe.words.0),
        stream: StreamId(recipe.halves.0),
        mid: Mid(recipe.words.2),
        fragment: if recipe.flags.2 {
            Fragment::First(Ppid(recipe.words.1))
        } else {
            Fragment::Later(Fsn(recipe.words.1))
        },
        payload: data(recipe).payload,
    }
}

/// Calls `then` with the chunk of a recipe. A RE-CONFIG has a parameter and an ERROR a cause.
fn with_chunk<R>(recipe: &Recipe, then: impl FnOnce(Chunk<'_>) -> R) -> R {
    let mut parameters: Vec<_> = recipe.elements.iter().map(parameter).collect();
    let mut causes: Vec<_> = recipe.elements.iter().map(cause).collect();
    if parameters.is_empty() && matches!(recipe.choice, 13 | 16) {
        parameters.push(Parameter::ForwardTsnSupported);
        causes.push(Cause::OutOfResource);
    }
    let (parameters, causes) = (Parameters::from(&parameters[..]), Causes::from(&causes[..]));
    let tsn = Tsn(recipe.words.0);
    let bytes = &recipe.bytes[..];
    then(match recipe.choice {
        0 => Chunk::Data(data(recipe)),
        1 => Chunk::IData(i_data(recipe)),
        2 => Chunk::Sack(Sack {
            cumulative_tsn_ack: tsn,
            window: recipe.words.1,
            gaps: List::from(&recipe.gaps[..]),
            duplicates: List::from(&recipe.tsns[..]),
        }),
        3 => Chunk::Init(Init(initiation(recipe, parameters))),
        4 => Chunk::InitAck(InitAck(initiation(recipe, parameters))),
        5 => Chunk::CookieEcho(CookieEcho { cookie: bytes }),
        6 => Chunk::CookieAck(CookieAck),
        7 => Chunk::Heartbeat(Heartbeat { info: bytes }),
        8 => Chunk::HeartbeatAck(HeartbeatAck { info: bytes }),
        9 => Chunk::Shutdown(Shutdown { cumulative_tsn_ack: tsn }),
        10 => Chunk::ShutdownAck(ShutdownAck),
        11 => Chunk::ShutdownComplete(ShutdownComplete { is_tag_reflected: recipe.flags.0 }),
        12 => Chunk::Abort(Abort { is_tag_reflected: recipe.flags.0, causes }),
        13 => Chunk::Error(OperationError { causes }),
        14 => {
            let skipped = List::from(&recipe.skipped[..]);
            Chunk::ForwardTsn(ForwardTsn { new_cumulative_tsn: tsn, skipped })
        }
        15 => {
            let skipped = List::from(&recipe.skipped_by_mid[..]);
            Chunk::IForwardTsn(IForwardTsn { new_cumulative_tsn: tsn, skipped })
        }
        16 => Chunk::ReConfig(ReConfig { parameters }),
        17 => Chunk::Ecne(Ecne { value: bytes }),
        18 => Chunk::Cwr(Cwr { value: bytes }),
        _ => Chunk::Pad(Pad { length: bytes.len() }),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_packet_survives_the_round_trip(
        source_port in 1..=u16::MAX,
        destination_port in 1..=u16::MAX,
        tag: u32,
        recipes in vec(recipe(), 0..6),
    ) {
        let header = Header { source_port, destination_port, verification_tag: VerificationTag(tag) };
        let mut writer = PacketWriter::new(header, 20_000);
        for recipe in &recipes {
            with_chunk(recipe, |chunk| writer.push(&chunk)).unwrap();
        }
        let bytes = writer.finish(Checksum::Crc32c);
        let packet = Packet::decode(&bytes, ChecksumPolicy::Required).unwrap();
        prop_assert_eq!(packet.header, header);
        let mut again = PacketWriter::new(header, bytes.len());
        let mut chunks = packet.chunks();
        for recipe in &recipes {
            let read = chunks.next().unwrap().unwrap();
            with_chunk(recipe, |chunk| -> Result<(), TestCaseError> {
                prop_assert_eq!(read, chunk);
                Ok(())
            })?;
            again.push(&read).unwrap();
        }
        prop_assert!(chunks.next().is_none());
        prop_assert_eq!(&again.finish(Checksum::Crc32c), &bytes);
    }
}
