//! How every RTCP packet begins (RFC 3550 section 6.4.1).

use icelab_wire::{DecodeError, Reader};

/// What an RTCP packet is, by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketType(pub u8);

impl PacketType {
    /// SR: what a sender has sent (RFC 3550 section 6.4.1).
    pub const SENDER_REPORT: Self = Self(200);
    /// RR: what a receiver has received (RFC 3550 section 6.4.2).
    pub const RECEIVER_REPORT: Self = Self(201);
    /// SDES: who a source is (RFC 3550 section 6.5).
    pub const DESCRIPTION: Self = Self(202);
    /// BYE: sources leave (RFC 3550 section 6.6).
    pub const GOODBYE: Self = Self(203);
    /// APP: an application's own (RFC 3550 section 6.7).
    pub const APPLICATION: Self = Self(204);
    /// RTPFB: feedback about the transport (RFC 4585 section 6.2).
    pub const TRANSPORT_FEEDBACK: Self = Self(205);
    /// PSFB: feedback about the payload (RFC 4585 section 6.3).
    pub const PAYLOAD_FEEDBACK: Self = Self(206);
    /// XR: extended reports (RFC 3611); kept as bytes here.
    pub const EXTENDED_REPORT: Self = Self(207);
}

/// One RTCP packet whose body is not read yet.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |V=2|P|  count  |      PT       |             length            |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawPacket<'a> {
    /// What it is.
    pub kind: PacketType,
    /// How many parts it has, or its format or subtype: five bits.
    pub count: u8,
    /// What follows the header, without padding; whole words.
    pub body: &'a [u8],
    /// How many bytes of padding follow the body, their count included.
    pub padding: u8,
}

impl<'a> RawPacket<'a> {
    /// Reads the packet that `reader` stands before. Padding is allowed at the end of the reader's
    /// bytes only (RFC 3550 section 6.1).
    ///
    /// # Errors
    /// Where the version is not 2, the packet is cut off, or its padding is misplaced, no whole
    /// words, or longer than the body.
    #[inline]
    pub(super) fn decode_from(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let [first, kind, l0, l1] = reader.array()?;
        if first >> 6 != 2 {
            return Err(DecodeError::Value { field: "version" });
        }
        let mut body = reader.take(4 * usize::from(u16::from_be_bytes([l0, l1])))?;
        let mut padding = 0;
        if first & 0x20 != 0 {
            if !reader.is_empty() {
                return Err(DecodeError::Value { field: "padding bit" });
            }
            padding = body.last().copied().unwrap_or(0);
            if padding == 0 || !padding.is_multiple_of(4) {
                return Err(DecodeError::Value { field: "padding" });
            }
            let length = body.len().checked_sub(usize::from(padding));
            body = length
                .and_then(|length| body.get(..length))
                .ok_or(DecodeError::Length { field: "padding" })?;
        }
        Ok(Self { kind: PacketType(kind), count: first & 0x1F, body, padding })
    }
}
