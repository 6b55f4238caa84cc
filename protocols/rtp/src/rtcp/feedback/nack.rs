//! Packets that did not arrive (RFC 4585 section 6.2.1).

use icelab_wire::{DecodeError, Reader, Serial16, Writer};

/// Packets that did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Nack {
    /// Them, up to 17 in each pair.
    pub pairs: Vec<NackPair>,
}

/// One packet that did not arrive, and which of the 16 after it did not either.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |            PID                |             BLP               |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NackPair {
    /// The packet (PID).
    pub first: Serial16,
    /// Bit `n`, from the lowest: whether the packet `n + 1` after it did not arrive (BLP).
    pub following: u16,
}

impl Nack {
    /// How many pairs one packet can hold.
    const MOST_PAIRS: usize = u16::MAX as usize - 2;

    /// The fewest pairs that say these packets. They come in the order of the stream; what does not
    /// fit one RTCP packet, 65,533 pairs, is left out.
    #[must_use]
    pub fn from_lost(lost: impl IntoIterator<Item = Serial16>) -> Self {
        let mut pairs: Vec<NackPair> = Vec::new();
        for sequence in lost {
            if let Some(pair) = pairs.last_mut() {
                match sequence.since(pair.first) {
                    0 => continue,
                    after @ 1..=16 => {
                        pair.following |= 1 << (after - 1);
                        continue;
                    }
                    _ => {}
                }
            }
            if pairs.len() == Self::MOST_PAIRS {
                break;
            }
            pairs.push(NackPair { first: sequence, following: 0 });
        }
        Self { pairs }
    }

    /// The packets that did not arrive, in the order of the pairs.
    pub fn lost(&self) -> impl Iterator<Item = Serial16> + use<'_> {
        self.pairs.iter().flat_map(|pair| pair.lost())
    }

    pub(super) fn decode(information: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(information);
        if reader.is_empty() {
            return Err(DecodeError::Length { field: "NACK" });
        }
        let mut pairs = Vec::with_capacity(information.len() / 4);
        while !reader.is_empty() {
            let first = Serial16(reader.u16()?);
            pairs.push(NackPair { first, following: reader.u16()? });
        }
        Ok(Self { pairs })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        for pair in &self.pairs {
            writer.u16(pair.first.0);
            writer.u16(pair.following);
        }
    }
}

impl NackPair {
    /// The packets of the pair, in order.
    pub fn lost(self) -> impl Iterator<Item = Serial16> {
        let following = (1..=16).filter(move |after| self.following & 1 << (after - 1) != 0);
        core::iter::once(self.first).chain(following.map(move |after| self.first.plus(after)))
    }
}
