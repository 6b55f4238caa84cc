//! One allocation: its relayed addresses, permissions and channels (RFC 8656 section 6). When they
//! end is known to the server's timers only.

use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, BTreeSet};

use icelab_sans_io::net::Transport;
use icelab_stun::attribute::{Family, ReservationToken};
use icelab_stun::{Key, TransactionId};

use crate::family::PerFamily;
use crate::wire::ChannelNumber;

/// How a client is reached: what identifies an allocation (RFC 8656 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FiveTuple {
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
    pub(super) transport: Transport,
}

impl FiveTuple {
    pub(super) const fn udp(client: SocketAddr, server: SocketAddr) -> Self {
        Self { client, server, transport: Transport::Udp }
    }
}

/// The number of an allocation, never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AllocationId(pub(super) u64);

/// One allocation.
#[derive(Debug)]
pub(super) struct Allocation {
    pub(super) five_tuple: FiveTuple,
    pub(super) owner: Owner,
    /// The request that made it: a copy of it gets the same answer again (RFC 8656 section 7.2).
    pub(super) made_by: TransactionId,
    /// What the answer said beside the relayed addresses.
    pub(super) token: Option<ReservationToken>,
    pub(super) refused: Option<RefusedFamily>,
    pub(super) relays: PerFamily<SocketAddr>,
    pub(super) permissions: BTreeSet<IpAddr>,
    pub(super) channels: Channels,
}

/// A family that cannot be had while the other one can, and the error code for it.
pub(super) type RefusedFamily = (Family, u16);

/// Whose credentials made an allocation.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) username: String,
    /// Checks requests and seals responses for as long as the allocation lives: the server's
    /// users may change under it (RFC 8656 section 6).
    pub(super) key: Key,
}

/// The channels of an allocation.
#[derive(Debug, Default)]
pub(super) struct Channels {
    peers: BTreeMap<ChannelNumber, SocketAddr>,
    numbers: BTreeMap<SocketAddr, ChannelNumber>,
}

impl Channels {
    pub(super) fn peer(&self, number: ChannelNumber) -> Option<SocketAddr> {
        self.peers.get(&number).copied()
    }

    pub(super) fn number(&self, peer: SocketAddr) -> Option<ChannelNumber> {
        self.numbers.get(&peer).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.peers.len()
    }

    /// Binds a number and a peer of which neither is bound.
    pub(super) fn bind(&mut self, number: ChannelNumber, peer: SocketAddr) {
        self.peers.insert(number, peer);
        self.numbers.insert(peer, number);
    }

    pub(super) fn unbind(&mut self, number: ChannelNumber) {
        if let Some(peer) = self.peers.remove(&number) {
            self.numbers.remove(&peer);
        }
    }
}

impl Allocation {
    /// Forgets the permissions and channels of one family (RFC 8656 section 8.1); returns them,
    /// for their timers.
    pub(super) fn forget(&mut self, family: Family) -> (Vec<IpAddr>, Vec<ChannelNumber>) {
        let of_family = |address: &IpAddr| Family::of(*address) == family;
        let peers: Vec<_> = self.permissions.iter().copied().filter(of_family).collect();
        for peer in &peers {
            self.permissions.remove(peer);
        }
        let numbers: Vec<_> = self
            .channels
            .peers
            .iter()
            .filter(|(_, peer)| of_family(&peer.ip()))
            .map(|(number, _)| *number)
            .collect();
        for number in &numbers {
            self.channels.unbind(*number);
        }
        (peers, numbers)
    }
}
