//! The primitives alone, over the same bytes with keys that were set up before: what nobody who
//! stands on these libraries can go below. Tags are made but put nowhere.

use std::hint::black_box;

use aes::Aes128;
use aes::cipher::consts::{U12, U16};
use aes::cipher::{InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper};
use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;
use hmac::{Hmac, Mac};
use icelab_srtp::Profile;
use sha1::Sha1;

use super::session_keys::{SessionKeys, Vectors};
use super::{Done, HEADER, Master, Media};

pub fn rust_crypto(master: &Master) -> Option<Box<dyn Media>> {
    let keys = SessionKeys::new(master);
    let vectors = Vectors::new(&keys);
    let encryption = keys.encryption.as_slice();
    Some(match master.profile {
        Profile::Aes128CmSha1_80 | Profile::Aes128CmSha1_32 => Box::new(CounterMode {
            key: Aes128::new_from_slice(encryption).expect("16 bytes"),
            authentication: Hmac::new_from_slice(&keys.authentication).expect("any length"),
            tag: master.profile.rtp_overhead(),
            vectors,
        }),
        Profile::AeadAes128Gcm => {
            Box::new(Gcm { key: Aes128Gcm::new_from_slice(encryption).expect("16 bytes"), vectors })
        }
        Profile::AeadAes256Gcm => {
            Box::new(Gcm { key: Aes256Gcm::new_from_slice(encryption).expect("32 bytes"), vectors })
        }
    })
}

struct CounterMode {
    key: Aes128,
    authentication: Hmac<Sha1>,
    tag: usize,
    vectors: Vectors,
}

impl CounterMode {
    fn encrypt(&mut self, payload: &mut [u8]) {
        let counter = self.vectors.next_counter().into();
        let core = CtrCore::<&Aes128, Ctr128BE>::inner_iv_init(&self.key, &counter);
        StreamCipherCoreWrapper::from_core(core).apply_keystream(payload);
    }

    fn sign(&self, bytes: &[u8]) -> [u8; 20] {
        let mut state = self.authentication.clone();
        state.update(bytes);
        state.update(&[0; 4]);
        state.finalize().into_bytes().into()
    }
}

impl Media for CounterMode {
    fn protect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        self.encrypt(&mut packet[HEADER..]);
        let _ = black_box(self.sign(packet));
        Done::InPlace
    }

    fn unprotect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        let end = packet.len() - self.tag;
        let _ = black_box(self.sign(&packet[..end]));
        self.encrypt(&mut packet[HEADER..end]);
        Done::InPlace
    }
}

struct Gcm<Key> {
    key: Key,
    vectors: Vectors,
}

impl<Key: AeadInOut<NonceSize = U12, TagSize = U16>> Media for Gcm<Key> {
    fn protect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        let nonce = self.vectors.next_nonce().into();
        let (head, payload) = packet.split_at_mut(HEADER);
        let tag = self.key.encrypt_inout_detached(&nonce, head, InOutBuf::from(payload));
        let _ = black_box(tag.expect("a short packet"));
        Done::InPlace
    }

    fn unprotect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        let nonce = self.vectors.next_nonce().into();
        let (head, payload, tag) = parts(packet);
        self.key
            .decrypt_inout_detached(&nonce, head, InOutBuf::from(payload), &(*tag).into())
            .expect("an authentic packet");
        Done::InPlace
    }
}

pub fn aws_lc(master: &Master) -> Option<Box<dyn Media>> {
    let keys = SessionKeys::new(master);
    let vectors = Vectors::new(&keys);
    let encryption = keys.encryption.as_slice();
    let algorithm = match master.profile {
        Profile::Aes128CmSha1_80 | Profile::Aes128CmSha1_32 => {
            let key = UnboundCipherKey::new(&AES_128, encryption).expect("16 bytes");
            return Some(Box::new(AwsLcCounterMode {
                key: EncryptingKey::ctr(key).expect("AES has this mode"),
                authentication: aws_lc_rs::hmac::Key::new(
                    aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                    &keys.authentication,
                ),
                tag: master.profile.rtp_overhead(),
                vectors,
            }));
        }
        Profile::AeadAes128Gcm => &AES_128_GCM,
        Profile::AeadAes256Gcm => &AES_256_GCM,
    };
    let key = LessSafeKey::new(UnboundKey::new(algorithm, encryption).expect("its length"));
    Some(Box::new(AwsLcGcm { key, vectors }))
}

struct AwsLcCounterMode {
    key: EncryptingKey,
    authentication: aws_lc_rs::hmac::Key,
    tag: usize,
    vectors: Vectors,
}

impl AwsLcCounterMode {
    fn encrypt(&mut self, payload: &mut [u8]) {
        let counter = EncryptionContext::Iv128(self.vectors.next_counter().into());
        self.key.less_safe_encrypt(payload, counter).expect("a short packet");
    }

    fn sign(&self, bytes: &[u8]) -> aws_lc_rs::hmac::Tag {
        let mut state = aws_lc_rs::hmac::Context::with_key(&self.authentication);
        state.update(bytes);
        state.update(&[0; 4]);
        state.sign()
    }
}

impl Media for AwsLcCounterMode {
    fn protect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        self.encrypt(&mut packet[HEADER..]);
        let _ = black_box(self.sign(packet));
        Done::InPlace
    }

    fn unprotect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        let end = packet.len() - self.tag;
        let _ = black_box(self.sign(&packet[..end]));
        self.encrypt(&mut packet[HEADER..end]);
        Done::InPlace
    }
}

struct AwsLcGcm {
    key: LessSafeKey,
    vectors: Vectors,
}

impl Media for AwsLcGcm {
    fn protect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        let nonce = Nonce::from(&self.vectors.next_nonce());
        let (head, payload) = packet.split_at_mut(HEADER);
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::from(&*head), payload);
        let _ = black_box(tag.expect("a short packet"));
        Done::InPlace
    }

    fn unprotect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        let nonce = Nonce::from(&self.vectors.next_nonce());
        let (head, payload, tag) = parts(packet);
        self.key
            .open_in_place_separate_tag(nonce, Aad::from(head), tag, payload)
            .expect("an authentic packet");
        Done::InPlace
    }
}

/// Header, payload and tag of an SRTP packet.
fn parts(packet: &mut [u8]) -> (&[u8], &mut [u8], &[u8; 16]) {
    let (body, tag) = packet.split_last_chunk_mut().expect("a tag");
    let (head, payload) = body.split_at_mut(HEADER);
    (head, payload, tag)
}
