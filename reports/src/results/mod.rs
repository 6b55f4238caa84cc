//! The results file: what each case of a suite came to.
//!
//! [`Results`] is the file, a [`Case`] is one line of it, a [`Group`] all seeds of a case as one. Keys stand in a fixed order, so that equal inputs give equal
//! bytes (`wall_ms` aside). [`merge`] joins the files of shards; [`Comparison`] says what changed between two files.

mod case;
mod comparison;
mod data;
mod file;
mod group;
mod merge;
mod milliseconds;
mod shard;
mod sweep;

pub use case::{
    CandidateType, Case, CaseValue, Dtls, Failure, Path, Runtime, Selected, Transport, Verdict,
};
pub use comparison::{Change, Comparison, FieldChange};
pub(crate) use data::Rate;
pub use data::{Channel, Flow};
pub use file::{FORMAT, ReadError, Results};
pub use group::Group;
pub use merge::{MergeError, merge};
pub use milliseconds::Milliseconds;
pub use shard::{Shard, ShardError};
pub use sweep::Sweep;
