//! NATs by name: RFC 3489's words and real boxes, each with its source.

use core::time::Duration;

use super::{
    Behaviour, Config, Hairpin, Kind, Pooling, Ports, Refresh, Timeouts, Tracking, Unsolicited,
};

/// A NAT with a name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// As scenarios write it.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// Where its values come from. Measured: on a Linux kernel 6.18 in network namespaces.
    pub source: &'static str,
    config: fn() -> Config,
}

impl Preset {
    /// All presets, the plain ones first.
    pub const ALL: &'static [Self] = PRESETS;

    /// The preset of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|preset| preset.name == name)
    }

    /// How it behaves.
    pub fn config(&self) -> Config {
        (self.config)()
    }
}

const INDEPENDENT: Behaviour = Behaviour::EndpointIndependent;
const BY_ADDRESS: Behaviour = Behaviour::AddressDependent;
const BY_PORT: Behaviour = Behaviour::AddressAndPortDependent;

const PRESETS: &[Preset] = &[
    Preset {
        name: "none",
        summary: "No translation: packets are routed as they are.",
        source: "by definition",
        config: || Config { kind: Kind::None, ..Config::default() },
    },
    Preset {
        name: "full_cone",
        summary: "One outside port for each inside socket, and anyone may send to it.",
        source: "RFC 3489 section 5, in the words of RFC 4787 sections 4.1 and 5",
        config: || plain(INDEPENDENT, INDEPENDENT),
    },
    Preset {
        name: "restricted",
        summary: "One outside port for each inside socket; addresses that it has sent to may answer.",
        source: "RFC 3489 section 5, in the words of RFC 4787 sections 4.1 and 5",
        config: || plain(INDEPENDENT, BY_ADDRESS),
    },
    Preset {
        name: "port_restricted",
        summary: "One outside port for each inside socket; addresses and ports that it has sent to may answer.",
        source: "RFC 3489 section 5, in the words of RFC 4787 sections 4.1 and 5",
        config: || plain(INDEPENDENT, BY_PORT),
    },
    Preset {
        name: "symmetric",
        summary: "A random outside port for each inside socket and remote endpoint, which alone may answer.",
        source: "RFC 3489 section 5, in the words of RFC 4787 sections 4.1 and 5",
        config: || Config { ports: Ports::Random, ..plain(BY_PORT, BY_PORT) },
    },
    Preset {
        name: "linux",
        summary: "Linux masquerade with INPUT drop, as in most home routers: the inside port while it is free towards that remote endpoint, 30 s, 120 s for streams.",
        source: "measured on Linux 6.18; net/netfilter/nf_nat_core.c and nf_conntrack_proto_udp.c",
        config: linux,
    },
    Preset {
        name: "linux_input_accept",
        summary: "Linux masquerade with INPUT accept: a peer's packet that comes first takes the port that our own flow would have kept.",
        source: "measured on Linux 6.18; rubykaigi-net#192, Polykey#357, Start9#4046",
        config: || Config { unsolicited: Unsolicited::Track, ..linux() },
    },
    Preset {
        name: "linux_random",
        summary: "Linux masquerade with random or fully-random: another random port for each remote endpoint.",
        source: "measured on Linux 6.18",
        config: || Config { mapping: BY_PORT, ports: Ports::Random, ..linux() },
    },
    Preset {
        name: "openwrt",
        summary: "OpenWrt: as linux, with 60 s and 180 s.",
        source: "OpenWrt's sysctl settings, read in its sources",
        config: || Config { timeouts: conntrack(60, 180), ..linux() },
    },
    Preset {
        name: "pf",
        summary: "pf (pfSense, OPNsense, OpenBSD): a random port of 50001-65535 for each remote endpoint; 60 s first, 30 s while unanswered, 60 s.",
        source: "pf.conf(5)",
        config: pf,
    },
    Preset {
        name: "pf_static_port",
        summary: "pf with static-port: the inside port always, even where others have it; the remote endpoint tells them apart.",
        source: "pf.conf(5)",
        config: || Config { ports: Ports::Overload, ..pf() },
    },
    Preset {
        name: "routeros",
        summary: "MikroTik RouterOS masquerade: as linux, with 10 s and 180 s.",
        source: "RouterOS manual, connection tracking",
        config: || Config { timeouts: conntrack(10, 180), ..linux() },
    },
    Preset {
        name: "cisco_asa",
        summary: "Cisco ASA dynamic PAT: one outside port for each inside UDP socket, of the same class as its own; 2 min.",
        source: "Cisco ASA configuration guide, NAT and connection timeouts",
        config: || Config {
            ports: Ports::PreserveClass,
            refresh: Refresh::Both,
            timeouts: Timeouts::udp(seconds(120)),
            ..plain(INDEPENDENT, BY_PORT)
        },
    },
    Preset {
        name: "aws_nat_gateway",
        summary: "AWS NAT gateway: a random port for each remote endpoint, 55,000 flows to each; 350 s.",
        source: "Amazon VPC user guide, NAT gateways",
        config: || cloud(Ports::Random, 350, 1024..=56_023),
    },
    Preset {
        name: "azure_nat_gateway",
        summary: "Azure NAT gateway: a random one of 64,512 ports for each remote endpoint; 240 s, then a cool-down.",
        source: "Azure NAT gateway documentation, SNAT and timers",
        config: || Config { hold_down: seconds(65), ..cloud(Ports::Random, 240, 1024..=65_535) },
    },
    Preset {
        name: "gcp_cloud_nat",
        summary: "Google Cloud NAT: 64 ports for each machine, reused for other remote endpoints, so that exhaustion is realistic; 30 s.",
        source: "Google Cloud NAT documentation, static port allocation and timeouts",
        config: || cloud(Ports::Block { size: 64, most: 1 }, 30, 1024..=65_535),
    },
    Preset {
        name: "docker",
        summary: "Docker's bridge network: Linux masquerade on the host.",
        source: "measured on Linux 6.18, as linux",
        config: linux,
    },
    Preset {
        name: "cgn_rfc6888",
        summary: "A carrier's NAT as RFC 6888 wants it: endpoint-independent, paired, hairpinning, ports in blocks, 120 s before a port is reused.",
        source: "RFC 6888 section 3, RFC 4787",
        config: || Config {
            ports: Ports::Block { size: 256, most: 4 },
            quota: Some(1024),
            hairpin: Hairpin::ExternalSource,
            hold_down: seconds(120),
            ..plain(INDEPENDENT, INDEPENDENT)
        },
    },
    Preset {
        name: "cgn_strict",
        summary: "A strict mobile carrier's NAT: a random port for each remote endpoint, gone after 50 to 75 s whatever the keepalives.",
        source: "iroh#4424",
        config: || Config {
            ports: Ports::Block { size: 256, most: 4 },
            refresh: Refresh::None,
            timeouts: Timeouts { spread: seconds(25), ..Timeouts::udp(seconds(50)) },
            ..plain(BY_PORT, BY_PORT)
        },
    },
    Preset {
        name: "android_hotspot",
        summary: "A phone's hotspot: Linux masquerade; put it behind a carrier's NAT.",
        source: "recalled, as linux: check before relying on it",
        config: linux,
    },
    Preset {
        name: "nat64",
        summary: "IPv6 inside, IPv4 outside, under 64:ff9b::/96.",
        source: "RFC 6146, RFC 6145, RFC 6052",
        config: || Config {
            kind: Kind::nat64(),
            ports: Ports::PreserveParity,
            hairpin: Hairpin::ExternalSource,
            ..plain(INDEPENDENT, INDEPENDENT)
        },
    },
    Preset {
        name: "one_to_one",
        summary: "Each inside address has an outside address of its own behind a stateful security group: 30 s, 180 s for streams.",
        source: "Amazon EC2 user guide, elastic addresses and security group connection tracking",
        config: || Config {
            kind: Kind::OneToOne,
            refresh: Refresh::Both,
            timeouts: conntrack(30, 180),
            ..plain(INDEPENDENT, BY_PORT)
        },
    },
];

fn plain(mapping: Behaviour, filtering: Behaviour) -> Config {
    Config { mapping, filtering, ..Config::default() }
}

fn linux() -> Config {
    Config {
        tracking: Tracking::Connections,
        ports: Ports::PreserveClass,
        pooling: Pooling::Arbitrary,
        refresh: Refresh::Both,
        timeouts: conntrack(30, 120),
        ..plain(INDEPENDENT, BY_PORT)
    }
}

/// Linux's connection tracking: UDP, and UDP streams; the kernel's defaults for TCP and ICMP.
fn conntrack(udp: u64, stream: u64) -> Timeouts {
    Timeouts {
        udp_stream: Some(seconds(stream)),
        tcp_transitory: seconds(120),
        tcp_established: seconds(432_000),
        icmp: seconds(30),
        ..Timeouts::udp(seconds(udp))
    }
}

fn pf() -> Config {
    Config {
        tracking: Tracking::Connections,
        ports: Ports::Random,
        port_range: 50_001..=65_535,
        refresh: Refresh::Both,
        timeouts: Timeouts {
            udp_repeated: Some(seconds(30)),
            tcp_transitory: seconds(120),
            tcp_established: seconds(86_400),
            icmp: seconds(20),
            ..Timeouts::udp(seconds(60))
        },
        ..plain(BY_PORT, BY_PORT)
    }
}

fn cloud(ports: Ports, udp: u64, port_range: core::ops::RangeInclusive<u16>) -> Config {
    Config {
        tracking: Tracking::Connections,
        ports,
        port_range,
        refresh: Refresh::Both,
        timeouts: Timeouts::udp(seconds(udp)),
        ..plain(BY_PORT, BY_PORT)
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
