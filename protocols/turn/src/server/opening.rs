//! Binding the ports of an allocation in the making.
//!
//! Each family binds one port, or two for a pair, and tries others where the host refuses. When
//! none waits any more, the request that wants them is answered.

use core::net::SocketAddr;
use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_sans_io::net::{Refusal, Request, Socket};
use icelab_stun::attribute::{ErrorCode, Family};

use super::allocation::{FiveTuple, RefusedFamily};
use super::answer::Ticket;
use super::event::{ServerDiscard, ServerEvent};
use super::ports::PortWish;
use super::{Server, Timer};
use crate::family::PerFamily;

/// An allocation in the making.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) ticket: Ticket,
    pub(super) lifetime: Duration,
    pub(super) wish: PortWish,
    pub(super) ports: PerFamily<Port>,
    /// A family that cannot be had, while the other one can (ADDRESS-ERROR-CODE).
    pub(super) refused: Option<RefusedFamily>,
}

/// How far the port of one family has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Port {
    /// The host was asked.
    Binding { address: SocketAddr, tries: u32 },
    /// The even port is there, the host was asked for the next one.
    BindingNext { address: SocketAddr, next: SocketAddr, tries: u32 },
    /// It is there, and so is the next one where it was wanted.
    Bound { address: SocketAddr, next: Option<SocketAddr> },
}

impl Server {
    /// Asks the host for a port.
    pub(super) fn bind(
        &mut self,
        five_tuple: FiveTuple,
        family: Family,
        wish: PortWish,
        tries: u32,
    ) -> Option<Port> {
        let tries = tries.checked_sub(1)?;
        let ip = self.relay_ip(family)?;
        let address = self.ports.choose(ip, wish, &mut self.rng)?;
        self.ports.begin(address, five_tuple, family);
        self.output.packet(Request::Bind { local: address });
        Some(Port::Binding { address, tries })
    }

    /// The host has bound an address.
    pub(super) fn handle_bound(&mut self, requested: SocketAddr, local: SocketAddr, now: Instant) {
        let Some((five_tuple, family)) = self.ports.settle(requested) else {
            // An address to listen at, or a port that nobody waits for any more.
            if !self.config.listen.contains(&requested) {
                self.discards.add(ServerDiscard::StrangeNotice);
                self.output.packet(Request::Close(Socket::Udp(local)));
            }
            return;
        };
        let Some(opening) = self.openings.get_mut(&five_tuple) else { return };
        let wish = opening.wish;
        let Some(port) = opening.ports.slot(family) else { return };
        *port = match *port {
            Port::Binding { address, tries } if wish == PortWish::Pair => {
                let next = SocketAddr::new(address.ip(), address.port().saturating_add(1));
                if self.ports.is_ours(next) {
                    // Another client got it meanwhile.
                    self.close_port(address);
                    return self.try_another(five_tuple, family, tries, now);
                }
                self.ports.begin(next, five_tuple, family);
                self.output.packet(Request::Bind { local: next });
                Port::BindingNext { address, next, tries }
            }
            Port::Binding { address, .. } => Port::Bound { address, next: None },
            Port::BindingNext { address, next, .. } => Port::Bound { address, next: Some(next) },
            bound @ Port::Bound { .. } => bound,
        };
        self.conclude(five_tuple, now);
    }

    /// The host has not bound an address.
    pub(super) fn handle_refused(&mut self, address: SocketAddr, reason: Refusal, now: Instant) {
        let Some((five_tuple, family)) = self.ports.settle(address) else {
            if self.config.listen.contains(&address) {
                return self.output.event(ServerEvent::NotListening { address });
            }
            return self.discards.add(ServerDiscard::StrangeNotice);
        };
        self.ports.release(address);
        let port = self.openings.get_mut(&five_tuple).map(|opening| *opening.ports.slot(family));
        let tries = match port.flatten() {
            Some(Port::Binding { tries, .. }) => tries,
            Some(Port::BindingNext { address: even, tries, .. }) => {
                self.close_port(even);
                tries
            }
            Some(Port::Bound { .. }) | None => return,
        };
        let tries = match reason {
            Refusal::AddressInUse => tries,
            // No other port of this address will do better.
            Refusal::NoSuchAddress
            | Refusal::NoPortLeft
            | Refusal::Unreachable
            | Refusal::ConnectionRefused
            | Refusal::Unsupported => 0,
        };
        self.try_another(five_tuple, family, tries, now);
    }

    fn try_another(&mut self, five_tuple: FiveTuple, family: Family, tries: u32, now: Instant) {
        let Some(wish) = self.openings.get(&five_tuple).map(|opening| opening.wish) else { return };
        let port = self.bind(five_tuple, family, wish, tries);
        let Some(opening) = self.openings.get_mut(&five_tuple) else { return };
        *opening.ports.slot(family) = port;
        if port.is_none() {
            opening.refused = Some((family, ErrorCode::INSUFFICIENT_CAPACITY.code));
        }
        self.conclude(five_tuple, now);
    }

    pub(super) fn close_port(&mut self, address: SocketAddr) {
        self.ports.release(address);
        self.output.packet(Request::Close(Socket::Udp(address)));
    }

    /// The host says nothing about the ports.
    pub(super) fn give_up_opening(&mut self, five_tuple: FiveTuple) {
        let Some(opening) = self.openings.remove(&five_tuple) else { return };
        for (_, port) in opening.ports.iter() {
            match *port {
                Port::Binding { address, .. } => self.close_port(address),
                Port::BindingNext { address, next, .. } => {
                    self.close_port(address);
                    self.close_port(next);
                }
                Port::Bound { address, next } => {
                    self.close_port(address);
                    if let Some(next) = next {
                        self.close_port(next);
                    }
                }
            }
        }
        self.give_quota_back(&opening.ticket.owner.username);
        self.refuse(&opening.ticket, ErrorCode::INSUFFICIENT_CAPACITY);
    }

    /// Answers, if no port is being bound any more.
    pub(super) fn conclude(&mut self, five_tuple: FiveTuple, now: Instant) {
        let Some(opening) = self.openings.get(&five_tuple) else { return };
        if opening.ports.iter().any(|(_, port)| !matches!(port, Port::Bound { .. })) {
            return;
        }
        self.timers.cancel(&Timer::Opening(five_tuple));
        if opening.ports.is_empty() {
            return self.give_up_opening(five_tuple);
        }
        let Some(opening) = self.openings.remove(&five_tuple) else { return };
        self.allocate(opening, now);
    }
}

/// How many ports are tried before a family counts as full.
pub(super) const TRIES: u32 = 16;

/// How long the host may take to bind a port; the client gives up after 39.5 s.
pub(super) const BINDING_PATIENCE: Duration = Duration::from_secs(5);
