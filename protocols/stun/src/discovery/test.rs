//! What a test is: it asks, hears the answers, and writes down what they mean.

use core::fmt::Debug;
use core::time::Duration;
use std::net::SocketAddr;

use icelab_sans_io::Instant;

use super::config::DiscoveryConfig;
use super::findings::Findings;
use crate::attribute::ChangeRequest;

/// One of the tests of RFC 5780.
pub(super) trait Test: Debug + Send {
    /// Says what to do first.
    fn begin(&mut self, setup: &Setup, findings: &mut Findings) -> Step;

    /// Takes the answer to `ask`.
    fn answer(&mut self, ask: &Ask, answer: Answer, setup: &Setup, findings: &mut Findings)
    -> Step;

    /// Goes on after [`Step::WaitUntil`].
    fn woken(&mut self, _: &Setup, _: &mut Findings) -> Step {
        Step::Continue
    }
}

/// What happens next.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// These requests are sent, at once.
    Ask(Vec<Ask>),
    /// Nothing is sent until then.
    WaitUntil(Instant),
    /// Answers that are still to come are waited for.
    Continue,
    /// The test is over.
    Finished,
    /// All tests are over.
    Abort,
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) change: Option<ChangeRequest>,
    pub(super) response_port: Option<u16>,
    pub(super) is_padded: bool,
    /// Whether it is sent a few times in short order rather than patiently.
    pub(super) is_burst: bool,
    /// Whether it goes to a mapped address of our own.
    pub(super) is_crossing: bool,
    pub(super) asked_at: Instant,
}

impl Ask {
    /// A plain binding request.
    pub(super) const fn new(from: SocketAddr, to: SocketAddr) -> Self {
        Self {
            from,
            to,
            change: None,
            response_port: None,
            is_padded: false,
            is_burst: false,
            is_crossing: false,
            asked_at: Instant::START,
        }
    }

    /// The step of sending it.
    pub(super) fn step(self) -> Step {
        Step::Ask(vec![self])
    }
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A success response.
    Reply(Reply),
    /// An error response with this code.
    Error(u16),
    /// Nothing, however often it was sent.
    Silence,
    /// The request itself, with the source that it had then.
    Looped { source: SocketAddr },
}

/// A success response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// XOR-MAPPED-ADDRESS.
    pub(super) mapped: SocketAddr,
    /// MAPPED-ADDRESS.
    pub(super) plain: Option<SocketAddr>,
    /// OTHER-ADDRESS.
    pub(super) other: Option<SocketAddr>,
    pub(super) source: SocketAddr,
    /// The socket on which it came.
    pub(super) received_on: SocketAddr,
    /// How long it took, where one request was sent.
    pub(super) rtt: Option<Duration>,
}

/// Who takes part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    /// RFC 5780's port X.
    pub(super) first: SocketAddr,
    /// RFC 5780's port Y.
    pub(super) second: SocketAddr,
    /// The server's A1:P1.
    pub(super) server: SocketAddr,
    /// The server's A2:P2, once it has named it.
    pub(super) alternate: Option<SocketAddr>,
}

impl Setup {
    pub(super) const fn new(config: &DiscoveryConfig) -> Self {
        let (first, second, server) = (config.local, config.second, config.server);
        Self { first, second, server, alternate: None }
    }

    /// A2:P1.
    pub(super) fn other_address(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.alternate?.ip(), self.server.port()))
    }

    /// A1:P2.
    pub(super) fn other_port(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.server.ip(), self.alternate?.port()))
    }
}
