//! Chapter: the checks and what became of them, with all that happened between.

use std::net::SocketAddr;

use icelab_sans_io::Instant;
use icelab_sim::record::{Name, NetworkEvent};
use icelab_sim::topology::Direction;
use indexmap::IndexMap;

use crate::reading::check::{Check, Fate, Purpose, runs};
use crate::reading::name::{Names, listed};
use crate::reading::record::{Happening, Note, Reading};
use crate::reading::relay::{Permission, Relays};
use crate::reading::time::{milliseconds, times};
use crate::scene::Scene;
use crate::story::fate::result;
use crate::story::gathering::is_told_by;
use crate::story::notice::{Moods, notice};
use crate::story::page::Page;
use crate::story::waiting::waits;

/// Tells checks, what was learned from them, and network events in the order of time.
pub(crate) fn tell(
    page: &mut Page,
    scene: &Scene,
    reading: &Reading,
    checks: &[Check],
    names: &Names<'_>,
) {
    page.heading("The checks: which packets got through, which did not, and why");
    let mut lines = Vec::new();
    for run in runs(checks) {
        lines.extend(check_line(&run, names));
    }
    let mut moods = Moods::default();
    let is_told = |failed: &Note| {
        failed.name == "turn.failed" && reading.notes.iter().any(|note| is_told_by(failed, note))
    };
    for note in reading.notes.iter().filter(|note| !is_told(note)) {
        lines.extend(notice(note, scene, names, &mut moods).map(|text| Line {
            order: note.order,
            at: note.at,
            who: note.node.to_string(),
            text,
            more: Vec::new(),
        }));
    }
    lines.extend(permissions(reading, names));
    lines.extend(upkeep(reading));
    lines.extend(reading.events.iter().filter_map(|event| event_line(event, reading)));
    lines.extend(waits(checks).into_iter().map(|wait| Line {
        order: u64::MAX,
        at: wait.since,
        who: wait.who.to_string(),
        text: format!("waits until {} ms for better pairs", milliseconds(wait.until)),
        more: Vec::new(),
    }));
    lines.sort_by_key(|line| (line.at, line.order));
    for line in lines {
        page.entry(line.at, &line.who, &line.text);
        for more in &line.more {
            page.more(more);
        }
    }
    if checks.is_empty() {
        page.paragraph("No check was ever sent.");
    }
}

/// An entry of the chapter.
struct Line {
    /// Its place in the record.
    order: u64,
    at: Instant,
    who: String,
    text: String,
    more: Vec<String>,
}

fn check_line(run: &[&Check], names: &Names<'_>) -> Option<Line> {
    let (check, again) = run.split_first()?;
    let what = match check.purpose {
        Purpose::Pair => "",
        Purpose::Consent => "consent check: ",
        Purpose::Spare => "checks a spare pair: ",
        Purpose::Silence => "checks whether it still works: ",
    };
    let claim = if check.nominates() { ", and asks to use this pair" } else { "" };
    let text = format!(
        "{what}{} -> {}{claim}",
        names.own(check.local, &check.peer),
        names.other(check.remote, &check.peer)
    );
    let seen = match &check.fate {
        Fate::Dropped { flow, .. } | Fate::Arrived { flow, .. } => Some(flow.source),
        Fate::NotPermitted { .. }
        | Fate::Unrecognised { .. }
        | Fate::HeldBack { .. }
        | Fate::Strayed { .. }
        | Fate::Unknown => None,
    };
    let surprise = seen.and_then(|seen| names.surprise(&check.peer, check.local, seen));
    let mut more: Vec<_> = surprise.into_iter().collect();
    more.push(result(check, names));
    if !again.is_empty() {
        let again: Vec<_> = again.iter().map(|check| check.at).collect();
        more.push(format!("again {}, with the same result", times(&again)));
    }
    Some(Line { order: check.order, at: check.at, who: check.peer.to_string(), text, more })
}

/// Whom each side lets send to its relays, in one line for each allocation.
fn permissions(reading: &Reading, names: &Names<'_>) -> Vec<Line> {
    let relays = Relays::of(reading);
    let mut groups = IndexMap::<(&Name, &[SocketAddr]), Vec<&Permission>>::new();
    for permission in relays.granted() {
        let allocation = (&permission.client, permission.relayed.as_slice());
        groups.entry(allocation).or_default().push(permission);
    }
    let line = |((who, relayed), granted): ((&Name, &[SocketAddr]), Vec<&Permission>)| {
        let first = *granted.first()?;
        let mut peers = IndexMap::new();
        for permission in &granted {
            peers.entry(permission.peer).or_insert(permission.at);
        }
        let words = peers.into_iter().map(|(ip, since)| {
            let host = names.host(ip, who);
            let (since, first) = (milliseconds(since), milliseconds(first.at));
            if since == first { host } else { format!("{host} from {since} ms") }
        });
        let words: Vec<_> = words.collect();
        let relayed: Vec<_> = relayed.iter().map(|relayed| format!(" {relayed}")).collect();
        let text = format!("lets these send to its relay{}: {}", listed(&relayed), listed(&words));
        let (order, at, more) = (first.order, first.at, Vec::new());
        Some(Line { order, at, who: who.to_string(), text, more })
    };
    groups.into_iter().filter_map(line).collect()
}

/// What keeps relays alive: a line for each peer and thing, however often it was done.
fn upkeep(reading: &Reading) -> Vec<Line> {
    let mut groups = IndexMap::<(&Name, &str), Vec<&Note>>::new();
    for note in &reading.notes {
        let text = match &*note.name {
            "turn.refreshed" => "keeps its relay for longer",
            "turn.nonce" => "gets a new nonce from its relay's server",
            _ => continue,
        };
        groups.entry((&note.node, text)).or_default().push(note);
    }
    let line = |((who, text), notes): ((&Name, &str), Vec<&Note>)| {
        let (first, again) = notes.split_first()?;
        let again: Vec<_> = again.iter().map(|note| note.at).collect();
        let more = if again.is_empty() { vec![] } else { vec![format!("again {}", times(&again))] };
        let (order, at) = (first.order, first.at);
        Some(Line { order, at, who: who.to_string(), text: text.to_owned(), more })
    };
    groups.into_iter().filter_map(line).collect()
}

fn event_line(event: &Happening, reading: &Reading) -> Option<Line> {
    let (who, text) = match &event.what {
        NetworkEvent::Cut { a, b } => (a, format!("is cut off from {b}, silently")),
        NetworkEvent::Healed { a, b } => (a, format!("is joined to {b} again")),
        NetworkEvent::Rebooted { gateway } => {
            (gateway, "restarts and forgets all its mappings".to_owned())
        }
        NetworkEvent::Rebound { gateway, outside } => {
            let outside: Vec<_> = outside.iter().map(ToString::to_string).collect();
            (gateway, format!("gets another outside address: {}", outside.join(", ")))
        }
        NetworkEvent::LinkSet { owner, towards, direction } => {
            let mut notes = reading.notes.iter();
            let is_told =
                |note: &Note| note.name == "link.set" && note.at == event.at && note.node == *owner;
            if notes.any(is_told) {
                return None;
            }
            let direction = match direction {
                Direction::Up => "to",
                Direction::Down => "from",
            };
            (owner, format!("its link {direction} {towards} changes"))
        }
        NetworkEvent::Unplugged { node, from } => (node, format!("is unplugged from {from}")),
        NetworkEvent::Plugged { node, into } => (node, format!("is plugged into {into}")),
        NetworkEvent::Crashed { node } => (node, "crashes".to_owned()),
        NetworkEvent::Started { boot: 1, .. } => return None,
        NetworkEvent::Started { node, .. } => (node, "starts again".to_owned()),
    };
    let (order, at) = (event.order, event.at);
    Some(Line { order, at, who: who.to_string(), text, more: Vec::new() })
}
