//! Packets as they come: one datagram, and the chunks in it, read in place.

use icelab_wire::Reader;

use super::checksum::{self, ChecksumPolicy};
use super::chunk::{Chunk, RawChunk};
use super::error::{ChunkError, PacketError};
use super::header::Header;

/// A packet whose checksum was right. Its chunks have not been looked at.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                         Common Header                         |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                           Chunk #1                            |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                              ...                              |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                           Chunk #n                            |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// How it begins.
    pub header: Header,
    chunks: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a datagram's header and checks its checksum.
    ///
    /// # Errors
    /// Where it is shorter than a header, its checksum is wrong, or a port is 0.
    #[inline]
    pub fn decode(bytes: &'a [u8], policy: ChecksumPolicy) -> Result<Self, PacketError> {
        let (header, chunks) =
            bytes.split_first_chunk::<{ Header::LENGTH }>().ok_or(PacketError::Truncated)?;
        let (decoded, said) = Header::decode(*header)?;
        let is_zero_enough = policy == ChecksumPolicy::ZeroAllowed && said == [0; 4];
        if !is_zero_enough && said != checksum::crc32c_of_received(*header, chunks) {
            return Err(PacketError::Checksum);
        }
        Ok(Self { header: decoded, chunks })
    }

    /// The chunks in order, read one by one. A chunk that is malformed does not end them, one that
    /// does not fit the packet does.
    ///
    /// Which chunks may stand together, and which unknown ones end the packet, is for the caller
    /// (RFC 9260 sections 3.2 and 6.10).
    #[inline]
    #[must_use]
    pub const fn chunks(&self) -> Chunks<'a> {
        Chunks { raw: self.raw_chunks() }
    }

    /// The same without a look at what they hold.
    #[inline]
    #[must_use]
    pub const fn raw_chunks(&self) -> RawChunks<'a> {
        RawChunks { reader: Reader::new(self.chunks) }
    }
}

/// The chunks of a [`Packet`], in order and read.
#[derive(Clone, Copy, Debug)]
pub struct Chunks<'a> {
    raw: RawChunks<'a>,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<Chunk<'a>, ChunkError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        Some(self.raw.next()?.and_then(RawChunk::decode))
    }
}

/// The chunks of a [`Packet`], in order. An error ends them.
#[derive(Clone, Copy, Debug)]
pub struct RawChunks<'a> {
    reader: Reader<'a>,
}

impl<'a> Iterator for RawChunks<'a> {
    type Item = Result<RawChunk<'a>, ChunkError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        let chunk = RawChunk::decode_from(&mut self.reader);
        if chunk.is_err() {
            self.reader = Reader::new(&[]);
        }
        Some(chunk.map_err(ChunkError::Framing))
    }
}
