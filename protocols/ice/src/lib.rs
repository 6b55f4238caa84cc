//! ICE (RFC 8445): how two hosts find a way to each other through NATs.
//!
//! An [`Agent`] is given candidates from outside, pairs its own with the peer's, checks the pairs,
//! and, where it controls, nominates one for each component.
//!
//! - [`agent`](Agent): the state machine's outside: commands, dispatch; `inspect`: getters; `error`.
//! - [`config`](Config), [`state`](State), [`event`](Event), [`discard`](Discard).
//! - [`candidate`](Candidate), [`foundation`](Foundation), [`credentials`](Credentials), `priority`.
//! - `session`: what a restart forgets: candidates, `check_list`, `pair`.
//! - `trickle`: candidates that come and go. `check`: sending, answering, and hearing answers.
//! - `path`: valid pairs; `nomination` chooses among them; `consent` watches them; `data` uses them.
//! - `role`, `restart`, `lite`: the procedures of these names.
//! - `transaction`, `timer`: what waits.

mod agent;
mod candidate;
mod check;
mod check_list;
mod config;
mod consent;
mod credentials;
mod data;
mod discard;
mod error;
mod event;
mod foundation;
mod inspect;
mod lite;
mod nomination;
mod pair;
mod path;
mod priority;
mod restart;
mod role;
mod session;
mod state;
mod timer;
mod transaction;
mod trickle;

pub use agent::Agent;
pub use candidate::{
    Address, Candidate, CandidateError, CandidateKind, CandidateTransport, LocalCandidate,
    RelayTransport, TcpType,
};
pub use config::{Config, Consent, Grace, Limits, Nomination, Role};
pub use credentials::{Credentials, CredentialsError};
pub use discard::{Discard, Discards};
pub use error::{RemoteError, SendError};
pub use event::{CheckFailure, CheckPurpose, Event, Ignored, SelectedPair, Side};
pub use foundation::{Foundation, FoundationError};
pub use inspect::{PairInfo, PairState};
pub use state::State;
