//! Which packets a drop rule means.

use crate::packet::Protocol;
use crate::topology::NodeId;

/// Packets as they leave the host that sent them, before anything is done to them. What is `None` matches everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Matcher {
    /// Sent by this host.
    pub from: Option<NodeId>,
    /// For an address of this host, gateway included: its own, or (behind NATs) the outside one of a gateway it is behind.
    pub to: Option<NodeId>,
    /// Of this protocol.
    pub protocol: Option<Protocol>,
    /// From this port.
    pub source_port: Option<u16>,
    /// To this port.
    pub destination_port: Option<u16>,
    /// With these bytes in what the transport carries.
    pub payload: Vec<Pattern>,
}

/// Bytes at a place in a payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    /// Where, from the payload's first byte.
    pub offset: usize,
    /// Which bits count, one byte of mask for each byte; all of them where the mask is shorter.
    pub mask: Vec<u8>,
    /// Their values.
    pub bytes: Vec<u8>,
}
