//! What happened, in one order, with a hash that names the run.

mod entry;
mod keeper;
mod level;
mod value;

pub use entry::{
    Entry, MappingChange, Name, NetworkEvent, PacketId, PayloadHash, Place, What, Word,
};
pub use keeper::{Entries, Record};
pub use level::Level;
pub use value::Value;
