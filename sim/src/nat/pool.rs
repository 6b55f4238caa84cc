//! Outside addresses and ports: which one a new mapping gets (RFC 4787 sections 4.1 and 4.2, RFC 6888 section 4).

use core::ops::RangeInclusive;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::Rng;

use super::{Config, DropReason, Kind, Pooling, Ports};
use crate::packet::Protocol;

/// The outside addresses, and what each inside address holds of them.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    addresses: Vec<IpAddr>,
    subscribers: BTreeMap<IpAddr, Subscriber>,
    /// One-to-one: the inside address that each outside address stands for.
    owners: BTreeMap<IpAddr, IpAddr>,
    blocks: BTreeSet<Block>,
    sequential: Option<u16>,
    rng: Rng,
}

/// An inside address.
#[derive(Clone, Debug)]
struct Subscriber {
    /// The outside address of all its mappings, where pooling is paired.
    address: IpAddr,
    mappings: usize,
    blocks: Vec<(Block, usize)>,
}

/// A block of ports, by its first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Block {
    address: IpAddr,
    first: u16,
}

/// Who needs an outside endpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) protocol: Protocol,
    pub(super) inside: SocketAddr,
    /// Whether the outside endpoint must be IPv4.
    pub(super) is_v4: bool,
}

/// An outside endpoint for a new mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) outside: SocketAddr,
    /// What it would have been, had it not been taken.
    pub(super) instead_of: Option<SocketAddr>,
}

type IsTaken<'a> = &'a dyn Fn(SocketAddr) -> bool;

impl Pool {
    pub(super) fn new(addresses: Vec<IpAddr>, rng: Rng) -> Self {
        Self {
            addresses,
            subscribers: BTreeMap::new(),
            owners: BTreeMap::new(),
            blocks: BTreeSet::new(),
            sequential: None,
            rng,
        }
    }

    pub(super) fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address)
    }

    pub(super) fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// How many mappings an inside address has.
    pub(super) fn held_by(&self, inside: IpAddr) -> usize {
        self.subscribers.get(&inside).map_or(0, |subscriber| subscriber.mappings)
    }

    /// One-to-one: the inside address behind an outside address.
    pub(super) fn owner(&self, outside: IpAddr) -> Option<IpAddr> {
        self.owners.get(&outside).copied()
    }

    /// One-to-one: ties an outside address to an inside one; `false` when either is tied already.
    pub(super) fn pair(&mut self, inside: IpAddr, outside: IpAddr) -> bool {
        let is_free = self.contains(outside)
            && !self.owners.contains_key(&outside)
            && self.owners.values().all(|owner| *owner != inside);
        if is_free {
            self.owners.insert(outside, inside);
        }
        is_free
    }

    /// An outside endpoint for a new mapping. `is_taken` says which ones others have.
    pub(super) fn choose(
        &mut self,
        config: &Config,
        wanted: Wanted,
        is_taken: IsTaken<'_>,
    ) -> Result<Chosen, DropReason> {
        let port = wanted.inside.port();
        if config.kind == Kind::OneToOne {
            let outside = SocketAddr::new(self.own_address(wanted)?, port);
            return Ok(Chosen { outside, instead_of: None });
        }
        let address = self.address_for(config, wanted)?;
        let kept = SocketAddr::new(address, port);
        let can_keep = keeps_port(config.ports) && (port != 0 || wanted.protocol == Protocol::Icmp);
        if can_keep && (config.ports == Ports::Overload || !is_taken(kept)) {
            // Overload: the caller refuses the one case in which even the remote endpoint is the same.
            return Ok(Chosen { outside: kept, instead_of: None });
        }
        let free = match config.ports {
            Ports::Preserve | Ports::Random | Ports::Overload => {
                self.random(address, &config.port_range, None, is_taken)
            }
            Ports::PreserveClass => self.random(address, &class_of(port), None, is_taken),
            Ports::PreserveParity => {
                self.random(address, &config.port_range, Some(port % 2), is_taken)
            }
            Ports::Sequential => self.next_in_sequence(address, &config.port_range, is_taken),
            Ports::Block { size, most } => {
                self.in_blocks(config, wanted.inside.ip(), address, (size, most), is_taken)
            }
        };
        let outside = free.ok_or(DropReason::NoPortLeft)?;
        Ok(Chosen { outside, instead_of: can_keep.then_some(kept) })
    }

    /// A mapping was made.
    pub(super) fn take(&mut self, inside: IpAddr, outside: SocketAddr) {
        let subscriber = self.subscribers.entry(inside).or_insert_with(|| Subscriber {
            address: outside.ip(),
            mappings: 0,
            blocks: Vec::new(),
        });
        subscriber.mappings += 1;
        if let Some((_, used)) = subscriber.block_of(outside) {
            *used += 1;
        }
    }

    /// A mapping is gone. Blocks go back when their last mapping has gone.
    pub(super) fn give_back(&mut self, inside: IpAddr, outside: SocketAddr) {
        let Some(subscriber) = self.subscribers.get_mut(&inside) else {
            return;
        };
        subscriber.mappings = subscriber.mappings.saturating_sub(1);
        if let Some((block, used)) = subscriber.block_of(outside) {
            *used = used.saturating_sub(1);
            if *used == 0 {
                let freed = *block;
                self.blocks.remove(&freed);
                subscriber.blocks.retain(|(block, _)| *block != freed);
            }
        }
        if subscriber.mappings == 0 {
            self.subscribers.remove(&inside);
        }
    }

    /// Ports are chosen anew; one-to-one pairs stay. All mappings were given back before, and their blocks with them.
    pub(super) fn reboot(&mut self, rng: Rng) {
        self.sequential = None;
        self.rng = rng;
    }

    /// Other addresses from now on. Mappings on those that are gone were given back before, and their blocks with them.
    pub(super) fn rebind(&mut self, addresses: Vec<IpAddr>) {
        self.owners.retain(|outside, _| addresses.contains(outside));
        self.addresses = addresses;
    }

    fn own_address(&mut self, wanted: Wanted) -> Result<IpAddr, DropReason> {
        let inside = wanted.inside.ip();
        if let Some((outside, _)) = self.owners.iter().find(|(_, owner)| **owner == inside) {
            return Ok(*outside);
        }
        let free = self.addresses.iter().copied().find(|address| {
            address.is_ipv4() == wanted.is_v4 && !self.owners.contains_key(address)
        });
        let outside = free.ok_or(DropReason::NoAddressLeft)?;
        self.owners.insert(outside, inside);
        Ok(outside)
    }

    fn address_for(&mut self, config: &Config, wanted: Wanted) -> Result<IpAddr, DropReason> {
        let usable = |address: &&IpAddr| address.is_ipv4() == wanted.is_v4;
        if config.pooling == Pooling::Paired {
            let held = self.subscribers.get(&wanted.inside.ip()).map(|held| held.address);
            if let Some(address) = held.filter(|address| usable(&address)) {
                return Ok(address);
            }
            // The address that the fewest inside addresses share.
            let load = |address: &IpAddr| {
                self.subscribers.values().filter(|held| held.address == *address).count()
            };
            let least = self.addresses.iter().filter(usable).min_by_key(|address| load(address));
            return least.copied().ok_or(DropReason::NoAddressLeft);
        }
        let count = self.addresses.iter().filter(usable).count();
        if count == 0 {
            return Err(DropReason::NoAddressLeft);
        }
        let nth = if count == 1 { 0 } else { below(&mut self.rng, count) };
        self.addresses.iter().filter(usable).nth(nth).copied().ok_or(DropReason::NoAddressLeft)
    }

    /// A random free port of a range, of all or of those that are even (0) or odd (1).
    fn random(
        &mut self,
        address: IpAddr,
        range: &RangeInclusive<u16>,
        parity: Option<u16>,
        is_taken: IsTaken<'_>,
    ) -> Option<SocketAddr> {
        let start = *range.start();
        let (first, step) = match parity {
            None => (start, 1),
            Some(parity) if start % 2 == parity => (start, 2),
            Some(_) => (start.checked_add(1)?, 2),
        };
        let last = *range.end();
        if first > last {
            return None;
        }
        let count = usize::from((last - first) / step) + 1;
        let outside_at = |index: usize| {
            let port = u16::try_from(usize::from(first) + index % count * usize::from(step));
            Some(SocketAddr::new(address, port.ok()?))
        };
        let is_free = |outside: &SocketAddr| !is_taken(*outside);
        // Ports in use stand together where they were preserved: draws pass over such stretches at once.
        let drawn =
            (0..RANDOM_DRAWS).filter_map(|_| outside_at(below(&mut self.rng, count))).find(is_free);
        drawn.or_else(|| {
            let start = below(&mut self.rng, count);
            (0..count).filter_map(|turn| outside_at(start + turn)).find(is_free)
        })
    }

    fn next_in_sequence(
        &mut self,
        address: IpAddr,
        range: &RangeInclusive<u16>,
        is_taken: IsTaken<'_>,
    ) -> Option<SocketAddr> {
        let (first, last) = (*range.start(), *range.end());
        let after = |port: u16| if port >= last { first } else { port + 1 };
        let mut port = self.sequential.map_or(first, after);
        for _ in range.clone() {
            let outside = SocketAddr::new(address, port);
            if !is_taken(outside) {
                self.sequential = Some(port);
                return Some(outside);
            }
            port = after(port);
        }
        None
    }

    /// A random free port in the blocks that the inside address holds there, or in one more. Who may have no more gets one of
    /// its blocks on another address, where pooling allows it such blocks.
    fn in_blocks(
        &mut self,
        config: &Config,
        inside: IpAddr,
        address: IpAddr,
        (size, most): (u16, u16),
        is_taken: IsTaken<'_>,
    ) -> Option<SocketAddr> {
        let range = &config.port_range;
        // At most as large as the range, so that no block reaches past its end.
        let size = u16::try_from(range.len()).map_or(size, |all| size.min(all)).max(1);
        let held: Vec<Block> = self
            .subscribers
            .get(&inside)
            .map(|held| held.blocks.iter().map(|(block, _)| *block).collect())
            .unwrap_or_default();
        let (here, elsewhere): (Vec<Block>, Vec<Block>) =
            held.iter().partition(|block| block.address == address);
        let in_held = |pool: &mut Self, blocks: Vec<Block>| {
            blocks.into_iter().find_map(|block| pool.in_block(block, size, is_taken))
        };
        if let Some(outside) = in_held(self, here) {
            return Some(outside);
        }
        if held.len() >= usize::from(most) {
            return in_held(self, elsewhere);
        }
        let (block, outside) = self.in_free_block(address, range, size, is_taken)?;
        self.blocks.insert(block);
        let subscriber = self.subscribers.entry(inside).or_insert_with(|| Subscriber {
            address,
            mappings: 0,
            blocks: Vec::new(),
        });
        subscriber.blocks.push((block, 0));
        Some(outside)
    }

    fn in_block(&mut self, block: Block, size: u16, is_taken: IsTaken<'_>) -> Option<SocketAddr> {
        let Block { address, first } = block;
        self.random(address, &(first..=first + (size - 1)), None, is_taken)
    }

    /// A block that nobody holds, and a port of it: its last holder's may still rest.
    fn in_free_block(
        &mut self,
        address: IpAddr,
        range: &RangeInclusive<u16>,
        size: u16,
        is_taken: IsTaken<'_>,
    ) -> Option<(Block, SocketAddr)> {
        let count = range.len() / usize::from(size);
        if count == 0 {
            return None;
        }
        let start = below(&mut self.rng, count);
        (0..count).find_map(|turn| {
            let index = (start + turn) % count;
            let first = usize::from(*range.start()) + index * usize::from(size);
            let block = Block { address, first: u16::try_from(first).ok()? };
            if self.blocks.contains(&block) {
                return None;
            }
            Some((block, self.in_block(block, size, is_taken)?))
        })
    }
}

impl Subscriber {
    fn block_of(&mut self, outside: SocketAddr) -> Option<&mut (Block, usize)> {
        // Blocks do not overlap: the right one begins last among those at or before the port.
        self.blocks
            .iter_mut()
            .filter(|(block, _)| block.address == outside.ip() && block.first <= outside.port())
            .max_by_key(|(block, _)| block.first)
    }
}

fn keeps_port(ports: Ports) -> bool {
    match ports {
        Ports::Preserve | Ports::PreserveClass | Ports::PreserveParity | Ports::Overload => true,
        Ports::Sequential | Ports::Random | Ports::Block { .. } => false,
    }
}

/// The ports that Linux takes instead of one of the same class.
fn class_of(port: u16) -> RangeInclusive<u16> {
    match port {
        0..=511 => 1..=511,
        512..=1023 => 512..=1023,
        1024..=u16::MAX => 1024..=u16::MAX,
    }
}

/// How often a random port is drawn before all are tried in turn.
const RANDOM_DRAWS: usize = 32;

fn below(rng: &mut Rng, count: usize) -> usize {
    let bound = u64::try_from(count).unwrap_or(u64::MAX);
    usize::try_from(rng.below(bound)).unwrap_or(0)
}
