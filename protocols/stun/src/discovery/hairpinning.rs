//! Hairpinning (RFC 5780 section 3.4, RFC 4787 section 6).

use std::net::SocketAddr;

use super::findings::{Behaviour, Findings, HairpinSource};
use super::test::{Answer, Ask, Setup, Step, Test};

/// Two sockets learn their mapped addresses, then each sends to the other's. That both do opens
/// filters that depend on the address, so that a NAT with endpoint-independent mapping lets at
/// least one through if it hairpins at all.
#[derive(Debug, Default)]
pub(super) struct Hairpinning {
    mapped: Vec<SocketAddr>,
    silent: u8,
}

impl Test for Hairpinning {
    fn begin(&mut self, setup: &Setup, findings: &mut Findings) -> Step {
        // Without a NAT the requests would not leave the host.
        if findings.is_translated == Some(true) {
            Ask::new(setup.first, setup.server).step()
        } else {
            Step::Finished
        }
    }

    fn answer(
        &mut self,
        ask: &Ask,
        answer: Answer,
        setup: &Setup,
        findings: &mut Findings,
    ) -> Step {
        match answer {
            Answer::Reply(reply) if !ask.is_crossing => {
                self.mapped.push(reply.mapped);
                match *self.mapped.as_slice() {
                    [first, second] => {
                        let cross = |from, to| Ask { is_crossing: true, ..Ask::new(from, to) };
                        Step::Ask(vec![cross(setup.first, second), cross(setup.second, first)])
                    }
                    _ => Ask::new(setup.second, setup.server).step(),
                }
            }
            Answer::Looped { source } => {
                findings.hairpinning = Some(if source == ask.from {
                    HairpinSource::Internal
                } else {
                    HairpinSource::External
                });
                Step::Finished
            }
            Answer::Silence if ask.is_crossing => {
                self.silent += 1;
                if self.silent < 2 {
                    return Step::Continue;
                }
                // Else the sockets use other mappings towards the NAT than towards the server,
                // and the filters of those that were learnt hide what the NAT would do.
                if findings.mapping == Some(Behaviour::EndpointIndependent)
                    || findings.filtering == Some(Behaviour::EndpointIndependent)
                {
                    findings.hairpinning = Some(HairpinSource::Absent);
                }
                Step::Finished
            }
            Answer::Reply(_) | Answer::Error(_) | Answer::Silence => Step::Finished,
        }
    }
}
