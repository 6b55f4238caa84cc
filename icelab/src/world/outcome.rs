//! What a run comes to.

use core::net::SocketAddr;
use core::time::Duration;

use icelab_dtls as dtls;
use icelab_reports::results;
use icelab_sans_io::Instant;
use icelab_sim::record::Record;
use indexmap::IndexMap;

use crate::scenario::plan::{self, CandidateKind, Path, Plan, Transport};

/// What a run comes to.
#[derive(Debug)]
pub struct Outcome {
    /// The kind of path that the call took in the end.
    pub path: Path,
    /// When both sides were connected, and secure, for the first time.
    pub connected: Option<Duration>,
    /// When each phase that took place was over: `gathered`, `ice`, `secure`.
    pub phases: IndexMap<&'static str, Duration>,
    /// What the sides' DTLS handshake agreed on.
    pub agreed: Option<dtls::Connected>,
    /// Why the handshake failed, by the sides on which it did.
    pub handshake_failures: IndexMap<String, String>,
    /// Each side's local candidate of its nominated valid pair (RFC 8445 section 7.2.5.3.2).
    pub selected: IndexMap<String, Option<Selected>>,
    /// How long after the latest event traffic flowed both ways again, where there was one.
    pub reconnected: Option<Option<Duration>>,
    /// The same as each expectation of `reconnected` was judged by it, in the order of judging; zero where nothing was
    /// interrupted.
    pub reconnections: Vec<Option<Duration>>,
    /// The expectations that did not hold.
    pub failures: Vec<Failure>,
    /// How much simulated time the run took.
    pub simulated: Duration,
    /// What happened.
    pub record: Record,
}

/// A local candidate that carries a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Its type and transport.
    pub what: plan::Selected,
    /// The address that the other side sees.
    pub address: SocketAddr,
    /// The address that this side sends from.
    pub base: SocketAddr,
    /// Whether a relay, this side's or the other's, carries its pair.
    pub is_relayed: bool,
}

/// An expectation that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its key under `expect`.
    pub expect: String,
    /// What was asked for.
    pub wanted: String,
    /// What happened.
    pub got: String,
    /// When it was judged.
    pub at: Instant,
}

impl Outcome {
    /// The SHA-256 hash that names the run, in hexadecimal.
    #[must_use]
    pub fn record_hash(&self) -> String {
        self.record.hash()
    }

    /// The case of a results file; how long it took on this machine is the caller's to add.
    #[must_use]
    pub fn case(&self, plan: &Plan) -> results::Case {
        let values = plan.case.iter();
        let values = values.map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let runtime = match plan.runtime {
            plan::Runtime::Native => results::Runtime::Native,
        };
        let mut case = results::Case::new(&plan.file, values, plan.seed, runtime);
        if !self.failures.is_empty() {
            case.verdict = results::Verdict::Failed;
        }
        case.path = Some(match self.path {
            Path::Direct => results::Path::Direct,
            Path::Relayed => results::Path::Relayed,
            Path::None => results::Path::None,
        });
        case.connected_ms = self.connected.map(Into::into);
        let again = self.reconnections.iter();
        case.reconnected_ms = again.map(|after| after.map(Into::into)).collect();
        let phases = self.phases.iter();
        case.phases_ms = phases.map(|(name, at)| ((*name).to_owned(), (*at).into())).collect();
        case.dtls = self.agreed.as_ref().map(agreement);
        case.dtls_failures.clone_from(&self.handshake_failures);
        let selected = self.selected.iter();
        case.selected = selected
            .map(|(peer, selected)| (peer.clone(), selected.map(Selected::result)))
            .collect();
        case.failures = self.failures.iter().map(Failure::result).collect();
        case.record_hash = Some(self.record_hash());
        case.simulated_ms = self.simulated.into();
        case
    }
}

fn agreement(agreed: &dtls::Connected) -> results::Dtls {
    let version = match agreed.version {
        dtls::Version::V1_2 => "1.2",
        dtls::Version::V1_3 => "1.3",
    };
    results::Dtls {
        version: version.to_owned(),
        cipher_suite: agreed.cipher_suite.to_string(),
        group: agreed.group.to_string(),
        srtp_profile: agreed.srtp.as_ref().map(|srtp| srtp.profile.to_string()),
    }
}

impl Selected {
    fn result(self) -> results::Selected {
        results::Selected {
            r#type: match self.what.kind {
                CandidateKind::Host => results::CandidateType::Host,
                CandidateKind::ServerReflexive => results::CandidateType::Srflx,
                CandidateKind::PeerReflexive => results::CandidateType::Prflx,
                CandidateKind::Relayed => results::CandidateType::Relay,
            },
            transport: match self.what.transport {
                Transport::Udp => results::Transport::Udp,
                Transport::Tcp => results::Transport::Tcp,
                Transport::Tls => results::Transport::Tls,
            },
            address: self.address,
            base: Some(self.base),
        }
    }
}

impl Failure {
    fn result(&self) -> results::Failure {
        results::Failure {
            expect: self.expect.clone(),
            wanted: self.wanted.clone(),
            got: self.got.clone(),
            at_ms: self.at.since_start().into(),
        }
    }
}
