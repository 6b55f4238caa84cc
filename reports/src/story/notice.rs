//! What protocols noted, in words.

use icelab_sans_io::Instant;
use icelab_sim::record::Name;
use indexmap::IndexMap;

use crate::reading::name::Names;
use crate::reading::record::Note;
use crate::reading::time::milliseconds;
use crate::scene::Scene;
use crate::story::refusal::in_words;

/// What a note tells; `None` for those that are told elsewhere, or not at all.
pub(crate) fn notice(
    note: &Note,
    scene: &Scene,
    names: &Names<'_>,
    moods: &mut Moods,
) -> Option<String> {
    let pair = |viewer: &str| {
        let local = note.address("local").map(|local| names.own(local, viewer));
        let remote = note.address("remote").map(|remote| names.other(remote, viewer));
        format!("{} -> {}", local.unwrap_or_default(), remote.unwrap_or_default())
    };
    let others = || {
        let others = scene.peers().filter(|peer| note.node != **peer);
        others.collect::<Vec<_>>().join(" and ")
    };
    Some(match &*note.name {
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
        "ice.state" => moods.state(note),
        "ice.check.failed" => format!("gives up on {}: {}", pair(&note.node), note.text("reason")),
        "ice.nominated" => format!("has settled on {}", pair(&note.node)),
        "ice.selected" => {
            let remote = note.address("remote").map(|remote| names.other(remote, &note.node));
            let base = note.address("base").or_else(|| note.address("local"));
            let base = base.map(|base| names.own(base, &note.node));
            moods.select(note).then(|| {
                format!("now uses {} -> {}", base.unwrap_or_default(), remote.unwrap_or_default())
            })?
        }
        "nat.collision" => collision(note, names)?,
        "ice.consent.lost" => {
            "hears nothing any more and stops sending (consent is lost)".to_owned()
        }
        "turn.failed" => format!("has trouble with its relay: {}", in_words(note.text("reason"))),
        "ice.restart" => moods.restart(note),
        "signal.sent" if note.text("what") == "restart-request" => {
            let why = moods.silence(note);
            format!("asks {} to start ICE anew{why}", note.text("to"))
        }
        "ice.consent.doubtful" => {
            format!("gets no answer to its consent check on {}", pair(&note.node))
        }
        "ice.check.refused" => {
            let remote = note.address("remote").map(|remote| names.other(remote, &note.node));
            let code = note.number("code").unwrap_or_default();
            let why = if code == 487 { ": both sides have the same role" } else { "" };
            format!("refuses a check of {} with error {code}{why}", remote.unwrap_or_default())
        }
        "turn.permission.failed" | "turn.channel.failed" => {
            let peer = note.ip("peer").map(|peer| names.host(peer, &note.node));
            let reason = in_words(note.text("reason"));
            format!("gets no leave to send to {}: {reason}", peer.unwrap_or_default())
        }
        "link.set" => link_line(note),
        "interface.gone" => "loses an interface that it used".to_owned(),
        "peer.closed" => "has left the call".to_owned(),
        "call.connected" => format!("is connected with {}", others()),
        "call.disconnected" => format!("is no longer connected with {}", others()),
        _ => return None,
    })
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

/// A NAT whose mapping would be taken for another connection.
fn collision(note: &Note, names: &Names<'_>) -> Option<String> {
    let (inside, wanted) = (note.address("inside")?, note.address("wanted")?);
    let remote = names.other(note.address("remote")?, "");
    let why = match note.is("by_unsolicited") {
        true => "a packet that came from there unasked has taken it",
        false => "another connection has taken it",
    };
    Some(format!("cannot send from {wanted} to {remote} for {inside}: {why}"))
}

/// What link settings are from now on.
fn link_line(note: &Note) -> String {
    let (up, down) = (note.text("up"), note.text("down"));
    let settings = match (up, down) {
        ("", down) => format!("{down} (towards it)"),
        (up, "") => format!("{up} (away from it)"),
        (up, down) if up == down => up.to_owned(),
        (up, down) => format!("{up} (away from it), {down} (towards it)"),
    };
    format!("its link to {} has from now on: {settings}", note.text("towards"))
}

/// How each side is, so that a change is told as what it is.
#[derive(Default)]
pub(crate) struct Moods {
    last: IndexMap<Name, Mood>,
}

/// How a side is.
#[derive(Default)]
struct Mood {
    state: String,
    /// Since when its pair has had no answers.
    silent: Option<Instant>,
    /// Whether it began anew, and its state has not been told since.
    is_anew: bool,
    /// Whether it uses a pair of this generation.
    has_pair: bool,
}

impl Moods {
    fn restart(&mut self, note: &Note) -> String {
        let mood = self.last.entry(note.node.clone()).or_default();
        (mood.is_anew, mood.has_pair) = (true, false);
        format!("starts ICE anew{}", self.silence(note))
    }

    /// What a side that repairs its call does it for, where it is known to be down.
    fn silence(&self, note: &Note) -> String {
        let silent = self.last.get(&note.node).and_then(|mood| mood.silent);
        let since = silent.map(|at| format!(": it is disconnected since {} ms", milliseconds(at)));
        since.unwrap_or_default()
    }

    /// Whether a side that has selected a pair had one before, so that this is news.
    fn select(&mut self, note: &Note) -> bool {
        let mood = self.last.entry(note.node.clone()).or_default();
        core::mem::replace(&mut mood.has_pair, true)
    }

    fn state(&mut self, note: &Note) -> String {
        let state = note.text("state");
        let mood = self.last.entry(note.node.clone()).or_default();
        let is_anew = core::mem::take(&mut mood.is_anew);
        mood.silent = match state {
            "disconnected" | "failed" => mood.silent.or(Some(note.at)),
            _ => None,
        };
        let before = core::mem::replace(&mut mood.state, state.to_owned());
        match (state, before.as_str()) {
            ("connected", "completed" | "connected") if is_anew => {
                "goes on with the pair that it has, meanwhile"
            }
            ("connected", "completed") => "has no chosen pair any more, but one that works",
            ("connected" | "completed", "disconnected") => "counts as connected again",
            ("connected", _) => "has a pair that works",
            ("checking", "" | "new") => "begins ICE",
            ("checking", _) => "begins ICE again",
            ("completed", _) => "is done: the pair is chosen",
            ("disconnected", _) => "gets no answers on its pair for a while",
            ("failed", _) => "has failed: no pair works",
            ("closed", _) => "has ended",
            (other, _) => return format!("is {other}"),
        }
        .to_owned()
    }
}
