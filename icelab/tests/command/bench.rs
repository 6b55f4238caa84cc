//! `icelab bench data`: figures that do not change from run to run.

use super::Folder;

/// A grid that takes no time: two losses, two seconds, two seeds.
const TINY: [&str; 14] = [
    "bench",
    "data",
    "--rate",
    "2Mbit/s",
    "--rtt",
    "20 ms",
    "--queue",
    "32KiB",
    "--loss",
    "0,2%",
    "--seconds",
    "2",
    "--seeds",
    "2",
];

#[test]
fn goodput_is_the_same_in_every_run_and_with_any_number_of_threads() {
    let folder = Folder::new("bench-same");
    let mut texts = Vec::new();
    for (jobs, json, svg) in [("1", "one.json", "one.svg"), ("3", "three.json", "three.svg")] {
        let outputs = ["--jobs", jobs, "--json", json, "--svg", svg];
        let ran = folder.icelab(&[&TINY[..], &outputs].concat());
        assert_eq!((ran.code(), ran.stderr().as_str()), (0, ""));
        texts.push([ran.stdout(), folder.read(json), folder.read(svg)]);
    }
    assert_eq!(texts[0], texts[1]);
    insta::with_settings!({
        snapshot_path => "../../../reports/snapshots", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!("bench_data", texts[0][0]);
    });
}

#[test]
fn no_figure_is_above_what_is_possible_and_loss_costs_something() {
    let folder = Folder::new("bench-possible");
    let ran = folder.icelab(&[&TINY[..], &["--json", "-"]].concat());
    assert_eq!(ran.code(), 0);
    assert!(ran.stderr().contains("Goodput of one stream"), "the table moves aside");
    let report: icelab_reports::bench::Report = serde_json::from_str(&ran.stdout()).unwrap();
    let cells = report.goodput.unwrap().cells;
    assert_eq!(cells.iter().map(|cell| cell.measured.len()).collect::<Vec<_>>(), [3, 3]);
    for cell in &cells {
        for one in &cell.measured {
            let figures = one.figures.unwrap();
            let most = cell.link.ceiling_mbit;
            // A stream fills a link of 2 Mbit/s for most of two seconds, loss or not.
            assert!((0.3 * most..most).contains(&figures.goodput_mbit), "{}", one.contender);
            assert_eq!(figures.lost > 0.0, cell.link.loss_percent > 0.0);
            assert!(figures.repeated >= figures.lost, "what is lost is sent again");
            assert!(figures.queueing_mean_ms <= figures.queueing_p95_ms);
            // 32 KiB at 2 Mbit/s, and the packet before them.
            assert!(figures.queueing_p95_ms < 131.1 + 5.1, "{}", figures.queueing_p95_ms);
            assert_eq!(one.seeds, if cell.link.loss_percent > 0.0 { 2 } else { 1 });
        }
    }
}

#[test]
fn another_seed_loses_other_packets() {
    let folder = Folder::new("bench-seeds");
    let run = |seeds| {
        let options = ["--congestion", "path", "--loss", "5%", "--seeds", seeds];
        let fixed = ["bench", "data", "--rate", "1Mbit/s", "--rtt", "20ms", "--seconds", "2"];
        folder.icelab(&[&fixed[..], &options].concat()).stdout()
    };
    assert_ne!(run("1"), run("2"));
}

#[test]
fn fairness_and_latency_are_measured_where_they_are_asked_for() {
    let folder = Folder::new("bench-kinds");
    let options = ["bench", "data", "--fairness", "--latency", "--rtt", "20ms", "--loss", "0"];
    let more = ["--rate", "2Mbit/s", "--queue", "16KiB", "--seconds", "5", "--seeds", "1"];
    let ran = folder.icelab(&[&options[..], &more, &["--json", "all.json"]].concat());
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let report: icelab_reports::bench::Report =
        serde_json::from_str(&folder.read("all.json")).unwrap();
    assert!(report.goodput.is_none());
    let shared = &report.fairness.unwrap().cells[0];
    let pairs: Vec<&str> = shared.measured.iter().map(|one| one.contender.as_str()).collect();
    assert_eq!(pairs[..3], ["reno, then reno", "cubic, then cubic", "path, then path"]);
    assert_eq!(pairs[3..5], ["reno, then cubic", "cubic, then reno"]);
    for one in &shared.measured {
        let figures = one.figures.as_ref().unwrap();
        assert!((0.5..=1.0).contains(&figures.jain));
        let all: f64 = figures.flows.iter().map(|flow| flow.goodput_mbit).sum();
        assert!(all > 0.8 * shared.link.ceiling_mbit, "two streams fill a link: {all}");
    }
    for one in &report.latency.unwrap().cells[0].measured {
        let figures = one.figures.unwrap();
        // One each 16 ms for 5 s; 10 ms on their way, and a little more to be sent.
        assert_eq!((figures.messages, figures.missing), (313, 0));
        assert!((10.0..12.0).contains(&figures.p50_ms.unwrap()), "{:?}", figures.p50_ms);
    }
}

#[test]
fn what_cannot_be_measured_is_refused_with_what_can() {
    let folder = Folder::new("bench-wrong");
    for (arguments, right) in [
        (
            ["--rtt", "20"].as_slice(),
            "`20` has no unit: write a unit after it: ns, us, ms, s, min, h",
        ),
        (&["--rtt", "0ms"], "from `1 us` to `10 s`"),
        (&["--rate", "18Mbps"], "write `18 Mbit/s`; or `unlimited`"),
        (&["--rate", "1 bit/s"], "from `10 kbit/s` to `10 Gbit/s`"),
        (&["--loss", "0.02"], "write `2 %`"),
        (&["--loss", "100%"], "write less than `100 %`"),
        (&["--loss", "1%,x"], "`x` is not a share: as in `1 %`"),
        (&["--queue", "32kB"], "write `32 KiB`"),
        (&["--queue", "100B"], "from `1500 B`"),
        (&["--window", "1KiB"], "from `32 KiB`"),
        (&["--congestion", "bbr"], "[possible values: reno, cubic, path]"),
        (&["--seconds", "0"], "0 is not in 1..=3600"),
        (&["--seeds", "0"], "0 is not in 1..=1000"),
        (&["--jobs", "0"], "write how many threads to use, 1 or more"),
        (&["--fairness", "--rate", "unlimited"], "there is no bottleneck to share"),
        (&["--fairness", "--seconds", "3"], "the second stream begins after 3 s"),
        (&["--fairness", "--seconds", "5", "--rtt", "20ms,1s"], "let it run longer than 5 s"),
        (&["--latency", "--svg", "a.svg"], "--svg draws goodput: add --goodput"),
        (&["--json", "-", "--svg", "-"], "only one of --json and --svg"),
        (&["--json", "nowhere/a.json"], "there is no folder nowhere"),
    ] {
        let ran = folder.icelab(&[&["bench", "data"], arguments].concat());
        assert_eq!((ran.code(), ran.stdout().as_str()), (2, ""), "{arguments:?}");
        assert!(ran.stderr().contains(right), "{arguments:?}: {}", ran.stderr());
    }
    let ran = folder.icelab(&["bench"]);
    assert_eq!(ran.code(), 2);
    assert!(ran.stderr().contains("icelab bench <COMMAND>"), "{}", ran.stderr());
}

#[test]
fn the_help_teaches_with_examples() {
    let folder = Folder::new("bench-help");
    let help = folder.icelab(&["bench", "data", "--help"]).stdout();
    for words in ["Examples:", "--fairness", "`18 Mbit/s`", "[default: all]", "Exit code 0"] {
        assert!(help.contains(words), "{words}: {help}");
    }
    let examples = help.split_once("Examples:").unwrap().1;
    assert!(examples.lines().all(|line| line.chars().count() <= 100), "{examples}");
}
