//! Mappings with their ages: what both tables are made of.

use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::Instant;

use super::key::shown;
use super::lifetime::{Expiry, Lifetime, Terms, Way};
use super::slots::Slots;
use super::{Behaviour, Config, DropReason, Ending, Entry, Note, WhenFull};
use crate::packet::Protocol;

/// An inside endpoint, the outside endpoint that stands for it, and for whom.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    pub(super) protocol: Protocol,
    pub(super) inside: SocketAddr,
    pub(super) outside: SocketAddr,
    /// Where its first packet went.
    pub(super) remote: SocketAddr,
    /// How many were made before it.
    pub(super) serial: u64,
    lifetime: Lifetime,
}

impl Mapping {
    pub(super) fn entry(&self, behaviour: Behaviour) -> Entry {
        Entry {
            protocol: self.protocol,
            inside: self.inside,
            outside: self.outside,
            remote: shown(self.remote, behaviour),
            state: self.lifetime.state(),
            expires: Some(self.lifetime.expires()),
        }
    }

    pub(super) fn expired(&self, why: Ending) -> Note {
        Note::Expired { protocol: self.protocol, inside: self.inside, outside: self.outside, why }
    }

    pub(super) fn extra_life(&self) -> Duration {
        self.lifetime.extra()
    }
}

/// The two ends of a mapping to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) protocol: Protocol,
    pub(super) inside: SocketAddr,
    pub(super) outside: SocketAddr,
    pub(super) remote: SocketAddr,
}

/// All mappings of a table, by number.
#[derive(Clone, Debug)]
pub(super) struct Population {
    mappings: Slots<Mapping>,
    expiry: Expiry<u32>,
    made: u64,
}

/// What a timer that ran out means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The mapping has ended.
    Over(u32),
    /// It had been refreshed and lives on.
    LivesOn(u32),
}

impl Population {
    pub(super) fn new() -> Self {
        Self { mappings: Slots::new(), expiry: Expiry::new(), made: 0 }
    }

    pub(super) fn add(
        &mut self,
        ends: Ends,
        config: &Config,
        extra_life: Duration,
        now: Instant,
    ) -> u32 {
        let Ends { protocol, inside, outside, remote } = ends;
        let lifetime = Lifetime::new(protocol, &config.timeouts, extra_life, now);
        let serial = self.made;
        self.made += 1;
        let mapping = Mapping { protocol, inside, outside, remote, serial, lifetime };
        let number = self.mappings.add(mapping);
        if let Some(mapping) = self.mappings.get_mut(number) {
            self.expiry.add(number, &mut mapping.lifetime);
        }
        number
    }

    pub(super) fn get(&self, number: u32) -> Option<&Mapping> {
        self.mappings.get(number)
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<Mapping> {
        let mapping = self.mappings.remove(number)?;
        self.expiry.remove(&number, &mapping.lifetime);
        Some(mapping)
    }

    /// A packet passes; gives the mapping back if its state changed.
    pub(super) fn pass(
        &mut self,
        number: u32,
        terms: &Terms,
        way: Way,
        now: Instant,
    ) -> Option<&Mapping> {
        let mapping = self.mappings.get_mut(number)?;
        let protocol = mapping.protocol;
        self.expiry
            .pass(&number, &mut mapping.lifetime, protocol, terms, way, now)
            .then_some(mapping)
    }

    /// The next timer that ran out.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Due> {
        let number = self.expiry.pop_due(now)?;
        let mapping = self.mappings.get_mut(number)?;
        let is_over = self.expiry.is_over(number, &mut mapping.lifetime, now);
        Some(if is_over { Due::Over(number) } else { Due::LivesOn(number) })
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.expiry.next()
    }

    /// Whether one more may be made for an inside address that has `held`; perhaps another has to go first.
    pub(super) fn admit(
        &mut self,
        config: &Config,
        held: usize,
    ) -> Result<Option<u32>, DropReason> {
        if config.quota.is_some_and(|quota| held >= quota) {
            return Err(DropReason::QuotaReached);
        }
        if config.capacity.is_none_or(|capacity| self.mappings.len() < capacity) {
            return Ok(None);
        }
        let among_all = match config.when_full {
            WhenFull::Drop => return Err(DropReason::TableFull),
            WhenFull::EvictOldest => true,
            WhenFull::EvictUnreplied => false,
        };
        while let Some(number) = self.expiry.first(among_all) {
            let Some(mapping) = self.mappings.get_mut(number) else {
                break;
            };
            if self.expiry.is_exact(number, &mut mapping.lifetime) {
                return Ok(Some(number));
            }
        }
        Err(DropReason::TableFull)
    }

    /// The numbers, in order, of those with an outside address that is none of `addresses`.
    pub(super) fn elsewhere(&self, addresses: &[IpAddr]) -> Vec<u32> {
        let is_elsewhere = |mapping: &Mapping| !addresses.contains(&mapping.outside.ip());
        let numbers = self.mappings.numbers();
        numbers.filter(|number| self.get(*number).is_some_and(is_elsewhere)).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Mapping> + '_ {
        self.mappings.iter()
    }
}
