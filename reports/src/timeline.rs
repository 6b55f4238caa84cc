//! One run in short lines: when, who, what, with neither addresses nor bytes, so that a snapshot of it stays readable.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use icelab_sans_io::Instant;
use icelab_sim::record::{Entry, NetworkEvent, PacketId, Place};

use crate::reading::check::{Check, Fate, Purpose, runs};
use crate::reading::name::Names;
use crate::reading::record::{End, Journey, Note, Reading};
use crate::reading::time::milliseconds;
use crate::reading::track::checks;
use crate::scene::Scene;

/// A run as a timeline; displays one line per check (or check in a row), note, mapping and network event.
///
/// Packets that carry no check share one line for each sender, receiver and fate.
#[derive(Debug)]
pub struct Timeline {
    scene: Scene,
    reading: Reading,
}

impl Timeline {
    /// The timeline of a full record.
    pub fn new(scene: Scene, entries: impl IntoIterator<Item = Entry>) -> Self {
        Self { scene, reading: Reading::of(entries) }
    }

    fn lines(&self) -> Vec<Line> {
        let names = Names::new(&self.scene, &self.reading);
        let checks = checks(&self.reading, &self.scene);
        let mut lines: Vec<Line> = self.reading.notes.iter().filter_map(note_line).collect();
        lines.extend(runs(&checks).iter().filter_map(|run| run_line(run, &names)));
        lines.extend(self.other_packets(&checks, &names));
        lines.extend(self.reading.mappings.iter().map(|mapping| {
            let text = "new mapping".to_owned();
            Line { at: mapping.made, who: mapping.gateway.to_string(), text }
        }));
        let is_news =
            |event: &NetworkEvent| !matches!(event, NetworkEvent::Started { boot: 1, .. });
        let events = self.reading.events.iter().filter(|event| is_news(&event.what));
        lines.extend(events.map(|event| Line {
            at: event.at,
            who: "*".to_owned(),
            text: event.what.to_string(),
        }));
        lines.sort_by_key(|line| line.at);
        lines
    }

    /// A line for all packets with one sender, receiver and fate.
    fn other_packets(&self, checks: &[Check], names: &Names<'_>) -> Vec<Line> {
        let known: BTreeSet<PacketId> = checks.iter().filter_map(|check| check.packet).collect();
        let mut groups = BTreeMap::<(String, String), (Instant, Instant, usize)>::new();
        for (packet, journey) in &self.reading.journeys {
            if known.contains(packet) {
                continue;
            }
            let group = groups.entry(labels(journey, names));
            let (_, last, count) = group.or_insert((journey.sent, journey.sent, 0));
            *last = (*last).max(journey.sent);
            *count += 1;
        }
        let line =
            |((who, fate), (at, last, count)): ((String, String), (Instant, Instant, usize))| {
                let text = match count {
                    1 => format!("1 packet{fate}"),
                    _ => format!("{count} packets until {}{fate}", milliseconds(last)),
                };
                Line { at, who, text }
            };
        groups.into_iter().map(line).collect()
    }
}

impl fmt::Display for Timeline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines();
        let width = lines.iter().map(|line| line.who.chars().count()).max().unwrap_or(0);
        for Line { at, who, text } in lines {
            writeln!(formatter, "{:>9}  {who:<width$}  {text}", milliseconds(at))?;
        }
        Ok(())
    }
}

/// One line.
struct Line {
    at: Instant,
    who: String,
    text: String,
}

fn note_line(note: &Note) -> Option<Line> {
    let text = match &*note.name {
        "gather.candidate" => note.text("kind").to_owned(),
        "gather.done" => "gathered".to_owned(),
        "gather.failed" => format!("gathering failed: {}", note.text("reason")),
        "ice.state" => format!("ice {}", note.text("state")),
        "ice.prflx" => format!("learns a {} prflx", note.text("side")),
        "ice.role" => format!("now {}", note.text("role")),
        "ice.nominated" => "nominated".to_owned(),
        "ice.selected" => {
            format!("selected {} -> {}", note.text("local_kind"), note.text("remote_kind"))
        }
        "ice.consent.lost" => "consent lost".to_owned(),
        "turn.failed" => format!("relay failed: {}", note.text("reason")),
        "signal.sent" => format!("signals {}", note.text("what")),
        "call.connected" => "call connected".to_owned(),
        "call.disconnected" => "call disconnected".to_owned(),
        _ => return None,
    };
    Some(Line { at: note.at, who: note.node.to_string(), text })
}

/// A check, or several of one pair in a row that went the same way.
fn run_line(run: &[&Check], names: &Names<'_>) -> Option<Line> {
    let mut line = check_line(run.first()?, names);
    if let [_, .., last] = run {
        line.text += &format!(", {} times until {}", run.len(), milliseconds(last.at));
    }
    Some(line)
}

fn check_line(check: &Check, names: &Names<'_>) -> Line {
    let peer = check.peer.as_str();
    let other = names.owner(check.remote, peer).unwrap_or("?");
    let own = names.kind(check.local, |owner| owner == peer);
    let theirs = names.kind(check.remote, |owner| owner != peer);
    let claim = if check.nominates() { " nominating" } else { "" };
    let fate = match (&check.answer, &check.fate) {
        (Some((at, _)), _) => format!("answered {}", milliseconds(*at)),
        (None, Fate::Dropped { place, reason, .. }) => dropped(place, reason),
        (None, Fate::NotPermitted { server, .. }) => format!("x {server}: not permitted"),
        (None, Fate::Unrecognised { server, .. }) => format!("x {server}: unknown client"),
        (None, Fate::HeldBack { .. }) => "held back".to_owned(),
        (None, Fate::Arrived { .. }) => "arrived, unanswered".to_owned(),
        (None, Fate::Strayed { node }) => format!("x strayed to {node}"),
        (None, Fate::Unknown) => "?".to_owned(),
    };
    let what = match check.purpose {
        Purpose::Pair => "check",
        Purpose::Consent => "consent check",
        Purpose::Spare => "spare check",
        Purpose::Silence => "recheck",
    };
    let text = format!("{what} {own} -> {theirs}{claim}: {fate}");
    Line { at: check.at, who: format!("{peer} -> {other}"), text }
}

/// Who sent a packet to whom, and where it ended if not there.
fn labels(journey: &Journey, names: &Names<'_>) -> (String, String) {
    let meant = || names.owner(journey.first.destination, &journey.node).unwrap_or("?").to_owned();
    let (to, fate) = match &journey.end {
        End::Delivered { node, .. } => (node.to_string(), String::new()),
        End::UnderWay => (meant(), ", under way at the end".to_owned()),
        End::Dropped { place, reason, .. } => (meant(), format!(", {}", dropped(place, reason))),
    };
    (format!("{} -> {to}", journey.node), fate)
}

fn dropped(place: &Place, reason: &str) -> String {
    match place {
        Place::Node(node) => format!("x {node}: {reason}"),
        Place::Link { from, to } => format!("x {from}..{to}: {reason}"),
    }
}
