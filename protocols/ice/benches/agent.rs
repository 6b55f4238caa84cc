//! Two agents with ten candidates each, from nothing to a selected pair on both sides.

use std::hint::black_box;
use std::net::{IpAddr, SocketAddr};

use criterion::{Criterion, criterion_group, criterion_main};
use icelab_ice::{Agent, Candidate, Config, LocalCandidate, Role, State};
use icelab_sans_io::net::Datagram;
use icelab_sans_io::{Instant, Output, Protocol, Rng};

/// Addresses of one side: five hosts, each with a server-reflexive candidate. Only the last host
/// reaches the other side, so that half of the list is checked in vain first.
fn agent(side: u8, role: Role) -> (Agent, Vec<Candidate>) {
    let mut agent =
        Agent::new(Config { role, ..Config::default() }, Rng::from_u64(u64::from(side)));
    let now = Instant::START;
    let server = SocketAddr::from(([192, 0, 2, 1], 3478)).ip();
    let mut signalled = Vec::new();
    for index in 0..5_u8 {
        let host = SocketAddr::from(([10, side, 0, index], 5000));
        let mapped = SocketAddr::from(([203, 0, side, index], 6000));
        let mut local = LocalCandidate::host(1, host);
        local.local_preference = u16::MAX - u16::from(index);
        signalled.extend(agent.add_local_candidate(local, now));
        let mut reflexive = LocalCandidate::reflexive(1, mapped, host, server);
        reflexive.local_preference = u16::MAX - u16::from(index);
        signalled.extend(agent.add_local_candidate(reflexive, now));
    }
    agent.end_of_local_candidates(now);
    (agent, signalled)
}

fn connect() -> Instant {
    let mut now = Instant::START;
    let (a, of_a) = agent(1, Role::Controlling);
    let (z, of_z) = agent(2, Role::Controlled);
    let credentials = [z.local_credentials().clone(), a.local_credentials().clone()];
    let mut agents = [a, z];
    for ((agent, candidates), credentials) in agents.iter_mut().zip([of_z, of_a]).zip(credentials) {
        for candidate in candidates {
            agent.add_remote_candidate(candidate, now);
        }
        agent.end_of_remote_candidates(now);
        agent.set_remote_credentials(credentials, false, now).expect("they are the first");
    }
    while agents.iter().any(|agent| agent.state() != State::Completed) {
        let next = agents.iter().filter_map(Agent::poll_timeout).map(|it| it.at).min();
        now = now.max(next.expect("not completed, so something is due"));
        for agent in &mut agents {
            agent.handle_timeout(now);
        }
        while exchange(&mut agents, now) {}
    }
    now
}

fn exchange(agents: &mut [Agent; 2], now: Instant) -> bool {
    let [a, z] = agents;
    let from_a = deliver(a, z, now);
    let from_z = deliver(z, a, now);
    from_a || from_z
}

/// Hands over what waits; only the last hosts' private addresses reach each other.
fn deliver(from: &mut Agent, to: &mut Agent, now: Instant) -> bool {
    let mut moved = false;
    while let Some(output) = from.poll_output() {
        moved = true;
        if let Output::Packet(Datagram { source, destination, payload, .. }) = output
            && is_way(source)
            && is_way(destination)
        {
            to.handle_input(Datagram::new(source, destination, payload), now);
        }
    }
    moved
}

fn is_way(address: SocketAddr) -> bool {
    match address.ip() {
        IpAddr::V4(ip) => matches!(ip.octets(), [10, _, _, 4]),
        IpAddr::V6(_) => false,
    }
}

fn benchmark(criterion: &mut Criterion) {
    criterion.bench_function("ice/ten_candidates_each/connected", |bencher| {
        bencher.iter(|| black_box(connect()));
    });
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
