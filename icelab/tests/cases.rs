//! `matrix`, `$name`, `sweep` and `when`.

use icelab::scenario::plan::{Connected, Path};
use proptest::prelude::*;

use crate::{plan, read};

#[test]
fn the_last_variable_changes_fastest() {
    let scenario = read(
        "matrix: { a: [x, y], b: [1, 2, 3] }
asks: What of ${a} and ${b}?
peers: { alice: {}, bob: {} }",
    );
    let labels: Vec<String> = scenario.cases.iter().map(|case| case.plan.case_label()).collect();
    assert_eq!(labels, ["a=x b=1", "a=x b=2", "a=x b=3", "a=y b=1", "a=y b=2", "a=y b=3"]);
}

#[test]
fn a_variable_alone_keeps_its_type_and_one_inside_text_becomes_text() {
    let scenario = read(
        "matrix: { seed: [7], trickle: [false], roles: [both_controlled] }
asks: Does ${seed} cost $$5 with ${roles}?
seed: $seed
peers: { alice: {}, bob: {} }
call: { trickle: $trickle, roles: $roles }",
    );
    let plan = &scenario.cases[0].plan;
    assert_eq!(plan.seed, 7);
    assert!(!plan.call.trickle);
    assert_eq!(plan.asks.as_deref(), Some("Does 7 cost $5 with both_controlled?"));
}

#[test]
fn a_map_has_a_short_name_and_equal_names_are_told_apart() {
    let scenario = read(
        "matrix:
  nat:
    - { mapping: endpoint_independent, filtering: address_and_port_dependent }
    - { filtering: endpoint_independent, mapping: address_and_port_dependent }
    - [v4, v6]
    - {}
asks: What of ${nat}?
gateways: { home: {} }
peers: { alice: { behind: home }, bob: {} }",
    );
    let labels: Vec<String> = scenario.cases.iter().map(|case| case.plan.case_label()).collect();
    assert_eq!(labels, ["nat=EI/APD", "nat=EI/APD#2", "nat=v4+v6", "nat={}"]);
}

#[test]
fn the_first_expectation_whose_when_holds_counts_for_each_time() {
    let scenario = read(
        "matrix: { a: [one, two, three], b: [true, false] }
asks: What of ${a} and ${b}?
peers: { alice: {}, bob: {} }
expect:
  - { when: { a: one, b: true }, path: none }
  - { when: { a: [one, two] }, path: relayed }
  - { path: direct }
  - { when: { a: three }, at: 9 s, connected: true }
  - { at: 9 s, connected: false }",
    );
    let judged: Vec<_> = scenario
        .cases
        .iter()
        .map(|case| {
            let [early, late] = case.plan.expectations.as_slice() else { panic!("two each") };
            (late.path[0], early.connected)
        })
        .collect();
    assert_eq!(
        judged,
        [
            (Path::None, Some(Connected::No)),
            (Path::Relayed, Some(Connected::No)),
            (Path::Relayed, Some(Connected::No)),
            (Path::Relayed, Some(Connected::No)),
            (Path::Direct, Some(Connected::Yes)),
            (Path::Direct, Some(Connected::Yes)),
        ]
    );
}

#[test]
fn a_sweep_includes_both_ends() {
    let scenario = read(
        "sweep: { seeds: 3..5 }
peers: { alice: {}, bob: {} }
expect: { over: seeds, connected: { p95: 2 s, share: \">= 99 %\" } }",
    );
    assert_eq!(scenario.sweep.unwrap().each().collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!(scenario.runs(), 3);
    let over = scenario.cases[0].over_seeds[0];
    assert!(over.share.is_some() && over.p95.is_some() && over.p50.is_none());
}

#[test]
fn words_that_were_booleans_in_old_yaml_are_words() {
    let plan = plan("peers: { y: {}, no: {} }\ncall: { offerer: no }");
    assert_eq!((plan.call.offerer.as_str(), plan.call.answerer.as_str()), ("no", "y"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_cases_are_the_product_each_once(sizes in prop::collection::vec(1_usize..5, 1..4)) {
        let lists: Vec<String> = sizes
            .iter()
            .enumerate()
            .map(|(index, size)| {
                let values: Vec<String> = (0..*size).map(|value| format!("v{value}")).collect();
                format!("x{index}: [{}]", values.join(", "))
            })
            .collect();
        let uses: Vec<String> = (0..sizes.len()).map(|index| format!("${{x{index}}}")).collect();
        let text = format!(
            "matrix: {{ {} }}\nasks: {}\npeers: {{ alice: {{}}, bob: {{}} }}",
            lists.join(", "),
            uses.join(" ")
        );
        let scenario = read(&text);
        prop_assert_eq!(scenario.cases.len(), sizes.iter().product::<usize>());
        let mut labels: Vec<String> =
            scenario.cases.iter().map(|case| case.plan.case_label()).collect();
        let in_order = labels.clone();
        labels.sort();
        prop_assert_eq!(&labels, &in_order);
        labels.dedup();
        prop_assert_eq!(labels.len(), scenario.cases.len());
    }
}
