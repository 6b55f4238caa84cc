//! Requests and answers, byte by byte.

use icelab_ice::{CheckFailure, Config, Discard, Event, PairState, Role, State};
use icelab_stun::attribute::{
    ErrorCode, IceControlling, Priority, UnknownAttributes, UseCandidate, Username,
    XorMappedAddress,
};
use icelab_stun::{Class, Integrity, Key, Message, MessageBuilder, Method};

use crate::puppet::{BASE, OTHER, Puppet, REMOTE, address, claims, class, code, nominates};

/// The first and only packet that answers a request.
fn reply(puppet: &mut Puppet, source: &str, request: Vec<u8>) -> icelab_sans_io::net::Datagram {
    puppet.take();
    puppet.deliver(source, request);
    let mut packets = puppet.take();
    packets.retain(|packet| class(packet) != Class::Request);
    assert_eq!(packets.len(), 1);
    packets.remove(0)
}

#[test]
fn a_valid_request_is_answered_with_its_source_and_signed() {
    let mut puppet = Puppet::controlling();
    let request = puppet.request(false);
    let reply = reply(&mut puppet, REMOTE, request);
    let message = Message::parse(&reply.payload).unwrap();
    assert_eq!(message.class(), Class::Success);
    assert_eq!(message.get::<XorMappedAddress>().unwrap().unwrap().0, address(REMOTE));
    assert_eq!(message.check_fingerprint(), Some(true));
    let integrity = message.verify_integrity(&puppet.agents_key());
    assert_eq!(integrity, Integrity::Good { sha256: false });
    assert!(!message.has(icelab_stun::attribute::kind::USERNAME), "section 7.2.2");
    assert_eq!((reply.source, reply.destination), (address(BASE), address(REMOTE)));
}

#[test]
fn a_request_for_another_username_fragment_gets_401() {
    let mut puppet = Puppet::controlling();
    let (id, key) = (puppet.fresh_id(), puppet.agents_key());
    let request = MessageBuilder::new(Class::Request, Method::BINDING, id)
        .add(&Username("wrong:PEER"))
        .add(&Priority(1))
        .finish_with(Some(&key), true);
    let reply = reply(&mut puppet, REMOTE, request);
    assert_eq!(code(&reply), 401);
    let message = Message::parse(&reply.payload).unwrap();
    assert_eq!(message.verify_integrity(&key), Integrity::Absent, "RFC 8489 section 9.1.3");
}

#[test]
fn a_request_with_a_wrong_password_gets_401_and_triggers_nothing() {
    let mut puppet = Puppet::controlling();
    let (id, username) = (puppet.fresh_id(), puppet.username());
    let request = MessageBuilder::new(Class::Request, Method::BINDING, id)
        .add(&Username(&username))
        .add(&Priority(1))
        .finish_with(Some(&Key::from_bytes(b"guessed")), true);
    let reply = reply(&mut puppet, OTHER, request);
    assert_eq!(code(&reply), 401);
    assert_eq!(puppet.agent.remote_candidates().count(), 1);
}

#[test]
fn a_request_without_integrity_or_without_a_username_gets_400() {
    let mut puppet = Puppet::controlling();
    let (id, username) = (puppet.fresh_id(), puppet.username());
    let unsigned = MessageBuilder::new(Class::Request, Method::BINDING, id)
        .add(&Username(&username))
        .add(&Priority(1))
        .finish_with(None, true);
    assert_eq!(code(&reply(&mut puppet, REMOTE, unsigned)), 400);
    let (id, key) = (puppet.fresh_id(), puppet.agents_key());
    let nameless = MessageBuilder::new(Class::Request, Method::BINDING, id)
        .add(&Priority(1))
        .finish_with(Some(&key), true);
    assert_eq!(code(&reply(&mut puppet, REMOTE, nameless)), 400);
}

#[test]
fn a_request_without_a_priority_gets_400() {
    let mut puppet = Puppet::controlling();
    let (id, username, key) = (puppet.fresh_id(), puppet.username(), puppet.agents_key());
    let request = MessageBuilder::new(Class::Request, Method::BINDING, id)
        .add(&Username(&username))
        .finish_with(Some(&key), true);
    assert_eq!(code(&reply(&mut puppet, REMOTE, request)), 400);
}

#[test]
fn an_unknown_demand_gets_420_and_is_named() {
    let mut puppet = Puppet::controlling();
    let (id, username, key) = (puppet.fresh_id(), puppet.username(), puppet.agents_key());
    let request = MessageBuilder::new(Class::Request, Method::BINDING, id)
        .add(&Username(&username))
        .add(&Priority(1))
        .raw(0x7FF0, b"what?")
        .finish_with(Some(&key), true);
    let reply = reply(&mut puppet, REMOTE, request);
    assert_eq!(code(&reply), 420);
    let message = Message::parse(&reply.payload).unwrap();
    assert_eq!(message.get::<UnknownAttributes>().unwrap().unwrap().0, [0x7FF0]);
    assert_eq!(message.verify_integrity(&key), Integrity::Good { sha256: false });
}

#[test]
fn an_optional_attribute_that_is_unknown_is_ignored() {
    // GOOG-NETWORK-INFO, as Chromium sends it.
    let mut puppet = Puppet::controlled();
    let (id, username, key) = (puppet.fresh_id(), puppet.username(), puppet.agents_key());
    let request = MessageBuilder::new(Class::Request, Method::BINDING, id)
        .add(&Username(&username))
        .add(&Priority(1))
        .add(&IceControlling(1))
        .add(&UseCandidate)
        .raw(0xC057, &[0, 1, 0, 10])
        .finish_with(Some(&key), true);
    assert_eq!(class(&reply(&mut puppet, REMOTE, request)), Class::Success);
}

#[test]
fn a_request_with_a_wrong_or_no_fingerprint_is_dropped() {
    let mut puppet = Puppet::controlling();
    puppet.take();
    let mut request = puppet.request(false);
    *request.last_mut().unwrap() ^= 1;
    puppet.deliver(REMOTE, request);
    let (id, username, key) = (puppet.fresh_id(), puppet.username(), puppet.agents_key());
    let bare = MessageBuilder::new(Class::Request, Method::BINDING, id)
        .add(&Username(&username))
        .add(&Priority(1))
        .finish_with(Some(&key), false);
    puppet.deliver(REMOTE, bare);
    assert!(puppet.take().is_empty());
    assert_eq!(puppet.discarded(Discard::Fingerprint), 2);
}

#[test]
fn what_is_not_for_the_agent_is_counted() {
    let mut puppet = Puppet::controlling();
    puppet.take();
    let request = puppet.request(false);
    puppet.deliver_to(REMOTE, "203.0.113.99:1", request);
    assert_eq!(puppet.discarded(Discard::UnknownBase), 1);
    let id = puppet.fresh_id();
    let allocate =
        MessageBuilder::new(Class::Request, Method::ALLOCATE, id).finish_with(None, true);
    puppet.deliver(REMOTE, allocate);
    assert_eq!(puppet.discarded(Discard::Method), 1);
    puppet.deliver(REMOTE, vec![0, 1, 0, 4, 0x21, 0x12, 0xA4, 0x42]);
    assert_eq!(puppet.discarded(Discard::Malformed), 1);
    puppet.deliver(REMOTE, b"data before any check".to_vec());
    assert_eq!(puppet.discarded(Discard::UncheckedSource), 1);
    assert!(puppet.take().is_empty());
}

#[test]
fn a_check_carries_what_the_rfc_demands() {
    let mut puppet = Puppet::controlled();
    let request = puppet.next_request();
    assert_eq!((request.source, request.destination), (address(BASE), address(REMOTE)));
    let message = Message::parse(&request.payload).unwrap();
    let username = message.get::<Username<'_>>().unwrap().unwrap().0;
    assert_eq!(username, format!("PEER:{}", puppet.agent.local_credentials().ufrag()));
    // 110 << 24 | 65535 << 8 | 255: the priority of a peer-reflexive candidate.
    assert_eq!(message.get::<Priority>().unwrap().unwrap().0, 1_862_270_975);
    assert_eq!(claims(&request).0, Role::Controlled);
    assert!(!nominates(&request), "a controlled agent must not");
    assert_eq!(message.check_fingerprint(), Some(true));
    let integrity = message.verify_integrity(&puppet.peers_key());
    assert_eq!(integrity, Integrity::Good { sha256: false });
}

#[test]
fn an_unsigned_or_foreign_answer_is_as_if_it_had_never_come() {
    let mut puppet = Puppet::controlling();
    let request = puppet.next_request();
    let id = Message::parse(&request.payload).unwrap().transaction_id();
    let forged = |key: Option<&Key>| {
        MessageBuilder::new(Class::Success, Method::BINDING, id)
            .add(&XorMappedAddress(address(BASE)))
            .finish_with(key, true)
    };
    puppet.deliver(REMOTE, forged(None));
    puppet.deliver(REMOTE, forged(Some(&Key::from_bytes(b"guessed"))));
    assert_eq!(puppet.discarded(Discard::Integrity), 2);
    assert_eq!(puppet.agent.state(), State::Checking);
    puppet.answer(&request);
    assert_eq!(puppet.agent.state(), State::Connected, "the transaction was still open");
    puppet.answer(&request);
    assert_eq!(puppet.discarded(Discard::UnknownTransaction), 1);
}

#[test]
fn an_answer_from_another_address_fails_the_pair() {
    let mut puppet = Puppet::controlling();
    let request = puppet.next_request();
    let response = puppet.response(&request, request.source);
    puppet.deliver(OTHER, response);
    assert_eq!(puppet.agent.pairs().next().unwrap().state, PairState::Failed);
    let why = CheckFailure::NotSymmetric;
    assert_eq!(puppet.count(|it| matches!(it, Event::CheckFailed { why: w, .. } if *w == why)), 1);
    assert_eq!(puppet.agent.state(), State::Checking, "the peer may still come (RFC 8863)");
}

#[test]
fn an_error_answer_fails_the_pair_but_a_server_error_is_tried_again() {
    let mut puppet = Puppet::controlling();
    let request = puppet.next_request();
    let error = puppet.error(&request, ErrorCode::SERVER_ERROR);
    puppet.deliver(REMOTE, error);
    assert_eq!(puppet.agent.pairs().next().unwrap().state, PairState::Waiting);
    let request = puppet.next_request();
    let error = puppet.error(&request, ErrorCode::BAD_REQUEST);
    puppet.deliver(REMOTE, error);
    assert_eq!(puppet.agent.pairs().next().unwrap().state, PairState::Failed);
}

#[test]
fn requests_are_sent_at_the_times_of_rfc_8489_and_then_the_pair_fails() {
    let mut puppet = Puppet::controlling();
    let mut sent = Vec::new();
    let start = puppet.now;
    puppet.millis(0);
    for _ in 0..40_000 {
        for request in puppet.take_requests() {
            sent.push(((puppet.now - start).as_millis() as u64, request.payload));
        }
        puppet.millis(1);
    }
    let times: Vec<u64> = sent.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    assert!(sent.iter().all(|(_, payload)| *payload == sent[0].1), "one transaction, same bytes");
    assert_eq!(puppet.agent.pairs().next().unwrap().state, PairState::Failed);
    assert_eq!(puppet.agent.state(), State::Failed, "RFC 8863: after 39.5 s");
}

#[test]
fn a_failed_agent_comes_back_when_the_peers_check_arrives() {
    let mut puppet = Puppet::controlled();
    puppet.millis(40_000);
    assert_eq!(puppet.agent.state(), State::Failed);
    let request = puppet.request(true);
    puppet.deliver(REMOTE, request);
    assert_eq!(puppet.agent.state(), State::Checking);
    puppet.take();
    let request = puppet.next_request();
    puppet.answer(&request);
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn with_no_candidates_of_the_peer_at_all_its_checks_are_enough() {
    // RFC 8863 section 3.1.
    let mut puppet = Puppet::alone(Config::default());
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet.meet();
    puppet.millis(30_000);
    assert_eq!(puppet.agent.state(), State::Checking, "it is patient");
    let request = puppet.request(true);
    puppet.deliver(REMOTE, request);
    let check = puppet.next_request();
    assert_eq!(check.destination, address(REMOTE));
    puppet.answer(&check);
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn without_anything_to_check_it_fails_when_patience_ends_and_not_before() {
    let mut puppet = Puppet::alone(Config::default());
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet.meet();
    puppet.millis(39_499);
    assert_eq!(puppet.agent.state(), State::Checking);
    puppet.millis(1);
    assert_eq!(puppet.agent.state(), State::Failed);
}

#[test]
fn requests_before_the_peers_credentials_are_answered_at_once_and_followed_up_later() {
    let mut puppet = Puppet::alone(Config::default());
    let request = puppet.request(true);
    puppet.deliver(REMOTE, request);
    let packets = puppet.take();
    assert_eq!(packets.len(), 1);
    assert_eq!(class(&packets[0]), Class::Success);
    puppet.millis(500);
    assert!(puppet.take().is_empty(), "no check without the peer's password");
    puppet.meet();
    let check = puppet.next_request();
    puppet.answer(&check);
    assert_eq!(puppet.agent.state(), State::Completed, "the early nomination counts");
}

#[test]
fn a_request_of_another_fork_is_answered_and_nothing_more() {
    let mut puppet = Puppet::controlled();
    puppet.take();
    let (id, key) = (puppet.fresh_id(), puppet.agents_key());
    let username = format!("{}:fork", puppet.agent.local_credentials().ufrag());
    let request = MessageBuilder::new(Class::Request, Method::BINDING, id)
        .add(&Username(&username))
        .add(&Priority(1))
        .add(&IceControlling(1))
        .finish_with(Some(&key), true);
    puppet.deliver(OTHER, request);
    assert_eq!(class(&puppet.take()[0]), Class::Success);
    assert_eq!(puppet.agent.remote_candidates().count(), 1);
}

#[test]
fn an_icmp_error_fails_a_check_only_where_the_configuration_says_so() {
    for icmp_fails_checks in [false, true] {
        let config = Config { icmp_fails_checks, role: Role::Controlling, ..Config::default() };
        let mut puppet = Puppet::new(config);
        puppet.next_request();
        puppet.agent.handle_unreachable(address(BASE), address(REMOTE), puppet.now);
        let state = puppet.agent.pairs().next().unwrap().state;
        assert_eq!(state == PairState::Failed, icmp_fails_checks);
    }
}

#[test]
fn a_closed_agent_says_and_takes_nothing() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    puppet.agent.close(puppet.now);
    assert_eq!(puppet.agent.state(), State::Closed);
    let request = puppet.request(false);
    puppet.deliver(REMOTE, request);
    puppet.millis(60_000);
    assert!(puppet.take().is_empty());
    assert_eq!(puppet.agent.send(1, vec![1], puppet.now), Err(icelab_ice::SendError::Closed));
    assert_eq!(puppet.discarded(Discard::Closed), 1);
    puppet.agent.set_role(Role::Controlled, puppet.now);
    assert_eq!(puppet.agent.role(), Role::Controlling, "its story is over");
}
