//! Several RTCP packets in one datagram (RFC 3550 section 6.1, RFC 5506).

use icelab_wire::{DecodeError, Reader};

use super::application::Application;
use super::description::Description;
use super::feedback::{CongestionFeedback, Feedback};
use super::goodbye::Goodbye;
use super::header::{PacketType, RawPacket};
use super::report::{ReceiverReport, SenderReport};

/// A datagram of RTCP packets whose headers have been checked: all of them are of version 2, their
/// lengths add up to the datagram's, and at most the last is padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compound<'a> {
    bytes: &'a [u8],
}

impl<'a> Compound<'a> {
    /// Checks a datagram (RFC 3550 appendix A.2). Whether it is a full compound packet, which
    /// begins with a report, or one of reduced size, [`Compound::is_reduced_size`] tells.
    ///
    /// # Errors
    /// Where it is empty, or the header of a packet contradicts the datagram.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        RawPacket::decode_from(&mut reader)?;
        while !reader.is_empty() {
            RawPacket::decode_from(&mut reader)?;
        }
        Ok(Self { bytes })
    }

    /// Whether it does not begin with a report, which only a session that agreed on reduced-size
    /// RTCP may send (RFC 5506 section 3).
    #[must_use]
    pub fn is_reduced_size(&self) -> bool {
        let first = self.packets().next();
        !first.is_some_and(|packet| {
            matches!(packet.kind, PacketType::SENDER_REPORT | PacketType::RECEIVER_REPORT)
        })
    }

    /// The packets in order.
    #[inline]
    #[must_use]
    pub const fn packets(&self) -> RtcpPackets<'a> {
        RtcpPackets { reader: Reader::new(self.bytes) }
    }
}

impl<'a> IntoIterator for Compound<'a> {
    type Item = RawPacket<'a>;
    type IntoIter = RtcpPackets<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.packets()
    }
}

/// The packets of a [`Compound`], in order.
#[derive(Clone, Copy, Debug)]
pub struct RtcpPackets<'a> {
    reader: Reader<'a>,
}

impl<'a> Iterator for RtcpPackets<'a> {
    type Item = RawPacket<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        RawPacket::decode_from(&mut self.reader).ok()
    }
}

/// One RTCP packet, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rtcp<'a> {
    /// What a sender has sent, and received.
    SenderReport(SenderReport<'a>),
    /// What a receiver has received.
    ReceiverReport(ReceiverReport<'a>),
    /// Who the sources are.
    Description(Description<'a>),
    /// Sources leave.
    Goodbye(Goodbye<'a>),
    /// An application's own packet.
    Application(Application<'a>),
    /// Feedback that is about one source.
    Feedback(Feedback<'a>),
    /// When each packet of several streams arrived.
    Congestion(CongestionFeedback),
    /// Anything else, extended reports among them.
    Unknown(RawPacket<'a>),
}

impl<'a> RawPacket<'a> {
    /// Reads the body.
    ///
    /// # Errors
    /// Where the body is not what the packet's type says.
    #[inline]
    pub fn decode(self) -> Result<Rtcp<'a>, DecodeError> {
        Ok(match self.kind {
            PacketType::SENDER_REPORT => Rtcp::SenderReport(SenderReport::decode(self)?),
            PacketType::RECEIVER_REPORT => Rtcp::ReceiverReport(ReceiverReport::decode(self)?),
            PacketType::DESCRIPTION => Rtcp::Description(Description::decode(self)?),
            PacketType::GOODBYE => Rtcp::Goodbye(Goodbye::decode(self)?),
            PacketType::APPLICATION => Rtcp::Application(Application::decode(self)?),
            PacketType::TRANSPORT_FEEDBACK if self.count == CongestionFeedback::FORMAT => {
                Rtcp::Congestion(CongestionFeedback::decode(self.body)?)
            }
            PacketType::TRANSPORT_FEEDBACK | PacketType::PAYLOAD_FEEDBACK => {
                Rtcp::Feedback(Feedback::decode(self)?)
            }
            PacketType(_) => Rtcp::Unknown(self),
        })
    }
}
