//! SCTP (RFC 9260) over DTLS (RFC 8261), sans-IO, with partial reliability (RFC 3758), stream
//! reset (RFC 6525), interleaving (RFC 8260) and zero checksums (RFC 9653).
//!
//! - [`packet`]: the bytes.

pub mod packet;
