//! What happened, in one order, with a hash that names the run.
//!
//! Entries are written as canonical bytes. All of them go into the hash; those that the [`Level`] keeps stay as
//! bytes too, in memory or in a temporary file, until somebody reads [`Record::entries`].

mod compare;
mod decode;
mod encode;
mod entry;
mod keeper;
mod level;
mod parse;
mod store;
mod text;
mod value;

pub use compare::{Difference, first_difference};
pub(crate) use encode::{Event, Spot};
pub use entry::{
    Entry, MappingChange, Name, NetworkEvent, PacketId, PayloadHash, Place, What, Word,
};
pub use keeper::{Entries, Record};
pub use level::Level;
pub use text::{NotAnEntry, read_text};
pub use value::Value;
