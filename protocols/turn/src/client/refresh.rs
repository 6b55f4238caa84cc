//! Keeping the allocation, and giving it back (RFC 8656 section 8).

use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_stun::attribute::{Family, Lifetime, RequestedAddressFamily};
use icelab_stun::{Message, MessageBuilder};

use super::allocate::whole_seconds;
use super::request::{Failure, Operation};
use super::{Client, CloseReason, Event, State, Timer};
use crate::timing::REFRESH_MARGIN;

impl Client {
    /// Gives the allocation back; [`Event::Closed`] follows when the server has heard it, or does
    /// not answer.
    pub fn close(&mut self, now: Instant) {
        match self.state {
            State::Idle => self.finish(CloseReason::Requested),
            State::Allocating => self.state = State::Abandoned,
            State::Open(_) => self.give_back(CloseReason::Requested, now),
            State::Abandoned | State::Closing { .. } | State::Closed => {}
        }
    }

    /// Gives one of two relayed addresses back, with its permissions and channels (RFC 8656
    /// section 8.1). The last one goes with [`close`](Self::close).
    pub fn release(&mut self, family: Family, now: Instant) {
        let State::Open(allocation) = &mut self.state else { return };
        if allocation.relays.iter().count() < 2 {
            return;
        }
        let Some(relayed) = allocation.relays.slot(family).take() else { return };
        let of_family = |address: &core::net::IpAddr| Family::of(*address) == family;
        let peers: Vec<_> = self.permissions.keys().copied().filter(of_family).collect();
        for peer in peers {
            self.forget(peer, now);
        }
        self.request(Operation::Release(family), now);
        self.output.event(Event::Released { relayed });
    }

    /// Deletes what the server holds and then tells `reason`.
    pub(super) fn give_back(&mut self, reason: CloseReason, now: Instant) {
        self.forget_everything();
        self.state = State::Closing { reason };
        self.request(Operation::Delete, now);
    }

    /// Refreshes the allocation.
    pub(super) fn refresh(&mut self, now: Instant) {
        self.request(Operation::Refresh, now);
    }

    /// What a Refresh request asks for (RFC 8656 section 8.1).
    pub(super) fn ask_for_refresh(&self, message: MessageBuilder) -> MessageBuilder {
        match self.config.lifetime {
            Some(lifetime) => message.add(&Lifetime(whole_seconds(lifetime))),
            None => message,
        }
    }

    /// What a Refresh request that deletes asks for: everything, or one family.
    pub(super) fn ask_for_end(message: MessageBuilder, family: Option<Family>) -> MessageBuilder {
        let message = message.add(&Lifetime(0));
        message.maybe(family.map(RequestedAddressFamily).as_ref())
    }

    /// Takes the new lifetime, granted to a request of `since` (RFC 8656 section 8.3).
    pub(super) fn refreshed(&mut self, message: &Message<'_>, since: Instant) {
        let State::Open(allocation) = &mut self.state else { return };
        let seconds = match message.get::<Lifetime>() {
            Some(Ok(Lifetime(seconds))) if seconds > 0 => seconds,
            Some(_) | None => return self.finish(CloseReason::AllocationLost),
        };
        let lifetime = Duration::from_secs(seconds.into());
        allocation.expires = since + lifetime;
        self.timers.set(Timer::Refresh, due(since, lifetime));
        self.output.event(Event::Refreshed { lifetime });
    }

    /// The allocation was not refreshed: while it lives, the client asks again.
    pub(super) fn not_refreshed(&mut self, failure: Failure, now: Instant) {
        let State::Open(allocation) = &self.state else { return };
        if failure.may_pass() && now < allocation.expires {
            return self.request(Operation::Refresh, now);
        }
        self.finish(failure.close_reason());
    }

    /// The server deleted the allocation, or never answers: both is the end. RFC 8656 section 8.3:
    /// after a 437 too "it should consider its request as having effectively succeeded".
    pub(super) fn deleted(&mut self) {
        if let State::Closing { reason } = self.state {
            self.finish(reason);
        }
    }
}

/// When something of `lifetime`, counted from `since`, is refreshed: a minute before its end, or
/// half-way where it is short.
pub(super) fn due(since: Instant, lifetime: Duration) -> Instant {
    since + lifetime.saturating_sub(REFRESH_MARGIN).max(lifetime / 2)
}
