//! Keeping an allocation, or ending it (RFC 8656 section 8.2).

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
}
