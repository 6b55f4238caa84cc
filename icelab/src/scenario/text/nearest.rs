//! The word that somebody probably meant.

use super::other_words::OTHER_WORDS;

/// The word among `words` that somebody means who writes `word`: by a slip of the finger, in other words, or
/// cut short.
#[must_use]
pub fn meant<'a>(word: &str, words: &[&'a str]) -> Option<&'a str> {
    let near = closest(word, words.iter().copied());
    if let Some((0 | 1, near)) = near {
        return Some(near);
    }
    let wanted: String = plain(word).into_iter().collect();
    let synonyms = OTHER_WORDS.iter().filter(|(other, _)| *other == wanted);
    let synonym = synonyms.filter_map(|(_, ours)| words.iter().find(|word| *word == ours)).next();
    if let Some(synonym) = synonym {
        return Some(synonym);
    }
    let mut longer = words.iter().filter(|word| wanted.len() > 2 && word.starts_with(&wanted));
    match (longer.next(), longer.next()) {
        (Some(only), None) => Some(only),
        _ => near.map(|(_, near)| near),
    }
}

/// The word among `words` that is closest to `word`, where one is close enough to be meant.
#[must_use]
pub fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    closest(word, words).map(|(_, word)| word)
}

/// The closest word and how far away it is.
fn closest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<(usize, &'a str)> {
    let wanted = plain(word);
    let limit = (wanted.len() / 3).max(1) + 1;
    words
        .into_iter()
        .map(|candidate| (distance(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| {
            *distance <= limit && *distance < candidate.chars().count().min(wanted.len()).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
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
    fn the_words_of_other_tools_and_words_cut_short_find_theirs() {
        let nats = ["full_cone", "restricted", "port_restricted", "linux", "aws_nat_gateway"];
        for (typed, meant_word) in [
            ("address_restricted_cone", "restricted"),
            ("port-restricted-cone", "port_restricted"),
            ("iptables", "linux"),
            ("aws", "aws_nat_gateway"),
        ] {
            assert_eq!(meant(typed, &nats), Some(meant_word), "{typed}");
        }
        assert_eq!(meant("relay", &["host/udp", "relay/udp"]), Some("relay/udp"));
        assert_eq!(meant("latency", &["rate", "delay", "loss"]), Some("delay"));
        assert_eq!(meant("cgn", &["cgn_rfc6888", "cgn_strict"]), None, "either may be meant");
    }

    #[test]
    fn another_word_altogether_finds_nothing() {
        assert_eq!(nearest("banana", ["symmetric", "none", "up"]), None);
        assert_eq!(nearest("x", ["up", "to"]), None);
        assert_eq!(nearest("anything", []), None);
    }
}
