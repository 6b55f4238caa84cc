//! Speed of reading and building packets: an RTP packet as a browser sends it, and a sender report
//! with a description.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use icelab_rtp::extension::{AbsoluteSendTime, ExtensionId, TransportSequence};
use icelab_rtp::rtcp::{Compound, CompoundBuilder, Item, ItemKind, ReportBlock, Rtcp, SenderInfo};
use icelab_rtp::{NtpTime, Packet, PacketBuilder, PayloadType, Ssrc};
use icelab_wire::{Serial16, Serial32};

fn rtp(criterion: &mut Criterion) {
    let ids = [1, 2].map(|number| ExtensionId::new(number).expect("it is not zero"));
    let kind = PayloadType::new(96).expect("it has seven bits");
    let payload = [0xA5; 1200];
    let plain = PacketBuilder::new(kind, Serial16(1), Serial32(2), Ssrc(3));
    let build = || {
        PacketBuilder::new(kind, black_box(Serial16(1)), Serial32(2), Ssrc(3))
            .extension(ids[0], &AbsoluteSendTime(7))
            .extension(ids[1], &TransportSequence(Serial16(9)))
            .build(black_box(&payload))
    };
    let (plain, extended) = (plain.build(&payload), build());
    let mut group = criterion.benchmark_group("rtp");
    group.bench_function("parse", |bencher| {
        bencher.iter(|| Packet::parse(black_box(&plain)).map(|packet| packet.payload.len()));
    });
    group.bench_function("parse, whole", |bencher| {
        bencher.iter(|| Packet::parse(black_box(&plain)));
    });
    group.bench_function("parse with two extensions", |bencher| {
        bencher.iter(|| {
            let packet = Packet::parse(black_box(&extended)).expect("it was built");
            let sequence = packet.extension::<TransportSequence>(ids[1]);
            (packet.payload.len(), packet.extension::<AbsoluteSendTime>(ids[0]), sequence)
        });
    });
    group.bench_function("build with two extensions", |bencher| bencher.iter(build));
    group.finish();
}

fn rtcp(criterion: &mut Criterion) {
    let block = ReportBlock { source: Ssrc(2), ..ReportBlock::default() };
    let cname = Item::new(ItemKind::CNAME, b"xvRk0mZ3Ud5PqPdo").expect("it is short");
    let build = || {
        let info = SenderInfo { ntp: black_box(NtpTime(77)), ..SenderInfo::default() };
        CompoundBuilder::new()
            .sender_report(Ssrc(1), &info, black_box(&[block]))
            .description(&[(Ssrc(1), &[cname])])
            .finish()
    };
    let bytes = build();
    let read = |bytes: &[u8]| {
        let mut sum = 0;
        for packet in Compound::parse(bytes).expect("it was built") {
            match packet.decode().expect("it was built") {
                Rtcp::SenderReport(report) => {
                    let lost = report.blocks.iter().map(|block| block.highest_sequence);
                    sum += report.info.packets + lost.sum::<u32>();
                }
                Rtcp::Description(description) => {
                    let items = description.chunks().flat_map(|chunk| chunk.items());
                    sum += items.map(|item| item.text().len() as u32).sum::<u32>();
                }
                other @ (Rtcp::ReceiverReport(_)
                | Rtcp::Goodbye(_)
                | Rtcp::Application(_)
                | Rtcp::Feedback(_)
                | Rtcp::Congestion(_)
                | Rtcp::Unknown(_)) => panic!("{other:?}"),
            }
        }
        sum
    };
    let mut group = criterion.benchmark_group("rtcp");
    group.bench_function("parse SR and SDES", |bencher| bencher.iter(|| read(black_box(&bytes))));
    group.bench_function("build SR and SDES", |bencher| bencher.iter(build));
    group.finish();
}

criterion_group!(benches, rtp, rtcp);
criterion_main!(benches);
