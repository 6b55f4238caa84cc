//! Attributes, a type each: RFC 8489 section 14, RFC 8656 section 18, RFC 8445 section 7.1 and
//! RFC 5780 section 7.

mod address;
mod authentication;
mod discovery;
mod error;
mod ice;
pub mod kind;
mod text;
mod turn;

use icelab_wire::{DecodeError, Writer};

use crate::message::TransactionId;
pub use address::{
    AlternateServer, Family, MappedAddress, OtherAddress, ResponseOrigin, XorMappedAddress,
    XorPeerAddress, XorRelayedAddress,
};
pub use authentication::{PasswordAlgorithmChoice, PasswordAlgorithms, Userhash};
pub use discovery::{CacheTimeout, ChangeRequest, Padding, ResponsePort};
pub use error::{ErrorCode, UnknownAttributes};
pub use ice::{IceControlled, IceControlling, Nomination, Priority, UseCandidate};
pub use text::{AlternateDomain, Nonce, Realm, Software, Username};
pub use turn::{
    AdditionalAddressFamily, AddressErrorCode, ChannelNumber, ConnectionId, Data, DontFragment,
    EvenPort, Icmp, Lifetime, MobilityTicket, RequestedAddressFamily, RequestedTransport,
    ReservationToken,
};

/// One attribute type: how its value is read and written.
pub trait Attribute<'a>: Sized {
    /// Its number.
    const KIND: u16;

    /// Reads the value, without padding, out of a message with this transaction id.
    ///
    /// # Errors
    /// Where the bytes are no such value.
    fn decode(value: &'a [u8], id: &TransactionId) -> Result<Self, DecodeError>;

    /// Writes the value, without padding, into a message with this transaction id.
    fn encode(&self, writer: &mut Writer, id: &TransactionId);
}

/// An attribute as it stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawAttribute<'a> {
    /// Its number.
    pub kind: u16,
    /// Its value, without padding.
    pub value: &'a [u8],
}
