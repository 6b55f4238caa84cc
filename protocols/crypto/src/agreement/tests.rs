//! Both sides of each group, and shares that nobody makes.

use super::*;
use crate::testing::hex;

const GROUPS: [Group; 4] = [Group::X25519, Group::P256, Group::P384, Group::X25519MlKem768];

#[test]
fn both_sides_of_every_group_come_to_the_same_secret() {
    for group in GROUPS {
        let offer = Offer::new(group, &mut Rng::from_u64(1));
        assert_eq!(offer.share().len(), group.offer_length());
        let (share, theirs) = answer(group, offer.share(), &mut Rng::from_u64(2)).unwrap();
        assert_eq!(share.len(), group.answer_length());
        let ours = offer.agree(&share).unwrap();
        assert_eq!(ours.expose(), theirs.expose());
        let length = match group {
            Group::X25519 | Group::P256 => 32,
            Group::P384 => 48,
            Group::X25519MlKem768 => 64,
        };
        assert_eq!(ours.expose().len(), length);
        assert!(ours.expose().iter().any(|byte| *byte != 0));
    }
}

#[test]
fn the_same_seed_makes_the_same_shares() {
    for group in GROUPS {
        let offer = Offer::new(group, &mut Rng::from_u64(1));
        assert_eq!(offer.share(), Offer::new(group, &mut Rng::from_u64(1)).share());
        assert_ne!(offer.share(), Offer::new(group, &mut Rng::from_u64(2)).share());
        let (one, _) = answer(group, offer.share(), &mut Rng::from_u64(3)).unwrap();
        let (same, _) = answer(group, offer.share(), &mut Rng::from_u64(3)).unwrap();
        assert_eq!(one, same);
    }
}

#[test]
fn shares_of_a_wrong_length_are_refused() {
    for group in GROUPS {
        let offer = Offer::new(group, &mut Rng::from_u64(1));
        let (share, _) = answer(group, offer.share(), &mut Rng::from_u64(2)).unwrap();
        for (right, is_offer) in [(offer.share(), true), (share.as_slice(), false)] {
            let longer = [right, &[0]].concat();
            for wrong in [&[], &right[1..], &right[..right.len() - 1], &longer] {
                let refused = if is_offer {
                    answer(group, wrong, &mut Rng::from_u64(3)).is_err()
                } else {
                    offer.agree(wrong).is_err()
                };
                assert!(refused, "{group:?} {}", wrong.len());
            }
        }
    }
}

// RFC 8446 section 4.2.8.2: only the uncompressed form, and only points of the curve. RFC 7748
// section 6.1: no secret of zeros.
#[test]
fn shares_that_nobody_makes_are_refused() {
    for group in GROUPS {
        let offer = Offer::new(group, &mut Rng::from_u64(1));
        for filling in [0x00, 0xFF] {
            let refused =
                answer(group, &vec![filling; group.offer_length()], &mut Rng::from_u64(2));
            // 2^255 - 1 is no point of small order on Curve25519.
            let is_point = group == Group::X25519 && filling == 0xFF;
            assert_eq!(refused.is_err(), !is_point, "{group:?}");
        }
        let zeros = offer.agree(&vec![0; group.answer_length()]);
        assert_eq!(zeros.unwrap_err(), InvalidShare, "{group:?}");
    }
    let offer = Offer::new(Group::P256, &mut Rng::from_u64(1));
    let mut compact = offer.share().to_vec();
    compact[0] = 5;
    assert!(answer(Group::P256, &compact, &mut Rng::from_u64(2)).is_err());
    let compressed = [&[2 | compact[64] & 1], &compact[1..33]].concat();
    assert!(answer(Group::P256, &compressed, &mut Rng::from_u64(2)).is_err());
}

#[test]
fn a_share_of_small_order_spoils_the_hybrid() {
    let offer = Offer::new(Group::X25519MlKem768, &mut Rng::from_u64(1));
    let mut low = offer.share().to_vec();
    low[1184..].fill(0);
    assert!(answer(Group::X25519MlKem768, &low, &mut Rng::from_u64(2)).is_err());
    let (mut share, _) =
        answer(Group::X25519MlKem768, offer.share(), &mut Rng::from_u64(2)).unwrap();
    share[1088..].fill(0);
    assert!(offer.agree(&share).is_err());
}

// FIPS 203 section 7.2: a key with a coefficient of 3329 or more is refused.
#[test]
fn an_ml_kem_key_that_is_not_reduced_is_refused() {
    let offer = Offer::new(Group::X25519MlKem768, &mut Rng::from_u64(1));
    let mut share = offer.share().to_vec();
    share[0] = 0x01;
    share[1] = share[1] & 0xF0 | 0x0D;
    assert!(answer(Group::X25519MlKem768, &share, &mut Rng::from_u64(2)).is_err());
    share[0] = 0x00;
    assert!(answer(Group::X25519MlKem768, &share, &mut Rng::from_u64(2)).is_ok());
}

/// `OpenSSL` 4.0 made the public key of this seed, and the capsule in the file for it.
#[test]
fn a_capsule_of_an_independent_implementation_opens() {
    let seed: [u8; 64] = core::array::from_fn(|index| u8::try_from(index).unwrap());
    let (private, public) = ml_kem::Private::from_seed(&seed);
    assert_eq!(
        crate::sha256(&[&public]).as_slice(),
        hex("0b7934c83125c788995e2ba6bd761e33046b3e40571be53e023309a29f398cc9")
    );
    let mut capsule = include_bytes!("../../tests/fixtures/mlkem768.capsule").to_vec();
    assert_eq!(
        private.open(&capsule).unwrap().expose(),
        hex("2fa050b14df9d5ee984afd742ed3720fb8dd34da95327d9a4fbcc880d51b65f1")
    );
    // A capsule for nobody gives a secret nobody has, the same one each time (FIPS 203 section
    // 6.3).
    capsule[0] ^= 1;
    assert_eq!(
        private.open(&capsule).unwrap().expose(),
        hex("f0213beb9ca412d8953a42292f2f7e901380c1b2efd387870997ccf7a06e765f")
    );
}

/// The faster library has ML-KEM too, with randomness of its own, so it is not used but here.
#[cfg(feature = "aws-lc")]
#[test]
fn capsules_pass_between_two_implementations() {
    use aws_lc_rs::kem::{Ciphertext, DecapsulationKey, EncapsulationKey, ML_KEM_768};

    for seed in 0..16 {
        let theirs = DecapsulationKey::generate(&ML_KEM_768).unwrap();
        let public = theirs.encapsulation_key().unwrap().key_bytes().unwrap().as_ref().to_vec();
        let (capsule, secret) = ml_kem::seal(&public, &mut Rng::from_u64(seed)).unwrap();
        let opened = theirs.decapsulate(Ciphertext::from(capsule.as_slice())).unwrap();
        assert_eq!(opened.as_ref(), secret.expose());

        let (ours, public) = ml_kem::Private::new(&mut Rng::from_u64(seed));
        let (capsule, secret) =
            EncapsulationKey::new(&ML_KEM_768, &public).unwrap().encapsulate().unwrap();
        assert_eq!(ours.open(capsule.as_ref()).unwrap().expose(), secret.as_ref());
    }
}
