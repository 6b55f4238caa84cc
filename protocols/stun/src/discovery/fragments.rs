//! Fragment handling (RFC 5780 section 3.5).

use super::findings::{Findings, FragmentHandling};
use super::test::{Answer, Ask, Setup, Step, Test};

/// A request that does not fit one packet, and a response that does not either.
#[derive(Debug)]
pub(super) struct Fragments;

impl Test for Fragments {
    fn begin(&mut self, setup: &Setup, _: &mut Findings) -> Step {
        if setup.alternate.is_none() {
            return Step::Finished;
        }
        Ask { is_padded: true, ..Ask::new(setup.first, setup.server) }.step()
    }

    fn answer(&mut self, _: &Ask, answer: Answer, _: &Setup, findings: &mut Findings) -> Step {
        findings.fragments = match answer {
            Answer::Reply(_) => Some(FragmentHandling::Passed),
            Answer::Silence => Some(FragmentHandling::Dropped),
            Answer::Error(_) | Answer::Looped { .. } => None,
        };
        Step::Finished
    }
}
