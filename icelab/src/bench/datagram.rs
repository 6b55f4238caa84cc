//! Packets as they go over the network: as long as in a DTLS record, and stamped with the time.

use icelab_sans_io::Instant;

/// Makes of a packet what travels in a UDP datagram: the length and the outer form of a record of DTLS 1.2 with
/// AES-128-GCM (RFC 6347 section 4.1, RFC 5288 section 3), unencrypted, with the time in place of the nonce.
pub(super) fn wrap(packet: &[u8], now: Instant) -> Vec<u8> {
    let length = NONCE + packet.len() + TAG;
    let mut record = Vec::with_capacity(HEADER + length);
    record.extend_from_slice(&[APPLICATION_DATA, 0xfe, 0xfd]);
    record.extend_from_slice(&[0; 8]);
    record.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    record.extend_from_slice(&now.as_nanos().to_be_bytes());
    record.extend_from_slice(packet);
    record.extend_from_slice(&[0; TAG]);
    record
}

/// The packet, and when it was sent.
pub(super) fn unwrap(mut record: Vec<u8>) -> Option<(Vec<u8>, Instant)> {
    let stamp = record.get(HEADER..HEADER + NONCE)?.try_into().ok()?;
    let end = record.len().checked_sub(TAG)?;
    record.truncate(end);
    if record.len() < HEADER + NONCE {
        return None;
    }
    record.drain(..HEADER + NONCE);
    Some((record, Instant::from_nanos(u64::from_be_bytes(stamp))))
}

const APPLICATION_DATA: u8 = 23;
const HEADER: usize = 13;
const NONCE: usize = 8;
const TAG: usize = 16;

/// IPv4 and UDP.
pub(super) const IP_AND_UDP: usize = 20 + 8;

/// How many bytes more than a packet go over the link.
pub(super) const HEADERS: usize = IP_AND_UDP + HEADER + NONCE + TAG;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_comes_out_as_it_went_in_and_is_37_bytes_longer_on_its_way() {
        for length in [0, 1, 1200] {
            let packet = vec![7; length];
            let record = wrap(&packet, Instant::from_millis(5));
            assert_eq!(record.len(), length + HEADERS - IP_AND_UDP);
            assert_eq!(HEADERS - IP_AND_UDP, 37);
            assert_eq!(unwrap(record), Some((packet, Instant::from_millis(5))));
        }
    }

    #[test]
    fn what_is_too_short_to_be_one_is_none() {
        let record = wrap(b"", Instant::START);
        for length in 0..record.len() {
            assert_eq!(unwrap(record[..length].to_vec()), None);
        }
    }
}
