//! What the shipped scenarios come to, as it was accepted: the table, the hash of every run, and one
//! run as a timeline. `INSTA_UPDATE=always cargo test -p icelab accepted` accepts what is new.

use std::path::{Path, PathBuf};
use std::process::Command;

use icelab::World;
use icelab::suite::files::load_one;
use icelab::suite::run::outcome;
use icelab_reports::results::Results;
use icelab_reports::table::SuiteTable;
use icelab_reports::timeline::Timeline;
use icelab_sim::Level;

#[test]
fn the_shipped_scenarios_come_to_what_was_accepted() {
    let results = run_shipped();
    assert!(results.all_as_expected());
    assert!(results.cases.len() > 250);
    accept("shipped_table", &SuiteTable::new(&results).to_string());
    let line = |case: &icelab_reports::results::Case| {
        format!("{} {}\n", case.record_hash.clone().unwrap_or_default(), case.title())
    };
    accept("shipped_hashes", &results.cases.iter().map(line).collect::<String>());
}

#[test]
fn a_symmetric_pair_takes_the_course_that_was_accepted() {
    let scenario = load_one(&root().join("scenarios/nat/libwebrtc-udp.yaml")).unwrap();
    let case = scenario.cases.iter().find(|case| case.plan.case_label() == "a=symm b=symm");
    let plan = &case.unwrap().plan;
    let record = outcome(plan, Level::Full).unwrap().record;
    let scene = World::scene(plan).unwrap();
    let timeline = Timeline::new(scene, record.entries().map(Result::unwrap));
    accept("symmetric_timeline", &timeline.to_string());
}

fn run_shipped() -> Results {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shipped.json");
    let status = Command::new(env!("CARGO_BIN_EXE_icelab"))
        .args(["run", "scenarios", "--json"])
        .arg(&file)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    Results::read(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn accept(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../../reports/snapshots", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!(name, text);
    });
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
