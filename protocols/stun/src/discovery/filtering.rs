//! Filtering behaviour (RFC 5780 section 4.4).

use std::net::SocketAddr;

use super::findings::{Behaviour, Findings};
use super::test::{Answer, Ask, Setup, Step, Test};
use crate::attribute::ChangeRequest;

/// Answers from elsewhere: from another address (test II), then from another port (test III).
/// Silence counts once the silent address has answered a request of its own.
#[derive(Debug, Default)]
pub(super) struct Filtering {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// Test II is to be done.
    #[default]
    FromOtherAddress,
    /// Test III is to be done.
    FromOtherPort,
    /// Silence is to be confirmed by asking the silent addresses directly.
    Confirm { behaviour: Behaviour, silent: Vec<SocketAddr> },
}

impl Test for Filtering {
    fn begin(&mut self, setup: &Setup, _: &mut Findings) -> Step {
        if setup.alternate.is_none() { Step::Finished } else { ask(setup, true) }
    }

    fn answer(&mut self, _: &Ask, answer: Answer, setup: &Setup, findings: &mut Findings) -> Step {
        let (Some(alternate), Some(other_port)) = (setup.alternate, setup.other_port()) else {
            return Step::Finished;
        };
        match (&mut self.state, answer) {
            (State::FromOtherAddress, Answer::Silence) => {
                self.state = State::FromOtherPort;
                ask(setup, false)
            }
            (State::FromOtherAddress, Answer::Reply(reply)) if reply.source == alternate => {
                findings.filtering = Some(Behaviour::EndpointIndependent);
                Step::Finished
            }
            (State::FromOtherPort, Answer::Reply(reply)) if reply.source == other_port => {
                self.confirm(Behaviour::AddressDependent, vec![alternate], setup)
            }
            (State::FromOtherPort, Answer::Silence) => {
                let silent = vec![alternate, other_port];
                self.confirm(Behaviour::AddressAndPortDependent, silent, setup)
            }
            (State::Confirm { behaviour, silent }, Answer::Reply(_)) => {
                let behaviour = *behaviour;
                match silent.pop() {
                    Some(next) => Ask::new(setup.first, next).step(),
                    None => {
                        findings.filtering = Some(behaviour);
                        Step::Finished
                    }
                }
            }
            // The server does not do as it is asked, or is silent itself: nothing is learnt.
            _ => Step::Finished,
        }
    }
}

impl Filtering {
    fn confirm(
        &mut self,
        behaviour: Behaviour,
        mut silent: Vec<SocketAddr>,
        setup: &Setup,
    ) -> Step {
        let next = silent.pop();
        self.state = State::Confirm { behaviour, silent };
        next.map_or(Step::Finished, |next| Ask::new(setup.first, next).step())
    }
}

fn ask(setup: &Setup, change_ip: bool) -> Step {
    let change = Some(ChangeRequest { change_ip, change_port: true });
    Ask { change, ..Ask::new(setup.first, setup.server) }.step()
}
