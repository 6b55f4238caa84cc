//! Packets of four other stacks, read and written again byte for byte.

use icelab_sctp::packet::cause::{Cause, Causes};
use icelab_sctp::packet::chunk::{
    Abort, Chunk, ChunkType, ForwardTsn, IForwardTsn, Init, InitAck, Initiation, OperationError,
    ReConfig, Sack,
};
use icelab_sctp::packet::parameter::{
    IncomingReset, OutgoingReset, Parameter, ParameterType, Parameters,
};
use icelab_sctp::packet::{Checksum, ChecksumPolicy, Header, List, Packet, PacketWriter};

const USRSCTP_INTERLEAVED: &str = include_str!("captures/usrsctp_interleaved.txt");
const USRSCTP_DATA: &str = include_str!("captures/usrsctp_data.txt");
const USRSCTP_ANSWERS: &str = include_str!("captures/usrsctp_answers.txt");
const DCSCTP_INTERLEAVED: &str = include_str!("captures/dcsctp_interleaved.txt");
const DCSCTP_DATA: &str = include_str!("captures/dcsctp_data.txt");
const SCTP_PROTO: &str = include_str!("captures/sctp_proto.txt");
const SCTP_PROTO_ANSWERS: &str = include_str!("captures/sctp_proto_answers.txt");
const AIORTC: &str = include_str!("captures/aiortc.txt");

/// Every packet of every stack.
pub(super) fn all() -> Vec<Vec<u8>> {
    let captures = [
        USRSCTP_INTERLEAVED,
        USRSCTP_DATA,
        USRSCTP_ANSWERS,
        DCSCTP_INTERLEAVED,
        DCSCTP_DATA,
        SCTP_PROTO,
        SCTP_PROTO_ANSWERS,
        AIORTC,
    ];
    captures.into_iter().flat_map(packets).collect()
}

/// The packets of one capture: a line is a sender's letter and hexadecimal digits.
fn packets(capture: &str) -> Vec<Vec<u8>> {
    let lines = capture.lines().filter(|line| !line.starts_with('#'));
    let byte = |digits: &[u8]| u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap();
    lines.map(|line| line.as_bytes()[2..].chunks(2).map(byte).collect()).collect()
}

/// Reads and writes each packet twice: as what was read in place, and from values that were taken
/// out of it one by one. Returns which chunks it has seen.
fn written_again(capture: &str) -> Vec<ChunkType> {
    let mut seen = Vec::new();
    for bytes in packets(capture) {
        let is_zero = bytes[8..12] == [0; 4];
        let (checksum, policy) = if is_zero {
            (Checksum::Zero, ChecksumPolicy::ZeroAllowed)
        } else {
            (Checksum::Crc32c, ChecksumPolicy::Required)
        };
        let packet = Packet::decode(&bytes, policy).unwrap();
        let mut in_place = PacketWriter::new(packet.header, bytes.len());
        let mut rebuilt = PacketWriter::new(packet.header, bytes.len());
        for (chunk, raw) in packet.chunks().zip(packet.raw_chunks()) {
            let (chunk, raw) = (chunk.unwrap(), raw.unwrap());
            seen.push(raw.kind());
            in_place.push(&chunk).unwrap();
            rebuild(chunk, |chunk| rebuilt.push(&chunk).unwrap());
        }
        assert_eq!(in_place.finish(checksum), bytes);
        assert_eq!(rebuilt.finish(checksum), bytes);
    }
    seen.sort_unstable();
    seen.dedup();
    seen
}

/// Hands over the chunk made of values instead of bytes.
fn rebuild(chunk: Chunk<'_>, push: impl FnOnce(Chunk<'_>)) {
    match chunk {
        Chunk::Sack(sack) => {
            let gaps: Vec<_> = sack.gaps.iter().collect();
            let duplicates: Vec<_> = sack.duplicates.iter().collect();
            let (gaps, duplicates) = (List::from(&gaps[..]), List::from(&duplicates[..]));
            push(Chunk::Sack(Sack { gaps, duplicates, ..sack }));
        }
        Chunk::Init(Init(init)) => rebuild_parameters(init.parameters, |parameters| {
            push(Chunk::Init(Init(Initiation { parameters, ..init })));
        }),
        Chunk::InitAck(InitAck(init)) => rebuild_parameters(init.parameters, |parameters| {
            push(Chunk::InitAck(InitAck(Initiation { parameters, ..init })));
        }),
        Chunk::ReConfig(re_config) => rebuild_parameters(re_config.parameters, |parameters| {
            push(Chunk::ReConfig(ReConfig { parameters }));
        }),
        Chunk::Abort(abort) => {
            rebuild_causes(abort.causes, |causes| push(Chunk::Abort(Abort { causes, ..abort })));
        }
        Chunk::Error(error) => {
            rebuild_causes(error.causes, |causes| push(Chunk::Error(OperationError { causes })));
        }
        Chunk::ForwardTsn(forward) => {
            let skipped: Vec<_> = forward.skipped.iter().collect();
            push(Chunk::ForwardTsn(ForwardTsn { skipped: List::from(&skipped[..]), ..forward }));
        }
        Chunk::IForwardTsn(forward) => {
            let skipped: Vec<_> = forward.skipped.iter().collect();
            push(Chunk::IForwardTsn(IForwardTsn { skipped: List::from(&skipped[..]), ..forward }));
        }
        other => push(other),
    }
}

fn rebuild_causes(causes: Causes<'_>, push: impl FnOnce(Causes<'_>)) {
    let causes: Vec<Cause<'_>> = causes.iter().collect();
    push(Causes::from(&causes[..]));
}

fn rebuild_parameters(parameters: Parameters<'_>, push: impl FnOnce(Parameters<'_>)) {
    let (mut streams, mut types, mut extensions) = (Vec::new(), Vec::new(), Vec::new());
    for parameter in parameters {
        match parameter {
            Parameter::OutgoingReset(reset) => streams.extend(reset.streams),
            Parameter::IncomingReset(reset) => streams.extend(reset.streams),
            Parameter::SupportedAddressTypes(kinds) => types.extend(kinds),
            Parameter::SupportedExtensions(kinds) => extensions.extend(kinds),
            _ => {}
        }
    }
    let rebuilt: Vec<_> = parameters
        .iter()
        .map(|parameter| match parameter {
            Parameter::OutgoingReset(reset) => Parameter::OutgoingReset(OutgoingReset {
                streams: List::from(&streams[..]),
                ..reset
            }),
            Parameter::IncomingReset(reset) => Parameter::IncomingReset(IncomingReset {
                streams: List::from(&streams[..]),
                ..reset
            }),
            Parameter::SupportedAddressTypes(_) => {
                Parameter::SupportedAddressTypes(List::from(&types[..]))
            }
            Parameter::SupportedExtensions(_) => {
                Parameter::SupportedExtensions(List::from(&extensions[..]))
            }
            other => other,
        })
        .collect();
    push(Parameters::from(&rebuilt[..]));
}

const OPENING: [ChunkType; 4] =
    [ChunkType::INIT, ChunkType::INIT_ACK, ChunkType::COOKIE_ECHO, ChunkType::COOKIE_ACK];

/// The kinds of chunks that an association's opening has, and these.
fn opening_and(others: &[ChunkType]) -> Vec<ChunkType> {
    let mut kinds = [&OPENING, others].concat();
    kinds.sort_unstable();
    kinds
}

#[test]
fn packets_of_usrsctp_with_i_data_are_written_as_they_were_read() {
    let kinds = opening_and(&[
        ChunkType::I_DATA,
        ChunkType::SACK,
        ChunkType::HEARTBEAT,
        ChunkType::HEARTBEAT_ACK,
        ChunkType::I_FORWARD_TSN,
        ChunkType::RE_CONFIG,
        ChunkType::SHUTDOWN,
        ChunkType::SHUTDOWN_ACK,
        ChunkType::SHUTDOWN_COMPLETE,
    ]);
    assert_eq!(written_again(USRSCTP_INTERLEAVED), kinds);
}

#[test]
fn packets_of_usrsctp_with_data_are_written_as_they_were_read() {
    let kinds = opening_and(&[
        ChunkType::DATA,
        ChunkType::SACK,
        ChunkType::HEARTBEAT,
        ChunkType::HEARTBEAT_ACK,
        ChunkType::FORWARD_TSN,
        ChunkType::RE_CONFIG,
        ChunkType::ABORT,
    ]);
    assert_eq!(written_again(USRSCTP_DATA), kinds);
}

#[test]
fn errors_and_aborts_of_usrsctp_are_written_as_they_were_read() {
    let kinds = opening_and(&[
        ChunkType::SACK,
        ChunkType::ERROR,
        ChunkType::ABORT,
        ChunkType::SHUTDOWN_COMPLETE,
    ]);
    assert_eq!(written_again(USRSCTP_ANSWERS), kinds);
    // An INIT without streams, two unknown chunks, DATA without data. The other ABORTs answer
    // packets out of the blue without a cause.
    let mut causes = Vec::new();
    for bytes in packets(USRSCTP_ANSWERS) {
        for chunk in Packet::decode(&bytes, ChecksumPolicy::Required).unwrap().chunks() {
            if let Chunk::Abort(Abort { causes: found, .. })
            | Chunk::Error(OperationError { causes: found }) = chunk.unwrap()
            {
                causes.extend(found.iter().map(|cause| cause.code().0));
            }
        }
    }
    assert_eq!(causes, [7, 6, 6, 9]);
}

#[test]
fn packets_of_dcsctp_with_i_data_are_written_as_they_were_read() {
    let kinds = opening_and(&[
        ChunkType::I_DATA,
        ChunkType::SACK,
        ChunkType::HEARTBEAT,
        ChunkType::HEARTBEAT_ACK,
        ChunkType::I_FORWARD_TSN,
        ChunkType::RE_CONFIG,
        ChunkType::SHUTDOWN,
        ChunkType::SHUTDOWN_ACK,
        ChunkType::SHUTDOWN_COMPLETE,
    ]);
    assert_eq!(written_again(DCSCTP_INTERLEAVED), kinds);
}

#[test]
fn packets_of_dcsctp_with_data_are_written_as_they_were_read() {
    let kinds = opening_and(&[
        ChunkType::DATA,
        ChunkType::SACK,
        ChunkType::HEARTBEAT,
        ChunkType::HEARTBEAT_ACK,
        ChunkType::FORWARD_TSN,
        ChunkType::RE_CONFIG,
        ChunkType::ABORT,
    ]);
    assert_eq!(written_again(DCSCTP_DATA), kinds);
}

#[test]
fn packets_of_sctp_proto_are_written_as_they_were_read() {
    let kinds = opening_and(&[
        ChunkType::DATA,
        ChunkType::SACK,
        ChunkType::FORWARD_TSN,
        ChunkType::RE_CONFIG,
        ChunkType::SHUTDOWN,
        ChunkType::SHUTDOWN_ACK,
    ]);
    assert_eq!(written_again(SCTP_PROTO), kinds);
    let mut kinds = vec![
        ChunkType::DATA,
        ChunkType::INIT_ACK,
        ChunkType::SACK,
        ChunkType::HEARTBEAT_ACK,
        ChunkType::SHUTDOWN_ACK,
        ChunkType::COOKIE_ACK,
        ChunkType::RE_CONFIG,
    ];
    kinds.sort_unstable();
    assert_eq!(written_again(SCTP_PROTO_ANSWERS), kinds);
}

#[test]
fn packets_of_aiortc_are_written_as_they_were_read() {
    let kinds = opening_and(&[
        ChunkType::DATA,
        ChunkType::SACK,
        ChunkType::FORWARD_TSN,
        ChunkType::RE_CONFIG,
        ChunkType::ABORT,
    ]);
    assert_eq!(written_again(AIORTC), kinds);
}

/// What the INIT of each stack says, parameter by parameter.
#[test]
fn an_init_of_each_stack_says_what_it_supports() {
    let parameters = |capture: &str| {
        let bytes = packets(capture).swap_remove(0);
        let packet = Packet::decode(&bytes, ChecksumPolicy::Required).unwrap();
        let Some(Ok(Chunk::Init(Init(init)))) = packet.chunks().next() else { panic!() };
        let kinds = init.parameters.iter().map(|parameter| parameter.kind());
        let extensions = init.parameters.iter().find_map(|parameter| match parameter {
            Parameter::SupportedExtensions(kinds) => Some(kinds.iter().collect::<Vec<_>>()),
            _ => None,
        });
        (kinds.collect::<Vec<_>>(), extensions.unwrap())
    };
    let forward = ParameterType::FORWARD_TSN_SUPPORTED;
    let extensions = ParameterType::SUPPORTED_EXTENSIONS;
    let (authenticated, re_config) = (ChunkType(15), ChunkType::RE_CONFIG);

    let (kinds, chunks) = parameters(USRSCTP_INTERLEAVED);
    let [ecn, random, list, algorithms] = [0x8000, 0x8002, 0x8003, 0x8004].map(ParameterType);
    assert_eq!(kinds, [ecn, forward, extensions, random, algorithms, list]);
    let i_forward = ChunkType::I_FORWARD_TSN;
    assert!(chunks.contains(&i_forward) && chunks.contains(&authenticated), "{chunks:?}");

    let (kinds, chunks) = parameters(DCSCTP_INTERLEAVED);
    assert_eq!(kinds, [forward, ParameterType::ZERO_CHECKSUM_ACCEPTABLE, extensions]);
    assert_eq!(chunks, [re_config, ChunkType::FORWARD_TSN, ChunkType::I_DATA, i_forward]);

    assert_eq!(parameters(SCTP_PROTO), (vec![extensions], vec![re_config, ChunkType::FORWARD_TSN]));
    let both = (vec![forward, extensions], vec![ChunkType::FORWARD_TSN, re_config]);
    assert_eq!(parameters(AIORTC), both);
}

/// A packet's bytes are nowhere copied: payloads point into it.
#[test]
fn what_is_read_lies_in_the_packet() {
    let mut payloads = 0;
    for bytes in packets(DCSCTP_DATA) {
        let range = bytes.as_ptr_range();
        for chunk in Packet::decode(&bytes, ChecksumPolicy::Required).unwrap().chunks() {
            if let Chunk::Data(data) = chunk.unwrap() {
                let payload = data.payload.as_ptr_range();
                assert!(range.contains(&payload.start) && payload.end <= range.end);
                assert_eq!(data.payload.as_ptr(), bytes[Header::LENGTH + 16..].as_ptr());
                payloads += 1;
            }
        }
    }
    assert!(payloads > 10, "{payloads}");
}
