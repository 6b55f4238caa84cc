//! From text to a tree of values that know where they stand, and from there to typed values.

pub mod bound;
pub mod decode;
mod elsewhere;
pub mod fault;
pub mod first_pass;
mod macros;
pub mod named;
pub mod nearest;
pub mod node;
mod other_words;
pub mod quantity;
mod slips;
pub mod source;
