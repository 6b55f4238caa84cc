//! The wire format: for each element real bytes, a round trip, every truncation, and mutations.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, in its helpers too"
)]
#![expect(clippy::wildcard_enum_match_arm, reason = "tests look for one chunk among many")]

use icelab_sctp::packet::chunk::{Chunk, EncodeChunk};
use icelab_sctp::packet::{
    Checksum, ChecksumPolicy, ChunkError, Header, Packet, PacketWriter, VerificationTag,
};

mod captures;
mod causes;
mod checksum;
mod chunks;
mod data;
mod initiation;
mod numbers;
mod parameters;
mod reading;
mod robustness;
mod round_trips;
mod writing;

/// A header with a tag of four bytes that differ.
const HEADER: Header = Header {
    source_port: 5001,
    destination_port: 5000,
    verification_tag: VerificationTag(0x0A0B_0C0D),
};

/// A packet that holds these bytes behind [`HEADER`].
fn packet(chunks: &[u8]) -> Vec<u8> {
    let mut bytes = PacketWriter::new(HEADER, 0).finish(Checksum::Zero);
    bytes.extend(chunks);
    bytes
}

/// Reads a packet that claims a checksum of zero.
fn read(packet: &[u8]) -> Packet<'_> {
    Packet::decode(packet, ChecksumPolicy::ZeroAllowed).expect("its header is good")
}

/// What reading the first chunk of a packet comes to.
fn first(packet: &[u8]) -> Result<Chunk<'_>, ChunkError> {
    read(packet).chunks().next().expect("it has a chunk")
}

/// The bytes of a chunk with its padding, behind a header that has been cut off.
fn written(chunk: &impl EncodeChunk) -> Vec<u8> {
    let mut writer = PacketWriter::new(HEADER, 100_000);
    writer.push(chunk).expect("there is room");
    writer.finish(Checksum::Zero).split_off(Header::LENGTH)
}

/// Sets the length field of the chunk at the front, and cuts the chunk off there.
fn shortened(chunk: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = chunk[..length].to_vec();
    bytes[2..4].copy_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
    bytes
}

/// Checks one element: `bytes`, a chunk with its padding, is read as `chunk` and written as it was;
/// of its shorter forms, exactly those of the lengths in `readable` can be read, and a packet that
/// is cut off within it cannot.
#[track_caller]
fn check(bytes: &[u8], chunk: Chunk<'_>, readable: &[usize]) {
    let whole = packet(bytes);
    assert_eq!(first(&whole), Ok(chunk));
    assert_eq!(written(&chunk), bytes);
    assert_eq!(first(&whole).map(|chunk| written(&chunk)).as_deref(), Ok(bytes));
    let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
    for short in 4..length {
        let packet = packet(&shortened(bytes, short));
        let result = first(&packet);
        assert_eq!(result.is_ok(), readable.contains(&short), "{short}: {result:?}");
        assert!(!matches!(result, Err(ChunkError::Framing(_))), "{short}: {result:?}");
    }
    for cut in 1..length {
        let result = read(&whole[..Header::LENGTH + cut]).chunks().next();
        assert!(matches!(result, Some(Err(ChunkError::Framing(_)))), "{cut}: {result:?}");
    }
}
