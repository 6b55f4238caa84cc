//! Relays: who was lent which address, and whom it lets in.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::Instant;
use icelab_sim::record::Name;

use crate::reading::record::{Note, Reading};

/// All that was lent.
#[derive(Debug, Default)]
pub(crate) struct Relays {
    leases: BTreeMap<SocketAddr, Lease>,
    permissions: Vec<Permission>,
}

/// An address that a server lends.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    /// To whom.
    pub(crate) client: Name,
    /// The client's address as the server sees it, to which the address is lent.
    pub(crate) seen: Option<SocketAddr>,
    /// Where the client sends what is to be relayed.
    pub(crate) server: Option<SocketAddr>,
}

/// A client lets an address send to what it was lent, and sends there.
#[derive(Debug)]
struct Permission {
    order: u64,
    at: Instant,
    client: Name,
    server: Option<SocketAddr>,
    peer: IpAddr,
}

/// Whether an address may send to a relayed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It never may.
    Never,
    /// Only later.
    From(Instant),
    /// It was once allowed to.
    Before,
}

impl Relays {
    /// All that the record tells.
    pub(crate) fn of(reading: &Reading) -> Self {
        let mut relays = Self::default();
        for note in &reading.notes {
            match &*note.name {
                "turn.allocated" => {
                    for relayed in note.addresses("relayed") {
                        let lease = relays.lease_mut(relayed, note);
                        lease.seen = note.address("mapped");
                        lease.server = note.address("server").or(lease.server);
                    }
                }
                "gather.candidate" if note.text("kind") == "relay" => {
                    if let Some(relayed) = note.address("address") {
                        let lease = relays.lease_mut(relayed, note);
                        lease.server = note.address("server").or(lease.server);
                    }
                }
                "turn.permission" => relays.permissions.extend(note.ip("peer").map(|peer| {
                    let (order, at, client) = (note.order, note.at, note.node.clone());
                    Permission { order, at, client, server: note.address("server"), peer }
                })),
                _ => {}
            }
        }
        relays
    }

    fn lease_mut(&mut self, relayed: SocketAddr, note: &Note) -> &mut Lease {
        let client = note.node.clone();
        self.leases.entry(relayed).or_insert(Lease { client, seen: None, server: None })
    }

    /// What is known about a relayed address; `None` where it is none.
    pub(crate) fn lease(&self, relayed: SocketAddr) -> Option<&Lease> {
        self.leases.get(&relayed)
    }

    /// What is lent to a client whom its server sees at this address.
    pub(crate) fn lent_to(&self, seen: SocketAddr) -> Option<&Lease> {
        self.leases.values().find(|lease| lease.seen == Some(seen))
    }

    /// Whether the client of a relayed address had leave to send to `peer` at this place in the record.
    pub(crate) fn may_send(&self, relayed: SocketAddr, peer: IpAddr, order: u64) -> bool {
        self.permissions(relayed, peer).any(|permission| permission.order <= order)
    }

    /// Why `peer`'s packet to a relayed address is not passed on at this time.
    pub(crate) fn leave(&self, relayed: SocketAddr, peer: IpAddr, at: Instant) -> Leave {
        match self.permissions(relayed, peer).map(|permission| permission.at).min() {
            None => Leave::Never,
            Some(first) if first > at => Leave::From(first),
            Some(_) => Leave::Before,
        }
    }

    fn permissions(&self, relayed: SocketAddr, peer: IpAddr) -> impl Iterator<Item = &Permission> {
        let lease = self.leases.get(&relayed);
        self.permissions.iter().filter(move |permission| {
            lease.is_some_and(|lease| {
                permission.client == lease.client
                    && permission.peer == peer
                    && (permission.server.is_none() || permission.server == lease.server)
            })
        })
    }
}
