//! Packets as they go: chunks one after another into one datagram.

use icelab_wire::Writer;

use super::checksum::{self, Checksum};
use super::chunk::{EncodeChunk, GapBlock, RawChunk, Sack};
use super::error::NoRoom;
use super::header::Header;
use super::list::Element;
use super::number::Tsn;
use super::tlv;

/// Bundles chunks into a packet of bounded length (RFC 9260 section 6.10).
///
/// Which chunks may stand together, and in which order, is for the caller.
#[derive(Clone, Debug)]
pub struct PacketWriter {
    writer: Writer,
    limit: usize,
}

impl PacketWriter {
    /// A packet without chunks, which will not be longer than `limit` bytes, all headers counted.
    /// It never is shorter than its own header.
    #[inline]
    #[must_use]
    pub fn new(header: Header, limit: usize) -> Self {
        let mut writer = Writer::with_capacity(limit.max(Header::LENGTH));
        header.encode(&mut writer);
        Self { writer, limit }
    }

    /// How many bytes are left for chunks: their headers and their padding take from them.
    #[inline]
    #[must_use]
    pub const fn room(&self) -> usize {
        self.limit.saturating_sub(self.writer.len())
    }

    /// How long the packet is so far.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.writer.len()
    }

    /// Whether no chunk has been added.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.writer.len() == Header::LENGTH
    }

    /// Adds a chunk and its padding.
    ///
    /// # Errors
    /// [`NoRoom`] where it does not fit, or is longer than a chunk can be, 65,535 bytes; then
    /// nothing changes.
    #[inline]
    pub fn push(&mut self, chunk: &impl EncodeChunk) -> Result<(), NoRoom> {
        let length = RawChunk::HEADER_LENGTH + chunk.value_len();
        let length16 = u16::try_from(length).map_err(|_| NoRoom)?;
        if length.next_multiple_of(4) > self.room() {
            return Err(NoRoom);
        }
        let start = self.writer.len();
        let [l0, l1] = length16.to_be_bytes();
        self.writer.bytes(&[chunk.kind().0, chunk.flags(), l0, l1]);
        chunk.encode_value(&mut self.writer);
        debug_assert_eq!(self.writer.len() - start, length, "{:?}", chunk.kind());
        tlv::pad(start, &mut self.writer);
        Ok(())
    }

    /// Adds the chunks of another packet.
    ///
    /// # Errors
    /// [`NoRoom`] where they do not all fit; then nothing changes.
    pub(crate) fn append(&mut self, other: &Self) -> Result<(), NoRoom> {
        let chunks = other.writer.as_slice().get(Header::LENGTH..).unwrap_or_default();
        if chunks.len() > self.room() {
            return Err(NoRoom);
        }
        self.writer.bytes(chunks);
        Ok(())
    }

    /// Adds a SACK chunk with as many gap blocks as fit, and then as many duplicates: a packet
    /// reports what it has room for, the lowest TSNs first (RFC 9260 section 6.2). Returns how many
    /// of each it holds.
    ///
    /// # Errors
    /// [`NoRoom`] where not even a chunk without either fits.
    pub fn push_sack(
        &mut self,
        cumulative_tsn_ack: Tsn,
        window: u32,
        gaps: impl IntoIterator<Item = GapBlock>,
        duplicates: impl IntoIterator<Item = Tsn>,
    ) -> Result<(usize, usize), NoRoom> {
        let room = self.room().min(usize::from(u16::MAX));
        let mut left = room.checked_sub(Sack::LENGTH).ok_or(NoRoom)? / 4;
        let start = self.writer.len();
        let empty = Sack { cumulative_tsn_ack, window, ..Sack::default() };
        self.push(&empty)?;
        let mut counts = [0, 0];
        let [gap_count, duplicate_count] = &mut counts;
        for gap in gaps.into_iter().take(left) {
            gap.encode(&mut self.writer);
            *gap_count += 1;
        }
        left -= *gap_count;
        for duplicate in duplicates.into_iter().take(left) {
            self.writer.u32(duplicate.0);
            *duplicate_count += 1;
        }
        // Each count is at most a quarter of 65,535, and so is their sum.
        self.writer.patch_u16(start + 2, (self.writer.len() - start) as u16);
        self.writer.patch_u16(start + 12, counts[0] as u16);
        self.writer.patch_u16(start + 14, counts[1] as u16);
        Ok((counts[0], counts[1]))
    }

    /// The packet.
    #[inline]
    #[must_use]
    pub fn finish(self, checksum: Checksum) -> Vec<u8> {
        let mut bytes = self.writer.into_vec();
        if checksum == Checksum::Crc32c {
            let crc = checksum::crc32c(&bytes);
            if let Some(field) = bytes.get_mut(8..Header::LENGTH) {
                field.copy_from_slice(&crc);
            }
        }
        bytes
    }
}
