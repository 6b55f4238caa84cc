//! A writer of DER (X.690 section 10): elements made of their contents.

/// The element with this tag and the pieces of its content in a row.
pub(crate) fn element(tag: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    let octets = length.to_be_bytes();
    let skipped = octets.iter().take_while(|octet| **octet == 0).count();
    let (_, significant) = octets.split_at(skipped);
    let mut bytes = Vec::with_capacity(length + 2 + significant.len());
    bytes.push(tag);
    match u8::try_from(length) {
        Ok(short @ ..0x80) => bytes.push(short),
        // One octet tells how many octets of length follow.
        _ => {
            bytes.push(0x80 | u8::try_from(significant.len()).expect("a usize has 8 bytes"));
            bytes.extend_from_slice(significant);
        }
    }
    for piece in pieces {
        bytes.extend_from_slice(piece);
    }
    bytes
}

/// A sequence of these elements.
pub(crate) fn sequence(elements: &[&[u8]]) -> Vec<u8> {
    element(0x30, elements)
}

/// The integer with these bytes, the highest first, at least one; never negative.
pub(crate) fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let (_, significant) = bytes.split_at(zeros);
    match significant.first() {
        Some(..0x80) => element(INTEGER, &[significant]),
        _ => element(INTEGER, &[&[0], significant]),
    }
}

/// The string of whole bytes as a string of bits.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

/// The identifier of an object.
pub(crate) fn object(identifier: &der::asn1::ObjectIdentifier) -> Vec<u8> {
    element(OBJECT, &[identifier.as_bytes()])
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;
/// A string of UTF-8.
pub(crate) const UTF8_STRING: u8 = 0x0C;
/// A time with two digits of the year.
pub(crate) const UTC_TIME: u8 = 0x17;
/// A time with four digits of the year.
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
/// A set.
pub(crate) const SET: u8 = 0x31;
/// An element that bears the number 0 in its context, around another.
pub(crate) const CONTEXT_0: u8 = 0xA0;
/// The element without content.
pub(crate) const NULL: [u8; 2] = [0x05, 0x00];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_as_few_octets_as_they_can() {
        for (length, head) in [
            (0, vec![0x30, 0x00]),
            (0x7F, vec![0x30, 0x7F]),
            (0x80, vec![0x30, 0x81, 0x80]),
            (0xFF, vec![0x30, 0x81, 0xFF]),
            (0x100, vec![0x30, 0x82, 0x01, 0x00]),
        ] {
            let bytes = sequence(&[&vec![7; length]]);
            assert_eq!(bytes[..head.len()], head);
            assert_eq!(bytes.len(), head.len() + length);
        }
    }

    #[test]
    fn integers_are_as_short_as_they_can_be_and_positive() {
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0x7F]), [2, 1, 0x7F]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&[0, 0, 0x80, 1]), [2, 3, 0, 0x80, 1]);
    }
}
