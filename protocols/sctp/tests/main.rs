//! Every test of the crate's public face, in one binary.

mod ends;
mod packet;
mod transfer;
