//! Discovery through a little NAT of every kind: it must find exactly what was configured.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use icelab_sans_io::net::Datagram;
use icelab_sans_io::testing::laws;
use icelab_sans_io::{Instant, Output, Protocol, Rng};
use icelab_stun::{
    Behaviour, Discovery, DiscoveryConfig, DiscoveryEvent, Findings, FragmentHandling,
    HairpinSource, LifetimeConfig, Refresh, Server, ServerConfig,
};

use Behaviour::{AddressAndPortDependent, AddressDependent, EndpointIndependent};

const BEHAVIOURS: [Behaviour; 3] = [EndpointIndependent, AddressDependent, AddressAndPortDependent];

/// What the little NAT does.
#[derive(Clone, Copy, Debug)]
struct Model {
    is_translating: bool,
    mapping: Behaviour,
    filtering: Behaviour,
    hairpin: HairpinSource,
    lifetime: Duration,
    refresh: Refresh,
    preserves_ports: bool,
    /// Whether the lowest free port is given out rather than a new one.
    reuses_ports: bool,
    passes_fragments: bool,
    loss_ppb: u32,
}

const MODEL: Model = Model {
    is_translating: true,
    mapping: EndpointIndependent,
    filtering: EndpointIndependent,
    hairpin: HairpinSource::Absent,
    lifetime: Duration::from_secs(300),
    refresh: Refresh { outbound: true, inbound: false },
    preserves_ports: false,
    reuses_ports: false,
    passes_fragments: true,
    loss_ppb: 0,
};

struct Mapping {
    inside: SocketAddr,
    key: (Option<IpAddr>, Option<u16>),
    outside: SocketAddr,
    used: Instant,
    allowed: Vec<SocketAddr>,
}

struct Nat {
    model: Model,
    mappings: Vec<Mapping>,
    next_port: u16,
}

fn key(behaviour: Behaviour, remote: SocketAddr) -> (Option<IpAddr>, Option<u16>) {
    match behaviour {
        EndpointIndependent => (None, None),
        AddressDependent => (Some(remote.ip()), None),
        AddressAndPortDependent => (Some(remote.ip()), Some(remote.port())),
    }
}

impl Nat {
    fn expire(&mut self, now: Instant) {
        let lifetime = self.model.lifetime;
        self.mappings.retain(|mapping| now - mapping.used < lifetime);
    }

    fn outbound(&mut self, inside: SocketAddr, remote: SocketAddr, now: Instant) -> SocketAddr {
        self.expire(now);
        let key = key(self.model.mapping, remote);
        let found =
            self.mappings.iter().position(|mapping| mapping.inside == inside && mapping.key == key);
        let at = found.unwrap_or_else(|| {
            let free = |port| self.mappings.iter().all(|mapping| mapping.outside.port() != port);
            let port = if self.model.preserves_ports && free(inside.port()) {
                inside.port()
            } else if self.model.reuses_ports {
                (20_000..).find(|port| free(*port)).unwrap()
            } else {
                self.next_port += 1;
                self.next_port
            };
            let outside = if self.model.is_translating {
                SocketAddr::new(outside().ip(), port)
            } else {
                inside
            };
            let allowed = Vec::new();
            self.mappings.push(Mapping { inside, key, outside, used: now, allowed });
            self.mappings.len() - 1
        });
        let mapping = &mut self.mappings[at];
        if self.model.refresh.outbound {
            mapping.used = now;
        }
        mapping.allowed.push(remote);
        mapping.outside
    }

    fn inbound(
        &mut self,
        outside: SocketAddr,
        remote: SocketAddr,
        now: Instant,
    ) -> Option<SocketAddr> {
        self.expire(now);
        let filtering = self.model.filtering;
        let mapping = self.mappings.iter_mut().find(|mapping| mapping.outside == outside)?;
        let passes = mapping
            .allowed
            .iter()
            .any(|allowed| key(filtering, *allowed) == key(filtering, remote));
        if !passes {
            return None;
        }
        if self.model.refresh.inbound {
            mapping.used = now;
        }
        Some(mapping.inside)
    }
}

/// Discovery, NAT and server, with 5 ms to the NAT and 20 ms beyond.
struct World {
    discovery: Discovery,
    nat: Nat,
    server: Server,
    on_the_way: BTreeMap<(Instant, u64), (Place, Datagram)>,
    count: u64,
    rng: Rng,
    now: Instant,
    reboot: Option<Instant>,
}

#[derive(Clone, Copy)]
enum Place {
    NatInside,
    NatOutside,
    Server,
    Client,
}

impl World {
    fn new(model: Model, config: DiscoveryConfig, server: Server, seed: u64) -> Self {
        Self {
            discovery: Discovery::new(config, Rng::from_u64(seed)),
            nat: Nat { model, mappings: Vec::new(), next_port: 20_000 },
            server,
            on_the_way: BTreeMap::new(),
            count: 0,
            rng: Rng::from_u64(seed + 1),
            now: Instant::START,
            reboot: None,
        }
    }

    fn send(&mut self, place: Place, datagram: Datagram) {
        let is_fragmented = datagram.payload.len() > 1472;
        if self.rng.chance_ppb(self.nat.model.loss_ppb)
            || is_fragmented && !self.nat.model.passes_fragments
        {
            return;
        }
        let millis = match place {
            Place::NatInside | Place::Client => 5,
            Place::NatOutside | Place::Server => 20,
        };
        self.count += 1;
        let at = self.now + Duration::from_millis(millis);
        self.on_the_way.insert((at, self.count), (place, datagram));
    }

    fn arrive(&mut self, place: Place, mut datagram: Datagram) {
        if self.reboot.is_some_and(|at| at <= self.now) {
            self.reboot = None;
            self.nat.mappings.clear();
        }
        match place {
            Place::NatInside => {
                let (inside, remote) = (datagram.source, datagram.destination);
                let outside_source = self.nat.outbound(inside, remote, self.now);
                let is_own = self.nat.model.is_translating && remote.ip() == outside().ip();
                if !is_own {
                    datagram.source = outside_source;
                    self.send(Place::Server, datagram);
                } else if self.nat.model.hairpin != HairpinSource::Absent
                    && let Some(to) = self.nat.inbound(remote, outside_source, self.now)
                {
                    if self.nat.model.hairpin == HairpinSource::External {
                        datagram.source = outside_source;
                    }
                    datagram.destination = to;
                    self.send(Place::Client, datagram);
                }
            }
            Place::NatOutside => {
                let (outside, remote) = (datagram.destination, datagram.source);
                if let Some(inside) = self.nat.inbound(outside, remote, self.now) {
                    datagram.destination = inside;
                    self.send(Place::Client, datagram);
                }
            }
            Place::Server => {
                self.server.handle_input(datagram, self.now);
                while let Some(output) = self.server.poll_output() {
                    if let Output::Packet(answer) = output {
                        self.send(Place::NatOutside, answer);
                    }
                }
            }
            Place::Client => self.discovery.handle_input(datagram, self.now),
        }
    }

    fn run(mut self) -> Findings {
        self.discovery.start(self.now);
        loop {
            while let Some(output) = self.discovery.poll_output() {
                match output {
                    Output::Packet(datagram) => self.send(Place::NatInside, datagram),
                    Output::Event(DiscoveryEvent::Finished(findings)) => return *findings,
                }
            }
            let arrival = self.on_the_way.first_key_value().map(|(key, _)| key.0);
            let deadline = self.discovery.poll_timeout().map(|deadline| deadline.at);
            match (arrival, deadline) {
                (Some(arrival), deadline) if deadline.is_none_or(|at| arrival <= at) => {
                    self.now = arrival;
                    let (_, (place, datagram)) = self.on_the_way.pop_first().unwrap();
                    self.arrive(place, datagram);
                }
                (_, Some(deadline)) => {
                    self.now = deadline;
                    self.discovery.handle_timeout(deadline);
                }
                _ => panic!("nothing is left to happen, and no findings"),
            }
        }
    }
}

fn local() -> SocketAddr {
    "10.0.0.1:4000".parse().unwrap()
}

fn second_local() -> SocketAddr {
    "10.0.0.1:4001".parse().unwrap()
}

fn outside() -> SocketAddr {
    "198.51.100.7:0".parse().unwrap()
}

fn server_address() -> SocketAddr {
    "192.0.2.1:3478".parse().unwrap()
}

fn full_server() -> Server {
    let alternate = "192.0.2.2:3479".parse().unwrap();
    let config = ServerConfig::new(server_address()).with_alternate(alternate);
    Server::new(config, Rng::from_u64(9))
}

fn config() -> DiscoveryConfig {
    DiscoveryConfig::new(local(), second_local(), server_address())
}

fn discover(model: Model, seed: u64) -> Findings {
    World::new(model, config(), full_server(), seed).run()
}

#[test]
fn mapping_and_filtering_are_found_in_all_nine_combinations_even_with_loss() {
    for mapping in BEHAVIOURS {
        for filtering in BEHAVIOURS {
            for preserves_ports in [false, true] {
                for (loss_ppb, seeds) in [(0, 1), (100_000_000, 10)] {
                    for seed in 0..seeds {
                        let model =
                            Model { mapping, filtering, preserves_ports, loss_ppb, ..MODEL };
                        let found = discover(model, seed);
                        assert_eq!(found.mapping, Some(mapping), "{model:?}");
                        assert_eq!(found.filtering, Some(filtering), "{model:?}");
                        assert_eq!(found.is_translated, Some(true));
                        assert_eq!(found.is_payload_rewritten, Some(false));
                    }
                }
            }
        }
    }
}

#[test]
fn hairpinning_is_found_or_said_to_be_unknowable() {
    for hairpin in [HairpinSource::Absent, HairpinSource::External, HairpinSource::Internal] {
        for mapping in BEHAVIOURS {
            for filtering in BEHAVIOURS {
                let model = Model { mapping, filtering, hairpin, ..MODEL };
                let is_visible = mapping == EndpointIndependent || filtering == EndpointIndependent;
                let expected = is_visible.then_some(hairpin);
                assert_eq!(discover(model, 1).hairpinning, expected, "{model:?}");
            }
        }
    }
}

#[test]
fn without_a_nat_only_the_firewall_is_found() {
    for filtering in BEHAVIOURS {
        let found = discover(Model { is_translating: false, filtering, ..MODEL }, 1);
        assert_eq!(found.mapped, Some(local()));
        assert_eq!(found.is_translated, Some(false));
        assert_eq!(found.mapping, Some(EndpointIndependent));
        assert_eq!(found.filtering, Some(filtering));
        assert_eq!(found.hairpinning, None);
    }
}

#[test]
fn dropped_fragments_are_found() {
    assert_eq!(discover(MODEL, 1).fragments, Some(FragmentHandling::Passed));
    let found = discover(Model { passes_fragments: false, ..MODEL }, 1);
    assert_eq!(found.fragments, Some(FragmentHandling::Dropped));
}

#[test]
fn a_server_with_one_address_tells_the_mapped_address_only() {
    let server = Server::new(ServerConfig::new(server_address()), Rng::from_u64(9));
    let found = World::new(MODEL, config(), server, 1).run();
    assert!(found.mapped.is_some());
    assert_eq!((found.mapping, found.filtering, found.fragments), (None, None, None));
    // Hairpinning needs no more than RFC 8489, but to be sure of its absence the rest.
    assert_eq!(found.hairpinning, None);
}

#[test]
fn a_silent_path_ends_with_nothing_found() {
    let found = discover(Model { loss_ppb: 1_000_000_000, ..MODEL }, 1);
    assert_eq!(found, Findings::default());
}

#[test]
fn silence_of_a_dead_address_is_not_taken_for_filtering() {
    for filtering in BEHAVIOURS {
        let world = World::new(Model { filtering, ..MODEL }, config(), full_server(), 1);
        let found = world.run_without("192.0.2.2".parse().unwrap());
        assert_eq!((found.mapping, found.filtering), (None, None));
    }
}

impl World {
    /// The same, where everything from and to `dead` is lost.
    fn run_without(mut self, dead: IpAddr) -> Findings {
        self.discovery.start(self.now);
        loop {
            while let Some(output) = self.discovery.poll_output() {
                match output {
                    Output::Packet(datagram) if datagram.destination.ip() == dead => {}
                    Output::Packet(datagram) => self.send(Place::NatInside, datagram),
                    Output::Event(DiscoveryEvent::Finished(findings)) => return *findings,
                }
            }
            self.on_the_way.retain(|_, (_, datagram)| datagram.source.ip() != dead);
            let arrival = self.on_the_way.first_key_value().map(|(key, _)| key.0);
            let deadline = self.discovery.poll_timeout().map(|deadline| deadline.at);
            if arrival.is_some_and(|arrival| deadline.is_none_or(|at| arrival <= at)) {
                let ((at, _), (place, datagram)) = self.on_the_way.pop_first().unwrap();
                self.now = at;
                self.arrive(place, datagram);
            } else {
                self.now = deadline.unwrap();
                self.discovery.handle_timeout(self.now);
            }
        }
    }
}

#[test]
fn a_nat_that_reboots_in_the_middle_is_not_misjudged() {
    for millis in (0..600).step_by(5) {
        let mut world = World::new(MODEL, config(), full_server(), 1);
        world.reboot = Some(Instant::from_millis(millis));
        let found = world.run();
        assert_eq!(found.mapping, Some(EndpointIndependent), "{millis}");
        assert_eq!(found.filtering, Some(EndpointIndependent), "{millis}");
    }
}

#[test]
fn a_port_given_to_another_socket_is_no_living_mapping() {
    for lifetime in [20_000, 45_000] {
        let lifetime = Duration::from_millis(lifetime);
        let model = Model { lifetime, reuses_ports: true, ..MODEL };
        let found = lifetime_of(model, 0, 1);
        let bounds = found.lifetime.unwrap();
        assert!(bounds.at_least <= lifetime);
        assert!(bounds.less_than.is_some_and(|most| lifetime <= most), "{bounds:?}");
    }
}

fn lifetime_of(model: Model, sockets: u16, seed: u64) -> Findings {
    let sockets = (0..sockets).map(|number| SocketAddr::new(local().ip(), 5000 + number)).collect();
    let lifetime = Some(LifetimeConfig { sockets, confirmations: 3, ..LifetimeConfig::default() });
    World::new(model, DiscoveryConfig { lifetime, ..config() }, full_server(), seed).run()
}

#[test]
fn the_lifetime_lies_within_the_bounds_and_they_are_close() {
    for lifetime in [7_300, 15_000, 30_000, 63_500, 300_000] {
        for mapping in BEHAVIOURS {
            for (inbound, preserves_ports) in [(false, false), (true, false), (false, true)] {
                let model = Model {
                    mapping,
                    filtering: AddressAndPortDependent,
                    lifetime: Duration::from_millis(lifetime),
                    refresh: Refresh { outbound: true, inbound },
                    preserves_ports,
                    ..MODEL
                };
                let found = lifetime_of(model, 0, 1);
                let bounds = found.lifetime.unwrap();
                let most = bounds.less_than.unwrap();
                assert!(bounds.at_least <= model.lifetime && model.lifetime <= most, "{model:?}");
                let slack = most - bounds.at_least;
                assert!(slack < Duration::from_millis(2000), "{slack:?}");
                assert_eq!(found.refresh, Some(model.refresh), "{model:?}");
            }
        }
    }
}

#[test]
fn the_lifetime_is_found_in_spite_of_loss() {
    for seed in 0..20 {
        let model = Model { lifetime: Duration::from_secs(60), loss_ppb: 100_000_000, ..MODEL };
        let found = lifetime_of(model, 0, seed);
        let bounds = found.lifetime.unwrap();
        assert!(bounds.at_least <= model.lifetime, "{seed} {bounds:?}");
        assert!(bounds.less_than.is_some_and(|most| most >= model.lifetime), "{seed} {bounds:?}");
        assert_eq!(found.refresh, Some(model.refresh), "{seed}");
    }
}

#[test]
fn a_lifetime_that_nothing_prolongs_is_found_with_a_socket_for_each_round() {
    let refresh = Refresh { outbound: false, inbound: false };
    let model = Model { lifetime: Duration::from_secs(60), refresh, ..MODEL };
    let found = lifetime_of(model, 40, 1);
    let bounds = found.lifetime.unwrap();
    assert!(bounds.at_least <= model.lifetime, "{bounds:?}");
    assert!(bounds.less_than.is_some_and(|most| most >= model.lifetime), "{bounds:?}");
    assert_eq!(found.refresh, Some(refresh));
}

#[test]
fn a_mapping_that_outlives_the_search_has_no_upper_bound() {
    let model = Model { lifetime: Duration::from_secs(7200), ..MODEL };
    let bounds = lifetime_of(model, 0, 1).lifetime.unwrap();
    assert!(bounds.at_least > Duration::from_secs(1199));
    assert_eq!(bounds.less_than, None);
}

#[test]
fn no_bytes_panic_and_deadlines_advance() {
    let make = || {
        let lifetime = Some(LifetimeConfig::default());
        let mut discovery =
            Discovery::new(DiscoveryConfig { lifetime, ..config() }, Rng::from_u64(1));
        discovery.start(Instant::START);
        discovery
    };
    let mut discovery = make();
    let Some(Output::Packet(request)) = discovery.poll_output() else { panic!() };
    let mut server = full_server();
    server.handle_input(request, Instant::START);
    let Some(Output::Packet(answer)) = server.poll_output() else { panic!() };
    laws::no_bytes_panic(make, &[answer], 1);
    laws::deadlines_advance(&mut make(), Duration::from_secs(60), Duration::from_millis(3));
}
