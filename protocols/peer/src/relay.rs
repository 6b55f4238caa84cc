//! What a peer holds at TURN servers (RFC 8656): relayed candidates, permissions, channels, and
//! giving all of it back.

use core::net::{IpAddr, SocketAddr};

use icelab_ice as ice;
use icelab_sans_io::net::{Datagram, Request, Socket as SocketName};
use icelab_sans_io::{Instant, Protocol};
use icelab_turn as turn;

use crate::event::{Event, GatheringFailure};
use crate::gathering::Found;
use crate::negotiation::Negotiation;
use crate::peer::Peer;
use crate::socket::{Base, Lease, Progress, SocketState};

impl Peer {
    /// Takes what a TURN client told.
    pub(crate) fn handle_turn(&mut self, key: LeaseKey, event: turn::Event, now: Instant) {
        match event {
            turn::Event::Allocated { ref relayed, mapped, .. } => {
                let relayed = relayed.clone();
                self.output.event(Event::Turn { server: key.server, event });
                self.handle_allocated(key, &relayed, mapped, now);
            }
            turn::Event::Data { relayed, peer, payload, ecn } => {
                let mut datagram = Datagram::new(peer, relayed, payload);
                datagram.ecn = ecn;
                self.agent.handle_input(datagram, now);
            }
            turn::Event::Closed { reason } => {
                self.output.event(Event::Turn { server: key.server, event });
                self.handle_lease_closed(key, reason, now);
            }
            turn::Event::Redirected { server } => {
                if let Some(lease) = self.lease_mut(key) {
                    lease.address = server;
                }
                self.output.event(Event::Turn { server: key.server, event });
            }
            event @ (turn::Event::Refreshed { .. }
            | turn::Event::Released { .. }
            | turn::Event::NonceChanged
            | turn::Event::PermissionGranted { .. }
            | turn::Event::PermissionFailed { .. }
            | turn::Event::ChannelBound { .. }
            | turn::Event::ChannelFailed { .. }
            | turn::Event::Icmp { .. }) => {
                self.output.event(Event::Turn { server: key.server, event });
            }
        }
    }

    fn handle_allocated(
        &mut self,
        key: LeaseKey,
        relayed: &[SocketAddr],
        mapped: SocketAddr,
        now: Instant,
    ) {
        let Some(lease) = self.lease_mut(key) else { return };
        lease.progress = Progress::Answered;
        lease.relayed = relayed.to_vec();
        let (base, server) = (lease.base, (lease.server, lease.address));
        for address in self.remote_addresses.clone() {
            self.permit(address, now);
        }
        self.handle_mapped(base, mapped, server, now);
        // The first of several is preferred: nothing is gained by having the relay turn packets of
        // one IP version into the other.
        let is_own = |address: &SocketAddr| address.is_ipv4() == base.local.is_ipv4();
        let (own, other): (Vec<_>, Vec<_>) = relayed.iter().copied().partition(is_own);
        for address in own.into_iter().chain(other) {
            let kind = ice::CandidateKind::Relayed;
            let found = Found { kind, address, related: Some(mapped) };
            self.add_candidate(base, found, Some(server), now);
        }
    }

    /// An allocation has ended, or was never made.
    fn handle_lease_closed(
        &mut self,
        key: LeaseKey,
        reason: turn::client::CloseReason,
        now: Instant,
    ) {
        let Some(index) = self.leases.iter().position(|lease| lease.key() == key) else { return };
        let lease = self.leases.remove(index);
        if lease.progress == Progress::Asked {
            let reason = match reason {
                turn::client::CloseReason::TimedOut => GatheringFailure::NoAnswer,
                turn::client::CloseReason::Requested
                | turn::client::CloseReason::IntegrityViolated
                | turn::client::CloseReason::CredentialsRefused
                | turn::client::CloseReason::AddressTaken
                | turn::client::CloseReason::AllocationLost
                | turn::client::CloseReason::Refused { .. }
                | turn::client::CloseReason::ChannelsOutOfStep
                | turn::client::CloseReason::StrangeAnswer
                | turn::client::CloseReason::RedirectedInCircles => GatheringFailure::Refused,
            };
            self.fail(lease.base, lease.address, reason);
            if reason == GatheringFailure::Refused {
                self.ask_for_mapping_instead(&lease);
            }
        }
        for relayed in lease.relayed {
            self.agent.remove_base(relayed, now);
        }
        self.close_if_retired(lease.base.local);
    }

    /// Lets `peer` reach this side through every allocation that has its family (RFC 8445 section
    /// 7.2.2 wants a permission before a check; the peer's own checks need it as well).
    pub(crate) fn permit(&mut self, peer: IpAddr, now: Instant) {
        for lease in &mut self.leases {
            let serves = lease.base.generation == self.generation
                && lease.relayed.iter().any(|relayed| relayed.is_ipv4() == peer.is_ipv4());
            if serves && lease.progress == Progress::Answered {
                // A client that cannot take one more peer drops what is sent there: the check fails.
                let _ = lease.client.permit(peer, now);
            }
        }
    }

    /// Sends what the agent wants sent: through a TURN client where the base is a relayed address.
    pub(crate) fn dispatch(&mut self, datagram: Datagram, now: Instant) {
        let base = datagram.source;
        match self.leases.iter_mut().find(|lease| lease.relayed.contains(&base)) {
            // What a TURN client cannot send is lost, as on any network.
            Some(lease) => {
                let _ = lease.client.send(datagram.destination, datagram.payload, now);
            }
            None => self.output.packet(Request::Send(datagram)),
        }
    }

    /// Another pair is in use: its channel is bound, and what older generations held is given back.
    pub(crate) fn handle_selected(&mut self, pair: &ice::SelectedPair, now: Instant) {
        let lease = self.leases.iter_mut().find(|lease| lease.relayed.contains(&pair.base));
        let generation = match lease {
            Some(lease) => {
                // Without a channel, data goes by Send indications.
                let _ = lease.client.bind_channel(pair.destination, now);
                Some(lease.base.generation)
            }
            None => self.socket(pair.base).map(|socket| socket.generation),
        };
        if let Some(generation) = generation {
            self.selected_generation = Some(generation);
            if generation == self.generation {
                // Consent checks keep the pair in use alive; nobody needs the other mappings.
                self.queries.clear();
                self.retire_abandoned(now);
            }
        }
    }

    /// Gives back what belongs neither to the current generation nor to the pair in use.
    pub(crate) fn retire_abandoned(&mut self, now: Instant) {
        let (current, selected) = (self.generation, self.selected_generation);
        self.retire_where(|generation| generation != current && Some(generation) != selected, now);
    }

    /// Gives back everything.
    pub(crate) fn retire_all(&mut self, now: Instant) {
        self.retire_where(|_| true, now);
    }

    fn retire_where(&mut self, gone: impl Fn(u32) -> bool, now: Instant) {
        self.starts.retain(|start| !gone(start.base.generation));
        let locals: Vec<SocketAddr> = (self.sockets.iter())
            .filter(|socket| gone(socket.generation))
            .filter_map(|socket| match socket.state {
                SocketState::Open(local) => Some(local),
                SocketState::Binding(_) | SocketState::Retiring(_) => None,
            })
            .collect();
        for local in locals {
            self.retire(local, now);
        }
    }

    /// Gives back what was lent through a socket, and closes it when that is done.
    pub(crate) fn retire(&mut self, local: SocketAddr, now: Instant) {
        for socket in &mut self.sockets {
            if socket.state == SocketState::Open(local) {
                socket.state = SocketState::Retiring(local);
            }
        }
        self.queries.retain(|query| query.base.local != local);
        for lease in &mut self.leases {
            if lease.base.local == local && lease.progress != Progress::Closing {
                lease.progress = Progress::Closing;
                lease.client.close(now);
            }
        }
        self.close_if_retired(local);
    }

    fn close_if_retired(&mut self, local: SocketAddr) {
        let retired = SocketState::Retiring(local);
        let is_used = self.leases.iter().any(|lease| lease.base.local == local);
        if !is_used && self.sockets.iter().any(|socket| socket.state == retired) {
            self.sockets.retain(|socket| socket.state != retired);
            self.output.packet(Request::Close(SocketName::Udp(local)));
        }
    }

    /// Tells when nothing is held any more after the call was closed.
    pub(crate) fn finish_closing(&mut self) {
        if matches!(self.negotiation, Negotiation::Closed) && self.sockets.is_empty() {
            self.negotiation = Negotiation::Freed;
            self.output.event(Event::Closed);
        }
    }

    fn lease_mut(&mut self, key: LeaseKey) -> Option<&mut Lease> {
        self.leases.iter_mut().find(|lease| lease.key() == key)
    }
}

impl Lease {
    /// What tells it from all others.
    pub(crate) const fn key(&self) -> LeaseKey {
        let Base { local, .. } = self.base;
        LeaseKey { local, server: self.address }
    }
}

/// A TURN client's five-tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeaseKey {
    /// The socket.
    pub(crate) local: SocketAddr,
    /// The server.
    pub(crate) server: SocketAddr,
}
