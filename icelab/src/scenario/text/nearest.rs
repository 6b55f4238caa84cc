//! The word that somebody probably meant.

/// The word among `words` that is closest to `word`, where one is close enough to be meant.
#[must_use]
pub fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(word);
    let limit = (wanted.len() / 3).max(1) + 1;
    words
        .into_iter()
        .map(|candidate| (distance(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| {
            *distance <= limit && *distance < candidate.chars().count().min(wanted.len()).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Lower case, with `-` and blanks as `_`: what people mix up without meaning another word.
fn plain(word: &str) -> Vec<char> {
    word.chars()
        .take(MAX_LENGTH)
        .map(|letter| match letter {
            '-' | ' ' => '_',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

/// How many letters to change, add, remove or swap with their neighbour (optimal string alignment).
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut previous_left = None;
    for (row, &l) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut previous_right = None;
        for (column, &r) in right.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX);
            let mut best = (at(&last, column) + usize::from(l != r))
                .min(at(&last, column + 1) + 1)
                .min(at(&current, column) + 1);
            if Some(l) == previous_right && Some(r) == previous_left {
                best = best.min(at(&before_last, column - 1) + 1);
            }
            current.push(best);
            previous_right = Some(r);
        }
        before_last = core::mem::replace(&mut last, current);
        previous_left = Some(l);
    }
    last.last().copied().unwrap_or(left.len())
}

/// Longer words are compared by their beginning.
const MAX_LENGTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let words = ["symmetric", "full_cone", "port_restricted", "none"];
        for (typed, meant) in [
            ("symetric", "symmetric"),
            ("symmertic", "symmetric"),
            ("fullcone", "full_cone"),
            ("full-cone", "full_cone"),
            ("Port_Restricted", "port_restricted"),
            ("nnoe", "none"),
        ] {
            assert_eq!(nearest(typed, words), Some(meant), "{typed}");
        }
    }

    #[test]
    fn another_word_altogether_finds_nothing() {
        assert_eq!(nearest("banana", ["symmetric", "none", "up"]), None);
        assert_eq!(nearest("x", ["up", "to"]), None);
        assert_eq!(nearest("anything", []), None);
    }
}
