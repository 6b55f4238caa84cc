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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    /// What an independent implementation (Python's hmac and hashlib, after RFC 8446 sections 7.1 to
    /// 7.5 with the prefix of RFC 9147 section 5.9) makes of the shared secret 00 01 .. 1f and of
    /// transcripts whose hashes are those of "up to ServerHello" and "up to Finished".
    struct Expected {
        hash: Hash,
        handshake: [&'static str; 2],
        application: [&'static str; 2],
        exporter: &'static str,
        next: &'static str,
        finished: &'static str,
        exported: [&'static str; 2],
    }

    const EXPECTED: [Expected; 2] = [
        Expected {
            hash: Hash::Sha256,
            handshake: [
                "5617bfd4708706e97aff5f7f10f015896ce50a66d4916e8e14dc00aee410a304",
                "aef2695e508684a8d7e80c1e66f6ca6545c3d19cf2bfa632f9eba88a195b9b98",
            ],
            application: [
                "299356feb3efe62b540ac36070c236a9a4eb1a0c94e8b31e5fd81967e4f1ba51",
                "ab32759a594ff322b3bcacd972285b5f04aa49f5a5f332ffcebe475f7c9c6c92",
            ],
            exporter: "4e4b90172e129639c7809fb200a272e001b3074fce6e65ca256588937e8d2e59",
            next: "bbcd3ff1f2dbe2b91c21485eca10b5ef0ff576728c00665cab2ff13aeb93cc43",
            finished: "a0984efae6a47e1ec5672802302e31aa23bc08f94d36dfc34c79a6f0a48bbb33",
            exported: [
                "eed6ffe4d2fd4202abf0e38bf0e6069375cf9dca50bbed2d27645a8b4019bcb4\
                 9dbfc818f7fb4abb4d85ce861f6c41461c9956d2d7d7930c48961634",
                "50f59aa4e19d277b0109ac303858cae1bdb7b261",
            ],
        },
        Expected {
            hash: Hash::Sha384,
            handshake: [
                "d2ff2408a07dde3926e1748d7554d842f71052eb3ded76d6cf6e8825965c9378\
                 4836ec2374216c02fb21c66c26b34352",
                "b6fa7ac0843cea5e7c0411abf3d555968c8786cee3cae471f2ef9e5eb7de943d\
                 2512882591341fe917737d8b48955965",
            ],
            application: [
                "5822518bd037ca090686d5ba9f9d3b5bac1815f507bad1392bb1c15fb50f94b6\
                 578f955c5d9be02222210114118fb7ff",
                "b40a18447a817b2677cfa33f0bf9cfebccae9d6cc9be03f3ed919bda45338f84\
                 0a054888fae9a479d857a2a02ef2e5e1",
            ],
            exporter: "8799e37a69096c6c7d16006ca8791f6f5cfbb29958a269409c52135d20d47123\
             c6518eab8d30d660f56300009437424f",
            next: "95ecf6bfeb4eae2ed6e4fdb7034209b447cb7c24edd3830e54090338ada65e4d\
             05175bd07754d729adee7d9ccc0a3215",
            finished: "2d1f8af43eaa9bd5c88e3aad2fffbc23f1912c54beb490f7dc126dd5634368b9\
             1bf4e47399583fadf3e6a54f7257f4b0",
            exported: [
                "d526634d6f8b0a0998d93c5c26d19fe7c4a262953658905e926441b93908c4a5\
                 e8aae3d08def50a65adfe80247caa236806e176bbea82b82b9768f95",
                "70c14ac74a1d613c8ffec68162a1afb26e86193b",
            ],
        },
    ];

    #[test]
    fn the_key_schedule_is_that_of_an_independent_implementation() {
        let shared: Vec<u8> = (0..32).collect();
        for expected in EXPECTED {
            let hash = expected.hash;
            let handshake = Handshake::new(hash, &shared, &hash.digest(&[b"up to ServerHello"]));
            let transcript = hash.digest(&[b"up to Finished"]);
            let application = handshake.finish(&transcript);
            let sides =
                |sides: &Sides| [sides.client.secret().to_vec(), sides.server.secret().to_vec()];
            assert_eq!(sides(&handshake.sides), expected.handshake.map(hex));
            assert_eq!(sides(&application.sides), expected.application.map(hex));
            assert_eq!(application.exporter.secret(), hex(expected.exporter));
            assert_eq!(application.sides.client.next().secret(), hex(expected.next));
            let finished = handshake.sides.server.verify_data(&transcript);
            assert_eq!(finished.as_bytes(), hex(expected.finished));
            assert!(handshake.sides.server.verifies(&transcript, &finished));
            assert!(!handshake.sides.client.verifies(&transcript, &finished));
            let mut keys = [0; 60];
            application.exporter.export(b"EXTRACTOR-dtls_srtp", b"", &mut keys).unwrap();
            assert_eq!(keys.to_vec(), hex(expected.exported[0]));
            let mut keys = [0; 20];
            application.exporter.export(b"EXTRACTOR-dtls_srtp", b"ctx", &mut keys).unwrap();
            assert_eq!(keys.to_vec(), hex(expected.exported[1]));
        }
    }
}
