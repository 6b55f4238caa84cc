//! The pseudorandom function of TLS 1.2 (RFC 5246 section 5).

use crate::hash::Hash;
use crate::hmac::Hmac;

/// Fills `output` with `PRF(secret, label, seed)`, the pieces of `seed` in a row, on P_hash with
/// `hash`.
pub fn prf(hash: Hash, secret: &[u8], label: &[u8], seed: &[&[u8]], output: &mut [u8]) {
    let key = Hmac::new(hash, secret);
    let mut seeds = Vec::with_capacity(seed.len() + 1);
    seeds.push(label);
    seeds.extend(seed);
    // A(0) = seed, A(i) = HMAC(secret, A(i - 1)).
    let mut chain = key.sign(&seeds);
    for place in output.chunks_mut(hash.length()) {
        let mut pieces = Vec::with_capacity(seeds.len() + 1);
        pieces.push(chain.as_bytes());
        pieces.extend(&seeds);
        let block = key.sign(&pieces);
        for (place, byte) in place.iter_mut().zip(block.as_bytes()) {
            *place = *byte;
        }
        chain = key.sign(&[&chain]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    /// The outputs are `OpenSSL`'s (`openssl kdf … TLS1-PRF`). The first is also the one that went
    /// over the TLS working group's mailing list for want of vectors in RFC 5246.
    #[test]
    fn the_outputs_of_an_independent_implementation() {
        let cases = [
            (
                Hash::Sha256,
                "9bbe436ba940f017b17652849a71db35",
                "a0ba9f936cda311827a6f796ffd5198c",
                "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a
                 6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab
                 4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701
                 87347b66",
            ),
            (
                Hash::Sha384,
                "b80b733d6ceefcdc71566ea48e5567df",
                "cd665cf6a8447dd6ff8b27555edb7465",
                "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cd
                 e9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd
                 8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425
                 9b5bf8cd",
            ),
        ];
        for (hash, secret, seed, output) in cases {
            let seed = hex(seed);
            let (head, tail) = seed.split_at(5);
            let mut filled = [0; 100];
            prf(hash, &hex(secret), b"test label", &[head, tail], &mut filled);
            assert_eq!(filled.as_slice(), hex(output));
        }
    }
}
