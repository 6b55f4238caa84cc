//! Sender and receiver reports (RFC 3550 section 6.4).

use core::time::Duration;

use icelab_wire::{DecodeError, Reader, Serial32, Writer};

use super::header::RawPacket;
use crate::ntp::{CompactNtp, NtpTime, ShortInterval};
use crate::number::Ssrc;

/// SR: what a sender has sent, and what it has received.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                         SSRC of sender                        |
/// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
/// |                          sender info                          |
/// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
/// |                         report blocks                         |
/// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
/// |                  profile-specific extensions                  |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderReport<'a> {
    /// Who reports.
    pub sender: Ssrc,
    /// What it has sent.
    pub info: SenderInfo,
    /// What it has received.
    pub blocks: ReportBlocks<'a>,
    /// What a profile has put at the end.
    pub extension: &'a [u8],
}

impl<'a> SenderReport<'a> {
    #[inline]
    pub(super) fn decode(packet: RawPacket<'a>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(packet.body);
        let sender = Ssrc(reader.u32()?);
        let info = SenderInfo::decode_from(&mut reader)?;
        let blocks = ReportBlocks::decode_from(&mut reader, packet.count)?;
        Ok(Self { sender, info, blocks, extension: reader.rest() })
    }
}

/// RR: what a receiver has received. Like a sender report without the sender info.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiverReport<'a> {
    /// Who reports.
    pub sender: Ssrc,
    /// What it has received.
    pub blocks: ReportBlocks<'a>,
    /// What a profile has put at the end.
    pub extension: &'a [u8],
}

impl<'a> ReceiverReport<'a> {
    #[inline]
    pub(super) fn decode(packet: RawPacket<'a>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(packet.body);
        let sender = Ssrc(reader.u32()?);
        let blocks = ReportBlocks::decode_from(&mut reader, packet.count)?;
        Ok(Self { sender, blocks, extension: reader.rest() })
    }
}

/// What a sender has sent (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SenderInfo {
    /// When the report was sent.
    pub ntp: NtpTime,
    /// The same moment by the clock of the stream's timestamps.
    pub timestamp: Serial32,
    /// Packets sent since the start; it wraps.
    pub packets: u32,
    /// Bytes of payload sent since the start; it wraps.
    pub octets: u32,
}

impl SenderInfo {
    #[inline]
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let ntp = NtpTime(reader.u64()?);
        let timestamp = Serial32(reader.u32()?);
        let packets = reader.u32()?;
        Ok(Self { ntp, timestamp, packets, octets: reader.u32()? })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u64(self.ntp.0);
        writer.u32(self.timestamp.0);
        writer.u32(self.packets);
        writer.u32(self.octets);
    }
}

/// What was received from one source (RFC 3550 section 6.4.1).
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                             SSRC_n                            |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// | fraction lost |       cumulative number of packets lost       |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |           extended highest sequence number received           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                      interarrival jitter                      |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                         last SR (LSR)                         |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                   delay since last SR (DLSR)                  |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ReportBlock {
    /// The source.
    pub source: Ssrc,
    /// What part of its packets was lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// How many of its packets were lost since the start: 24 bits, negative where duplicates
    /// outnumber losses. A value beyond is sent as the nearest.
    pub cumulative_lost: i32,
    /// The highest sequence number that came, and above it how often the numbers wrapped.
    pub highest_sequence: u32,
    /// The mean deviation of transit times, in timestamp units.
    pub jitter: u32,
    /// The time in the last sender report that came from the source; zero where none came.
    pub last_sender_report: CompactNtp,
    /// How long ago that was.
    pub delay: ShortInterval,
}

impl ReportBlock {
    /// How long it is.
    pub(super) const LENGTH: usize = 24;

    /// The round trip between the source and the reporter, for a report that reaches the source at
    /// `arrival` (RFC 3550 section 6.4.1); `None` where the reporter has had no sender report.
    #[must_use]
    pub const fn round_trip(&self, arrival: CompactNtp) -> Option<Duration> {
        if self.last_sender_report.0 == 0 {
            return None;
        }
        Some(arrival.before(self.delay).since(self.last_sender_report).duration())
    }

    #[inline]
    const fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Self {
        let ([source, lost, highest, jitter, last, delay], _) = bytes.as_chunks::<4>() else {
            return Self::NOTHING; // 24 bytes are six words
        };
        let [fraction_lost, ..] = *lost;
        Self {
            source: Ssrc(u32::from_be_bytes(*source)),
            fraction_lost,
            cumulative_lost: (u32::from_be_bytes(*lost) << 8).cast_signed() >> 8,
            highest_sequence: u32::from_be_bytes(*highest),
            jitter: u32::from_be_bytes(*jitter),
            last_sender_report: CompactNtp(u32::from_be_bytes(*last)),
            delay: ShortInterval(u32::from_be_bytes(*delay)),
        }
    }

    const NOTHING: Self = Self {
        source: Ssrc(0),
        fraction_lost: 0,
        cumulative_lost: 0,
        highest_sequence: 0,
        jitter: 0,
        last_sender_report: CompactNtp(0),
        delay: ShortInterval(0),
    };

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u32(self.source.0);
        writer.u8(self.fraction_lost);
        writer.u24(self.cumulative_lost.clamp(-(1 << 23), (1 << 23) - 1).cast_unsigned());
        writer.u32(self.highest_sequence);
        writer.u32(self.jitter);
        writer.u32(self.last_sender_report.0);
        writer.u32(self.delay.0);
    }
}

/// The blocks of a report, read in place: at most 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlocks<'a> {
    blocks: &'a [[u8; ReportBlock::LENGTH]],
}

impl<'a> ReportBlocks<'a> {
    #[inline]
    fn decode_from(reader: &mut Reader<'a>, count: u8) -> Result<Self, DecodeError> {
        let bytes = reader.take(ReportBlock::LENGTH * usize::from(count))?;
        Ok(Self { blocks: bytes.as_chunks().0 })
    }

    /// The blocks in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ReportBlock> + use<'a> {
        self.blocks.iter().map(ReportBlock::from_bytes)
    }

    /// The block about `source`.
    #[must_use]
    pub fn about(&self, source: Ssrc) -> Option<ReportBlock> {
        self.iter().find(|block| block.source == source)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }
}
