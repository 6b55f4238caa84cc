//! Making an allocation (RFC 8656 section 7.2): what a request asks for, whether it can be had, and
//! the answer. The host binds the ports in between ([`opening`](super::opening)).

use core::net::IpAddr;
use core::time::Duration;
use std::collections::BTreeSet;

use icelab_sans_io::Instant;
use icelab_stun::attribute::{
    AdditionalAddressFamily, AddressErrorCode, ErrorCode, EvenPort, Family, Lifetime,
    RequestedAddressFamily, RequestedTransport, ReservationToken, XorMappedAddress,
    XorRelayedAddress, kind,
};

use super::allocation::{Allocation, AllocationId, Channels, RefusedFamily};
use super::answer::{Ask, Ticket};
use super::event::{ServerDiscard, ServerEvent};
use super::opening::{BINDING_PATIENCE, Opening, Port, TRIES};
use super::ports::PortWish;
use super::{Server, Timer};
use crate::family::PerFamily;
use crate::timing::RESERVATION_LIFETIME;

/// What a valid request asks for.
enum Wish {
    /// The port that was reserved.
    Reserved(ReservationToken),
    /// New ones, of these families.
    Fresh { families: Vec<Family>, wish: PortWish, refused: Option<RefusedFamily> },
}

impl Server {
    /// Takes an Allocate request.
    pub(super) fn handle_allocate(&mut self, ask: &Ask<'_>) {
        let five_tuple = ask.ticket.five_tuple;
        if let Some(id) = self.clients.get(&five_tuple).copied() {
            return self.answer_copy(ask, id);
        }
        if let Some(opening) = self.openings.get(&five_tuple) {
            if opening.ticket.id == ask.ticket.id {
                return self.discards.add(ServerDiscard::AllocateInProgress);
            }
            return self.refuse(&ask.ticket, ErrorCode::ALLOCATION_MISMATCH);
        }
        if self.config.alternate.iter().any(|other| other.is_ipv4() == five_tuple.client.is_ipv4())
        {
            return self.redirect(&ask.ticket);
        }
        match self.read_wish(ask).and_then(|wish| self.check_quota(ask).map(|()| wish)) {
            Err(error) => self.refuse(&ask.ticket, error),
            Ok(wish) => self.open(ask, wish),
        }
    }

    /// RFC 8656 section 7.2, step 2: a five-tuple in use is a mismatch, unless this is a copy of
    /// the request that made the allocation, which gets the same answer again (the note at the
    /// section's end).
    fn answer_copy(&mut self, ask: &Ask<'_>, id: AllocationId) {
        let made_by = self.allocations.get(&id).map(|allocation| allocation.made_by);
        if made_by == Some(ask.ticket.id) {
            self.answer_allocated(id, &ask.ticket, ask.now);
        } else {
            self.refuse(&ask.ticket, ErrorCode::ALLOCATION_MISMATCH);
        }
    }

    /// Steps 3 to 9 of RFC 8656 section 7.2.
    fn read_wish(&self, ask: &Ask<'_>) -> Result<Wish, ErrorCode<'static>> {
        let message = ask.message;
        match message.get::<RequestedTransport>() {
            Some(Ok(RequestedTransport::UDP)) => {}
            Some(Ok(_)) => return Err(ErrorCode::UNSUPPORTED_TRANSPORT),
            Some(Err(_)) | None => return Err(ErrorCode::BAD_REQUEST),
        }
        let even = read::<EvenPort>(ask)?;
        let requested = read::<RequestedAddressFamily>(ask)?.map(|family| family.0);
        let additional = read::<AdditionalAddressFamily>(ask)?.map(|family| family.0);
        if let Some(token) = read::<ReservationToken>(ask)? {
            let has_more = even.is_some() || requested.is_some() || additional.is_some();
            return if has_more { Err(ErrorCode::BAD_REQUEST) } else { Ok(Wish::Reserved(token)) };
        }
        let wants_pair = even.is_some_and(|even| even.reserve);
        let contradicts = (requested.is_some() || wants_pair) && additional.is_some();
        let is_twice = message.attributes().filter(is_requested_family).count() > 1;
        if contradicts || is_twice || additional == Some(Family::V4) {
            return Err(ErrorCode::BAD_REQUEST);
        }
        let wish = match even {
            None => PortWish::Any,
            Some(EvenPort { reserve: false }) => PortWish::Even,
            Some(EvenPort { reserve: true }) => PortWish::Pair,
        };
        let (families, refused) = self.choose_families(requested, additional.is_some())?;
        Ok(Wish::Fresh { families, wish, refused })
    }

    /// Steps 7 and 9: the families that this server can relay for.
    fn choose_families(
        &self,
        requested: Option<Family>,
        wants_both: bool,
    ) -> Result<(Vec<Family>, Option<RefusedFamily>), ErrorCode<'static>> {
        let unsupported = ErrorCode::ADDRESS_FAMILY_NOT_SUPPORTED;
        if !wants_both {
            let family = requested.unwrap_or(Family::V4);
            self.relay_ip(family).ok_or(unsupported)?;
            return Ok((vec![family], None));
        }
        let (families, missing): (Vec<_>, Vec<_>) = [Family::V4, Family::V6]
            .into_iter()
            .partition(|family| self.relay_ip(*family).is_some());
        if families.is_empty() {
            return Err(unsupported);
        }
        Ok((families, missing.first().map(|family| (*family, unsupported.code))))
    }

    pub(super) fn relay_ip(&self, family: Family) -> Option<IpAddr> {
        match family {
            Family::V4 => self.config.relay_v4.map(IpAddr::V4),
            Family::V6 => self.config.relay_v6.map(IpAddr::V6),
        }
    }

    /// Step 10, by user name, and the server's own limit.
    fn check_quota(&self, ask: &Ask<'_>) -> Result<(), ErrorCode<'static>> {
        let limits = self.config.limits;
        let of_user = self.quotas.get(&ask.ticket.owner.username).copied().unwrap_or_default();
        if of_user >= limits.allocations_per_user {
            return Err(ErrorCode::ALLOCATION_QUOTA_REACHED);
        }
        if self.allocations.len() + self.openings.len() >= limits.allocations {
            return Err(ErrorCode::INSUFFICIENT_CAPACITY);
        }
        Ok(())
    }

    fn open(&mut self, ask: &Ask<'_>, wish: Wish) {
        let lifetime = self.lifetime(read(ask).ok().flatten());
        let ticket = ask.ticket.clone();
        let five_tuple = ticket.five_tuple;
        let (families, wish, refused, mut ports) = match wish {
            Wish::Reserved(token) => {
                let Some(address) = self.ports.redeem(token) else {
                    return self.refuse(&ticket, ErrorCode::INSUFFICIENT_CAPACITY);
                };
                self.timers.cancel(&Timer::Reservation(token));
                let mut ports = PerFamily::default();
                let port = Port::Bound { address, next: None };
                *ports.slot(Family::of(address.ip())) = Some(port);
                (Vec::new(), PortWish::Any, None, ports)
            }
            Wish::Fresh { families, wish, refused } => {
                if wish == PortWish::Pair
                    && self.ports.reservations() >= self.config.limits.reservations
                {
                    return self.refuse(&ticket, ErrorCode::INSUFFICIENT_CAPACITY);
                }
                (families, wish, refused, PerFamily::default())
            }
        };
        let mut refused = refused;
        for family in families {
            match self.bind(five_tuple, family, wish, TRIES) {
                Some(port) => *ports.slot(family) = Some(port),
                None => refused = Some((family, ErrorCode::INSUFFICIENT_CAPACITY.code)),
            }
        }
        *self.quotas.entry(ticket.owner.username.clone()).or_default() += 1;
        self.openings.insert(five_tuple, Opening { ticket, lifetime, wish, ports, refused });
        self.timers.set(Timer::Opening(five_tuple), ask.now + BINDING_PATIENCE);
        self.conclude(five_tuple, ask.now);
    }

    pub(super) fn give_quota_back(&mut self, username: &str) {
        if let Some(count) = self.quotas.get_mut(username) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.quotas.remove(username);
            }
        }
    }

    /// The allocation is made.
    pub(super) fn allocate(&mut self, opening: Opening, now: Instant) {
        let Opening { ticket, lifetime, ports, refused, .. } = opening;
        let id = AllocationId(self.next_id);
        self.next_id += 1;
        let (mut relays, mut token) = (PerFamily::default(), None);
        for (family, port) in ports.iter() {
            let Port::Bound { address, next } = *port else { continue };
            *relays.slot(family) = Some(address);
            self.relays.insert(address, id);
            self.timers.set(Timer::Relay(id, family), now + lifetime);
            if let Some(next) = next {
                let fresh = ReservationToken(self.rng.bytes());
                self.ports.reserve(fresh, next);
                self.timers.set(Timer::Reservation(fresh), now + RESERVATION_LIFETIME);
                token = Some(fresh);
            }
        }
        self.clients.insert(ticket.five_tuple, id);
        self.output.event(ServerEvent::Allocated {
            client: ticket.five_tuple.client,
            username: ticket.owner.username.clone(),
            relayed: relays.iter().map(|(_, address)| *address).collect(),
            lifetime,
        });
        let allocation = Allocation {
            five_tuple: ticket.five_tuple,
            owner: ticket.owner.clone(),
            made_by: ticket.id,
            token,
            refused,
            relays,
            permissions: BTreeSet::new(),
            channels: Channels::default(),
        };
        self.allocations.insert(id, allocation);
        self.answer_allocated(id, &ticket, now);
    }

    /// Answers the request that made an allocation, the first time and every time again.
    fn answer_allocated(&mut self, id: AllocationId, ticket: &Ticket, now: Instant) {
        let Some(allocation) = self.allocations.get(&id) else { return };
        let mut answer = ticket.success();
        for (_, address) in allocation.relays.iter() {
            answer = answer.add(&XorRelayedAddress(*address));
        }
        let left = allocation
            .relays
            .iter()
            .filter_map(|(family, _)| self.timers.get(&Timer::Relay(id, family)))
            .min()
            .map_or(Duration::ZERO, |end| end - now);
        let refused = allocation.refused.map(|(family, code)| AddressErrorCode {
            family,
            code,
            reason: if code == ErrorCode::INSUFFICIENT_CAPACITY.code {
                ErrorCode::INSUFFICIENT_CAPACITY.reason
            } else {
                ErrorCode::ADDRESS_FAMILY_NOT_SUPPORTED.reason
            },
        });
        let answer = answer
            .add(&XorMappedAddress(ticket.five_tuple.client))
            .add(&Lifetime(u32::try_from(left.as_secs()).unwrap_or(u32::MAX)))
            .maybe(allocation.token.as_ref())
            .maybe(refused.as_ref());
        self.answer(ticket, answer);
    }

    /// The lifetime granted where `asked` is asked for, the same for Allocate and Refresh (RFC
    /// 8656 sections 7.2 and 8.2).
    pub(super) fn lifetime(&self, asked: Option<Lifetime>) -> Duration {
        let asked =
            asked.map_or(Duration::ZERO, |Lifetime(seconds)| Duration::from_secs(seconds.into()));
        asked.min(self.config.maximum_lifetime).max(self.config.default_lifetime)
    }
}

/// An attribute that may be missing but not malformed.
pub(super) fn read<'a, A: icelab_stun::attribute::Attribute<'a>>(
    ask: &Ask<'a>,
) -> Result<Option<A>, ErrorCode<'static>> {
    ask.message.get().transpose().map_err(|_| ErrorCode::BAD_REQUEST)
}

fn is_requested_family(attribute: &icelab_stun::attribute::RawAttribute<'_>) -> bool {
    attribute.kind == kind::REQUESTED_ADDRESS_FAMILY
}
