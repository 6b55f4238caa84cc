//! Connectivity and mapping behaviour (RFC 5780 sections 4.2 and 4.3).

use std::net::SocketAddr;

use super::findings::{Behaviour, Findings};
use super::test::{Answer, Ask, Setup, Step, Test};

/// Test I of all: does the server answer?
#[derive(Debug)]
pub(super) struct Connectivity;

impl Test for Connectivity {
    fn begin(&mut self, setup: &Setup, _: &mut Findings) -> Step {
        Ask::new(setup.first, setup.server).step()
    }

    fn answer(&mut self, _: &Ask, answer: Answer, setup: &Setup, findings: &mut Findings) -> Step {
        let Answer::Reply(reply) = answer else { return Step::Abort };
        findings.mapped = Some(reply.mapped);
        findings.is_translated = Some(reply.mapped != setup.first);
        findings.is_payload_rewritten = reply.plain.map(|plain| plain != reply.mapped);
        // RFC 5780 section 6: both parts differ, or it is of no use.
        findings.alternate = reply.other.filter(|other| {
            other.is_ipv4() == setup.server.is_ipv4()
                && other.ip() != setup.server.ip()
                && other.port() != setup.server.port()
        });
        Step::Finished
    }
}

/// The mapped address of one socket as three of the server's addresses see it, and then as the
/// first sees it again: where the first and the last differ, the mapping did not last as long as
/// the test, and the test is done again.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    seen: Vec<SocketAddr>,
    rounds: u8,
}

impl Test for Mapping {
    fn begin(&mut self, setup: &Setup, _: &mut Findings) -> Step {
        self.next(setup)
    }

    fn answer(&mut self, _: &Ask, answer: Answer, setup: &Setup, findings: &mut Findings) -> Step {
        let reply = match answer {
            Answer::Reply(reply) => reply,
            Answer::Silence if self.rounds < ROUNDS => {
                self.rounds += 1;
                return self.next(setup);
            }
            Answer::Silence | Answer::Error(_) | Answer::Looped { .. } => return Step::Finished,
        };
        self.seen.push(reply.mapped);
        let [first, second, third, again] = *self.seen.as_slice() else {
            return self.next(setup);
        };
        if first != again {
            self.seen.clear();
            self.rounds += 1;
            return if self.rounds < ROUNDS { self.next(setup) } else { Step::Finished };
        }
        findings.mapped = Some(first);
        findings.is_translated = Some(first != setup.first);
        findings.mapping = Some(match (first == second, second == third) {
            (true, true) => Behaviour::EndpointIndependent,
            (false, true) => Behaviour::AddressDependent,
            // Equal across addresses but not across ports depends on the port at least.
            (_, false) => Behaviour::AddressAndPortDependent,
        });
        Step::Finished
    }
}

impl Mapping {
    fn next(&self, setup: &Setup) -> Step {
        let to = match self.seen.len() {
            1 => setup.other_address(),
            2 => setup.alternate,
            _ => Some(setup.server),
        };
        match to {
            Some(to) if setup.alternate.is_some() => Ask::new(setup.first, to).step(),
            _ => Step::Finished,
        }
    }
}

/// How often a mapping that changes meanwhile is looked at again, and silence asked again.
const ROUNDS: u8 = 3;
