//! 1.3's key schedule (RFC 8446 section 7, with the labels of RFC 9147 section 5.9).
//!
//! 1. [`Handshake`]: the shared secret is known.
//! 2. [`Application`]: the server's Finished is in the transcript; data can flow.
//! 3. [`Exporter`]: keys for others.

use icelab_crypto::hkdf::{TooLong, derive, expand_label, extract};
use icelab_crypto::hmac::Hmac;
use icelab_crypto::{AeadKey, Cipher, Digest, Hash, MaskKey, Secret};

use crate::record::protection::Protection;

/// What stands before every label (RFC 9147 section 5.9).
const PREFIX: &[u8] = b"dtls13";

/// A secret of one side and one epoch.
#[derive(Clone)]
pub(crate) struct TrafficSecret {
    secret: Digest,
    hash: Hash,
}

impl TrafficSecret {
    fn key(&self) -> Hmac {
        Hmac::new(self.hash, &self.secret)
    }

    /// The keys of records (RFC 8446 section 7.3, RFC 9147 section 4.2.3).
    pub(crate) fn protection(&self, cipher: Cipher) -> Protection {
        let secret = self.key();
        let mut key = vec![0; cipher.key_length()];
        label(&secret, b"key", &mut key);
        let key = Secret::new(key);
        let mut mask = vec![0; cipher.key_length()];
        label(&secret, b"sn", &mut mask);
        let mask = Secret::new(mask);
        let mut iv = [0; icelab_crypto::aead::NONCE_LENGTH];
        label(&secret, b"iv", &mut iv);
        Protection::V1_3 {
            key: AeadKey::new(cipher, key.expose()).expect("it has the cipher's length"),
            iv,
            mask: Box::new(
                MaskKey::new(cipher, mask.expose()).expect("it has the cipher's length"),
            ),
        }
    }

    /// What this side's Finished says of the handshake so far (RFC 8446 section 4.4.4).
    pub(crate) fn verify_data(&self, transcript: &Digest) -> Digest {
        self.finished_key().sign(&[transcript.as_bytes()])
    }

    /// Whether `data` is what this side's Finished must say.
    pub(crate) fn verifies(&self, transcript: &Digest, data: &[u8]) -> bool {
        self.finished_key().verify(&[transcript.as_bytes()], data)
    }

    fn finished_key(&self) -> Hmac {
        Hmac::new(self.hash, &derived(&self.key(), b"finished", b""))
    }

    /// The secret after a KeyUpdate (RFC 8446 section 7.2).
    pub(crate) fn next(&self) -> Self {
        let secret = derived(&self.key(), b"traffic upd", b"");
        Self { secret, hash: self.hash }
    }

    /// The bytes, for the key log.
    pub(crate) fn secret(&self) -> &[u8] {
        self.secret.as_bytes()
    }
}

impl core::fmt::Debug for TrafficSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TrafficSecret(..)")
    }
}

/// Both sides' secrets of one stage.
#[derive(Clone, Debug)]
pub(crate) struct Sides {
    pub(crate) client: TrafficSecret,
    pub(crate) server: TrafficSecret,
}

/// The stage after the key exchange.
#[derive(Debug)]
pub(crate) struct Handshake {
    secret: Digest,
    hash: Hash,
    pub(crate) sides: Sides,
}

impl Handshake {
    /// From the shared secret and the transcript up to ServerHello. Nothing here uses pre-shared
    /// keys, so the early secret is made of zeros.
    pub(crate) fn new(hash: Hash, shared: &[u8], transcript: &Digest) -> Self {
        let zeros = [0; 64];
        let zeros = zeros.get(..hash.length()).expect("no hash is longer than 64 bytes");
        let early = extract(hash, &[], zeros);
        let empty = hash.digest(&[]);
        let salt = derived(&Hmac::new(hash, &early), b"derived", &empty);
        let secret = extract(hash, &salt, shared);
        let key = Hmac::new(hash, &secret);
        let side = |name| TrafficSecret { secret: derived(&key, name, transcript), hash };
        let sides = Sides { client: side(b"c hs traffic"), server: side(b"s hs traffic") };
        Self { secret, hash, sides }
    }

    /// The last stage, from the transcript up to the server's Finished.
    pub(crate) fn finish(&self, transcript: &Digest) -> Application {
        let hash = self.hash;
        let empty = hash.digest(&[]);
        let salt = derived(&Hmac::new(hash, &self.secret), b"derived", &empty);
        let zeros = [0; 64];
        let zeros = zeros.get(..hash.length()).expect("no hash is longer than 64 bytes");
        let master = Hmac::new(hash, &extract(hash, &salt, zeros));
        let side = |name| TrafficSecret { secret: derived(&master, name, transcript), hash };
        Application {
            sides: Sides { client: side(b"c ap traffic"), server: side(b"s ap traffic") },
            exporter: Exporter { secret: derived(&master, b"exp master", transcript), hash },
        }
    }
}

/// The stage in which data flow.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) sides: Sides,
    pub(crate) exporter: Exporter,
}

/// Makes keys for others (RFC 8446 section 7.5).
pub(crate) struct Exporter {
    secret: Digest,
    hash: Hash,
}

impl Exporter {
    /// Fills `output`. In 1.3 no context and an empty one are the same.
    pub(crate) fn export(
        &self,
        name: &[u8],
        context: &[u8],
        output: &mut [u8],
    ) -> Result<(), TooLong> {
        let key = Hmac::new(self.hash, &self.secret);
        let secret = derive(&key, PREFIX, name, &self.hash.digest(&[]))?;
        let context = self.hash.digest(&[context]);
        expand_label(&Hmac::new(self.hash, &secret), PREFIX, b"exporter", &context, output)
    }

    /// The bytes, for the key log.
    pub(crate) fn secret(&self) -> &[u8] {
        self.secret.as_bytes()
    }
}

impl core::fmt::Debug for Exporter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Exporter(..)")
    }
}

/// Derive-Secret over a transcript that is hashed already (RFC 8446 section 7.1).
fn derived(secret: &Hmac, name: &[u8], context: &[u8]) -> Digest {
    derive(secret, PREFIX, name, context).expect("labels and digests are short")
}

/// HKDF-Expand-Label without a context, with one of this file's labels.
fn label(secret: &Hmac, name: &[u8], output: &mut [u8]) {
    expand_label(secret, PREFIX, name, b"", output).expect("labels and keys are short");
}
