//! What str0m protects media with. Its SRTP is private to it; public are the ciphers and the HMAC
//! under it, which get and give here what they do there: a new buffer, or one that is kept, and an
//! HMAC key that is set up for each packet. str0m reads headers and finds streams on top, so this is
//! less than it costs.

use icelab_srtp::Profile;
use str0m_proto::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, Aes128CmSha1_80Cipher, CryptoProvider,
    Sha1HmacProvider,
};

use super::session_keys::{SessionKeys, Vectors};
use super::{Done, HEADER, Master, Media};

pub fn on_rust_crypto(master: &Master) -> Option<Box<dyn Media>> {
    on(master, &str0m_rust_crypto::default_provider())
}

pub fn on_aws_lc(master: &Master) -> Option<Box<dyn Media>> {
    on(master, &str0m_aws_lc_rs::default_provider())
}

fn on(master: &Master, provider: &CryptoProvider) -> Option<Box<dyn Media>> {
    let keys = SessionKeys::new(master);
    let (sent, received) = (Vectors::new(&keys), Vectors::new(&keys));
    let srtp = provider.srtp_provider;
    let ciphers = [true, false].map(|is_sender| {
        let key = keys.encryption.as_slice();
        Some(match master.profile {
            Profile::Aes128CmSha1_80 => Cipher::CounterMode {
                cipher: srtp.aes_128_cm_sha1_80().create_cipher(key.try_into().ok()?, is_sender),
                authentication: keys.authentication.clone(),
                hmac: provider.sha1_hmac_provider,
            },
            Profile::Aes128CmSha1_32 => return None,
            Profile::AeadAes128Gcm => Cipher::Gcm128(
                srtp.aead_aes_128_gcm().create_cipher(key.try_into().ok()?, is_sender),
            ),
            Profile::AeadAes256Gcm => Cipher::Gcm256(
                srtp.aead_aes_256_gcm().create_cipher(key.try_into().ok()?, is_sender),
            ),
        })
    });
    let [Some(sender), Some(receiver)] = ciphers else { return None };
    Some(Box::new(Str0m { sender, receiver, sent, received, kept: Vec::new() }))
}

struct Str0m {
    sender: Cipher,
    receiver: Cipher,
    sent: Vectors,
    received: Vectors,
    kept: Vec<u8>,
}

enum Cipher {
    CounterMode {
        cipher: Box<dyn Aes128CmSha1_80Cipher>,
        authentication: Vec<u8>,
        hmac: &'static dyn Sha1HmacProvider,
    },
    Gcm128(Box<dyn AeadAes128GcmCipher>),
    Gcm256(Box<dyn AeadAes256GcmCipher>),
}

impl Media for Str0m {
    fn protect(&mut self, packet: &mut Vec<u8>) -> Done {
        let (head, payload) = packet.split_at(HEADER);
        let mut output;
        match &mut self.sender {
            Cipher::CounterMode { cipher, authentication, hmac } => {
                let counter = self.sent.next_counter();
                output = vec![0; packet.len() + SPARE];
                cipher.encrypt(&counter, payload, &mut output[HEADER..]).expect("room");
                output[..HEADER].copy_from_slice(head);
                let roll_over = roll_over(&self.sent);
                let (body, free) = output.split_at_mut(packet.len());
                let tag = hmac.sha1_hmac(authentication, &[body, &roll_over]);
                free[..SHORT_TAG].copy_from_slice(&tag[..SHORT_TAG]);
                output.truncate(packet.len() + SHORT_TAG);
            }
            Cipher::Gcm128(cipher) => {
                let nonce = self.sent.next_nonce();
                output = vec![0; packet.len() + TAG];
                cipher.encrypt(&nonce, head, payload, &mut output[HEADER..]).expect("room");
                output[..HEADER].copy_from_slice(head);
            }
            Cipher::Gcm256(cipher) => {
                let nonce = self.sent.next_nonce();
                output = vec![0; packet.len() + TAG];
                cipher.encrypt(&nonce, head, payload, &mut output[HEADER..]).expect("room");
                output[..HEADER].copy_from_slice(head);
            }
        }
        Done::Elsewhere(output)
    }

    fn unprotect(&mut self, packet: &mut Vec<u8>) -> Done {
        let (head, payload) = packet.split_at(HEADER);
        match &mut self.receiver {
            Cipher::CounterMode { cipher, authentication, hmac } => {
                let counter = self.received.next_counter();
                let end = packet.len() - SHORT_TAG;
                let roll_over = roll_over(&self.received);
                let tag = hmac.sha1_hmac(authentication, &[&packet[..end], &roll_over]);
                assert_eq!(tag[..SHORT_TAG], packet[end..], "an authentic packet");
                let payload = &packet[HEADER..end];
                self.kept.resize(payload.len() + PADDING, 0);
                cipher.decrypt(&counter, payload, &mut self.kept).expect("room");
            }
            Cipher::Gcm128(cipher) => {
                let nonce = self.received.next_nonce();
                self.kept.resize(payload.len() - TAG, 0);
                cipher.decrypt(&nonce, &[head], payload, &mut self.kept).expect("authentic");
            }
            Cipher::Gcm256(cipher) => {
                let nonce = self.received.next_nonce();
                self.kept.resize(payload.len() - TAG, 0);
                cipher.decrypt(&nonce, &[head], payload, &mut self.kept).expect("authentic");
            }
        }
        Done::Kept
    }
}

/// The roll-over counter of the packet whose vector was given last.
fn roll_over(vectors: &Vectors) -> [u8; 4] {
    let [_, _, roll_over @ .., _, _] = vectors.index.to_be_bytes();
    roll_over
}

const TAG: usize = 16;
const SHORT_TAG: usize = 10;
/// What the ciphers want beyond the payload.
const PADDING: usize = 15;
/// Room for tag and padding.
const SPARE: usize = PADDING;
