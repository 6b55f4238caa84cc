//! The Internet checksum (RFC 1071) and its incremental update (RFC 1624).

/// A ones' complement sum that grows by bytes or by replaced 16-bit words.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum(u64);

impl Sum {
    /// Starts from a checksum field that is already in a packet, to be updated by [`Sum::replace`].
    pub(crate) fn of_field(field: u16) -> Self {
        Self(u64::from(!field))
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        let (words, rest) = bytes.as_chunks::<4>();
        for word in words {
            self.0 += u64::from(u32::from_be_bytes(*word));
        }
        let mut last = [0; 4];
        for (slot, byte) in last.iter_mut().zip(rest) {
            *slot = *byte;
        }
        self.0 += u64::from(u32::from_be_bytes(last));
        self
    }

    pub(crate) fn word(mut self, word: u32) -> Self {
        self.0 += u64::from(word);
        self
    }

    /// RFC 1624, equation 3: `HC' = ~(~HC + ~m + m')`, word by word (both have an even length).
    pub(crate) fn replace(mut self, old: &[u8], new: &[u8]) -> Self {
        for word in old.as_chunks::<2>().0 {
            self.0 += u64::from(!u16::from_be_bytes(*word));
        }
        for word in new.as_chunks::<2>().0 {
            self.0 += u64::from(u16::from_be_bytes(*word));
        }
        self
    }

    /// The field to write: the complement of the folded sum.
    pub(crate) fn field(self) -> u16 {
        !self.folded()
    }

    /// The folded sum itself: all ones over a stretch that contains its own right checksum.
    pub(crate) fn folded(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        u16::try_from(sum).unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071_has_its_sum() {
        let sum = Sum::default().bytes(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(sum.folded(), 0xddf2);
        assert_eq!(sum.field(), !0xddf2);
    }

    #[test]
    fn an_odd_byte_counts_as_the_high_half_of_a_word() {
        assert_eq!(Sum::default().bytes(&[1, 2, 3]).folded(), 0x0102 + 0x0300);
    }

    #[test]
    fn the_example_of_rfc_1624_updates_to_zero() {
        // HC = 0xDD2F, m = 0x5555, m' = 0x3285 gives 0x0000, not 0xffff.
        let sum = Sum::of_field(0xdd2f).replace(&[0x55, 0x55], &[0x32, 0x85]);
        assert_eq!(sum.field(), 0);
    }

    #[test]
    fn replacing_is_the_same_as_summing_again() {
        let old = [0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc];
        let new = [0x12, 0x34, 0xff, 0xfe, 0x9a, 0xbc];
        let updated = Sum::of_field(Sum::default().bytes(&old).field())
            .replace(old.get(2..4).unwrap(), new.get(2..4).unwrap());
        assert_eq!(updated.field(), Sum::default().bytes(&new).field());
    }
}
