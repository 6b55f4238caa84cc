//! Connectivity checks (RFC 8445 section 7): [`send`] and [`response`] are the STUN client's side,
//! [`request`] is the server's.

mod request;
mod response;
mod send;
