//! The window of packet numbers that were seen: DTLS (RFC 9147 section 4.5.1, RFC 6347 section
//! 4.1.2.6) and SRTP (RFC 3711 section 3.3.2) reject duplicates by it.

/// Remembers the last 128 numbers under one key.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReplayWindow {
    /// One past the highest number that was seen.
    next: u64,
    /// Bit `n`: whether `next - 1 - n` was seen.
    seen: u128,
}

impl ReplayWindow {
    /// How many numbers are remembered.
    pub const SIZE: u64 = u128::BITS as u64;

    /// One past the highest number that was seen.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Whether a packet of this number may be new. One that lies left of the window counts as seen.
    #[must_use]
    pub const fn is_new(&self, number: u64) -> bool {
        if number >= self.next {
            return true;
        }
        let age = self.next - 1 - number;
        age < Self::SIZE && self.seen & (1 << age) == 0
    }

    /// Notes a packet that was found authentic: only these move the window. `number` is below
    /// 2^64 - 1.
    pub const fn note(&mut self, number: u64) {
        if number >= self.next {
            let ahead = number - self.next + 1;
            self.seen = if ahead < Self::SIZE { (self.seen << ahead) | 1 } else { 1 };
            self.next = number + 1;
        } else {
            let age = self.next - 1 - number;
            if age < Self::SIZE {
                self.seen |= 1 << age;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6347 section 4.1.2.6: duplicates are rejected through a sliding window.
    #[test]
    fn a_number_is_new_once() {
        let mut window = ReplayWindow::default();
        for number in [0, 5, 3, 4, 70, 69, 200] {
            assert!(window.is_new(number), "{number}");
            window.note(number);
            assert!(!window.is_new(number), "{number}");
        }
    }

    /// The same section: records left of the window are rejected.
    #[test]
    fn a_number_left_of_the_window_is_old() {
        let mut window = ReplayWindow::default();
        window.note(100);
        window.note(200);
        assert!(window.is_new(73));
        assert!(!window.is_new(72));
        window.note(u64::MAX - 1);
        assert!(!window.is_new(100));
    }
}
