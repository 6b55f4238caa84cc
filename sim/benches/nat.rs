//! How long a packet takes through a NAT, with few and with many mappings.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use icelab_sans_io::{Instant, Rng};
use icelab_sim::nat::{Nat, Preset, Verdict};
use icelab_sim::packet::Packet;

const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));

fn nat(preset: &str) -> Nat {
    let preset = Preset::named(preset).expect("the presets below exist");
    let inside = "10.0.0.0/8".parse().expect("a range");
    Nat::new(preset.config(), vec![OUTSIDE], inside, Rng::from_u64(1))
}

/// The `n`th inside endpoint.
fn inside(n: u32) -> SocketAddr {
    let host = n / 64;
    let port = 2000 + u16::try_from(n % 64 * 256 + host % 256).unwrap_or(0);
    SocketAddr::new(Ipv4Addr::from_bits(0x0a00_0002 + host).into(), port)
}

fn remote() -> SocketAddr {
    SocketAddr::new(Ipv4Addr::new(198, 51, 100, 1).into(), 6000)
}

fn packet(source: SocketAddr, destination: SocketAddr) -> Packet {
    Packet::udp(source, destination, &[7; 1200]).expect("both are IPv4")
}

fn filled(preset: &str, mappings: u32) -> (Nat, Vec<(Packet, Packet)>) {
    let mut nat = nat(preset);
    let pairs = (0..mappings)
        .map(|n| {
            let before = packet(inside(n), remote());
            let mut after = before.clone();
            assert_eq!(nat.outbound(&mut after, Instant::START), Verdict::Forward);
            let source = after.flow().expect("UDP has a flow").source;
            (before, packet(remote(), source))
        })
        .collect();
    nat.take_notes();
    (nat, pairs)
}

fn known(criterion: &mut Criterion) {
    for preset in ["port_restricted", "symmetric", "linux"] {
        for mappings in [1, 1_000, 30_000] {
            let (mut nat, mut pairs) = filled(preset, mappings);
            let mut at = 0usize;
            let stride = 7_919;
            criterion.bench_function(&format!("{preset}, {mappings}: out and back"), |bencher| {
                bencher.iter(|| {
                    at = (at + stride) % pairs.len();
                    let Some((out, back)) = pairs.get_mut(at) else { return };
                    let (source, destination) = (out.flow(), back.flow());
                    black_box(nat.outbound(out, Instant::START));
                    black_box(nat.inbound(back, Instant::START));
                    nat.take_notes();
                    // As they were, for the next turn.
                    if let (Some(source), Some(destination)) = (source, destination) {
                        out.set_source(source.source);
                        back.set_destination(destination.destination);
                    }
                });
            });
        }
    }
}

fn fresh(criterion: &mut Criterion) {
    for preset in ["port_restricted", "symmetric", "linux", "cgn_rfc6888"] {
        criterion.bench_function(&format!("{preset}: 1,000 new mappings"), |bencher| {
            let packets: Vec<Packet> = (0..1_000).map(|n| packet(inside(n), remote())).collect();
            bencher.iter_batched(
                || (nat(preset), packets.clone()),
                |(mut nat, mut packets)| {
                    for packet in &mut packets {
                        black_box(nat.outbound(packet, Instant::START));
                    }
                    (nat, packets)
                },
                BatchSize::SmallInput,
            );
        });
    }
}

fn packets(criterion: &mut Criterion) {
    let original = packet(inside(1), remote());
    criterion.bench_function("parse 1,228 bytes", |bencher| {
        bencher.iter_batched(
            || original.as_bytes().to_vec(),
            |bytes| Packet::parse(black_box(bytes)),
            BatchSize::SmallInput,
        );
    });
    let mut rewritten = original.clone();
    criterion.bench_function("rewrite a source", |bencher| {
        bencher.iter(|| rewritten.set_source(black_box(remote())));
    });
    criterion.bench_function("check a checksum of 1,208 bytes", |bencher| {
        bencher.iter(|| black_box(&original).has_valid_checksum());
    });
}

criterion_group!(benches, known, fresh, packets);
criterion_main!(benches);
