//! Chapter: the checks and what became of them, with all that happened between.

use icelab_sans_io::Instant;
use icelab_sim::record::{Name, NetworkEvent};
use indexmap::IndexMap;

use crate::reading::check::{Check, Fate, runs};
use crate::reading::name::Names;
use crate::reading::record::{Note, Reading};
use crate::reading::time::{milliseconds, times};
use crate::story::page::Page;

/// Tells checks, what was learned from them, and network events in the order of time.
pub(crate) fn tell(page: &mut Page, reading: &Reading, checks: &[Check], names: &Names<'_>) {
    page.heading("The checks: which packets got through, which did not, and why");
    let mut lines = Vec::new();
    for run in runs(checks) {
        lines.push(check_line(&run, names));
    }
    lines.extend(reading.notes.iter().filter_map(|note| note_line(note, names)));
    lines.extend(upkeep(reading, names));
    lines.extend(reading.events.iter().filter_map(|(at, event)| event_line(*at, event)));
    lines.sort_by_key(|line| line.at);
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
    at: Instant,
    who: String,
    text: String,
    more: Vec<String>,
}

fn check_line(run: &[&Check], names: &Names<'_>) -> Line {
    let Some((check, again)) = run.split_first() else {
        return Line {
            at: Instant::START,
            who: String::new(),
            text: String::new(),
            more: Vec::new(),
        };
    };
    let claim = if check.nominating { ", and asks to use this pair" } else { "" };
    let text = format!(
        "{} -> {}{claim}",
        names.own(check.local, &check.peer),
        names.other(check.remote, &check.peer)
    );
    let seen = match &check.fate {
        Fate::Dropped { flow, .. } | Fate::Arrived { flow, .. } => Some(flow.source),
        Fate::NotPermitted { .. }
        | Fate::Unrecognised { .. }
        | Fate::HeldBack
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
    Line { at: check.at, who: check.peer.to_string(), text, more }
}

/// What came of a check, in words.
pub(crate) fn result(check: &Check, names: &Names<'_>) -> String {
    if let Some((at, mapped)) = check.answer {
        let mapping = if mapped == check.local {
            String::new()
        } else {
            format!(": the other side sees it as {mapped}")
        };
        return format!("answered at {} ms{mapping}", milliseconds(at));
    }
    let way = fate(&check.fate, names);
    match &check.answer_fate {
        Some(answer @ (Fate::Dropped { .. } | Fate::NotPermitted { .. })) => {
            format!("{way}, but the answer was {}", fate(answer, names))
        }
        // What a relay passes on to its client always carries the server's address.
        Some(Fate::Arrived { flow, .. })
            if flow.source != check.remote && !names.is_lent(check.local) =>
        {
            format!(
                "{way}, but the answer comes back from {}, not from where the check went: it does not count",
                names.other(flow.source, &check.peer)
            )
        }
        Some(_) => way,
        None if matches!(check.fate, Fate::Arrived { .. }) => {
            format!("{way}, and stays unanswered")
        }
        None => way,
    }
}

/// What became of a packet, in words.
fn fate(fate: &Fate, names: &Names<'_>) -> String {
    match fate {
        Fate::Dropped { at, place, reason, flow } => names.drop(*at, place, reason, *flow),
        Fate::NotPermitted { server } => {
            format!("dropped at {server}: the relay's client had not yet permitted this sender")
        }
        Fate::Unrecognised { server, seen } => format!(
            "dropped at {server}: it comes from {}, and the relay was lent to another address",
            names.other(*seen, "")
        ),
        Fate::HeldBack => "held back: the relay has no leave to send there yet".to_owned(),
        Fate::Arrived { node, .. } => format!("reaches {node}"),
        Fate::Strayed { node } => format!("reaches {node}, for whom it was not meant"),
        Fate::Unknown => "was still under way when the record ends".to_owned(),
    }
}

/// What keeps relays alive: a line for each peer and thing, however often it was done.
fn upkeep(reading: &Reading, names: &Names<'_>) -> Vec<Line> {
    let mut groups = IndexMap::<(&Name, String), Vec<Instant>>::new();
    for note in &reading.notes {
        let peer = || note.address("peer").map(|peer| names.other(peer, &note.node));
        let text = match &*note.name {
            "turn.refreshed" => "keeps its relay for longer".to_owned(),
            "turn.permission" => format!("lets {} send to its relay", peer().unwrap_or_default()),
            "turn.nonce" => "gets a new nonce from its relay's server".to_owned(),
            _ => continue,
        };
        groups.entry((&note.node, text)).or_default().push(note.at);
    }
    let line = |((who, text), at): ((&Name, String), Vec<Instant>)| {
        let (first, again) = at.split_first()?;
        let more = if again.is_empty() { vec![] } else { vec![format!("again {}", times(again))] };
        Some(Line { at: *first, who: who.to_string(), text, more })
    };
    groups.into_iter().filter_map(line).collect()
}

fn note_line(note: &Note, names: &Names<'_>) -> Option<Line> {
    let pair = |viewer: &str| {
        let local = note.address("local").map(|local| names.own(local, viewer));
        let remote = note.address("remote").map(|remote| names.other(remote, viewer));
        format!("{} -> {}", local.unwrap_or_default(), remote.unwrap_or_default())
    };
    let text = match &*note.name {
        "ice.prflx" => {
            let address = note.address("address")?;
            match note.text("side") {
                "local" => format!("learns that it is seen as {address} (peer-reflexive)"),
                _ => format!(
                    "learns from a check that the other side is at {address} (peer-reflexive)"
                ),
            }
        }
        "ice.role" => role(note.text("role")),
        "ice.state" => state(note.text("state")),
        "ice.check.failed" => format!("gives up on {}: {}", pair(&note.node), note.text("reason")),
        "ice.nominated" => format!("has settled on {}", pair(&note.node)),
        "ice.consent.lost" => {
            "hears nothing any more and stops sending (consent is lost)".to_owned()
        }
        "turn.failed" => format!("has trouble with its relay: {}", note.text("reason")),
        "ice.restart" => "starts ICE anew".to_owned(),
        "ice.consent.doubtful" => format!("hears nothing on {}", pair(&note.node)),
        "ice.check.refused" => {
            let remote = note.address("remote").map(|remote| names.other(remote, &note.node));
            let code = note.number("code").unwrap_or_default();
            let why = if code == 487 { ": both sides have the same role" } else { "" };
            format!("refuses a check of {} with error {code}{why}", remote.unwrap_or_default())
        }
        "turn.permission.failed" | "turn.channel.failed" => {
            let peer = note.address("peer").map(|peer| names.other(peer, &note.node));
            let reason = note.text("reason");
            format!("gets no leave to send to {}: {reason}", peer.unwrap_or_default())
        }
        "interface.gone" => "loses an interface that it used".to_owned(),
        "peer.closed" => "has left the call".to_owned(),
        "call.connected" => "is connected with the other side".to_owned(),
        "call.disconnected" => "is no longer connected with the other side".to_owned(),
        _ => return None,
    };
    Some(Line { at: note.at, who: note.node.to_string(), text, more: Vec::new() })
}

fn role(role: &str) -> String {
    match role {
        "controlling" => "takes the controlling role: it is to choose the pair".to_owned(),
        "controlled" => {
            "takes the controlled role: the other side is to choose the pair".to_owned()
        }
        other => format!("takes the role {other}"),
    }
}

fn state(state: &str) -> String {
    match state {
        "checking" => "begins to check".to_owned(),
        "connected" => "has a pair that works".to_owned(),
        "completed" => "is done: the pair is chosen".to_owned(),
        "disconnected" => "hears nothing on its pair for a while".to_owned(),
        "failed" => "has failed: no pair works".to_owned(),
        "closed" => "has ended".to_owned(),
        other => format!("is {other}"),
    }
}

fn event_line(at: Instant, event: &NetworkEvent) -> Option<Line> {
    let (who, text) = match event {
        NetworkEvent::Cut { a, b } => (a, format!("is cut off from {b}, silently")),
        NetworkEvent::Healed { a, b } => (a, format!("and {b} are joined again")),
        NetworkEvent::Rebooted { gateway } => {
            (gateway, "restarts and forgets all its mappings".to_owned())
        }
        NetworkEvent::Rebound { gateway, outside } => {
            let outside: Vec<_> = outside.iter().map(ToString::to_string).collect();
            (gateway, format!("gets another outside address: {}", outside.join(", ")))
        }
        NetworkEvent::LinkSet { owner, towards, .. } => {
            (owner, format!("has another link to {towards}"))
        }
        NetworkEvent::Unplugged { node, from } => (node, format!("is unplugged from {from}")),
        NetworkEvent::Plugged { node, into } => (node, format!("is plugged into {into}")),
        NetworkEvent::Crashed { node } => (node, "crashes".to_owned()),
        NetworkEvent::Started { boot: 1, .. } => return None,
        NetworkEvent::Started { node, .. } => (node, "starts again".to_owned()),
    };
    Some(Line { at, who: who.to_string(), text, more: Vec::new() })
}
