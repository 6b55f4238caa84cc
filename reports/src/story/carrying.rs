//! Chapter: what the data channels carried.

use icelab_sans_io::Instant;

use crate::reading::record::{Note, Reading};
use crate::reading::time::spoken;
use crate::results::Rate;
use crate::story::page::Page;

/// Tells the data channels, where there were any.
pub(crate) fn tell(page: &mut Page, reading: &Reading) {
    let mut notes = reading.notes.iter().filter(|note| note.name.starts_with("data.")).peekable();
    if notes.peek().is_none() {
        return;
    }
    page.heading("What the data channels carried");
    for note in notes {
        if let Some(text) = line(note) {
            page.entry(note.at, &note.node, &text);
        }
    }
}

fn line(note: &Note) -> Option<String> {
    let label = note.text("label");
    Some(match &*note.name {
        "data.open" => format!("the channel `{label}` is open"),
        "data.sending" => format!("begins to send on `{label}`"),
        "data.first" => format!("gets the first message on `{label}`"),
        "data.paused" => "reads no more".to_owned(),
        "data.resumed" => "reads again".to_owned(),
        "data.ended" => format!("has no channels any more: {}", note.text("reason")),
        "data.carried" => carried(note),
        _ => return None,
    })
}

/// All in all.
fn carried(note: &Note) -> String {
    let number = |name| note.number(name).unwrap_or_default();
    let (from, label) = (note.text("from"), note.text("label"));
    let (sent, delivered) = (number("sent"), number("delivered"));
    let mut text = match (delivered, sent) {
        (0, 0) => return format!("has got nothing on `{label}`: {from} has sent nothing"),
        (0, _) => format!("has got none of {from}'s {sent} messages on `{label}`"),
        _ => format!(
            "has got {delivered} of {from}'s {sent} messages on `{label}`: {} bytes",
            number("bytes")
        ),
    };
    if let Some(goodput) = note.number("goodput").and_then(|rate| u64::try_from(rate).ok()) {
        text.push_str(&format!(", {}", Rate(goodput)));
    }
    if let Some(last) = note.duration("last") {
        text.push_str(&format!("; the last one came at {}", spoken(Instant::START + last)));
    }
    for (name, what) in [
        ("given_up", "were given up"),
        ("overtaken", "came after a later one"),
        ("duplicates", "came once more"),
        ("broken", "were not as they had been sent"),
    ] {
        if number(name) > 0 {
            text.push_str(&format!("; {} {what}", number(name)));
        }
    }
    text
}
