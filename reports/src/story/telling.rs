//! The chapters in order, and the one line that sums them up.

use core::fmt;

use icelab_sans_io::Instant;
use icelab_sim::record::Entry;

use crate::reading::check::{Check, checks};
use crate::reading::name::Names;
use crate::reading::record::{Note, Reading};
use crate::reading::time::milliseconds;
use crate::scene::Scene;
use crate::story::page::Page;
use crate::story::{checking, choice, gathering, mapping, stage};

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
        gathering::tell(&mut page, scene, reading, &names);
        mapping::tell(&mut page, reading, &names);
        checking::tell(&mut page, reading, &checks, &names);
        choice::tell(&mut page, scene, reading, &checks, &names);
        page.heading("In short");
        page.paragraph(&self.summary(&checks));
        page.finish()
    }

    fn summary(&self, checks: &[Check]) -> String {
        let selected: Vec<_> = self.scene.peers().filter_map(|peer| self.selection(peer)).collect();
        let peers: Vec<_> = self.scene.peers().collect();
        let answered = checks.iter().filter(|check| check.answer.is_some()).count();
        let counts = format!("{} checks were sent, {answered} were answered.", checks.len());
        if selected.len() < peers.len() || peers.is_empty() {
            let end = milliseconds(self.reading.end);
            let peers = peers.join(" and ");
            let mut notes = self.reading.notes.iter();
            return match notes.find(|note| note.name == "call.connected") {
                Some(note) => format!(
                    "{peers} were connected at {} ms, but had not both settled on a pair when the run ended at {end} ms. {counts}",
                    milliseconds(note.at)
                ),
                None => format!("{peers} never connected in {end} ms. {counts}"),
            };
        }
        let relayed = selected.iter().any(|note| note.text("local_kind") == "relay");
        let way = if relayed { "over a relay" } else { "directly" };
        let connected = self.reading.notes.iter().filter(|note| note.name == "call.connected");
        let (first, last) = (connected.clone().next(), connected.clone().next_back());
        let first = first.or(selected.first().copied()).map(|note| note.at);
        let interrupted = self.reading.notes.iter().any(|note| note.name == "call.disconnected");
        let last = last.map(|note| note.at).filter(|at| interrupted && Some(*at) != first);
        let since = first.map(milliseconds).unwrap_or_default();
        if let Some(lost) = self.lost() {
            return format!(
                "{} were connected {way} from {since} ms on, and have been disconnected since {} ms. {counts}",
                peers.join(" and "),
                milliseconds(lost)
            );
        }
        let again =
            last.map(|at| format!(" (after an interruption, again since {} ms)", milliseconds(at)));
        let sides = selected.iter().map(|note| self.side(note)).collect::<Vec<_>>().join(", ");
        format!(
            "{} are connected {way} since {since} ms{}: {sides}. {counts}",
            peers.join(" and "),
            again.unwrap_or_default()
        )
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
