//! Client and server against each other and against hand-made messages.

mod allocation;
mod bad_networks;
mod channels;
mod data;
mod errors;
mod harness;
mod idle;
mod laws;
mod permissions;
mod vectors;
