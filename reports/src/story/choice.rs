//! Chapter: why this pair and no other.

use std::net::SocketAddr;

use icelab_sans_io::Instant;
use indexmap::IndexMap;

use crate::reading::check::Check;
use crate::reading::name::Names;
use crate::reading::record::{Note, Reading};
use crate::reading::time::milliseconds;
use crate::scene::Scene;
use crate::story::checking::result;
use crate::story::page::Page;

/// A pair of a side's check list.
struct Pair {
    local: SocketAddr,
    remote: SocketAddr,
    priority: Option<i64>,
}

/// Tells the choice from the side that made it, or, where there was none, from both sides.
pub(crate) fn tell(
    page: &mut Page,
    scene: &Scene,
    reading: &Reading,
    checks: &[Check],
    names: &Names<'_>,
) {
    match chooser(reading, checks) {
        Some(selected) => tell_choice(page, reading, checks, names, selected),
        None => tell_failure(page, scene, reading, checks, names),
    }
}

/// The last selection of the side that asked to use a pair, else the last one of all.
fn chooser<'a>(reading: &'a Reading, checks: &[Check]) -> Option<&'a Note> {
    let nominator = checks.iter().rev().find(|check| check.nominating).map(|check| &check.peer);
    let mut selected = reading.notes.iter().rev().filter(|note| note.name == "ice.selected");
    let by_nominator = selected.clone().find(|note| Some(&note.node) == nominator);
    by_nominator.or_else(|| selected.next())
}

fn tell_choice(
    page: &mut Page,
    reading: &Reading,
    checks: &[Check],
    names: &Names<'_>,
    selected: &Note,
) {
    let viewer = selected.node.as_str();
    page.heading(&format!("Why this pair ({viewer} chooses; best pair first)"));
    let pairs = pairs(reading, viewer);
    let base = selected.address("base").or_else(|| selected.address("local"));
    let remote = selected.address("remote");
    let place =
        pairs.iter().position(|pair| Some(pair.local) == base && Some(pair.remote) == remote);
    let better = place.unwrap_or(pairs.len());
    tell_pairs(page, pairs.get(..better).unwrap_or_default(), checks, names, viewer, selected.at);
    match place.and_then(|place| pairs.get(place)) {
        Some(pair) => {
            let works = outcome(checks, viewer, pair, names, Instant::FAR_FUTURE);
            let text = format!(
                "{works}: the best that works, so it is chosen at {} ms",
                milliseconds(selected.at)
            );
            tell_pair(page, better, pair, &text, names, viewer);
        }
        None => page.paragraph(&format!(
            "{viewer} uses {} -> {} since {} ms.",
            base.map(|base| names.own(base, viewer)).unwrap_or_default(),
            remote.map(|remote| names.other(remote, viewer)).unwrap_or_default(),
            milliseconds(selected.at)
        )),
    }
    let worse = pairs.len().saturating_sub(better + 1);
    if worse > 0 {
        let (noun, verb) = if worse == 1 { ("pair", "was") } else { ("pairs", "were") };
        page.paragraph(&format!("{worse} {noun} of lower priority {verb} not needed."));
    }
}

fn tell_failure(
    page: &mut Page,
    scene: &Scene,
    reading: &Reading,
    checks: &[Check],
    names: &Names<'_>,
) {
    page.heading("Why no pair works (best pair first)");
    for viewer in scene.peers() {
        let pairs = pairs(reading, viewer);
        if pairs.is_empty() {
            page.paragraph(&format!("{viewer} had nothing to try."));
            continue;
        }
        page.paragraph(&format!("{viewer} had {} to try:", counted(pairs.len(), "pair")));
        tell_pairs(page, &pairs, checks, names, viewer, Instant::FAR_FUTURE);
    }
}

/// Pairs with what came of them; of many in a row that went the same way, only the first few.
fn tell_pairs(
    page: &mut Page,
    pairs: &[Pair],
    checks: &[Check],
    names: &Names<'_>,
    viewer: &str,
    chosen: Instant,
) {
    let mut alike = 0;
    let mut before: Option<&Check> = None;
    for (index, pair) in pairs.iter().enumerate() {
        let first = of_pair(checks, viewer, pair).next();
        let is_alike = match (before, first) {
            (Some(before), Some(first)) => before.is_repeated_by(first),
            (Some(_) | None, None) | (None, Some(_)) => false,
        };
        before = first;
        if is_alike {
            alike += 1;
        } else {
            tell_alike(page, index, alike);
            alike = 0;
        }
        if alike < SHOWN {
            let text = outcome(checks, viewer, pair, names, chosen);
            tell_pair(page, index, pair, &text, names, viewer);
        }
    }
    tell_alike(page, pairs.len(), alike);
}

/// Stands for the pairs before `end` that went the same way as one shown, beyond those that are shown too.
fn tell_alike(page: &mut Page, end: usize, alike: usize) {
    if alike >= SHOWN {
        let hidden = alike + 1 - SHOWN;
        page.paragraph(&format!("   ({hidden} more, up to number {end}, went the same way.)"));
    }
}

fn tell_pair(
    page: &mut Page,
    index: usize,
    pair: &Pair,
    text: &str,
    names: &Names<'_>,
    viewer: &str,
) {
    let own = names.own(pair.local, viewer);
    page.item(index + 1, &format!("{own} -> {}", names.other(pair.remote, viewer)));
    page.item_more(text);
}

/// The pairs of a side since it last began anew: best first where the record has priorities, else
/// in the order in which they were made.
fn pairs(reading: &Reading, viewer: &str) -> Vec<Pair> {
    let mine: Vec<_> = reading.notes.iter().filter(|note| note.node == *viewer).collect();
    let restart = mine.iter().rposition(|note| note.name == "ice.restart").unwrap_or_default();
    let noted = mine.into_iter().skip(restart).filter(|note| note.name == "ice.pair");
    let mut pairs = IndexMap::new();
    for note in noted {
        if let (Some(local), Some(remote)) = (note.address("local"), note.address("remote")) {
            pairs.insert((local, remote), note.number("priority"));
        }
    }
    let pairs =
        pairs.into_iter().map(|((local, remote), priority)| Pair { local, remote, priority });
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_by_key(|pair| core::cmp::Reverse(pair.priority));
    pairs
}

/// All checks of a pair.
fn of_pair<'a>(
    checks: &'a [Check],
    viewer: &'a str,
    pair: &Pair,
) -> impl Iterator<Item = &'a Check> + use<'a> {
    let (local, remote) = (pair.local, pair.remote);
    checks.iter().filter(move |check| {
        check.peer == *viewer && (check.local, check.remote) == (local, remote)
    })
}

/// What came of all checks of a pair, in one sentence.
fn outcome(
    checks: &[Check],
    viewer: &str,
    pair: &Pair,
    names: &Names<'_>,
    chosen: Instant,
) -> String {
    let mine: Vec<_> = of_pair(checks, viewer, pair).collect();
    let Some(first) = mine.first() else {
        return "was never checked".to_owned();
    };
    if let Some((at, _)) = mine.iter().find_map(|check| check.answer) {
        if at > chosen {
            return format!("works too, but was answered only at {} ms", milliseconds(at));
        }
        return format!("answered at {} ms", milliseconds(at));
    }
    let sent = counted(mine.len(), "check");
    let alike = mine.iter().all(|check| check.fate.is_like(&first.fate));
    if alike {
        let every = if mine.len() == 1 { "" } else { "all " };
        return format!("{sent}, {every}{}", result(first, names));
    }
    let last = mine.last().unwrap_or(first);
    let dropped = mine.iter().filter(|check| !check.fate.is_like(&last.fate)).count();
    format!(
        "{sent}, none answered: {dropped} {}; the last {}",
        result(first, names),
        result(last, names)
    )
}

/// How many pairs in a row that went the same way are shown.
const SHOWN: usize = 3;

/// A number with its noun.
fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
