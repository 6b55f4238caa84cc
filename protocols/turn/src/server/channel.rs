//! Binding channels (RFC 8656 section 12.2).

use icelab_stun::attribute::{self, ErrorCode, XorPeerAddress};

use super::allocate::read;
use super::allocation::AllocationId;
use super::answer::Ask;
use super::event::ServerEvent;
use super::{Server, Timer};
use crate::timing::CHANNEL_LIFETIME;
use crate::wire::ChannelNumber;

impl Server {
    /// Takes a ChannelBind request.
    pub(super) fn handle_channel_bind(&mut self, ask: &Ask<'_>, id: AllocationId) {
        let result = self.bind_channel(ask, id);
        match result {
            Ok(()) => {
                let answer = ask.ticket.success();
                self.answer(&ask.ticket, answer);
            }
            Err(error) => self.refuse(&ask.ticket, error),
        }
    }

    fn bind_channel(&mut self, ask: &Ask<'_>, id: AllocationId) -> Result<(), ErrorCode<'static>> {
        let number = read::<attribute::ChannelNumber>(ask)?
            .and_then(|attribute::ChannelNumber(number)| ChannelNumber::new(number))
            .ok_or(ErrorCode::BAD_REQUEST)?;
        let XorPeerAddress(peer) = read(ask)?.ok_or(ErrorCode::BAD_REQUEST)?;
        let (bound, count) = self
            .allocations
            .get(&id)
            .map(|allocation| &allocation.channels)
            .map(|channels| ((channels.peer(number), channels.number(peer)), channels.len()))
            .ok_or(ErrorCode::ALLOCATION_MISMATCH)?;
        // RFC 8656 section 12.2: "The channel number is not currently bound to a different
        // transport address (same transport address is OK); The transport address is not
        // currently bound to a different channel number."
        let is_bound = match bound {
            (None, None) => false,
            (Some(peer_of_number), Some(number_of_peer))
                if peer_of_number == peer && number_of_peer == number =>
            {
                true
            }
            (Some(_), _) | (_, Some(_)) => return Err(ErrorCode::BAD_REQUEST),
        };
        self.check_peers(id, &[peer.ip()])?;
        if !is_bound && count >= self.config.limits.channels {
            return Err(ErrorCode::INSUFFICIENT_CAPACITY);
        }
        self.permit(id, peer.ip(), ask.now);
        self.timers.set(Timer::Channel(id, number), ask.now + CHANNEL_LIFETIME);
        if !is_bound && let Some(allocation) = self.allocations.get_mut(&id) {
            allocation.channels.bind(number, peer);
            let client = allocation.five_tuple.client;
            self.output.event(ServerEvent::ChannelBound { client, peer, number });
        }
        Ok(())
    }
}
