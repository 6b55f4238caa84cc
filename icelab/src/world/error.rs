//! Why a world cannot be run.

use core::time::Duration;

use icelab_sim::BuildError;
use icelab_sim::simulation::EndlessWork;

/// Why a world cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// Its network cannot be built.
    #[error(transparent)]
    Network(#[from] BuildError),
    /// Something in it does not come to rest.
    #[error(transparent)]
    Endless(#[from] EndlessWork),
    /// The call, or an event, names something that is not there.
    #[error("there is no {what} named `{name}`")]
    Unknown {
        /// What it should be.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Something is planned for a time after the end of the run.
    #[error("the {what} at {at:?} is after the end of the run, at {limit:?}")]
    AfterTheEnd {
        /// An event or an expectation.
        what: &'static str,
        /// Its time.
        at: Duration,
        /// The end.
        limit: Duration,
    },
    /// An event names two nodes that are not neighbours.
    #[error("there is no cable between `{a}` and `{b}`")]
    NoCable {
        /// One of them.
        a: String,
        /// The other one.
        b: String,
    },
}
