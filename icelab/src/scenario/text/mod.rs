//! From text to a tree of values that know where they stand, and from there to typed values.

pub mod decode;
pub mod fault;
pub mod first_pass;
pub mod nearest;
pub mod node;
pub mod quantity;
pub mod source;
