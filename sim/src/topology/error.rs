//! What can be wrong with a network before it runs.

use std::net::IpAddr;

use crate::packet::Prefix;

/// Why a network cannot be built.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BuildError {
    /// Two nodes have one name.
    #[error("two nodes are named `{name}`")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A node is behind something that does not exist.
    #[error("`{node}` is behind `{behind}`, which does not exist")]
    UnknownNode {
        /// The node with the wrong reference.
        node: String,
        /// What it names.
        behind: String,
    },
    /// A node is behind a host, which forwards nothing.
    #[error("`{node}` is behind `{behind}`, which is a host and forwards nothing")]
    BehindHost {
        /// The node with the wrong reference.
        node: String,
        /// The host.
        behind: String,
    },
    /// Following `behind` from this node comes back to it.
    #[error("`{}` is behind itself: {}", nodes.first().map_or("", String::as_str), nodes.join(" -> "))]
    Cycle {
        /// The nodes on the way round, the first one again at the end.
        nodes: Vec<String>,
    },
    /// A host with no interface.
    #[error("`{node}` is behind nothing: name a gateway or the internet")]
    NoInterface {
        /// The host.
        node: String,
    },
    /// A fixed address lies outside the range it must come from.
    #[error("`{node}` has the address {address}, which is not in {range}")]
    OutsideRange {
        /// The node.
        node: String,
        /// Its address.
        address: IpAddr,
        /// The range of the place it is behind.
        range: Prefix,
    },
    /// Two nodes of one addressing realm have one address.
    #[error("`{node}` and `{other}` both have the address {address}")]
    AddressTaken {
        /// The later node.
        node: String,
        /// The earlier one.
        other: String,
        /// The address.
        address: IpAddr,
    },
    /// More addresses are needed than a range has.
    #[error("`{node}` finds no free address in {range}")]
    RangeExhausted {
        /// The node that got none.
        node: String,
        /// The range.
        range: Prefix,
    },
    /// A public or routed range collides with another one in the same realm.
    #[error("the range {range} of `{node}` overlaps {other}, and both are routed in one place")]
    RangesOverlap {
        /// The gateway.
        node: String,
        /// Its range.
        range: Prefix,
        /// The range that was there before.
        other: Prefix,
    },
    /// No interface of this node has an address of the family that it was asked to have.
    #[error("`{node}` asks for {family}, which `{behind}` does not offer")]
    NoRoute {
        /// The node.
        node: String,
        /// The next node towards the internet.
        behind: String,
        /// `IPv4` or `IPv6`.
        family: &'static str,
    },
}
