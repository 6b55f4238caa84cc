//! What links do to packets.

mod chance;
mod config;
mod pipe;
mod preset;
mod queue;
mod trace;

pub use chance::{Chance, ChanceError};
pub use config::{
    Bitrate, CoDel, DirectionConfig, Discipline, LinkChange, LinkConfig, Loss, Oversize,
    QueueLimit, Reorder, ScheduledChange,
};
pub(crate) use pipe::{Act, Admission, Pipe};
pub use preset::{LINK_PRESETS, LinkPreset};
pub(crate) use queue::Waiting;
pub use trace::{Trace, TraceError};
