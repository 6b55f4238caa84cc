//! What stories and timelines ask of a record: journeys of packets, checks, whose address is which.
//!
//! | file | what it holds |
//! |---|---|
//! | `record` | one pass over the record: journeys, mappings, notes |
//! | `check` | checks, and what may become of them |
//! | `track` | all checks of a run, followed through NATs and relays |
//! | `relay` | who was lent which address, and whom it lets in |
//! | `priority` | how pairs rank once they work |
//! | `name` | addresses and reasons in words |
//! | `time` | times in words |

pub(crate) mod check;
pub(crate) mod name;
pub(crate) mod priority;
pub(crate) mod record;
pub(crate) mod relay;
pub(crate) mod time;
pub(crate) mod track;
