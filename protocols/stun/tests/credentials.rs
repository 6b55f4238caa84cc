//! The server's checks of the long-term mechanism, in their order (RFC 8489 section 9.2.4).

use std::net::SocketAddr;
use std::time::Duration;

use icelab_sans_io::{Instant, Rng};
use icelab_stun::attribute::{
    ErrorCode, Nonce, PasswordAlgorithmChoice, PasswordAlgorithms, Realm, Username, kind,
};
use icelab_stun::credentials::{
    Judgement, LongTermClient, LongTermConfig, LongTermServer, PasswordAlgorithm, Rejection,
    UserTable,
};
use icelab_stun::{Class, IntegrityKind, Key, Message, MessageBuilder, Method, TransactionId};

const ID: TransactionId = TransactionId([4; 12]);

fn source() -> SocketAddr {
    "198.51.100.1:5000".parse().unwrap()
}

fn users() -> UserTable {
    let mut users = UserTable::new("example.org");
    users.add("alice", "open sesame").unwrap();
    users
}

fn server() -> LongTermServer {
    LongTermServer::new(LongTermConfig::new("example.org"), &mut Rng::from_u64(1))
}

fn request() -> MessageBuilder {
    MessageBuilder::new(Class::Request, Method::BINDING, ID)
}

fn key(algorithm: PasswordAlgorithm) -> Key {
    Key::long_term("alice", "example.org", "open sesame", algorithm).unwrap()
}

/// A nonce that `server` gives out at the start.
fn nonce(server: &LongTermServer) -> String {
    let bare = request().finish();
    let bare = Message::parse(&bare).unwrap();
    let rejection = server.check(&bare, source(), &users(), Instant::START).unwrap_err();
    assert!(matches!(rejection, Rejection::Unauthenticated));
    let answer = server.reject(&bare, &rejection, source(), Instant::START).finish();
    let answer = Message::parse(&answer).unwrap();
    assert_eq!(answer.get::<ErrorCode<'_>>().unwrap().unwrap().code, 401);
    assert_eq!(answer.get(), Some(Ok(Realm("example.org"))));
    assert!(answer.has(kind::PASSWORD_ALGORITHMS));
    answer.get::<Nonce<'_>>().unwrap().unwrap().0.to_owned()
}

fn offer() -> PasswordAlgorithms<'static> {
    PasswordAlgorithms(vec![PasswordAlgorithm::Sha256.into(), PasswordAlgorithm::Md5.into()])
}

fn outcome(server: &LongTermServer, bytes: &[u8], from: SocketAddr, now: Instant) -> String {
    let message = Message::parse(bytes).unwrap();
    match server.check(&message, from, &users(), now) {
        Ok(authenticated) => {
            format!("{} {:?}", authenticated.username, authenticated.key.signs_with())
        }
        Err(rejection) => format!("{rejection:?}"),
    }
}

fn at_start(server: &LongTermServer, bytes: &[u8]) -> String {
    outcome(server, bytes, source(), Instant::START)
}

#[test]
fn each_flaw_gets_its_own_error() {
    let server = server();
    let nonce = nonce(&server);
    let md5 = key(PasswordAlgorithm::Md5);
    let sha256 = key(PasswordAlgorithm::Sha256);
    let claims =
        || request().add(&Username("alice")).add(&Realm("example.org")).add(&Nonce(&nonce));
    let choice = |algorithm| PasswordAlgorithmChoice::from(algorithm);
    let cases = [
        // A client of RFC 5389: MD5, answered with MESSAGE-INTEGRITY.
        (claims().finish_with(Some(&md5), false), "alice Sha1"),
        (
            claims()
                .add(&offer())
                .add(&choice(PasswordAlgorithm::Sha256))
                .finish_with(Some(&sha256), false),
            "alice Sha256",
        ),
        (
            claims()
                .add(&offer())
                .add(&choice(PasswordAlgorithm::Md5))
                .finish_with(Some(&md5.clone().signing_with(IntegrityKind::Sha256)), false),
            "alice Sha256",
        ),
        // Only one of the two, an offer that was never made, and a choice outside of it.
        (claims().add(&offer()).finish_with(Some(&sha256), false), "BadRequest"),
        (
            claims().add(&choice(PasswordAlgorithm::Sha256)).finish_with(Some(&sha256), false),
            "BadRequest",
        ),
        (
            claims()
                .add(&PasswordAlgorithms(vec![PasswordAlgorithm::Md5.into()]))
                .add(&choice(PasswordAlgorithm::Md5))
                .finish_with(Some(&md5), false),
            "BadRequest",
        ),
        (
            claims()
                .add(&offer())
                .add(&PasswordAlgorithmChoice { number: 9, parameters: &[] })
                .finish_with(Some(&md5), false),
            "BadRequest",
        ),
        // Claims missing.
        (request().finish_with(Some(&md5), false), "BadRequest"),
        (
            request().add(&Username("alice")).add(&Nonce(&nonce)).finish_with(Some(&md5), false),
            "BadRequest",
        ),
        // A wrong key, a wrong user, a wrong realm, no integrity.
        (claims().finish_with(Some(&sha256), false), "Unauthenticated"),
        (
            request()
                .add(&Username("bob"))
                .add(&Realm("example.org"))
                .add(&Nonce(&nonce))
                .finish_with(Some(&md5), false),
            "Unauthenticated",
        ),
        (
            request()
                .add(&Username("alice"))
                .add(&Realm("example.com"))
                .add(&Nonce(&nonce))
                .finish_with(Some(&md5), false),
            "Unauthenticated",
        ),
        (claims().finish(), "Unauthenticated"),
        // A nonce that was never given out.
        (
            request()
                .add(&Username("alice"))
                .add(&Realm("example.org"))
                .add(&Nonce("obMatJos2AAAA"))
                .finish_with(Some(&md5), false),
            "StaleNonce",
        ),
    ];
    for (number, (bytes, expected)) in cases.iter().enumerate() {
        assert_eq!(&at_start(&server, bytes), expected, "case {number}");
    }
}

#[test]
fn a_nonce_is_good_for_one_address_and_for_its_time() {
    let server = server();
    let bytes = request()
        .add(&Username("alice"))
        .add(&Realm("example.org"))
        .add(&Nonce(&nonce(&server)))
        .finish_with(Some(&key(PasswordAlgorithm::Md5)), false);
    let elsewhere = "198.51.100.1:5001".parse().unwrap();
    assert_eq!(outcome(&server, &bytes, elsewhere, Instant::START), "StaleNonce");
    let last = Instant::START + Duration::from_nanos(600_000_000_000 - 1);
    assert_eq!(outcome(&server, &bytes, source(), last), "alice Sha1");
    assert_eq!(outcome(&server, &bytes, source(), Instant::from_secs(600)), "StaleNonce");
}

#[test]
fn a_nonce_whose_cookie_was_changed_is_not_ours() {
    let server = server();
    let changed = nonce(&server).replacen("obMatJos2gAAA", "obMatJos2AAAA", 1);
    assert!(changed.starts_with("obMatJos2AAAA"));
    let bytes = request()
        .add(&Username("alice"))
        .add(&Realm("example.org"))
        .add(&Nonce(&changed))
        .finish_with(Some(&key(PasswordAlgorithm::Md5)), false);
    assert_eq!(at_start(&server, &bytes), "StaleNonce");
}

#[test]
fn a_server_that_offers_sha256_alone_takes_no_md5() {
    let config = LongTermConfig {
        algorithms: vec![PasswordAlgorithm::Sha256],
        ..LongTermConfig::new("example.org")
    };
    let server = LongTermServer::new(config, &mut Rng::from_u64(1));
    let bytes = request()
        .add(&Username("alice"))
        .add(&Realm("example.org"))
        .add(&Nonce(&nonce(&server)))
        .finish_with(Some(&key(PasswordAlgorithm::Md5)), false);
    assert_eq!(at_start(&server, &bytes), "Unauthenticated");
}

#[test]
fn two_requests_in_flight_may_both_be_challenged() {
    let server = server();
    let mut client = LongTermClient::new("alice", "open sesame").unwrap();
    let (first, first_attempt) = client.seal(request(), None, false);
    let (second, second_attempt) = client.seal(request(), None, false);
    for (bytes, attempt) in [(first, first_attempt), (second, second_attempt)] {
        let message = Message::parse(&bytes).unwrap();
        let answer =
            server.reject(&message, &Rejection::Unauthenticated, source(), Instant::START).finish();
        let answer = Message::parse(&answer).unwrap();
        assert_eq!(client.judge(&answer, &attempt), Judgement::Retry);
        let (again, _) = client.seal(request(), Some(&attempt), false);
        assert_eq!(at_start(&server, &again), "alice Sha256");
    }
}
