//! The numbers of the parameters (the IANA registry "SCTP Chunk Parameter Types").

use crate::packet::list::element;
use crate::packet::unrecognized::Unrecognized;

/// What a parameter is, by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParameterType(pub u16);

impl ParameterType {
    /// Heartbeat Info (RFC 9260).
    pub const HEARTBEAT_INFO: Self = Self(1);
    /// IPv4 Address (RFC 9260).
    pub const IPV4_ADDRESS: Self = Self(5);
    /// IPv6 Address (RFC 9260).
    pub const IPV6_ADDRESS: Self = Self(6);
    /// State Cookie (RFC 9260).
    pub const STATE_COOKIE: Self = Self(7);
    /// Unrecognized Parameter (RFC 9260).
    pub const UNRECOGNIZED_PARAMETER: Self = Self(8);
    /// Cookie Preservative (RFC 9260).
    pub const COOKIE_PRESERVATIVE: Self = Self(9);
    /// Host Name Address (deprecated by RFC 9260).
    pub const HOST_NAME_ADDRESS: Self = Self(11);
    /// Supported Address Types (RFC 9260).
    pub const SUPPORTED_ADDRESS_TYPES: Self = Self(12);
    /// Outgoing SSN Reset Request (RFC 6525).
    pub const OUTGOING_RESET: Self = Self(13);
    /// Incoming SSN Reset Request (RFC 6525).
    pub const INCOMING_RESET: Self = Self(14);
    /// SSN/TSN Reset Request (RFC 6525).
    pub const SSN_TSN_RESET: Self = Self(15);
    /// Re-configuration Response (RFC 6525).
    pub const RECONFIGURATION_RESPONSE: Self = Self(16);
    /// Add Outgoing Streams Request (RFC 6525).
    pub const ADD_OUTGOING_STREAMS: Self = Self(17);
    /// Add Incoming Streams Request (RFC 6525).
    pub const ADD_INCOMING_STREAMS: Self = Self(18);
    /// Zero Checksum Acceptable (RFC 9653).
    pub const ZERO_CHECKSUM_ACCEPTABLE: Self = Self(0x8001);
    /// Padding (RFC 4820).
    pub const PADDING: Self = Self(0x8005);
    /// Supported Extensions (RFC 5061).
    pub const SUPPORTED_EXTENSIONS: Self = Self(0x8008);
    /// Forward-TSN-Supported (RFC 3758).
    pub const FORWARD_TSN_SUPPORTED: Self = Self(0xC000);

    /// What a receiver that does not know the type does with the parameter.
    #[must_use]
    pub const fn unrecognized(self) -> Unrecognized {
        Unrecognized::from_bits((self.0 >> 14) as u8)
    }
}

element!(ParameterType, 2, |bytes| Self(u16::from_be_bytes(bytes)), |kind| kind.0.to_be_bytes());
