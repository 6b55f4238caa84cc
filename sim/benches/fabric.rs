//! How fast the fabric is, with guests that know no protocol.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use icelab_sans_io::net::{Datagram, Notice, Request};
use icelab_sans_io::{Deadline, Instant, Output, Protocol, Rng};
use icelab_sim::nat::Config;
use icelab_sim::{
    Fabric, GatewayConfig, HostConfig, Level, LinkConfig, Network, NodeId, Simulation,
};

/// alice, a NAT, the internet, another NAT, bob: 3 hops, 4 links.
fn two_homes(link: &LinkConfig) -> Network {
    let mut network = Network::new();
    for (home, host) in [("home_a", "alice"), ("home_b", "bob")] {
        network.gateway(home, GatewayConfig::nat(Config::default()).with_link(link.clone()));
        network.host(host, HostConfig::behind(home).with_link(link));
    }
    network
}

fn booted(link: &LinkConfig, level: Level) -> (Fabric, [NodeId; 2], [Datagram; 2]) {
    let mut fabric = Fabric::new(&two_homes(link), &Rng::from_u64(1), level).expect("it builds");
    let hosts = ["alice", "bob"].map(|name| fabric.node(name).expect("declared"));
    let gates = ["home_a", "home_b"].map(|name| fabric.node(name).expect("declared"));
    for host in hosts {
        fabric.boot(host);
        let local = (fabric.address(host).expect("assigned"), 5000).into();
        fabric.request(host, Request::Bind { local });
    }
    let datagram = |from: NodeId, to: NodeId| {
        let [source, destination] = [from, to].map(|node| fabric.address(node).expect("assigned"));
        Datagram::new((source, 5000).into(), (destination, 5000).into(), vec![7; 1200])
    };
    let ([alice, bob], [home_a, home_b]) = (hosts, gates);
    let datagrams = [datagram(alice, home_b), datagram(bob, home_a)];
    // Each opens its own NAT for the other.
    for (host, datagram) in hosts.iter().zip(&datagrams) {
        fabric.request(*host, Request::Send(datagram.clone()));
    }
    drain(&mut fabric);
    (fabric, hosts, datagrams)
}

/// Runs until nothing is on its way; says how many datagrams arrived.
fn drain(fabric: &mut Fabric) -> u32 {
    let mut arrived = 0;
    while fabric.packets_on_their_way() > 0 && fabric.handle_next() {
        while let Some((_, notice)) = fabric.poll_notice() {
            arrived += u32::from(matches!(notice, Notice::Datagram(_)));
        }
    }
    arrived
}

/// Sends so many packets at a time, and waits until they have arrived.
const BURST: u32 = 100;

fn packets(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("packets of 1200 bytes, 3 hops, 2 NATs");
    group.throughput(Throughput::Elements(u64::from(BURST)));
    for (name, level) in [("hash", Level::Hash), ("full record", Level::Full)] {
        let (mut fabric, [alice, _], [datagram, _]) = booted(&LinkConfig::ethernet(), level);
        group.bench_function(name, |bench| {
            bench.iter(|| {
                for _ in 0..BURST {
                    fabric.request(alice, Request::Send(datagram.clone()));
                }
                assert_eq!(drain(&mut fabric), BURST);
            });
        });
    }
    group.finish();
}

fn events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("events of small packets");
    let (mut fabric, [alice, _], [mut datagram, _]) = booted(&LinkConfig::ethernet(), Level::Hash);
    datagram.payload.truncate(40);
    let mut burst = || {
        let before = fabric.handled();
        for _ in 0..BURST {
            fabric.request(alice, Request::Send(datagram.clone()));
        }
        assert_eq!(drain(&mut fabric), BURST);
        fabric.handled() - before
    };
    group.throughput(Throughput::Elements(burst()));
    group.bench_function("hash", |bench| bench.iter(&mut burst));
    group.finish();
}

/// Sends a packet each millisecond.
struct Ticker {
    datagram: Datagram,
    next: Instant,
    waiting: Vec<Request>,
}

impl Protocol for Ticker {
    type Input = Notice;
    type Packet = Request;
    type Event = ();

    fn handle_input(&mut self, _: Notice, _: Instant) {}

    fn handle_timeout(&mut self, now: Instant) {
        if self.next <= now {
            self.next = now + std::time::Duration::from_millis(1);
            self.waiting.push(Request::Send(self.datagram.clone()));
        }
    }

    fn poll_output(&mut self) -> Option<Output<Request, ()>> {
        self.waiting.pop().map(Output::Packet)
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        Some(Deadline { at: self.next, timer: "tick" })
    }
}

fn guests(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a second of two guests that send each millisecond");
    group.throughput(Throughput::Elements(2_000));
    let network = two_homes(&LinkConfig::ethernet());
    let (_, _, datagrams) = booted(&LinkConfig::ethernet(), Level::Hash);
    let mut simulation =
        Simulation::new(&network, &Rng::from_u64(1), Level::Hash).expect("it builds");
    for (name, datagram) in ["alice", "bob"].into_iter().zip(datagrams) {
        let host = simulation.node(name).expect("declared");
        let waiting = vec![Request::Bind { local: datagram.source }];
        simulation.place(host, Ticker { datagram, next: Instant::START, waiting });
    }
    group.bench_function("hash", |bench| {
        bench.iter(|| {
            let until = simulation.now() + std::time::Duration::from_secs(1);
            simulation.step(until).expect("it ends")
        });
    });
    group.finish();
}

criterion_group!(benches, packets, events, guests);
criterion_main!(benches);
