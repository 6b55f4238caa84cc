//! The scenario files that come with the project.

use std::path::Path;

use icelab::scenario::load::Scenario;
use icelab::scenario::text::fault::Refusal;
use icelab::scenario::text::source::Source;

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

fn all() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut found = Vec::new();
    files(&folder, &mut found);
    found.sort();
    found
}

/// The text of each.
pub(crate) fn texts() -> Vec<String> {
    all().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_shipped_scenario_is_readable_and_nothing_in_it_is_doubtful() {
    let found = all();
    assert!(!found.is_empty());
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        match Scenario::read(Source::new(path.display().to_string(), text)) {
            Ok(scenario) if scenario.warnings.is_empty() => {}
            Ok(Scenario { source, warnings, .. }) => {
                panic!("{}", Refusal { source, faults: warnings });
            }
            Err(refusal) => panic!("{refusal}"),
        }
    }
}
