//! Text for bytes (RFC 4648 section 4), with padding.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 of `bytes`, padded with `=` to a multiple of four characters.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        for (place, byte) in group.iter_mut().skip(1).zip(chunk) {
            *place = *byte;
        }
        let group = u32::from_be_bytes(group);
        for digit in 0..4 {
            let value = (group >> (18 - 6 * digit)) & 63;
            let symbol = ALPHABET.get(value as usize).filter(|_| digit <= chunk.len());
            text.push(char::from(*symbol.unwrap_or(&b'=')));
        }
    }
    text
}

/// The bytes of which `text` is the base64; `None` where it is not one: a wrong length, a
/// character outside the alphabet, padding elsewhere than at the end, or bits set in the padding.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let body = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    let mut bytes = Vec::with_capacity(body.len() / 4 * 3 + 2);
    for chunk in body.chunks(4) {
        let mut group = 0_u32;
        for symbol in chunk {
            let value = ALPHABET.iter().position(|candidate| candidate == symbol)?;
            group = group << 6 | u32::try_from(value).ok()?;
        }
        group <<= 6 * (4 - chunk.len());
        let [_, octets @ ..] = group.to_be_bytes();
        let (kept, rest) = octets.split_at(chunk.len() - 1);
        if rest.iter().any(|octet| *octet != 0) {
            return None;
        }
        bytes.extend_from_slice(kept);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4648 section 10.
    #[test]
    fn the_published_vectors_both_ways() {
        let vectors =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (bytes, text) in vectors {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in ["Z", "Zg=", "Zg", "Z===", "Zh==", "Zg==Zg==", "Z!==", "====", "é==="] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
