//! Attributes that hold a transport address, plain or obfuscated (RFC 8489 sections 14.1, 14.2
//! and 14.15).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |0 0 0 0 0 0 0 0|    Family     |           Port                |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                                                               |
//! |                 Address (32 bits or 128 bits)                 |
//! |                                                               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use icelab_wire::{DecodeError, Reader, Writer};

use super::{Attribute, kind};
use crate::message::{MAGIC_COOKIE, TransactionId};

/// An address family as the attributes number it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// 0x01.
    V4,
    /// 0x02.
    V6,
}

impl Family {
    /// The family of an address.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V4 => 1,
            Self::V6 => 2,
        }
    }

    /// The family of this number.
    ///
    /// # Errors
    /// [`DecodeError::Value`] for any other.
    pub const fn from_number(number: u8) -> Result<Self, DecodeError> {
        match number {
            1 => Ok(Self::V4),
            2 => Ok(Self::V6),
            _ => Err(DecodeError::Value { field: "address family" }),
        }
    }
}

macro_rules! plain {
    ($(#[$doc:meta])* $name:ident, $kind:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub SocketAddr);

        impl<'a> Attribute<'a> for $name {
            const KIND: u16 = kind::$kind;

            fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
                decode(value).map(Self)
            }

            fn encode(&self, writer: &mut Writer, _: &TransactionId) {
                encode(writer, self.0);
            }
        }
    };
}

macro_rules! obfuscated {
    ($(#[$doc:meta])* $name:ident, $kind:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub SocketAddr);

        impl<'a> Attribute<'a> for $name {
            const KIND: u16 = kind::$kind;

            fn decode(value: &'a [u8], id: &TransactionId) -> Result<Self, DecodeError> {
                decode(value).map(|address| Self(obfuscate(address, id)))
            }

            fn encode(&self, writer: &mut Writer, id: &TransactionId) {
                encode(writer, obfuscate(self.0, id));
            }
        }
    };
}

plain!(
    /// The reflexive address in plain, as RFC 3489's clients want it (RFC 8489 section 14.1).
    MappedAddress,
    MAPPED_ADDRESS
);
plain!(
    /// A server to try instead (RFC 8489 section 14.15).
    AlternateServer,
    ALTERNATE_SERVER
);
plain!(
    /// Where the response was sent from (RFC 5780 section 7.3).
    ResponseOrigin,
    RESPONSE_ORIGIN
);
plain!(
    /// The server's other address and other port (RFC 5780 section 7.4).
    OtherAddress,
    OTHER_ADDRESS
);
obfuscated!(
    /// The reflexive address (RFC 8489 section 14.2).
    XorMappedAddress,
    XOR_MAPPED_ADDRESS
);
obfuscated!(
    /// A peer as the relay sees it (RFC 8656 section 18.3).
    XorPeerAddress,
    XOR_PEER_ADDRESS
);
obfuscated!(
    /// The address of an allocation (RFC 8656 section 18.5).
    XorRelayedAddress,
    XOR_RELAYED_ADDRESS
);

fn decode(value: &[u8]) -> Result<SocketAddr, DecodeError> {
    let mut reader = Reader::new(value);
    // RFC 8489 section 14.1: the first 8 bits are ignored.
    let [_, family] = reader.array()?;
    let port = reader.u16()?;
    let address = match Family::from_number(family)? {
        Family::V4 => IpAddr::from(reader.array::<4>()?),
        Family::V6 => IpAddr::from(reader.array::<16>()?),
    };
    reader.finish()?;
    Ok(SocketAddr::new(address, port))
}

fn encode(writer: &mut Writer, address: SocketAddr) {
    writer.u8(0);
    writer.u8(Family::of(address.ip()).number());
    writer.u16(address.port());
    match address.ip() {
        IpAddr::V4(ip) => writer.bytes(&ip.octets()),
        IpAddr::V6(ip) => writer.bytes(&ip.octets()),
    }
}

/// Port and address xor the magic cookie, and for IPv6 the transaction id; its own inverse
/// (RFC 8489 section 14.2).
fn obfuscate(address: SocketAddr, id: &TransactionId) -> SocketAddr {
    let port = address.port() ^ (MAGIC_COOKIE >> 16) as u16;
    let ip = match address.ip() {
        IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() ^ MAGIC_COOKIE)),
        IpAddr::V6(ip) => {
            let mut mask = [0; 16];
            for (place, byte) in
                mask.iter_mut().zip(MAGIC_COOKIE.to_be_bytes().into_iter().chain(id.0))
            {
                *place = byte;
            }
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() ^ u128::from_be_bytes(mask)))
        }
    };
    SocketAddr::new(ip, port)
}
