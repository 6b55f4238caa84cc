//! Who may speak: the short-term and the long-term credential mechanism (RFC 8489 section 9).

pub(crate) mod algorithm;
mod client;
mod cookie;
mod judgement;
mod long_term_client;
mod long_term_server;
pub(crate) mod opaque;
mod short_term;
mod users;

pub use algorithm::PasswordAlgorithm;
pub use client::ClientCredentials;
pub use cookie::SecurityFeatures;
pub use judgement::{Flaw, Judgement, Refusal};
pub use long_term_client::{Attempt, LongTermClient};
pub use long_term_server::{Authenticated, LongTermConfig, LongTermServer, Rejection};
pub use opaque::{OpaqueError, opaque_string};
pub use short_term::{ShortTermClient, check_short_term};
pub use users::{Account, Name, UserTable, Users};
