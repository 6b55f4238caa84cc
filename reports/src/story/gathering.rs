//! Chapter: which addresses each side found for itself, and what it told the other.

use crate::reading::record::{Note, Reading};
use crate::scene::Scene;
use crate::story::page::Page;

/// Tells gathering and signalling in the order of time.
pub(crate) fn tell(page: &mut Page, scene: &Scene, reading: &Reading) {
    page.heading("What each side found and told the other");
    for note in &reading.notes {
        if let Some(text) = line(note, scene, reading) {
            page.entry(note.at, &note.node, &text);
        }
    }
}

fn line(note: &Note, scene: &Scene, reading: &Reading) -> Option<String> {
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
            Some(format!("gets nothing from {}: {}", server("server"), note.text("reason")))
        }
        "gather.done" => Some("has all its addresses".to_owned()),
        "signal.sent" => Some(format!("-> {}: {}", note.text("to"), note.text("what"))),
        "signal.received" => Some(format!("<- {}: {}", note.text("from"), note.text("what"))),
        _ => None,
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
