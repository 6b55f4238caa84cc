//! Speed of reading and building packets: DATA as a transfer sends it, and a SACK after losses.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use icelab_sctp::packet::chunk::{Chunk, Data, GapBlock};
use icelab_sctp::packet::{
    Checksum, ChecksumPolicy, Header, Packet, PacketWriter, Ppid, Ssn, StreamId, Tsn,
    VerificationTag,
};

const HEADER: Header = Header {
    source_port: 5000,
    destination_port: 5000,
    verification_tag: VerificationTag(0x0123_4567),
};

/// The longest packet.
const LIMIT: usize = 1200;

fn build_data(payload: &[u8], checksum: Checksum) -> Vec<u8> {
    let mut writer = PacketWriter::new(HEADER, LIMIT);
    let chunk = Data {
        is_immediate: false,
        is_unordered: false,
        is_beginning: false,
        is_ending: false,
        tsn: Tsn(1),
        stream: StreamId(2),
        ssn: Ssn(3),
        ppid: Ppid(53),
        payload,
    };
    writer.push(&chunk).expect("it fits");
    writer.finish(checksum)
}

fn build_sack(gaps: &[GapBlock], checksum: Checksum) -> Vec<u8> {
    let mut writer = PacketWriter::new(HEADER, LIMIT);
    let counts = writer.push_sack(Tsn(1), 1 << 20, gaps.iter().copied(), []);
    assert_eq!(counts, Ok((gaps.len(), 0)));
    writer.finish(checksum)
}

/// Reads a packet, and adds up what a receiver looks at.
fn read(bytes: &[u8], policy: ChecksumPolicy) -> usize {
    let packet = Packet::decode(bytes, policy).expect("it was built");
    let mut sum = 0;
    for chunk in packet.chunks() {
        sum += match chunk {
            Ok(Chunk::Data(data)) => data.payload.len() + usize::from(data.stream.0),
            Ok(Chunk::Sack(sack)) => {
                sack.gaps.iter().map(|gap| usize::from(gap.end - gap.start)).sum::<usize>()
            }
            Ok(_) | Err(_) => panic!("nothing else was built"),
        };
    }
    sum
}

fn packets(criterion: &mut Criterion) {
    let payload = [0xA5; LIMIT - Header::LENGTH - Data::HEADER_LENGTH];
    let gaps: Vec<_> = (1..=100).map(|at| GapBlock { start: 10 * at, end: 10 * at + 5 }).collect();
    let mut group = criterion.benchmark_group("packet");
    let kinds = [
        ("CRC32c", Checksum::Crc32c, ChecksumPolicy::Required),
        ("zero", Checksum::Zero, ChecksumPolicy::ZeroAllowed),
    ];
    for (name, checksum, policy) in kinds {
        let bytes = build_data(&payload, checksum);
        assert_eq!(bytes.len(), LIMIT);
        group.bench_function(format!("read 1200 bytes of DATA, {name}"), |bencher| {
            bencher.iter(|| read(black_box(&bytes), policy));
        });
        group.bench_function(format!("build 1200 bytes of DATA, {name}"), |bencher| {
            bencher.iter(|| build_data(black_box(&payload), checksum));
        });
        let bytes = build_sack(&gaps, checksum);
        group.bench_function(format!("read a SACK with 100 gaps, {name}"), |bencher| {
            bencher.iter(|| read(black_box(&bytes), policy));
        });
        group.bench_function(format!("build a SACK with 100 gaps, {name}"), |bencher| {
            bencher.iter(|| build_sack(black_box(&gaps), checksum));
        });
    }
    group.finish();
}

criterion_group!(benches, packets);
criterion_main!(benches);
