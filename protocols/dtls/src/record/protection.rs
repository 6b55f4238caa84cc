//! One epoch's keys in one direction: sealing and opening records.

use icelab_crypto::aead::KeyLength;
use icelab_crypto::{AeadKey, Cipher, MaskKey};
use icelab_wire::Writer;

use super::content::ContentType;
use super::header::{PlainHeader, UnifiedHeader};
use crate::wire::version::ProtocolVersion;

const NONCE: usize = icelab_crypto::aead::NONCE_LENGTH;
const TAG: usize = icelab_crypto::aead::TAG_LENGTH;
/// The nonce's bytes that 1.2's GCM records carry (RFC 5288 section 3).
const EXPLICIT: usize = 8;
/// The nonce's bytes that they do not.
const IMPLICIT: usize = NONCE - EXPLICIT;

/// The keys of one epoch in one direction.
#[derive(Debug)]
pub(crate) enum Protection {
    /// RFC 6347 section 4.1.2, with AES-GCM (RFC 5288) or ChaCha20-Poly1305 (RFC 7905).
    V1_2 {
        /// For the content.
        key: AeadKey,
        /// GCM uses its first four bytes only.
        iv: [u8; NONCE],
    },
    /// RFC 9147 section 4.2.
    V1_3 {
        /// For the content.
        key: AeadKey,
        /// Is mixed with the sequence number.
        iv: [u8; NONCE],
        /// For the sequence number.
        mask: Box<MaskKey>,
    },
}

/// The tag does not belong to the record, or the record has no tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forged;

impl Protection {
    /// How many bytes of initialisation vector 1.2's key block holds for `cipher`.
    pub(crate) const fn iv_length_1_2(cipher: Cipher) -> usize {
        match cipher {
            Cipher::Aes128Gcm | Cipher::Aes256Gcm => IMPLICIT,
            Cipher::ChaCha20Poly1305 => NONCE,
        }
    }

    /// 1.2's keys, out of a key block's pieces.
    pub(crate) fn v1_2(cipher: Cipher, secret: &[u8], iv: &[u8]) -> Result<Self, KeyLength> {
        let mut whole = [0; NONCE];
        for (place, byte) in whole.iter_mut().zip(iv) {
            *place = *byte;
        }
        Ok(Self::V1_2 { key: AeadKey::new(cipher, secret)?, iv: whole })
    }

    /// How many bytes a record is longer than its content.
    pub(crate) fn overhead(&self, connection_id: &[u8]) -> usize {
        match self {
            Self::V1_2 { key, .. } => {
                let inner_type = usize::from(!connection_id.is_empty());
                PlainHeader::LENGTH + connection_id.len() + explicit(key) + inner_type + TAG
            }
            Self::V1_3 { .. } => UnifiedHeader::length(connection_id) + 1 + TAG,
        }
    }

    /// Appends one protected record to `datagram`.
    pub(crate) fn seal(
        &self,
        epoch: u64,
        sequence: u64,
        content: ContentType,
        payload: &[u8],
        connection_id: &[u8],
        datagram: &mut Vec<u8>,
    ) {
        let start = datagram.len();
        let body = start + self.overhead(connection_id) - TAG - self.inner_type(connection_id);
        let mut header = Writer::with_capacity(body - start);
        match self {
            Self::V1_2 { key, .. } => {
                let outer = if connection_id.is_empty() { content } else { ContentType::TLS12_CID };
                let inner = payload.len() + self.inner_type(connection_id);
                let plain = plain_header(outer, epoch, sequence, explicit(key) + inner + TAG);
                plain.encode(connection_id, &mut header);
                if explicit(key) > 0 {
                    header.bytes(&epoch_and_sequence(epoch, sequence));
                }
            }
            Self::V1_3 { .. } => {
                let length = u16::try_from(payload.len() + 1 + TAG).expect("a record is short");
                UnifiedHeader::encode(epoch, connection_id, sequence, length, &mut header);
            }
        }
        datagram.extend_from_slice(header.as_slice());
        datagram.extend_from_slice(payload);
        if self.inner_type(connection_id) > 0 {
            datagram.push(content.0);
        }
        let Some((head, inner)) =
            datagram.get_mut(start..).and_then(|record| record.split_at_mut_checked(body - start))
        else {
            return;
        };
        let tag = match self {
            Self::V1_2 { key, iv } => {
                let nonce = nonce_1_2(key, iv, epoch, sequence);
                let outer = if connection_id.is_empty() { content } else { ContentType::TLS12_CID };
                let aad = associated_1_2(outer, epoch, sequence, connection_id, inner.len());
                key.seal_in_place(&nonce, aad.as_slice(), inner)
            }
            Self::V1_3 { key, iv, .. } => {
                key.seal_in_place(&mixed(iv, sequence.to_be_bytes()), head, inner)
            }
        };
        datagram.extend_from_slice(&tag);
        if let Self::V1_3 { mask, .. } = self {
            let sequence_at = start + 1 + connection_id.len();
            let sample = sample(datagram.get(body..).unwrap_or_default());
            let places = datagram.get_mut(sequence_at..sequence_at + 2).unwrap_or_default();
            for (place, byte) in places.iter_mut().zip(mask.mask(&sample)) {
                *place ^= byte;
            }
        }
    }

    /// Opens a record of 1.2 where it lies: `body` is all that follows `header`. Gives the content
    /// (and its true type, where the record has a connection id).
    pub(crate) fn open_1_2<'a>(
        &self,
        header: &PlainHeader,
        connection_id: &[u8],
        body: &'a mut [u8],
    ) -> Result<(ContentType, &'a [u8]), Forged> {
        let Self::V1_2 { key, iv } = self else { return Err(Forged) };
        let (carried, rest) = body.split_at_mut_checked(explicit(key)).ok_or(Forged)?;
        let epoch = u64::from(header.epoch);
        let nonce = if carried.is_empty() {
            nonce_1_2(key, iv, epoch, header.sequence)
        } else {
            // The peer may choose it as it likes (RFC 5288 section 3).
            let mut nonce = *iv;
            for (place, byte) in nonce.iter_mut().skip(IMPLICIT).zip(carried) {
                *place = *byte;
            }
            nonce
        };
        let (inner, tag) = split_tag(rest)?;
        let id = if header.content == ContentType::TLS12_CID { connection_id } else { &[] };
        let aad = associated_1_2(header.content, epoch, header.sequence, id, inner.len());
        key.open_in_place(&nonce, aad.as_slice(), inner, &tag).map_err(|_| Forged)?;
        if header.content == ContentType::TLS12_CID {
            split_inner_type(inner)
        } else {
            Ok((header.content, inner))
        }
    }

    /// Opens a record of 1.3 where it lies. `expected` is one past the highest number of the epoch
    /// so far. Gives the record's full number, its content and that content's type.
    pub(crate) fn open_1_3<'a>(
        &self,
        header: &UnifiedHeader,
        expected: u64,
        record: &'a mut [u8],
    ) -> Result<(u64, ContentType, &'a [u8]), Forged> {
        let Self::V1_3 { key, iv, mask } = self else { return Err(Forged) };
        let (head, body) = record.split_at_mut_checked(header.header_length).ok_or(Forged)?;
        let body = body.get_mut(..header.body_length).ok_or(Forged)?;
        // RFC 9147 section 4.2.3: shorter records count as forged.
        if body.len() < TAG {
            return Err(Forged);
        }
        let mask = mask.mask(&sample(body));
        let mut low = 0;
        for (place, byte) in
            head.iter_mut().skip(header.sequence_at).take(header.sequence_length).zip(mask)
        {
            *place ^= byte;
            low = low << 8 | u64::from(*place);
        }
        let sequence = reconstruct(expected, low, header.sequence_length);
        let (inner, tag) = split_tag(body)?;
        key.open_in_place(&mixed(iv, sequence.to_be_bytes()), head, inner, &tag)
            .map_err(|_| Forged)?;
        let (content, payload) = split_inner_type(inner)?;
        Ok((sequence, content, payload))
    }

    /// How many bytes the content's type takes inside the protection.
    const fn inner_type(&self, connection_id: &[u8]) -> usize {
        match self {
            Self::V1_2 { .. } => !connection_id.is_empty() as usize,
            Self::V1_3 { .. } => 1,
        }
    }
}

/// How many bytes of the nonce 1.2's records carry.
fn explicit(key: &AeadKey) -> usize {
    match key.cipher() {
        Cipher::Aes128Gcm | Cipher::Aes256Gcm => EXPLICIT,
        Cipher::ChaCha20Poly1305 => 0,
    }
}

/// 1.2's 64-bit number of a record: 16 bits of epoch, 48 of sequence.
fn epoch_and_sequence(epoch: u64, sequence: u64) -> [u8; 8] {
    (epoch << 48 | sequence).to_be_bytes()
}

fn plain_header(content: ContentType, epoch: u64, sequence: u64, length: usize) -> PlainHeader {
    PlainHeader {
        content,
        version: ProtocolVersion::DTLS_1_2,
        epoch: u16::try_from(epoch).expect("1.2 has two epochs here"),
        sequence,
        length: u16::try_from(length).expect("a record is short"),
    }
}

fn nonce_1_2(key: &AeadKey, iv: &[u8; NONCE], epoch: u64, sequence: u64) -> [u8; NONCE] {
    let number = epoch_and_sequence(epoch, sequence);
    match key.cipher() {
        Cipher::Aes128Gcm | Cipher::Aes256Gcm => {
            let mut nonce = *iv;
            for (place, byte) in nonce.iter_mut().skip(IMPLICIT).zip(number) {
                *place = byte;
            }
            nonce
        }
        Cipher::ChaCha20Poly1305 => mixed(iv, number),
    }
}

/// The vector with the number mixed into its end (RFC 7905 section 2, RFC 8446 section 5.3).
fn mixed(iv: &[u8; NONCE], number: [u8; 8]) -> [u8; NONCE] {
    let mut nonce = *iv;
    for (place, byte) in nonce.iter_mut().skip(NONCE - 8).zip(number) {
        *place ^= byte;
    }
    nonce
}

/// RFC 5246 section 6.2.3.3; with a connection id, RFC 9146 section 5.3.
fn associated_1_2(
    content: ContentType,
    epoch: u64,
    sequence: u64,
    connection_id: &[u8],
    length: usize,
) -> Writer {
    let mut aad = Writer::with_capacity(23 + connection_id.len());
    let number = epoch_and_sequence(epoch, sequence);
    if content == ContentType::TLS12_CID {
        aad.bytes(&[0xFF; 8]);
        aad.u8(content.0);
        aad.u8(u8::try_from(connection_id.len()).expect("an id has at most 255 bytes"));
        aad.u8(content.0);
        aad.u16(ProtocolVersion::DTLS_1_2.0);
        aad.bytes(&number);
        aad.bytes(connection_id);
    } else {
        aad.bytes(&number);
        aad.u8(content.0);
        aad.u16(ProtocolVersion::DTLS_1_2.0);
    }
    aad.u16(u16::try_from(length).unwrap_or(u16::MAX));
    aad
}

fn split_tag(body: &mut [u8]) -> Result<(&mut [u8], [u8; TAG]), Forged> {
    let (inner, tag) = body.split_last_chunk_mut::<TAG>().ok_or(Forged)?;
    Ok((inner, *tag))
}

/// The content in front of its type and the padding (RFC 8446 section 5.4).
fn split_inner_type(inner: &[u8]) -> Result<(ContentType, &[u8]), Forged> {
    let end = inner.iter().rposition(|byte| *byte != 0).ok_or(Forged)?;
    let (payload, rest) = inner.split_at(end);
    let kind = rest.first().ok_or(Forged)?;
    Ok((ContentType(*kind), payload))
}

/// The first bytes of the ciphertext; it is never shorter.
fn sample(body: &[u8]) -> [u8; 16] {
    body.first_chunk().copied().unwrap_or_default()
}

/// The number that ends in `low` and lies closest to `expected` (RFC 9147 section 4.2.2).
fn reconstruct(expected: u64, low: u64, bytes: usize) -> u64 {
    let span = 1_u64 << (8 * bytes);
    let candidate = (expected & !(span - 1)) | low;
    let above = candidate.saturating_add(span);
    let below = candidate.checked_sub(span);
    let distance = |number: u64| number.abs_diff(expected);
    let closest = if distance(above) < distance(candidate) { above } else { candidate };
    match below {
        Some(below) if distance(below) < distance(closest) => below,
        Some(_) | None => closest,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::ids::Ids;

    fn ids(own: &[u8]) -> Ids {
        let mut ids = Ids::default();
        ids.agree(own.to_vec(), Vec::new());
        ids
    }

    fn v1_3(cipher: Cipher) -> Protection {
        let secret = vec![7; cipher.key_length()];
        Protection::V1_3 {
            key: AeadKey::new(cipher, &secret).unwrap(),
            iv: [3; NONCE],
            mask: Box::new(MaskKey::new(cipher, &secret).unwrap()),
        }
    }

    fn v1_2(cipher: Cipher) -> Protection {
        let secret = vec![7; cipher.key_length()];
        Protection::v1_2(cipher, &secret, &[3; NONCE][..Protection::iv_length_1_2(cipher)]).unwrap()
    }

    const CIPHERS: [Cipher; 3] = [Cipher::Aes128Gcm, Cipher::Aes256Gcm, Cipher::ChaCha20Poly1305];

    /// RFC 9147 section 4.2.3: the tag makes the shortest ciphertext long enough for the sample.
    #[test]
    fn what_is_sealed_is_opened_and_as_long_as_said() {
        for cipher in CIPHERS {
            for id in [&b""[..], b"an id"] {
                let protection = v1_3(cipher);
                let mut record = Vec::new();
                let content = ContentType::HANDSHAKE;
                protection.seal(2, 0x1_0005, content, b"", id, &mut record);
                assert_eq!(record.len(), protection.overhead(id));
                assert!(record.len() - UnifiedHeader::length(id) >= 16);
                let header = UnifiedHeader::decode(&record, &ids(id)).unwrap();
                let opened = protection.open_1_3(&header, 0x0_FFF0, &mut record);
                assert_eq!(opened, Ok((0x1_0005, content, &b""[..])));

                let protection = v1_2(cipher);
                let mut record = Vec::new();
                protection.seal(1, 9, content, b"hello", id, &mut record);
                assert_eq!(record.len(), protection.overhead(id) + 5);
                let mut reader = icelab_wire::Reader::new(&record);
                let header = PlainHeader::decode(&mut reader, &ids(id)).unwrap();
                let mut body = reader.rest().to_vec();
                assert_eq!(usize::from(header.length), body.len());
                let opened = protection.open_1_2(&header, id, &mut body);
                assert_eq!(opened, Ok((content, &b"hello"[..])));
            }
        }
    }

    /// Records of "hello" as an independent implementation (Python's cryptography, after RFC 5288,
    /// RFC 7905, RFC 9146 section 5.3 and RFC 9147 section 4) makes them with the keys of this
    /// module's tests: 1.2 in epoch 1 with number 9, 1.3 in epoch 3 with number 0x10203, each without
    /// and with a connection id.
    const RECORDS: [(Cipher, [&str; 2], [&str; 2]); 3] = [
        (
            Cipher::Aes128Gcm,
            [
                "17fefd0001000000000009001d0001000000000009bcf5677ad412cfa4e46e5d\
                 8410fc352322d6f02c08",
                "19fefd0001000000000009616e206964001e0001000000000009bcf5677ad4c2\
                 817152c2b32d7aac855c793fefe71f1d",
            ],
            [
                "2fe52b001684f43d1df3a9f1ed392ee442e06cbac542534deb8bf0",
                "3f616e20696416d3001684f43d1df3a9c60bfcf97166fc20c888ba27b6c0a8ba",
            ],
        ),
        (
            Cipher::Aes256Gcm,
            [
                "17fefd0001000000000009001d0001000000000009c79cfa9e5fadbbfd43effc\
                 beb3a67f9b2f41003e4b",
                "19fefd0001000000000009616e206964001e0001000000000009c79cfa9e5f5c\
                 e5fac9beab926a681fc8333a20212aab",
            ],
            [
                "2fd1c8001670f6358f5f496b8983ae5dd48dd294baf7ce4b4dc68a",
                "3f616e20696402c9001670f6358f5f493f8ded558144d57f1c97070b876ac6d2",
            ],
        ),
        (
            Cipher::ChaCha20Poly1305,
            [
                "17fefd0001000000000009001514c0f5b42e9e3ab63471ad2db3ff6e2479b33c68be",
                "19fefd0001000000000009616e206964001614c0f5b42ebadb4ad8ef0f92c00c\
                 0d039725c2d7898f",
            ],
            [
                "2ff0ff001655cc80586b24b90c14c3c36ce4053fa4f8711ae02029",
                "3f616e2069642ba5001655cc80586b24bf994348ae05055ea153a6f18de27cd6",
            ],
        ),
    ];

    #[test]
    fn records_are_those_of_an_independent_implementation() {
        let content = ContentType::APPLICATION_DATA;
        for (cipher, old, new) in RECORDS {
            for (place, id) in [&b""[..], b"an id"].into_iter().enumerate() {
                let mut record = Vec::new();
                v1_2(cipher).seal(1, 9, content, b"hello", id, &mut record);
                assert_eq!(record, crate::testing::hex(old[place]), "{cipher:?} {id:?}");
                let mut record = Vec::new();
                v1_3(cipher).seal(3, 0x1_0203, content, b"hello", id, &mut record);
                assert_eq!(record, crate::testing::hex(new[place]), "{cipher:?} {id:?}");
            }
        }
    }

    /// RFC 9147 section 4.2.3: records shorter than the sample count as forged.
    #[test]
    fn a_record_without_room_for_a_tag_is_forged() {
        let mut record = vec![0x2E, 0, 0, 0, 15];
        record.extend([0; 15]);
        let header = UnifiedHeader::decode(&record, &ids(b"")).unwrap();
        let protection = v1_3(Cipher::Aes128Gcm);
        assert_eq!(protection.open_1_3(&header, 0, &mut record), Err(Forged));
    }

    /// The S and the L bit.
    const LONG_NUMBER: u8 = 0x08;
    const WITH_LENGTH: u8 = 0x04;

    /// A record of 1.3 with any header: `first` and, where it says so, a short number or no length.
    fn seal_as(cipher: Cipher, first: u8, sequence: u64, id: &[u8], inner: &[u8]) -> Vec<u8> {
        let Protection::V1_3 { key, iv, mask } = v1_3(cipher) else { panic!("it is") };
        let mut head = vec![first];
        head.extend(id);
        let numbers = if first & LONG_NUMBER == 0 { 7 } else { 6 };
        head.extend(&sequence.to_be_bytes()[numbers..]);
        if first & WITH_LENGTH != 0 {
            head.extend(u16::try_from(inner.len() + TAG).unwrap().to_be_bytes());
        }
        let mut body = inner.to_vec();
        let tag = key.seal_in_place(&mixed(&iv, sequence.to_be_bytes()), &head, &mut body);
        body.extend(tag);
        let mask = mask.mask(&sample(&body));
        for (place, byte) in head.iter_mut().skip(1 + id.len()).take(8 - numbers).zip(mask) {
            *place ^= byte;
        }
        head.extend(body);
        head
    }

    /// RFC 9147 section 4, figures 3 and 4: numbers of one or two bytes, with and without a length, with
    /// and without an id; without a length, a record goes on to the end of its datagram. Section 4.2.3:
    /// the numbers are encrypted as they stand. RFC 8446 section 5.4: padding.
    #[test]
    fn a_header_may_be_of_any_of_its_forms() {
        for cipher in CIPHERS {
            for form in 0..8_u8 {
                let id: &[u8] = if form & 4 != 0 { b"an id" } else { b"" };
                let first = 0x20 | form << 2 | 3;
                let inner = [b"hello".as_slice(), &[ContentType::HANDSHAKE.0], &[0; 9]].concat();
                let mut record = seal_as(cipher, first, 0x1_0203, id, &inner);
                let length = record.len();
                let has_length = first & WITH_LENGTH != 0;
                if has_length {
                    record.extend(b"the next record");
                }
                let header = UnifiedHeader::decode(&record, &ids(id)).unwrap();
                assert_eq!(header.epoch_bits, 3);
                assert_eq!(header.header_length + header.body_length, length);
                let opened = v1_3(cipher).open_1_3(&header, 0x1_0200, &mut record);
                let content = ContentType::HANDSHAKE;
                assert_eq!(opened, Ok((0x1_0203, content, &b"hello"[..])), "{first:#04x}");
            }
        }
    }

    /// RFC 8446 section 5.4: a record that is nothing but padding has no content type.
    #[test]
    fn a_record_of_nothing_but_padding_is_dropped() {
        for length in [0, 1, 30] {
            let cipher = Cipher::Aes128Gcm;
            let mut record = seal_as(cipher, 0x2F, 5, b"", &vec![0; length]);
            let header = UnifiedHeader::decode(&record, &ids(b"")).unwrap();
            assert_eq!(v1_3(cipher).open_1_3(&header, 5, &mut record), Err(Forged));
        }
    }

    proptest! {
        /// RFC 9147 section 4.2.2: numbers are found again as long as they are close.
        #[test]
        fn the_number_closest_to_the_expected_one_is_found(
            expected in 0_u64..1 << 48,
            offset in -0x7F_i64..0x7F,
            bytes in 1_usize..=2,
        ) {
            let number = expected.saturating_add_signed(offset);
            let low = number & ((1 << (8 * bytes)) - 1);
            prop_assert_eq!(reconstruct(expected, low, bytes), number);
        }
    }
}
