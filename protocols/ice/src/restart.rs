//! ICE restarts (RFC 8445 section 9).
//!
//! All of a session is flushed but the roles and the selected pairs. These go on to carry data, with
//! consent checks under the credentials with which they were made, until the new session has its
//! own: a restart breaks nothing that works.

use crate::agent::Agent;
use crate::event::Event;
use crate::session::{Keys, Session};
use crate::state::State;
use crate::timer::Timer;
use crate::transaction::Purpose;

impl Agent {
    pub(crate) fn start_over(&mut self) {
        let generation = self.session.generation + 1;
        let was_disconnected = matches!(self.state, State::Disconnected | State::Failed);
        let idle: Vec<_> = self
            .paths
            .iter()
            .filter(|(id, path)| self.selected.get(&path.component) != Some(id))
            .map(|(id, _)| *id)
            .collect();
        for id in idle {
            self.drop_path(id);
        }
        let stale = self
            .transactions
            .ids(|one| !matches!(one.purpose, Purpose::Refresh(..) | Purpose::Verify(_)));
        for transaction in stale {
            self.forget_transaction(transaction);
        }
        self.timers.cancel(&Timer::Pace);
        self.timers.cancel(&Timer::Patience);
        for component in &self.components {
            self.timers.cancel(&Timer::Grace(*component));
            self.timers.cancel(&Timer::Nomination(*component));
        }
        self.session = Session::new(generation);
        self.naming.clear();
        self.keys.insert(generation, Keys::random(&mut self.rng));
        // The peer may use the last session's for as long as its own new pairs take.
        let paths = &self.paths;
        self.keys.retain(|known, _| {
            known.saturating_add(1) >= generation
                || paths.values().any(|path| path.generation == *known)
        });
        self.event(Event::Restarted { generation });
        // webrtc-pc: a restart forgets that connectivity was lost.
        if was_disconnected {
            self.set_state(State::Checking);
        }
    }
}
