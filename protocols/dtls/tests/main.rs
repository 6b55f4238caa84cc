//! DTLS over networks, good and bad.

mod connection_ids;
mod ends;
mod handshakes;
mod hellos;
mod laws;
mod losses;
mod negotiation;
mod open;
mod restarts;
mod timing;
mod wire;
