//! Making, refreshing and ending allocations.

use core::time::Duration;

use icelab_sans_io::net::Notice;
use icelab_sans_io::testing::{LinkModel, Pair, Passing, Side};
use icelab_sans_io::{Instant, Protocol};
use icelab_stun::attribute::{
    AdditionalAddressFamily, EvenPort, Family, Lifetime, RequestedAddressFamily, ReservationToken,
    XorMappedAddress,
};
use icelab_stun::{Class, Message, MessageBuilder, Method};
use icelab_turn::client::{AllocateError, Client, CloseReason, Event, Families, PortChoice};
use icelab_turn::server::{EndReason, ServerDiscard, ServerEvent, Users};
use icelab_turn::time_limited_password;

use crate::harness::{
    CLIENT, Caller, Host, Lab, PEER, PEER_V6, SERVER, address, client_config, open, open_pair,
    pair, received, server_config,
};

const NOW: Instant = Instant::START;

fn host() -> Host {
    Host::new(server_config())
}

fn class_of(payload: &[u8]) -> Option<(Class, Method)> {
    let message = Message::parse(payload).ok()?;
    Some((message.class(), message.method()))
}

#[test]
fn a_client_is_challenged_and_then_served() {
    // A -> Allocate -> Z
    // A <- 401 <- Z
    // A -> Allocate with credentials -> Z
    // A <- success <- Z
    let mut pair = open_pair(LinkModel::delayed(Duration::from_millis(20)));
    assert_eq!(pair.now(), Instant::from_millis(80));
    let events = pair.events_a();
    let [Event::Allocated { relayed, mapped, lifetime, reservation: None, refused: None }] =
        events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!(*mapped, address(CLIENT));
    assert_eq!(*lifetime, Duration::from_secs(600));
    assert_eq!(*relayed, pair.a.relayed().collect::<Vec<_>>());
    assert_eq!(relayed[0].ip(), address(SERVER).ip());
    assert!((49_152..=65_535).contains(&relayed[0].port()));
    assert_eq!(pair.z.host.relayed(), *relayed);
    assert_eq!(pair.a.allocate(pair.now()), Err(AllocateError::AlreadyStarted));
}

#[test]
fn a_copy_of_the_allocate_request_gets_the_same_answer_and_no_second_allocation() {
    let mut host = host();
    let mut caller = Caller::new(1000);
    let first = caller.allocate(&mut host, |message| message.add(&EvenPort { reserve: true }));
    let again = caller.send(&mut host, &caller.last_request, NOW).unwrap();
    assert_eq!(first.0, again.0);
    // Seconds later the same relayed address has less time left.
    let later = caller.send(&mut host, &caller.last_request, Instant::from_secs(7)).unwrap();
    assert_eq!(later.relayed(), first.relayed());
    assert_eq!(later.get(), Some(Lifetime(593)));
    assert_eq!(later.get::<ReservationToken>(), first.get());
    assert_eq!(host.server.allocations(), 1);
}

#[test]
fn a_copy_that_comes_while_ports_are_being_bound_is_ignored() {
    let mut host = host();
    let mut caller = Caller::new(1000);
    caller.refresh(&mut host, 600, NOW);
    host.is_silent = true;
    let id = icelab_stun::TransactionId([3; 12]);
    let message = MessageBuilder::new(Class::Request, Method::ALLOCATE, id)
        .add(&icelab_stun::attribute::RequestedTransport::UDP);
    let (request, _) = caller.credentials.seal(message, None, false);
    assert!(caller.send(&mut host, &request, NOW).is_none());
    assert!(caller.send(&mut host, &request, NOW).is_none());
    assert_eq!(host.server.discards().count(ServerDiscard::AllocateInProgress), 1);
    // Another request from there is a mismatch; after five seconds the host is given up.
    assert_eq!(caller.allocate(&mut host, |message| message).code(), 437);
    let deadline = host.server.poll_timeout().unwrap();
    assert_eq!((deadline.at, deadline.timer), (Instant::from_secs(5), "turn.opening"));
    host.timeout(deadline.at);
    assert_eq!(class_of(&host.to_clients[0].payload), Some((Class::Error, Method::ALLOCATE)));
    host.is_silent = false;
    assert_eq!(caller.allocate(&mut host, |message| message).code(), 0);
}

#[test]
fn ports_that_somebody_else_has_are_passed_over() {
    let mut config = server_config();
    config.ports = 50_000..=50_015;
    let mut host = Host::new(config);
    for port in (50_001..=50_015).step_by(2) {
        host.occupied.insert(address(&format!("192.0.2.15:{port}")));
    }
    for caller in 1000..1004 {
        assert_eq!(Caller::new(caller).allocate(&mut host, |message| message).code(), 0);
    }
    assert!(host.relayed().iter().all(|relayed| relayed.port().is_multiple_of(2)));
}

#[test]
fn a_port_that_was_given_back_serves_again() {
    let mut config = server_config();
    config.ports = 50_000..=50_000;
    let mut host = Host::new(config);
    let mut caller = Caller::new(1000);
    for _ in 0..3 {
        assert_eq!(caller.allocate(&mut host, |message| message).code(), 0);
        assert_eq!(Caller::new(1001).allocate(&mut host, |message| message).code(), 508);
        assert_eq!(caller.refresh(&mut host, 0, NOW).code(), 0);
    }
}

#[test]
fn even_ports_are_even_and_the_next_one_is_held_for_thirty_seconds() {
    let mut host = host();
    let even =
        Caller::new(1000).allocate(&mut host, |message| message.add(&EvenPort { reserve: false }));
    assert!(even.relayed()[0].port().is_multiple_of(2));
    assert_eq!(even.get::<ReservationToken>(), None);

    let pair =
        Caller::new(1001).allocate(&mut host, |message| message.add(&EvenPort { reserve: true }));
    let (rtp, token) = (pair.relayed()[0], pair.get::<ReservationToken>().unwrap());
    assert!(rtp.port().is_multiple_of(2));
    // What comes to the held port is nobody's.
    let held = core::net::SocketAddr::new(rtp.ip(), rtp.port() + 1);
    host.datagram(address(PEER), held, b"x", NOW);
    assert_eq!(host.server.discards().count(ServerDiscard::NoSuchRelay), 1);
    let mut other = Caller::new(1002);
    let next = other.allocate(&mut host, |message| message.add(&token));
    assert_eq!(next.relayed(), [held]);
    assert_eq!(host.server.poll_timeout().unwrap().timer, "turn.relay");
    // A token is good once.
    let mut late = Caller::new(1003);
    assert_eq!(late.allocate(&mut host, |message| message.add(&token)).code(), 508);

    let pair =
        Caller::new(1004).allocate(&mut host, |message| message.add(&EvenPort { reserve: true }));
    let (rtp, token) = (pair.relayed()[0], pair.get::<ReservationToken>().unwrap());
    let held = core::net::SocketAddr::new(rtp.ip(), rtp.port() + 1);
    assert!(host.bound.contains(&held));
    host.timeout(Instant::from_secs(30));
    assert!(!host.bound.contains(&held));
    assert_eq!(late.allocate(&mut host, |message| message.add(&token)).code(), 508);
}

#[test]
fn a_client_can_have_an_even_port_and_another_the_next() {
    let mut config = client_config();
    config.port = PortChoice::EvenAndNext;
    let mut first = pair(config, server_config(), LinkModel::default());
    first.a.allocate(NOW).unwrap();
    open(&mut first);
    let events = first.events_a();
    let Event::Allocated { reservation: Some(token), .. } = events[0] else { panic!("{events:?}") };
    let relayed = first.a.relayed().next().unwrap();
    let mut config = client_config();
    config.port = PortChoice::Reserved(token);
    config.local.set_port(49_999);
    let lab = Lab::new(std::mem::replace(&mut first.z.host, host()));
    let mut second = Pair::new(crate::harness::client(config), lab, LinkModel::default(), 2);
    second.a.allocate(NOW).unwrap();
    open(&mut second);
    assert_eq!(second.a.relayed().next().unwrap().port(), relayed.port() + 1);

    let mut config = client_config();
    (config.families, config.port) = (Families::Both, PortChoice::EvenAndNext);
    let mut client = crate::harness::client(config);
    assert_eq!(client.allocate(NOW), Err(AllocateError::Contradiction));
}

#[test]
fn a_dual_allocation_has_two_addresses_and_gives_one_back() {
    let mut config = client_config();
    config.families = Families::Both;
    let mut pair = pair(config, server_config(), LinkModel::default());
    pair.a.allocate(NOW).unwrap();
    open(&mut pair);
    let relayed: Vec<_> = pair.a.relayed().collect();
    assert!(relayed[0].is_ipv4() && relayed[1].is_ipv6());
    for peer in [PEER, PEER_V6] {
        pair.a.send(address(peer), peer.as_bytes(), pair.now()).unwrap();
    }
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(received(&pair.events_a()), [PEER.as_bytes(), PEER_V6.as_bytes()]);

    // RFC 8656 section 8.1: the other family's permissions and channels stay.
    pair.a.release(Family::V4, pair.now());
    pair.drive_for(Duration::from_secs(1));
    let events = pair.events_a();
    assert!(events.contains(&Event::Released { relayed: relayed[0] }), "{events:?}");
    assert_eq!(pair.z.host.relayed(), [relayed[1]]);
    assert!(pair.a.send(address(PEER), b"x".as_slice(), pair.now()).is_err());
    pair.a.send(address(PEER_V6), b"y".as_slice(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(received(&pair.events_a()), [b"y"]);
    // The last one only goes with the allocation.
    pair.a.release(Family::V6, pair.now());
    assert!(pair.a.is_open());
}

#[test]
fn one_family_can_be_had_alone_and_refreshed_alone() {
    let mut host = host();
    let mut caller = Caller::new(1000);
    let v6 = RequestedAddressFamily(Family::V6);
    let answer = caller.allocate(&mut host, |message| message.add(&v6));
    assert!(answer.relayed()[0].is_ipv6());
    assert_eq!(answer.get(), Some(XorMappedAddress(caller.address)));

    let mut dual = Caller::new(1001);
    let both = AdditionalAddressFamily(Family::V6);
    assert_eq!(dual.allocate(&mut host, |message| message.add(&both)).relayed().len(), 2);
    let later = Instant::from_secs(300);
    let answer = dual.ask(&mut host, Method::REFRESH, later, |message| message.add(&v6));
    assert_eq!(answer.get(), Some(Lifetime(600)));
    host.events.clear();
    host.timeout(Instant::from_secs(600));
    let expired: Vec<_> = host.events.iter().filter(|event| matches!(event, ServerEvent::Ended { client, relayed, .. } if *client == dual.address && relayed.is_ipv4())).collect();
    assert_eq!(expired.len(), 1);
    host.timeout(Instant::from_secs(899));
    assert_eq!(host.relayed().len(), 1);
    host.timeout(Instant::from_secs(900));
    assert_eq!(host.relayed(), []);
}

#[test]
fn lifetimes_are_kept_between_the_default_and_the_maximum() {
    let mut host = host();
    let mut caller = Caller::new(1000);
    let answer = caller.allocate(&mut host, |message| message.add(&Lifetime(10)));
    assert_eq!(answer.get(), Some(Lifetime(600)));
    for (asked, granted) in [(1, 600), (1800, 1800), (7200, 3600), (u32::MAX, 3600)] {
        let answer = caller.refresh(&mut host, asked, NOW);
        assert_eq!(answer.get(), Some(Lifetime(granted)));
    }
    assert_eq!(caller.refresh(&mut host, 0, NOW).get(), Some(Lifetime(0)));
    assert_eq!(caller.refresh(&mut host, 0, NOW).code(), 437);
    assert!(host.relayed().is_empty());
}

#[test]
fn what_nobody_refreshes_ends_even_where_the_driver_is_late() {
    let mut host = host();
    let mut caller = Caller::new(1000);
    let relayed = caller.allocate(&mut host, |message| message).relayed()[0];
    assert_eq!(host.server.poll_timeout().unwrap().at, Instant::from_secs(600));
    host.events.clear();
    let answer = caller.refresh(&mut host, 600, Instant::from_secs(601));
    assert_eq!(answer.code(), 437);
    let ended = ServerEvent::Ended { client: caller.address, relayed, reason: EndReason::Expired };
    assert_eq!(host.events[0], ended);
}

#[test]
fn closing_deletes_the_allocation_even_where_the_answer_is_lost() {
    let mut pair = open_pair(LinkModel::delayed(Duration::from_millis(20)));
    let mut lost = 0;
    pair.filter(move |side, datagram, _| {
        let is_answer = class_of(&datagram.payload) == Some((Class::Success, Method::REFRESH));
        if side == Side::Z && is_answer && lost == 0 {
            lost += 1;
            return Passing::Lost;
        }
        Passing::Pass
    });
    // A -> Refresh 0 -> Z
    // A <- success </lost/- Z
    // A -> Refresh 0 -> Z
    // A <- 437 <- Z
    pair.events_a();
    pair.a.close(pair.now());
    assert!(pair.drive(Instant::from_secs(60)));
    assert_eq!(pair.events_a(), [Event::Closed { reason: CloseReason::Requested }]);
    assert!(pair.z.host.relayed().is_empty());
}

#[test]
fn closing_while_the_server_works_gives_back_what_it_makes() {
    for after in [10, 30, 50, 70, 90] {
        let link = LinkModel::delayed(Duration::from_millis(20));
        let mut pair = pair(client_config(), server_config(), link);
        pair.a.allocate(NOW).unwrap();
        pair.drive(Instant::from_millis(after));
        pair.a.close(pair.now());
        assert!(pair.drive(Instant::from_secs(60)), "closed after {after} ms");
        let closed = Event::Closed { reason: CloseReason::Requested };
        assert_eq!(pair.events_a().last(), Some(&closed));
        assert!(pair.z.host.relayed().is_empty(), "closed after {after} ms");
    }
    let mut idle = crate::harness::client(client_config());
    idle.close(NOW);
    assert!(idle.is_closed());
}

#[test]
fn a_silent_server_is_given_up_after_39_and_a_half_seconds() {
    let mut pair = pair(client_config(), server_config(), LinkModel::default());
    pair.filter(|_, _, _| Passing::Lost);
    pair.a.allocate(NOW).unwrap();
    assert!(pair.drive(Instant::from_secs(60)));
    assert_eq!(pair.now(), Instant::from_millis(39_500));
    assert_eq!(pair.events_a(), [Event::Closed { reason: CloseReason::TimedOut }]);
}

#[test]
fn answers_with_a_broken_seal_are_as_good_as_none() {
    let mut config = client_config();
    config.password = "open sesame".into();
    let mut pair = pair(config, server_config(), LinkModel::default());
    pair.a.allocate(NOW).unwrap();
    open(&mut pair);
    // The server takes requests with its own key for alice, and seals with it; a stranger's seal
    // does not hold.
    let mut stranger = server_config();
    stranger.users = Users::one("alice", "another");
    let id = icelab_stun::TransactionId([1; 12]);
    let fake = MessageBuilder::new(Class::Success, Method::REFRESH, id).add(&Lifetime(9)).finish();
    let datagram = icelab_sans_io::net::Datagram::new(address(SERVER), address(CLIENT), fake);
    pair.a.handle_input(datagram, pair.now());
    assert_eq!(pair.a.discards().total(), 1);
    assert!(pair.a.is_open());
}

#[test]
fn credentials_that_expire_let_in_until_they_do() {
    let epoch = 1_700_000_000;
    let mut config = server_config();
    config.users = Users::TimeLimited { secret: "north".into(), epoch };
    let name = format!("{}:alice", epoch + 60);
    let password = time_limited_password(b"north", &name);
    let mut client = client_config();
    client.username = name.clone();
    client.password = password.as_str().into();
    let mut pair = pair(client, config.clone(), LinkModel::default());
    pair.a.allocate(NOW).unwrap();
    open(&mut pair);
    // What was allocated in time stays.
    pair.drive_for(Duration::from_secs(1200));
    assert!(pair.a.is_open());
    let mut late = Caller::named(1000, &name, &password);
    let mut host = Host::new(config);
    host.notice(Notice::InterfacesChanged(Vec::new()), Instant::from_secs(60));
    let answer = late.ask(&mut host, Method::ALLOCATE, Instant::from_secs(60), |message| {
        message.add(&icelab_stun::attribute::RequestedTransport::UDP)
    });
    assert_eq!(answer.code(), 401);
}

#[test]
fn users_may_change_under_an_allocation() {
    let mut pair = open_pair(LinkModel::default());
    pair.z.host.server.set_users(Users::one("alice", "another"));
    pair.drive_for(Duration::from_secs(1200));
    assert!(pair.a.is_open());
    // The server starts anew: only the new password helps, and only for a new allocation.
    let mut config = server_config();
    config.users = Users::one("alice", "another");
    let mut fresh = crate::harness::client(client_config());
    fresh.set_credentials("alice", "another").unwrap();
    let lab = Lab::new(Host::new(config));
    let mut pair: Pair<Client, Lab> = Pair::new(fresh, lab, LinkModel::default(), 3);
    pair.a.allocate(pair.now()).unwrap();
    open(&mut pair);
}

#[test]
fn a_new_password_keeps_an_allocation_alive_too() {
    let mut host = host();
    let mut old = Caller::new(1000);
    assert_eq!(old.allocate(&mut host, |message| message).code(), 0);
    host.server.set_users(Users::one("alice", "another"));
    let mut new = Caller::named(1000, "alice", "another");
    assert_eq!(new.refresh(&mut host, 600, NOW).code(), 0);
    assert_eq!(old.refresh(&mut host, 600, NOW).code(), 0);
}

#[test]
fn binding_requests_are_answered_too() {
    let mut host = host();
    let caller = Caller::new(1000);
    let id = icelab_stun::TransactionId([5; 12]);
    let request = MessageBuilder::new(Class::Request, Method::BINDING, id).finish_with(None, true);
    let answer = caller.send(&mut host, &request, NOW).unwrap();
    assert_eq!(answer.get(), Some(XorMappedAddress(caller.address)));
    assert_eq!(answer.message().check_fingerprint(), Some(true));
    let request = MessageBuilder::new(Class::Request, Method::BINDING, id).raw(0x7000, &[]);
    assert_eq!(caller.send(&mut host, &request.finish(), NOW).unwrap().code(), 420);
}
