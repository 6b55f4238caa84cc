//! The beginning of a run: the network, the servers at their addresses, the two ends.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use icelab_datachannel as datachannel;
use icelab_ice as ice;
use icelab_peer::{self as peer, IceServer, Peer, RoleChoice, Trickle};
use icelab_sans_io::{Instant, Rng};
use icelab_sim::{NodeId, Simulation};
use icelab_turn as turn;

use super::agenda::{Agenda, Item};
use super::data::{Channels, PROBE_STREAM, probe_properties};
use super::end::{End, Which};
use super::error::WorldError;
use super::guest::{Guest, StunBox};
use super::run::Run;
use super::signalling::Post;
use super::traffic::Traffic;
use super::world::{PeerSpec, ServerSpec, World};
use crate::scenario::plan::{self, Action, Call, Nomination, Policy, Roles};

impl Run {
    /// Builds the network, places everyone, and schedules what is known.
    pub(super) fn start(world: World) -> Result<Self, WorldError> {
        check_times(&world)?;
        let root = Rng::from_u64(world.seed);
        let mut simulation =
            Simulation::new(&world.network, &root.fork("network", 0), world.level)?;
        let guests = root.fork("guests", 0);
        for server in &world.servers {
            let rng = guest_rng(&guests, &server.name, simulation.boots(server.node));
            let guest = server_guest(server, &addresses(&simulation, server.node), rng);
            if let Some(guest) = guest {
                simulation.place(server.node, guest);
            }
        }
        let mut agenda = Agenda::default();
        let call = world.call.clone();
        let mut channels = Channels::new(call.as_ref().map_or(&[], |call| &call.data));
        let ends = match &call {
            None => None,
            Some(call) => {
                let mut place =
                    |which| place_end(&mut simulation, &world, call, which, &guests, &mut channels);
                Some([place(Which::Offerer)?, place(Which::Answerer)?])
            }
        };
        for (at, item) in schedule(&world) {
            simulation.schedule(Instant::START + at, agenda.add(item));
        }
        let post = call.as_ref().map(|call| Post::new(&call.signalling));
        Ok(Self::new(world, simulation, agenda, ends, post, Traffic::default(), channels))
    }
}

/// What the plan says, in the order in which it happens where times are equal: first what is judged,
/// since that is about what was before; then events, in the order of their writing. The call begins
/// after the events at its time, but before the first of them that one of its sides is to do.
fn schedule(world: &World) -> Vec<(Duration, Item)> {
    let judged = (0..).zip(&world.expectations);
    let mut items: Vec<(Duration, Item)> = judged
        .filter_map(|(place, expectation)| Some((expectation.at?, Item::Judge(place))))
        .collect();
    let mut call = world.call.as_ref().map(|_| (Duration::ZERO, Item::Call));
    for (place, event) in (0..).zip(&world.events) {
        let is_of_call = matches!(event.action, Action::RestartIce { .. } | Action::Close { .. });
        if is_of_call || !event.at.is_zero() {
            items.extend(call.take());
        }
        items.push((event.at, Item::Event(place)));
    }
    items.extend(call);
    items
}

/// Nothing may be planned for a time after the end, where it would silently not happen.
fn check_times(world: &World) -> Result<(), WorldError> {
    let events = world.events.iter().map(|event| ("event", event.at));
    let judged = world.expectations.iter().filter_map(|expectation| expectation.at);
    let mut planned = events.chain(judged.map(|at| ("expectation", at)));
    match planned.find(|(_, at)| *at > world.limit) {
        Some((what, at)) => Err(WorldError::AfterTheEnd { what, at, limit: world.limit }),
        None => Ok(()),
    }
}

fn place_end(
    simulation: &mut Simulation<Guest>,
    world: &World,
    call: &Call,
    which: Which,
    guests: &Rng,
    channels: &mut Channels,
) -> Result<End, WorldError> {
    let (name, side) = match which {
        Which::Offerer => (&call.offerer, &call.offerer_side),
        Which::Answerer => (&call.answerer, &call.answerer_side),
    };
    let found = world.peers.iter().find(|peer| peer.name == *name);
    let spec = found.ok_or_else(|| unknown("peer", name))?;
    let mut servers = Vec::new();
    for server in &side.ice_servers {
        let found = world.servers.iter().find(|known| known.name == *server);
        let server = found.ok_or_else(|| unknown("server", server))?;
        servers.extend(ice_servers(server, &addresses(simulation, server.node), name));
    }
    let config = peer::Config {
        policy: match side.policy {
            Policy::All => peer::Policy::All,
            Policy::Relay => peer::Policy::Relay,
        },
        trickle: if call.trickle { Trickle::Full } else { Trickle::Off },
        servers,
        role: role(call.roles, which),
        ice: ice_config(spec),
        handshake: spec.handshake.clone(),
        channels: (!call.data.is_empty()).then(datachannel::Config::default),
        ..peer::Config::default()
    };
    let rng = guest_rng(guests, name, simulation.boots(spec.node));
    let mut peer = Peer::new(config, rng);
    make_channels(&mut peer, call, which, channels);
    simulation.place(spec.node, Guest::Peer(Box::new(peer)));
    Ok(End::new(name.clone(), spec.node))
}

/// The offerer asks for the channels of a call; both make the one for probes.
fn make_channels(peer: &mut Peer, call: &Call, which: Which, channels: &mut Channels) {
    if which == Which::Offerer {
        for channel in &call.data {
            if let Ok(id) = peer.open_channel(channel.properties.clone(), Instant::START) {
                channels.learn(which, id, &channel.properties.label);
            }
        }
    }
    let probe = peer.open_negotiated_channel(PROBE_STREAM, probe_properties(), Instant::START);
    if let Ok(id) = probe {
        channels.learn_probe(which, id);
    }
}

fn unknown(what: &'static str, name: &str) -> WorldError {
    WorldError::Unknown { what, name: name.to_owned() }
}

/// Randomness of its own for each host and each time it starts.
fn guest_rng(guests: &Rng, name: &str, boots: u32) -> Rng {
    guests.fork(name, u64::from(boots))
}

fn addresses(simulation: &Simulation<Guest>, node: NodeId) -> Vec<IpAddr> {
    let interfaces = simulation.interfaces(node).into_iter();
    interfaces.flat_map(|interface| interface.addresses).collect()
}

fn server_guest(server: &ServerSpec, addresses: &[IpAddr], rng: Rng) -> Option<Guest> {
    match (&server.turn, &server.stun) {
        (Some(turn), _) => {
            let config = turn_config(turn, addresses);
            Some(Guest::Turn(Box::new(turn::Server::new(config, rng))))
        }
        (None, Some(_)) => Some(Guest::Stun(Box::new(StunBox::new(PORT, rng)))),
        (None, None) => None,
    }
}

fn turn_config(turn: &plan::Turn, addresses: &[IpAddr]) -> turn::ServerConfig {
    let users = turn.users.iter();
    let users = users.map(|(name, password)| (name.clone(), password.as_str().into())).collect();
    let users = turn::server::Users::Listed(users);
    let first = addresses.first().copied().unwrap_or(IpAddr::from([0, 0, 0, 0]));
    let mut config =
        turn::ServerConfig::new(SocketAddr::new(first, PORT), first, turn.realm.clone(), users);
    config.listen = addresses.iter().map(|address| SocketAddr::new(*address, PORT)).collect();
    config.relay_v4 = addresses.iter().find_map(|address| match address {
        IpAddr::V4(address) => Some(*address),
        IpAddr::V6(_) => None,
    });
    config.relay_v6 = addresses.iter().find_map(|address| match address {
        IpAddr::V6(address) => Some(*address),
        IpAddr::V4(_) => None,
    });
    if let Some(lifetime) = turn.lifetime {
        config.maximum_lifetime = lifetime;
        config.default_lifetime = config.default_lifetime.min(lifetime);
    }
    if let Some(lifetime) = turn.nonce_lifetime {
        config.nonce_lifetime = lifetime;
    }
    if let Some(quota) = turn.quota {
        config.limits.allocations_per_user = usize::try_from(quota).unwrap_or(usize::MAX);
    }
    config
}

/// What a peer is told of a box: STUN, TURN, or both.
fn ice_servers(server: &ServerSpec, addresses: &[IpAddr], peer: &str) -> Vec<IceServer> {
    let addresses: Vec<SocketAddr> =
        addresses.iter().map(|address| SocketAddr::new(*address, PORT)).collect();
    let mut found = Vec::new();
    if server.stun.is_some() {
        found.push(IceServer::Stun { addresses: addresses.clone() });
    }
    if let Some(turn) = &server.turn
        && let Some((username, password)) = turn.credentials_for(peer)
    {
        let (username, password) = (username.to_owned(), password.to_owned());
        found.push(IceServer::Turn { addresses, username, password });
    }
    found
}

fn ice_config(spec: &PeerSpec) -> ice::Config {
    ice::Config {
        lite: spec.ice.lite,
        nomination: match spec.ice.nomination {
            Nomination::Regular => ice::Nomination::Regular,
            Nomination::Renomination => ice::Nomination::Renomination,
            Nomination::Aggressive => ice::Nomination::Aggressive,
        },
        ..ice::Config::default()
    }
}

const fn role(roles: Roles, which: Which) -> RoleChoice {
    match (roles, which) {
        (Roles::Standard, _) => RoleChoice::ByOffer,
        (Roles::BothControlling, _) | (Roles::Swapped, Which::Answerer) => {
            RoleChoice::Fixed(ice::Role::Controlling)
        }
        (Roles::BothControlled, _) | (Roles::Swapped, Which::Offerer) => {
            RoleChoice::Fixed(ice::Role::Controlled)
        }
    }
}

/// Where STUN and TURN servers listen (RFC 8489 section 18.6, RFC 8656 section 3.1).
const PORT: u16 = 3478;
