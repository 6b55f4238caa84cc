//! Holds the lists of what RFCs require, `protocols/*/requirements`: each item names tests that exist, or
//! says why there is none. `protocols/requirements` draws such a list, and compares it with its RFC.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One sentence of an RFC.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    section: String,
    text: String,
    /// Tests that fail where it is broken: `file::name`, the file as seen from the crate's folder.
    #[serde(default)]
    tests: Vec<String>,
    /// Why no test can fail.
    reason: Option<String>,
}

/// Reads a file, or says that there is none.
type Read<'a> = &'a dyn Fn(&str) -> Option<String>;

#[test]
fn every_requirement_names_its_tests_or_the_reason_why_there_is_none() {
    let lists = lists();
    assert!(!lists.is_empty(), "no lists found");
    let mut faults = Vec::new();
    for list in lists {
        let folder = list.parent().and_then(Path::parent).expect("it stands in a crate");
        let name = list.file_name().expect("a file").to_string_lossy().into_owned();
        let text = fs::read_to_string(&list).expect("a readable list");
        let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
        let found = faults_of(&name, &text, &read);
        if found.is_empty() {
            println!("{}", summary(&name, &text));
        }
        faults.extend(found);
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_list_with_a_fault_is_refused() {
    const SOURCE: &str = "
        /// What it is for.
        #[test]
        #[expect(clippy::panic, reason = \"because\")]
        fn a_test() {
            helper();
        }

        fn helper() {}

        proptest! {
            #[test]
            fn a_property(bytes in any::<u8>()) {}
        }
    ";
    let read = |file: &str| (file == "tests/it.rs").then(|| SOURCE.to_owned());
    let faults = |rest: &str| {
        let list = format!("# RFC 1: Host\n- section: \"2\"\n  text: \"It MUST.\"\n{rest}");
        faults_of("rfc1.yaml", &list, &read)
    };
    let one = |rest: &str, fault: &str| {
        assert_eq!(faults(rest), [format!("rfc1.yaml: section 2, It MUST.: {fault}")]);
    };

    assert!(faults("  tests: [tests/it.rs::a_test, tests/it.rs::a_property]").is_empty());
    assert!(faults("  reason: \"Not offered.\"").is_empty());

    one("", "neither tests nor a reason");
    one("  tests: []", "neither tests nor a reason");
    one("  reason: \" \"", "an empty reason");
    one("  tests: [tests/it.rs::a_test]\n  reason: \"None.\"", "tests and a reason");
    one("  tests: [tests/it.rs::a_tes]", "no test tests/it.rs::a_tes");
    one("  tests: [tests/it.rs::helper]", "no test tests/it.rs::helper");
    one("  tests: [tests/other.rs::a_test]", "no file tests/other.rs");
    one("  tests: [a_test]", "a_test is not file::name");
    one("  tests: [tests/it.rs::a_test, tests/it.rs::a_test]", "tests/it.rs::a_test twice");
    assert!(faults("  test: [tests/it.rs::a_test]")[0].contains("unknown field"));
    assert!(faults_of("rfc2.yaml", "# RFC 1: Host\n[]", &read)[0].contains("# RFC 2: "));
    let idle = "# RFC 1: Host\n- {section: \"2\", text: It may., reason: So.}";
    assert!(faults_of("rfc1.yaml", idle, &read)[0].contains("requires nothing"));
}

/// Every list, in order.
fn lists() -> Vec<PathBuf> {
    let protocols = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocols");
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.expect("a readable folder").path()).collect()
    };
    let mut lists: Vec<PathBuf> = entries(&protocols)
        .iter()
        .flat_map(|protocol| entries(&protocol.join("requirements")))
        .collect();
    lists.sort();
    lists
}

/// What is wrong with the list `name`.
fn faults_of(name: &str, list: &str, read: Read<'_>) -> Vec<String> {
    let number = name.trim_start_matches("rfc").trim_end_matches(".yaml");
    let title = format!("# RFC {number}: ");
    if !list.starts_with(&title) {
        return vec![format!("{name}: its first line does not begin with `{title}`")];
    }
    let requirements: Vec<Requirement> = match serde_yaml::from_str(list) {
        Ok(requirements) => requirements,
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let mut faults = Vec::new();
    for requirement in requirements {
        let Requirement { section, text, .. } = &requirement;
        let found = faults_of_one(&requirement, read);
        faults.extend(
            found.iter().map(|fault| format!("{name}: section {section}, {text}: {fault}")),
        );
    }
    faults
}

fn faults_of_one(requirement: &Requirement, read: Read<'_>) -> Vec<String> {
    let Requirement { text, tests, reason, .. } = requirement;
    let mut faults = Vec::new();
    if !["MUST", "SHALL", "REQUIRED"].iter().any(|word| text.contains(word)) {
        faults.push("it requires nothing".to_owned());
    }
    match reason {
        None if tests.is_empty() => faults.push("neither tests nor a reason".to_owned()),
        Some(_) if !tests.is_empty() => faults.push("tests and a reason".to_owned()),
        Some(reason) if reason.trim().is_empty() => faults.push("an empty reason".to_owned()),
        None | Some(_) => {}
    }
    let mut times = BTreeMap::<&str, usize>::new();
    for test in tests {
        *times.entry(test).or_default() += 1;
    }
    for (test, times) in times {
        if times > 1 {
            faults.push(format!("{test} twice"));
        }
        faults.extend(fault_of_test(test, read));
    }
    faults
}

fn fault_of_test(test: &str, read: Read<'_>) -> Option<String> {
    let Some((file, name)) = test.split_once("::") else {
        return Some(format!("{test} is not file::name"));
    };
    let Some(source) = read(file) else {
        return Some(format!("no file {file}"));
    };
    (!holds_test(&source, name)).then(|| format!("no test {test}"))
}

/// Whether `source` holds a function `name` with `#[test]` among the attributes right above it.
fn holds_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines.iter().enumerate().filter(|(_, line)| line.starts_with(&head)).any(|(at, _)| {
        lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
            .any(|line| *line == "#[test]")
    })
}

/// How much of an RFC is tested.
fn summary(name: &str, list: &str) -> String {
    let requirements: Vec<Requirement> = serde_yaml::from_str(list).expect("a list without faults");
    let reasons = requirements.iter().filter(|requirement| requirement.reason.is_some()).count();
    let all = requirements.len();
    format!("{name}: {all} requirements, {} with tests, {reasons} with a reason", all - reasons)
}
