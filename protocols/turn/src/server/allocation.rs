//! One allocation: its relayed addresses, permissions and channels (RFC 8656 section 6).

use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;

use icelab_sans_io::Instant;
use icelab_sans_io::net::Transport;
use icelab_stun::attribute::Family;
use icelab_stun::{Key, TransactionId};

use super::allocate::Granted;
use crate::family::PerFamily;
use crate::timing::{CHANNEL_LIFETIME, PERMISSION_LIFETIME};
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
    pub(super) username: String,
    /// Checks requests and signs responses, for as long as the allocation lives: the server's
    /// users may change under it (RFC 8656 section 6).
    pub(super) key: Key,
    /// The request that made it: a copy of it gets the same answer again (RFC 8656 section 7.2).
    pub(super) made_by: TransactionId,
    pub(super) granted: Granted,
    pub(super) relays: PerFamily<Relay>,
    pub(super) permissions: BTreeMap<IpAddr, Instant>,
    channels: BTreeMap<ChannelNumber, Channel>,
    numbers: BTreeMap<SocketAddr, ChannelNumber>,
}

/// One relayed address and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Relay {
    pub(super) address: SocketAddr,
    pub(super) expires: Instant,
}

/// One channel binding (RFC 8656 section 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Channel {
    pub(super) peer: SocketAddr,
    pub(super) expires: Instant,
}

/// A number or a peer is bound to another one (RFC 8656 section 12.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BoundElsewhere;

impl Allocation {
    pub(super) const fn new(
        five_tuple: FiveTuple,
        username: String,
        key: Key,
        made_by: TransactionId,
        granted: Granted,
        relays: PerFamily<Relay>,
    ) -> Self {
        let (permissions, channels) = (BTreeMap::new(), BTreeMap::new());
        let numbers = BTreeMap::new();
        Self {
            five_tuple,
            username,
            key,
            made_by,
            granted,
            relays,
            permissions,
            channels,
            numbers,
        }
    }

    /// The relayed address of `family`, if it has not expired.
    pub(super) fn relay(&self, family: Family, now: Instant) -> Option<SocketAddr> {
        self.relays.get(family).filter(|relay| relay.expires > now).map(|relay| relay.address)
    }

    /// Whether data may pass to and from `peer` (RFC 8656 section 9: only the address counts).
    pub(super) fn permits(&self, peer: IpAddr, now: Instant) -> bool {
        self.permissions.get(&peer).is_some_and(|expires| *expires > now)
    }

    /// Installs or refreshes a permission; returns its end.
    pub(super) fn permit(&mut self, peer: IpAddr, now: Instant) -> Instant {
        let expires = now + PERMISSION_LIFETIME;
        self.permissions.insert(peer, expires);
        expires
    }

    /// The peer of a bound channel.
    pub(super) fn peer_of(&self, number: ChannelNumber, now: Instant) -> Option<SocketAddr> {
        self.channels
            .get(&number)
            .filter(|channel| channel.expires > now)
            .map(|channel| channel.peer)
    }

    /// The bound channel of a peer.
    pub(super) fn channel_of(&self, peer: SocketAddr, now: Instant) -> Option<ChannelNumber> {
        let number = *self.numbers.get(&peer)?;
        self.peer_of(number, now).map(|_| number)
    }

    /// How many channels are bound.
    pub(super) fn channel_count(&self) -> usize {
        self.channels.len()
    }

    /// Whether a channel may be bound, or refreshed (RFC 8656 section 12.2).
    pub(super) fn check_channel(
        &self,
        number: ChannelNumber,
        peer: SocketAddr,
        now: Instant,
    ) -> Result<(), BoundElsewhere> {
        let number_is_free = self.peer_of(number, now).is_none_or(|bound| bound == peer);
        let peer_is_free = self.channel_of(peer, now).is_none_or(|bound| bound == number);
        if number_is_free && peer_is_free { Ok(()) } else { Err(BoundElsewhere) }
    }

    /// Binds or refreshes a channel that [`check_channel`](Self::check_channel) allows; returns
    /// its end.
    pub(super) fn bind(
        &mut self,
        number: ChannelNumber,
        peer: SocketAddr,
        now: Instant,
    ) -> Instant {
        // What is overwritten here has expired, though its timer has not fired yet.
        if let Some(old) = self.numbers.insert(peer, number).filter(|old| *old != number) {
            self.channels.remove(&old);
        }
        let expires = now + CHANNEL_LIFETIME;
        let before = self.channels.insert(number, Channel { peer, expires });
        if let Some(old) = before.filter(|old| old.peer != peer) {
            self.numbers.remove(&old.peer);
        }
        expires
    }

    /// Forgets a channel.
    pub(super) fn unbind(&mut self, number: ChannelNumber) {
        if let Some(channel) = self.channels.remove(&number) {
            self.numbers.remove(&channel.peer);
        }
    }

    /// Forgets the permissions and channels of one family (RFC 8656 section 8.1); returns them,
    /// for their timers.
    pub(super) fn forget(&mut self, family: Family) -> (Vec<IpAddr>, Vec<ChannelNumber>) {
        let of_family = |address: &IpAddr| Family::of(*address) == family;
        let peers: Vec<_> = self.permissions.keys().copied().filter(of_family).collect();
        for peer in &peers {
            self.permissions.remove(peer);
        }
        let numbers: Vec<_> = self
            .channels
            .iter()
            .filter(|(_, channel)| of_family(&channel.peer.ip()))
            .map(|(number, _)| *number)
            .collect();
        for number in &numbers {
            self.unbind(*number);
        }
        (peers, numbers)
    }
}
