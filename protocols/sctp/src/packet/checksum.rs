//! The checksum of packets: CRC32c (RFC 9260 section 6.8 and appendix A), or zero (RFC 9653).

use super::header::Header;

/// What a receiver takes for a right checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChecksumPolicy {
    /// CRC32c only.
    Required,
    /// CRC32c, or zero: this end has said that it accepts zero (RFC 9653 section 5.3).
    ZeroAllowed,
}

/// What a sender puts into the checksum's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// CRC32c.
    Crc32c,
    /// Zero: the peer has said that it accepts it, and the packet carries no INIT and no COOKIE
    /// ECHO chunk (RFC 9653 section 5.2).
    Zero,
}

/// The checksum of a packet whose checksum field is zero, in the order of its bytes on the wire.
#[inline]
pub(super) fn crc32c(packet: &[u8]) -> [u8; 4] {
    on_the_wire(::crc32c::crc32c(packet))
}

/// The same of a packet that came: whatever its checksum field says counts as zero.
#[inline]
pub(super) fn crc32c_of_received(header: [u8; Header::LENGTH], chunks: &[u8]) -> [u8; 4] {
    let [a, b, c, d, e, f, g, h, ..] = header;
    let start = ::crc32c::crc32c(&[a, b, c, d, e, f, g, h, 0, 0, 0, 0]);
    on_the_wire(::crc32c::crc32c_append(start, chunks))
}

/// Appendix A maps the coefficient of x^31 to bit 7 of the first byte, and within a byte the bits
/// are mirrored: the register's lowest byte goes first.
const fn on_the_wire(register: u32) -> [u8; 4] {
    register.to_le_bytes()
}
