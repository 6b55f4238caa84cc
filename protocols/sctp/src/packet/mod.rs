//! Packets and the chunks in them (RFC 9260 section 3).
