//! RTCP packets one after another into one datagram.

use icelab_wire::Writer;

use super::application::Application;
use super::description::{Chunk, Item};
use super::feedback::{CongestionFeedback, Feedback};
use super::header::{PacketType, RawPacket};
use super::report::{ReportBlock, SenderInfo};
use crate::number::Ssrc;

/// Builds a datagram of RTCP packets (RFC 3550 section 6.1).
///
/// A full compound packet begins with a report, an empty one if need be, and has a description with
/// a CNAME; what is sent without them must have been agreed on (RFC 5506).
///
/// Every method that adds a packet panics where it is longer than its length field can say, 262,140
/// bytes: four times the longest datagram.
#[derive(Clone, Debug, Default)]
pub struct CompoundBuilder {
    writer: Writer,
    last: usize,
}

impl CompoundBuilder {
    /// An empty datagram.
    #[must_use]
    pub fn new() -> Self {
        Self { writer: Writer::with_capacity(128), last: 0 }
    }

    /// Adds a sender report. Blocks beyond the 31st go into receiver reports behind it, as RFC
    /// 3550 section 6.1 has it.
    #[must_use]
    pub fn sender_report(
        mut self,
        sender: Ssrc,
        info: &SenderInfo,
        blocks: &[ReportBlock],
    ) -> Self {
        let (first, more) = blocks.split_at(blocks.len().min(MOST));
        self.packet(PacketType::SENDER_REPORT, first.len(), |writer| {
            writer.u32(sender.0);
            info.encode(writer);
            first.iter().for_each(|block| block.encode(writer));
        });
        if more.is_empty() { self } else { self.receiver_report(sender, more) }
    }

    /// Adds receiver reports: one for each 31 blocks, and an empty one where there are none.
    #[must_use]
    pub fn receiver_report(mut self, sender: Ssrc, blocks: &[ReportBlock]) -> Self {
        let (mut now, mut later) = blocks.split_at(blocks.len().min(MOST));
        loop {
            self.packet(PacketType::RECEIVER_REPORT, now.len(), |writer| {
                writer.u32(sender.0);
                now.iter().for_each(|block| block.encode(writer));
            });
            if later.is_empty() {
                return self;
            }
            (now, later) = later.split_at(later.len().min(MOST));
        }
    }

    /// Adds descriptions: one for each 31 chunks.
    #[must_use]
    pub fn description(mut self, chunks: &[(Ssrc, &[Item<'_>])]) -> Self {
        for chunks in chunks.chunks(MOST) {
            self.packet(PacketType::DESCRIPTION, chunks.len(), |writer| {
                for (source, items) in chunks {
                    Chunk::encode(*source, items, writer);
                }
            });
        }
        self
    }

    /// Adds goodbyes: one for each 31 sources. Of a reason, 255 bytes are said.
    #[must_use]
    pub fn goodbye(mut self, sources: &[Ssrc], reason: Option<&[u8]>) -> Self {
        for sources in sources.chunks(MOST) {
            self.packet(PacketType::GOODBYE, sources.len(), |writer| {
                sources.iter().for_each(|source| writer.u32(source.0));
                if let Some(reason) = reason {
                    let said = reason.get(..255).unwrap_or(reason);
                    writer.vector8(|writer| writer.bytes(said));
                }
            });
        }
        self
    }

    /// Adds an application's own packet. Zeros fill its last word.
    #[must_use]
    pub fn application(mut self, application: &Application<'_>) -> Self {
        self.packet(PacketType::APPLICATION, usize::from(application.subtype & 0x1F), |writer| {
            writer.u32(application.source.0);
            writer.bytes(&application.name);
            writer.bytes(application.data);
        });
        self
    }

    /// Adds feedback.
    #[must_use]
    pub fn feedback(mut self, feedback: &Feedback<'_>) -> Self {
        let (kind, format) = feedback.kind();
        self.packet(kind, usize::from(format), |writer| feedback.encode(writer));
        self
    }

    /// Adds feedback on when each packet arrived (RFC 8888).
    #[must_use]
    pub fn congestion(mut self, feedback: &CongestionFeedback) -> Self {
        let format = usize::from(CongestionFeedback::FORMAT);
        self.packet(PacketType::TRANSPORT_FEEDBACK, format, |writer| feedback.encode(writer));
        self
    }

    /// Adds a packet as it is, without its padding.
    #[must_use]
    pub fn raw(mut self, packet: &RawPacket<'_>) -> Self {
        self.packet(packet.kind, usize::from(packet.count & 0x1F), |writer| {
            writer.bytes(packet.body);
        });
        self
    }

    /// How long the datagram is so far.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.writer.len()
    }

    /// Whether nothing has been added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.writer.is_empty()
    }

    /// The datagram.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.writer.into_vec()
    }

    /// The datagram, its last packet padded to a multiple of `block` bytes, as some ciphers want
    /// (RFC 3550 section 6.4.1). `block` is a multiple of four, at most 252; no padding is added
    /// where it is not.
    #[must_use]
    pub fn finish_padded(mut self, block: u8) -> Vec<u8> {
        if block == 0 || !block.is_multiple_of(4) || self.is_empty() {
            return self.finish();
        }
        let length = self.writer.len();
        let padding = length.next_multiple_of(usize::from(block)) - length;
        if padding > 0 {
            self.writer.zeros(padding - 1);
            self.writer.u8(padding as u8); // less than `block`
            self.patch_length();
        }
        let last = self.last;
        let mut bytes = self.writer.into_vec();
        if padding > 0
            && let Some(first) = bytes.get_mut(last)
        {
            *first |= 0x20;
        }
        bytes
    }

    #[inline]
    fn packet(&mut self, kind: PacketType, count: usize, body: impl FnOnce(&mut Writer)) {
        self.last = self.writer.len();
        self.writer.u8(0x80 | count as u8); // at most 31
        self.writer.u8(kind.0);
        self.writer.u16(0);
        body(&mut self.writer);
        let length = self.writer.len();
        self.writer.zeros(length.next_multiple_of(4) - length);
        self.patch_length();
    }

    fn patch_length(&mut self) {
        let words = (self.writer.len() - self.last) / 4 - 1;
        let words = u16::try_from(words).expect("no datagram is as long as the longest packet");
        self.writer.patch_u16(self.last + 2, words);
    }
}

/// How many parts a packet has at most: its count has five bits.
const MOST: usize = 31;
