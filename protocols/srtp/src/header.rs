//! Where the protected part of a packet begins (RFC 3550 section 5.1, RFC 3711 sections 3.1
//! and 3.4).

/// What SRTP must know of an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RtpHeader {
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    /// Fixed header, contributing sources and extension, in bytes.
    pub(crate) length: usize,
}

impl RtpHeader {
    /// The header that starts `packet`, if all of it is there.
    pub(crate) fn read(packet: &[u8]) -> Option<Self> {
        let (fixed, rest) = packet.split_first_chunk::<12>()?;
        let [first, _, high, low, _, _, _, _, ssrc @ ..] = *fixed;
        if first >> 6 != 2 {
            return None;
        }
        let sources = 4 * usize::from(first & 0x0F);
        let rest = rest.get(sources..)?;
        let extension = if first & 0x10 == 0 {
            0
        } else {
            let [_, _, words @ ..] = *rest.first_chunk::<4>()?;
            4 + 4 * usize::from(u16::from_be_bytes(words))
        };
        rest.get(extension..)?;
        Some(Self {
            ssrc: u32::from_be_bytes(ssrc),
            sequence: u16::from_be_bytes([high, low]),
            length: 12 + sources + extension,
        })
    }
}

/// The SSRC of the sender of a compound RTCP packet, if it is one.
pub(crate) fn rtcp_ssrc(packet: &[u8]) -> Option<u32> {
    let [first, _, _, _, ssrc @ ..] = *packet.first_chunk::<RTCP_HEADER>()?;
    (first >> 6 == 2).then(|| u32::from_be_bytes(ssrc))
}

/// What of an RTCP packet is never encrypted, in bytes.
pub(crate) const RTCP_HEADER: usize = 8;
