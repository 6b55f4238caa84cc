//! Packets of 1200 bytes, protected and opened, for each profile.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use icelab_srtp::{MasterKey, Profile, Receiver, Sender};

/// An RTP packet of 1200 bytes.
fn packet(sequence: u16) -> Vec<u8> {
    let mut packet = Vec::with_capacity(1300);
    packet.extend([0x80, 96]);
    packet.extend(sequence.to_be_bytes());
    packet.resize(1200, 0xA5);
    packet
}

fn packets(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("srtp/1200 bytes");
    group.throughput(Throughput::Elements(1));
    for profile in [
        Profile::Aes128CmSha1_80,
        Profile::Aes128CmSha1_32,
        Profile::AeadAes128Gcm,
        Profile::AeadAes256Gcm,
    ] {
        let key = vec![7; profile.key_length()];
        let master = MasterKey::new(profile, &key, &vec![9; profile.salt_length()])
            .expect("the lengths are the profile's");
        let mut sender = Sender::new(&master).expect("a key that was taken");
        let mut sequence = 0_u16;
        let mut buffer = packet(0);
        group.bench_function(format!("protect {profile:?}"), |bencher| {
            bencher.iter(|| {
                sequence = sequence.wrapping_add(1);
                buffer.truncate(1200);
                let [high, low] = sequence.to_be_bytes();
                if let [_, _, first, second, ..] = buffer.as_mut_slice() {
                    (*first, *second) = (high, low);
                }
                sender.protect_rtp(&mut buffer).expect("a packet");
            });
        });
        let mut sender = Sender::new(&master).expect("a key that was taken");
        let mut receiver = Receiver::new(&master).expect("a key that was taken");
        let mut sequence = 0_u16;
        group.bench_function(format!("unprotect {profile:?}"), |bencher| {
            bencher.iter_batched_ref(
                || {
                    sequence = sequence.wrapping_add(1);
                    let mut packet = packet(sequence);
                    sender.protect_rtp(&mut packet).expect("a packet");
                    packet
                },
                |packet| receiver.unprotect_rtp(packet).expect("it is authentic"),
                BatchSize::SmallInput,
            );
        });
    }
}

criterion_group!(benches, packets);
criterion_main!(benches);
