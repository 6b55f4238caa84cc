//! Firewalls by name, each the rules it stands for.

use super::{Action, Config, Direction, LooksLike, Rule};
use crate::packet::{Prefix, Protocol};

/// A firewall with a name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// As scenarios write it.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// The rules it stands for, in words.
    pub rules: &'static str,
    config: fn() -> Config,
}

impl Preset {
    /// All presets, from open to closed.
    pub const ALL: &'static [Self] = PRESETS;

    /// The preset of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|preset| preset.name == name)
    }

    /// What it does.
    pub fn config(&self) -> Config {
        (self.config)()
    }
}

const PRESETS: &[Preset] = &[
    Preset {
        name: "open",
        summary: "Everything passes.",
        rules: "allow any",
        config: || Config { otherwise_in: Action::Allow, ..Config::default() },
    },
    Preset {
        name: "stateful",
        summary: "Everything may go out, only answers come in: what IPv6 routers do (RFC 6092).",
        rules: "allow any out; drop any in (answers pass)",
        config: Config::default,
    },
    Preset {
        name: "block_udp",
        summary: "All TCP may go out, no UDP.",
        rules: "drop udp; allow any out; drop any in (answers pass)",
        config: || with(vec![drop(Protocol::Udp)]),
    },
    Preset {
        name: "web_only",
        summary: "Web and names only.",
        rules: "allow tcp out to 80 and 443; allow udp and tcp out to 53; allow icmp out; drop any (answers pass)",
        config: || {
            closed(vec![
                out(Protocol::Tcp, 80),
                out(Protocol::Tcp, 443),
                out(Protocol::Udp, 53),
                out(Protocol::Tcp, 53),
                Rule {
                    direction: Some(Direction::Out),
                    protocol: Some(Protocol::Icmp),
                    ..Rule::new(Action::Allow)
                },
            ])
        },
    },
    Preset {
        name: "tls_only_443",
        summary: "TLS on port 443 only, judged from the bytes, and names.",
        rules: "allow tcp out to 443 that looks like tls; allow udp out to 53 that looks like dns; drop any (answers pass)",
        config: || {
            closed(vec![
                Rule { looks_like: Some(LooksLike::Tls), ..out(Protocol::Tcp, 443) },
                Rule { looks_like: Some(LooksLike::Dns), ..out(Protocol::Udp, 53) },
            ])
        },
    },
    Preset {
        name: "corporate",
        summary: "A company: web, mail and names go out, UDP is refused with a message.",
        rules: "allow udp out to 53; reject udp out; allow tcp out to 80, 443, 465, 587, 993; allow icmp out; reject any out; drop any in (answers pass)",
        config: corporate,
    },
    Preset {
        name: "captive_portal",
        summary: "A guest network before its sign-in page was answered: only names, and the portal in the network's own range.",
        rules: "allow udp out to 53 that looks like dns; allow tcp out to 80 and 443 of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10; reject any out; drop any in (answers pass)",
        config: captive_portal,
    },
];

fn with(rules: Vec<Rule>) -> Config {
    Config { rules, ..Config::default() }
}

fn closed(rules: Vec<Rule>) -> Config {
    Config { otherwise_out: Action::Drop, ..with(rules) }
}

fn drop(protocol: Protocol) -> Rule {
    Rule { protocol: Some(protocol), ..Rule::new(Action::Drop) }
}

fn out(protocol: Protocol, port: u16) -> Rule {
    Rule {
        direction: Some(Direction::Out),
        protocol: Some(protocol),
        to_port: Some(port..=port),
        ..Rule::new(Action::Allow)
    }
}

fn corporate() -> Config {
    let refused = Rule {
        direction: Some(Direction::Out),
        protocol: Some(Protocol::Udp),
        ..Rule::new(Action::Reject)
    };
    let ping = Rule {
        direction: Some(Direction::Out),
        protocol: Some(Protocol::Icmp),
        ..Rule::new(Action::Allow)
    };
    let mut rules = vec![out(Protocol::Udp, 53), refused];
    rules.extend([80, 443, 465, 587, 993].map(|port| out(Protocol::Tcp, port)));
    rules.push(ping);
    Config { otherwise_out: Action::Reject, ..with(rules) }
}

fn captive_portal() -> Config {
    let names = Rule { looks_like: Some(LooksLike::Dns), ..out(Protocol::Udp, 53) };
    let portal = |port| Rule { to: private_ranges(), ..out(Protocol::Tcp, port) };
    let rules = vec![names, portal(80), portal(443)];
    Config { otherwise_out: Action::Reject, ..with(rules) }
}

/// RFC 1918 and RFC 6598.
fn private_ranges() -> Vec<Prefix> {
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]
        .iter()
        .filter_map(|range| range.parse().ok())
        .collect()
}
