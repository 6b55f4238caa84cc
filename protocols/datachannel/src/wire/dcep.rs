//! The Data Channel Establishment Protocol's messages (RFC 8832 section 5).

use core::time::Duration;

use icelab_sctp::Reliability;
use icelab_wire::{DecodeError, Reader, Writer};

use crate::properties::{Priority, Properties};

/// A message of the establishment protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dcep {
    /// DATA_CHANNEL_OPEN (RFC 8832 section 5.1).
    ///
    /// ```text
    ///  0                   1                   2                   3
    ///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    /// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    /// |  Message Type |  Channel Type |            Priority           |
    /// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    /// |                    Reliability Parameter                      |
    /// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    /// |         Label Length          |       Protocol Length         |
    /// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    /// \                             Label                             /
    /// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    /// \                            Protocol                           /
    /// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    /// ```
    Open(Properties),
    /// DATA_CHANNEL_ACK (RFC 8832 section 5.2): the Message Type alone. Some stacks put zeros behind it,
    /// which mean nothing.
    Ack,
}

impl Dcep {
    /// The longest one: an OPEN whose label and protocol are as long as they may be.
    pub const LONGEST: usize = OPEN_HEADER + 2 * u16::MAX as usize;

    /// Reads the message that `bytes` are.
    ///
    /// # Errors
    /// Where they are none, name a type of message or of channel that is not known, or hold a label or a
    /// protocol that is no UTF-8.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        match reader.u8()? {
            ACK => Ok(Self::Ack),
            OPEN => {
                let properties = decode_properties(&mut reader)?;
                reader.finish()?;
                Ok(Self::Open(properties))
            }
            _ => Err(DecodeError::Value { field: "Message Type" }),
        }
    }

    /// Its bytes.
    ///
    /// # Panics
    /// Where a label or a protocol is longer than 65,535 bytes: those who make channels take none that is.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Ack => vec![ACK],
            Self::Open(properties) => encode_open(properties),
        }
    }
}

fn decode_properties(reader: &mut Reader<'_>) -> Result<Properties, DecodeError> {
    let channel_type = reader.u8()?;
    let priority = Priority(reader.u16()?);
    let parameter = reader.u32()?;
    let label_length = reader.u16()?;
    let protocol_length = reader.u16()?;
    let reliability = match channel_type & !UNORDERED {
        // RFC 8832 section 5.1: the parameter "MUST be ignored on the receiving side".
        RELIABLE => Reliability::Full,
        REXMIT => Reliability::Retransmissions(parameter),
        TIMED => Reliability::Lifetime(Duration::from_millis(parameter.into())),
        _ => return Err(DecodeError::Value { field: "Channel Type" }),
    };
    Ok(Properties {
        label: decode_text(reader, label_length, "Label")?,
        protocol: decode_text(reader, protocol_length, "Protocol")?,
        is_ordered: channel_type & UNORDERED == 0,
        reliability,
        priority,
    })
}

fn decode_text(
    reader: &mut Reader<'_>,
    length: u16,
    field: &'static str,
) -> Result<String, DecodeError> {
    let bytes = reader.take(length.into())?;
    let text = core::str::from_utf8(bytes).map_err(|_| DecodeError::Value { field })?;
    Ok(text.to_owned())
}

fn encode_open(properties: &Properties) -> Vec<u8> {
    let Properties { label, protocol, is_ordered, reliability, priority } = properties;
    let length = |text: &str| u16::try_from(text.len()).expect("texts of at most 65,535 bytes");
    let (channel_type, parameter) = match reliability {
        Reliability::Full => (RELIABLE, 0),
        Reliability::Retransmissions(most) => (REXMIT, *most),
        Reliability::Lifetime(lifetime) => {
            (TIMED, u32::try_from(lifetime.as_millis()).unwrap_or(u32::MAX))
        }
    };
    let mut writer = Writer::with_capacity(OPEN_HEADER + label.len() + protocol.len());
    writer.u8(OPEN);
    writer.u8(if *is_ordered { channel_type } else { channel_type | UNORDERED });
    writer.u16(priority.0);
    writer.u32(parameter);
    writer.u16(length(label));
    writer.u16(length(protocol));
    writer.bytes(label.as_bytes());
    writer.bytes(protocol.as_bytes());
    writer.into_vec()
}

/// Message Types (RFC 8832 section 8.2.1).
const ACK: u8 = 0x02;
const OPEN: u8 = 0x03;

/// Channel Types (RFC 8832 section 8.2.2), and the bit that says that order does not matter.
const RELIABLE: u8 = 0x00;
const REXMIT: u8 = 0x01;
const TIMED: u8 = 0x02;
const UNORDERED: u8 = 0x80;

/// What stands before the label.
const OPEN_HEADER: usize = 12;
