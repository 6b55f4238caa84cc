//! Attributes of relays (RFC 8656 section 18, RFC 6062 section 6.2, RFC 8016 section 4).

use icelab_wire::{DecodeError, Reader, Writer};

use super::address::Family;
use super::error::{decode_code, encode_code};
use super::text::{self, LONGEST};
use super::{Attribute, kind};
use crate::message::TransactionId;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($type:ty), $kind:ident, $read:ident, $reserved:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $type);

        impl<'a> Attribute<'a> for $name {
            const KIND: u16 = kind::$kind;

            fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
                let mut reader = Reader::new(value);
                let number = reader.$read()?;
                reader.take($reserved)?;
                reader.finish().map(|()| Self(number))
            }

            fn encode(&self, writer: &mut Writer, _: &TransactionId) {
                writer.$read(self.0);
                writer.zeros($reserved);
            }
        }
    };
}

macro_rules! family {
    ($(#[$doc:meta])* $name:ident, $kind:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Family);

        impl<'a> Attribute<'a> for $name {
            const KIND: u16 = kind::$kind;

            fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
                let mut reader = Reader::new(value);
                let family = Family::from_number(reader.u8()?)?;
                reader.take(3)?;
                reader.finish().map(|()| Self(family))
            }

            fn encode(&self, writer: &mut Writer, _: &TransactionId) {
                writer.u8(self.0.number());
                writer.zeros(3);
            }
        }
    };
}

macro_rules! bytes {
    ($(#[$doc:meta])* $name:ident, $kind:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name<'a>(pub &'a [u8]);

        impl<'a> Attribute<'a> for $name<'a> {
            const KIND: u16 = kind::$kind;

            fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
                Ok(Self(value))
            }

            fn encode(&self, writer: &mut Writer, _: &TransactionId) {
                writer.bytes(self.0);
            }
        }
    };
}

number!(
    /// A channel, and 16 reserved bits (RFC 8656 section 18.1).
    ChannelNumber(u16), CHANNEL_NUMBER, u16, 2
);
number!(
    /// For how many seconds an allocation lives without a refresh (RFC 8656 section 18.2).
    Lifetime(u32), LIFETIME, u32, 0
);
number!(
    /// An IP protocol number, and 24 reserved bits (RFC 8656 section 18.8).
    RequestedTransport(u8), REQUESTED_TRANSPORT, u8, 3
);
number!(
    /// A peer's connection to a TCP relay (RFC 6062 section 6.2.1).
    ConnectionId(u32), CONNECTION_ID, u32, 0
);
family!(
    /// The wanted family of the relayed address, and 24 reserved bits (RFC 8656 section 18.6).
    RequestedAddressFamily, REQUESTED_ADDRESS_FAMILY
);
family!(
    /// The second family wanted, and 24 reserved bits (RFC 8656 section 18.11).
    AdditionalAddressFamily, ADDITIONAL_ADDRESS_FAMILY
);
bytes!(
    /// Application data (RFC 8656 section 18.4).
    Data, DATA
);
bytes!(
    /// What lets an allocation move to another address; empty where one is asked for
    /// (RFC 8016 section 4).
    MobilityTicket, MOBILITY_TICKET
);

impl RequestedTransport {
    /// UDP.
    pub const UDP: Self = Self(17);
    /// TCP (RFC 6062).
    pub const TCP: Self = Self(6);
}

/// Asks for an even relayed port (RFC 8656 section 18.7).
///
/// ```text
///  0
///  0 1 2 3 4 5 6 7
/// +-+-+-+-+-+-+-+-+
/// |R|    RFFU     |
/// +-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvenPort {
    /// Whether the next higher port shall be reserved.
    pub reserve: bool,
}

impl<'a> Attribute<'a> for EvenPort {
    const KIND: u16 = kind::EVEN_PORT;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let bits = reader.u8()?;
        reader.finish().map(|()| Self { reserve: bits & 0x80 != 0 })
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.u8(if self.reserve { 0x80 } else { 0 });
    }
}

/// Asks the relay to set the don't-fragment bit (RFC 8656 section 18.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DontFragment;

impl<'a> Attribute<'a> for DontFragment {
    const KIND: u16 = kind::DONT_FRAGMENT;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        Reader::new(value).finish().map(|()| Self)
    }

    fn encode(&self, _: &mut Writer, _: &TransactionId) {}
}

/// Names a relayed port held in reserve (RFC 8656 section 18.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReservationToken(pub [u8; 8]);

impl<'a> Attribute<'a> for ReservationToken {
    const KIND: u16 = kind::RESERVATION_TOKEN;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let token = reader.array()?;
        reader.finish().map(|()| Self(token))
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.bytes(&self.0);
    }
}

/// Why one of two requested families was not allocated (RFC 8656 section 18.12).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  Family       |    Reserved             |Class|     Number    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |      Reason Phrase (variable)                                ..
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressErrorCode<'a> {
    /// The family that was refused.
    pub family: Family,
    /// 440 or 508.
    pub code: u16,
    /// For people.
    pub reason: &'a str,
}

impl<'a> Attribute<'a> for AddressErrorCode<'a> {
    const KIND: u16 = kind::ADDRESS_ERROR_CODE;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let family = Family::from_number(reader.u8()?)?;
        reader.u8()?;
        let code = decode_code(&mut reader)?;
        let reason = text::decode(reader.rest(), LONGEST, "reason phrase")?;
        Ok(Self { family, code, reason })
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.u8(self.family.number());
        writer.u8(0);
        encode_code(writer, self.code);
        writer.bytes(self.reason.as_bytes());
    }
}

/// An ICMP error that a relayed datagram met (RFC 8656 section 18.13).
///
/// ```text
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  Reserved                     |  ICMP Type  |  ICMP Code      |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                          Error Data                           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Icmp {
    /// The ICMP type, 7 bits.
    pub kind: u8,
    /// The ICMP code, 9 bits.
    pub code: u16,
    /// The next hop's MTU for "too big", else zero.
    pub data: u32,
}

impl<'a> Attribute<'a> for Icmp {
    const KIND: u16 = kind::ICMP;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        reader.u16()?;
        let bits = reader.u16()?;
        let data = reader.u32()?;
        reader.finish().map(|()| Self { kind: (bits >> 9) as u8, code: bits & 0x1FF, data })
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.u16(0);
        writer.u16(u16::from(self.kind) << 9 | self.code & 0x1FF);
        writer.u32(self.data);
    }
}
