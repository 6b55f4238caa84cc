//! Rates that must not be passed (RFC 5104 section 4.2, draft-alvestrand-rmcat-remb-03).

use icelab_wire::{DecodeError, Reader, Writer};

use crate::number::{BitRate, Ssrc};

/// A limit on what one source sends to somebody (RFC 5104 section 4.2.1.1).
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                              SSRC                             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// | MxTBR Exp |  MxTBR Mantissa                 |Measured Overhead|
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// In a request the source that shall obey, in a notification the one that asked.
    pub source: Ssrc,
    /// The limit. Its first 17 bits are sent, so it is never sent too high.
    pub rate: BitRate,
    /// How many bytes of headers a packet has on average: nine bits.
    pub overhead: u16,
}

impl RateLimit {
    pub(super) fn decode_all(information: &[u8]) -> Result<Vec<Self>, DecodeError> {
        let mut reader = Reader::new(information);
        let mut limits = Vec::with_capacity(information.len() / 8);
        while !reader.is_empty() {
            let source = Ssrc(reader.u32()?);
            let word = reader.u32()?;
            let rate = BitRate::from_parts(word >> 9 & 0x1_FFFF, (word >> 26) as u8);
            limits.push(Self { source, rate, overhead: (word & 0x1FF) as u16 });
        }
        Ok(limits)
    }

    pub(super) fn encode(self, writer: &mut Writer) {
        let (mantissa, exponent) = self.rate.parts(17);
        writer.u32(self.source.0);
        writer.u32(u32::from(exponent) << 26 | mantissa << 9 | u32::from(self.overhead.min(0x1FF)));
    }
}

/// The rate that a receiver believes the path can carry, over several streams together.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  Unique identifier 'R' 'E' 'M' 'B'                            |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  Num SSRC     | BR Exp    |  BR Mantissa                      |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   SSRC feedback                                               |
/// :  ...                                                          :
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiverRate {
    /// The rate. Its first 18 bits are sent, so it is never sent too high.
    pub rate: BitRate,
    /// The streams, of which 255 are sent.
    pub sources: Vec<Ssrc>,
}

impl ReceiverRate {
    /// What such feedback begins with, among all that applications define for themselves.
    pub(super) const NAME: &'static [u8] = b"REMB";

    pub(super) fn decode(information: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(information);
        reader.take(Self::NAME.len())?;
        let word = reader.u32()?;
        let rate = BitRate::from_parts(word & 0x3_FFFF, (word >> 18 & 0x3F) as u8);
        let mut list = Reader::new(reader.take(4 * (word >> 24) as usize)?);
        reader.finish()?;
        let mut sources = Vec::with_capacity(list.remaining() / 4);
        while !list.is_empty() {
            sources.push(Ssrc(list.u32()?));
        }
        Ok(Self { rate, sources })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        let (mantissa, exponent) = self.rate.parts(18);
        let sources = self.sources.get(..255).unwrap_or(&self.sources);
        writer.bytes(Self::NAME);
        writer.u32((sources.len() as u32) << 24 | u32::from(exponent) << 18 | mantissa);
        sources.iter().for_each(|source| writer.u32(source.0));
    }
}
