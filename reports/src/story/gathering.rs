//! Chapter: which addresses each side found for itself, and what it told the other.

use crate::reading::name::Names;
use crate::reading::record::{End, Note, Reading};
use crate::scene::Scene;
use crate::story::page::Page;

/// Tells gathering and signalling in the order of time.
pub(crate) fn tell(page: &mut Page, scene: &Scene, reading: &Reading, names: &Names<'_>) {
    page.heading("What each side found and told the other");
    for note in &reading.notes {
        if let Some(text) = line(note, scene, reading, names) {
            page.entry(note.at, &note.node, &text);
        }
    }
}

fn line(note: &Note, scene: &Scene, reading: &Reading, names: &Names<'_>) -> Option<String> {
    let server = |name: &str| match note.address(name) {
        Some(address) => {
            scene.server_at(address.ip()).map_or(address.to_string(), |server| server.name.clone())
        }
        None => match note.text(name) {
            "" => "a server".to_owned(),
            text => text.to_owned(),
        },
    };
    match &*note.name {
        "gather.started" => Some("looks for addresses under which it can be reached".to_owned()),
        "gather.candidate" => candidate(note, server("server"), reading),
        "gather.failed" => {
            let text = format!("gets nothing from {}: {}", server("server"), note.text("reason"));
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

/// What became of the last packet to a server that never answered.
fn lost_requests(note: &Note, names: &Names<'_>, reading: &Reading) -> Option<String> {
    let packets = reading.packets(note.address("local")?, note.address("server")?);
    let journeys = packets.iter().filter_map(|packet| reading.journeys.get(packet));
    let mut mine = journeys.filter(|journey| journey.node == note.node);
    let last = mine.next_back()?;
    let many = if mine.next().is_some() { "its packets were" } else { "its packet was" };
    match &last.end {
        End::Dropped { at, place, reason } => {
            Some(format!("; {many} {}", names.drop(*at, place, reason, last.flow)))
        }
        End::Delivered { .. } | End::UnderWay => None,
    }
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
