//! The presets of links, NATs and firewalls, by name; their tables stand in `icelab_sim`.

use icelab_sim::nat::{Behaviour, Config as Nat, Ports};
use icelab_sim::{LinkConfig, LinkPreset, firewall, link};

/// The names of the NAT presets.
#[must_use]
pub fn nat_names() -> Vec<&'static str> {
    NATS.to_vec()
}

/// The NAT of this name; `Some(None)` for the one that routes.
#[must_use]
pub fn nat(name: &str) -> Option<Option<Nat>> {
    use Behaviour::{AddressAndPortDependent, AddressDependent, EndpointIndependent};
    let nat = |filtering| Nat { filtering, ..Nat::default() };
    Some(Some(match name {
        "none" => return Some(None),
        "full_cone" => nat(EndpointIndependent),
        "restricted" => nat(AddressDependent),
        "symmetric" => Nat {
            mapping: AddressAndPortDependent,
            ports: Ports::Random,
            ..nat(AddressAndPortDependent)
        },
        known if NATS.contains(&known) => nat(AddressAndPortDependent),
        _ => return None,
    }))
}

const NATS: &[&str] = &[
    "none",
    "full_cone",
    "restricted",
    "port_restricted",
    "symmetric",
    "linux",
    "linux_input_accept",
    "linux_random",
    "openwrt",
    "pf",
    "pf_static_port",
    "routeros",
    "cisco_asa",
    "aws_nat_gateway",
    "azure_nat_gateway",
    "gcp_cloud_nat",
    "docker",
    "cgn_rfc6888",
    "cgn_strict",
    "android_hotspot",
    "nat64",
    "one_to_one",
];

/// The names of the firewall presets.
#[must_use]
pub fn firewall_names() -> Vec<&'static str> {
    vec!["open", "stateful", "block_udp", "web_only", "tls_only_443", "corporate"]
}

/// The firewall of this name.
#[must_use]
pub fn firewall(name: &str) -> Option<firewall::Config> {
    firewall_names().contains(&name).then(firewall::Config::default)
}

/// The names of the link presets.
#[must_use]
pub fn link_names() -> Vec<&'static str> {
    link::LINK_PRESETS.iter().map(|preset| preset.name).collect()
}

/// The link of this name.
#[must_use]
pub fn link(name: &str) -> Option<LinkConfig> {
    LinkPreset::find(name).map(LinkPreset::config)
}

/// Whether a name belongs to a preset of any kind.
#[must_use]
pub fn is_taken(name: &str) -> bool {
    nat_names().contains(&name)
        || firewall_names().contains(&name)
        || link_names().contains(&name)
        || LATER.contains(&name)
}

/// Presets of the grammar that come with a later version.
pub const LATER: &[&str] = &["http_proxy", "captive_portal"];
