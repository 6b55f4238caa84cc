//! Keeping an allocation, and ending it (RFC 8656 section 8.2).

use icelab_stun::attribute::{ErrorCode, Family, Lifetime, RequestedAddressFamily};

use super::allocate::read;
use super::allocation::AllocationId;
use super::answer::Ask;
use super::event::{EndReason, ServerEvent};
use super::{Server, Timer};

impl Server {
    /// Takes a Refresh request.
    pub(super) fn handle_refresh(&mut self, ask: &Ask<'_>, id: AllocationId) {
        let (asked, family) = match (read::<Lifetime>(ask), read::<RequestedAddressFamily>(ask)) {
            (Ok(lifetime), Ok(family)) => (lifetime, family.map(|family| family.0)),
            (Err(error), _) | (_, Err(error)) => return self.refuse(&ask.ticket, error),
        };
        let Some(allocation) = self.allocations.get(&id) else { return };
        let families: Vec<Family> = allocation
            .relays
            .iter()
            .map(|(own, _)| own)
            .filter(|own| family.is_none_or(|family| family == *own))
            .collect();
        // RFC 8656 section 8.2: "If the server receives a Refresh Request with a
        // REQUESTED-ADDRESS-FAMILY attribute and the attribute value does not match the address
        // family of the allocation, the server MUST reply with a 443".
        if families.is_empty() {
            return self.refuse(&ask.ticket, ErrorCode::PEER_ADDRESS_FAMILY_MISMATCH);
        }
        if asked == Some(Lifetime(0)) {
            for family in families {
                self.end_relay(id, family, EndReason::Deleted);
            }
            let answer = ask.ticket.success().add(&Lifetime(0));
            return self.answer(&ask.ticket, answer);
        }
        let lifetime = self.lifetime(asked);
        for family in families {
            self.timers.set(Timer::Relay(id, family), ask.now + lifetime);
        }
        let client = ask.ticket.five_tuple.client;
        self.output.event(ServerEvent::Refreshed { client, lifetime });
        let seconds = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX);
        let answer = ask.ticket.success().add(&Lifetime(seconds));
        self.answer(&ask.ticket, answer);
    }

    /// One relayed address is no more, and with the last one the allocation.
    pub(super) fn end_relay(&mut self, id: AllocationId, family: Family, reason: EndReason) {
        let Some(allocation) = self.allocations.get_mut(&id) else { return };
        let Some(relayed) = allocation.relays.slot(family).take() else { return };
        let (peers, numbers) = allocation.forget(family);
        let client = allocation.five_tuple.client;
        let is_over = allocation.relays.is_empty();
        for peer in peers {
            self.timers.cancel(&Timer::Permission(id, peer));
        }
        for number in numbers {
            self.timers.cancel(&Timer::Channel(id, number));
        }
        self.timers.cancel(&Timer::Relay(id, family));
        self.relays.remove(&relayed);
        self.close_port(relayed);
        self.output.event(ServerEvent::Ended { client, relayed, reason });
        if is_over && let Some(allocation) = self.allocations.remove(&id) {
            self.clients.remove(&allocation.five_tuple);
            self.give_quota_back(&allocation.owner.username);
        }
    }
}
