//! Words of commands that people paste into a shell.

/// The word as a shell takes it for one, and no command for an option.
pub fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/+:@%".contains(letter);
    if word.len() > 1 && word.starts_with('-') {
        return quoted(&format!("./{word}"));
    }
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_blanks_or_quotes_is_quoted_for_the_shell() {
        assert_eq!(quoted("scenarios/nat/a-b.yaml"), "scenarios/nat/a-b.yaml");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }

    #[test]
    fn a_file_that_looks_like_an_option_is_named_as_a_file() {
        assert_eq!(quoted("--seed.yaml"), "./--seed.yaml");
        assert_eq!(quoted("-"), "-", "the standard input");
    }
}
