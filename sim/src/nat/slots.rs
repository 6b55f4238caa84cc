//! Entries by number: numbers of gone entries are used again.

/// Entries by number.
#[derive(Clone, Debug)]
pub(super) struct Slots<T> {
    entries: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slots<T> {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }

    pub(super) fn add(&mut self, entry: T) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            u32::try_from(self.entries.len() - 1).expect("fewer than 2^32 mappings fit in memory")
        });
        if let Some(slot) = self.entries.get_mut(index(number)) {
            *slot = Some(entry);
        }
        number
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.entries.get(index(number))?.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.entries.get_mut(index(number))?.as_mut()
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        let entry = self.entries.get_mut(index(number))?.take()?;
        self.free.push(number);
        Some(entry)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// All numbers in use, in order.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(&self.entries).filter(|(_, entry)| entry.is_some()).map(|(number, _)| number)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> + '_ {
        self.entries.iter().flatten()
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_number_is_used_again_and_counts_no_more() {
        let mut slots = Slots::new();
        let (first, second) = (slots.add('a'), slots.add('b'));
        assert_eq!(slots.remove(first), Some('a'));
        assert_eq!(slots.remove(first), None);
        assert_eq!((slots.len(), slots.get(first)), (1, None));
        assert_eq!(slots.add('c'), first);
        assert_eq!(slots.numbers().collect::<Vec<_>>(), [first, second]);
        assert_eq!(slots.iter().collect::<String>(), "cb");
    }
}
