//! RFC 5780's behaviour discovery through the simulated NATs: client, NAT and server were written
//! apart, each from its own RFC, and must agree.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, in its helpers too")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use icelab_sans_io::net::{Notice, Request};
use icelab_sans_io::{Deadline, Instant, Output, Protocol, Rng};
use icelab_sim::link::Loss;
use icelab_sim::nat::{self, Fragments, Hairpin, Ports, Preset, Refresh, Timeouts, Unsolicited};
use icelab_sim::{
    Attachment, Chance, DirectionConfig, GatewayConfig, HostConfig, Level, LinkConfig, Network,
    Simulation, Step, firewall,
};
use icelab_stun::{
    Behaviour, Discovery, DiscoveryConfig, DiscoveryEvent, Findings, FragmentHandling,
    HairpinSource, LifetimeConfig, Server, ServerConfig,
};
use proptest::prelude::*;

use nat::Behaviour::{AddressAndPortDependent, AddressDependent, EndpointIndependent};

const BEHAVIOURS: [nat::Behaviour; 3] =
    [EndpointIndependent, AddressDependent, AddressAndPortDependent];
const HAIRPINS: [Hairpin; 3] = [Hairpin::None, Hairpin::InternalSource, Hairpin::ExternalSource];

/// Who runs on a host: it binds what its protocol needs, and then lets that speak.
#[derive(Debug)]
struct Guest {
    role: Role,
    /// To bind, and not bound yet.
    sockets: Vec<SocketAddr>,
    requests: VecDeque<Request>,
}

#[derive(Debug)]
enum Role {
    Client(Box<Discovery>),
    Server(Box<Server>),
}

impl Guest {
    fn client(config: DiscoveryConfig, rng: Rng) -> Self {
        let sockets = config.sockets();
        Self::new(Role::Client(Box::new(Discovery::new(config, rng))), sockets)
    }

    fn server(config: ServerConfig, rng: Rng) -> Self {
        let sockets = config.addresses();
        Self::new(Role::Server(Box::new(Server::new(config, rng))), sockets)
    }

    fn new(role: Role, sockets: Vec<SocketAddr>) -> Self {
        let requests = sockets.iter().map(|local| Request::Bind { local: *local }).collect();
        Self { role, sockets, requests }
    }
}

impl Protocol for Guest {
    type Input = Notice;
    type Packet = Request;
    type Event = Box<Findings>;

    fn handle_input(&mut self, input: Notice, now: Instant) {
        match (input, &mut self.role) {
            (Notice::Datagram(datagram), Role::Client(client)) => {
                client.handle_input(datagram, now);
            }
            (Notice::Datagram(datagram), Role::Server(server)) => {
                server.handle_input(datagram, now);
            }
            (Notice::Bound { local, .. }, role) => {
                self.sockets.retain(|socket| *socket != local);
                if let (true, Role::Client(client)) = (self.sockets.is_empty(), role) {
                    client.start(now);
                }
            }
            (Notice::Refused { socket, reason }, _) => panic!("{socket:?}: {reason:?}"),
            _ => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        match &mut self.role {
            Role::Client(client) => client.handle_timeout(now),
            Role::Server(server) => server.handle_timeout(now),
        }
    }

    fn poll_output(&mut self) -> Option<Output<Request, Self::Event>> {
        if let Some(request) = self.requests.pop_front() {
            return Some(Output::Packet(request));
        }
        match &mut self.role {
            Role::Client(client) => Some(match client.poll_output()? {
                Output::Packet(datagram) => Output::Packet(Request::Send(datagram)),
                Output::Event(DiscoveryEvent::Finished(findings)) => Output::Event(findings),
            }),
            Role::Server(server) => loop {
                if let Output::Packet(answer) = server.poll_output()? {
                    return Some(Output::Packet(Request::Send(answer)));
                }
            },
        }
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        match &self.role {
            Role::Client(client) => client.poll_timeout(),
            Role::Server(server) => server.poll_timeout(),
        }
    }
}

/// What is between the client and the internet, and how the lifetime is looked for.
struct Lab {
    /// The outermost first.
    gateways: Vec<GatewayConfig>,
    /// How many sockets take turns in the lifetime test; `None`: no such test.
    watched: Option<u16>,
    seed: u64,
}

impl Lab {
    fn behind(gateways: impl IntoIterator<Item = GatewayConfig>) -> Self {
        Self { gateways: gateways.into_iter().collect(), watched: None, seed: 1 }
    }

    fn nat(config: nat::Config) -> Self {
        Self::behind([GatewayConfig::nat(config)])
    }

    fn preset(name: &str) -> Self {
        Self::nat(Preset::named(name).unwrap_or_else(|| panic!("no preset {name}")).config())
    }

    fn watching(self, sockets: u16) -> Self {
        Self { watched: Some(sockets), ..self }
    }

    fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Runs until discovery has finished.
    fn discover(self) -> Findings {
        let mut network = Network::new();
        let mut innermost = "internet".to_owned();
        for (index, gateway) in self.gateways.into_iter().enumerate() {
            let name = format!("gateway{index}");
            network.gateway(&name, gateway.behind(&innermost));
            innermost = name;
        }
        network.host("client", HostConfig::behind(&innermost));
        let attachments = vec![Attachment::behind("internet"), Attachment::behind("internet")];
        network.host("server", HostConfig { attachments });

        let rng = Rng::from_u64(self.seed);
        let mut simulation = Simulation::new(&network, &rng, Level::Hash).unwrap();
        let server = simulation.node("server").unwrap();
        let [first, second] = simulation.addresses(server)[..] else { panic!() };
        let (first, second) = (SocketAddr::new(first, 3478), SocketAddr::new(second, 3479));
        let config = ServerConfig::new(first).with_alternate(second);
        simulation.place(server, Guest::server(config, rng.fork("server", 0)));

        let client = simulation.node("client").unwrap();
        let own = simulation.address(client).unwrap();
        let socket = |port| SocketAddr::new(own, port);
        let mut config = DiscoveryConfig::new(socket(LOCAL), socket(LOCAL + 1), first);
        config.lifetime = self.watched.map(|count| LifetimeConfig {
            sockets: (0..count).map(|number| socket(LOCAL + 1000 + number)).collect(),
            ..LifetimeConfig::default()
        });
        simulation.place(client, Guest::client(config, rng.fork("client", 0)));

        match simulation.step(Instant::from_secs(24 * 3600)).unwrap() {
            Step::Event { event, .. } => *event,
            Step::Timer { .. } | Step::Reached => panic!("discovery does not end"),
        }
    }
}

/// The port of the tested socket.
const LOCAL: u16 = 4000;

/// What discovery calls it.
fn found(behaviour: nat::Behaviour) -> Option<Behaviour> {
    Some(match behaviour {
        EndpointIndependent => Behaviour::EndpointIndependent,
        AddressDependent => Behaviour::AddressDependent,
        AddressAndPortDependent => Behaviour::AddressAndPortDependent,
    })
}

/// Where neither mapping nor filtering is endpoint-independent, the mappings that are known belong
/// to the server, and nothing can be said about hairpins.
fn found_hairpin(config: &nat::Config) -> Option<HairpinSource> {
    let is_visible =
        config.mapping == EndpointIndependent || config.filtering == EndpointIndependent;
    is_visible.then_some(match config.hairpin {
        Hairpin::None => HairpinSource::Absent,
        Hairpin::InternalSource => HairpinSource::Internal,
        Hairpin::ExternalSource => HairpinSource::External,
    })
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn every_mapping_filtering_and_hairpinning_is_found_as_configured() {
    for mapping in BEHAVIOURS {
        for filtering in BEHAVIOURS {
            for hairpin in HAIRPINS {
                let config = nat::Config { mapping, filtering, hairpin, ..Default::default() };
                let findings = Lab::nat(config.clone()).discover();
                assert_eq!(findings.is_translated, Some(true), "{config:?}");
                assert_eq!(findings.is_payload_rewritten, Some(false), "{config:?}");
                assert_eq!(findings.mapping, found(mapping), "{config:?}");
                assert_eq!(findings.filtering, found(filtering), "{config:?}");
                assert_eq!(findings.hairpinning, found_hairpin(&config), "{config:?}");
                assert_eq!(findings.fragments, Some(FragmentHandling::Passed), "{config:?}");
            }
        }
    }
}

#[test]
fn of_two_nats_in_a_row_the_stricter_one_is_found() {
    let nat = |mapping, filtering| {
        GatewayConfig::nat(nat::Config { mapping, filtering, ..Default::default() })
    };
    for (outer_mapping, inner_mapping) in pairs() {
        for (outer_filtering, inner_filtering) in pairs() {
            let carrier = nat(outer_mapping, outer_filtering);
            let home = nat(inner_mapping, inner_filtering);
            let findings = Lab::behind([carrier, home]).discover();
            let what = (outer_mapping, inner_mapping, outer_filtering, inner_filtering);
            assert_eq!(findings.mapping, found(outer_mapping.max(inner_mapping)), "{what:?}");
            assert_eq!(findings.filtering, found(outer_filtering.max(inner_filtering)), "{what:?}");
        }
    }
}

fn pairs() -> impl Iterator<Item = (nat::Behaviour, nat::Behaviour)> {
    BEHAVIOURS.into_iter().flat_map(|one| BEHAVIOURS.map(|other| (one, other)))
}

#[test]
fn dropped_fragments_are_found_and_change_nothing_else() {
    let config = nat::Config { fragments: Fragments::Drop, ..Default::default() };
    let findings = Lab::nat(config).discover();
    assert_eq!(findings.fragments, Some(FragmentHandling::Dropped));
    assert_eq!(findings.mapping, found(EndpointIndependent));
}

#[test]
fn without_a_gateway_nothing_is_translated_or_filtered() {
    let findings = Lab::behind([]).discover();
    assert_eq!(findings.is_translated, Some(false));
    assert_eq!(findings.mapped.map(|mapped| mapped.port()), Some(LOCAL));
    assert_eq!(findings.mapping, found(EndpointIndependent));
    assert_eq!(findings.filtering, found(EndpointIndependent));
    assert_eq!(findings.hairpinning, None);
}

#[test]
fn a_stateful_firewall_filters_and_translates_nothing() {
    let gateway = GatewayConfig::firewall(firewall::Config::default());
    let findings = Lab::behind([gateway]).discover();
    assert_eq!(findings.is_translated, Some(false));
    assert_eq!(findings.mapping, found(EndpointIndependent));
    assert_eq!(findings.filtering, found(AddressAndPortDependent));
}

#[test]
fn behind_a_firewall_without_udp_nothing_is_found() {
    let config = firewall::Preset::named("block_udp").unwrap().config();
    let findings = Lab::behind([GatewayConfig::firewall(config)]).discover();
    assert_eq!(findings, Findings::default());
}

/// What discovery says about one preset: name, mapping, filtering, hairpinning.
type Said = (&'static str, nat::Behaviour, nat::Behaviour, Option<HairpinSource>);

#[test]
fn named_nats_are_found_to_be_what_they_are_known_for() {
    const ABSENT: Option<HairpinSource> = Some(HairpinSource::Absent);
    const EXTERNAL: Option<HairpinSource> = Some(HairpinSource::External);
    let table: [Said; 13] = [
        ("full_cone", EndpointIndependent, EndpointIndependent, ABSENT),
        ("restricted", EndpointIndependent, AddressDependent, ABSENT),
        ("port_restricted", EndpointIndependent, AddressAndPortDependent, ABSENT),
        ("symmetric", AddressAndPortDependent, AddressAndPortDependent, None),
        ("linux", EndpointIndependent, AddressAndPortDependent, ABSENT),
        ("linux_random", AddressAndPortDependent, AddressAndPortDependent, None),
        ("pf", AddressAndPortDependent, AddressAndPortDependent, None),
        // One inside socket keeps its port towards everybody, so nobody outside can tell that each
        // remote endpoint has a mapping of its own.
        ("pf_static_port", EndpointIndependent, AddressAndPortDependent, ABSENT),
        ("cisco_asa", EndpointIndependent, AddressAndPortDependent, ABSENT),
        ("azure_nat_gateway", AddressAndPortDependent, AddressAndPortDependent, None),
        ("cgn_rfc6888", EndpointIndependent, EndpointIndependent, EXTERNAL),
        ("one_to_one", EndpointIndependent, AddressAndPortDependent, ABSENT),
        // The answers that the filtering test asked for were let in to nobody, but took the port
        // towards where they came from: the test itself makes this NAT use another one.
        ("linux_input_accept", AddressDependent, AddressAndPortDependent, None),
    ];
    for (name, mapping, filtering, hairpinning) in table {
        let findings = Lab::preset(name).discover();
        assert_eq!(findings.is_translated, Some(true), "{name}");
        assert_eq!(findings.mapping, found(mapping), "{name}");
        assert_eq!(findings.filtering, found(filtering), "{name}");
        assert_eq!(findings.hairpinning, hairpinning, "{name}");
        assert_eq!(findings.fragments, Some(FragmentHandling::Passed), "{name}");
    }
}

#[test]
fn ports_are_kept_by_the_named_nats_that_keep_them() {
    for (name, keeps) in [
        ("linux", true),
        ("pf_static_port", true),
        ("cisco_asa", true),
        ("one_to_one", true),
        ("pf", false),
        ("cgn_rfc6888", false),
    ] {
        let mapped = Lab::preset(name).discover().mapped.unwrap();
        assert_eq!(mapped.port() == LOCAL, keeps, "{name}: {mapped}");
    }
}

#[test]
fn named_nats_forget_mappings_when_they_are_known_to() {
    // A socket for each round: every mapping is a fresh one.
    for (name, lifetime, by_inbound) in [
        ("linux", 30, true),
        ("pf", 60, true),
        ("cisco_asa", 120, true),
        ("cgn_rfc6888", 300, false),
    ] {
        let findings = Lab::preset(name).watching(40).discover();
        let bounds = findings.lifetime.unwrap_or_else(|| panic!("{name}"));
        let least = seconds(lifetime);
        assert!(bounds.at_least <= least, "{name}: {bounds:?}");
        assert!(bounds.less_than.is_some_and(|most| most >= least), "{name}: {bounds:?}");
        assert!(bounds.at_least + seconds(2) > least, "{name}: {bounds:?}");
        let refresh = findings.refresh.unwrap_or_else(|| panic!("{name}"));
        assert_eq!((refresh.outbound, refresh.inbound), (true, by_inbound), "{name}");
    }
}

#[test]
fn a_used_mapping_of_linux_lives_as_long_as_a_stream() {
    let bounds = Lab::preset("linux").watching(0).discover().lifetime.unwrap();
    assert!(bounds.at_least <= seconds(120) && bounds.at_least > seconds(118), "{bounds:?}");
    assert!(bounds.less_than.is_some_and(|most| most >= seconds(120)), "{bounds:?}");
}

/// A long way with loss.
#[derive(Clone, Copy, Debug)]
struct Way {
    delay: Duration,
    loss_percent: u32,
}

impl Way {
    fn link(self) -> LinkConfig {
        LinkConfig::symmetric(DirectionConfig {
            delay: self.delay,
            loss: Loss::Independent(Chance::from_percent(self.loss_percent)),
            ..DirectionConfig::default()
        })
    }

    /// There and back again, the cables of client and server included.
    fn round_trip(self) -> Duration {
        (self.delay + Duration::from_millis(2)) * 2 + Duration::from_millis(1)
    }
}

fn ways(most_loss_percent: u32) -> impl Strategy<Value = Way> {
    (0..=200u64, 0..=most_loss_percent)
        .prop_map(|(delay, loss_percent)| Way { delay: Duration::from_millis(delay), loss_percent })
}

fn ports() -> impl Strategy<Value = Ports> {
    let block = Ports::Block { size: 64, most: 2 };
    prop::sample::select(vec![
        Ports::Preserve,
        Ports::PreserveClass,
        Ports::PreserveParity,
        Ports::Sequential,
        Ports::Random,
        block,
    ])
}

/// NATs of which all can be found out. One whose mappings nothing prolongs is not among them: its
/// mappings may end between any two questions.
fn nats(
    refreshes: Vec<Refresh>,
    lifetimes: std::ops::RangeInclusive<u64>,
) -> impl Strategy<Value = nat::Config> {
    let behaviours = || prop::sample::select(BEHAVIOURS.to_vec());
    let fragments = vec![Fragments::Drop, Fragments::InOrder, Fragments::OutOfOrder];
    (
        (behaviours(), behaviours(), prop::sample::select(HAIRPINS.to_vec())),
        ports(),
        prop::sample::select(refreshes),
        prop::sample::select(vec![Unsolicited::Drop, Unsolicited::Reject]),
        prop::sample::select(fragments),
        (lifetimes, 50..=100u64),
    )
        .prop_map(
            |((mapping, filtering, hairpin), ports, refresh, unsolicited, fragments, life)| {
                let (replied, unreplied_percent) = life;
                let timeouts = Timeouts {
                    udp_unreplied: seconds(replied) * u32::try_from(unreplied_percent).unwrap()
                        / 100,
                    ..Timeouts::udp(seconds(replied))
                };
                nat::Config {
                    mapping,
                    filtering,
                    hairpin,
                    ports,
                    refresh,
                    unsolicited,
                    fragments,
                    timeouts,
                    ..Default::default()
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_nat_is_found_out_in_spite_of_distance_and_loss(
        config in nats(vec![Refresh::Outbound, Refresh::Inbound, Refresh::Both], 60..=400),
        way in ways(5),
        seed: u64,
    ) {
        let gateway = GatewayConfig::nat(config.clone()).with_link(way.link());
        let findings = Lab::behind([gateway]).seeded(seed).discover();
        prop_assert_eq!(findings.is_translated, Some(true));
        prop_assert_eq!(findings.is_payload_rewritten, Some(false));
        prop_assert_eq!(findings.mapping, found(config.mapping));
        prop_assert_eq!(findings.filtering, found(config.filtering));
        prop_assert_eq!(findings.hairpinning, found_hairpin(&config));
        let passes = config.fragments != Fragments::Drop;
        let handling =
            if passes { FragmentHandling::Passed } else { FragmentHandling::Dropped };
        prop_assert_eq!(findings.fragments, Some(handling));
        let port = findings.mapped.unwrap().port();
        let keeps_port = matches!(config.ports, Ports::Preserve | Ports::PreserveClass);
        if keeps_port && config.mapping == EndpointIndependent {
            prop_assert_eq!(port, LOCAL);
        }
        if config.ports == Ports::PreserveParity {
            prop_assert_eq!(port % 2, LOCAL % 2);
        }
        prop_assert!(config.port_range.contains(&port));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn the_lifetime_of_any_nat_is_found_to_the_second(
        config in nats(vec![Refresh::Outbound, Refresh::Inbound, Refresh::Both], 20..=240),
        way in ways(5),
        watched in prop::sample::select(vec![0, 40]),
        seed: u64,
    ) {
        check_lifetime(&config, way, watched, seed)?;
    }

    /// Every round needs a mapping of its own, and its age must be known: a request that is lost
    /// and sent again makes that unsure.
    #[test]
    fn the_lifetime_that_nothing_prolongs_is_found_with_a_socket_for_each_round(
        config in nats(vec![Refresh::None], 20..=240),
        way in ways(0),
        seed: u64,
    ) {
        check_lifetime(&config, way, 40, seed)?;
    }
}

fn check_lifetime(
    config: &nat::Config,
    way: Way,
    watched: u16,
    seed: u64,
) -> Result<(), TestCaseError> {
    let gateway = GatewayConfig::nat(config.clone()).with_link(way.link());
    let findings = Lab::behind([gateway]).watching(watched).seeded(seed).discover();
    let lifetime = config.timeouts.udp_replied;
    let bounds = findings.lifetime.unwrap();
    let most = bounds.less_than.unwrap();
    prop_assert!(bounds.at_least <= lifetime && lifetime <= most, "{:?}", bounds);
    // The search's resolution, a burst of probes, and what distance makes unsure.
    let tolerance = seconds(1) + Duration::from_millis(700) + way.round_trip() * 3;
    prop_assert!(most - bounds.at_least <= tolerance, "{:?} > {:?}", bounds, tolerance);
    let refresh = findings.refresh.unwrap();
    // To a packet from inside comes an answer, and that prolongs as well.
    prop_assert_eq!(refresh.outbound, config.refresh != Refresh::None);
    prop_assert_eq!(refresh.inbound, config.refresh.by_inbound());
    Ok(())
}
