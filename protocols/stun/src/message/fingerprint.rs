//! FINGERPRINT: a checksum that tells STUN from other protocols (RFC 8489 sections 7 and 14.7).

use icelab_wire::Writer;

use super::Message;
use super::builder::set_length;
use crate::attribute::kind;

impl Message<'_> {
    /// Whether FINGERPRINT holds; `None` where there is none. It must be the last attribute.
    #[must_use]
    pub fn check_fingerprint(&self) -> Option<bool> {
        let at = self.fingerprint?;
        let Some((covered, attribute)) = self.bytes.split_at_checked(at) else {
            return Some(false);
        };
        let [_, _, 0, 4, value @ ..] = attribute else {
            return Some(false);
        };
        Some(value == fingerprint(covered).to_be_bytes())
    }
}

/// Adds FINGERPRINT, and makes the header's length final.
#[inline]
pub(super) fn append(writer: &mut Writer) {
    // RFC 8489 section 14.7: the length covers the attribute before the checksum is computed.
    set_length(writer, 8);
    let value = fingerprint(writer.as_slice());
    writer.u64(u64::from(kind::FINGERPRINT) << 48 | 4 << 32 | u64::from(value));
}

#[inline]
fn fingerprint(covered: &[u8]) -> u32 {
    crc32fast::hash(covered) ^ MASK
}

/// So that a checksum that some other protocol placed there does not pass.
const MASK: u32 = 0x5354_554E;
