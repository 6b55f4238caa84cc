//! The checksum of packets: CRC32c (RFC 9260 section 6.8 and appendix A), or zero (RFC 9653).

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

/// The checksum of a whole packet, in the order of its bytes on the wire. The field's own bytes
/// count as zeros.
#[inline]
pub(super) fn crc32c(packet: &[u8]) -> [u8; 4] {
    let crc = match packet.split_first_chunk::<12>() {
        Some((header, chunks)) => {
            let [a, b, c, d, e, f, g, h, ..] = *header;
            let start = ::crc32c::crc32c(&[a, b, c, d, e, f, g, h, 0, 0, 0, 0]);
            ::crc32c::crc32c_append(start, chunks)
        }
        None => ::crc32c::crc32c(packet),
    };
    // Appendix A maps the coefficient of x^31 to bit 7 of the first byte, and its bits are mirrored:
    // the register's lowest byte goes first.
    crc.to_le_bytes()
}
