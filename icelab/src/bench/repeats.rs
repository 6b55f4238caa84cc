//! Which packets carry something that was sent before, seen from outside.

use icelab_wire::{DecodeError, Reader};

/// Watches the SCTP packets of one end for chunks that it has sent before.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    newest: Option<u32>,
}

impl Repeats {
    /// Whether a packet carries data whose TSN is not above all that were sent before it.
    pub(super) fn sees(&mut self, packet: &[u8]) -> bool {
        // What is cut short after some chunks has told what there is to know.
        let mut is_repeated = false;
        let _ = self.read(packet, &mut is_repeated);
        is_repeated
    }

    /// RFC 9260 sections 3.1 to 3.3.1: chunks after a common header of 12 bytes, each padded to 4.
    fn read(&mut self, packet: &[u8], is_repeated: &mut bool) -> Result<(), DecodeError> {
        let mut reader = Reader::new(packet);
        reader.take(12)?;
        while !reader.is_empty() {
            let (kind, _flags) = (reader.u8()?, reader.u8()?);
            let length = usize::from(reader.u16()?).saturating_sub(4);
            let body = reader.take(length)?;
            let padding = length.next_multiple_of(4) - length;
            reader.take(padding.min(reader.remaining()))?;
            if kind == DATA || kind == I_DATA {
                let tsn = Reader::new(body).u32()?;
                let is_new = self.newest.is_none_or(|newest| {
                    let ahead = tsn.wrapping_sub(newest);
                    ahead != 0 && ahead < 1 << 31
                });
                if is_new {
                    self.newest = Some(tsn);
                } else {
                    *is_repeated = true;
                }
            }
        }
        Ok(())
    }
}

/// RFC 9260 section 3.2.
const DATA: u8 = 0;
/// RFC 8260 section 2.1.
const I_DATA: u8 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(chunks: &[(u8, u32, usize)]) -> Vec<u8> {
        let mut packet = vec![0; 12];
        for (kind, tsn, payload) in chunks {
            let length = u16::try_from(8 + payload).unwrap();
            packet.extend_from_slice(&[*kind, 3]);
            packet.extend_from_slice(&length.to_be_bytes());
            packet.extend_from_slice(&tsn.to_be_bytes());
            packet.resize(packet.len() + payload.next_multiple_of(4), 0);
        }
        packet
    }

    #[test]
    fn only_a_tsn_that_is_not_above_all_others_is_a_repetition() {
        let mut repeats = Repeats::default();
        let mut sees = |chunks: &[_]| repeats.sees(&packet(chunks));
        assert!(!sees(&[(DATA, u32::MAX - 1, 9)]));
        assert!(!sees(&[(3, 1, 8), (DATA, u32::MAX, 8), (DATA, 0, 5)]), "TSNs wrap");
        assert!(!sees(&[(3, u32::MAX, 8)]), "a SACK is no data");
        assert!(sees(&[(DATA, u32::MAX, 8)]));
        assert!(sees(&[(3, 0, 8), (I_DATA, 1, 8), (I_DATA, 0, 8)]));
        assert!(!sees(&[(I_DATA, 2, 8)]));
    }

    #[test]
    fn what_is_cut_short_is_read_as_far_as_it_goes() {
        let whole = packet(&[(DATA, 5, 8), (DATA, 5, 8)]);
        for length in 0..=whole.len() {
            // The second chunk begins after 12 + 16 bytes and is whole 16 later.
            let is_whole = length == whole.len();
            assert_eq!(Repeats::default().sees(&whole[..length]), is_whole, "{length}");
        }
    }
}
