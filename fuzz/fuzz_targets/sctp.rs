//! SCTP's packets: every chunk, parameter and error cause.
//!
//! What can be read is written again in two ways: as it lies in the packet, and from values that were
//! taken out of it one by one.
//!
//! 1. In place, a chunk's value is written byte for byte as it came. What has no meaning is not kept: flags
//!    that are left out, parameters beside the one that a HEARTBEAT has, and as zeros a PAD's bytes and the
//!    reserved field of I-DATA.
//! 2. From values, it is read again as the same values, and those are written the same again.

use icelab_sctp::packet::cause::{Cause, Causes};
use icelab_sctp::packet::chunk::{
    Abort, Chunk, ChunkType, EncodeChunk, ForwardTsn, IForwardTsn, Init, InitAck, Initiation,
    OperationError, RawChunk, ReConfig, Sack,
};
use icelab_sctp::packet::parameter::{
    IncomingReset, OutgoingReset, Parameter, ParameterType, Parameters,
};
use icelab_sctp::packet::{
    Checksum, ChecksumPolicy, Header, List, Packet, PacketWriter, StreamId, VerificationTag,
};
use icelab_wire::Writer;

use crate::input::Input;

/// The first byte says whether the others are a packet, or what to build one of.
pub fn packets(data: &[u8]) {
    let mut input = Input::new(data);
    let packet = if input.u8() % 2 == 0 { input.rest().to_vec() } else { build(&mut input) };
    let _ = Packet::decode(&packet, ChecksumPolicy::Required);
    read(packet);
}

/// A chunk whose bytes are anything.
pub struct Any<'a> {
    pub kind: u8,
    pub flags: u8,
    pub value: &'a [u8],
}

impl EncodeChunk for Any<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType(self.kind)
    }

    fn flags(&self) -> u8 {
        self.flags
    }

    fn value_len(&self) -> usize {
        self.value.len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        writer.bytes(self.value);
    }
}

/// A chunk of any type: so many bytes, and behind them parameters or causes whose lengths are right.
pub fn any_value(input: &mut Input<'_>) -> Vec<u8> {
    let mut value = input.piece().to_vec();
    for _ in 0..input.u8() % 8 {
        let kind = input.u16();
        let information = input.piece();
        value.resize(value.len().next_multiple_of(4), 0);
        value.extend(kind.to_be_bytes());
        value.extend((4 + information.len() as u16).to_be_bytes());
        value.extend(information);
    }
    value
}

fn build(input: &mut Input<'_>) -> Vec<u8> {
    let mut writer = PacketWriter::new(HEADER, MOST_BYTES);
    while !input.is_empty() {
        let [kind, flags] = [input.u8(), input.u8()];
        let value = any_value(input);
        if writer.push(&Any { kind, flags, value: &value }).is_err() {
            break;
        }
    }
    writer.finish(Checksum::Zero)
}

/// Whatever its checksum is.
fn read(mut bytes: Vec<u8>) {
    if let Some(checksum) = bytes.get_mut(8..Header::LENGTH) {
        checksum.fill(0);
    }
    let Ok(packet) = Packet::decode(&bytes, ChecksumPolicy::ZeroAllowed) else { return };
    for raw in packet.raw_chunks().flatten() {
        let Ok(chunk) = raw.decode() else { continue };
        in_place(&raw, &chunk);
        from_values(&chunk);
    }
}

fn in_place(raw: &RawChunk<'_>, chunk: &Chunk<'_>) {
    let written = written(chunk);
    only(&written, |again, read| {
        assert_eq!(read, *chunk);
        assert_eq!((again.kind(), again.flags() & !raw.flags()), (raw.kind(), 0));
        let mut expected = raw.value().to_vec();
        match chunk {
            Chunk::Pad(_) => expected.fill(0),
            Chunk::IData(_) => expected[6..8].fill(0),
            Chunk::Heartbeat(_) | Chunk::HeartbeatAck(_) => {
                let mut parts = raw.value().windows(again.value().len());
                return assert!(parts.any(|part| part == again.value()));
            }
            _ => {}
        }
        assert_eq!(again.value(), expected);
    });
}

fn from_values(chunk: &Chunk<'_>) {
    rebuild(*chunk, |rebuilt| {
        assert_eq!(rebuilt, *chunk);
        let once = written(&rebuilt);
        only(&once, |_, read| {
            assert_eq!(read, *chunk);
            rebuild(read, |again| assert_eq!(written(&again), once));
        });
    });
}

/// A packet of one chunk.
fn written(chunk: &Chunk<'_>) -> Vec<u8> {
    let mut writer = PacketWriter::new(HEADER, 2 * MOST_BYTES);
    writer.push(chunk).expect("it is no longer than it was");
    writer.finish(Checksum::Zero)
}

/// The one chunk of a packet.
fn only(packet: &[u8], then: impl FnOnce(RawChunk<'_>, Chunk<'_>)) {
    let packet = Packet::decode(packet, ChecksumPolicy::ZeroAllowed).expect("it was made");
    let mut chunks = packet.raw_chunks();
    let raw = chunks.next().expect("it has a chunk").expect("it is whole");
    assert!(chunks.next().is_none());
    then(raw, raw.decode().expect("what was written can be read"));
}

/// Hands over the chunk made of values instead of bytes.
fn rebuild(chunk: Chunk<'_>, then: impl FnOnce(Chunk<'_>)) {
    match chunk {
        Chunk::Sack(sack) => {
            let gaps: Vec<_> = sack.gaps.iter().collect();
            let duplicates: Vec<_> = sack.duplicates.iter().collect();
            let (gaps, duplicates) = (List::from(&gaps[..]), List::from(&duplicates[..]));
            then(Chunk::Sack(Sack { gaps, duplicates, ..sack }));
        }
        Chunk::Init(Init(init)) => rebuild_parameters(init.parameters, |parameters| {
            then(Chunk::Init(Init(Initiation { parameters, ..init })));
        }),
        Chunk::InitAck(InitAck(init)) => rebuild_parameters(init.parameters, |parameters| {
            then(Chunk::InitAck(InitAck(Initiation { parameters, ..init })));
        }),
        Chunk::ReConfig(ReConfig { parameters }) => rebuild_parameters(parameters, |parameters| {
            then(Chunk::ReConfig(ReConfig { parameters }));
        }),
        Chunk::Abort(abort) => {
            rebuild_causes(abort.causes, |causes| then(Chunk::Abort(Abort { causes, ..abort })));
        }
        Chunk::Error(error) => {
            rebuild_causes(error.causes, |causes| then(Chunk::Error(OperationError { causes })));
        }
        Chunk::ForwardTsn(forward) => {
            let skipped: Vec<_> = forward.skipped.iter().collect();
            then(Chunk::ForwardTsn(ForwardTsn { skipped: List::from(&skipped[..]), ..forward }));
        }
        Chunk::IForwardTsn(forward) => {
            let skipped: Vec<_> = forward.skipped.iter().collect();
            then(Chunk::IForwardTsn(IForwardTsn { skipped: List::from(&skipped[..]), ..forward }));
        }
        other => then(other),
    }
}

/// What the lists of one parameter or cause hold, taken out of their bytes.
#[derive(Default)]
struct Lists {
    streams: Vec<StreamId>,
    types: Vec<ParameterType>,
    chunks: Vec<ChunkType>,
}

fn rebuild_parameters(parameters: Parameters<'_>, then: impl FnOnce(Parameters<'_>)) {
    let lists: Vec<_> = parameters
        .iter()
        .map(|parameter| {
            let mut lists = Lists::default();
            match parameter {
                Parameter::OutgoingReset(reset) => lists.streams.extend(reset.streams),
                Parameter::IncomingReset(reset) => lists.streams.extend(reset.streams),
                Parameter::SupportedAddressTypes(types) => lists.types.extend(types),
                Parameter::SupportedExtensions(chunks) => lists.chunks.extend(chunks),
                _ => {}
            }
            lists
        })
        .collect();
    let rebuilt: Vec<_> = parameters
        .iter()
        .zip(&lists)
        .map(|(parameter, lists)| match parameter {
            Parameter::OutgoingReset(reset) => Parameter::OutgoingReset(OutgoingReset {
                streams: List::from(&lists.streams[..]),
                ..reset
            }),
            Parameter::IncomingReset(reset) => Parameter::IncomingReset(IncomingReset {
                streams: List::from(&lists.streams[..]),
                ..reset
            }),
            Parameter::SupportedAddressTypes(_) => {
                Parameter::SupportedAddressTypes(List::from(&lists.types[..]))
            }
            Parameter::SupportedExtensions(_) => {
                Parameter::SupportedExtensions(List::from(&lists.chunks[..]))
            }
            other => other,
        })
        .collect();
    then(Parameters::from(&rebuilt[..]));
}

fn rebuild_causes(causes: Causes<'_>, then: impl FnOnce(Causes<'_>)) {
    let types: Vec<Vec<ParameterType>> = causes
        .iter()
        .map(|cause| match cause {
            Cause::MissingMandatoryParameter(types) => types.iter().collect(),
            _ => Vec::new(),
        })
        .collect();
    let rebuilt: Vec<_> = causes
        .iter()
        .zip(&types)
        .map(|(cause, types)| match cause {
            Cause::MissingMandatoryParameter(_) => {
                Cause::MissingMandatoryParameter(List::from(&types[..]))
            }
            other => other,
        })
        .collect();
    then(Causes::from(&rebuilt[..]));
}

const HEADER: Header = Header {
    source_port: 5000,
    destination_port: 5000,
    verification_tag: VerificationTag(0x0A0B_0C0D),
};
/// As many as UDP carries.
const MOST_BYTES: usize = 1 << 16;
