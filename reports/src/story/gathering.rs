//! Chapter: which addresses each side found for itself, and what it told the other.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use icelab_sans_io::Instant;
use icelab_sim::record::{Name, PacketId, PayloadHash};
use indexmap::IndexMap;

use crate::reading::check::Check;
use crate::reading::name::Names;
use crate::reading::record::{Journey, Note, Reading};
use crate::reading::time::times;
use crate::scene::Scene;
use crate::story::fate::loss;
use crate::story::page::Page;
use crate::story::refusal::in_words;

/// Tells gathering and signalling in the order of time.
pub(crate) fn tell(
    page: &mut Page,
    scene: &Scene,
    reading: &Reading,
    checks: &[Check],
    names: &Names<'_>,
) {
    page.heading("What each side found and told the other");
    let mut lines: Vec<(Instant, Name, String)> = Vec::new();
    for note in &reading.notes {
        if let Some(text) = line(note, scene, reading, names) {
            lines.push((note.at, note.node.clone(), text));
        }
    }
    lines.extend(repeated(scene, reading, checks, names));
    lines.sort_by_key(|(at, ..)| *at);
    for (at, who, text) in lines {
        page.entry(at, &who, &text);
    }
}

fn line(note: &Note, scene: &Scene, reading: &Reading, names: &Names<'_>) -> Option<String> {
    let server = |name: &str| match note.address(name) {
        Some(address) => server_name(address, scene),
        None => match note.text(name) {
            "" => "a server".to_owned(),
            text => text.to_owned(),
        },
    };
    match &*note.name {
        "gather.started" => Some("looks for addresses under which it can be reached".to_owned()),
        "gather.candidate" => candidate(note, server("server"), reading),
        "gather.failed" => {
            let refused = failure(note, reading).map(|failed| in_words(failed.text("reason")));
            let why = refused.unwrap_or_else(|| note.text("reason").to_owned());
            let text = format!("gets nothing from {}: {why}", server("server"));
            Some(text + &lost_requests(note, names, reading).unwrap_or_default())
        }
        "gather.done" => Some("has all its addresses".to_owned()),
        "signal.sent" | "signal.received"
            if matches!(note.text("what"), "candidate" | "end-of-candidates") =>
        {
            None
        }
        "signal.sent" => Some(format!("-> {}: {}", note.text("to"), note.text("what"))),
        "signal.received" => Some(format!("<- {}: {}", note.text("from"), note.text("what"))),
        _ => None,
    }
}

/// What a relay's client noted as the reason why this server gave nothing.
fn failure<'a>(note: &Note, reading: &'a Reading) -> Option<&'a Note> {
    reading.notes.iter().find(|failed| failed.name == "turn.failed" && is_told_by(failed, note))
}

/// Whether a relay's failure is told as one of gathering.
pub(crate) fn is_told_by(failed: &Note, note: &Note) -> bool {
    note.name == "gather.failed"
        && (&note.node, note.at) == (&failed.node, failed.at)
        && note.address("server") == failed.address("server")
}

fn server_name(address: SocketAddr, scene: &Scene) -> String {
    scene.server_at(address.ip()).map_or(address.to_string(), |server| server.name.clone())
}

/// What became of the last packet to a server that never answered.
fn lost_requests(note: &Note, names: &Names<'_>, reading: &Reading) -> Option<String> {
    let packets = reading.packets(note.address("local")?, note.address("server")?);
    let journeys = packets.iter().filter_map(|packet| reading.journeys.get(packet));
    let mine: Vec<_> = journeys.filter(|journey| journey.node == note.node).collect();
    let loss = loss(mine.last()?, names)?;
    let many = match mine.len() {
        1 => "its packet was".to_owned(),
        many => format!("its {many} packets were"),
    };
    Some(format!("; {many} {loss}"))
}

/// The requests to servers that were sent again, mostly since they or their answers got lost: while a side gathers, and
/// not to a server that never answers, of which is told elsewhere.
fn repeated(
    scene: &Scene,
    reading: &Reading,
    checks: &[Check],
    names: &Names<'_>,
) -> Vec<(Instant, Name, String)> {
    let checks: BTreeSet<PacketId> = checks.iter().filter_map(|check| check.packet).collect();
    let asked: BTreeSet<(&Name, SocketAddr)> = reading
        .notes
        .iter()
        .filter(|note| note.name == "gather.candidate")
        .filter_map(|note| Some((&note.node, note.address("server")?)))
        .collect();
    let mut requests = IndexMap::<(&Name, SocketAddr, SocketAddr, PayloadHash), Vec<_>>::new();
    for (packet, journey) in &reading.journeys {
        let (local, server) = (journey.first.source, journey.first.destination);
        if asked.contains(&(&journey.node, server))
            && reading.packets(local, server).contains(packet)
            && !checks.contains(packet)
            && is_gathering(&journey.node, journey.sent, reading)
        {
            let request = (&journey.node, local, server, journey.payload);
            requests.entry(request).or_default().push((*packet, journey));
        }
    }
    let line = |((who, _, server, _), sent): ((&Name, _, SocketAddr, _), Vec<_>)| {
        let text = request_line(&server_name(server, scene), &sent, reading, names)?;
        Some((sent.first()?.1.sent, who.clone(), text))
    };
    requests.into_iter().filter_map(line).collect()
}

/// Whether a side was looking for its addresses at this time.
fn is_gathering(who: &Name, at: Instant, reading: &Reading) -> bool {
    let mine = reading.notes.iter().filter(|note| note.node == *who && note.at <= at);
    let mut turns = mine.filter(|note| matches!(&*note.name, "gather.started" | "gather.done"));
    turns.next_back().is_some_and(|note| note.name == "gather.started")
}

/// What to tell of a request that was sent so often; `None` where once was enough.
fn request_line(
    server: &str,
    sent: &[(PacketId, &Journey)],
    reading: &Reading,
    names: &Names<'_>,
) -> Option<String> {
    let (first, again) = sent.split_first()?;
    let lost = |(packet, journey): &(PacketId, &Journey)| {
        let answer = || reading.because_of(*packet).find_map(|one| reading.journeys.get(&one));
        match loss(journey, names) {
            Some(loss) => Some(format!("its request to {server} is {loss}")),
            None => Some(format!("{server}'s answer is {}", loss(answer()?, names)?)),
        }
    };
    // What is sent but once is no request, or the last thing before the end.
    let last = lost(again.last()?);
    let why = lost(first).unwrap_or_else(|| format!("waits for {server}'s answer"));
    let at: Vec<_> = again.iter().map(|(_, journey)| journey.sent).collect();
    let end = if last.is_some() { ", in vain" } else { "" };
    Some(format!("{why}; asks again {}{end}", times(&at)))
}

fn candidate(note: &Note, server: String, reading: &Reading) -> Option<String> {
    let address = note.address("address")?;
    let base = note.address("base").unwrap_or(address);
    let transport = match note.text("transport") {
        "" | "udp" => String::new(),
        other => format!(" over {other}"),
    };
    Some(match note.text("kind") {
        "host" => format!("host   {address}{transport}, its own"),
        "srflx" => {
            let way = reading.mapped_by(base, address);
            let by = match way.as_slice() {
                [] => String::new(),
                way => {
                    let names: Vec<_> =
                        way.iter().map(|mapping| mapping.gateway.as_str()).collect();
                    format!("; {} made that of {base}", names.join(" and then "))
                }
            };
            format!("srflx  {address}{transport}, as {server} sees it{by}")
        }
        "relay" => format!("relay  {address}{transport}, lent by {server}"),
        other => format!("{other}  {address}{transport}"),
    })
}
