//! One case of a suite: what was run, what came out, and what was not as expected.

use core::fmt;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::results::data::Channel;
use crate::results::milliseconds::Milliseconds;

/// What one run of one scenario came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The scenario file, as the user named it.
    pub file: String,
    /// The matrix variables of this case, in the order of the file; empty without a matrix.
    pub case: IndexMap<String, CaseValue>,
    /// The seed of every random choice of the run.
    pub seed: u64,
    /// What drove the hosts.
    pub runtime: Runtime,
    /// Whether all was as expected.
    pub verdict: Verdict,
    /// Why the case could not be run, where the verdict is `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The kind of way that the call took; null where the case could not be run.
    pub path: Option<Path>,
    /// When both sides were connected, from the start of the call; null where they never were.
    pub connected_ms: Option<Milliseconds>,
    /// One for each expectation of `reconnected`, in the order in which they were judged: how long after the latest event
    /// before that time traffic flowed both ways again, to 100 ms; 0 where nothing was interrupted, null where it did
    /// not flow again. Left out where nothing expects it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reconnected_ms: Vec<Option<Milliseconds>>,
    /// When each phase that took place was over, in the order in which they happened.
    #[serde(default)]
    pub phases_ms: IndexMap<String, Milliseconds>,
    /// What the sides' DTLS handshake agreed on; left out where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtls: Option<Dtls>,
    /// Why the DTLS handshake failed, by the sides on which it did; left out where none did.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub dtls_failures: IndexMap<String, String>,
    /// Each side's local candidate of the nominated valid pair; `{}` for a side that has none.
    #[serde(default, with = "selection")]
    pub selected: IndexMap<String, Option<Selected>>,
    /// The expectations that did not hold.
    #[serde(default)]
    pub failures: Vec<Failure>,
    /// What the data channels carried, by label.
    #[serde(default)]
    pub data: IndexMap<String, Channel>,
    /// What the media tracks carried, by receiving peer.
    #[serde(default)]
    pub media: BTreeMap<String, serde_json::Value>,
    /// The hash that names the run, in hexadecimal; null where the case could not be run.
    pub record_hash: Option<String>,
    /// How much simulated time the run took.
    pub simulated_ms: Milliseconds,
    /// How long the run took on this machine; the only figure that differs from run to run.
    pub wall_ms: Milliseconds,
}

impl Case {
    /// A case of which nothing is known yet but its name: no path, no times, verdict `passed`.
    pub fn new(file: &str, case: IndexMap<String, CaseValue>, seed: u64, runtime: Runtime) -> Self {
        Self {
            file: file.to_owned(),
            case,
            seed,
            runtime,
            verdict: Verdict::Passed,
            error: None,
            path: None,
            connected_ms: None,
            reconnected_ms: Vec::new(),
            phases_ms: IndexMap::new(),
            dtls: None,
            dtls_failures: IndexMap::new(),
            selected: IndexMap::new(),
            failures: Vec::new(),
            data: IndexMap::new(),
            media: BTreeMap::new(),
            record_hash: None,
            simulated_ms: Milliseconds::default(),
            wall_ms: Milliseconds::default(),
        }
    }

    /// The variables in one line: `a=symmetric b=open`; empty without a matrix.
    pub fn variables(&self) -> String {
        let words: Vec<_> =
            self.case.iter().map(|(name, value)| format!("{name}={value}")).collect();
        words.join(" ")
    }

    /// The case's name for people and filters: the file, and the variables in brackets where there are any.
    pub fn title(&self) -> String {
        if self.case.is_empty() {
            return self.file.clone();
        }
        format!("{} ({})", self.file, self.variables())
    }

    /// Whether `other` is a run of the same case: same file, variables, seed and runtime.
    pub fn is_same_case(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    /// What names the case among all others: file, variables, seed, runtime.
    pub fn identity(&self) -> (&str, String, u64, Runtime) {
        (&self.file, self.variables(), self.seed, self.runtime)
    }
}

/// What a DTLS handshake agreed on, in the registered names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dtls {
    /// `1.2` or `1.3`.
    pub version: String,
    /// The cipher suite: `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// The group of the key exchange: `x25519`.
    pub group: String,
    /// The profile that protects media; left out where none was agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub srtp_profile: Option<String>,
}

/// The value of a matrix variable: as written, or the short name of a map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CaseValue {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A word, a quantity, or the short name of a map.
    Text(String),
}

impl From<&str> for CaseValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl fmt::Display for CaseValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(formatter, "{value}"),
            Self::Integer(value) => write!(formatter, "{value}"),
            Self::Number(value) => write!(formatter, "{value}"),
            Self::Text(value) => formatter.write_str(value),
        }
    }
}

/// What drives the hosts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// The loop that jumps from event to event.
    Native,
    /// tokio code under turmoil.
    Tokio,
}

/// Whether a case was as expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every expectation held.
    Passed,
    /// The case ran, and some expectation did not hold.
    Failed,
    /// The case could not be run.
    Error,
}

/// The kind of way that a call took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Path {
    /// No relay on either side.
    Direct,
    /// At least one side's selected candidate is a relay.
    Relayed,
    /// The call never connected.
    None,
}

/// One side's local candidate of the nominated valid pair (RFC 8445 section 7.2.5.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Selected {
    /// How the address was learned.
    pub r#type: CandidateType,
    /// The transport; for a relay, the way to its server.
    pub transport: Transport,
    /// The address that the other side sees.
    pub address: SocketAddr,
    /// The address that this side sends from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<SocketAddr>,
}

/// How a candidate's address was learned (RFC 8445 section 5.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CandidateType {
    /// An interface's own.
    Host,
    /// Told by a STUN server.
    Srflx,
    /// Seen in a check.
    Prflx,
    /// Lent by a TURN server.
    Relay,
}

/// A transport, as `selected` names it after the slash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP, to a TURN server.
    Tls,
}

/// An expectation that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Failure {
    /// The key under `expect`.
    pub expect: String,
    /// What the file asked for.
    pub wanted: String,
    /// What the run showed.
    pub got: String,
    /// When it was judged, in simulated time.
    pub at_ms: Milliseconds,
}

/// Writes a type's variants as the words that the grammar uses.
macro_rules! words {
    ($type:ty { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(match self { $(Self::$variant => $word),+ })
            }
        }
    };
}

words!(Runtime { Native => "native", Tokio => "tokio" });
words!(Verdict { Passed => "passed", Failed => "failed", Error => "error" });
words!(Path { Direct => "direct", Relayed => "relayed", None => "none" });
words!(CandidateType { Host => "host", Srflx => "srflx", Prflx => "prflx", Relay => "relay" });
words!(Transport { Udp => "udp", Tcp => "tcp", Tls => "tls" });

impl fmt::Display for Selected {
    /// Writes `srflx/udp`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.r#type, self.transport)
    }
}

/// Reads and writes a side without a pair as `{}`.
mod selection {
    use indexmap::IndexMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Selected;

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Side {
        Chosen(Selected),
        Nothing(Nothing),
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    pub(super) fn serialize<S: Serializer>(
        sides: &IndexMap<String, Option<Selected>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            sides
                .iter()
                .map(|(peer, side)| (peer, side.map_or(Side::Nothing(Nothing {}), Side::Chosen))),
        )
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<IndexMap<String, Option<Selected>>, D::Error> {
        let sides = IndexMap::<String, Side>::deserialize(deserializer)?;
        let side = |side| match side {
            Side::Chosen(selected) => Some(selected),
            Side::Nothing(Nothing {}) => None,
        };
        Ok(sides.into_iter().map(|(peer, found)| (peer, side(found))).collect())
    }
}
