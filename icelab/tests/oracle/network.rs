//! Networks of two peers, described by what RFC 4787 says of their gateways.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;

/// On which part of the remote endpoint something depends (RFC 4787 sections 4.1 and 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dependence {
    Nothing,
    Address,
    AddressAndPort,
}

impl Dependence {
    pub(crate) const ALL: [Self; 3] = [Self::Nothing, Self::Address, Self::AddressAndPort];
}

/// What one gateway does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gateway {
    pub(crate) mapping: Dependence,
    pub(crate) filtering: Dependence,
    /// The filter remembers whom an inside endpoint wrote to, whichever mapping it used.
    pub(crate) filters_by_endpoint: bool,
    /// Packets from inside to its own outside address are turned back, with their outside source.
    pub(crate) hairpins: bool,
    /// How ports are given out, in the grammar's word; does not matter to the oracle.
    pub(crate) ports: &'static str,
}

impl Gateway {
    /// A gateway with the filter state of each mapping and no hairpinning.
    pub(crate) const fn new(mapping: Dependence, filtering: Dependence) -> Self {
        Self { mapping, filtering, filters_by_endpoint: false, hairpins: false, ports: "preserve" }
    }
}

/// Two peers, each behind gateways of its own, and both behind those that they share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    /// What both are behind, nearest to the peers first; empty for the internet itself.
    pub(crate) shared: Vec<Gateway>,
    /// What only one is behind, nearest to the peer first.
    pub(crate) own: [Vec<Gateway>; 2],
    /// There is a TURN server beside the STUN server.
    pub(crate) has_relay: bool,
}

impl Network {
    /// Two peers behind a gateway each, or none, with a relay.
    pub(crate) fn pair(one: Option<Gateway>, other: Option<Gateway>) -> Self {
        let own = [one.into_iter().collect(), other.into_iter().collect()];
        Self { shared: Vec::new(), own, has_relay: true }
    }
}

/// Any gateway.
pub(crate) fn gateways() -> impl Strategy<Value = Gateway> {
    let ports = select(vec!["preserve", "preserve_parity", "sequential", "random"]);
    let behaviours = (select(&Dependence::ALL[..]), select(&Dependence::ALL[..]));
    (behaviours, any::<bool>(), any::<bool>(), ports).prop_map(
        |((mapping, filtering), filters_by_endpoint, hairpins, ports)| Gateway {
            mapping,
            filtering,
            filters_by_endpoint,
            hairpins,
            ports,
        },
    )
}

/// Any network: up to two gateways deep on each side, and up to one shared.
pub(crate) fn networks() -> impl Strategy<Value = Network> {
    let separate = (vec(gateways(), 0..=2), vec(gateways(), 0..=2), any::<bool>())
        .prop_map(|(one, other, has_relay)| (Vec::new(), [one, other], has_relay));
    let shared = (gateways(), vec(gateways(), 0..=1), vec(gateways(), 0..=1), any::<bool>())
        .prop_map(|(common, one, other, has_relay)| (vec![common], [one, other], has_relay));
    let either = proptest::prop_oneof![2 => separate, 1 => shared];
    either.prop_map(|(shared, own, has_relay)| Network { shared, own, has_relay })
}
