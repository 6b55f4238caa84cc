//! DTLS over networks, good and bad.

mod ends;
mod handshakes;
mod laws;
mod timing;
