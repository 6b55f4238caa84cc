//! A naive model of mapping and filtering, written from RFC 4787's sentences alone: lists of everything that happened,
//! asked from scratch for every packet.

use core::time::Duration;
use std::net::SocketAddr;

use icelab_sans_io::Instant;

use super::{Behaviour, FilterState, Refresh};

/// What a mapping is, and every packet that passed it.
pub(super) struct Mapping {
    inside: SocketAddr,
    /// The destination of the packet that made it.
    first_remote: SocketAddr,
    outside: SocketAddr,
    made: Instant,
    /// Every later packet: when, whether outbound, and the remote endpoint.
    sent: Vec<(Instant, SocketAddr)>,
    received: Vec<(Instant, SocketAddr)>,
}

/// The model.
pub(super) struct Reference {
    pub(super) mapping: Behaviour,
    pub(super) filtering: Behaviour,
    pub(super) filter_state: FilterState,
    pub(super) refresh: Refresh,
    pub(super) timeout: Duration,
    pub(super) mappings: Vec<Mapping>,
}

fn agree(behaviour: Behaviour, one: SocketAddr, other: SocketAddr) -> bool {
    match behaviour {
        Behaviour::EndpointIndependent => true,
        Behaviour::AddressDependent => one.ip() == other.ip(),
        Behaviour::AddressAndPortDependent => one == other,
    }
}

impl Reference {
    fn last(&self, made: Instant, sent: &[Instant], received: &[Instant]) -> Instant {
        let (by_sent, by_received) = match self.refresh {
            Refresh::Outbound => (true, false),
            Refresh::Inbound => (false, true),
            Refresh::Both => (true, true),
            Refresh::None => (false, false),
        };
        let mut last = made;
        if by_sent {
            last = sent.iter().copied().fold(last, Instant::max);
        }
        if by_received {
            last = received.iter().copied().fold(last, Instant::max);
        }
        last
    }

    fn is_alive(&self, mapping: &Mapping, now: Instant) -> bool {
        let sent: Vec<Instant> = mapping.sent.iter().map(|(at, _)| *at).collect();
        let received: Vec<Instant> = mapping.received.iter().map(|(at, _)| *at).collect();
        now < self.last(mapping.made, &sent, &received) + self.timeout
    }

    /// The outside endpoint that an outbound packet must have; `None` if it makes a mapping.
    pub(super) fn expected(
        &self,
        inside: SocketAddr,
        remote: SocketAddr,
        now: Instant,
    ) -> Option<SocketAddr> {
        self.mappings
            .iter()
            .find(|mapping| {
                mapping.inside == inside
                    && agree(self.mapping, mapping.first_remote, remote)
                    && self.is_alive(mapping, now)
            })
            .map(|mapping| mapping.outside)
    }

    /// All outside endpoints in use.
    pub(super) fn in_use(&self, now: Instant) -> Vec<SocketAddr> {
        let alive = self.mappings.iter().filter(|mapping| self.is_alive(mapping, now));
        alive.map(|mapping| mapping.outside).collect()
    }

    /// An outbound packet left from this outside endpoint.
    pub(super) fn sent(
        &mut self,
        inside: SocketAddr,
        remote: SocketAddr,
        outside: SocketAddr,
        now: Instant,
    ) {
        let known = self.expected(inside, remote, now).is_some();
        if !known {
            self.mappings.push(Mapping {
                inside,
                first_remote: remote,
                outside,
                made: now,
                sent: Vec::new(),
                received: Vec::new(),
            });
        }
        let index = self
            .mappings
            .iter()
            .rposition(|mapping| mapping.inside == inside && mapping.outside == outside)
            .unwrap();
        self.mappings[index].sent.push((now, remote));
    }

    /// Where an inbound packet must arrive, if it may.
    pub(super) fn received(
        &mut self,
        remote: SocketAddr,
        outside: SocketAddr,
        now: Instant,
    ) -> Option<SocketAddr> {
        let index = self
            .mappings
            .iter()
            .position(|mapping| mapping.outside == outside && self.is_alive(mapping, now))?;
        let inside = self.mappings[index].inside;
        if !self.is_permitted(index, remote, now) {
            return None;
        }
        self.mappings[index].received.push((now, remote));
        Some(inside)
    }

    fn is_permitted(&self, index: usize, remote: SocketAddr, now: Instant) -> bool {
        if self.filtering == Behaviour::EndpointIndependent {
            return true;
        }
        let inside = self.mappings[index].inside;
        let counts: Vec<&Mapping> = match self.filter_state {
            FilterState::Mapping => vec![&self.mappings[index]],
            FilterState::InsideEndpoint => {
                self.mappings.iter().filter(|mapping| mapping.inside == inside).collect()
            }
        };
        // A permission is a run of packets to and from the remote endpoint, with no gap as long as the timeout.
        let mut history: Vec<(Instant, bool)> = Vec::new();
        for mapping in counts {
            let matching = |list: &[(Instant, SocketAddr)], sent: bool| {
                list.iter()
                    .filter(|(_, other)| agree(self.filtering, *other, remote))
                    .map(move |(at, _)| (*at, sent))
                    .collect::<Vec<_>>()
            };
            history.extend(matching(&mapping.sent, true));
            history.extend(matching(&mapping.received, false));
        }
        history.sort_by_key(|(at, sent)| (*at, !*sent));
        let mut until: Option<Instant> = None;
        for (at, sent) in history {
            let open = until.is_some_and(|until| at < until);
            let refreshes = match (self.refresh, sent) {
                (Refresh::Both, _) | (Refresh::Outbound, true) | (Refresh::Inbound, false) => true,
                (Refresh::None | Refresh::Outbound | Refresh::Inbound, _) => false,
            };
            if (!open && sent) || (open && refreshes) {
                until = Some(at + self.timeout);
            }
        }
        if self.refresh == Refresh::None && self.filter_state == FilterState::Mapping {
            // Of an absolute lifetime: as long as the mapping.
            return until.is_some();
        }
        until.is_some_and(|until| now < until)
    }
}
