//! The records of one connection, both directions.

use std::collections::BTreeMap;

use icelab_wire::{Reader, ReplayWindow, Writer};

use super::content::ContentType;
use super::header::{PlainHeader, UnifiedHeader};
use super::ids::Ids;
use super::protection::Protection;
use crate::discard::Discard;
use crate::wire::ack::RecordNumber;
use crate::wire::version::ProtocolVersion;

/// The most bytes of content in one record (RFC 6347 section 4.1, RFC 9147 section 4).
pub(crate) const LONGEST_CONTENT: usize = 1 << 14;
/// The most bytes after the header of a record of 1.2 (RFC 5246 section 6.2.3), and of 1.3 (RFC 8446
/// section 5.2).
const LONGEST_BODY_1_2: usize = LONGEST_CONTENT + 2048;
const LONGEST_BODY_1_3: usize = LONGEST_CONTENT + 256;
/// One past the last sequence number that a record may have: none wraps (RFC 6347 section 4.1, RFC 9147
/// sections 4 and 4.2.1).
const LAST_SEQUENCE: u64 = 1 << 48;

/// Keys, numbers and windows of both directions.
#[derive(Debug)]
pub(crate) struct Records {
    write: BTreeMap<u64, Writing>,
    read: BTreeMap<u64, Reading>,
    /// What stands in protected records.
    pub(crate) ids: Ids,
    /// Whether a protected record of the peer was opened: it has its keys, and what comes without
    /// protection may be anybody's.
    has_opened: bool,
}

/// One epoch of what this side sends.
#[derive(Debug, Default)]
struct Writing {
    protection: Option<Protection>,
    next: u64,
}

/// One epoch of what the peer sends.
#[derive(Debug, Default)]
struct Reading {
    protection: Option<Protection>,
    window: ReplayWindow,
    /// How many records could not be opened (RFC 9147 section 4.5.3).
    forged: u64,
}

/// What the first record of some bytes is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Record<'a> {
    /// Its content.
    Opened {
        /// Its full number.
        number: RecordNumber,
        /// The kind of content.
        content: ContentType,
        /// The content.
        payload: &'a [u8],
    },
    /// Its keys may yet come.
    Early,
    /// It is worth nothing.
    Dropped(Discard),
}

impl Records {
    /// Epoch 0, without keys.
    pub(crate) fn new() -> Self {
        Self {
            write: BTreeMap::from([(0, Writing::default())]),
            read: BTreeMap::from([(0, Reading::default())]),
            ids: Ids::default(),
            has_opened: false,
        }
    }

    /// What this side sends in `epoch` is protected so from now on.
    pub(crate) fn write_with(&mut self, epoch: u64, protection: Protection) {
        self.write.insert(epoch, Writing { protection: Some(protection), next: 0 });
    }

    /// What the peer sends in `epoch` is opened so from now on.
    pub(crate) fn read_with(&mut self, epoch: u64, protection: Protection) {
        let reading = Reading { protection: Some(protection), ..Reading::default() };
        self.read.insert(epoch, reading);
    }

    /// Forgets the keys of all epochs before `epoch` for sending, epoch 0 included.
    pub(crate) fn stop_writing_before(&mut self, epoch: u64) {
        self.write = self.write.split_off(&epoch);
    }

    /// Forgets the keys of all epochs before `epoch` for receiving, epoch 0 apart.
    pub(crate) fn stop_reading_before(&mut self, epoch: u64) {
        self.read.retain(|other, _| *other == 0 || *other >= epoch);
    }

    /// Whether a protected record of the peer was opened.
    pub(crate) const fn has_opened(&self) -> bool {
        self.has_opened
    }

    /// The next record without protection has the number `sequence`, unless that was used.
    pub(crate) fn skip_to(&mut self, sequence: u64) {
        if let Some(writing) = self.write.get_mut(&0)
            && sequence < LAST_SEQUENCE / 2
        {
            writing.next = writing.next.max(sequence);
        }
    }

    /// The highest epoch in which this side can send.
    pub(crate) fn write_epoch(&self) -> u64 {
        self.write.last_key_value().map_or(0, |(epoch, _)| *epoch)
    }

    /// The highest epoch in which this side can receive.
    pub(crate) fn read_epoch(&self) -> u64 {
        self.read.last_key_value().map_or(0, |(epoch, _)| *epoch)
    }

    /// How many records were sent in `epoch`.
    pub(crate) fn sent(&self, epoch: u64) -> u64 {
        self.write.get(&epoch).map_or(0, |writing| writing.next)
    }

    /// How many records of the newest epoch could not be opened. The keys of older ones are
    /// forgotten where that were more than `most` (RFC 9147 section 4.5.3).
    pub(crate) fn forged(&mut self, most: u64) -> u64 {
        let newest = self.read_epoch();
        self.read.retain(|epoch, reading| *epoch == newest || reading.forged <= most);
        self.read.get(&newest).map_or(0, |reading| reading.forged)
    }

    /// As if all but none of the epoch's numbers had been used.
    #[cfg(test)]
    pub(crate) fn use_up(&mut self, epoch: u64) {
        self.write.get_mut(&epoch).unwrap().next = LAST_SEQUENCE;
    }

    /// How many bytes a record of `epoch` is longer than its content.
    pub(crate) fn overhead(&self, epoch: u64) -> usize {
        match self.write.get(&epoch).and_then(|writing| writing.protection.as_ref()) {
            Some(protection) => protection.overhead(self.ids.peer()),
            None => PlainHeader::LENGTH,
        }
    }

    /// How many bytes of content a record of `epoch` may have.
    pub(crate) fn longest_content(&self, epoch: u64) -> usize {
        match self.write.get(&epoch).and_then(|writing| writing.protection.as_ref()) {
            // RFC 9146 section 5: the type counts where it stands with the content.
            Some(Protection::V1_2 { .. }) if !self.ids.peer().is_empty() => LONGEST_CONTENT - 1,
            Some(_) | None => LONGEST_CONTENT,
        }
    }

    /// Appends a record to `datagram`. Nothing is written where the epoch has no number left, or
    /// its keys are gone.
    pub(crate) fn seal(
        &mut self,
        epoch: u64,
        content: ContentType,
        payload: &[u8],
        datagram: &mut Vec<u8>,
    ) -> RecordNumber {
        let Some(writing) = self.write.get_mut(&epoch).filter(|epoch| epoch.next < LAST_SEQUENCE)
        else {
            return RecordNumber { epoch, sequence: LAST_SEQUENCE };
        };
        let sequence = writing.next;
        writing.next += 1;
        match &writing.protection {
            Some(protection) => {
                protection.seal(epoch, sequence, content, payload, self.ids.peer(), datagram);
            }
            None => {
                let mut writer = Writer::with_capacity(PlainHeader::LENGTH + payload.len());
                let length = u16::try_from(payload.len()).expect("a record is short");
                let version = ProtocolVersion::DTLS_1_2;
                PlainHeader { content, version, epoch: 0, sequence, length }
                    .encode(&[], &mut writer);
                writer.bytes(payload);
                datagram.extend_from_slice(writer.as_slice());
            }
        }
        RecordNumber { epoch, sequence }
    }

    /// Opens the first record of `bytes` where it lies (RFC 9147 section 4.1 tells the kinds apart), and
    /// says how many bytes it took. `keys_to_come`
    /// says whether the handshake will still bring keys.
    pub(crate) fn open<'a>(
        &mut self,
        bytes: &'a mut [u8],
        keys_to_come: bool,
    ) -> (usize, Record<'a>) {
        match bytes.first() {
            Some(first) if UnifiedHeader::starts_with(*first) => {
                self.open_unified(bytes, keys_to_come)
            }
            Some(_) => self.open_plain(bytes, keys_to_come),
            None => (0, Record::Dropped(Discard::Malformed)),
        }
    }

    fn open_plain<'a>(&mut self, bytes: &'a mut [u8], keys_to_come: bool) -> (usize, Record<'a>) {
        let whole = bytes.len();
        let dropped = |reason| (whole, Record::Dropped(reason));
        let mut reader = Reader::new(bytes);
        let Ok(header) = PlainHeader::decode(&mut reader, &self.ids) else {
            return dropped(Discard::Malformed);
        };
        let start = reader.position();
        let end = start + usize::from(header.length);
        let Some(body) = bytes.get_mut(start..end) else { return dropped(Discard::Malformed) };
        if body.len() > LONGEST_BODY_1_2 {
            return (end, Record::Dropped(Discard::TooLong));
        }
        // RFC 9147 section 4: without protection the version is ignored for all purposes. 1.2 protects
        // it (RFC 6347 section 4.1.2.1).
        let epoch = u64::from(header.epoch);
        if epoch > 0 && header.version != ProtocolVersion::DTLS_1_2 {
            return (end, Record::Dropped(Discard::Version));
        }
        // RFC 9146 section 3: with an agreed id, what is protected carries it.
        let is_bare = header.content != ContentType::TLS12_CID;
        if epoch > 0 && is_bare && self.ids.is_own_wanted() {
            return (end, Record::Dropped(Discard::Malformed));
        }
        let id = self.ids.own().next().unwrap_or_default();
        let Some(reading) = self.read.get_mut(&epoch) else {
            let is_next = epoch == self.read_epoch() + 1;
            let record = if keys_to_come && is_next {
                Record::Early
            } else {
                Record::Dropped(Discard::Epoch)
            };
            return (end, record);
        };
        // RFC 6347 section 4.1.2.6. Numbers that anybody could have written prove nothing: without protection there is no
        // replay, and a peer that restarts counts from 0 again.
        if reading.protection.is_some() && !reading.window.is_new(header.sequence) {
            return (end, Record::Dropped(Discard::Replayed));
        }
        let (content, payload) = match &reading.protection {
            None => (header.content, &*body),
            Some(protection) => match protection.open_1_2(&header, id, body) {
                Ok(opened) => opened,
                Err(_) => {
                    reading.forged += 1;
                    return (end, Record::Dropped(Discard::Forged));
                }
            },
        };
        if payload.len() > LONGEST_CONTENT {
            return (end, Record::Dropped(Discard::TooLong));
        }
        reading.window.note(header.sequence);
        self.has_opened |= epoch > 0;
        let number = RecordNumber { epoch, sequence: header.sequence };
        (end, Record::Opened { number, content, payload })
    }

    fn open_unified<'a>(&mut self, bytes: &'a mut [u8], keys_to_come: bool) -> (usize, Record<'a>) {
        let whole = bytes.len();
        // RFC 9147 section 4: where an id is another association's, the rest of the datagram is dropped.
        let Ok(header) = UnifiedHeader::decode(bytes, &self.ids) else {
            return (whole, Record::Dropped(Discard::Malformed));
        };
        let end = header.header_length + header.body_length;
        if header.body_length > LONGEST_BODY_1_3 {
            return (end, Record::Dropped(Discard::TooLong));
        }
        // RFC 9147 section 4.2.2: the most recent epoch with these bits.
        let found = self.read.iter_mut().rev().find(|(epoch, reading)| {
            let [.., low] = epoch.to_be_bytes();
            low & 3 == header.epoch_bits && reading.protection.is_some()
        });
        let Some((epoch, reading)) = found else {
            let record = if keys_to_come { Record::Early } else { Record::Dropped(Discard::Epoch) };
            return (end, record);
        };
        let Some(protection) = &reading.protection else {
            return (end, Record::Dropped(Discard::Epoch));
        };
        let opened = protection.open_1_3(&header, reading.window.next(), bytes);
        let Ok((sequence, content, payload)) = opened else {
            reading.forged += 1;
            return (end, Record::Dropped(Discard::Forged));
        };
        // RFC 9147 section 4.5.1: what was not opened does not move the window.
        if !reading.window.is_new(sequence) {
            return (end, Record::Dropped(Discard::Replayed));
        }
        if payload.len() > LONGEST_CONTENT {
            return (end, Record::Dropped(Discard::TooLong));
        }
        reading.window.note(sequence);
        self.has_opened = true;
        let number = RecordNumber { epoch: *epoch, sequence };
        (end, Record::Opened { number, content, payload })
    }
}

#[cfg(test)]
mod tests {
    use icelab_crypto::Cipher;

    use super::*;

    fn v1_2() -> Protection {
        Protection::v1_2(Cipher::Aes128Gcm, &[7; 16], &[3; 4]).unwrap()
    }

    fn v1_3() -> Protection {
        let hash = icelab_crypto::Hash::Sha256;
        let secrets = crate::keys::schedule::Handshake::new(hash, &[7; 32], &hash.digest(&[]));
        secrets.sides.client.protection(Cipher::Aes128Gcm)
    }

    fn seal(records: &mut Records, epoch: u64, payload: &[u8]) -> (RecordNumber, Vec<u8>) {
        let mut datagram = Vec::new();
        let content = ContentType::APPLICATION_DATA;
        let number = records.seal(epoch, content, payload, &mut datagram);
        (number, datagram)
    }

    /// What one record is, and its number where it could be opened.
    fn open(records: &mut Records, bytes: &[u8]) -> Result<RecordNumber, Option<Discard>> {
        match records.open(&mut bytes.to_vec(), false).1 {
            Record::Opened { number, .. } => Ok(number),
            Record::Early => Err(None),
            Record::Dropped(reason) => Err(Some(reason)),
        }
    }

    /// RFC 6347 sections 4.1 and 4.1.2.6, RFC 9147 sections 4.2 and 4.5.1: the numbers of each epoch begin
    /// with 0, and so do the receiver's, each epoch in a window of its own.
    #[test]
    fn each_epoch_counts_its_records_from_zero() {
        for (epochs, protection) in
            [([0, 1].as_slice(), v1_2 as fn() -> Protection), (&[2, 3, 4], v1_3)]
        {
            let (mut from, mut to) = (Records::new(), Records::new());
            let mut all = Vec::new();
            for epoch in epochs.iter().copied() {
                if epoch > 0 {
                    from.write_with(epoch, protection());
                    to.read_with(epoch, protection());
                }
                for sequence in 0..200 {
                    let (number, bytes) = seal(&mut from, epoch, b"data");
                    assert_eq!(number, RecordNumber { epoch, sequence });
                    assert_eq!(open(&mut to, &bytes), Ok(number));
                    all.push((number, bytes));
                }
            }
            for (number, bytes) in all.into_iter().filter(|(number, _)| number.epoch > 0) {
                assert_eq!(open(&mut to, &bytes), Err(Some(Discard::Replayed)), "{number:?}");
            }
        }
    }

    /// RFC 6347 section 4.1, RFC 9147 sections 4 and 4.2.1: no number comes after 2^48 - 1, with and
    /// without protection.
    #[test]
    fn no_record_has_a_number_beyond_the_last() {
        for (epoch, protection) in [(0, None), (1, Some(v1_2())), (3, Some(v1_3()))] {
            let mut records = Records::new();
            if let Some(protection) = protection {
                records.write_with(epoch, protection);
            }
            records.write.get_mut(&epoch).unwrap().next = (1 << 48) - 1;
            let (number, bytes) = seal(&mut records, epoch, b"last");
            assert_eq!((number.sequence, bytes.is_empty()), ((1 << 48) - 1, false));
            assert!(seal(&mut records, epoch, b"none").1.is_empty());
            assert!(seal(&mut records, epoch, b"none").1.is_empty());
        }
    }

    /// RFC 6347 section 4.1, RFC 8446 section 5.1: content of more than 2^14 bytes is no record's, though
    /// it is protected with the right keys; its number stays free.
    #[test]
    fn content_that_is_too_long_is_dropped() {
        for (epoch, protection) in [(1, v1_2 as fn() -> Protection), (3, v1_3)] {
            let (mut from, mut to) = (Records::new(), Records::new());
            from.write_with(epoch, protection());
            to.read_with(epoch, protection());
            let (_, bytes) = seal(&mut from, epoch, &[0xAA; LONGEST_CONTENT + 1]);
            assert_eq!(open(&mut to, &bytes), Err(Some(Discard::TooLong)));
            let (number, bytes) = seal(&mut from, epoch, &[0xAA; LONGEST_CONTENT]);
            assert_eq!(open(&mut to, &bytes), Ok(number));
        }
    }

    /// RFC 5246 section 6.2.3, RFC 8446 section 5.2: nor is a record that is longer than padding or anything
    /// else may make it: 2^14 + 2048 bytes in 1.2, 2^14 + 256 in 1.3. Nobody tries to open it.
    #[test]
    fn a_record_that_is_too_long_is_dropped_unopened() {
        let mut records = Records::new();
        records.read_with(1, v1_2());
        records.read_with(3, v1_3());
        for (most, head) in [
            ((1 << 14) + 2048, &[23, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 9][..]),
            ((1 << 14) + 256, &[0x2F, 0, 0]),
        ] {
            for (length, expected) in [(most, Discard::Forged), (most + 1, Discard::TooLong)] {
                let mut bytes = head.to_vec();
                bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
                bytes.resize(bytes.len() + length, 0);
                assert_eq!(open(&mut records, &bytes), Err(Some(expected)), "{length}");
            }
        }
    }

    /// RFC 9147 section 4.2.2: the two bits stand for the most recent epoch that ends so; section 4.5.3:
    /// what cannot be opened counts against those keys.
    #[test]
    fn the_bits_of_an_epoch_name_the_most_recent_one_and_forgeries_count_by_key() {
        let (mut from, mut to) = (Records::new(), Records::new());
        for epoch in [2, 3] {
            from.write_with(epoch, v1_3());
            to.read_with(epoch, v1_3());
        }
        let (_, mut bytes) = seal(&mut from, 3, b"data");
        *bytes.last_mut().unwrap() ^= 1;
        assert_eq!(open(&mut to, &bytes), Err(Some(Discard::Forged)));
        assert_eq!(to.forged(10), 1);
        assert_eq!(to.read.get(&2).unwrap().forged, 0);
        to.read_with(4, v1_3());
        assert_eq!(to.forged(10), 0);
        assert_eq!(open(&mut to, &bytes), Err(Some(Discard::Forged)));
        assert_eq!(to.read.get(&3).unwrap().forged, 2);
        // Epoch 7 ends in the same bits as 3, and takes its place.
        let (_, old) = seal(&mut from, 3, b"old");
        to.read_with(7, v1_3());
        assert_eq!(open(&mut to, &old), Ok(RecordNumber { epoch: 7, sequence: 1 }));
        assert_eq!(open(&mut to, &[0x21; 40]), Err(Some(Discard::Epoch)));
    }
}
