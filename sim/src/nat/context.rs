//! What a table needs beside itself: the rules, the outside endpoints, and where to write what happened.

use core::time::Duration;
use std::net::SocketAddr;

use super::lifetime::Terms;
use super::pool::Pool;
use super::population::Mapping;
use super::{Config, DropReason, Note};
use crate::packet::Flow;

/// The other endpoint that a table found, or why there is none.
pub(super) type Translation = Result<SocketAddr, DropReason>;

/// What a table needs beside itself.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) config: &'a Config,
    pub(super) pool: &'a mut Pool,
    pub(super) notes: &'a mut Vec<Note>,
}

impl Context<'_> {
    pub(super) fn terms(&self) -> Terms {
        Terms { timeouts: self.config.timeouts, refresh: self.config.refresh }
    }

    /// By how much a new mapping lives longer than the configured times.
    pub(super) fn extra_life(&mut self) -> Duration {
        let spread = u64::try_from(self.config.timeouts.spread.as_nanos()).unwrap_or(u64::MAX);
        if spread == 0 {
            return Duration::ZERO;
        }
        Duration::from_nanos(self.pool.rng().range(0..=spread))
    }

    pub(super) fn note_made(&mut self, mapping: Option<&Mapping>) {
        let behaviour = self.config.shown_behaviour();
        self.notes.extend(mapping.map(|mapping| Note::Made(mapping.entry(behaviour))));
    }

    pub(super) fn note_refreshed(&mut self, mapping: Option<&Mapping>) {
        let behaviour = self.config.shown_behaviour();
        self.notes.extend(mapping.map(|mapping| Note::Refreshed(mapping.entry(behaviour))));
    }

    pub(super) fn note_collision(
        &mut self,
        flow: Flow,
        wanted: SocketAddr,
        is_by_unsolicited: bool,
    ) {
        self.notes.push(Note::Collision {
            protocol: flow.protocol,
            inside: flow.source,
            wanted,
            remote: flow.destination,
            is_by_unsolicited,
        });
    }
}
