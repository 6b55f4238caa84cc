//! Speed of each primitive: 1200 bytes where it takes a message. With `--features aws-lc`, of the
//! faster library where there is one.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use icelab_crypto::aead::AeadKey;
use icelab_crypto::agreement::answer;
use icelab_crypto::{
    AesKey, Certificate, Cipher, Group, Hash, HmacSha1, HmacSha256, Identity, KeyKind, MaskKey,
    Offer, Scheme, SigningKey, Validity, hkdf, prf,
};
use icelab_sans_io::Rng;

const LENGTH: usize = 1200;

fn records(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("1200 bytes");
    group.throughput(Throughput::Bytes(LENGTH as u64));
    let associated = [1; 12];
    for cipher in [Cipher::Aes128Gcm, Cipher::Aes256Gcm, Cipher::ChaCha20Poly1305] {
        let key = AeadKey::new(cipher, &vec![7; cipher.key_length()]).expect("its own length");
        let nonce = [3; 12];
        let mut buffer = [5; LENGTH];
        group.bench_function(format!("{cipher:?} seal"), |bencher| {
            bencher.iter(|| key.seal_in_place(black_box(&nonce), &associated, &mut buffer));
        });
        let mut sealed = [5; LENGTH];
        let tag = key.seal_in_place(&nonce, &associated, &mut sealed);
        group.bench_function(format!("{cipher:?} open"), |bencher| {
            bencher.iter(|| {
                let mut buffer = sealed;
                key.open_in_place(black_box(&nonce), &associated, &mut buffer, &tag)
            });
        });
    }
    for length in [16, 24, 32] {
        let key = AesKey::new(&vec![7; length]).expect("one of the three lengths");
        let mut buffer = [5; LENGTH];
        group.bench_function(format!("AES-{} counter mode", length * 8), |bencher| {
            bencher.iter(|| key.apply_counter_mode(black_box(&[9; 16]), &mut buffer));
        });
    }
    let message = [5; LENGTH];
    let (sha1, sha256) = (HmacSha1::new(b"key"), HmacSha256::new(b"key"));
    group.bench_function("HMAC-SHA1", |bencher| bencher.iter(|| sha1.sign(&[black_box(&message)])));
    group.bench_function("HMAC-SHA256", |bencher| {
        bencher.iter(|| sha256.sign(&[black_box(&message)]));
    });
    for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384] {
        group.bench_function(format!("{hash:?}"), |bencher| {
            bencher.iter(|| hash.digest(&[black_box(&message)]));
        });
    }
    group.finish();
}

fn small(criterion: &mut Criterion) {
    for cipher in [Cipher::Aes128Gcm, Cipher::ChaCha20Poly1305] {
        let key = MaskKey::new(cipher, &vec![7; cipher.key_length()]).expect("its own length");
        criterion.bench_function(&format!("{cipher:?} mask"), |bencher| {
            bencher.iter(|| key.mask(black_box(&[1; 16])));
        });
    }
    let secret = icelab_crypto::Hmac::new(Hash::Sha256, &[1; 32]);
    criterion.bench_function("HKDF-Expand-Label of 16 bytes", |bencher| {
        bencher.iter(|| {
            let mut key = [0; 16];
            hkdf::expand_label(black_box(&secret), b"dtls13", b"key", &[], &mut key).map(|()| key)
        });
    });
    criterion.bench_function("TLS 1.2 PRF of 48 bytes", |bencher| {
        bencher.iter(|| {
            let mut key = [0; 48];
            prf(Hash::Sha256, black_box(&[1; 32]), b"master secret", &[&[2; 64]], &mut key);
            key
        });
    });
}

fn handshakes(criterion: &mut Criterion) {
    let mut rng = Rng::from_u64(1);
    for group in [Group::X25519, Group::P256, Group::P384, Group::X25519MlKem768] {
        criterion.bench_function(&format!("{group:?} offer"), |bencher| {
            bencher.iter(|| Offer::new(group, &mut rng));
        });
        let offer = Offer::new(group, &mut rng);
        criterion.bench_function(&format!("{group:?} answer"), |bencher| {
            bencher.iter(|| answer(group, black_box(offer.share()), &mut rng));
        });
        let (share, _) = answer(group, offer.share(), &mut rng).expect("a good offer");
        criterion.bench_function(&format!("{group:?} agree"), |bencher| {
            bencher.iter(|| offer.agree(black_box(&share)));
        });
    }
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519] {
        let key = SigningKey::generate(kind, &mut rng).expect("not RSA");
        criterion.bench_function(&format!("{kind:?} sign"), |bencher| {
            bencher.iter(|| key.sign(key.scheme(), &[black_box(b"message")]));
        });
        let signature = key.sign(key.scheme(), &[b"message"]).expect("its own scheme");
        criterion.bench_function(&format!("{kind:?} verify"), |bencher| {
            bencher.iter(|| key.public_key().verify(key.scheme(), &[b"message"], &signature));
        });
    }
    let rsa = include_bytes!("../tests/fixtures/rsa2048.der").as_slice();
    let rsa = Certificate::parse(rsa).expect("a good certificate");
    let signature = include_bytes!("../tests/fixtures/rsa2048-pss-sha256.sig").as_slice();
    criterion.bench_function("RSA-2048 verify", |bencher| {
        let scheme = Scheme::RsaPss(Hash::Sha256);
        bencher.iter(|| rsa.public_key().verify(scheme, &[b"a message"], black_box(signature)));
    });
    criterion.bench_function("self-signed P-256 certificate", |bencher| {
        bencher.iter(|| Identity::self_signed(KeyKind::P256, Validity::ALWAYS, &mut rng));
    });
    let identity = Identity::self_signed(KeyKind::P256, Validity::ALWAYS, &mut rng);
    let der = identity.expect("not RSA").certificate.der().to_vec();
    criterion.bench_function("parse a P-256 certificate", |bencher| {
        bencher.iter(|| Certificate::parse(black_box(&der)));
    });
}

criterion_group!(benches, records, small, handshakes);
criterion_main!(benches);
