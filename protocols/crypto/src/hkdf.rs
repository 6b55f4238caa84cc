//! HKDF (RFC 5869) and the expansion of labels on which TLS 1.3 stands (RFC 8446 section 7.1,
//! RFC 9147 section 5.9).

use thiserror::Error;

use crate::hash::{Digest, Hash};
use crate::hmac::Hmac;

/// HKDF-Extract: a key as long as a digest, out of `input` and `salt`. An empty salt stands for as
/// many zeros as a digest has bytes.
#[must_use]
pub fn extract(hash: Hash, salt: &[u8], input: &[u8]) -> Digest {
    Hmac::new(hash, salt).sign(&[input])
}

/// HKDF-Expand: fills `output` from the key `secret`, for the purpose `info` (its pieces in a row).
///
/// # Errors
///
/// When more than 255 digests are asked for. `output` is left as it was.
pub fn expand(secret: &Hmac, info: &[&[u8]], output: &mut [u8]) -> Result<(), TooLong> {
    let hash = secret.hash();
    if output.len() > 255 * hash.length() {
        return Err(TooLong);
    }
    let info = info.concat();
    let mut last: Option<Digest> = None;
    for (place, counter) in output.chunks_mut(hash.length()).zip(1_u8..=255) {
        let block = secret.sign(&[last.as_deref().unwrap_or_default(), &info, &[counter]]);
        place.copy_from_slice(block.get(..place.len()).unwrap_or_default());
        last = Some(block);
    }
    Ok(())
}

/// HKDF-Expand-Label (RFC 8446 section 7.1): `prefix` is `tls13 ` in TLS, and `dtls13` in DTLS
/// (RFC 9147 section 5.9).
///
/// # Errors
///
/// When `output` is longer than 255 digests, or prefix and label or the context than 255 bytes.
pub fn expand_label(
    secret: &Hmac,
    prefix: &[u8],
    label: &[u8],
    context: &[u8],
    output: &mut [u8],
) -> Result<(), TooLong> {
    let length = u16::try_from(output.len()).map_err(|_| TooLong)?.to_be_bytes();
    let label_length = [u8::try_from(prefix.len() + label.len()).map_err(|_| TooLong)?];
    let context_length = [u8::try_from(context.len()).map_err(|_| TooLong)?];
    let info: [&[u8]; 6] = [&length, &label_length, prefix, label, &context_length, context];
    expand(secret, &info, output)
}

/// HKDF-Expand-Label for as many bytes as a digest has: the next secret of a key schedule (RFC 8446
/// section 7.1, Derive-Secret).
///
/// # Errors
///
/// When prefix and label or the context are longer than 255 bytes.
pub fn derive(
    secret: &Hmac,
    prefix: &[u8],
    label: &[u8],
    context: &[u8],
) -> Result<Digest, TooLong> {
    let mut derived = Digest::zero(secret.hash());
    expand_label(secret, prefix, label, context, derived.as_mut_bytes())?;
    Ok(derived)
}

/// More bytes were asked for than the construction gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("more bytes than the key derivation can give")]
pub struct TooLong;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    // RFC 5869 appendix A.1 to A.4.
    #[test]
    fn the_published_keys() {
        let range = |range: core::ops::RangeInclusive<u8>| range.collect::<Vec<u8>>();
        let cases = [
            (
                Hash::Sha256,
                vec![0x0B; 22],
                range(0x00..=0x0C),
                range(0xF0..=0xF9),
                "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b88718\
                 5865",
            ),
            (
                Hash::Sha256,
                range(0x00..=0x4F),
                range(0x60..=0xAF),
                range(0xB0..=0xFF),
                "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac78272\
                 71cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f\
                 1d87",
            ),
            (
                Hash::Sha256,
                vec![0x0B; 22],
                vec![],
                vec![],
                "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a\
                 96c8",
            ),
            (
                Hash::Sha1,
                vec![0x0B; 11],
                range(0x00..=0x0C),
                range(0xF0..=0xF9),
                "9b6c18c432a7bf8f0e71c8eb88f4b30baa2ba243",
                "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3\
                 f896",
            ),
        ];
        for (hash, input, salt, info, key, output) in cases {
            let extracted = extract(hash, &salt, &input);
            assert_eq!(extracted.as_bytes(), hex(key));
            let (head, tail) = info.split_at(info.len() / 2);
            let mut filled = vec![0; hex(output).len()];
            expand(&Hmac::new(hash, &extracted), &[head, tail], &mut filled).unwrap();
            assert_eq!(filled, hex(output));
        }
    }

    // RFC 8448 section 3: the secrets of the first handshake.
    #[test]
    fn the_published_labels_of_tls_13() {
        let early = extract(Hash::Sha256, &[], &[0; 32]);
        assert_eq!(
            early.as_bytes(),
            hex("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a")
        );
        let mut derived = [0; 32];
        let empty = Hash::Sha256.digest(&[]);
        let key = Hmac::new(Hash::Sha256, &early);
        expand_label(&key, b"tls13 ", b"derived", &empty, &mut derived).unwrap();
        assert_eq!(
            derived.as_slice(),
            hex("6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba")
        );
    }

    #[test]
    fn more_than_255_digests_are_refused() {
        let key = Hmac::new(Hash::Sha1, b"key");
        assert_eq!(expand(&key, &[], &mut [0; 255 * 20 + 1]), Err(TooLong));
        assert_eq!(expand(&key, &[], &mut [0; 255 * 20]), Ok(()));
        assert_eq!(expand_label(&key, b"tls13 ", &[b'a'; 250], &[], &mut [0]), Err(TooLong));
        assert_eq!(expand_label(&key, b"tls13 ", b"a", &[0; 256], &mut [0]), Err(TooLong));
    }
}
