//! Every test of the crate's public face, in one binary.

mod ends;
mod packet;
mod reno;
mod sacks;
mod script;
mod timers;
mod transfer;
mod windows;
