//! 1.2's master secret and what comes of it (RFC 5246 sections 6.3, 7.4.9 and 8.1, RFC 7627,
//! RFC 5705).

use icelab_crypto::Digest;
use icelab_crypto::{Hash, Secret, prf};

use crate::record::protection::Protection;
use crate::wire::suite::Parameters;

/// The length of a master secret, in bytes.
const LENGTH: usize = 48;
/// The length of `verify_data`, in bytes (RFC 5246 section 7.4.9).
pub(crate) const VERIFY_DATA: usize = 12;

/// Both sides' random values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Randoms {
    pub(crate) client: [u8; 32],
    pub(crate) server: [u8; 32],
}

/// The secret of a connection.
#[derive(Debug)]
pub(crate) struct Master {
    secret: Secret,
    hash: Hash,
}

impl Master {
    /// From the shared secret and the handshake so far (RFC 7627 section 4).
    pub(crate) fn extended(hash: Hash, shared: &[u8], session_hash: &Digest) -> Self {
        Self::derive(hash, shared, b"extended master secret", &[session_hash.as_bytes()])
    }

    /// From the shared secret and the randoms (RFC 5246 section 8.1), for a peer that does not
    /// know better.
    pub(crate) fn plain(hash: Hash, shared: &[u8], randoms: &Randoms) -> Self {
        Self::derive(hash, shared, b"master secret", &[&randoms.client, &randoms.server])
    }

    fn derive(hash: Hash, shared: &[u8], label: &[u8], seed: &[&[u8]]) -> Self {
        let mut secret = [0; LENGTH];
        prf(hash, shared, label, seed, &mut secret);
        Self { secret: Secret::new(secret), hash }
    }

    /// The keys of the client's and of the server's records (RFC 5246 section 6.3).
    pub(crate) fn protections(
        &self,
        suite: &Parameters,
        randoms: &Randoms,
    ) -> (Protection, Protection) {
        let (key, iv) = (suite.cipher.key_length(), Protection::iv_length_1_2(suite.cipher));
        let mut block = vec![0; 2 * (key + iv)];
        let seed: [&[u8]; 2] = [&randoms.server, &randoms.client];
        prf(self.hash, self.secret.expose(), b"key expansion", &seed, &mut block);
        let block = Secret::new(block);
        let (keys, ivs) = block.expose().split_at(2 * key);
        let (client_key, server_key) = keys.split_at(key);
        let (client_iv, server_iv) = ivs.split_at(iv);
        let protection = |key, iv| {
            Protection::v1_2(suite.cipher, key, iv).expect("the block was cut to the cipher's size")
        };
        (protection(client_key, client_iv), protection(server_key, server_iv))
    }

    /// What the client's or the server's Finished says of the handshake so far.
    pub(crate) fn verify_data(&self, by_client: bool, transcript: &Digest) -> [u8; VERIFY_DATA] {
        let label: &[u8] = if by_client { b"client finished" } else { b"server finished" };
        let mut data = [0; VERIFY_DATA];
        prf(self.hash, self.secret.expose(), label, &[transcript.as_bytes()], &mut data);
        data
    }

    /// Keying material for others (RFC 5705 section 4).
    pub(crate) fn export(
        &self,
        randoms: &Randoms,
        label: &[u8],
        context: Option<&[u8]>,
        output: &mut [u8],
    ) {
        let length = context.map(|context| u16::try_from(context.len()).unwrap_or(u16::MAX));
        let length = length.map(u16::to_be_bytes);
        let mut seed: Vec<&[u8]> = vec![&randoms.client, &randoms.server];
        if let (Some(length), Some(context)) = (&length, context) {
            seed.push(length);
            seed.push(context);
        }
        prf(self.hash, self.secret.expose(), label, &seed, output);
    }

    /// The bytes, for the key log.
    pub(crate) fn secret(&self) -> &[u8] {
        self.secret.expose()
    }
}
