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
    /// When each phase that took place was over: `gathered`, `ice`, `secure`, `open`.
    pub phases: IndexMap<&'static str, Duration>,
    /// What the sides' DTLS handshake agreed on.
    pub agreed: Option<dtls::Connected>,
    /// Why the handshake failed, by the sides on which it did.
    pub handshake_failures: IndexMap<String, String>,
    /// Each side's local candidate of its nominated valid pair (RFC 8445 section 7.2.5.3.2).
    pub selected: IndexMap<String, Option<Selected>>,
    /// What the data channels have carried, by label.
    pub data: IndexMap<String, Channel>,
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

/// What a data channel has carried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    /// When it was open on both sides.
    pub opened: Option<Duration>,
    /// Each direction in which something is sent, by who sends.
    pub flows: IndexMap<String, Flow>,
}

/// What was sent in one direction of a channel, and what of it has arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// How many messages were written.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// How many messages arrived as they were sent, each counted once.
    pub delivered: u64,
    /// Their bytes.
    pub delivered_bytes: u64,
    /// How many arrived once more.
    pub duplicates: u64,
    /// How many arrived otherwise than they were sent.
    pub broken: u64,
    /// How many arrived after one that was sent later.
    pub overtaken: u64,
    /// How many messages the sender has given up.
    pub given_up: u64,
    /// When the first message was written.
    pub first_write: Option<Duration>,
    /// When the last message arrived.
    pub last_delivery: Option<Duration>,
    /// Payload bits in a second from the first write to the last delivery; on an ordered channel only what
    /// arrived in order counts.
    pub goodput: Option<u64>,
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
        let data = self.data.iter();
        case.data = data.map(|(label, channel)| (label.clone(), channel.result())).collect();
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

impl Channel {
    fn result(&self) -> results::Channel {
        let flow = |(from, flow): (&String, &Flow)| (from.clone(), flow.result());
        results::Channel {
            open_ms: self.opened.map(Into::into),
            from: self.flows.iter().map(flow).collect(),
        }
    }
}

impl Flow {
    fn result(&self) -> results::Flow {
        results::Flow {
            sent: self.sent,
            sent_bytes: self.sent_bytes,
            delivered: self.delivered,
            delivered_bytes: self.delivered_bytes,
            duplicates: self.duplicates,
            broken: self.broken,
            overtaken: self.overtaken,
            given_up: self.given_up,
            first_write_ms: self.first_write.map(Into::into),
            last_delivery_ms: self.last_delivery.map(Into::into),
            goodput_bits_per_s: self.goodput,
        }
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
