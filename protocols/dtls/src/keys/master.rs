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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    /// What an independent implementation (Python's hmac, after RFC 5246 section 5, RFC 7627 section
    /// 4 and RFC 5705 section 4) makes of the shared secret 00 01 .. 1f, the randoms 11 11 .. and
    /// 22 22 .., and a session whose hash is that of "the session".
    struct Expected {
        hash: Hash,
        extended: &'static str,
        plain: &'static str,
        finished: [&'static str; 2],
        exported: &'static str,
        with_context: &'static str,
        with_empty_context: &'static str,
    }

    const EXPECTED: [Expected; 2] = [
        Expected {
            hash: Hash::Sha256,
            extended: "3e2356796da6e924e8bb1251c6becbfd266fd6ac203773b110612f4bc772721a\
             816160e7d5823949d5ef5760740d9865",
            plain: "f6550fc97649b6cb29f5d4d5006cbf69edacc80c5af55f7cf19db4e3e3b90ca2\
             a198457b64a6ed72c4b524d822cefc59",
            finished: ["2b749dffd2e55974f59e205b", "53496ec16b044a54fd9120f2"],
            exported: "42e3d1571f19b97242463ff8f2c8a62b8d0d661ca16c0d46170a7cbb069e3e48\
             f0e1e796559829a213aa92795518c7d6f9e453819379ffca8efcc39f",
            with_context: "2a437df311a7e634fb496d64ad31d72511c4101e",
            with_empty_context: "5af3fd3ba05e69e8a0065784824f37b70e40ff03",
        },
        Expected {
            hash: Hash::Sha384,
            extended: "a6454983dc8a2d5b01a7a61e02ec519876dacdc986a250cfdf297f3bd937669a\
             924671737d3eb584137f73a59312bf7c",
            plain: "ec126f7fbd84ac774c085a84853fa1cb63e1ed6759d749389f954f04e25b43eb\
             0562738094c03ce23552e4fbeaa88654",
            finished: ["48492589177856a9a4d3a2de", "5de387cb8db1b8acb323a8df"],
            exported: "118c2acfdb4ef7e8ec4ca5c0d80f980941d8a8ea4c1673389c23370a4d271929\
             8b5b06a14fdb2b72ec90700c05d7bb909b76f889a4dfc5318c36c826",
            with_context: "4ac807cac4ac37e8ecbb0e77bca9cde37e534701",
            with_empty_context: "6da6572aa5b2655f12a32b2a7093355d5eca0650",
        },
    ];

    const RANDOMS: Randoms = Randoms { client: [0x11; 32], server: [0x22; 32] };

    #[test]
    fn what_comes_of_the_master_secret_is_that_of_an_independent_implementation() {
        let shared: Vec<u8> = (0..32).collect();
        for expected in EXPECTED {
            let session = expected.hash.digest(&[b"the session"]);
            let plain = Master::plain(expected.hash, &shared, &RANDOMS);
            assert_eq!(plain.secret(), hex(expected.plain));
            let master = Master::extended(expected.hash, &shared, &session);
            assert_eq!(master.secret(), hex(expected.extended));
            let finished = [true, false].map(|by_client| master.verify_data(by_client, &session));
            assert_eq!(finished.map(|data| data.to_vec()), expected.finished.map(hex));
            let export = |context, length| {
                let mut output = vec![0; length];
                master.export(&RANDOMS, b"EXTRACTOR-dtls_srtp", context, &mut output);
                output
            };
            assert_eq!(export(None, 60), hex(expected.exported));
            assert_eq!(export(Some(b"ctx"), 20), hex(expected.with_context));
            // RFC 5705 section 4: an empty context is not the same as none.
            assert_eq!(export(Some(b""), 20), hex(expected.with_empty_context));
        }
    }
}
