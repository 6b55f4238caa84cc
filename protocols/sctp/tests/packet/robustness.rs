//! Whatever bytes come, nothing panics; and what is read is bounded by what has come.

use icelab_sctp::packet::cause::Cause;
use icelab_sctp::packet::chunk::{Chunk, RawChunk};
use icelab_sctp::packet::parameter::Parameter;
use icelab_sctp::packet::{Checksum, ChecksumPolicy, Packet, PacketWriter};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::captures;

/// Reads `bytes` as a packet whatever its checksum is, and all that is in it. What has been read is
/// written, and read again as the same.
fn read_all(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    if let Some(checksum) = bytes.get_mut(8..12) {
        checksum.fill(0);
    }
    let Ok(packet) = Packet::decode(&bytes, ChecksumPolicy::ZeroAllowed) else { return };
    let raw: Vec<_> = packet.raw_chunks().collect();
    assert!(raw.len() <= 1 + bytes.len() / RawChunk::HEADER_LENGTH);
    for chunk in packet.chunks().filter_map(Result::ok) {
        assert!(elements(&chunk) <= bytes.len());
        let mut writer = PacketWriter::new(packet.header, 2 * bytes.len() + 64);
        writer.push(&chunk).expect("it came in a packet");
        let written = writer.finish(Checksum::Zero);
        let again = Packet::decode(&written, ChecksumPolicy::ZeroAllowed).expect("it was made");
        assert_eq!(again.chunks().next(), Some(Ok(chunk)));
    }
}

/// How many elements a chunk has that can be iterated, each looked at.
fn elements(chunk: &Chunk<'_>) -> usize {
    match chunk {
        Chunk::Sack(sack) => sack.gaps.iter().count() + sack.duplicates.iter().count(),
        Chunk::Init(init) => init.0.parameters.iter().map(|one| parameter(&one)).sum(),
        Chunk::InitAck(init) => init.0.parameters.iter().map(|one| parameter(&one)).sum(),
        Chunk::ReConfig(re_config) => {
            let _ = re_config.is_allowed_combination();
            re_config.parameters.iter().map(|one| parameter(&one)).sum()
        }
        Chunk::Abort(abort) => abort.causes.iter().map(|one| cause(&one)).sum(),
        Chunk::Error(error) => error.causes.iter().map(|one| cause(&one)).sum(),
        Chunk::ForwardTsn(forward) => forward.skipped.iter().count(),
        Chunk::IForwardTsn(forward) => forward.skipped.iter().count(),
        _ => 0,
    }
}

fn parameter(parameter: &Parameter<'_>) -> usize {
    1 + match parameter {
        Parameter::OutgoingReset(reset) => reset.streams.iter().count(),
        Parameter::IncomingReset(reset) => reset.streams.iter().count(),
        Parameter::SupportedAddressTypes(types) => types.iter().count(),
        Parameter::SupportedExtensions(types) => types.iter().count(),
        _ => 0,
    }
}

fn cause(cause: &Cause<'_>) -> usize {
    match cause {
        Cause::MissingMandatoryParameter(types) => 1 + types.iter().count(),
        _ => 1,
    }
}

/// Chunk types that are known here, and some that are not.
fn kind() -> impl Strategy<Value = u8> {
    prop_oneof![0..16_u8, Just(64), Just(130), Just(132), Just(192), Just(194), any::<u8>()]
}

/// Types of parameters and causes.
fn element_kind() -> impl Strategy<Value = u16> {
    prop_oneof![0..20_u16, 0x8000..0x800A_u16, Just(0xC000), any::<u16>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
        let _ = Packet::decode(&bytes, ChecksumPolicy::Required);
    }

    #[test]
    fn no_chunks_panic(chunks in vec((kind(), any::<u8>(), vec(any::<u8>(), 0..60)), 0..6)) {
        let mut bytes = vec![1; 12];
        for (kind, flags, value) in chunks {
            bytes.extend([kind, flags, 0, 4 + u8::try_from(value.len()).unwrap()]);
            bytes.extend(&value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        read_all(&bytes);
    }

    #[test]
    fn no_parameters_and_causes_panic(
        kind in prop_oneof![Just(1_u8), Just(2), Just(4), Just(5), Just(6), Just(9), Just(130)],
        elements in vec((element_kind(), 0..3_i16, vec(any::<u8>(), 0..30)), 0..8),
    ) {
        let mut value = Vec::new();
        if kind <= 2 {
            value.extend([0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
        }
        for (kind, lie, bytes) in elements {
            let length = 4 + i16::try_from(bytes.len()).unwrap() + lie / 2;
            value.extend(kind.to_be_bytes());
            value.extend(length.to_be_bytes());
            value.extend(&bytes);
            value.resize(value.len().next_multiple_of(4), 0);
        }
        let mut bytes = vec![1; 12];
        bytes.extend([kind, 0]);
        bytes.extend(u16::try_from(4 + value.len()).unwrap().to_be_bytes());
        bytes.extend(&value);
        read_all(&bytes);
    }

    #[test]
    fn no_mutation_of_a_capture_panics(
        which: Index,
        changes in vec((any::<Index>(), any::<u8>()), 0..6),
        cut: Index,
        is_cut: bool,
    ) {
        let mut packets = captures::all();
        let which = which.index(packets.len());
        let mut bytes = packets.swap_remove(which);
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_all(&bytes);
    }
}
