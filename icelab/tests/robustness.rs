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
    fn a_scenario_with_one_letter_changed_never_makes_the_reader_panic(
        at in 0_usize..2_000,
        letter in prop::sample::select(vec!["", " ", ":", "{", "]", "\n", "\t", "$", "x", "7", "\""]),
    ) {
        let whole = include_str!("../../scenarios/nat/two-homes.yaml");
        let at = at % whole.len();
        if let (Some(before), Some(after)) = (whole.get(..at), whole.get(at + 1..)) {
            let _ = Scenario::read(Source::new("test.yaml", format!("{before}{letter}{after}")));
        }
    }
}
