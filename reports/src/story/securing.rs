//! Chapter: how each side made sure who the other one is.

use crate::reading::name::Names;
use crate::reading::record::{Journey, Note, Reading};
use crate::story::fate::loss;
use crate::story::page::Page;

/// Tells the DTLS handshakes, where there were any.
pub(crate) fn tell(page: &mut Page, reading: &Reading, names: &Names<'_>) {
    let mut notes = reading.notes.iter().filter(|note| note.name.starts_with("dtls.")).peekable();
    if notes.peek().is_none() {
        return;
    }
    let is_secure = reading.notes.iter().any(|note| note.name == "dtls.connected");
    let tried = if is_secure { "made" } else { "tried to make" };
    page.heading(&format!("How they {tried} the call secure"));
    for note in notes {
        if let Some(text) = line(note, reading, names) {
            page.entry(note.at, &note.node, &text);
        }
    }
}

fn line(note: &Note, reading: &Reading, names: &Names<'_>) -> Option<String> {
    Some(match &*note.name {
        "dtls.started" => match note.text("role") {
            "client" => "has a pair that works and begins the handshake (DTLS client)",
            _ => "has a pair that works: the handshake may come (DTLS server)",
        }
        .to_owned(),
        "dtls.sent" => {
            let lost = loss(carrier(note, reading)?, names)?;
            format!("a packet of its handshake is {lost}")
        }
        "dtls.again" => match note.number("times") {
            Some(1) | None => "has heard nothing in time and sends its part again".to_owned(),
            Some(times) => {
                format!("has heard nothing in time and sends its part again ({times} times now)")
            }
        },
        "dtls.connected" => {
            let (version, suite, group) =
                (note.text("version"), note.text("suite"), note.text("group"));
            let media = match note.text("srtp") {
                "" => String::new(),
                profile => format!("; keys for media: {profile}"),
            };
            format!("knows who the other side is: {version}, {suite}, {group}{media}")
        }
        "dtls.closed" => format!("has ended its secure connection: {}", note.text("reason")),
        _ => return None,
    })
}

/// The packet that carried what a note tells of, where it went as it was: to a relay it goes wrapped.
fn carrier<'a>(note: &Note, reading: &'a Reading) -> Option<&'a Journey> {
    let payload = note.text("payload").parse().ok()?;
    let sent = reading.packets_of(&note.node, note.at).iter();
    let mut sent = sent.filter_map(|packet| reading.journeys.get(packet));
    sent.find(|journey| journey.payload == payload)
}
