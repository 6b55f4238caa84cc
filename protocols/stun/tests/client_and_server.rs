//! Client and server on a link, and the server's answers one by one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use icelab_sans_io::net::Datagram;
use icelab_sans_io::testing::{LinkModel, Pair, Passing, Side, laws};
use icelab_sans_io::{Instant, Output, Protocol, Rng};
use icelab_stun::attribute::{
    ChangeRequest, ErrorCode, MappedAddress, OtherAddress, Padding, Priority, ResponseOrigin,
    ResponsePort, UnknownAttributes, XorMappedAddress, kind,
};
use icelab_stun::credentials::{
    ClientCredentials, LongTermClient, LongTermConfig, PasswordAlgorithm, Refusal, ShortTermClient,
    UserTable,
};
use icelab_stun::{
    Class, Client, ClientConfig, ClientEvent, Discard, Failure, Keepalive, Key, Message,
    MessageBuilder, Method, Redirect, Redirects, Server, ServerConfig, ServerCredentials,
    TransactionId,
};

fn local() -> SocketAddr {
    "10.0.0.1:4000".parse().unwrap()
}

fn first() -> SocketAddr {
    "192.0.2.1:3478".parse().unwrap()
}

fn second() -> SocketAddr {
    "192.0.2.2:3479".parse().unwrap()
}

fn server(config: ServerConfig) -> Server {
    Server::new(config, Rng::from_u64(1))
}

fn client(config: ClientConfig) -> Client {
    let mut client = Client::new(config, Rng::from_u64(2));
    client.start(Instant::START);
    client
}

fn pair(client: Client, server: Server, model: LinkModel) -> Pair<Client, Server> {
    Pair::new(client, server, model, 7)
}

fn quick() -> LinkModel {
    LinkModel::delayed(Duration::from_millis(10))
}

fn run(client: Client, server: Server) -> Vec<ClientEvent> {
    let mut pair = pair(client, server, quick());
    pair.drive_for(Duration::from_secs(60));
    pair.events_a()
}

fn mapped() -> ClientEvent {
    let rtt = Some(Duration::from_millis(20));
    ClientEvent::Mapped { server: first(), mapped: local(), rtt }
}

fn failed(reason: Failure) -> ClientEvent {
    ClientEvent::Failed { server: first(), reason }
}

fn long_term_server(change: impl FnOnce(&mut LongTermConfig)) -> Server {
    let mut users = UserTable::new("example.org");
    users.add("alice", "open sesame").unwrap();
    let mut long_term = LongTermConfig::new("example.org");
    change(&mut long_term);
    let credentials = ServerCredentials::LongTerm(long_term, users);
    server(ServerConfig { credentials, ..ServerConfig::new(first()) })
}

fn long_term_client(password: &str) -> Client {
    let credentials = ClientCredentials::LongTerm(LongTermClient::new("alice", password).unwrap());
    client(ClientConfig { credentials, ..ClientConfig::new(local(), first()) })
}

#[test]
fn a_client_learns_its_mapped_address() {
    let client = client(ClientConfig::new(local(), first()));
    assert_eq!(run(client, server(ServerConfig::new(first()))), [mapped()]);
}

#[test]
fn a_lost_request_is_sent_again() {
    let client = client(ClientConfig::new(local(), first()));
    let mut pair = pair(client, server(ServerConfig::new(first())), quick());
    let mut count = 0;
    pair.filter(move |side, _, _| {
        count += usize::from(side == Side::A);
        // A /lost/ -> Z, twice
        if side == Side::A && count <= 2 { Passing::Lost } else { Passing::Pass }
    });
    pair.drive(Instant::from_secs(60));
    let events = pair.events_a();
    assert_eq!(events.len(), 1);
    // Karn's algorithm: which of the requests was answered is not known.
    let expected = ClientEvent::Mapped { server: first(), mapped: local(), rtt: None };
    assert_eq!(events, [expected]);
    // 500 + 1000 + 20
    assert_eq!(pair.now(), Instant::from_millis(1520));
}

#[test]
fn silence_ends_after_39_and_a_half_seconds() {
    let mut client = client(ClientConfig::new(local(), first()));
    while let Some(deadline) = client.poll_timeout() {
        assert!(deadline.at <= Instant::from_millis(39_500));
        client.handle_timeout(deadline.at);
    }
    let mut requests = 0;
    let mut events = Vec::new();
    while let Some(output) = client.poll_output() {
        match output {
            Output::Packet(_) => requests += 1,
            Output::Event(event) => events.push(event),
        }
    }
    assert_eq!((requests, events), (7, vec![failed(Failure::TimedOut)]));
}

#[test]
fn an_icmp_error_ends_it_at_once() {
    let mut client = client(ClientConfig::new(local(), first()));
    client.handle_unreachable(second(), Instant::START);
    assert!(client.poll_timeout().is_some());
    client.handle_unreachable(first(), Instant::START);
    client.poll_output();
    assert_eq!(client.poll_output(), Some(Output::Event(failed(Failure::Unreachable))));
    assert_eq!(client.poll_timeout(), None);
}

#[test]
fn a_keepalive_request_tells_of_a_new_mapping() {
    let config = ClientConfig {
        keepalive: Keepalive::Request(Duration::from_secs(15)),
        ..ClientConfig::new(local(), first())
    };
    let mut client = client(config);
    let mut server = server(ServerConfig::new(first()));
    let mut seen = Vec::new();
    for (seconds, port) in [(0, 1), (15, 1), (30, 2)] {
        let now = Instant::from_secs(seconds);
        client.handle_timeout(now);
        let Some(Output::Packet(mut request)) = client.poll_output() else { panic!() };
        request.source = SocketAddr::from(([198, 51, 100, 1], port));
        server.handle_input(request, now);
        let Some(Output::Packet(mut response)) = server.poll_output() else { panic!() };
        while server.poll_output().is_some() {}
        response.destination = local();
        client.handle_input(response, now);
        while let Some(output) = client.poll_output() {
            let Output::Event(ClientEvent::Mapped { mapped, .. }) = output else { panic!() };
            seen.push((seconds, mapped.port()));
        }
    }
    assert_eq!(seen, [(0, 1), (30, 2)]);
}

#[test]
fn a_keepalive_indication_is_sent_every_interval_and_never_answered() {
    let config = ClientConfig {
        keepalive: Keepalive::Indication(Duration::from_secs(10)),
        ..ClientConfig::new(local(), first())
    };
    let mut pair = pair(client(config), server(ServerConfig::new(first())), quick());
    pair.drive_for(Duration::from_secs(35));
    assert_eq!(pair.events_a(), [mapped()]);
    assert_eq!(pair.z.discards().count(Discard::Keepalive), 3);
}

#[test]
fn long_term_credentials_are_asked_for_and_given() {
    for algorithms in [
        vec![],
        vec![PasswordAlgorithm::Md5],
        vec![PasswordAlgorithm::Sha256],
        vec![PasswordAlgorithm::Sha256, PasswordAlgorithm::Md5],
    ] {
        for username_anonymity in [false, true] {
            let server = long_term_server(|config| {
                config.algorithms.clone_from(&algorithms);
                config.username_anonymity = username_anonymity;
            });
            // A -> BINDING -> Z; A <- 401 <- Z; A -> BINDING with credentials -> Z; A <- success <- Z
            assert_eq!(run(long_term_client("open sesame"), server), [mapped()], "{algorithms:?}");
        }
    }
}

#[test]
fn a_wrong_password_or_user_is_refused_once() {
    let wrong = [failed(Failure::Refused(Refusal::WrongCredentials))];
    assert_eq!(run(long_term_client("open barley"), long_term_server(|_| ())), wrong);
    let nobody = ClientCredentials::LongTerm(LongTermClient::new("bob", "open sesame").unwrap());
    let nobody = ClientConfig { credentials: nobody, ..ClientConfig::new(local(), first()) };
    assert_eq!(run(client(nobody), long_term_server(|_| ())), wrong);
}

#[test]
fn a_stale_nonce_is_replaced_and_the_request_sent_again() {
    let mut client = long_term_client("open sesame");
    let mut server = long_term_server(|config| config.nonce_lifetime = Duration::from_secs(60));
    let mut answers = Vec::new();
    for start in [0, 30, 100] {
        let now = Instant::from_secs(start);
        if start > 0 {
            client.start(now);
        }
        while let Some(output) = client.poll_output() {
            let Output::Packet(request) = output else { continue };
            server.handle_input(request, now);
            while let Some(output) = server.poll_output() {
                let Output::Packet(response) = output else { continue };
                let message = Message::parse(&response.payload).unwrap();
                let error = message.get::<ErrorCode<'_>>().map(|error| error.unwrap().code);
                answers.push((start, error));
                client.handle_input(response, now);
            }
        }
    }
    assert_eq!(answers, [(0, Some(401)), (0, None), (30, None), (100, Some(438)), (100, None)]);
}

/// A server whose answers somebody on the way may rewrite.
struct Tampered(Server, fn(&Message<'_>) -> Option<Vec<u8>>);

impl Protocol for Tampered {
    type Input = Datagram;
    type Packet = Datagram;
    type Event = icelab_stun::ServerEvent;

    fn handle_input(&mut self, input: Datagram, now: Instant) {
        self.0.handle_input(input, now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.0.handle_timeout(now);
    }

    fn poll_output(&mut self) -> Option<Output<Datagram, Self::Event>> {
        let mut output = self.0.poll_output()?;
        if let Output::Packet(datagram) = &mut output {
            let forged = self.1(&Message::parse(&datagram.payload).unwrap());
            if let Some(forged) = forged {
                datagram.payload = forged;
            }
        }
        Some(output)
    }

    fn poll_timeout(&self) -> Option<icelab_sans_io::Deadline> {
        self.0.poll_timeout()
    }
}

fn run_tampered(change: fn(&Message<'_>) -> Option<Vec<u8>>) -> Vec<ClientEvent> {
    let server = Tampered(long_term_server(|_| ()), change);
    let mut pair = Pair::new(long_term_client("open sesame"), server, quick(), 7);
    pair.drive_for(Duration::from_secs(60));
    pair.events_a()
}

#[test]
fn a_challenge_without_its_algorithms_is_a_bid_down() {
    // A -> BINDING -> Z; A <- 401, PASSWORD-ALGORITHMS cut off on the way <- Z
    let events = run_tampered(|message| {
        let start =
            MessageBuilder::new(message.class(), message.method(), message.transaction_id());
        let kept = message
            .attributes()
            .filter(|attribute| attribute.kind != kind::PASSWORD_ALGORITHMS)
            .fold(start, |builder, attribute| builder.raw(attribute.kind, attribute.value));
        Some(kept.finish())
    });
    assert_eq!(events, [failed(Failure::Refused(Refusal::BidDown))]);
}

#[test]
fn answers_that_nobody_sealed_end_as_a_violation() {
    let events = run_tampered(|message| {
        (message.class() == Class::Success).then(|| {
            MessageBuilder::new(Class::Success, Method::BINDING, message.transaction_id())
                .add(&XorMappedAddress(second()))
                .finish()
        })
    });
    assert_eq!(events, [failed(Failure::IntegrityViolated)]);
}

#[test]
fn short_term_credentials_go_both_ways() {
    let keys = BTreeMap::from([("alice".to_owned(), Key::short_term("secret").unwrap())]);
    let guarded = || {
        let credentials = ServerCredentials::ShortTerm(keys.clone());
        server(ServerConfig { credentials, ..ServerConfig::new(first()) })
    };
    let with = |name, password| {
        let credentials =
            ClientCredentials::ShortTerm(ShortTermClient::new(name, password).unwrap());
        client(ClientConfig { credentials, ..ClientConfig::new(local(), first()) })
    };
    assert_eq!(run(with("alice", "secret"), guarded()), [mapped()]);
    // A 401 carries no integrity, so the client may not believe it.
    assert_eq!(run(with("alice", "guess"), guarded()), [failed(Failure::IntegrityViolated)]);
    let bare = client(ClientConfig::new(local(), first()));
    assert_eq!(run(bare, guarded()), [failed(Failure::Error(400))]);
}

#[test]
fn an_authenticated_redirection_is_followed_and_no_other() {
    let redirect = Redirect { server: second(), domain: Some("other.example.org".into()) };
    let mut users = UserTable::new("example.org");
    users.add("alice", "open sesame").unwrap();
    let long_term = ServerCredentials::LongTerm(LongTermConfig::new("example.org"), users);
    let config = ServerConfig { redirect: Some(redirect), ..ServerConfig::new(first()) };
    let guarded = ServerConfig { credentials: long_term, ..config.clone() };
    let events = run(long_term_client("open sesame"), server(guarded));
    let redirected =
        ClientEvent::Redirected { server: second(), domain: Some("other.example.org".into()) };
    // Nobody is at the other address: the request there stays without an answer.
    let unanswered = ClientEvent::Failed { server: second(), reason: Failure::TimedOut };
    assert_eq!(events, [redirected, unanswered]);
    let open =
        client(ClientConfig { redirects: Redirects::Any, ..ClientConfig::new(local(), first()) });
    assert_eq!(run(open, server(config)), [failed(Failure::Error(400))]);
}

#[test]
fn a_server_error_is_borne_four_times() {
    let mut client = client(ClientConfig::new(local(), first()));
    let mut now = Instant::START;
    let mut requests = 0;
    let failure = loop {
        match client.poll_output() {
            Some(Output::Packet(request)) => {
                requests += 1;
                let id = Message::parse(&request.payload).unwrap().transaction_id();
                let payload = MessageBuilder::new(Class::Error, Method::BINDING, id)
                    .add(&ErrorCode::SERVER_ERROR)
                    .finish();
                client.handle_input(Datagram::new(first(), local(), payload), now);
            }
            Some(Output::Event(event)) => break event,
            None => {
                now = client.poll_timeout().unwrap().at;
                client.handle_timeout(now);
            }
        }
    };
    assert_eq!((requests, failure), (5, failed(Failure::Error(500))));
}

/// What `server` answers to a request with these attributes, from `local` to `to`.
fn ask(
    server: &mut Server,
    to: SocketAddr,
    dress: impl FnOnce(MessageBuilder) -> MessageBuilder,
) -> Option<Datagram> {
    let builder = MessageBuilder::new(Class::Request, Method::BINDING, TransactionId([5; 12]));
    let payload = dress(builder).finish();
    server.handle_input(Datagram::new(local(), to, payload), Instant::START);
    let Some(Output::Packet(answer)) = server.poll_output() else { return None };
    while server.poll_output().is_some() {}
    Some(answer)
}

fn error_of(answer: &Datagram) -> u16 {
    let message = Message::parse(&answer.payload).unwrap();
    message.get::<ErrorCode<'_>>().unwrap().unwrap().code
}

// RFC 5780 section 6.1, table 1.
#[test]
fn the_answer_comes_from_where_the_table_says() {
    let mut server = server(ServerConfig::new(first()).with_alternate(second()));
    assert_eq!(server.addresses().len(), 4);
    for to in server.addresses() {
        let other_ip = if to.ip() == first().ip() { second() } else { first() }.ip();
        let other_port = if to.port() == first().port() { second() } else { first() }.port();
        for (change_ip, change_port) in [(false, false), (true, false), (false, true), (true, true)]
        {
            let change = ChangeRequest { change_ip, change_port };
            let answer = ask(&mut server, to, |builder| builder.add(&change)).unwrap();
            let from = SocketAddr::new(
                if change_ip { other_ip } else { to.ip() },
                if change_port { other_port } else { to.port() },
            );
            assert_eq!((answer.source, answer.destination), (from, local()));
            let message = Message::parse(&answer.payload).unwrap();
            let other = SocketAddr::new(other_ip, other_port);
            assert_eq!(message.get(), Some(Ok(ResponseOrigin(from))));
            assert_eq!(message.get(), Some(Ok(OtherAddress(other))));
            assert_eq!(message.get(), Some(Ok(MappedAddress(local()))));
            assert_eq!(message.get(), Some(Ok(XorMappedAddress(local()))));
        }
    }
}

#[test]
fn a_response_port_and_padding_are_served_but_not_together() {
    let mut server = server(ServerConfig::new(first()).with_alternate(second()));
    let answer = ask(&mut server, first(), |builder| builder.add(&ResponsePort(99))).unwrap();
    assert_eq!(answer.destination, "10.0.0.1:99".parse().unwrap());
    let answer = ask(&mut server, first(), |builder| builder.add(&Padding(1500))).unwrap();
    let message = Message::parse(&answer.payload).unwrap();
    assert_eq!(message.get(), Some(Ok(Padding(1500))));
    let both =
        ask(&mut server, first(), |builder| builder.add(&Padding(1500)).add(&ResponsePort(99)));
    assert_eq!(error_of(&both.unwrap()), 400);
}

#[test]
fn a_server_with_one_address_does_not_know_change_request() {
    let same_port = SocketAddr::new(second().ip(), first().port());
    let configs =
        [ServerConfig::new(first()), ServerConfig::new(first()).with_alternate(same_port)];
    for config in configs {
        let change = ChangeRequest { change_ip: true, change_port: true };
        let answer = ask(&mut server(config), first(), |builder| builder.add(&change)).unwrap();
        assert_eq!(error_of(&answer), 420);
        let message = Message::parse(&answer.payload).unwrap();
        let unknown = UnknownAttributes(vec![kind::CHANGE_REQUEST]);
        assert_eq!(message.get(), Some(Ok(unknown)));
    }
}

#[test]
fn the_server_drops_what_is_not_for_it_and_counts_why() {
    let mut server = server(ServerConfig::new(first()));
    assert_eq!(ask(&mut server, second(), |builder| builder), None);
    let message = |class, method| {
        let payload = MessageBuilder::new(class, method, TransactionId([5; 12])).finish();
        Datagram::new(local(), first(), payload)
    };
    server.handle_input(message(Class::Success, Method::BINDING), Instant::START);
    server.handle_input(message(Class::Request, Method::ALLOCATE), Instant::START);
    server.handle_input(Datagram::new(local(), first(), vec![1, 2, 3]), Instant::START);
    let mut fingered = MessageBuilder::new(Class::Request, Method::BINDING, TransactionId([5; 12]))
        .finish_with(None, true);
    *fingered.last_mut().unwrap() ^= 1;
    server.handle_input(Datagram::new(local(), first(), fingered), Instant::START);
    assert_eq!(server.poll_output(), None);
    let counts: Vec<_> = server.discards().iter().collect();
    assert_eq!(
        counts,
        [
            (Discard::NotStun, 1),
            (Discard::BadFingerprint, 1),
            (Discard::WrongAddress, 1),
            (Discard::Unexpected, 2)
        ]
    );
}

#[test]
fn a_fingerprint_is_answered_with_one() {
    let config = ClientConfig { with_fingerprint: true, ..ClientConfig::new(local(), first()) };
    assert_eq!(run(client(config), server(ServerConfig::new(first()))), [mapped()]);
}

#[test]
fn an_answer_from_elsewhere_is_no_answer() {
    let mut client = client(ClientConfig::new(local(), first()));
    let Some(Output::Packet(request)) = client.poll_output() else { panic!() };
    let id = Message::parse(&request.payload).unwrap().transaction_id();
    let answer = |id| {
        MessageBuilder::new(Class::Success, Method::BINDING, id)
            .add(&XorMappedAddress(second()))
            .finish()
    };
    client.handle_input(Datagram::new(second(), local(), answer(id)), Instant::START);
    let stranger = TransactionId([0; 12]);
    client.handle_input(Datagram::new(first(), local(), answer(stranger)), Instant::START);
    assert_eq!(client.poll_output(), None);
    assert_eq!(client.discards().count(Discard::WrongAddress), 1);
    assert_eq!(client.discards().count(Discard::UnknownTransaction), 1);
}

#[test]
fn unknown_required_attributes_fail_a_success() {
    let mut client = client(ClientConfig::new(local(), first()));
    let Some(Output::Packet(request)) = client.poll_output() else { panic!() };
    let id = Message::parse(&request.payload).unwrap().transaction_id();
    let payload = MessageBuilder::new(Class::Success, Method::BINDING, id)
        .add(&XorMappedAddress(second()))
        .add(&Priority(1))
        .finish();
    client.handle_input(Datagram::new(first(), local(), payload), Instant::START);
    let expected = Output::Event(failed(Failure::Incomprehensible));
    assert_eq!(client.poll_output(), Some(expected));
}

#[test]
fn the_laws_hold_for_both() {
    let make = || {
        let config = ClientConfig {
            keepalive: Keepalive::Request(Duration::from_secs(5)),
            credentials: ClientCredentials::LongTerm(
                LongTermClient::new("alice", "open sesame").unwrap(),
            ),
            ..ClientConfig::new(local(), first())
        };
        let model = LinkModel::terrible(Duration::from_millis(30));
        pair(client(config), long_term_server(|_| ()), model)
    };
    laws::same_seed_same_log(make, Duration::from_secs(300));
    laws::an_early_timeout_is_a_no_op(make, Duration::from_secs(300));
    let mut lonely = client(ClientConfig::new(local(), first()));
    laws::deadlines_advance(&mut lonely, Duration::from_secs(60), Duration::from_millis(3));
    let request = Datagram::new(
        local(),
        first(),
        MessageBuilder::new(Class::Request, Method::BINDING, TransactionId([5; 12]))
            .add(&ResponsePort(9))
            .finish(),
    );
    let samples = [request];
    laws::no_bytes_panic(|| long_term_server(|_| ()), &samples, 1);
    laws::no_bytes_panic(
        || server(ServerConfig::new(first()).with_alternate(second())),
        &samples,
        1,
    );
    laws::no_bytes_panic(|| client(ClientConfig::new(local(), first())), &samples, 1);
}
