//! A case that was not as expected, in full: what was wanted, what came, and how to run it again.

use core::fmt;

use crate::results::Case;
use crate::table::suite::BAD;

/// Writes the block of one case: its title, a line per expectation that did not hold, the command that replays it.
pub(crate) fn write_failure(text: &mut impl fmt::Write, case: &Case) -> fmt::Result {
    writeln!(text, "{BAD} {}, seed {}", case.title(), case.seed)?;
    if let Some(error) = &case.error {
        for line in error.trim_end().lines() {
            writeln!(text, "    {line}")?;
        }
    }
    for failure in &case.failures {
        let crate::results::Failure { expect, wanted, got, at_ms } = failure;
        writeln!(text, "    {expect}: wanted {wanted}, got {got} (judged at {at_ms})")?;
    }
    writeln!(text, "    again: {}\n", replay_command(case))
}

/// The one command that runs exactly this case again.
///
/// The filter is the variables as the title writes them, so `--filter` must match a case whose title contains it.
pub fn replay_command(case: &Case) -> String {
    let mut command = format!("icelab run {} --seed {}", quoted(&case.file), case.seed);
    if !case.case.is_empty() {
        command += &format!(" --filter {}", quoted(&format!("({})", case.variables())));
    }
    if case.runtime != crate::results::Runtime::Native {
        command += &format!(" --runtime {}", case.runtime);
    }
    command
}

/// The word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/+:@%".contains(letter);
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
}
