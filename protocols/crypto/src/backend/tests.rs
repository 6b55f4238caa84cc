//! Published vectors against the library in use, and the two libraries against each other.
#![cfg_attr(
    not(feature = "aws-lc"),
    expect(unused_qualifications, reason = "both names mean the same library")
)]

use icelab_sans_io::Rng;

use super::*;
use crate::aead::Cipher;
use crate::hash::Hash;
use crate::secret::Secret;
use crate::testing::hex;

// RFC 7748 sections 5.2 and 6.1; RFC 5903 sections 8.1 and 8.2: private key, its public key, the
// peer's public key, the secret.
const AGREEMENTS: [(Curve, [&str; 4]); 4] = [
    (
        Curve::X25519,
        [
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
            "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
        ],
    ),
    (
        Curve::X25519,
        [
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
        ],
    ),
    (
        Curve::P256,
        [
            "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433",
            "04 DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180
                5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3",
            "04 D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63
                56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB",
            "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE",
        ],
    ),
    (
        Curve::P384,
        [
            "099F3C7034D4A2C699884D73A375A67F7624EF7C6B3C0F160647B67414DCE655
             E35B538041E649EE3FAEF896783AB194",
            "04 667842D7D180AC2CDE6F74F37551F55755C7645C20EF73E31634FE72B4C55EE6
                DE3AC808ACB4BDB4C88732AEE95F41AA
                9482ED1FC0EEB9CAFC4984625CCFC23F65032149E0E144ADA024181535A0F38E
                EB9FCFF3C2C947DAE69B4C634573A81C",
            "04 E558DBEF53EECDE3D3FCCFC1AEA08A89A987475D12FD950D83CFA41732BC509D
                0D1AC43A0336DEF96FDA41D0774A3571
                DCFBEC7AACF3196472169E838430367F66EEBE3C6E70C416DD5F0C68759DD1FF
                F83FA40142209DFF5EAAD96DB9E6386C",
            "11187331C279962D93D604243FD592CB9D0A926F422E47187521287E7156C5C4
             D603135569B9E9D09CF5D4A270F59746",
        ],
    ),
];

#[test]
fn the_published_agreements() {
    for (curve, case) in AGREEMENTS {
        let [scalar, public, peer, secret] = case.map(hex);
        if !public.is_empty() {
            assert_eq!(public_key(curve, &scalar).unwrap(), public);
        }
        assert_eq!(agree(curve, &scalar, &peer).unwrap().expose(), secret);
    }
}

// RFC 7748 section 6.1: a secret of zeros is refused. These are all points whose order divides 8,
// with the forms of theirs that are not reduced.
#[test]
fn points_of_small_order_are_refused() {
    let scalar = [0x55; 32];
    for point in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ] {
        assert!(agree(Curve::X25519, &scalar, &hex(point)).is_none(), "{point}");
    }
}

#[test]
fn scalars_that_are_no_private_keys_are_refused() {
    let order = hex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
    for scalar in [vec![0; 32], order.clone(), vec![0xFF; 32], vec![1; 31], vec![1; 33]] {
        assert!(public_key(Curve::P256, &scalar).is_none());
        assert!(sign(Curve::P256, &scalar, Hash::Sha256, &[1; 32]).is_none());
    }
    let mut highest = order;
    highest[31] -= 1;
    assert!(public_key(Curve::P256, &highest).is_some());
    for scalar in [vec![0; 48], vec![0xFF; 48], vec![1; 32]] {
        assert!(public_key(Curve::P384, &scalar).is_none());
    }
    assert!(public_key(Curve::X25519, &[1; 31]).is_none());
    assert!(sign(Curve::X25519, &[1; 32], Hash::Sha256, &[1; 32]).is_none());
}

/// Runs as a comparison with the feature `aws-lc`; without it, of one library with itself.
#[test]
fn both_libraries_seal_to_the_same_bytes() {
    let mut rng = Rng::from_u64(1);
    for cipher in [Cipher::Aes128Gcm, Cipher::Aes256Gcm, Cipher::ChaCha20Poly1305] {
        for length in (0..300).chain([1200, 1500, 9000, 16384]) {
            let mut bytes = vec![0; 32 + 12 + length % 40 + length];
            rng.fill(&mut bytes);
            let (secret, rest) = bytes.split_at(32);
            let (nonce, rest) = rest.split_first_chunk().unwrap();
            let (associated, text) = rest.split_at(length % 40);
            let secret = &secret[..cipher.key_length()];
            let (one, other) =
                (Aead::new(cipher, secret).unwrap(), portable::Aead::new(cipher, secret).unwrap());
            let (mut mine, mut theirs) = (text.to_vec(), text.to_vec());
            let tag = one.seal(nonce, associated, &mut mine);
            assert_eq!(tag, other.seal(nonce, associated, &mut theirs));
            assert_eq!(mine, theirs);
            assert!(one.open(nonce, associated, &mut mine, &tag));
            assert_eq!(mine, text);
            assert!(other.open(nonce, associated, &mut theirs, &tag));
            assert!(!one.open(nonce, associated, &mut mine, &[0; 16]));
        }
    }
}

#[test]
fn both_libraries_agree_and_sign_with_the_same_bytes() {
    let mut rng = Rng::from_u64(2);
    for curve in [Curve::X25519, Curve::P256, Curve::P384] {
        for _ in 0..4 {
            let (mut ours, mut theirs) = ([0; 48], [0; 48]);
            rng.fill(&mut ours);
            rng.fill(&mut theirs);
            let (ours, theirs) = (&ours[..curve.scalar_length()], &theirs[..curve.scalar_length()]);
            let public = public_key(curve, ours).unwrap();
            let peer = public_key(curve, theirs).unwrap();
            let secret = agree(curve, ours, &peer).unwrap();
            let other = portable::PrivateKey::new(curve, ours).unwrap();
            assert_eq!(other.public_key().unwrap(), public);
            assert_eq!(other.agree(&peer).unwrap().expose(), secret.expose());
            assert_eq!(agree(curve, theirs, &public).unwrap().expose(), secret.expose());
            if curve == Curve::X25519 {
                continue;
            }
            for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
                let digest = hash.digest(&[&peer]);
                let signature = sign(curve, ours, hash, &digest).unwrap();
                assert_eq!(portable::sign(curve, ours, hash, &digest).unwrap(), signature);
                same_verdicts(curve, &public, hash, &digest, &signature);
            }
        }
    }
}

/// The public key of `scalar`, by the library in use.
fn public_key(curve: Curve, scalar: &[u8]) -> Option<Vec<u8>> {
    PrivateKey::new(curve, scalar)?.public_key()
}

/// The secret shared with the holder of `public`, by the library in use.
fn agree(curve: Curve, scalar: &[u8], public: &[u8]) -> Option<Secret> {
    PrivateKey::new(curve, scalar)?.agree(public)
}

/// Both libraries take the signature, and refuse each one that is a bit or a byte away from it.
fn same_verdicts(curve: Curve, public: &[u8], hash: Hash, digest: &[u8], signature: &[u8]) {
    let verdict = |signature: &[u8]| {
        let verdict = verify(curve, public, hash, digest, signature);
        assert_eq!(verdict, portable::verify(curve, public, hash, digest, signature));
        verdict
    };
    assert!(verdict(signature));
    for at in [0, 1, 2, 3, 4, 20, signature.len() - 1] {
        let mut changed = signature.to_vec();
        changed[at] ^= 0x80;
        assert!(!verdict(&changed), "{at}");
        changed[at] ^= 0x81;
        assert!(!verdict(&changed), "{at}");
    }
    assert!(!verdict(&[signature, &[0]].concat()));
    assert!(!verdict(&signature[..signature.len() - 1]));
    assert!(!verdict(&[]));
}

/// Shares that are not points of their curve.
#[test]
fn both_libraries_refuse_what_is_no_point() {
    for (curve, case) in AGREEMENTS {
        let [scalar, public, peer, _] = case.map(hex);
        if curve == Curve::X25519 {
            continue;
        }
        let mut off = peer.clone();
        *off.last_mut().unwrap() ^= 1;
        let mut beyond = vec![0xFF; peer.len()];
        beyond[0] = 4;
        // (0, 0) stands for the identity in some libraries.
        let mut origin = vec![0; peer.len()];
        origin[0] = 4;
        for point in [off, beyond, origin, vec![0], vec![], public[1..].to_vec()] {
            assert!(agree(curve, &scalar, &point).is_none());
            let other = portable::PrivateKey::new(curve, &scalar).unwrap();
            assert!(other.agree(&point).is_none());
            let (hash, digest) = (Hash::Sha256, Hash::Sha256.digest(&[]));
            let signature = sign(curve, &scalar, hash, &digest).unwrap();
            assert!(!verify(curve, &point, hash, &digest, &signature));
            assert!(!portable::verify(curve, &point, hash, &digest, &signature));
        }
    }
}
