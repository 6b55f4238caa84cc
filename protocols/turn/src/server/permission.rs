//! Letting peers in (RFC 8656 section 10.2).

use core::net::IpAddr;

use icelab_sans_io::Instant;
use icelab_stun::attribute::{ErrorCode, Family, XorPeerAddress};

use super::allocation::AllocationId;
use super::answer::Ask;
use super::event::ServerEvent;
use super::{Server, Timer};
use crate::timing::PERMISSION_LIFETIME;

impl Server {
    /// Takes a CreatePermission request: all of its peers are let in, or none.
    pub(super) fn handle_create_permission(&mut self, ask: &Ask<'_>, id: AllocationId) {
        let peers: Result<Vec<IpAddr>, _> = ask
            .message
            .all::<XorPeerAddress>()
            .map(|peer| peer.map(|XorPeerAddress(address)| address.ip()))
            .collect();
        let checked = match &peers {
            Ok(peers) if !peers.is_empty() => self.check_peers(id, peers),
            Ok(_) | Err(_) => Err(ErrorCode::BAD_REQUEST),
        };
        if let Err(error) = checked {
            return self.refuse(&ask.ticket, error);
        }
        for peer in peers.into_iter().flatten() {
            self.permit(id, peer, ask.now);
        }
        let answer = ask.ticket.success();
        self.answer(&ask.ticket, answer);
    }

    /// Whether all of `peers` can be let in: of a family that is relayed (443), not denied (403),
    /// not too many (508).
    pub(super) fn check_peers(
        &self,
        id: AllocationId,
        peers: &[IpAddr],
    ) -> Result<(), ErrorCode<'static>> {
        let Some(allocation) = self.allocations.get(&id) else {
            return Err(ErrorCode::ALLOCATION_MISMATCH);
        };
        if peers.iter().any(|peer| allocation.relays.get(Family::of(*peer)).is_none()) {
            return Err(ErrorCode::PEER_ADDRESS_FAMILY_MISMATCH);
        }
        if peers.iter().any(|peer| !self.may_reach(*peer)) {
            return Err(ErrorCode::FORBIDDEN);
        }
        let is_new = |peer: &&IpAddr| !allocation.permissions.contains(*peer);
        let new = peers.iter().filter(is_new).count();
        if new > 0 && allocation.permissions.len() + new > self.config.limits.permissions {
            return Err(ErrorCode::INSUFFICIENT_CAPACITY);
        }
        Ok(())
    }

    /// Whether clients may reach `peer` at all.
    pub(super) fn may_reach(&self, peer: IpAddr) -> bool {
        let relays = [self.config.relay_v4.map(IpAddr::V4), self.config.relay_v6.map(IpAddr::V6)];
        let listening = self.config.listen.iter().map(|address| address.ip());
        self.config.peers.allows(peer, relays.into_iter().flatten().chain(listening))
    }

    /// Installs or refreshes a permission (RFC 8656 section 9).
    pub(super) fn permit(&mut self, id: AllocationId, peer: IpAddr, now: Instant) {
        let Some(allocation) = self.allocations.get_mut(&id) else { return };
        self.timers.set(Timer::Permission(id, peer), now + PERMISSION_LIFETIME);
        if allocation.permissions.insert(peer) {
            let client = allocation.five_tuple.client;
            self.output.event(ServerEvent::Permitted { client, peer });
        }
    }
}
