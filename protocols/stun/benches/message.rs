//! Speed of building and checking one ICE request: USERNAME, PRIORITY, ICE-CONTROLLING,
//! MESSAGE-INTEGRITY and FINGERPRINT, with a key that is made once.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use icelab_stun::attribute::{IceControlling, Priority, Username};
use icelab_stun::{Class, Integrity, Key, Message, MessageBuilder, Method, TransactionId};

fn build(key: &Key) -> Vec<u8> {
    MessageBuilder::new(Class::Request, Method::BINDING, TransactionId(black_box([7; 12])))
        .add(&Username(black_box("evtj:h6vY")))
        .add(&Priority(black_box(0x6E00_01FF)))
        .add(&IceControlling(black_box(0x932F_F9B1_5126_3B36)))
        .finish_with(Some(key), true)
}

fn check(bytes: &[u8], key: &Key) -> bool {
    let Ok(message) = Message::parse(bytes) else { return false };
    message.check_fingerprint() == Some(true)
        && message.verify_integrity(key) == Integrity::Good { sha256: false }
}

fn ice_request(criterion: &mut Criterion) {
    let key = Key::short_term("VOkJxbRl1RmTxUk/WvJxBt").expect("it is ASCII");
    let bytes = build(&key);
    assert_eq!(bytes.len(), 88);
    assert!(check(&bytes, &key));
    criterion.bench_function("build an ICE request", |bencher| bencher.iter(|| build(&key)));
    criterion.bench_function("check an ICE request", |bencher| {
        bencher.iter(|| check(black_box(&bytes), &key));
    });
}

criterion_group!(benches, ice_request);
criterion_main!(benches);
