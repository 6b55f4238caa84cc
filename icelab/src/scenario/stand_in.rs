//! Stand-ins for the network configuration types of `icelab_sim`, until those are published.

/// What a NAT does (`icelab_sim::nat::Config`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NatConfig {
    /// The preset it came from.
    pub preset: String,
}

/// What a firewall does (`icelab_sim::firewall::Config`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirewallConfig {
    /// The preset it came from.
    pub preset: String,
}

/// Both directions of a link (`icelab_sim::link::LinkConfig`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkConfig {
    /// The preset it came from.
    pub preset: String,
}

/// A range of addresses (`icelab_sim`'s prefix type).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The first address.
    pub address: std::net::IpAddr,
    /// How many leading bits are fixed.
    pub length: u8,
}
