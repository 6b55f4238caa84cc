//! One RTP packet (RFC 3550 section 5.1).

use icelab_wire::{DecodeError, Serial16, Serial32, Writer};

use crate::extension::{Extension, ExtensionId, HeaderExtension};
use crate::number::{PayloadType, Ssrc};

/// Whether a datagram that is RTP or RTCP is RTCP (RFC 5761 section 4): its second byte is an RTCP
/// packet type, 192 to 223. RTP payload types 64 to 95 are therefore never used beside RTCP.
#[inline]
#[must_use]
pub const fn is_rtcp(bytes: &[u8]) -> bool {
    matches!(bytes, [_, 192..=223, ..])
}

/// An RTP packet, read in place.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |V=2|P|X|  CC   |M|     PT      |       sequence number         |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                           timestamp                           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |           synchronization source (SSRC) identifier            |
/// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
/// |            contributing source (CSRC) identifiers             |
/// |                             ....                              |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// An event in the stream that the payload's format defines, often a frame's end.
    pub marker: bool,
    /// What the payload is.
    pub payload_type: PayloadType,
    /// Its place in the stream.
    pub sequence: Serial16,
    /// When its first sample was taken, by the payload's clock.
    pub timestamp: Serial32,
    /// Whose stream it belongs to.
    pub ssrc: Ssrc,
    /// The header's extension, if it has one (RFC 3550 section 5.3.1).
    pub extension: Option<HeaderExtension<'a>>,
    /// The payload, without padding.
    pub payload: &'a [u8],
    /// How many bytes of padding follow the payload, their count included.
    pub padding: u8,
    sources: &'a [u8],
}

impl<'a> Packet<'a> {
    /// How long the fixed header is.
    pub const HEADER_LENGTH: usize = 12;

    /// Reads a packet that takes the whole of `bytes`.
    ///
    /// # Errors
    /// Where the version is not 2, a part of the header is cut off, or the padding is longer than
    /// what follows the header.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let Some((fixed, rest)) = bytes.split_first_chunk::<12>() else {
            return Err(DecodeError::Truncated { needed: 12, had: bytes.len() });
        };
        let [first, second, s0, s1, t0, t1, t2, t3, ssrc @ ..] = *fixed;
        if first >> 6 != 2 {
            return Err(DecodeError::Value { field: "version" });
        }
        let (sources, mut rest) = split(rest, 4 * usize::from(first & 0x0F))?;
        let mut extension = None;
        if first & 0x10 != 0 {
            let Some((&[p0, p1, l0, l1], after)) = rest.split_first_chunk::<4>() else {
                return Err(DecodeError::Truncated { needed: 4, had: rest.len() });
            };
            let (data, after) = split(after, 4 * usize::from(u16::from_be_bytes([l0, l1])))?;
            extension = Some(HeaderExtension { profile: u16::from_be_bytes([p0, p1]), data });
            rest = after;
        }
        let mut padding = 0;
        if first & 0x20 != 0 {
            padding = rest.last().copied().unwrap_or(0);
            let Some(length) = rest.len().checked_sub(usize::from(padding)) else {
                return Err(DecodeError::Length { field: "padding" });
            };
            if padding == 0 {
                return Err(DecodeError::Value { field: "padding" });
            }
            rest = split(rest, length)?.0;
        }
        Ok(Self {
            marker: second & 0x80 != 0,
            payload_type: PayloadType::from_low_bits(second),
            sequence: Serial16(u16::from_be_bytes([s0, s1])),
            timestamp: Serial32(u32::from_be_bytes([t0, t1, t2, t3])),
            ssrc: Ssrc(u32::from_be_bytes(ssrc)),
            extension,
            payload: rest,
            padding,
            sources,
        })
    }

    /// The sources that a mixer has mixed into the payload, at most 15.
    pub fn contributing_sources(&self) -> impl ExactSizeIterator<Item = Ssrc> + use<'a> {
        self.sources.as_chunks().0.iter().map(|source| Ssrc(u32::from_be_bytes(*source)))
    }

    /// The first header extension of this id whose value can be read.
    #[must_use]
    pub fn extension<E: Extension<'a>>(&self, id: ExtensionId) -> Option<E> {
        self.extension?.get(id)
    }
}

/// `bytes` cut at `middle`.
#[inline]
const fn split(bytes: &[u8], middle: usize) -> Result<(&[u8], &[u8]), DecodeError> {
    match bytes.split_at_checked(middle) {
        Some(parts) => Ok(parts),
        None => Err(DecodeError::Truncated { needed: middle, had: bytes.len() }),
    }
}

/// Builds one RTP packet.
#[derive(Clone, Debug)]
pub struct PacketBuilder {
    marker: bool,
    payload_type: PayloadType,
    sequence: Serial16,
    timestamp: Serial32,
    ssrc: Ssrc,
    sources: Vec<Ssrc>,
    extension: HeaderBuilder,
    padding: u8,
}

/// The header's extension, while it grows.
#[derive(Clone, Debug)]
enum HeaderBuilder {
    /// Elements of RFC 8285, each written in the two-byte form.
    Elements { bytes: Writer, fits_one_byte_form: bool },
    /// Anything else.
    Raw { profile: u16, data: Vec<u8> },
}

impl PacketBuilder {
    /// A packet with these fields, and nothing else yet.
    #[must_use]
    pub const fn new(
        payload_type: PayloadType,
        sequence: Serial16,
        timestamp: Serial32,
        ssrc: Ssrc,
    ) -> Self {
        let extension = HeaderBuilder::Elements { bytes: Writer::new(), fits_one_byte_form: true };
        Self {
            marker: false,
            payload_type,
            sequence,
            timestamp,
            ssrc,
            sources: Vec::new(),
            extension,
            padding: 0,
        }
    }

    /// A packet with the header of `packet`: its fields, sources and extension, but no padding.
    #[must_use]
    pub fn like(packet: &Packet<'_>) -> Self {
        let mut builder =
            Self::new(packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc);
        builder.marker = packet.marker;
        builder.sources = packet.contributing_sources().collect();
        if let Some(HeaderExtension { profile, data }) = packet.extension {
            builder.extension = HeaderBuilder::Raw { profile, data: data.to_vec() };
        }
        builder
    }

    /// Gives the packet another place: its payload type, number and source.
    #[must_use]
    pub const fn place(mut self, kind: PayloadType, sequence: Serial16, ssrc: Ssrc) -> Self {
        (self.payload_type, self.sequence, self.ssrc) = (kind, sequence, ssrc);
        self
    }

    /// Sets the marker.
    #[must_use]
    pub const fn marker(mut self, marker: bool) -> Self {
        self.marker = marker;
        self
    }

    /// Adds a contributing source; from the 16th on they are left out, as a mixer must
    /// (RFC 3550 section 5.1).
    #[must_use]
    pub fn contributing_source(mut self, source: Ssrc) -> Self {
        if self.sources.len() < 15 {
            self.sources.push(source);
        }
        self
    }

    /// Adds a header extension. The one-byte form is taken where every element fits it, else the
    /// two-byte form (RFC 8285 section 4.1.2). It takes the place of a raw extension, and is left
    /// out where the extension is full.
    ///
    /// # Panics
    /// Where the value writes more than 255 bytes: none of this crate's does.
    #[must_use]
    pub fn extension<'v, E: Extension<'v>>(mut self, id: ExtensionId, value: &E) -> Self {
        if let HeaderBuilder::Raw { .. } = self.extension {
            self.extension =
                HeaderBuilder::Elements { bytes: Writer::new(), fits_one_byte_form: true };
        }
        if let HeaderBuilder::Elements { bytes, fits_one_byte_form } = &mut self.extension
            && bytes.len() < 4 * usize::from(u16::MAX) - 257
        {
            bytes.u8(id.number());
            let before = bytes.len();
            bytes.vector8(|writer| value.encode(writer));
            let length = bytes.len() - before - 1;
            *fits_one_byte_form &= id.number() < 15 && (1..=16).contains(&length);
        }
        self
    }

    /// Sets the whole extension, in a form of the profile's own (RFC 3550 section 5.3.1). Zeros
    /// fill its last word; it is left out where it is longer than 65,535 words.
    #[must_use]
    pub fn raw_extension(mut self, profile: u16, mut data: Vec<u8>) -> Self {
        data.resize(data.len().next_multiple_of(4), 0);
        if data.len() / 4 <= usize::from(u16::MAX) {
            self.extension = HeaderBuilder::Raw { profile, data };
        }
        self
    }

    /// Adds this many bytes of padding, their count included.
    #[must_use]
    pub const fn padding(mut self, padding: u8) -> Self {
        self.padding = padding;
        self
    }

    /// The packet around `payload`.
    #[must_use]
    pub fn build(&self, payload: &[u8]) -> Vec<u8> {
        let header = 12 + 4 * self.sources.len() + self.extension.longest();
        let length = header + payload.len() + usize::from(self.padding);
        let mut writer = Writer::with_capacity(length);
        let has_extension = self.extension.longest() > 0;
        let sources = self.sources.len() as u8; // at most 15
        writer.u8(0x80 | u8::from(self.padding > 0) << 5 | u8::from(has_extension) << 4 | sources);
        writer.u8(u8::from(self.marker) << 7 | self.payload_type.number());
        writer.u16(self.sequence.0);
        writer.u32(self.timestamp.0);
        writer.u32(self.ssrc.0);
        for source in &self.sources {
            writer.u32(source.0);
        }
        if has_extension {
            self.extension.encode(&mut writer);
        }
        writer.bytes(payload);
        if self.padding > 0 {
            writer.zeros(usize::from(self.padding) - 1);
            writer.u8(self.padding);
        }
        writer.into_vec()
    }
}

impl HeaderBuilder {
    /// How many bytes it takes at most; zero where there is no extension.
    fn longest(&self) -> usize {
        match self {
            Self::Elements { bytes, .. } if bytes.is_empty() => 0,
            Self::Elements { bytes, .. } => 4 + bytes.len().next_multiple_of(4),
            Self::Raw { data, .. } => 4 + data.len(),
        }
    }

    fn encode(&self, writer: &mut Writer) {
        let start = writer.len();
        match self {
            Self::Raw { profile, data } => {
                writer.u16(*profile);
                writer.u16(0);
                writer.bytes(data);
            }
            Self::Elements { bytes, fits_one_byte_form: false } => {
                writer.u16(HeaderExtension::TWO_BYTE);
                writer.u16(0);
                writer.bytes(bytes.as_slice());
            }
            Self::Elements { bytes, fits_one_byte_form: true } => {
                writer.u16(HeaderExtension::ONE_BYTE);
                writer.u16(0);
                let mut elements = bytes.as_slice();
                while let [id, length, rest @ ..] = elements {
                    let (value, rest) = rest.split_at(usize::from(*length));
                    writer.u8(id << 4 | (length - 1));
                    writer.bytes(value);
                    elements = rest;
                }
            }
        }
        let length = writer.len() - start - 4;
        writer.zeros(length.next_multiple_of(4) - length);
        writer.patch_u16(start + 2, length.div_ceil(4) as u16);
    }
}
