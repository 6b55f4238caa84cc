//! The three forms of a record's header.

use icelab_wire::{DecodeError, Reader, Writer};

use super::content::ContentType;
use super::ids::Ids;
use crate::wire::version::ProtocolVersion;

/// The header of 1.2's records, and of 1.3's as long as nothing is protected (RFC 9147 section 4).
///
/// ```text
/// struct {
///     ContentType type;
///     ProtocolVersion version;
///     uint16 epoch;
///     uint48 sequence_number;
///     opaque connection_id[cid_length];   /* only where type is tls12_cid (RFC 9146 section 4) */
///     uint16 length;
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlainHeader {
    pub(crate) content: ContentType,
    pub(crate) version: ProtocolVersion,
    pub(crate) epoch: u16,
    pub(crate) sequence: u64,
    pub(crate) length: u16,
}

impl PlainHeader {
    /// Without a connection id, in bytes.
    pub(crate) const LENGTH: usize = 13;

    /// Reads the header; a record with a connection id must carry one of `ids`.
    pub(crate) fn decode(reader: &mut Reader<'_>, ids: &Ids) -> Result<Self, DecodeError> {
        let content = ContentType(reader.u8()?);
        let version = ProtocolVersion(reader.u16()?);
        let epoch = reader.u16()?;
        let sequence = u64::from(reader.u16()?) << 32 | u64::from(reader.u32()?);
        if content == ContentType::TLS12_CID {
            // RFC 9146 section 4: what carries another id, or one where none is wanted, is invalid.
            let id = ids.find_own(reader.peek());
            let id = id.ok_or(DecodeError::Value { field: "connection_id" })?;
            reader.take(id.len())?;
        }
        let length = reader.u16()?;
        Ok(Self { content, version, epoch, sequence, length })
    }

    /// Writes the header, with the connection id where the content is `tls12_cid`.
    pub(crate) fn encode(&self, connection_id: &[u8], writer: &mut Writer) {
        writer.u8(self.content.0);
        writer.u16(self.version.0);
        writer.u16(self.epoch);
        let [_, _, sequence @ ..] = self.sequence.to_be_bytes();
        writer.bytes(&sequence);
        if self.content == ContentType::TLS12_CID {
            writer.bytes(connection_id);
        }
        writer.u16(self.length);
    }
}

/// Where the pieces of a protected record of 1.3 lie (RFC 9147 section 4).
///
/// ```text
///  0 1 2 3 4 5 6 7
/// +-+-+-+-+-+-+-+-+
/// |0|0|1|C|S|L|E E|
/// +-+-+-+-+-+-+-+-+
/// | Connection ID |   Legend:
/// | (if any,      |
/// /  length as    /   C   - Connection ID (CID) present
/// |  negotiated)  |   S   - Sequence number length
/// +-+-+-+-+-+-+-+-+   L   - Length present
/// |  8 or 16 bit  |   E   - Epoch
/// |Sequence Number|
/// +-+-+-+-+-+-+-+-+
/// | 16 bit Length |
/// | (if present)  |
/// +-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnifiedHeader {
    /// The low two bits of the epoch.
    pub(crate) epoch_bits: u8,
    /// Where the encrypted sequence number starts, from the start of the record.
    pub(crate) sequence_at: usize,
    /// 1 or 2 bytes.
    pub(crate) sequence_length: usize,
    /// The whole header, in bytes.
    pub(crate) header_length: usize,
    /// What follows the header, in bytes.
    pub(crate) body_length: usize,
}

impl UnifiedHeader {
    const CONNECTION_ID: u8 = 0x10;
    const LONG_SEQUENCE: u8 = 0x08;
    const LENGTH: u8 = 0x04;
    const EPOCH: u8 = 0x03;

    /// Whether a record that starts with `byte` is protected as 1.3 does it.
    pub(crate) const fn starts_with(byte: u8) -> bool {
        byte >> 5 == 1
    }

    /// Reads the header of the record that starts `bytes`.
    pub(crate) fn decode(bytes: &[u8], ids: &Ids) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let first = reader.u8()?;
        let wrong = DecodeError::Value { field: "connection_id" };
        // Section 4: with an agreed connection id, records carry it; without, they have no C bit
        // (section 9.1).
        match (first & Self::CONNECTION_ID != 0, ids.is_own_wanted()) {
            (true, true) => {
                let id = ids.find_own(reader.peek()).ok_or(wrong)?;
                reader.take(id.len())?;
            }
            (false, false) => {}
            (true, false) | (false, true) => return Err(wrong),
        }
        let sequence_at = reader.position();
        let sequence_length = if first & Self::LONG_SEQUENCE != 0 { 2 } else { 1 };
        reader.take(sequence_length)?;
        let body_length =
            if first & Self::LENGTH != 0 { reader.u16()?.into() } else { reader.remaining() };
        let header_length = reader.position();
        reader.take(body_length)?;
        let epoch_bits = first & Self::EPOCH;
        Ok(Self { epoch_bits, sequence_at, sequence_length, header_length, body_length })
    }

    /// Writes a header with a sequence number of two bytes, still bare, and a length: only the last record
    /// of a datagram could go without (section 4).
    pub(crate) fn encode(
        epoch: u64,
        connection_id: &[u8],
        sequence: u64,
        length: u16,
        writer: &mut Writer,
    ) {
        let [.., epoch_byte] = epoch.to_be_bytes();
        let [.., high, low] = sequence.to_be_bytes();
        let with_id = if connection_id.is_empty() { 0 } else { Self::CONNECTION_ID };
        let first = 0x20 | with_id | Self::LONG_SEQUENCE | Self::LENGTH;
        writer.u8(first | epoch_byte & Self::EPOCH);
        writer.bytes(connection_id);
        writer.bytes(&[high, low]);
        writer.u16(length);
    }

    /// How long a header that [`Self::encode`] writes is, in bytes.
    pub(crate) const fn length(connection_id: &[u8]) -> usize {
        5 + connection_id.len()
    }
}
