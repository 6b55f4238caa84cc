//! Data (RFC 8445 section 12).

use core::net::SocketAddr;
use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_sans_io::net::Datagram;

use crate::agent::Agent;
use crate::discard::Discard;
use crate::error::SendError;
use crate::event::Event;
use crate::pair::Phase;
use crate::path::{Liveness, PathId};
use crate::state::State;

impl Agent {
    /// Section 12.1: over the selected pair, or over a valid one until there is one.
    pub(crate) fn send_data(
        &mut self,
        component: u16,
        payload: Vec<u8>,
        now: Instant,
    ) -> Result<(), SendError> {
        match self.state {
            State::Closed => return Err(SendError::Closed),
            State::New | State::Failed => return Err(SendError::NotConnected),
            State::Checking | State::Connected | State::Completed | State::Disconnected => {}
        }
        let path = self.sending_path(component).ok_or(SendError::NotConnected)?;
        let path = self.paths.get_mut(&path).ok_or(SendError::NotConnected)?;
        path.freshness.sent = now;
        let (base, destination) = (path.base(), path.destination());
        self.emit(base, destination, payload);
        Ok(())
    }

    pub(crate) fn sending_path(&self, component: u16) -> Option<PathId> {
        let is_alive = |id: &PathId| self.paths.get(id).is_some_and(|path| !path.is_gone);
        let selected = self.selected.get(&component).copied().filter(is_alive);
        selected.or_else(|| self.best_path(component))
    }

    /// Section 12.2. Data is taken from where a check has passed: this side's, or the peer's, which
    /// may use the pair before this side's own check is answered.
    pub(crate) fn handle_data(&mut self, datagram: Datagram, now: Instant) {
        let Datagram { source, destination, payload, .. } = datagram;
        let is_from = |path: &&mut crate::path::Path| {
            path.base() == destination && path.destination() == source
        };
        let component = if let Some(path) = self.paths.values_mut().find(is_from) {
            path.freshness.heard = now;
            if self.config.lite {
                path.freshness.liveness = Liveness::Alive;
            }
            Some(path.component)
        } else if self.session.sources.contains(&(destination, source)) {
            self.chase_answer(destination, source, now);
            self.component_at(destination)
        } else {
            None
        };
        match component {
            Some(component) => {
                self.event(Event::Data { component, payload, source, destination });
                if self.config.lite {
                    self.update_state();
                }
            }
            None if self.component_at(destination).is_none() => {
                self.discards.add(Discard::UnknownBase);
            }
            None => self.discards.add(Discard::UncheckedSource),
        }
    }

    /// Data comes over a pair that is being checked: for the peer it is valid, and all that is missing
    /// here is an answer. It is asked for again, unless the request has only just gone out.
    fn chase_answer(&mut self, base: SocketAddr, source: SocketAddr, now: Instant) {
        let pair = self.session.check_list.find(base, source);
        if let Some(Phase::InProgress(check)) = pair.map(|pair| pair.progress)
            && let Some(transaction) = self.transactions.get(check)
            && now - transaction.last_sent >= RECENT
        {
            self.check_anew(check, now);
        }
    }
}

/// How long an answer has before data counts as a sign that it got lost.
const RECENT: Duration = Duration::from_millis(100);
