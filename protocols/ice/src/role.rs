//! Roles (RFC 8445 section 6.1.1).

use crate::agent::Agent;
use crate::check_list::Trigger;
use crate::config::Role;
use crate::event::Event;
use crate::nomination::Stage;
use crate::state::State;
use crate::timer::Timer;
use crate::transaction::Purpose;

impl Agent {
    /// Takes a role. Priorities depend on it, and who nominates.
    pub(crate) fn take_role(&mut self, role: Role) {
        if self.role == role || self.state == State::Closed {
            return;
        }
        self.role = role;
        self.recompute_priorities();
        if role == Role::Controlled {
            self.stop_nominating();
        }
        self.event(Event::RoleSwitched(role));
    }

    fn stop_nominating(&mut self) {
        self.session.check_list.untrigger(|entry| matches!(entry, Trigger::Nominate(_)));
        self.cancel_transactions(|transaction| matches!(transaction.purpose, Purpose::Nominate(_)));
        for component in &self.components {
            self.timers.cancel(&Timer::Grace(*component));
            self.timers.cancel(&Timer::Nomination(*component));
        }
        self.session.stages.retain(|_, stage| matches!(stage, Stage::Concluded(_)));
    }
}
