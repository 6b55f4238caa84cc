//! SDES: who the sources are (RFC 3550 section 6.5).

use icelab_wire::{DecodeError, Reader, Writer};

use super::header::RawPacket;
use crate::number::Ssrc;

/// What an item says, by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKind(pub u8);

impl ItemKind {
    /// CNAME: the lasting name of the participant (RFC 3550 section 6.5.1).
    pub const CNAME: Self = Self(1);
    /// NAME: the user's name (section 6.5.2).
    pub const NAME: Self = Self(2);
    /// EMAIL: an address (section 6.5.3).
    pub const EMAIL: Self = Self(3);
    /// PHONE: a number (section 6.5.4).
    pub const PHONE: Self = Self(4);
    /// LOC: a place (section 6.5.5).
    pub const LOCATION: Self = Self(5);
    /// TOOL: the program (section 6.5.6).
    pub const TOOL: Self = Self(6);
    /// NOTE: a state of things (section 6.5.7).
    pub const NOTE: Self = Self(7);
    /// PRIV: a prefix and a value of somebody's own (section 6.5.8).
    pub const PRIVATE: Self = Self(8);
    /// RtpStreamId (RFC 8852 section 4.1).
    pub const RID: Self = Self(12);
    /// RepairedRtpStreamId (RFC 8852 section 4.2).
    pub const REPAIRED_RID: Self = Self(13);
    /// MID: the media section (RFC 8843 section 15.1).
    pub const MID: Self = Self(15);
}

/// One thing that is said about a source.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     kind      |     length    | text                        ...
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    kind: ItemKind,
    text: &'a [u8],
}

impl<'a> Item<'a> {
    /// An item, or `None` where its text is longer than 255 bytes or its kind is 0, which ends the
    /// list.
    #[must_use]
    pub const fn new(kind: ItemKind, text: &'a [u8]) -> Option<Self> {
        if kind.0 == 0 || text.len() > 255 { None } else { Some(Self { kind, text }) }
    }

    /// What it says.
    #[must_use]
    pub const fn kind(&self) -> ItemKind {
        self.kind
    }

    /// Its text, which should be UTF-8.
    #[must_use]
    pub const fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The prefix and the value of a private item, if it is a whole one (RFC 3550 section 6.5.8).
    #[must_use]
    pub fn private(&self) -> Option<(&'a [u8], &'a [u8])> {
        let mut reader = Reader::new(self.text);
        let prefix = reader.vector8().ok().filter(|_| self.kind == ItemKind::PRIVATE)?;
        Some((prefix, reader.rest()))
    }
}

/// What is said about several sources: chunks, at most 31, read in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description<'a> {
    count: u8,
    body: &'a [u8],
}

impl<'a> Description<'a> {
    #[inline]
    pub(super) fn decode(packet: RawPacket<'a>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(packet.body);
        for _ in 0..packet.count {
            Chunk::decode_from(&mut reader)?;
        }
        reader.finish()?;
        Ok(Self { count: packet.count, body: packet.body })
    }

    /// The chunks in order.
    #[must_use]
    pub const fn chunks(&self) -> Chunks<'a> {
        Chunks { left: self.count, reader: Reader::new(self.body) }
    }

    /// The lasting name of `source`, if it is said.
    #[must_use]
    pub fn cname(&self, source: Ssrc) -> Option<&'a [u8]> {
        let mut items = self.chunks().filter(|chunk| chunk.source == source).flat_map(Chunk::items);
        items.find(|item| item.kind == ItemKind::CNAME).map(|item| item.text)
    }
}

/// The chunks of a [`Description`].
#[derive(Clone, Copy, Debug)]
pub struct Chunks<'a> {
    left: u8,
    reader: Reader<'a>,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Chunk::decode_from(&mut self.reader).ok()
    }
}

/// What is said about one source.
///
/// ```text
/// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
/// |                          SSRC/CSRC_1                          |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                           SDES items                          |
/// |                              ...                              |
/// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// The source.
    pub source: Ssrc,
    items: &'a [u8],
}

impl<'a> Chunk<'a> {
    #[inline]
    fn decode_from(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let source = Ssrc(reader.u32()?);
        let items = reader.peek();
        let mut length = 0;
        loop {
            let kind = reader.u8()?;
            length += 1;
            if kind == 0 {
                break;
            }
            length += 1 + reader.vector8()?.len();
        }
        // Zeros fill the last word: a chunk begins at a word's edge.
        reader.take(length.next_multiple_of(4) - length)?;
        Ok(Self { source, items: items.get(..length).unwrap_or(&[]) })
    }

    /// The items in order.
    #[must_use]
    pub const fn items(self) -> Items<'a> {
        Items { reader: Reader::new(self.items) }
    }

    /// Writes a chunk.
    pub(super) fn encode(source: Ssrc, items: &[Item<'_>], writer: &mut Writer) {
        writer.u32(source.0);
        let start = writer.len();
        for item in items {
            writer.u8(item.kind.0);
            writer.u8(item.text.len() as u8); // at most 255
            writer.bytes(item.text);
        }
        let length = writer.len() - start;
        writer.zeros((length + 1).next_multiple_of(4) - length);
    }
}

/// The items of a [`Chunk`].
#[derive(Clone, Copy, Debug)]
pub struct Items<'a> {
    reader: Reader<'a>,
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let kind = self.reader.u8().ok().filter(|kind| *kind != 0)?;
        Some(Item { kind: ItemKind(kind), text: self.reader.vector8().ok()? })
    }
}
