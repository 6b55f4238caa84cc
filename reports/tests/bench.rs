//! What `icelab bench data` shows.

use icelab_reports::bench::{
    BenchTable, Cell, Chart, Fairness, FlowShare, Goodput, Latency, Link, Measured, Report,
    Section, Standing,
};
use icelab_reports::results::Milliseconds;

use crate::table::assert_snapshot;

fn link(rate: Option<f64>, rtt: u64, loss: f64) -> Link {
    Link {
        rtt_ms: Milliseconds::from_micros(rtt * 1000),
        loss_percent: loss,
        rate_mbit: rate,
        queue_bytes: rate.map(|_| 128 << 10),
        window_bytes: 1 << 20,
        ceiling_mbit: (rate.unwrap_or(400.0) * 9.0 * (1.0 - loss / 100.0)).round() / 10.0,
    }
}

fn goodput(mbit: f64) -> Goodput {
    let mbit = (mbit * 10.0).round() / 10.0;
    Goodput {
        goodput_mbit: mbit,
        settled_mbit: Some(mbit + 0.5),
        queueing_mean_ms: 3.0,
        queueing_p95_ms: 12.5,
        longest_gap_ms: 100.0,
        packets: 1000.0,
        repeated: 10.0,
        overflowed: 0.0,
        lost: 10.0,
    }
}

fn measured<F>(contender: &str, figures: F) -> Measured<F> {
    let is_own = contender != "other";
    Measured {
        contender: contender.to_owned(),
        is_own,
        seeds: 3,
        figures: Some(figures),
        problem: None,
    }
}

/// Two contenders of icelab's own and another one, on four links.
fn cells() -> Vec<Cell<Goodput>> {
    let mut cells = Vec::new();
    for (rate, rtt) in [(Some(18.0), 20), (None, 60)] {
        for loss in [0.0, 0.1] {
            let link = link(rate, rtt, loss);
            let most = link.ceiling_mbit;
            let of = |name: &str, part: f64| measured(name, goodput(most * part));
            let measured =
                vec![of("reno", 0.5), of("path", 0.995 - loss), of("other", 0.997 - loss)];
            cells.push(Cell { link, measured });
        }
    }
    cells
}

fn report(cells: Vec<Cell<Goodput>>) -> Report {
    let goodput = Some(Section { seconds: 10, seeds: 3, message_bytes: 16 << 10, cells });
    Report { goodput, ..Report::new() }
}

#[test]
fn goodput_is_a_table_for_each_link_and_tells_where_others_are_ahead() {
    let mut all = report(cells());
    let broken = &mut all.goodput.as_mut().unwrap().cells[1].measured[0];
    broken.problem = Some("sender: the peer answers no more".to_owned());
    assert_eq!(all.problems(), 1);
    assert_snapshot("bench_goodput", &BenchTable::new(&all).to_string());
}

#[test]
fn a_narrow_terminal_has_fewer_columns_and_all_contenders() {
    let all = report(cells());
    for width in [200, 90, 60, 20] {
        let text = BenchTable::new(&all).width(width).to_string();
        assert!(text.contains("reno") && text.contains("path") && text.contains("other"));
        assert_eq!(text.contains("after 5 s:"), width == 200, "{text}");
        assert_eq!(text.contains("12 ms"), width >= 90, "{text}");
    }
}

#[test]
fn fairness_and_latency_have_tables_of_their_own() {
    let share = |contender: &str, began: u64, goodput_mbit, share| FlowShare {
        contender: contender.to_owned(),
        began_ms: Milliseconds::from_micros(began),
        goodput_mbit,
        share,
    };
    let flows = vec![share("reno", 0, 4.0, 0.25), share("path", 3_000_000, 12.0, 0.75)];
    let fairness = Fairness { jain: 0.8, flows };
    let cell = |figures| Cell {
        link: link(Some(18.0), 20, 0.0),
        measured: vec![measured("reno, then path", figures)],
    };
    let latency = |p99_ms| Latency {
        p50_ms: Some(50.0),
        p95_ms: Some(51.0),
        p99_ms,
        max_ms: p99_ms,
        messages: 100,
        missing: u64::from(p99_ms.is_none()),
    };
    let beside = |rate, own, other| Cell {
        link: link(rate, 100, 2.0),
        measured: vec![measured("path", latency(own)), measured("other", latency(other))],
    };
    let cells = vec![
        beside(None, Some(160.25), None),
        beside(Some(18.0), Some(160.25), Some(150.0)),
        beside(Some(100.0), None, Some(150.0)),
    ];
    let all = Report {
        fairness: Some(Section {
            seconds: 30,
            seeds: 3,
            message_bytes: 16 << 10,
            cells: vec![cell(fairness)],
        }),
        latency: Some(Section { seconds: 30, seeds: 3, message_bytes: 64, cells }),
        ..Report::new()
    };
    assert_snapshot("bench_others", &BenchTable::new(&all).to_string());
}

#[test]
fn latency_shows_every_percentile_of_every_contender_however_narrow_the_table_is() {
    let latency = |name: &str| {
        let [p50_ms, p95_ms, p99_ms, max_ms] = [50.0, 175.3, 1230.5, 2246.7].map(Some);
        measured(name, Latency { p50_ms, p95_ms, p99_ms, max_ms, messages: 100, missing: 0 })
    };
    let names = ["reno", "cubic", "path", "other", "sctp-proto"];
    let cell = |loss| Cell { link: link(None, 100, loss), measured: names.map(latency).into() };
    let cells = vec![cell(0.0), cell(10.0)];
    let section = Section { seconds: 30, seeds: 20, message_bytes: 64, cells };
    let all = Report { latency: Some(section), ..Report::new() };
    let text = BenchTable::new(&all).width(40).to_string();
    let rows: Vec<&str> = text.lines().filter(|line| line.contains("175.3")).collect();
    assert_eq!(rows.len(), 2 * names.len(), "{text}");
    for row in rows {
        assert!(["50.0", "1230.5", "2246.7"].iter().all(|figure| row.contains(figure)), "{row}");
        assert!(row.chars().count() <= 60, "{row}");
    }
}

#[test]
fn who_is_within_a_hundredth_of_the_ceiling_is_as_good_as_ahead() {
    let standings = Standing::of_goodput(&cells());
    let path = standings.iter().find(|standing| standing.contender == "path").unwrap();
    // Without loss it is behind by 0.2 %, and within 1 % of the ceiling; with loss it is within neither.
    assert_eq!((path.ahead, path.of, path.behind.len()), (2, 4, 2));
    let reno = standings.iter().find(|standing| standing.contender == "reno").unwrap();
    assert_eq!((reno.ahead, standings.len()), (0, 2));
    let alone: Vec<Cell<Goodput>> = cells()
        .into_iter()
        .map(|cell| Cell { measured: cell.measured.into_iter().take(2).collect(), ..cell })
        .collect();
    assert_eq!(Standing::of_goodput(&alone), [], "there is nobody to compare with");
}

#[test]
fn a_report_is_written_with_its_links_and_figures_side_by_side() {
    let text = report(cells()).write();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cell = &value["goodput"]["cells"][2];
    assert_eq!((&cell["rtt_ms"], cell["rate_mbit"].is_null()), (&60.0.into(), true));
    assert_eq!(cell["measured"][1]["contender"], "path");
    assert_eq!(cell["measured"][1]["longest_gap_ms"], 100.0);
    assert!(value.get("fairness").is_none());
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report(cells()));
}

#[test]
fn a_chart_has_a_panel_for_each_link_and_a_line_for_each_contender() {
    let mut all = report(cells());
    let section = all.goodput.as_mut().unwrap();
    section.cells[0].measured[2].contender = "a<b".to_owned();
    section.cells[1].measured[2].contender = "a<b".to_owned();
    let text = Chart::new(&all).to_string();
    let count = |what: &str| text.matches(what).count();
    assert_eq!(count(">loss in each direction, %<"), 2);
    // Four names; three contenders and the ceiling in each of two panels.
    assert_eq!(count("fill=\"none\""), 8);
    assert_eq!(count("a&lt;b"), 1);
    assert_eq!(count("<"), count(">"), "every tag is closed");
    assert_snapshot("bench_chart", &text);
}
