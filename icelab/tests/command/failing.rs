//! What a failure prints: the same failures of many seeds once, and commands that show it again.

use icelab_reports::results::Verdict;

use super::{Folder, GRID, Ran};

const LOSSY: &str = "sweep: { seeds: 1..12 }
links: { lossy: { delay: 30 ms, loss: 40 % } }
gateways: { home: { nat: port_restricted, link: lossy } }
servers: { stun: { stun: {} } }
peers: { alice: { behind: home }, bob: {} }
call: { ice_servers: [stun] }
expect:
";
const EACH: &str = "  - connected: { within: 600 ms }\n";
const TOGETHER: &str = "  - { over: seeds, connected: { p50: 1 ms } }\n";

/// What follows a word at the beginning of a line.
fn lines<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.trim_start().strip_prefix(word)).map(str::trim).collect()
}

/// The lines that say what was wanted.
fn wanted(ran: &Ran) -> Vec<String> {
    let text = ran.stdout();
    text.lines().filter(|line| line.contains(": wanted ")).map(str::to_owned).collect()
}

#[test]
fn seeds_that_fail_alike_are_told_once() {
    let folder = Folder::new("failing-alike");
    folder.write("lossy.yaml", &format!("{LOSSY}{EACH}"));
    let ran = folder.icelab(&["run", "lossy.yaml", "--json", "out.json"]);
    assert_eq!(ran.code(), 1);
    let cases = folder.results("out.json").cases;
    let failed: Vec<u64> =
        cases.iter().filter(|case| case.verdict == Verdict::Failed).map(|case| case.seed).collect();
    assert!(failed.len() > 4 && failed.len() < 12, "{failed:?}");
    let text = ran.stdout();
    let told = lines(&text, "again:").len();
    assert!(told < failed.len() && told <= 2, "late, or never: {text}");
    assert!(text.contains(" more\n"), "{text}");
}

#[cfg(unix)]
#[test]
fn the_commands_of_a_failed_seed_show_it_again() {
    let folder = Folder::new("failing-seed");
    folder.write("my lossy.yaml", &format!("{LOSSY}{EACH}{}", TOGETHER.replace("1 ms", "60 s")));
    let ran = folder.icelab(&["run", "my lossy.yaml", "--json", "out.json"]);
    let text = ran.stdout();
    let cases = folder.results("out.json").cases;
    let (again, why) = (lines(&text, "again:"), lines(&text, "why:"));
    assert!(!again.is_empty() && again.len() == why.len(), "{text}");
    for (again, why) in again.into_iter().zip(why) {
        assert!(again.starts_with("icelab run 'my lossy.yaml' --seed "), "{again}");
        let pasted = folder.paste(again);
        assert_eq!(pasted.code(), 1, "{again}: {}", pasted.stderr());
        let seed: u64 = again.rsplit(' ').next().unwrap().parse().unwrap();
        let failed = cases.iter().find(|case| case.seed == seed).unwrap();
        let got = &failed.failures[0].got;
        assert!(wanted(&pasted)[0].contains(got.as_str()), "{got}: {}", pasted.stdout());
        assert_eq!(wanted(&pasted).len(), 1, "the sweep is not judged by one seed");
        let story = folder.paste(why);
        assert_eq!(story.code(), 1, "{why}: {}", story.stderr());
        assert!(story.stdout().contains(&format!("seed {seed}")), "{}", story.stdout());
        assert!(story.stdout().contains(got.as_str()), "{}", story.stdout());
    }
}

#[cfg(unix)]
#[test]
fn the_commands_of_a_failed_sweep_show_the_sweep_again() {
    let folder = Folder::new("failing-sweep");
    folder.write("lossy.yaml", &format!("{LOSSY}{TOGETHER}"));
    for options in [&[][..], &["--sweep", "4..9"]] {
        let ran = folder.icelab(&[&["run", "lossy.yaml"], options].concat());
        let text = ran.stdout();
        let (again, why) = (lines(&text, "again:"), lines(&text, "why:"));
        assert_eq!((again.len(), why.len()), (1, 1), "{text}");
        assert!(!again[0].contains("--seed"), "{again:?}");
        let pasted = folder.paste(again[0]);
        assert_eq!(pasted.code(), 1);
        assert_eq!(wanted(&pasted), wanted(&ran));
        let story = folder.paste(why[0]);
        assert!(story.code() < 2, "the slowest run was not wrong by itself: {}", story.stderr());
    }
}

#[cfg(unix)]
#[test]
fn the_commands_of_a_failed_case_choose_this_case() {
    let folder = Folder::new("failing-case");
    folder.write("grid.yaml", &GRID.replace("path: relayed", "path: none"));
    let ran = folder.icelab(&["run", "."]);
    let text = ran.stdout();
    let (again, why) = (lines(&text, "again:"), lines(&text, "why:"));
    assert_eq!((again.len(), why.len()), (1, 1), "{text}");
    let pasted = folder.paste(again[0]);
    assert_eq!(wanted(&pasted), wanted(&ran));
    assert!(pasted.stdout().contains("1 case, 0 as expected, 1 not"), "{}", pasted.stdout());
    let story = folder.paste(why[0]);
    assert_eq!(story.code(), 1);
    assert!(story.stderr().is_empty(), "no other case could be meant: {}", story.stderr());
    assert!(story.stdout().contains("(a=symmetric b=symmetric), seed 1"), "{}", story.stdout());
}
