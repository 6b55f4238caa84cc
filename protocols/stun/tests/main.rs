//! The tests of the crate, one binary.

mod client_and_server;
mod credentials;
mod discovery;
mod message;
mod properties;
mod vectors;
