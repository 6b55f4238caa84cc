//! The window of record numbers that were seen (RFC 9147 section 4.5.1, RFC 6347 section 4.1.2.6).

/// Remembers the last 64 numbers of one epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReplayWindow {
    /// One past the highest number that was seen.
    next: u64,
    /// Bit `n`: whether `next - 1 - n` was seen.
    seen: u64,
}

impl ReplayWindow {
    const SIZE: u64 = u64::BITS as u64;

    /// One past the highest number that was seen.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// Whether a record of this number may be new. One that lies left of the window counts as seen.
    pub(crate) const fn is_new(&self, number: u64) -> bool {
        if number >= self.next {
            return true;
        }
        let age = self.next - 1 - number;
        age < Self::SIZE && self.seen & (1 << age) == 0
    }

    /// Notes a record that was opened: only these move the window.
    pub(crate) const fn note(&mut self, number: u64) {
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
        assert!(window.is_new(37));
        assert!(!window.is_new(36));
        window.note(u64::MAX - 1);
        assert!(!window.is_new(100));
    }
}
