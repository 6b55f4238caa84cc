//! The command line, run as a process.

mod bench;
mod failing;
mod files;
mod help;
mod output;
mod recorded;
mod same;
mod sharded;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use icelab_reports::results::Results;

/// A folder of its own for each test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("command-{name}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn results(&self, name: &str) -> Results {
        Results::read(&self.read(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_icelab"));
        command.args(arguments).current_dir(&self.0).env("NO_COLOR", "1");
        command
    }

    fn icelab(&self, arguments: &[&str]) -> Ran {
        Ran(self.command(arguments).stdin(Stdio::null()).output().unwrap())
    }

    /// Runs it with this text on its standard input.
    fn fed(&self, arguments: &[&str], text: &str) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It may have read enough before all is written.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        Ran(child.wait_with_output().unwrap())
    }

    /// Pastes a line into a shell that finds `icelab`.
    #[cfg(unix)]
    fn paste(&self, line: &str) -> Ran {
        let binary = Path::new(env!("CARGO_BIN_EXE_icelab")).parent().unwrap().display();
        let path = format!("{binary}:{}", std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(&self.0).env("NO_COLOR", "1").env("PATH", path);
        Ran(command.stdin(Stdio::null()).output().unwrap())
    }
}

struct Ran(Output);

impl Ran {
    fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }
}

const DIRECT: &str = "peers: { alice: {}, bob: {} }\nexpect: { path: direct }\n";
const WRONG: &str = "peers: { alice: {}, bob: {} }\nexpect: { path: relayed }\n";
const BROKEN: &str = "peers: { alice: {}, bob: { lnik: wifi } }\n";
const GRID: &str = "matrix: { a: [full_cone, symmetric], b: [full_cone, symmetric] }
gateways: { home: { nat: $a }, work: { nat: $b } }
servers: { stun: { stun: {} }, turn: { turn: {} } }
peers: { alice: { behind: home }, bob: { behind: work } }
call: { ice_servers: [stun, turn] }
expect:
  - { when: { a: symmetric, b: symmetric }, path: relayed }
  - path: direct
";

#[test]
fn as_expected_ends_with_0_not_as_expected_with_1_and_unreadable_with_2() {
    let folder = Folder::new("endings");
    folder.write("direct.yaml", DIRECT).write("wrong.yaml", WRONG).write("broken.yaml", BROKEN);
    assert_eq!(folder.icelab(&["run", "direct.yaml"]).code(), 0);
    let wrong = folder.icelab(&["run", "wrong.yaml"]);
    assert_eq!(wrong.code(), 1);
    assert!(wrong.stdout().contains("again: icelab run wrong.yaml --seed 1"), "{}", wrong.stdout());
    let all = folder.icelab(&["run", "."]);
    assert_eq!(all.code(), 2);
    assert!(all.stdout().contains("2 cases"), "the other files still run: {}", all.stdout());
    let message = all.stderr();
    assert!(message.contains("./broken.yaml:1:28: unknown key `lnik` in a peer"), "{message}");
    assert!(message.contains("help: did you mean `link`?"), "{message}");
    assert_eq!(folder.icelab(&["run", "missing.yaml"]).code(), 2);
    assert_eq!(folder.icelab(&["run", "--seed", "x"]).code(), 2);
    assert_eq!(folder.icelab(&["check", "direct.yaml"]).code(), 0);
    assert_eq!(folder.icelab(&["check", "."]).code(), 2);
    assert_eq!(folder.icelab(&["run", "direct.yaml", "--filter", "nothing"]).code(), 2);
}

#[test]
fn the_time_to_reconnect_is_shown_when_it_holds() {
    let folder = Folder::new("reconnected");
    let cut =
        "events: [ { at: 5 s, cut: [alice, internet] }, { at: 9 s, heal: [alice, internet] } ]
expect:
  - { at: 8 s, reconnected: false }
  - { reconnected: { within: 30 s } }
";
    folder.write("cut.yaml", &DIRECT.replace("expect: { path: direct }\n", cut));
    folder.write("direct.yaml", DIRECT);
    let ran = folder.icelab(&["run", ".", "--json", "out.json"]);
    assert_eq!(ran.code(), 0, "{}{}", ran.stdout(), ran.stderr());
    let cases = folder.results("out.json").cases;
    let [None, Some(after)] = cases[0].reconnected_ms[..] else { panic!("{cases:?}") };
    assert!(folder.read("out.json").contains("\"reconnected_ms\": [\n        null,"));
    assert_eq!(cases[1].reconnected_ms, []);
    assert!(ran.stdout().contains(&format!("never, {after}\n")), "{}", ran.stdout());
}

#[test]
fn what_comes_later_is_refused() {
    let folder = Folder::new("later");
    folder.write("direct.yaml", DIRECT);
    for arguments in [
        ["run", "direct.yaml", "--junit", "x.xml"].as_slice(),
        &["run", "direct.yaml", "--report", "x"],
        &["run", "direct.yaml", "--pcap", "x"],
        &["run", "direct.yaml", "--runtime", "tokio"],
        &["bench", "media"],
        &["serve", "stun"],
    ] {
        let ran = folder.icelab(arguments);
        assert_eq!(ran.code(), 2, "{arguments:?}");
        assert!(ran.stderr().contains("not supported yet: "), "{}", ran.stderr());
    }
}

/// A results file without the one figure that differs from run to run.
fn timeless(json: &str) -> String {
    json.lines().filter(|line| !line.contains("wall_ms")).collect::<Vec<_>>().join("\n")
}

#[test]
fn results_do_not_depend_on_jobs_and_shards_join_to_the_whole() {
    let folder = Folder::new("jobs");
    folder.write("grid.yaml", GRID);
    for (jobs, file) in [("1", "one.json"), ("3", "three.json")] {
        let ran = folder.icelab(&["run", "grid.yaml", "--jobs", jobs, "--json", file]);
        assert_eq!(ran.code(), 0, "{}{}", ran.stdout(), ran.stderr());
    }
    assert_eq!(timeless(&folder.read("one.json")), timeless(&folder.read("three.json")));
    for part in ["1", "2", "3"] {
        let (shard, file) = (format!("{part}/3"), format!("part-{part}.json"));
        let ran = folder.icelab(&["run", "grid.yaml", "--shard", &shard, "--json", &file]);
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
    }
    let merged = folder.icelab(&["merge", "part-1.json", "part-2.json", "part-3.json"]);
    assert_eq!(merged.code(), 0, "{}", merged.stderr());
    assert_eq!(timeless(&merged.stdout()), timeless(&folder.read("one.json")));
    assert_eq!(folder.icelab(&["diff", "one.json", "three.json"]).code(), 0);
}

#[test]
fn another_seed_is_another_run_and_the_diff_says_so() {
    let folder = Folder::new("seeds");
    folder.write("direct.yaml", DIRECT);
    folder.icelab(&["run", "direct.yaml", "--json", "a.json"]);
    let ran = folder.icelab(&["run", "direct.yaml", "--sweep", "2..4", "--json", "b.json"]);
    assert_eq!(ran.code(), 0);
    let text = folder.read("b.json");
    let hashes: std::collections::BTreeSet<&str> =
        text.lines().filter(|line| line.contains("record_hash")).collect();
    assert_eq!(hashes.len(), 3, "{text}");
    assert_eq!(folder.icelab(&["diff", "a.json", "b.json"]).code(), 1);
}

#[test]
fn snapshots_are_written_when_accepted_and_compared_otherwise() {
    let folder = Folder::new("snapshots");
    folder.write("direct.yaml", DIRECT);
    let compare = ["run", "direct.yaml", "--snapshots", "accepted"];
    assert_eq!(folder.icelab(&compare).code(), 1, "nothing is accepted yet");
    assert_eq!(folder.icelab(&[&compare[..], &["--accept"]].concat()).code(), 0);
    assert_eq!(folder.icelab(&compare).code(), 0);
    let accepted = folder.read("accepted/direct.txt").replace("direct", "relayed");
    folder.write("accepted/direct.txt", &accepted);
    let ran = folder.icelab(&compare);
    assert_eq!(ran.code(), 1);
    assert!(ran.stderr().contains("accepted/direct.txt:"), "{}", ran.stderr());
    assert_eq!(folder.icelab(&["run", "direct.yaml", "--accept"]).code(), 2);
}

#[test]
fn explain_tells_the_case_that_is_asked_for() {
    let folder = Folder::new("explain");
    folder.write("grid.yaml", GRID);
    let ran = folder.icelab(&["explain", "grid.yaml", "--case", "a=symmetric b=symmetric"]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert!(
        ran.stdout().contains("grid.yaml (a=symmetric b=symmetric), seed 1"),
        "{}",
        ran.stdout()
    );
    assert_eq!(folder.icelab(&["explain", "grid.yaml", "--case", "nothing"]).code(), 2);
}

#[test]
fn the_schema_is_json_and_knows_every_preset() {
    let folder = Folder::new("schema");
    let ran = folder.icelab(&["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&ran.stdout()).unwrap();
    assert_eq!(schema["properties"]["asks"]["description"], "The question, in one sentence.");
    let text = ran.stdout();
    let presets = icelab::presets::all();
    assert!(presets.len() > 30);
    for preset in presets {
        assert!(text.contains(&format!("\"{}\"", preset.name)), "{}", preset.name);
    }
}

#[test]
fn presets_are_listed_and_the_nearest_is_named() {
    let folder = Folder::new("presets");
    let all = folder.icelab(&["presets"]).stdout();
    for preset in icelab::presets::all() {
        assert!(all.contains(&format!("  {} ", preset.name)), "{}", preset.name);
    }
    let one = folder.icelab(&["presets", "symmetric"]).stdout();
    assert!(one.contains("mapping: address_and_port_dependent"), "{one}");
    let none = folder.icelab(&["presets", "symetric"]);
    assert_eq!(none.code(), 2);
    assert!(none.stderr().contains("did you mean `symmetric`?"));
}
