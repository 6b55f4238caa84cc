//! No text makes the reader panic, hang or grow without bounds.

use icelab::scenario::load::Scenario;
use icelab::scenario::text::first_pass::{MAX_BYTES, MAX_DEPTH};
use icelab::scenario::text::source::Source;
use proptest::prelude::*;

use crate::refused;

#[test]
fn aliases_are_refused_where_the_first_one_stands_and_never_expanded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let before = level - 1;
        let aliases = vec![format!("*a{before}"); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let messages = refused(&bomb);
    assert_eq!(messages.len(), 1);
    assert!(
        messages[0].starts_with("test.yaml:2:10: aliases (`*name`) are not used"),
        "{messages:?}"
    );
}

#[test]
fn deep_nesting_is_refused_at_the_limit_whatever_its_style() {
    let flow = format!("peers: {}", "[".repeat(100_000));
    let block: String = (0..500).map(|level| format!("{}a:\n", "  ".repeat(level))).collect();
    let closed = format!("peers: {}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1));
    for text in [flow, block, closed] {
        let messages = refused(&text);
        assert!(messages[0].contains("nested deeper than"), "{messages:?}");
    }
}

#[test]
fn a_matrix_of_a_million_cases_is_refused_and_not_expanded() {
    let ten = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
    let lists: Vec<String> =
        ["a", "b", "c", "d", "e", "f"].map(|name| format!("{name}: {ten}")).into();
    let messages = refused(&format!("matrix: {{ {} }}", lists.join(", ")));
    assert_eq!(
        messages,
        [
            "test.yaml:1:1: the matrix has 1000000 cases (split the file, or drop values whose combinations say nothing new)"
        ]
    );
}

#[test]
fn a_file_of_many_values_or_many_bytes_is_refused() {
    let wide = format!("[{}]", vec!["{}"; 30_000].join(","));
    assert!(refused(&wide)[0].contains("more than 20000 values"));
    let long = format!("asks: {}", "a".repeat(MAX_BYTES));
    assert!(refused(&long)[0].contains("262144 are the most"));
}

#[test]
fn endless_seeds_are_refused() {
    let messages =
        refused("sweep: { seeds: 0..18446744073709551615 }\npeers: { alice: {}, bob: {} }");
    assert!(messages[0].contains("runs in one file"), "{messages:?}");
}

/// Pieces that scenario files are made of, and some that they are not.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "gateways:",
        "peers:",
        "servers:",
        "call:",
        "events:",
        "expect:",
        "matrix:",
        "sweep:",
        " nat: symmetric",
        " link: { rate: 5 Mbit/s }",
        "alice: {}",
        "bob:",
        " behind: home",
        "  home:",
        "\n",
        "\n  ",
        "\n    ",
        "- at: 5 s",
        " cut: [alice, internet]",
        "{",
        "}",
        "[",
        "]",
        ",",
        "$a",
        "${a}",
        "$$",
        "\"",
        "'",
        "#",
        "|",
        ">",
        "&x",
        "*x",
        "!t",
        "---",
        "\t",
        ": ",
        "%",
        "é",
        "\u{feff}",
        "\r\n",
        "99999999999999999999",
        "..",
        "1..3",
        "~",
        "true",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// What a hand does to a text by mistake.
#[derive(Clone, Debug)]
enum Slip {
    /// Other letters in place of one.
    Letter(&'static str),
    /// A line lost.
    LineLost,
    /// A line twice.
    LineTwice,
    /// A line deeper, or less deep, than it was.
    Indented(bool),
    /// A word in place of another one of the same text.
    WordSwapped(prop::sample::Index),
}

impl Slip {
    fn applied(&self, text: &str, place: prop::sample::Index) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let line = place.index(lines.len().max(1));
        match self {
            Self::Letter(letter) => {
                let letters: Vec<char> = text.chars().collect();
                let at = place.index(letters.len().max(1));
                let before: String = letters.iter().take(at).collect();
                let after: String = letters.iter().skip(at + 1).collect();
                return format!("{before}{letter}{after}");
            }
            Self::LineLost if line < lines.len() => drop(lines.remove(line)),
            Self::LineTwice if line < lines.len() => lines.insert(line, lines[line].clone()),
            Self::Indented(true) if line < lines.len() => lines[line].insert(0, ' '),
            Self::Indented(false) if line < lines.len() => {
                lines[line] = lines[line].strip_prefix(' ').unwrap_or(&lines[line]).to_owned();
            }
            Self::WordSwapped(other) => {
                let words: Vec<&str> =
                    text.split(&[' ', '\n', ',', ':', '{', '}', '[', ']']).collect();
                let (old, new) = (words[place.index(words.len())], words[other.index(words.len())]);
                return if old.is_empty() { text.to_owned() } else { text.replacen(old, new, 1) };
            }
            Self::LineLost | Self::LineTwice | Self::Indented(_) => {}
        }
        lines.join("\n")
    }
}

fn slip() -> impl Strategy<Value = Slip> {
    let letters = [
        "", " ", ":", "{", "]", "\n", "\t", "$", "x", "7", "\"", "'", "-", "#", "&", "%", "é",
        "\u{a0}",
    ];
    prop_oneof![
        3 => prop::sample::select(letters.to_vec()).prop_map(Slip::Letter),
        1 => Just(Slip::LineLost),
        1 => Just(Slip::LineTwice),
        1 => any::<bool>().prop_map(Slip::Indented),
        3 => any::<prop::sample::Index>().prop_map(Slip::WordSwapped),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = Scenario::read(Source::new("test.yaml", text));
    }

    #[test]
    fn no_pieces_of_scenarios_make_the_reader_panic(text in pieces()) {
        if let Err(refusal) = Scenario::read(Source::new("test.yaml", text)) {
            prop_assert!(!refusal.faults.is_empty());
            for fault in &refusal.faults {
                prop_assert!(fault.span.start <= fault.span.end);
                prop_assert!(fault.span.end <= refusal.source.text.len());
            }
        }
    }

    #[test]
    fn a_shipped_scenario_with_slips_in_it_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        slips in prop::collection::vec((any::<prop::sample::Index>(), slip()), 1..4),
    ) {
        let texts = crate::shipped::texts();
        let mut text = which.get(&texts).clone();
        for (place, slip) in slips {
            text = slip.applied(&text, place);
        }
        let read = Scenario::read(Source::new("test.yaml", text.as_str()));
        if let Err(refusal) = read {
            prop_assert!(!refusal.faults.is_empty());
            for fault in &refusal.faults {
                prop_assert!(text.is_char_boundary(fault.span.start), "{fault:?}");
                prop_assert!(text.is_char_boundary(fault.span.end), "{fault:?}");
            }
        }
    }
}
