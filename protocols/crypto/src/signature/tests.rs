//! Published signatures, and those of an independent implementation.

use super::*;
use crate::asn1;
use crate::certificate::Certificate;
use crate::testing::hex;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/fixtures/", $name)).as_slice()
    };
}

const MESSAGE: &[u8] = b"a message";
const P256: &str = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
const P384: &str = "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8\
                    96D5724E4C70A825F872C9EA60D2EDF5";

// RFC 6979 appendices A.2.5 and A.2.6.
#[test]
fn the_published_signatures_of_rfc_6979() {
    let cases: [(KeyKind, &str, Hash, &str, &str, &str); 6] = [
        (
            KeyKind::P256,
            P256,
            Hash::Sha256,
            "sample",
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
            "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        ),
        (
            KeyKind::P256,
            P256,
            Hash::Sha384,
            "sample",
            "0EAFEA039B20E9B42309FB1D89E213057CBF973DC0CFC8F129EDDDC800EF7719",
            "4861F0491E6998B9455193E34E7B0D284DDD7149A74B95B9261F13ABDE940954",
        ),
        (
            KeyKind::P256,
            P256,
            Hash::Sha512,
            "sample",
            "8496A60B5E9B47C825488827E0495B0E3FA109EC4568FD3F8D1097678EB97F00",
            "2362AB1ADBE2B8ADF9CB9EDAB740EA6049C028114F2460F96554F61FAE3302FE",
        ),
        (
            KeyKind::P256,
            P256,
            Hash::Sha256,
            "test",
            "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
            "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
        ),
        (
            KeyKind::P384,
            P384,
            Hash::Sha384,
            "sample",
            "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C
             81A648152E44ACF96E36DD1E80FABE46",
            "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94F
             A329C145786E679E7B82C71A38628AC8",
        ),
        (
            KeyKind::P384,
            P384,
            Hash::Sha256,
            "sample",
            "21B13D1E013C7FA1392D03C5F99AF8B30C570C6F98D4EA8E354B63A21D3DAA33
             BDE1E888E63355D92FA2B3C36D8FB2CD",
            "F3AA443FB107745BF4BD77CB3891674632068A10CA67E3D45DB2266FA7D1FEEB
             EFDC63ECCD1AC42EC0CB8668A4FA0AB0",
        ),
    ];
    for (kind, secret, hash, message, r, s) in cases {
        let key = SigningKey::from_bytes(kind, &hex(secret)).unwrap();
        let signature = key.sign(Scheme::Ecdsa(hash), &[message.as_bytes()]).unwrap();
        let expected = asn1::sequence(&[&asn1::integer(&hex(r)), &asn1::integer(&hex(s))]);
        assert_eq!(signature, expected);
        key.public_key().verify(Scheme::Ecdsa(hash), &[message.as_bytes()], &signature).unwrap();
    }
}

// RFC 8032 section 7.1, test 2.
#[test]
fn the_published_signature_of_ed25519() {
    let secret = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let key = SigningKey::from_bytes(KeyKind::Ed25519, &secret).unwrap();
    let signature = key.sign(Scheme::Ed25519, &[&[], &[0x72]]).unwrap();
    let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
                    085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    assert_eq!(signature, hex(expected));
    key.public_key().verify(Scheme::Ed25519, &[&[0x72]], &signature).unwrap();
}

fn key_of(certificate: &[u8]) -> PublicKey {
    Certificate::parse(certificate).unwrap().public_key().clone()
}

/// `OpenSSL` made these. The modulus of 2049 bits leaves a message of whole bytes for PSS.
fn foreign() -> Vec<(PublicKey, Scheme, &'static [u8])> {
    use Hash::{Sha256, Sha384, Sha512};
    use Scheme::{Ecdsa, Ed25519, RsaPkcs1, RsaPss};
    let [p256, p384, ed25519, rsa, odd] = [
        fixture!("p256.der"),
        fixture!("p384.der"),
        fixture!("ed25519.der"),
        fixture!("rsa2048.der"),
        fixture!("rsa2049.der"),
    ]
    .map(key_of);
    vec![
        (p256.clone(), Ecdsa(Sha256), fixture!("p256-sha256.sig")),
        (p256.clone(), Ecdsa(Sha384), fixture!("p256-sha384.sig")),
        (p256, Ecdsa(Sha512), fixture!("p256-sha512.sig")),
        (p384.clone(), Ecdsa(Sha256), fixture!("p384-sha256.sig")),
        (p384.clone(), Ecdsa(Sha384), fixture!("p384-sha384.sig")),
        (p384, Ecdsa(Sha512), fixture!("p384-sha512.sig")),
        (ed25519, Ed25519, fixture!("ed25519.sig")),
        (rsa.clone(), RsaPkcs1(Sha256), fixture!("rsa2048-pkcs1-sha256.sig")),
        (rsa.clone(), RsaPkcs1(Sha384), fixture!("rsa2048-pkcs1-sha384.sig")),
        (rsa.clone(), RsaPkcs1(Sha512), fixture!("rsa2048-pkcs1-sha512.sig")),
        (rsa.clone(), RsaPss(Sha256), fixture!("rsa2048-pss-sha256.sig")),
        (rsa.clone(), RsaPss(Sha384), fixture!("rsa2048-pss-sha384.sig")),
        (rsa, RsaPss(Sha512), fixture!("rsa2048-pss-sha512.sig")),
        (odd.clone(), RsaPkcs1(Sha256), fixture!("rsa2049-pkcs1-sha256.sig")),
        (odd.clone(), RsaPss(Sha256), fixture!("rsa2049-pss-sha256.sig")),
        (odd.clone(), RsaPss(Sha384), fixture!("rsa2049-pss-sha384.sig")),
        (odd, RsaPss(Sha512), fixture!("rsa2049-pss-sha512.sig")),
    ]
}

#[test]
fn the_signatures_of_an_independent_implementation_fit() {
    for (key, scheme, signature) in foreign() {
        assert_eq!(key.verify(scheme, &[b"a ", b"message"], signature), Ok(()), "{scheme:?}");
    }
}

#[test]
fn other_messages_schemes_and_signatures_do_not_fit() {
    let all = foreign();
    for (key, scheme, signature) in &all {
        let refuses = |scheme: Scheme, message: &[u8], signature: &[u8]| {
            key.verify(scheme, &[message], signature) == Err(BadSignature)
        };
        assert!(refuses(*scheme, b"a messagf", signature), "{scheme:?}");
        for (_, other, _) in all.iter().skip(6).step_by(2).filter(|(_, other, _)| other != scheme) {
            assert!(refuses(*other, MESSAGE, signature), "{scheme:?} {other:?}");
        }
        for length in [0, 1, signature.len() / 2, signature.len() - 1] {
            assert!(refuses(*scheme, MESSAGE, &signature[..length]), "{scheme:?} {length}");
        }
        assert!(refuses(*scheme, MESSAGE, &[*signature, &[0]].concat()), "{scheme:?}");
        assert!(refuses(*scheme, MESSAGE, &[&[0], *signature].concat()), "{scheme:?}");
        assert!(refuses(*scheme, MESSAGE, &vec![0xFF; signature.len()]), "{scheme:?}");
        assert!(refuses(*scheme, MESSAGE, &vec![0; signature.len()]), "{scheme:?}");
        for at in (0..signature.len()).step_by(11) {
            let mut changed = signature.to_vec();
            changed[at] ^= 1;
            assert!(refuses(*scheme, MESSAGE, &changed), "{scheme:?} {at}");
        }
    }
}

// RFC 8446 section 4.2.3: the salt is as long as the digest.
#[test]
fn a_salt_of_another_length_does_not_fit() {
    let key = key_of(fixture!("rsa2048.der"));
    let signature = fixture!("rsa2048-pss-salt20.sig");
    assert_eq!(key.verify(Scheme::RsaPss(Hash::Sha256), &[MESSAGE], signature), Err(BadSignature));
}

/// The same numbers in other encodings, and numbers out of range, are refused.
#[test]
fn an_ecdsa_signature_has_one_encoding() {
    let key = SigningKey::from_bytes(KeyKind::P256, &hex(P256)).unwrap();
    let scheme = Scheme::Ecdsa(Hash::Sha256);
    let signature = key.sign(scheme, &[b"sample"]).unwrap();
    let verify = |signature: &[u8]| key.public_key().verify(scheme, &[b"sample"], signature);
    assert_eq!(verify(&signature), Ok(()));
    let (r, s) = (&signature[5..37], &signature[40..72]);
    let pair = |r: &[u8], s: &[u8]| {
        [
            &[
                0x30,
                u8::try_from(r.len() + s.len() + 4).unwrap(),
                2,
                u8::try_from(r.len()).unwrap(),
            ],
            r,
            &[2, u8::try_from(s.len()).unwrap()],
            s,
        ]
        .concat()
    };
    let (padded_r, padded_s) = ([&[0], r].concat(), [&[0], s].concat());
    assert_eq!(pair(&padded_r, &padded_s), signature);
    // Negative, with a zero too many, with a length of two octets, of no certain length, zero, the
    // order, beyond the order.
    assert_eq!(verify(&pair(r, &padded_s)), Err(BadSignature));
    assert_eq!(verify(&pair(&[&[0], padded_r.as_slice()].concat(), &padded_s)), Err(BadSignature));
    assert_eq!(verify(&[&[0x30, 0x81, 70], &signature[2..]].concat()), Err(BadSignature));
    assert_eq!(verify(&[&[0x30, 0x80], &signature[2..], &[0, 0]].concat()), Err(BadSignature));
    let order = hex("00FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
    let beyond = [&[0], [0xFF; 32].as_slice()].concat();
    let wrongs: [&[u8]; 5] = [&[0], &[], &order, &beyond, &[1; 40]];
    for wrong in wrongs {
        assert_eq!(verify(&pair(wrong, &padded_s)), Err(BadSignature));
        assert_eq!(verify(&pair(&padded_r, wrong)), Err(BadSignature));
    }
}

#[test]
fn keys_come_from_the_seed_and_keep_to_their_schemes() {
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519] {
        let make = |seed| SigningKey::generate(kind, &mut icelab_sans_io::Rng::from_u64(seed));
        let key = make(1).unwrap();
        assert_eq!(key.kind(), kind);
        assert_eq!(key.public_key(), make(1).unwrap().public_key());
        assert_ne!(key.public_key(), make(2).unwrap().public_key());
        let signature = key.sign(key.scheme(), &[MESSAGE]).unwrap();
        assert_eq!(signature, make(1).unwrap().sign(key.scheme(), &[MESSAGE]).unwrap());
        key.public_key().verify(key.scheme(), &[MESSAGE], &signature).unwrap();
        for scheme in [Scheme::Ecdsa(Hash::Sha1), Scheme::RsaPkcs1(Hash::Sha256)] {
            assert_eq!(key.sign(scheme, &[MESSAGE]), Err(Unsupported));
            let refused = key.public_key().verify(scheme, &[MESSAGE], &signature);
            assert_eq!(refused, Err(BadSignature));
        }
        let shown = format!("{key:?}");
        assert_eq!(shown, format!("SigningKey({kind:?})"));
    }
    let mut rng = icelab_sans_io::Rng::from_u64(1);
    assert_eq!(SigningKey::generate(KeyKind::Rsa, &mut rng).unwrap_err(), Unsupported);
}

#[test]
fn a_public_key_survives_its_encoding() {
    let keys = foreign().into_iter().map(|(key, _, _)| key);
    for key in keys {
        assert_eq!(PublicKey::from_spki(&key.to_spki()), Ok(key));
    }
}

#[test]
fn keys_that_are_not_known_or_broken_are_told_apart() {
    let point = key_of(fixture!("p256.der")).to_spki();
    let mut off = point.clone();
    *off.last_mut().unwrap() ^= 1;
    assert_eq!(PublicKey::from_spki(&off), Err(UnknownKey::Malformed));
    for length in 0..point.len() {
        assert_eq!(PublicKey::from_spki(&point[..length]), Err(UnknownKey::Malformed));
    }
    let rsa = key_of(fixture!("rsa2048.der")).to_spki();
    // An exponent of 1 would make every message its own signature.
    let mut one = rsa.clone();
    let end = one.len();
    one[end - 3..].copy_from_slice(&[0, 0, 1]);
    assert_eq!(PublicKey::from_spki(&one), Err(UnknownKey::Malformed));
    let mut even = rsa;
    even[end - 1] = 2;
    assert_eq!(PublicKey::from_spki(&even), Err(UnknownKey::Malformed));
}
