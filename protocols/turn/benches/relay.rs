//! What one datagram costs on its way through the server, among a thousand clients.

use core::hint::black_box;
use core::net::{Ipv4Addr, SocketAddr};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use icelab_sans_io::net::{Datagram, Notice, Request};
use icelab_sans_io::{Instant, Output, Protocol, Rng};
use icelab_turn::client::{Client, ClientConfig};
use icelab_turn::server::{Server, ServerConfig, Users};

const CLIENTS: u16 = 1000;
const NOW: Instant = Instant::START;

/// A server and a client, each with a channel to the peer, and all the others'.
struct World {
    server: Server,
    client: Client,
    peer: SocketAddr,
}

/// A thousand clients with an allocation, a permission and a channel each.
fn world() -> World {
    let listen = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 15), 3478));
    let users = Users::one("alice", "open sesame");
    let config = ServerConfig::new(listen, listen.ip(), "example.org", users);
    let mut server = Server::new(config, Rng::from_u64(1));
    let peer = SocketAddr::from((Ipv4Addr::new(203, 0, 113, 9), 40_000));
    let mut last = None;
    for number in 0..CLIENTS {
        let [high, low] = number.to_be_bytes();
        let local = SocketAddr::from((Ipv4Addr::new(10, 0, high, low), 50_000));
        let config = ClientConfig::new(local, listen, "alice", "open sesame");
        let rng = Rng::from_u64(2).fork("client", number.into());
        let mut client = Client::new(config, rng);
        client.allocate(NOW).expect("a fresh client");
        settle(&mut server, &mut client);
        client.bind_channel(peer, NOW).expect("a channel is free");
        settle(&mut server, &mut client);
        last = Some(client);
    }
    assert_eq!(server.allocations(), usize::from(CLIENTS));
    World { server, client: last.expect("there are clients"), peer }
}

fn settle(server: &mut Server, client: &mut Client) {
    loop {
        let mut has_moved = false;
        while let Some(output) = client.poll_output() {
            has_moved = true;
            if let Output::Packet(datagram) = output {
                server.handle_input(Notice::Datagram(datagram), NOW);
            }
        }
        while let Some(output) = server.poll_output() {
            has_moved = true;
            match output {
                Output::Packet(Request::Bind { local }) => {
                    server.handle_input(Notice::Bound { requested: local, local }, NOW);
                }
                Output::Packet(Request::Send(datagram)) => client.handle_input(datagram, NOW),
                Output::Packet(_) | Output::Event(_) => {}
            }
        }
        if !has_moved {
            return;
        }
    }
}

fn relay(criterion: &mut Criterion) {
    let World { mut server, mut client, peer } = world();
    let data = vec![7; 1200];
    client.send(peer, data.clone(), NOW).expect("the channel is bound");
    let Some(Output::Packet(on_channel)) = client.poll_output() else { panic!("no datagram") };
    assert_eq!(on_channel.payload.len(), 1204);
    let relayed = client.relayed().next().expect("it is allocated");
    let from_peer = Datagram::new(peer, relayed, data.clone());
    let mut other = peer;
    other.set_port(1);
    let from_other = Datagram::new(other, relayed, data);

    let mut group = criterion.benchmark_group("relay 1200 B among 1000 clients");
    group.throughput(Throughput::Elements(1));
    for (name, datagram) in [
        ("channel to peer", on_channel),
        ("peer to channel", from_peer),
        ("peer to Data indication", from_other),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                server.handle_input(Notice::Datagram(datagram.clone()), NOW);
                black_box(server.poll_output().expect("it is relayed"))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, relay);
criterion_main!(benches);
