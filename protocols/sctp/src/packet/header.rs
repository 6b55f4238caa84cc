//! How every packet begins (RFC 9260 section 3.1).

use icelab_wire::Writer;

use super::error::PacketError;
use super::number::VerificationTag;

/// The common header, but for its checksum.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |      Source Port Number       |    Destination Port Number    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                       Verification Tag                        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                           Checksum                            |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// What the receiver knows its association by.
    pub verification_tag: VerificationTag,
}

impl Header {
    /// How many bytes it takes.
    pub const LENGTH: usize = 12;

    /// Reads the header, and the checksum beside it.
    #[inline]
    pub(super) const fn decode(bytes: [u8; 12]) -> Result<(Self, [u8; 4]), PacketError> {
        let [s0, s1, d0, d1, t0, t1, t2, t3, c0, c1, c2, c3] = bytes;
        let header = Self {
            source_port: u16::from_be_bytes([s0, s1]),
            destination_port: u16::from_be_bytes([d0, d1]),
            verification_tag: VerificationTag(u32::from_be_bytes([t0, t1, t2, t3])),
        };
        if header.source_port == 0 || header.destination_port == 0 {
            return Err(PacketError::Port);
        }
        Ok((header, [c0, c1, c2, c3]))
    }

    /// Writes the header with a checksum of zero.
    #[inline]
    pub(super) fn encode(&self, writer: &mut Writer) {
        let ([s0, s1], [d0, d1]) =
            (self.source_port.to_be_bytes(), self.destination_port.to_be_bytes());
        let [t0, t1, t2, t3] = self.verification_tag.0.to_be_bytes();
        writer.bytes(&[s0, s1, d0, d1, t0, t1, t2, t3, 0, 0, 0, 0]);
    }
}
