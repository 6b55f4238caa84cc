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

    // RFC 8448 section 3: every secret of the first handshake, and the keys and the Finished made of
    // them.
    #[test]
    fn the_published_key_schedule_of_tls_13() {
        let secret = |bytes: &[u8]| Hmac::new(Hash::Sha256, bytes);
        let next = |key: &Hmac, label: &[u8], context: &[u8]| {
            derive(key, b"tls13 ", label, context).unwrap().as_bytes().to_vec()
        };
        let empty = Hash::Sha256.digest(&[]);
        let early = extract(Hash::Sha256, &[], &[0; 32]);
        assert_eq!(
            early.as_bytes(),
            hex("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a")
        );
        let salt = next(&secret(&early), b"derived", &empty);
        assert_eq!(salt, hex("6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba"));

        let shared = hex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
        let handshake = extract(Hash::Sha256, &salt, &shared);
        assert_eq!(
            handshake.as_bytes(),
            hex("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac")
        );
        let hellos = hex("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8");
        let client = next(&secret(&handshake), b"c hs traffic", &hellos);
        assert_eq!(client, hex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21"));
        let server = next(&secret(&handshake), b"s hs traffic", &hellos);
        assert_eq!(server, hex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"));
        let keys = |traffic: &[u8]| {
            let (mut key, mut nonce) = ([0; 16], [0; 12]);
            expand_label(&secret(traffic), b"tls13 ", b"key", &[], &mut key).unwrap();
            expand_label(&secret(traffic), b"tls13 ", b"iv", &[], &mut nonce).unwrap();
            [key.to_vec(), nonce.to_vec()]
        };
        assert_eq!(
            keys(&server),
            ["3fce516009c21727d0f2e4e86ee403bc", "5d313eb2671276ee13000b30"].map(hex)
        );
        let finished = next(&secret(&server), b"finished", &[]);
        assert_eq!(
            finished,
            hex("008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8")
        );
        let verified = hex("edb7725fa7a3473b031ec8ef65a2485493900138a2b91291407d7951a06110ed");
        assert_eq!(
            secret(&finished).sign(&[&verified]).as_bytes(),
            hex("9b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718")
        );

        let salt = next(&secret(&handshake), b"derived", &empty);
        let master = extract(Hash::Sha256, &salt, &[0; 32]);
        assert_eq!(
            master.as_bytes(),
            hex("18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919")
        );
        let whole = hex("9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13");
        let client = next(&secret(&master), b"c ap traffic", &whole);
        assert_eq!(client, hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"));
        let server = next(&secret(&master), b"s ap traffic", &whole);
        assert_eq!(server, hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"));
        let exporter = next(&secret(&master), b"exp master", &whole);
        assert_eq!(
            exporter,
            hex("fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50")
        );
        assert_eq!(
            keys(&client),
            ["17422dda596ed5d9acd890e3c63f5051", "5b78923dee08579033e523d9"].map(hex)
        );
        assert_eq!(
            keys(&server),
            ["9f02283b6c9c07efc26bb9f2ac92e356", "cf782b88dd83549aadf1e984"].map(hex)
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
