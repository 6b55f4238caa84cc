//! What a discovery finds.

use core::time::Duration;
use std::net::SocketAddr;

/// What a discovery tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiscoveryEvent {
    /// All tests are over.
    Finished(Box<Findings>),
}

/// How the NATs on the path behave. `None` means that it could not be found out: the server lacks
/// what the test needs, or the answers do not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The reflexive address of the tested socket; `None` where UDP to the server does not work.
    pub mapped: Option<SocketAddr>,
    /// Whether that is another than the socket's own.
    pub is_translated: Option<bool>,
    /// Whether somebody on the path rewrites addresses inside of packets (RFC 5780 section 3.6).
    pub is_payload_rewritten: Option<bool>,
    /// The server's other address and port.
    pub alternate: Option<SocketAddr>,
    /// Mapping behaviour (RFC 4787 section 4.1).
    pub mapping: Option<Behaviour>,
    /// Filtering behaviour (RFC 4787 section 5).
    pub filtering: Option<Behaviour>,
    /// Hairpinning behaviour (RFC 4787 section 6).
    pub hairpinning: Option<HairpinSource>,
    /// What becomes of fragments.
    pub fragments: Option<FragmentHandling>,
    /// For how long a mapping lives.
    pub lifetime: Option<LifetimeBounds>,
    /// What prolongs it (RFC 4787 section 4.3).
    pub refresh: Option<Refresh>,
}

/// RFC 4787's words for mapping and for filtering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Behaviour {
    /// The same whoever is on the other side.
    EndpointIndependent,
    /// It depends on the other side's address.
    AddressDependent,
    /// It depends on the other side's address and port.
    AddressAndPortDependent,
}

/// RFC 4787's words for hairpinning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HairpinSource {
    /// Packets to one of the NAT's own mappings do not come back inside.
    Absent,
    /// They do, with their source translated.
    External,
    /// They do, with their source as it was.
    Internal,
}

/// What becomes of a request and a response that do not fit one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FragmentHandling {
    /// Both pass.
    Passed,
    /// One of them does not.
    Dropped,
}

/// Between which durations the lifetime of a mapping lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifetimeBounds {
    /// A mapping that was silent for so long was there.
    pub at_least: Duration,
    /// One that was silent for so long was gone; `None` where none ever was.
    pub less_than: Option<Duration>,
}

/// What prolongs a mapping's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Refresh {
    /// Packets from inside.
    pub outbound: bool,
    /// Packets from outside.
    pub inbound: bool,
}
