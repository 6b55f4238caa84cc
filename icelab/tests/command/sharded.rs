//! `--shard` and `icelab merge`.

use icelab_reports::results::Verdict;

use super::{DIRECT, Folder, timeless};

/// Two cases with 7 seeds each, judged over seeds: the lossy one fails as a whole, and for some seeds.
const SWEPT: &str = "matrix: { loss: [0 %, 40 %] }
sweep: { seeds: 1..7 }
links: { lossy: { delay: 30 ms, loss: $loss } }
gateways: { home: { nat: port_restricted, link: lossy } }
servers: { stun: { stun: {} } }
peers: { alice: { behind: home }, bob: {} }
call: { ice_servers: [stun] }
expect:
  - connected: { within: 2 s }
  - over: seeds
    connected: { p50: 400 ms, p95: 450 ms, share: \">= 99 %\" }
";

#[test]
fn shards_judge_sweeps_and_join_to_the_very_results_of_one_run() {
    let folder = Folder::new("shards");
    folder.write("a/direct.yaml", DIRECT).write("a/swept.yaml", SWEPT);
    folder.write("a/z.yaml", &format!("{DIRECT}sweep: {{ seeds: 1..5 }}\n"));
    let whole = folder.icelab(&["run", "a", "--json", "whole.json"]);
    assert_eq!(whole.code(), 1, "{}", whole.stdout());
    let text = folder.read("whole.json");
    assert!(text.contains("\"expect\": \"connected.p95 over 7 seeds\""), "{}", whole.stdout());
    assert!(text.contains("\"seeds\": \"1..7\""));
    let results = folder.results("whole.json");
    let verdicts = results.groups.iter().map(|group| group.verdict);
    assert_eq!(verdicts.collect::<Vec<_>>(), [Verdict::Passed, Verdict::Failed]);
    let own = results.cases.iter().filter(|case| case.verdict != Verdict::Passed);
    assert!(own.flat_map(|case| &case.failures).all(|failure| !failure.expect.contains("over")));
    for of in ["2", "3", "20"] {
        let parts: Vec<String> = (1..=of.parse().unwrap())
            .map(|part: u32| {
                let (shard, file) = (format!("{part}/{of}"), format!("part-{part}.json"));
                let ran = folder.icelab(&["run", "a", "--shard", &shard, "--json", &file]);
                assert!(ran.code() < 2, "{}", ran.stderr());
                assert!(!ran.stderr().contains("not judged"), "{}", ran.stderr());
                file
            })
            .collect();
        let files: Vec<&str> = parts.iter().map(String::as_str).collect();
        let merged = folder.icelab(&[&["merge", "--json", "merged.json"], &files[..]].concat());
        assert_eq!(merged.code(), 1, "{}", merged.stderr());
        assert_eq!(timeless(&folder.read("merged.json")), timeless(&text), "{of} parts");
    }
}

#[test]
fn a_sweep_that_is_judged_by_the_seed_is_spread_over_shards() {
    let folder = Folder::new("shards-spread");
    folder.write("direct.yaml", DIRECT);
    for part in ["1/4", "2/4", "3/4", "4/4"] {
        let run = ["run", "direct.yaml", "--sweep", "1..8", "--shard", part, "--json", "out.json"];
        assert_eq!(folder.icelab(&run).code(), 0);
        assert_eq!(folder.results("out.json").cases.len(), 2, "{part}");
    }
}

#[test]
fn a_filter_that_matches_nothing_is_told_in_a_shard_too() {
    let folder = Folder::new("shards-filter");
    folder.write("direct.yaml", DIRECT);
    let ran = folder.icelab(&["run", "direct.yaml", "--shard", "2/3", "--filter", "dierct"]);
    assert_eq!(ran.code(), 2);
    let empty = folder.icelab(&["run", "direct.yaml", "--shard", "2/3", "--json", "out.json"]);
    assert_eq!(empty.code(), 0, "a part without cases: {}", empty.stderr());
    assert_eq!(folder.results("out.json").cases.len(), 0);
}

#[test]
fn files_that_are_no_results_are_named_all_of_them() {
    let folder = Folder::new("merge-bad");
    folder.write("direct.yaml", DIRECT).write("later.json", "{ \"format\": 9, \"pages\": 3 }");
    folder.icelab(&["run", "direct.yaml", "--json", "good.json"]);
    for command in ["merge", "diff"] {
        for (bad, why) in [
            ("direct.yaml", "not a results file"),
            ("missing.json", "missing.json cannot be read: there is no such file"),
            (".", "cannot be read"),
            ("later.json", "format 9 is not known here"),
        ] {
            let ran = folder.icelab(&[command, bad, "good.json"]);
            assert_eq!((ran.code(), ran.stdout().as_str()), (2, ""), "{command} {bad}");
            assert!(ran.stderr().contains(why), "{}", ran.stderr());
        }
        let both = folder.icelab(&[command, "later.json", "missing.json"]).stderr();
        assert_eq!(both.matches("error: ").count(), 2, "{both}");
    }
    let twice = folder.icelab(&["merge", "good.json", "good.json"]);
    assert_eq!(twice.code(), 2);
    assert!(
        twice.stderr().contains("direct.yaml with seed 1 is there twice"),
        "{}",
        twice.stderr()
    );
}

#[test]
fn a_missing_shard_is_told_and_nothing_is_overwritten() {
    let folder = Folder::new("merge-missing");
    folder.write("direct.yaml", DIRECT).write("all.json", "what was there");
    folder.icelab(&["run", "direct.yaml", "--shard", "1/2", "--json", "part.json"]);
    let ran = folder.icelab(&["merge", "part.json", "--json", "all.json"]);
    assert_eq!(ran.code(), 2);
    assert!(ran.stderr().contains("shard 2/2 is missing"), "{}", ran.stderr());
    assert_eq!(folder.read("all.json"), "what was there");
}
