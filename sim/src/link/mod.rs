//! What links do to packets.

mod chance;
mod config;
mod preset;
mod trace;

pub use chance::{Chance, ChanceError};
pub use config::{
    Bitrate, CoDel, DirectionConfig, Discipline, LinkChange, LinkConfig, Loss, Oversize, QueueLimit,
    Reorder, ScheduledChange,
};
pub use preset::{LINK_PRESETS, LinkPreset};
pub use trace::{Trace, TraceError};
