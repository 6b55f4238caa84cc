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
