//! What was expected against what happened.

use core::fmt;
use core::time::Duration;

use icelab_dtls as dtls;
use icelab_sans_io::Instant;
use indexmap::IndexMap;

use super::judge_data::judge_data;
use super::outcome::{Channel, Failure, Selected};
use crate::scenario::plan::{
    self, CandidateKind, Connected, Expectation, Path, Reconnected, Transport,
};
use crate::scenario::text::quantity::Time;

/// What is known at the time of judging.
#[derive(Clone, Debug)]
pub(super) struct Facts<'a> {
    /// That time.
    pub(super) now: Instant,
    /// Whether both sides are connected now.
    pub(super) is_connected: bool,
    /// When both were for the first time.
    pub(super) connected: Option<Duration>,
    /// The path that the call has taken.
    pub(super) path: Path,
    /// Each side's local candidate.
    pub(super) selected: &'a IndexMap<String, Option<Selected>>,
    /// How long after the latest event traffic flowed again; see `Traffic::latest`.
    pub(super) reconnected: Option<Option<Duration>>,
    /// Why the handshake failed, by the sides on which it did.
    pub(super) handshake_failures: &'a IndexMap<String, String>,
    /// The version of DTLS that both sides agreed on.
    pub(super) dtls: Option<dtls::Version>,
    /// Whether traffic flows both ways at this moment, for however short a time.
    pub(super) flows: bool,
    /// What the channels have carried, by label.
    pub(super) data: &'a IndexMap<String, Channel>,
}

/// Everything in an expectation that does not hold.
pub(super) fn judge(expectation: &Expectation, facts: &Facts<'_>) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut fail = |expect: String, wanted: String, got: String| {
        failures.push(Failure { expect, wanted, got, at: facts.now });
    };
    if let Some(wanted) = expectation.connected
        && let Err(got) = judge_connected(wanted, expectation.at.is_some(), facts)
    {
        fail("connected".to_owned(), wanted_connected(wanted), got);
    }
    if !expectation.path.is_empty() && !expectation.path.contains(&facts.path) {
        let wanted = any_of(expectation.path.iter().map(|path| path_word(*path)));
        fail("path".to_owned(), wanted, path_word(facts.path).to_owned());
    }
    match expectation.selected.as_slice() {
        [wanted] => {
            for (peer, wanted) in wanted.iter().filter(|side| !is_selected(*side, facts)) {
                let wanted = any_of(wanted.iter().map(|selected| Word(*selected)));
                fail(format!("selected.{peer}"), wanted, got_selected(peer, facts));
            }
        }
        any if any.iter().all(|wanted| !wanted.iter().all(|side| is_selected(side, facts))) => {
            if let Some(first) = any.first() {
                let pair = |wanted: &IndexMap<String, Vec<plan::Selected>>| {
                    let side = |(peer, wanted): (&String, &Vec<plan::Selected>)| {
                        format!("{peer} {}", any_of(wanted.iter().map(|it| Word(*it))))
                    };
                    wanted.iter().map(side).collect::<Vec<_>>().join(" with ")
                };
                let got = first.keys().map(|peer| format!("{peer} {}", got_selected(peer, facts)));
                let got = got.collect::<Vec<_>>().join(" with ");
                fail("selected".to_owned(), any_of(any.iter().map(pair)), got);
            }
        }
        _ => {}
    }
    if !expectation.dtls.is_empty()
        && !facts.dtls.is_some_and(|version| expectation.dtls.contains(&version))
    {
        let wanted = any_of(expectation.dtls.iter());
        let none = || broken(facts).unwrap_or_else(|| "nothing".to_owned());
        let got = facts.dtls.map_or_else(none, |version| version.to_string());
        fail("dtls".to_owned(), wanted, got);
    }
    if let Some(wanted) = expectation.reconnected
        && let Err(got) = judge_reconnected(wanted, facts)
    {
        let wanted = match wanted {
            Reconnected::No => "false".to_owned(),
            Reconnected::Within(limit) => format!("within {}", Time(limit)),
        };
        fail("reconnected".to_owned(), wanted, got);
    }
    for (label, wanted) in &expectation.data {
        for (key, wanted, got) in judge_data(wanted, facts.data.get(label)) {
            fail(format!("data.{label}.{key}"), wanted, got);
        }
    }
    failures
}

/// Whether a side's selected candidate is one of those wanted.
fn is_selected((peer, wanted): (&String, &Vec<plan::Selected>), facts: &Facts<'_>) -> bool {
    let got = facts.selected.get(peer).copied().flatten();
    got.is_some_and(|got| wanted.contains(&got.what))
}

fn got_selected(peer: &str, facts: &Facts<'_>) -> String {
    let got = facts.selected.get(peer).copied().flatten();
    got.map_or_else(|| "nothing".to_owned(), |got| Word(got.what).to_string())
}

/// Judges `connected`; the error says what was found instead.
fn judge_connected(wanted: Connected, is_timed: bool, facts: &Facts<'_>) -> Result<(), String> {
    let holds = match wanted {
        Connected::No if is_timed => !facts.is_connected,
        Connected::No => facts.connected.is_none(),
        Connected::Yes => facts.is_connected,
        Connected::Within(limit) => facts.connected.is_some_and(|after| after <= limit),
    };
    if holds {
        return Ok(());
    }
    Err(match facts.connected {
        None => match broken(facts) {
            Some(why) => format!("never connected: {why}"),
            None => "never connected".to_owned(),
        },
        Some(after) if facts.is_connected => format!("connected after {}", Span(after)),
        Some(after) => format!("connected after {}, and no longer", Span(after)),
    })
}

/// Judges `reconnected`; the error says what was found instead.
fn judge_reconnected(wanted: Reconnected, facts: &Facts<'_>) -> Result<(), String> {
    match (wanted, reconnected(facts)) {
        (Reconnected::No, None) if facts.flows => {
            Err("traffic flows, but not yet for 1 s".to_owned())
        }
        (Reconnected::No, None) => Ok(()),
        (Reconnected::Within(limit), Some(after)) if after <= limit => Ok(()),
        (_, Some(after)) => Err(format!("after {}", Span(after))),
        (_, None) => Err("not reconnected".to_owned()),
    }
}

/// How long after the latest event the call worked again; `None` where it does not.
pub(super) fn reconnected(facts: &Facts<'_>) -> Option<Duration> {
    // Without an event, nothing happened that could have interrupted it.
    facts.reconnected.unwrap_or_else(|| facts.is_connected.then_some(Duration::ZERO))
}

/// What became of a handshake that failed.
fn broken(facts: &Facts<'_>) -> Option<String> {
    let sides: Vec<String> =
        facts.handshake_failures.iter().map(|(peer, reason)| format!("{peer}: {reason}")).collect();
    (!sides.is_empty()).then(|| format!("the handshake failed ({})", sides.join("; ")))
}

fn wanted_connected(wanted: Connected) -> String {
    match wanted {
        Connected::No => "false".to_owned(),
        Connected::Yes => "true".to_owned(),
        Connected::Within(limit) => format!("within {}", Time(limit)),
    }
}

const fn path_word(path: Path) -> &'static str {
    match path {
        Path::Direct => "direct",
        Path::Relayed => "relayed",
        Path::None => "none",
    }
}

fn any_of<T: fmt::Display>(words: impl Iterator<Item = T>) -> String {
    let words: Vec<String> = words.map(|word| word.to_string()).collect();
    words.join(" or ")
}

/// A kind of candidate with its transport, as the grammar writes it.
struct Word(plan::Selected);

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0.kind {
            CandidateKind::Host => "host",
            CandidateKind::ServerReflexive => "srflx",
            CandidateKind::PeerReflexive => "prflx",
            CandidateKind::Relayed => "relay",
        };
        let transport = match self.0.transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        };
        write!(f, "{kind}/{transport}")
    }
}

/// A span of time in the unit that suits it.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        if millis < 10_000 {
            write!(f, "{millis} ms")
        } else {
            write!(f, "{}.{} s", millis / 1000, millis % 1000 / 100)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static NOTHING_FAILED: LazyLock<IndexMap<String, String>> = LazyLock::new(IndexMap::new);

    static NO_DATA: LazyLock<IndexMap<String, Channel>> = LazyLock::new(IndexMap::new);

    fn facts(selected: &IndexMap<String, Option<Selected>>) -> Facts<'_> {
        Facts {
            now: Instant::from_millis(9000),
            is_connected: true,
            connected: Some(Duration::from_millis(300)),
            path: Path::Direct,
            selected,
            reconnected: Some(Some(Duration::from_millis(700))),
            handshake_failures: &NOTHING_FAILED,
            dtls: Some(dtls::Version::V1_3),
            flows: true,
            data: &NO_DATA,
        }
    }

    fn fails(expectation: &Expectation, facts: &Facts<'_>) -> Vec<String> {
        let failures = judge(expectation, facts);
        failures.iter().map(|f| format!("{}: {}, not {}", f.expect, f.got, f.wanted)).collect()
    }

    #[test]
    fn what_holds_gives_no_failure() {
        let nothing = IndexMap::new();
        let expectation = Expectation {
            connected: Some(Connected::Within(Duration::from_millis(300))),
            path: vec![Path::Relayed, Path::Direct],
            reconnected: Some(Reconnected::Within(Duration::from_millis(700))),
            ..Expectation::default()
        };
        assert_eq!(fails(&expectation, &facts(&nothing)), [""; 0]);
    }

    #[test]
    fn each_part_that_does_not_hold_is_named() {
        let selected = IndexMap::from([("alice".to_owned(), None)]);
        let host = plan::Selected { kind: CandidateKind::Host, transport: Transport::Udp };
        let expectation = Expectation {
            connected: Some(Connected::Within(Duration::from_millis(299))),
            path: vec![Path::Relayed],
            selected: vec![IndexMap::from([("alice".to_owned(), vec![host])])],
            reconnected: Some(Reconnected::Within(Duration::from_millis(600))),
            dtls: vec![dtls::Version::V1_2],
            ..Expectation::default()
        };
        assert_eq!(
            fails(&expectation, &facts(&selected)),
            [
                "connected: connected after 300 ms, not within 299 ms",
                "path: direct, not relayed",
                "selected.alice: nothing, not host/udp",
                "dtls: DTLS 1.3, not DTLS 1.2",
                "reconnected: after 700 ms, not within 600 ms",
            ]
        );
    }

    #[test]
    fn a_handshake_that_failed_is_why_a_call_never_connected() {
        let nothing = IndexMap::new();
        let failed = IndexMap::from([("bob".to_owned(), "nothing was heard".to_owned())]);
        let facts =
            Facts { connected: None, dtls: None, handshake_failures: &failed, ..facts(&nothing) };
        let expectation = Expectation {
            connected: Some(Connected::Within(Duration::from_secs(1))),
            dtls: vec![dtls::Version::V1_3],
            ..Expectation::default()
        };
        assert_eq!(
            fails(&expectation, &facts),
            [
                "connected: never connected: the handshake failed (bob: nothing was heard), not within 1 s",
                "dtls: the handshake failed (bob: nothing was heard), not DTLS 1.3",
            ]
        );
    }

    #[test]
    fn connected_false_means_never_at_the_end_and_not_now_at_a_time() {
        let nothing = IndexMap::new();
        let mut facts = facts(&nothing);
        facts.is_connected = false;
        let mut expectation =
            Expectation { connected: Some(Connected::No), ..Expectation::default() };
        assert_eq!(
            fails(&expectation, &facts),
            ["connected: connected after 300 ms, and no longer, not false"]
        );
        expectation.at = Some(Duration::from_secs(9));
        assert_eq!(fails(&expectation, &facts), [""; 0]);
    }

    #[test]
    fn what_goes_together_is_judged_together() {
        let kind = |kind| plan::Selected { kind, transport: Transport::Udp };
        let [relay, prflx] = [CandidateKind::Relayed, CandidateKind::PeerReflexive].map(kind);
        let pair = |alice, bob| {
            IndexMap::from([("alice".to_owned(), vec![alice]), ("bob".to_owned(), vec![bob])])
        };
        let mirrored = vec![pair(relay, prflx), pair(prflx, relay)];
        let wanted = Expectation { selected: mirrored, ..Expectation::default() };
        let judged = |alice, bob| {
            let address = ([192, 0, 2, 1], 9).into();
            let is_relayed = true;
            let got = |what| Some(Selected { what, address, base: address, is_relayed });
            let both =
                IndexMap::from([("alice".to_owned(), got(alice)), ("bob".to_owned(), got(bob))]);
            judge(&wanted, &facts(&both)).len()
        };
        assert_eq!([judged(relay, prflx), judged(prflx, relay)], [0, 0]);
        assert_eq!([judged(relay, relay), judged(prflx, prflx)], [1, 1]);
    }

    #[test]
    fn a_call_that_nothing_happened_to_counts_as_reconnected_at_once() {
        let nothing = IndexMap::new();
        let facts = Facts { reconnected: None, ..facts(&nothing) };
        let wanted = Some(Reconnected::Within(Duration::ZERO));
        let expectation = Expectation { reconnected: wanted, ..Expectation::default() };
        assert_eq!(fails(&expectation, &facts), [""; 0]);
    }

    #[test]
    fn traffic_that_has_just_begun_to_flow_is_not_none() {
        let nothing = IndexMap::new();
        let mut facts = Facts { reconnected: Some(None), ..facts(&nothing) };
        let wanted = Some(Reconnected::No);
        let expectation = Expectation { reconnected: wanted, ..Expectation::default() };
        assert_eq!(
            fails(&expectation, &facts),
            ["reconnected: traffic flows, but not yet for 1 s, not false"]
        );
        facts.flows = false;
        assert_eq!(fails(&expectation, &facts), [""; 0]);
    }
}
