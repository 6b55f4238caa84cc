//! Randomness from a seed.

use core::convert::Infallible;
use core::fmt;
use core::ops::RangeInclusive;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _, TryCryptoRng, TryRng};

/// A stream of random bytes that is wholly determined by a 256-bit seed.
///
/// Each layer owns one, [forked](Self::fork) from its parent's by name and index, so that a new
/// draw in one layer moves nothing in another. It is a cryptographic generator (`ChaCha20`): outside
/// the lab, with a seed from the operating system, keys may be made from it.
///
/// It also implements `rand_core`'s traits, for cryptographic libraries.
#[derive(Clone)]
pub struct Rng {
    seed: [u8; 32],
    draws: ChaCha20Rng,
}

impl Rng {
    /// The stream of `seed`.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let mut draws = ChaCha20Rng::from_seed(seed);
        draws.set_stream(DRAWS);
        Self { seed, draws }
    }

    /// The stream of a short seed, for the lab. Never for keys outside of it.
    #[must_use]
    pub fn from_u64(seed: u64) -> Self {
        let mut long = [0; 32];
        for (byte, short) in long.iter_mut().zip(seed.to_le_bytes()) {
            *byte = short;
        }
        Self::from_seed(long)
    }

    /// The stream that belongs to the layer `label` with number `index` below this one.
    ///
    /// It depends on this stream's seed, not on how much has been drawn from it. Asking twice for
    /// the same path gives the same stream twice, so give every holder a path of its own: a host
    /// that restarts puts its boot count in the index, two connections put their number.
    #[must_use]
    pub fn fork(&self, label: &str, index: u64) -> Self {
        // A path of 64-bit blocks, each of which chooses one of the 2^64 streams of the key that
        // the blocks before it led to. The length comes first, so no path is another's prefix.
        let mut key = descend(&self.seed, label.len() as u64);
        for block in label.as_bytes().chunks(7) {
            let number = block.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
            key = descend(&key, number);
        }
        key = descend(&key, index >> 32);
        key = descend(&key, index & u64::from(u32::MAX));
        Self::from_seed(key)
    }

    /// 32 random bits.
    #[must_use]
    pub fn next_u32(&mut self) -> u32 {
        self.draws.next_u32()
    }

    /// 64 random bits.
    #[must_use]
    pub fn next_u64(&mut self) -> u64 {
        self.draws.next_u64()
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.draws.fill_bytes(bytes);
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number below `bound`, all equally likely; 0 where `bound` is 0.
    #[must_use]
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Lemire's method: the high word of a product; the few draws that would favour some
        // numbers are thrown away.
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            let [high, low] = [(product >> 64) as u64, product as u64];
            if low >= threshold {
                return high;
            }
        }
    }

    /// A number in `range`, all equally likely; its start where it is empty.
    #[must_use]
    pub fn range(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (start, end) = range.into_inner();
        match end.checked_sub(start).map(|width| width.checked_add(1)) {
            Some(Some(count)) => start + self.below(count),
            Some(None) => self.next_u64(),
            None => start,
        }
    }

    /// Whether something happens that happens `parts` times in a billion. Draws nothing for never
    /// and for always.
    #[must_use]
    pub fn chance_ppb(&mut self, parts: u32) -> bool {
        match parts {
            0 => false,
            1_000_000_000.. => true,
            _ => self.below(1_000_000_000) < u64::from(parts),
        }
    }
}

impl TryRng for Rng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Rng {}

/// Shows nothing of the seed.
impl fmt::Debug for Rng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rng(..)")
    }
}

/// The key of the stream `block` below `key`.
fn descend(key: &[u8; 32], block: u64) -> [u8; 32] {
    let mut stream = ChaCha20Rng::from_seed(*key);
    stream.set_stream(block);
    let mut child = [0; 32];
    stream.fill_bytes(&mut child);
    child
}

/// The stream from which a generator draws. No path block equals it: blocks of a label have a zero
/// high byte, halves of an index a zero high half, and no label is that long.
const DRAWS: u64 = u64::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are `OpenSSL`'s `ChaCha20` keystream over the same keys and nonces.
    #[test]
    fn the_same_seed_gives_the_same_bytes_on_every_machine() {
        let mut rng = Rng::from_u64(7);
        assert_eq!(rng.next_u64(), 0x2E71_D30A_3F79_5AE9);
        assert_eq!(rng.fork("ice", 1).next_u64(), 0x2904_DB06_740D_F94F);
    }

    #[test]
    fn a_draw_in_the_parent_moves_nothing_in_a_fork() {
        let mut parent = Rng::from_u64(1);
        let before = parent.fork("ice", 0).next_u64();
        let _ = parent.next_u64();
        assert_eq!(parent.fork("ice", 0).next_u64(), before);
    }

    #[test]
    fn different_paths_give_different_streams() {
        let root = Rng::from_u64(1);
        let mut firsts: Vec<u64> = [
            root.fork("ice", 0),
            root.fork("ice", 1),
            root.fork("ice", 1 << 32),
            root.fork("ic", 0),
            root.fork("", 0),
            root.fork("ice", 0).fork("ice", 0),
            root.fork("ice-agent", 0),
            root.fork("ice\0\0", 0),
            root,
        ]
        .iter_mut()
        .map(Rng::next_u64)
        .collect();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), 9);
    }

    #[test]
    fn numbers_below_a_bound_are_spread_evenly() {
        let mut rng = Rng::from_u64(3);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[usize::try_from(rng.below(6)).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.below(1), 0);
    }

    #[test]
    fn a_range_holds_both_its_ends() {
        let mut rng = Rng::from_u64(3);
        let drawn: Vec<u64> = (0..100).map(|_| rng.range(5..=7)).collect();
        assert!(drawn.contains(&5) && drawn.contains(&7));
        assert!(drawn.iter().all(|number| (5..=7).contains(number)));
        assert_eq!(rng.range(9..=9), 9);
        #[expect(clippy::reversed_empty_ranges, reason = "the empty range is the point")]
        let empty = rng.range(9..=8);
        assert_eq!(empty, 9);
        let _ = rng.range(0..=u64::MAX);
    }

    #[test]
    fn chances_come_true_as_often_as_they_should() {
        let mut rng = Rng::from_u64(4);
        let hits = (0..100_000).filter(|_| rng.chance_ppb(200_000_000)).count();
        assert!((19_500..20_500).contains(&hits), "{hits}");
        assert!(!rng.chance_ppb(0));
        assert!(rng.chance_ppb(1_000_000_000));
    }

    #[test]
    fn its_debug_text_hides_the_seed() {
        assert_eq!(format!("{:?}", Rng::from_u64(42)), "Rng(..)");
    }
}
