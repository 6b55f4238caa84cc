//! A host for the server, a client made of single requests, and both ends on a [`Pair`].

mod caller;
mod host;
mod lab;

use core::net::SocketAddr;

use icelab_sans_io::testing::{LinkModel, Pair};
use icelab_sans_io::{Instant, Rng};
use icelab_turn::client::{Client, ClientConfig, Event};
use icelab_turn::server::{Server, ServerConfig, Users};

pub(crate) use caller::Caller;
pub(crate) use host::Host;
pub(crate) use lab::Lab;

pub(crate) const REALM: &str = "example.org";
pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "open sesame";

/// Where the server listens.
pub(crate) const SERVER: &str = "192.0.2.15:3478";
/// Where the client is, as the server sees it.
pub(crate) const CLIENT: &str = "198.51.100.2:49721";
pub(crate) const PEER: &str = "203.0.113.9:40000";
pub(crate) const PEER_V6: &str = "[2001:db8:9::9]:40000";

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn server_config() -> ServerConfig {
    let relay = address(SERVER).ip();
    let users = Users::one(USER, PASSWORD);
    let mut config = ServerConfig::new(address(SERVER), relay, REALM, users);
    config.relay_v6 = Some("2001:db8::15".parse().unwrap());
    config
}

pub(crate) fn client_config() -> ClientConfig {
    ClientConfig::new(address(CLIENT), address(SERVER), USER, PASSWORD)
}

pub(crate) fn server(config: ServerConfig) -> Server {
    Server::new(config, Rng::from_u64(1).fork("server", 0))
}

pub(crate) fn client(config: ClientConfig) -> Client {
    Client::new(config, Rng::from_u64(1).fork("client", 0))
}

/// Both ends, with an echo behind the relay.
pub(crate) fn pair(
    client: ClientConfig,
    server: ServerConfig,
    link: LinkModel,
) -> Pair<Client, Lab> {
    Pair::new(self::client(client), Lab::new(Host::new(server)), link, 7)
}

/// Both ends with usual configurations, the allocation made.
pub(crate) fn open_pair(link: LinkModel) -> Pair<Client, Lab> {
    let mut pair = pair(client_config(), server_config(), link);
    pair.a.allocate(Instant::START).unwrap();
    open(&mut pair);
    pair
}

/// Drives until the allocation is there.
pub(crate) fn open(pair: &mut Pair<Client, Lab>) {
    let limit = pair.now() + core::time::Duration::from_secs(60);
    pair.drive_while(limit, |pair| !pair.a.is_open() && !pair.a.is_closed());
    assert!(pair.a.is_open(), "{}", pair.log());
}

/// The payloads among events.
pub(crate) fn received(events: &[Event]) -> Vec<Vec<u8>> {
    let payload = |event: &Event| match event {
        Event::Data { payload, .. } => Some(payload.clone()),
        _ => None,
    };
    events.iter().filter_map(payload).collect()
}
