//! The state of an agent as a whole.

use core::fmt;

use crate::agent::Agent;
use crate::event::Event;
use crate::path::Path;
use crate::session::Outlook;

/// The state of an agent (RFC 8445 section 6.1.3, in the words of the W3C's `RTCIceTransportState`).
///
/// ```text
/// New -> Checking -> Connected -> Completed <-> Disconnected -> Failed
///           |            ^  |                        |             |
///           +-> Failed   |  +------- restart --------+-------------+-> Checking
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// The peer's credentials are not known.
    New,
    /// Pairs are being checked; none is valid for some component.
    Checking,
    /// Each component has a valid pair and can send data; the pair may still change.
    Connected,
    /// Each component has a selected pair.
    Completed,
    /// A selected pair has stopped answering, and nothing else is valid. It may come back.
    Disconnected,
    /// No pair was found in time, or consent was lost. Only a restart helps, or the peer's own
    /// checks, where they still arrive and consent was not lost.
    Failed,
    /// [`Agent::close`](crate::Agent::close) was called.
    Closed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::Checking => "checking",
            Self::Connected => "connected",
            Self::Completed => "completed",
            Self::Disconnected => "disconnected",
            Self::Failed => "failed",
            Self::Closed => "closed",
        })
    }
}

impl Agent {
    /// Derives the state from what is valid and selected, and tells when it is another.
    pub(crate) fn update_state(&mut self) {
        let state = self.derive_state();
        self.set_state(state);
    }

    pub(crate) fn set_state(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.event(Event::StateChanged(state));
        }
    }

    fn derive_state(&self) -> State {
        let components = self.effective_components();
        let selected =
            |component: &u16| self.selected.get(component).and_then(|id| self.paths.get(id));
        let is_current = |path: &Path| path.generation == self.session.generation;
        let is_selected = |component: &u16| selected(component).is_some_and(is_current);
        let is_dead = |component: &u16| selected(component).is_some_and(Path::is_dead);
        // A former session's pair that died is forgotten, as by webrtc-pc's words on restarts.
        let can_send = |component: &u16| {
            let is_alive = selected(component).is_some() && !is_dead(component);
            is_alive || self.valid_paths(*component).next().is_some()
        };
        if components.is_empty() {
            return self.waiting_state();
        }
        if components.iter().all(is_selected) {
            return if components.iter().any(is_dead) {
                State::Disconnected
            } else {
                State::Completed
            };
        }
        if components.iter().all(can_send) { State::Connected } else { self.waiting_state() }
    }

    fn waiting_state(&self) -> State {
        match self.session.outlook {
            Outlook::Failed | Outlook::Revoked => State::Failed,
            Outlook::Patient | Outlook::Sober
                if self.keys().remote.is_some() || self.session.generation > 0 =>
            {
                State::Checking
            }
            Outlook::Patient | Outlook::Sober => State::New,
        }
    }

    /// Section 7.2.5.4, with RFC 8863's patience, which also stands in for a peer's missing
    /// end-of-candidates (its section 5): a component without a valid pair and without one that may
    /// become valid fails the session.
    pub(crate) fn consider_failure(&mut self) {
        if self.session.outlook != Outlook::Sober {
            return;
        }
        let is_lost = |component: &u16| {
            self.valid_paths(*component).next().is_none()
                && self.current_selection(*component).is_none()
                && !self
                    .session
                    .check_list
                    .pairs()
                    .any(|pair| pair.component == *component && pair.progress.is_open())
        };
        if self.effective_components().iter().any(is_lost) {
            self.session.outlook = Outlook::Failed;
        }
    }
}
