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
    /// Where the record tells of it first.
    order: u64,
}

/// A client lets an address send to what it was lent, and sends there.
#[derive(Debug)]
pub(crate) struct Permission {
    pub(crate) order: u64,
    pub(crate) at: Instant,
    pub(crate) client: Name,
    pub(crate) peer: IpAddr,
    /// The addresses for which it holds: those of one allocation.
    pub(crate) relayed: Vec<SocketAddr>,
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
                    let relayed = relays.allocation(note, reading);
                    Permission { order, at, client, peer, relayed }
                })),
                _ => {}
            }
        }
        relays
    }

    fn lease_mut(&mut self, relayed: SocketAddr, note: &Note) -> &mut Lease {
        let (client, order) = (note.node.clone(), note.order);
        self.leases.entry(relayed).or_insert(Lease { client, seen: None, server: None, order })
    }

    /// The relayed addresses of the allocation that a client's note is about: the server's answer came to the address
    /// to which they are lent. Where the record does not show it, the client's latest allocation there.
    fn allocation(&self, note: &Note, reading: &Reading) -> Vec<SocketAddr> {
        let server = note.address("server");
        let mine = || {
            self.leases.iter().filter(|(_, lease)| {
                lease.client == note.node && (server.is_none() || lease.server == server)
            })
        };
        let answer = note.upon.and_then(|packet| reading.journeys.get(&packet));
        let seen = answer.map(|answer| answer.first.destination);
        let is_answered = |lease: &Lease| seen.is_some() && lease.seen == seen;
        let latest = match mine().any(|(_, lease)| is_answered(lease)) {
            true => None,
            false => mine().map(|(_, lease)| lease.order).max(),
        };
        let is_meant = |lease: &Lease| match latest {
            Some(order) => lease.order == order,
            None => is_answered(lease),
        };
        mine().filter(|(_, lease)| is_meant(lease)).map(|(relayed, _)| *relayed).collect()
    }

    /// Whom clients let send to what they were lent, in the order of the record.
    pub(crate) fn granted(&self) -> &[Permission] {
        &self.permissions
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
        self.permissions.iter().filter(move |permission| {
            permission.peer == peer && permission.relayed.contains(&relayed)
        })
    }
}
