//! Letting peers in (RFC 8656 sections 9 and 10). A permission counts for an address, whatever
//! the port.

use core::net::{IpAddr, SocketAddr};
use std::collections::VecDeque;

use icelab_sans_io::Instant;
use icelab_sans_io::net::Datagram;
use icelab_stun::MessageBuilder;
use icelab_stun::attribute::XorPeerAddress;

use super::request::{Failure, Operation};
use super::{Client, CloseReason, Event, NoRelay, PermitError, RequestFailure, Timer};
use crate::timing::PERMISSION_LIFETIME;

/// What is known of a permission.
#[derive(Debug)]
pub(super) enum Permission {
    /// It was asked for, or has lapsed and is asked for again.
    Requested {
        /// What will be sent once it is there.
        waiting: VecDeque<Datagram>,
    },
    /// The server has it.
    Granted {
        /// Until then, unless refreshed.
        expires: Instant,
    },
    /// The server does not want it.
    Refused {
        /// The error code.
        code: u16,
    },
}

impl Permission {
    pub(super) fn holds(&self, now: Instant) -> bool {
        match self {
            Self::Granted { expires } => now < *expires,
            Self::Requested { .. } | Self::Refused { .. } => false,
        }
    }
}

impl Client {
    /// Lets everything from `peer` in, and keeps the door open until [`forget`](Self::forget).
    /// [`send`](Self::send) does so by itself; this is for who waits for a peer to speak first.
    ///
    /// # Errors
    /// Where the peer cannot be reached at all; what the server thinks of it comes as an event.
    pub fn permit(&mut self, peer: IpAddr, now: Instant) -> Result<(), PermitError> {
        self.relay_for(peer).map_err(|no_relay| match no_relay {
            NoRelay::NotAllocated => PermitError::NotAllocated,
            NoRelay::WrongFamily => PermitError::WrongFamily,
        })?;
        match self.permissions.get(&peer) {
            Some(Permission::Requested { .. } | Permission::Granted { .. }) => Ok(()),
            None if self.permissions.len() >= self.config.limits.permissions => {
                Err(PermitError::TooManyPeers)
            }
            Some(Permission::Refused { .. }) | None => {
                self.ask_to_permit(peer, VecDeque::new(), now);
                Ok(())
            }
        }
    }

    /// Stops keeping the permission and the channels of `peer`: they end when their time is over,
    /// and what comes from there is dropped from now on.
    pub fn forget(&mut self, peer: IpAddr, now: Instant) {
        self.permissions.remove(&peer);
        self.timers.cancel(&Timer::Permission(peer));
        self.requests.cancel(Operation::Permit(peer), now);
        for number in self.channels.of_peer_address(peer) {
            self.end_channel(number, now);
        }
    }

    /// Asks for a permission for which `waiting` waits.
    pub(super) fn ask_to_permit(
        &mut self,
        peer: IpAddr,
        waiting: VecDeque<Datagram>,
        now: Instant,
    ) {
        self.permissions.insert(peer, Permission::Requested { waiting });
        self.request(Operation::Permit(peer), now);
    }

    /// A permission has a minute left.
    pub(super) fn refresh_permission(&mut self, peer: IpAddr, now: Instant) {
        if self.permissions.contains_key(&peer) {
            self.request(Operation::Permit(peer), now);
        }
    }

    /// What a CreatePermission request asks for (RFC 8656 section 10.1: the port is ignored).
    pub(super) fn ask_for_permission(message: MessageBuilder, peer: IpAddr) -> MessageBuilder {
        message.add(&XorPeerAddress(SocketAddr::new(peer, 0)))
    }

    /// The server has installed or refreshed a permission, by a CreatePermission or ChannelBind
    /// request of `since` (RFC 8656 sections 10.3 and 12.3).
    pub(super) fn permitted(&mut self, peer: IpAddr, since: Instant, now: Instant) {
        let expires = since + PERMISSION_LIFETIME;
        let Some(permission) = self.permissions.get_mut(&peer) else { return };
        self.timers.set(Timer::Permission(peer), super::refresh::due(since, PERMISSION_LIFETIME));
        match core::mem::replace(permission, Permission::Granted { expires }) {
            Permission::Granted { .. } => {}
            Permission::Refused { .. } => self.output.event(Event::PermissionGranted { peer }),
            Permission::Requested { waiting } => {
                self.output.event(Event::PermissionGranted { peer });
                for datagram in waiting {
                    self.transmit_data(datagram, now);
                }
            }
        }
    }

    /// The server has not installed or refreshed a permission.
    pub(super) fn not_permitted(&mut self, peer: IpAddr, failure: Failure, now: Instant) {
        let reason = match failure {
            // RFC 8656 section 5: "A client receiving a 437 error response to a request other
            // than Allocate MUST assume the allocation no longer exists."
            Failure::Code(437) => return self.finish(CloseReason::AllocationLost),
            Failure::Unauthorized | Failure::Code(441) => {
                return self.finish(CloseReason::CredentialsRefused);
            }
            Failure::TimedOut | Failure::IntegrityViolated => RequestFailure::TimedOut,
            Failure::Code(code) => RequestFailure::Refused { code },
        };
        let Some(permission) = self.permissions.get_mut(&peer) else { return };
        let has_time_left = permission.holds(now);
        match reason {
            RequestFailure::Refused { code } => *permission = Permission::Refused { code },
            // Silence may end, and the allocation's own end bounds it: the client asks on.
            RequestFailure::TimedOut => {
                if !has_time_left {
                    *permission = Permission::Requested { waiting: VecDeque::new() };
                }
                self.request(Operation::Permit(peer), now);
            }
        }
        if !(has_time_left && reason == RequestFailure::TimedOut) {
            self.output.event(Event::PermissionFailed { peer, reason });
        }
    }
}
