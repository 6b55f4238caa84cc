//! The presets of NATs, firewalls and links, by name; their tables stand in `icelab_sim`.

use core::time::Duration;

use icelab_sim::link::{DirectionConfig, LINK_PRESETS, Loss, QueueLimit};
use icelab_sim::{LinkConfig, LinkPreset, firewall, nat};

use crate::scenario::text::quantity::{Rate, Share, Size, Time};

/// The NAT of this name; `Some(None)` for the one that routes.
#[must_use]
pub fn nat(name: &str) -> Option<Option<nat::Config>> {
    let config = nat::Preset::named(name)?.config();
    Some((config.kind != nat::Kind::None).then_some(config))
}

/// The names of the NAT presets.
#[must_use]
pub fn nat_names() -> Vec<&'static str> {
    nat::Preset::ALL.iter().map(|preset| preset.name).collect()
}

/// The firewall of this name.
#[must_use]
pub fn firewall(name: &str) -> Option<firewall::Config> {
    firewall::Preset::named(name).map(firewall::Preset::config)
}

/// The names of the firewall presets.
#[must_use]
pub fn firewall_names() -> Vec<&'static str> {
    firewall::Preset::ALL.iter().map(|preset| preset.name).collect()
}

/// The link of this name.
#[must_use]
pub fn link(name: &str) -> Option<LinkConfig> {
    LinkPreset::find(name).map(LinkPreset::config)
}

/// The names of the link presets.
#[must_use]
pub fn link_names() -> Vec<&'static str> {
    LINK_PRESETS.iter().map(|preset| preset.name).collect()
}

/// Presets of the grammar that come with a later version.
pub const LATER: &[&str] = &["http_proxy"];

/// Whether a name belongs to a preset of any kind.
#[must_use]
pub fn is_taken(name: &str) -> bool {
    LATER.contains(&name) || all().iter().any(|preset| preset.name == name)
}

/// What a preset is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `nat:`.
    Nat,
    /// `firewall:`.
    Firewall,
    /// `link:`.
    Link,
}

impl Kind {
    /// What stands above a list of them.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Nat => "NATs (`nat:` of a gateway)",
            Self::Firewall => "Firewalls (`firewall:` of a gateway)",
            Self::Link => "Links (`link:` of a gateway, server or peer)",
        }
    }
}

/// A preset for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What it is of.
    pub kind: Kind,
    /// Its name.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub description: String,
    /// Where that comes from.
    pub source: &'static str,
    /// What it stands for, term by term.
    pub terms: Vec<String>,
}

/// Every preset: NATs, firewalls, links.
#[must_use]
pub fn all() -> Vec<Preset> {
    let nats = nat::Preset::ALL.iter().map(|preset| Preset {
        kind: Kind::Nat,
        name: preset.name,
        description: preset.summary.to_owned(),
        source: preset.source,
        terms: nat_terms(&preset.config()),
    });
    let firewalls = firewall::Preset::ALL.iter().map(|preset| Preset {
        kind: Kind::Firewall,
        name: preset.name,
        description: preset.summary.to_owned(),
        source: "",
        terms: preset.rules.split("; ").map(str::to_owned).collect(),
    });
    let links = LINK_PRESETS.iter().map(|preset| {
        let LinkConfig { up, down } = preset.config();
        Preset {
            kind: Kind::Link,
            name: preset.name,
            description: format!("{}: {}", preset.description, link_words(&up, &down)),
            source: preset.source,
            terms: Vec::new(),
        }
    });
    nats.chain(firewalls).chain(links).collect()
}

/// A NAT's terms, as a scenario would write them.
fn nat_terms(config: &nat::Config) -> Vec<String> {
    if config.kind == nat::Kind::None {
        return Vec::new();
    }
    let behaviour = |behaviour| match behaviour {
        nat::Behaviour::EndpointIndependent => "endpoint_independent",
        nat::Behaviour::AddressDependent => "address_dependent",
        nat::Behaviour::AddressAndPortDependent => "address_and_port_dependent",
    };
    let ports = match config.ports {
        nat::Ports::Preserve => "preserve".to_owned(),
        nat::Ports::PreserveClass => "preserve_class".to_owned(),
        nat::Ports::PreserveParity => "preserve_parity".to_owned(),
        nat::Ports::Sequential => "sequential".to_owned(),
        nat::Ports::Random => "random".to_owned(),
        nat::Ports::Block { size, most } => {
            format!("{{ block: {{ size: {size}, most: {most} }} }}")
        }
        nat::Ports::Overload => "overload".to_owned(),
    };
    let hairpin = match config.hairpin {
        nat::Hairpin::None => "none",
        nat::Hairpin::InternalSource => "internal_source",
        nat::Hairpin::ExternalSource => "external_source",
    };
    let refresh = match config.refresh {
        nat::Refresh::Outbound => "outbound",
        nat::Refresh::Inbound => "inbound",
        nat::Refresh::Both => "both",
        nat::Refresh::None => "none",
    };
    let unsolicited = match config.unsolicited {
        nat::Unsolicited::Drop => "drop",
        nat::Unsolicited::Reject => "reject",
        nat::Unsolicited::Track => "track",
    };
    let pooling = match config.pooling {
        nat::Pooling::Paired => "paired",
        nat::Pooling::Arbitrary => "arbitrary",
    };
    let tracking = match config.tracking {
        nat::Tracking::Mappings => "mappings",
        nat::Tracking::Connections => "connections",
    };
    let time = |time: Duration| Time(time).to_string();
    let timeouts = &config.timeouts;
    let mut udp = vec![
        format!("udp_unreplied: {}", time(timeouts.udp_unreplied)),
        format!("udp_replied: {}", time(timeouts.udp_replied)),
    ];
    udp.extend(timeouts.udp_repeated.map(|at| format!("udp_repeated: {}", time(at))));
    udp.extend(timeouts.udp_stream.map(|at| format!("udp_stream: {}", time(at))));
    let mut terms = vec![
        format!("mapping: {}", behaviour(config.mapping)),
        format!("filtering: {}", behaviour(config.filtering)),
        format!("ports: {ports}"),
        format!("port_range: {}..{}", config.port_range.start(), config.port_range.end()),
        format!("pooling: {pooling}"),
        format!("hairpin: {hairpin}"),
        format!("refresh: {refresh}"),
        format!("unsolicited: {unsolicited}"),
        format!("tracking: {tracking}"),
        format!("timeouts: {{ {} }}", udp.join(", ")),
    ];
    terms.extend(config.quota.map(|quota| format!("quota: {quota}")));
    if !config.hold_down.is_zero() {
        terms.push(format!("hold_down: {}", time(config.hold_down)));
    }
    terms
}

/// A link in one line.
fn link_words(up: &DirectionConfig, down: &DirectionConfig) -> String {
    let rate = |direction: &DirectionConfig| {
        direction.rate.map_or_else(
            || "no limit".to_owned(),
            |rate| Rate(rate.as_bits_per_second()).to_string(),
        )
    };
    let mut words = vec![format!("{} one way", Time(down.delay))];
    if !down.jitter.is_zero() {
        words.push(format!("jitter {}", Time(down.jitter)));
    }
    if let Loss::Independent(chance) = down.loss {
        words.push(format!("loss {}", Share(u64::from(chance.as_ppb()))));
    }
    words.push(if up.rate == down.rate {
        rate(down)
    } else {
        format!("{} down, {} up", rate(down), rate(up))
    });
    words.push(match down.queue {
        QueueLimit::Packets(packets) => format!("queue of {packets} packets"),
        QueueLimit::Bytes(bytes) => format!("queue of {}", Size(bytes)),
    });
    words.join(", ")
}
