//! DTLS over networks, good and bad.

mod ends;
mod handshakes;
mod timing;
