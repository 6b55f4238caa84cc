//! Two tokio guests exchange STUN through a NAT; [`sockets`]: what a guest's sockets do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, in its helpers too")]

mod sockets;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use icelab_sans_io::Rng;
use icelab_sim::{GatewayConfig, HostConfig, Level, LinkConfig, Network, nat};
use icelab_stun::attribute::XorMappedAddress;
use icelab_stun::{Class, Message, MessageBuilder, Method, TransactionId};
use icelab_turmoil::{Config, Failure, Host, Lab, NotBuilt};
use tokio::time::{sleep, timeout};

type Seen = Rc<RefCell<Vec<String>>>;

#[test]
fn two_guests_exchange_stun_through_a_nat_and_two_runs_are_the_same_run() {
    let run = |seed| {
        let seen = Seen::default();
        let mut lab = lab(seed, &seen);
        lab.run_for(Duration::from_secs(3)).unwrap();
        let hash = lab.simulation().record().hash();
        (seen.take(), hash)
    };
    let (seen, hash) = run(7);
    assert!(seen.len() >= 5, "{seen:?}");
    // The server sees the NAT, not the client.
    assert!(
        seen.iter().all(|line| line.contains("mapped") && !line.contains("192.168.")),
        "{seen:?}"
    );
    assert_eq!((seen, hash.clone()), run(7));
    assert_ne!(hash, run(8).1);
}

#[test]
fn a_guest_crashes_and_comes_back() {
    let run = || {
        let seen = Seen::default();
        let mut lab = lab(1, &seen);
        lab.run_for(Duration::from_secs(1)).unwrap();
        let before = seen.borrow().len();
        lab.crash("server");
        lab.run_for(Duration::from_secs(1)).unwrap();
        let during = seen.borrow().len();
        lab.bounce("server");
        lab.run_for(Duration::from_secs(1)).unwrap();
        let hash = lab.simulation().record().hash();
        (before, during, seen.take(), hash)
    };
    let (before, during, seen, _) = run();
    assert!(before > 0);
    assert!(during - before <= 1, "what was on its way may still arrive: {seen:?}");
    assert!(seen.len() > during, "the server answers again: {seen:?}");
    assert_eq!(run(), run());
}

#[test]
fn the_client_may_crash_with_a_datagram_in_its_inbox() {
    let seen = Seen::default();
    let mut lab = lab(1, &seen);
    for _ in 0..20 {
        lab.run_for(Duration::from_millis(35)).unwrap();
        lab.crash("client");
        lab.bounce("client");
    }
    lab.run_for(Duration::from_secs(1)).unwrap();
    assert!(!seen.borrow().is_empty());
}

#[test]
fn a_panic_in_a_guest_fails_the_run() {
    let mut lab = Lab::new(&network(), config(1)).unwrap();
    lab.host("client", |_| async { panic!("the guest is broken") }).unwrap();
    let failure = lab.run_for(Duration::from_secs(1)).unwrap_err();
    assert!(matches!(failure, Failure::Guest(_)), "{failure}");
}

#[test]
fn a_port_cannot_be_bound_twice_and_is_free_again_after_a_drop() {
    let seen = Seen::default();
    let mut lab = Lab::new(&network(), config(1)).unwrap();
    let notes = seen.clone();
    lab.host("client", move |host: Host| {
        let notes = notes.clone();
        async move {
            let local = SocketAddr::new(host.address().expect("an address"), 4000);
            let first = host.bind(local).await?;
            let second = host.bind(local).await.map(|_| ());
            notes.borrow_mut().push(format!("{:?}", second.unwrap_err().kind()));
            drop(first);
            sleep(Duration::from_millis(50)).await;
            let again = host.bind(local).await?;
            notes.borrow_mut().push(again.local_addr().port().to_string());
            Ok(())
        }
    })
    .unwrap();
    lab.run_for(Duration::from_secs(1)).unwrap();
    assert_eq!(seen.take(), ["AddrInUse", "4000"]);
}

#[test]
fn a_guest_on_a_link_without_delay_is_refused() {
    let mut network = Network::new();
    network.host("fast", HostConfig::behind("internet").with_link(&LinkConfig::default()));
    let refused = Lab::new(&network, config(1)).map(|_| ()).unwrap_err();
    assert!(matches!(refused, NotBuilt::LinkTooFast { .. }), "{refused}");
}

/// A STUN client behind a symmetric NAT that asks ten times a second, and a server.
fn lab<'a>(seed: u64, seen: &Seen) -> Lab<'a> {
    let mut lab = Lab::new(&network(), config(seed)).unwrap();
    let server = lab.simulation().node("server").unwrap();
    let server = SocketAddr::new(lab.simulation().address(server).unwrap(), 3478);
    lab.host("server", move |host| serve(host, server)).unwrap();
    let seen = seen.clone();
    lab.host("client", move |host| ask(host, server, seen.clone())).unwrap();
    lab
}

fn network() -> Network {
    let mut network = Network::new();
    let nat = nat::Config {
        mapping: nat::Behaviour::AddressAndPortDependent,
        ports: nat::Ports::Random,
        ..nat::Config::default()
    };
    network.gateway("home", GatewayConfig::nat(nat));
    network.host("client", HostConfig::behind("home"));
    network.host("server", HostConfig::behind("internet"));
    network
}

fn config(seed: u64) -> Config {
    Config { seed, limit: Duration::from_secs(60), level: Level::Full }
}

async fn serve(host: Host, local: SocketAddr) -> turmoil::Result {
    let socket = host.bind(local).await?;
    loop {
        let datagram = socket.recv().await?;
        let Ok(request) = Message::parse(&datagram.payload) else { continue };
        let answer = MessageBuilder::new(Class::Success, Method::BINDING, request.transaction_id())
            .add(&XorMappedAddress(datagram.source))
            .finish();
        socket.send_to(&answer, datagram.source)?;
    }
}

async fn ask(host: Host, server: SocketAddr, seen: Seen) -> turmoil::Result {
    let local = SocketAddr::new(host.address().ok_or("no address")?, 0);
    let socket = host.bind(local).await?;
    let mut rng: Rng = host.rng("stun", 0);
    loop {
        let id = TransactionId(rng.bytes());
        let request = MessageBuilder::new(Class::Request, Method::BINDING, id).finish();
        socket.send_to(&request, server)?;
        if let Ok(datagram) = timeout(Duration::from_millis(100), socket.recv()).await {
            let datagram = datagram?;
            let message = Message::parse(&datagram.payload)?;
            let mapped = message.get::<XorMappedAddress>().ok_or("no address")??;
            assert_eq!(message.transaction_id(), id, "answers come in order on this path");
            seen.borrow_mut().push(format!("{} mapped to {}", host.now(), mapped.0));
        }
        sleep(Duration::from_millis(100)).await;
    }
}
