//! The tests of the crate, one binary. The `cfg` tells clippy that helpers in them are tests too.

#[cfg(test)]
mod client_and_server;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod message;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod vectors;
