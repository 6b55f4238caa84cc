//! The filter table of RFC 4787 section 5: which remote endpoints may send to an owner.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use icelab_sans_io::Instant;

use super::Behaviour;
use super::key::{EndpointKey, masked};
use super::lifetime::{Expiry, Lifetime, Terms, Way};
use crate::packet::Protocol;

/// Permissions: made and refreshed by outbound packets, asked by inbound ones.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    behaviour: Behaviour,
    permissions: BTreeMap<Permission, (Protocol, Lifetime)>,
    expiry: Expiry<Permission>,
}

/// Whom a permission is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// One mapping, by its number.
    Mapping(u32),
    /// All mappings of an inside endpoint.
    Inside(EndpointKey),
}

/// An owner, and as much of the remote endpoint as filtering looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Permission {
    owner: Owner,
    remote_address: u128,
    remote_port: u16,
}

impl Filter {
    pub(super) fn new(behaviour: Behaviour) -> Self {
        Self { behaviour, permissions: BTreeMap::new(), expiry: Expiry::new() }
    }

    /// The owner sends to a remote endpoint, which may answer from now on.
    pub(super) fn permit(
        &mut self,
        owner: Owner,
        protocol: Protocol,
        remote: SocketAddr,
        extra_life: Duration,
        terms: &Terms,
        now: Instant,
    ) {
        if self.behaviour == Behaviour::EndpointIndependent {
            return;
        }
        let key = self.key(owner, remote);
        if let Some((protocol, lifetime)) = self.permissions.get_mut(&key) {
            self.expiry.pass(&key, lifetime, *protocol, terms, Way::Out, now);
            return;
        }
        let mut lifetime = Lifetime::new(protocol, &terms.timeouts, extra_life, now);
        self.expiry.add(key, &mut lifetime);
        self.permissions.insert(key, (protocol, lifetime));
    }

    /// A remote endpoint sends to the owner: may it?
    pub(super) fn admit(
        &mut self,
        owner: Owner,
        protocol: Protocol,
        remote: SocketAddr,
        terms: &Terms,
        now: Instant,
    ) -> bool {
        if self.behaviour == Behaviour::EndpointIndependent {
            return true;
        }
        let key = self.key(owner, remote);
        let Some((_, lifetime)) = self.permissions.get_mut(&key) else {
            return false;
        };
        self.expiry.pass(&key, lifetime, protocol, terms, Way::Back, now);
        true
    }

    /// All permissions of an owner end.
    pub(super) fn forget(&mut self, owner: Owner) {
        let low = Permission { owner, remote_address: 0, remote_port: 0 };
        let high = Permission { owner, remote_address: u128::MAX, remote_port: u16::MAX };
        while let Some((key, (_, lifetime))) = self.permissions.range(low..=high).next() {
            let key = *key;
            self.expiry.remove(&key, lifetime);
            self.permissions.remove(&key);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        while let Some(key) = self.expiry.pop_due(now) {
            let Some((_, lifetime)) = self.permissions.get_mut(&key) else {
                continue;
            };
            if self.expiry.is_over(key, lifetime, now) {
                self.permissions.remove(&key);
            }
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.expiry.next()
    }

    fn key(&self, owner: Owner, remote: SocketAddr) -> Permission {
        let (remote_address, remote_port) = masked(remote, self.behaviour);
        Permission { owner, remote_address, remote_port }
    }
}
