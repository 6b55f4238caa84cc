//! `nat:`: a preset, or what a NAT does in RFC 4787's words.

use schemars::JsonSchema;
use serde::Serialize;

use super::range::Ports as PortRange;
use crate::scenario::text::decode::{FromNode, HasPresets, NameOr, grammar, words};
use crate::scenario::text::fault::Faults;
use crate::scenario::text::node::{Content, Node};
use crate::scenario::text::quantity::Time;

/// A preset's name, or the terms.
pub type Nat = NameOr<NatFields>;

grammar! {
    /// What a NAT does. What is not written is as in the preset that it is like, or the default.
    NatFields, "`nat`" {
        /// The preset whose terms hold where nothing else is written.
        like: String,
        /// When two flows of one inside socket share an outside port; default endpoint_independent.
        mapping: BehaviourWord,
        /// Who outside may send to a mapping; default address_and_port_dependent.
        filtering: BehaviourWord,
        /// What the filter remembers the allowed ones for; default mapping.
        filter_state: FilterStateWord,
        /// Whether an outside port belongs to one mapping, or to one connection for each remote; default mappings.
        tracking: TrackingWord,
        /// Which outside port a mapping gets; default preserve.
        ports: Ports,
        /// The ports that may be given out where the inside port is not kept; default 1024..65535.
        port_range: PortRange,
        /// Which outside address a mapping gets; default paired.
        pooling: PoolingWord,
        /// Packets from inside to an outside address of the NAT itself; default none.
        hairpin: HairpinWord,
        /// How long a mapping lives without traffic: a time for UDP, or a map. Default 300 s.
        timeouts: Timeouts,
        /// Which traffic keeps a mapping alive; default outbound.
        refresh: RefreshWord,
        /// Packets from outside that nothing lets in; default drop.
        unsolicited: UnsolicitedWord,
        /// How many mappings there may be; default as many as there are ports.
        capacity: u64,
        /// How many mappings one inside address may have (RFC 6888).
        quota: u64,
        /// What happens when there is no room; default drop.
        when_full: WhenFullWord,
        /// How long a port rests before another mapping may have it; default 0.
        hold_down: Time,
        /// Each inside address has an outside address of its own, and ports stay; default false.
        one_to_one: bool,
        /// What happens to fragments; default out_of_order.
        fragments: FragmentsWord,
    }
    later { "alg" }
}

words! {
    /// On which part of the remote endpoint something depends (RFC 4787 sections 4.1 and 5).
    BehaviourWord, "behaviour" {
        /// On nothing.
        EndpointIndependent = "endpoint_independent",
        /// On its address.
        AddressDependent = "address_dependent",
        /// On its address and port.
        AddressAndPortDependent = "address_and_port_dependent",
    }
}

words! {
    /// What a filter remembers the allowed remote endpoints for.
    FilterStateWord, "filter state" {
        /// The mapping that the outbound packet used.
        Mapping = "mapping",
        /// The inside endpoint, whichever mapping it used.
        InsideEndpoint = "inside_endpoint",
    }
}

words! {
    /// How outside ports are told apart.
    TrackingWord, "tracking" {
        /// An outside port belongs to one mapping.
        Mappings = "mappings",
        /// An outside port belongs to one connection for each remote endpoint, as in Linux.
        Connections = "connections",
    }
}

/// A word, or blocks with their size.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
#[serde(untagged)]
pub enum Ports {
    /// A word.
    Word(PortsWord),
    /// Blocks of ports for each inside address.
    Given(PortsFields),
}

impl FromNode for Ports {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if matches!(node.content, Content::Map(_)) {
            return PortsFields::from_node(node, faults).map(Self::Given);
        }
        PortsWord::from_node(node, faults).map(Self::Word)
    }
}

words! {
    /// Which outside port a mapping gets (RFC 4787 section 4.2).
    PortsWord, "port assignment" {
        /// The inside port; on collision a random one.
        Preserve = "preserve",
        /// The inside port; on collision a random one of the same class: 1-511, 512-1023, 1024-65535.
        PreserveClass = "preserve_class",
        /// The inside port; on collision a random one that is even or odd as the inside port.
        PreserveParity = "preserve_parity",
        /// The one after the last.
        Sequential = "sequential",
        /// Any.
        Random = "random",
        /// A random one of the inside address's blocks: 4 blocks of 512 ports, unless a map says otherwise.
        Block = "block",
        /// Always the inside port: the remote endpoint tells flows apart.
        Overload = "overload",
    }
}

grammar! {
    /// Blocks of ports.
    PortsFields, "`ports`" {
        /// Blocks of ports for each inside address.
        block: Block,
    }
}

grammar! {
    /// Blocks of ports for each inside address (RFC 6888 section 4).
    Block, "`block`" {
        /// Ports in a block; default 512.
        size: u64,
        /// Blocks that one inside address may hold; default 4.
        most: u64,
    }
}

words! {
    /// Which outside address a mapping gets (RFC 4787 section 4.1).
    PoolingWord, "pooling" {
        /// The same for all mappings of an inside address.
        Paired = "paired",
        /// Any.
        Arbitrary = "arbitrary",
    }
}

words! {
    /// What happens to packets from inside to an outside address of the NAT itself (RFC 4787 section 6).
    HairpinWord, "hairpin" {
        /// They are dropped.
        None = "none",
        /// They are delivered with their inside source.
        InternalSource = "internal_source",
        /// They are delivered with the source that the outside would see.
        ExternalSource = "external_source",
    }
}

words! {
    /// Which traffic keeps a mapping alive (RFC 4787 section 4.3).
    RefreshWord, "refresh" {
        /// Packets to the outside.
        Outbound = "outbound",
        /// Packets from the outside.
        Inbound = "inbound",
        /// Both.
        Both = "both",
        /// None: a mapping ends so long after it was made, whatever the keepalives.
        None = "none",
    }
}

words! {
    /// What happens to packets from the outside that nothing lets in.
    UnsolicitedWord, "treatment of unsolicited packets" {
        /// They vanish.
        Drop = "drop",
        /// Their sender is told (ICMP).
        Reject = "reject",
        /// Their sender is told, and our own later flow to that peer must take another port (Linux where INPUT accepts).
        Track = "track",
    }
}

words! {
    /// What happens when there is no room for another mapping.
    WhenFullWord, "treatment when full" {
        /// The packet that needs it is dropped.
        Drop = "drop",
        /// The mapping that would expire first gives way.
        EvictOldest = "evict_oldest",
        /// The mapping that would expire first among those that never saw an answer gives way.
        EvictUnreplied = "evict_unreplied",
    }
}

words! {
    /// What happens to fragments (RFC 4787 section 11).
    FragmentsWord, "treatment of fragments" {
        /// They are dropped.
        Drop = "drop",
        /// Later fragments pass once the first one did.
        InOrder = "in_order",
        /// Later fragments that come first wait for it.
        OutOfOrder = "out_of_order",
    }
}

/// One time for UDP, or a time for each protocol and state.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
#[serde(untagged)]
pub enum Timeouts {
    /// For UDP in any state.
    Udp(Time),
    /// For each protocol and state.
    Given(Box<TimeoutFields>),
}

impl FromNode for Timeouts {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if matches!(node.content, Content::Map(_)) {
            return TimeoutFields::from_node(node, faults)
                .map(|fields| Self::Given(Box::new(fields)));
        }
        Time::from_node(node, faults).map(Self::Udp)
    }
}

grammar! {
    /// How long a mapping lives without the traffic that refreshes it.
    TimeoutFields, "`timeouts`" {
        /// UDP in any state that is not written.
        udp: Time,
        /// UDP, as long as nothing came back.
        udp_unreplied: Time,
        /// UDP after a further packet, as long as nothing came back; default udp_unreplied.
        udp_repeated: Time,
        /// UDP, once something came back.
        udp_replied: Time,
        /// UDP, once traffic in both directions lasts more than 2 s; default udp_replied.
        udp_stream: Time,
        /// ICMP queries; default 60 s.
        icmp: Time,
    }
    later { "tcp", "tcp_transitory", "tcp_established" }
}

impl HasPresets for NatFields {
    const IS_OPEN: bool = false;
    fn names() -> Vec<&'static str> {
        crate::presets::nat_names()
    }
}
