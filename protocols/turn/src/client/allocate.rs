//! Making the allocation (RFC 8656 sections 7.1, 7.3 and 7.4).

use core::net::SocketAddr;
use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_stun::attribute::{
    AdditionalAddressFamily, AddressErrorCode, AlternateServer, DontFragment, EvenPort, Family,
    Lifetime, RequestedAddressFamily, RequestedTransport, ReservationToken, UnknownAttributes,
    XorMappedAddress, XorRelayedAddress, kind,
};
use icelab_stun::{Message, MessageBuilder};

use super::request::{Failure, Operation};
use super::{
    AllocateError, Allocation, Client, CloseReason, Event, Families, PortChoice, State, Timer,
};
use crate::family::PerFamily;

impl Client {
    /// Asks the server for an allocation.
    ///
    /// # Errors
    /// Where it did so before, or the configuration contradicts itself.
    pub fn allocate(&mut self, now: Instant) -> Result<(), AllocateError> {
        let State::Idle = self.state else { return Err(AllocateError::AlreadyStarted) };
        // RFC 8656 section 7.1: "Clients MUST NOT include the ADDITIONAL-ADDRESS-FAMILY attribute
        // in an Allocate request that contains an EVEN-PORT attribute with the R (Reserved) bit
        // set to 1."
        if (self.config.families, self.config.port) == (Families::Both, PortChoice::EvenAndNext) {
            return Err(AllocateError::Contradiction);
        }
        if self.requests.credentials.is_none() {
            return Err(AllocateError::NoCredentials);
        }
        self.state = State::Allocating;
        self.asked.insert(self.server, now);
        self.request(Operation::Allocate, now);
        Ok(())
    }

    /// What an Allocate request asks for (RFC 8656 section 7.1).
    pub(super) fn ask_for_allocation(&self, mut message: MessageBuilder) -> MessageBuilder {
        let config = &self.config;
        message = message.add(&RequestedTransport::UDP);
        if let Some(lifetime) = config.lifetime {
            message = message.add(&Lifetime(whole_seconds(lifetime)));
        }
        if self.requests.dont_fragment {
            message = message.add(&DontFragment);
        }
        match config.port {
            PortChoice::Any => {}
            PortChoice::Even => message = message.add(&EvenPort { reserve: false }),
            PortChoice::EvenAndNext => message = message.add(&EvenPort { reserve: true }),
            PortChoice::Reserved(token) => return message.add(&token),
        }
        match config.families {
            // Servers give IPv4 unasked, and those of RFC 5766 know nothing else.
            Families::One(Family::V4) => message,
            Families::One(Family::V6) => message.add(&RequestedAddressFamily(Family::V6)),
            Families::Both => message.add(&AdditionalAddressFamily(Family::V6)),
        }
    }

    /// Takes what the server granted to a request of `since` (RFC 8656 section 7.3).
    pub(super) fn allocated(&mut self, message: &Message<'_>, since: Instant, now: Instant) {
        let Some(answer) = Answer::read(message) else {
            return self.give_back(CloseReason::StrangeAnswer, now);
        };
        if let State::Abandoned = self.state {
            return self.give_back(CloseReason::Requested, now);
        }
        // RFC 8656 section 7.3: "If these addresses are not part of an address family or families
        // that the client is prepared to handle, then the client MUST delete the allocation".
        if answer.relays.iter().any(|(family, _)| !self.wants(family)) {
            return self.give_back(CloseReason::StrangeAnswer, now);
        }
        let expires = since + answer.lifetime;
        let relayed = answer.relays.iter().map(|(_, address)| *address).collect();
        self.state = State::Open(Allocation { relays: answer.relays, expires });
        self.timers.set(Timer::Refresh, super::refresh::due(since, answer.lifetime));
        self.output.event(Event::Allocated {
            relayed,
            mapped: answer.mapped,
            lifetime: answer.lifetime,
            reservation: answer.reservation,
            refused: answer.refused,
        });
    }

    /// Whether a relayed address of `family` is welcome.
    fn wants(&self, family: Family) -> bool {
        match (self.config.port, self.config.families) {
            (PortChoice::Reserved(_), _) | (_, Families::Both) => true,
            (_, Families::One(wanted)) => wanted == family,
        }
    }

    /// Takes the server's refusal (RFC 8656 section 7.4).
    pub(super) fn not_allocated(
        &mut self,
        failure: Failure,
        message: Option<&Message<'_>>,
        now: Instant,
    ) {
        if let State::Abandoned = self.state {
            return self.finish(CloseReason::Requested);
        }
        match failure {
            Failure::Code(300) => self.follow_redirection(message, now),
            // RFC 8656 section 7.4: "MAY choose to retry the Allocate request without the
            // DONT-FRAGMENT attribute".
            Failure::Code(420) if self.requests.dont_fragment && lists_dont_fragment(message) => {
                self.requests.dont_fragment = false;
                self.request(Operation::Allocate, now);
            }
            Failure::Code(437) => self.finish(CloseReason::AddressTaken),
            Failure::Code(_)
            | Failure::TimedOut
            | Failure::Unauthorized
            | Failure::IntegrityViolated => self.finish(failure.close_reason()),
        }
    }

    /// Asks the server that this one names (RFC 8489 section 10).
    fn follow_redirection(&mut self, message: Option<&Message<'_>>, now: Instant) {
        let family = Family::of(self.config.local.ip());
        let alternate = message.and_then(|message| {
            message
                .all::<AlternateServer>()
                .filter_map(Result::ok)
                .map(|AlternateServer(address)| address)
                .find(|address| Family::of(address.ip()) == family)
        });
        let Some(server) = alternate else {
            return self.finish(CloseReason::Refused { code: 300 });
        };
        // RFC 8489 section 10: "If the client has been redirected to a server to which it has
        // already sent this request within the last five minutes, it MUST ignore the redirection
        // and consider the transaction to have failed."
        self.asked.retain(|_, asked| now - *asked < REDIRECTION_MEMORY);
        if self.asked.insert(server, now).is_some() || self.asked.len() > REDIRECTIONS {
            return self.finish(CloseReason::RedirectedInCircles);
        }
        self.server = server;
        self.requests.forget_challenge();
        self.output.event(Event::Redirected { server });
        self.request(Operation::Allocate, now);
    }
}

/// What an Allocate success response says (RFC 8656 section 7.2, at its end).
struct Answer {
    relays: PerFamily<SocketAddr>,
    mapped: SocketAddr,
    lifetime: Duration,
    reservation: Option<ReservationToken>,
    refused: Option<(Family, u16)>,
}

impl Answer {
    fn read(message: &Message<'_>) -> Option<Self> {
        let mut relays = PerFamily::default();
        for relay in message.all::<XorRelayedAddress>() {
            let XorRelayedAddress(address) = relay.ok()?;
            if relays.slot(Family::of(address.ip())).replace(address).is_some() {
                return None;
            }
        }
        let XorMappedAddress(mapped) = message.get()?.ok()?;
        let Lifetime(seconds) = message.get()?.ok()?;
        let refused = message.get::<AddressErrorCode<'_>>().and_then(Result::ok);
        let answer = Self {
            relays,
            mapped,
            lifetime: Duration::from_secs(seconds.into()),
            reservation: message.get().and_then(Result::ok),
            refused: refused.map(|refused| (refused.family, refused.code)),
        };
        (!answer.relays.is_empty() && seconds > 0).then_some(answer)
    }
}

/// Whether the server does not know DONT-FRAGMENT.
fn lists_dont_fragment(message: Option<&Message<'_>>) -> bool {
    message
        .and_then(|message| message.get::<UnknownAttributes>()?.ok())
        .is_some_and(|UnknownAttributes(kinds)| kinds.contains(&kind::DONT_FRAGMENT))
}

/// A duration as LIFETIME says it.
pub(super) fn whole_seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// How long a server counts as asked (RFC 8489 section 10).
const REDIRECTION_MEMORY: Duration = Duration::from_secs(300);

/// How many servers are asked at most.
const REDIRECTIONS: usize = 8;
