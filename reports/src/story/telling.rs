//! The chapters in order, and the one line that sums them up.

use core::fmt;

use icelab_sans_io::Instant;
use icelab_sim::record::Entry;

use crate::reading::check::{Check, Purpose};
use crate::reading::name::Names;
use crate::reading::record::{Note, Reading};
use crate::reading::time::spoken;
use crate::reading::track::checks;
use crate::scene::Scene;
use crate::story::page::Page;
use crate::story::{carrying, checking, choice, gathering, mapping, securing, stage};

/// One run as a story; displays as text of about 100 columns.
#[derive(Debug)]
pub struct Story {
    scene: Scene,
    reading: Reading,
}

impl Story {
    /// The story that the entries of a full record tell on this stage.
    pub fn new(scene: Scene, entries: impl IntoIterator<Item = Entry>) -> Self {
        Self { scene, reading: Reading::of(entries) }
    }

    fn text(&self) -> String {
        let Self { scene, reading } = self;
        let names = Names::new(scene, reading);
        let checks = checks(reading, scene);
        let mut page = Page::new(scene.actors.iter().map(|actor| actor.name.as_str()));
        page.heading(&format!("{}, seed {}", scene.title, scene.seed));
        if let Some(asks) = &scene.asks {
            page.paragraph(asks);
        }
        stage::tell(&mut page, scene);
        gathering::tell(&mut page, scene, reading, &checks, &names);
        mapping::tell(&mut page, reading, &names);
        checking::tell(&mut page, scene, reading, &checks, &names);
        choice::tell(&mut page, scene, reading, &checks, &names);
        securing::tell(&mut page, reading, &names);
        carrying::tell(&mut page, reading);
        page.heading("In short");
        page.paragraph(&self.summary(&checks));
        page.finish()
    }

    fn summary(&self, checks: &[Check]) -> String {
        let selected: Vec<_> = self.scene.peers().filter_map(|peer| self.selection(peer)).collect();
        let peers: Vec<_> = self.scene.peers().collect();
        let (is_both, peers) = (selected.len() == peers.len(), peers.join(" and "));
        let counts = counts(checks);
        if let Some(why) = self.insecurity() {
            let end = spoken(self.reading.end);
            return format!(
                "{peers} found a pair that works, but the call was not secure when the run ended at {end}{why}. {counts}"
            );
        }
        let connected = self.notes("call.connected").map(|note| note.at);
        if !is_both || peers.is_empty() {
            let end = spoken(self.reading.end);
            return match connected.clone().next() {
                Some(at) => format!(
                    "{peers} were connected at {}, but had not both settled on a pair when the run ended at {end}. {counts}",
                    spoken(at)
                ),
                None => format!("{peers} never connected in {end}. {counts}"),
            };
        }
        let kinds = ["local_kind", "remote_kind"];
        let is_relayed = |note: &&Note| kinds.iter().any(|kind| note.text(kind) == "relay");
        let way = if selected.iter().any(is_relayed) { "over a relay" } else { "directly" };
        let first = connected.clone().next().or(selected.first().map(|note| note.at));
        let since = first.map(spoken).unwrap_or_default();
        if let Some(lost) = self.lost() {
            return format!(
                "{peers} were connected from {since} on, last {way}, and have been disconnected since {}. {counts}",
                spoken(lost)
            );
        }
        let sides = selected.iter().map(|note| self.side(note)).collect::<Vec<_>>().join(", ");
        let history = self.history(first, &selected);
        if history.is_empty() {
            return format!("{peers} are connected {way} since {since}: {sides}. {counts}");
        }
        format!(
            "{peers} are connected {way}: {sides}. They were first connected at {since}; {history}. {counts}"
        )
    }

    /// Why a call never was secure though a pair worked, as far as the sides said so.
    fn insecurity(&self) -> Option<String> {
        self.notes("dtls.started").next()?;
        let ends = self.notes("dtls.closed");
        let ends: String =
            ends.map(|note| format!("; {}: {}", note.node, note.text("reason"))).collect();
        self.notes("call.connected").next().is_none().then_some(ends)
    }

    /// What happened to a call since it was first connected; empty where nothing did.
    fn history(&self, first: Option<Instant>, selected: &[&Note]) -> String {
        let mut news = Vec::new();
        let last = self.notes("call.connected").map(|note| note.at).last();
        if let Some(last) = last.filter(|_| self.notes("call.disconnected").next().is_some()) {
            news.push(format!("after an interruption again since {}", spoken(last)));
        }
        let generation = self.reading.generations();
        if let Some(restart) = self.reading.restart(generation).filter(|_| generation > 0) {
            news.push(format!("ICE began anew at {}", spoken(restart)));
        }
        let settled = selected.iter().map(|note| note.at).max();
        if let Some(settled) = settled.filter(|settled| Some(*settled) > first) {
            news.push(format!("they settled on this pair at {}", spoken(settled)));
        }
        news.join("; ")
    }

    fn notes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Note> + Clone {
        self.reading.notes.iter().filter(move |note| note.name == *name)
    }

    /// Since when the call has been down at the end of the run, where it is.
    fn lost(&self) -> Option<Instant> {
        let mut notes = self.reading.notes.iter().rev();
        let last = notes.find(|note| matches!(&*note.name, "call.connected" | "call.disconnected"));
        last.filter(|note| note.name == "call.disconnected").map(|note| note.at)
    }

    /// The last selection of this peer.
    fn selection(&self, peer: &str) -> Option<&Note> {
        let mut notes = self.reading.notes.iter().rev();
        notes.find(|note| note.name == "ice.selected" && note.node == *peer)
    }

    fn side(&self, note: &Note) -> String {
        let local = note.address("local");
        let lender = local.filter(|_| note.text("local_kind") == "relay");
        let lender = lender.and_then(|address| self.scene.server_at(address.ip()));
        let by = lender.map(|server| format!(", lent by {}", server.name)).unwrap_or_default();
        let address = local.map(|address| address.to_string()).unwrap_or_default();
        format!("{} as {} ({}{by})", note.node, address, note.text("local_kind"))
    }
}

impl fmt::Display for Story {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text())
    }
}

/// How many checks there were.
fn counts(checks: &[Check]) -> String {
    let (setup, upkeep): (Vec<_>, Vec<_>) =
        checks.iter().partition(|check| check.purpose == Purpose::Pair);
    let answered = |checks: &[&Check]| checks.iter().filter(|check| check.answer.is_some()).count();
    let first = format!("{} checks were sent, {} were answered", setup.len(), answered(&setup));
    if upkeep.is_empty() {
        return first + ".";
    }
    let (sent, answered) = (upkeep.len(), answered(&upkeep));
    format!("{first}; {sent} more asked whether a pair still works, {answered} were answered.")
}
