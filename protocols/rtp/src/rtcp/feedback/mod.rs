//! Feedback to a sender (RFC 4585 section 6, RFC 5104 section 4, RFC 8888 and drafts).
//!
//! - [`nack`](Nack): packets that did not arrive. [`picture`](FullIntraEntry): pictures that cannot
//!   be shown. [`rate`](RateLimit): rates that must not be passed.
//! - [`transport`](TransportFeedback), [`congestion`](CongestionFeedback): when each packet arrived.
//!   `chunk`: how the former says which did.

use icelab_wire::{DecodeError, Reader, Writer};

mod chunk;
mod congestion;
mod nack;
mod picture;
mod rate;
mod transport;

pub use congestion::{ArrivalOffset, CongestionFeedback, EcnMark, PacketReport, StreamReport};
pub use nack::{Nack, NackPair};
pub use picture::FullIntraEntry;
pub use rate::{RateLimit, ReceiverRate};
pub use transport::{Arrival, NotAdded, TransportFeedback, TransportFeedbackBuilder};

use super::header::{PacketType, RawPacket};
use crate::number::Ssrc;

/// Feedback about one source.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                  SSRC of packet sender                        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                  SSRC of media source                         |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// :            Feedback Control Information (FCI)                 :
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback<'a> {
    /// Who sends the feedback.
    pub sender: Ssrc,
    /// Whose stream it is about; zero where the message names the streams itself.
    pub media: Ssrc,
    /// What it says.
    pub message: Message<'a>,
}

/// What feedback says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Packets did not arrive (RFC 4585 section 6.2.1).
    Nack(Nack),
    /// PLI: a picture or more cannot be shown (RFC 4585 section 6.3.1).
    PictureLoss,
    /// FIR: a picture that stands alone is wanted (RFC 5104 section 4.3.1).
    FullIntra(Vec<FullIntraEntry>),
    /// TMMBR: a rate must not be passed (RFC 5104 section 4.2.1).
    RateRequest(Vec<RateLimit>),
    /// TMMBN: the limits that now hold (RFC 5104 section 4.2.2).
    RateNotification(Vec<RateLimit>),
    /// REMB: the rate that the receiver believes the path can carry
    /// (draft-alvestrand-rmcat-remb-03).
    ReceiverRate(ReceiverRate),
    /// When each packet of the transport arrived
    /// (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
    Transport(TransportFeedback),
    /// Anything else, such as SLI and RPSI.
    Other {
        /// Whether it is about the payload (206), not the transport (205).
        is_about_payload: bool,
        /// Its number among these: five bits.
        format: u8,
        /// What it says: whole words.
        information: &'a [u8],
    },
}

impl<'a> Feedback<'a> {
    pub(super) fn decode(packet: RawPacket<'a>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(packet.body);
        let sender = Ssrc(reader.u32()?);
        let media = Ssrc(reader.u32()?);
        let information = reader.rest();
        let is_about_payload = packet.kind == PacketType::PAYLOAD_FEEDBACK;
        let message = match (is_about_payload, packet.count) {
            (false, NACK) => Message::Nack(Nack::decode(information)?),
            (false, TMMBR) => Message::RateRequest(some(RateLimit::decode_all(information)?)?),
            (false, TMMBN) => Message::RateNotification(RateLimit::decode_all(information)?),
            (false, TRANSPORT) => Message::Transport(TransportFeedback::decode(information)?),
            (true, PLI) => Message::PictureLoss,
            (true, FIR) => Message::FullIntra(some(FullIntraEntry::decode_all(information)?)?),
            (true, APPLICATION) if information.starts_with(ReceiverRate::NAME) => {
                Message::ReceiverRate(ReceiverRate::decode(information)?)
            }
            (_, format) => Message::Other { is_about_payload, format, information },
        };
        Ok(Self { sender, media, message })
    }

    /// The packet type and the format of its message.
    pub(super) const fn kind(&self) -> (PacketType, u8) {
        match &self.message {
            Message::Nack(_) => (PacketType::TRANSPORT_FEEDBACK, NACK),
            Message::RateRequest(_) => (PacketType::TRANSPORT_FEEDBACK, TMMBR),
            Message::RateNotification(_) => (PacketType::TRANSPORT_FEEDBACK, TMMBN),
            Message::Transport(_) => (PacketType::TRANSPORT_FEEDBACK, TRANSPORT),
            Message::PictureLoss => (PacketType::PAYLOAD_FEEDBACK, PLI),
            Message::FullIntra(_) => (PacketType::PAYLOAD_FEEDBACK, FIR),
            Message::ReceiverRate(_) => (PacketType::PAYLOAD_FEEDBACK, APPLICATION),
            Message::Other { is_about_payload: true, format, .. } => {
                (PacketType::PAYLOAD_FEEDBACK, *format & 0x1F)
            }
            Message::Other { is_about_payload: false, format, .. } => {
                (PacketType::TRANSPORT_FEEDBACK, *format & 0x1F)
            }
        }
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u32(self.sender.0);
        writer.u32(self.media.0);
        match &self.message {
            Message::Nack(nack) => nack.encode(writer),
            Message::PictureLoss => {}
            Message::FullIntra(entries) => entries.iter().for_each(|entry| entry.encode(writer)),
            Message::RateRequest(limits) | Message::RateNotification(limits) => {
                limits.iter().for_each(|limit| limit.encode(writer));
            }
            Message::ReceiverRate(rate) => rate.encode(writer),
            Message::Transport(feedback) => feedback.encode(writer),
            Message::Other { information, .. } => writer.bytes(information),
        }
    }
}

/// `entries`, of which there must be at least one (RFC 5104 sections 4.2.1 and 4.3.1).
fn some<T>(entries: Vec<T>) -> Result<Vec<T>, DecodeError> {
    if entries.is_empty() { Err(DecodeError::Length { field: "FCI" }) } else { Ok(entries) }
}

/// The formats of feedback about the transport (RFC 4585 section 6.2, RFC 5104 section 4.2).
const NACK: u8 = 1;
const TMMBR: u8 = 3;
const TMMBN: u8 = 4;
const TRANSPORT: u8 = 15;
/// The formats of feedback about the payload (RFC 4585 section 6.3, RFC 5104 section 4.3).
const PLI: u8 = 1;
const FIR: u8 = 4;
const APPLICATION: u8 = 15;
