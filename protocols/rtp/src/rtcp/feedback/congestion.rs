//! When each packet of several streams arrived (RFC 8888 section 3.1).

use core::time::Duration;

use icelab_wire::{DecodeError, Reader, Serial16, Writer};

use crate::ntp::CompactNtp;
use crate::number::Ssrc;

/// When each packet of several streams arrived.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                 SSRC of RTCP packet sender                    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// :                    report for each stream                     :
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                 Report Timestamp (32 bits)                    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CongestionFeedback {
    /// Who reports.
    pub sender: Ssrc,
    /// What became of each stream's packets.
    pub streams: Vec<StreamReport>,
    /// The moment from which arrivals are counted back.
    pub timestamp: CompactNtp,
}

impl CongestionFeedback {
    /// Its number among the feedback about the transport.
    pub const FORMAT: u8 = 11;

    pub(in crate::rtcp) fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let sender = Ssrc(reader.u32()?);
        let mut streams = Vec::new();
        while reader.remaining() > 4 {
            streams.push(StreamReport::decode_from(&mut reader)?);
        }
        let timestamp = CompactNtp(reader.u32()?);
        Ok(Self { sender, streams, timestamp })
    }

    pub(in crate::rtcp) fn encode(&self, writer: &mut Writer) {
        writer.u32(self.sender.0);
        self.streams.iter().for_each(|stream| stream.encode(writer));
        writer.u32(self.timestamp.0);
    }
}

/// What became of the packets of one stream.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                   SSRC of nth RTP Stream                      |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |          begin_seq            |          num_reports          |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |R|ECN|  Arrival time offset    | ...                           |
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamReport {
    /// The stream.
    pub source: Ssrc,
    /// The first packet of the report.
    pub begin: Serial16,
    /// What became of it and of those after it; `None` is a packet that has not arrived. 16,384 are
    /// sent.
    pub packets: Vec<Option<PacketReport>>,
}

/// How a packet arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketReport {
    /// How its IP packet was marked.
    pub ecn: EcnMark,
    /// When it arrived.
    pub offset: ArrivalOffset,
}

/// How the network marked an IP packet (RFC 3168 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EcnMark {
    /// The sender does not take part.
    #[default]
    NotEct,
    /// The sender takes part, with the second code.
    Ect1,
    /// The sender takes part, with the first code.
    Ect0,
    /// A router was congested.
    Ce,
}

/// When a packet arrived, counted back from the report's timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrivalOffset {
    /// So many 1024ths of a second before it: at most 8189.
    Before(u16),
    /// Longer before it than can be said.
    OverRange,
    /// It is not known, or after it.
    Unavailable,
}

impl ArrivalOffset {
    /// The most that can be said, in 1024ths of a second.
    pub const MOST: u16 = 0x1FFD;

    /// The offset that is nearest to `before`.
    #[must_use]
    pub const fn from_duration(before: Duration) -> Self {
        let units = (before.as_nanos() * 1024 + 500_000_000) / 1_000_000_000;
        if units > Self::MOST as u128 { Self::OverRange } else { Self::Before(units as u16) }
    }

    /// How long before the report's timestamp, if that is said.
    #[must_use]
    pub const fn duration(self) -> Option<Duration> {
        match self {
            Self::Before(units) => Some(Duration::from_nanos(units as u64 * 1_000_000_000 / 1024)),
            Self::OverRange | Self::Unavailable => None,
        }
    }

    const fn from_bits(bits: u16) -> Self {
        match bits & 0x1FFF {
            0x1FFE => Self::OverRange,
            0x1FFF => Self::Unavailable,
            units => Self::Before(units),
        }
    }

    const fn bits(self) -> u16 {
        match self {
            Self::Before(units) if units <= Self::MOST => units,
            Self::Before(_) | Self::OverRange => 0x1FFE,
            Self::Unavailable => 0x1FFF,
        }
    }
}

impl PacketReport {
    const fn from_bits(bits: u16) -> Option<Self> {
        if bits & 0x8000 == 0 {
            return None;
        }
        let ecn = match bits >> 13 & 3 {
            0 => EcnMark::NotEct,
            1 => EcnMark::Ect1,
            2 => EcnMark::Ect0,
            _ => EcnMark::Ce,
        };
        Some(Self { ecn, offset: ArrivalOffset::from_bits(bits) })
    }

    const fn bits(self) -> u16 {
        0x8000 | (self.ecn as u16) << 13 | self.offset.bits()
    }
}

impl StreamReport {
    /// How many packets one report may be about.
    pub const MOST: usize = 16_384;

    /// What became of which packet, in order.
    pub fn packets(&self) -> impl Iterator<Item = (Serial16, Option<PacketReport>)> + use<'_> {
        self.packets.iter().zip(0..).map(|(report, place)| (self.begin.plus(place), *report))
    }

    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let source = Ssrc(reader.u32()?);
        let begin = Serial16(reader.u16()?);
        let count = usize::from(reader.u16()?);
        if count > Self::MOST {
            return Err(DecodeError::Length { field: "num_reports" });
        }
        let reports = reader.take(2 * count)?;
        reader.take(2 * (count % 2))?; // up to a word's edge
        let reports = reports.as_chunks().0.iter();
        let packets = reports.map(|bits| PacketReport::from_bits(u16::from_be_bytes(*bits)));
        Ok(Self { source, begin, packets: packets.collect() })
    }

    fn encode(&self, writer: &mut Writer) {
        let packets = self.packets.get(..Self::MOST).unwrap_or(&self.packets);
        writer.u32(self.source.0);
        writer.u16(self.begin.0);
        writer.u16(packets.len() as u16); // at most `MOST`
        for packet in packets {
            writer.u16(packet.map_or(0, PacketReport::bits));
        }
        writer.zeros(2 * (packets.len() % 2));
    }
}
