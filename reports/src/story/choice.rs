//! Chapter: why this pair and no other.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use icelab_sans_io::Instant;
use indexmap::IndexMap;

use crate::reading::check::{Check, Purpose};
use crate::reading::name::{Names, listed};
use crate::reading::priority::of_valid_pair;
use crate::reading::record::{Note, Reading};
use crate::reading::time::milliseconds;
use crate::scene::Scene;
use crate::story::fate::result;
use crate::story::page::Page;
use crate::story::waiting::waits;

/// A pair of a side's check list.
struct Pair {
    local: SocketAddr,
    remote: SocketAddr,
    /// Its priority in the check list.
    listed: Option<i64>,
    /// That of the valid pair that its answer made of it; before there is one, the same.
    priority: Option<i64>,
}

/// All that a choice is told from.
struct Ground<'a> {
    reading: &'a Reading,
    checks: &'a [Check],
    names: &'a Names<'a>,
    /// How often ICE had begun anew.
    generation: usize,
}

/// Tells each choice from the side that made it, or, where there was none in the end, from both sides. A call that
/// began ICE anew had a choice each time.
pub(crate) fn tell(
    page: &mut Page,
    scene: &Scene,
    reading: &Reading,
    checks: &[Check],
    names: &Names<'_>,
) {
    let last = reading.generations();
    for generation in 0..=last {
        let ground = Ground { reading, checks, names, generation };
        match ground.chooser() {
            Some(selected) => ground.tell_choice(page, selected),
            None if generation == last => ground.tell_failure(page, scene),
            None => {
                page.heading(&format!("No pair was chosen{}", ground.span()));
            }
        }
    }
}

impl<'a> Ground<'a> {
    /// The last selection of the side that asked to use a pair, else the last one of all.
    fn chooser(&self) -> Option<&'a Note> {
        let mut nominations = self.checks.iter().rev().filter(|check| check.nominates());
        let nominator = nominations.find(|check| check.generation == self.generation);
        let nominator = nominator.map(|check| &check.peer);
        let by_nominator = self.selections().rfind(|note| Some(&note.node) == nominator);
        by_nominator.or_else(|| self.selections().next_back())
    }

    fn selections(&self) -> impl DoubleEndedIterator<Item = &'a Note> {
        let (reading, generation) = (self.reading, self.generation);
        let selected = reading.notes.iter().filter(|note| note.name == "ice.selected");
        selected.filter(move |note| reading.generation(&note.node, note.order) == generation)
    }

    /// When this generation was, in words; empty where there was but one.
    fn span(&self) -> String {
        let from = self.reading.restart(self.generation).filter(|_| self.generation > 0);
        let until = self.reading.restart(self.generation + 1);
        match (from.map(milliseconds), until.map(milliseconds)) {
            (None, None) => String::new(),
            (None, Some(until)) => format!(" before ICE began anew at {until} ms"),
            (Some(from), None) => format!(" after ICE began anew at {from} ms"),
            (Some(from), Some(until)) => format!(" between {from} ms and {until} ms"),
        }
    }

    fn tell_choice(&self, page: &mut Page, selected: &Note) {
        let (names, viewer) = (self.names, selected.node.as_str());
        let span = self.span();
        page.heading(&format!("Why this pair{span} ({viewer} chooses; best pair first)"));
        let pairs = self.pairs(viewer);
        let base = selected.address("base").or_else(|| selected.address("local"));
        let remote = selected.address("remote");
        let place =
            pairs.iter().position(|pair| Some(pair.local) == base && Some(pair.remote) == remote);
        let better = place.unwrap_or(pairs.len());
        let decided = self.decided(selected, base, remote);
        self.tell_pairs(page, pairs.get(..better).unwrap_or_default(), viewer, Some(decided));
        match place.and_then(|place| pairs.get(place)) {
            Some(pair) => {
                let works = self.outcome(viewer, pair, None);
                let mut others = pairs.iter().take(better);
                let is_best = others.all(|pair| {
                    self.answered(viewer, pair).is_none_or(|answered| answered > decided)
                });
                let best = if is_best { "the best that works, so it is " } else { "" };
                let text = format!("{works}: {best}chosen at {} ms", milliseconds(selected.at));
                tell_pair(page, better, pair, &text, names, viewer);
                self.tell_worse(page, &pairs, better, viewer);
            }
            None => page.paragraph(&format!(
                "{viewer} uses {} -> {} since {} ms.",
                base.map(|base| names.own(base, viewer)).unwrap_or_default(),
                remote.map(|remote| names.other(remote, viewer)).unwrap_or_default(),
                milliseconds(selected.at)
            )),
        }
        let mine: Vec<_> = self.selections().filter(|note| note.node == *viewer).collect();
        match mine.as_slice() {
            [] | [_] => self.tell_wait(page, viewer, better),
            changes => self.tell_changes(page, changes, viewer),
        }
    }

    /// When a side asked to use the pair that it selected; where it did not ask, when it selected it.
    fn decided(
        &self,
        selected: &Note,
        base: Option<SocketAddr>,
        remote: Option<SocketAddr>,
    ) -> Instant {
        let asks = self.checks.iter().rfind(|check| {
            check.nominates()
                && check.peer == selected.node
                && check.generation == self.generation
                && check.at <= selected.at
                && (Some(check.local), Some(check.remote)) == (base, remote)
        });
        asks.map_or(selected.at, |check| check.at)
    }

    /// The pairs after the chosen one: those that stood before it until both were answered, and how many there are
    /// besides.
    fn tell_worse(&self, page: &mut Page, pairs: &[Pair], chosen: usize, viewer: &str) {
        let listed = pairs.get(chosen).and_then(|pair| pair.listed);
        let worse = pairs.get(chosen + 1..).unwrap_or_default();
        let fallen = worse.iter().rposition(|pair| pair.listed > listed).map_or(0, |last| last + 1);
        for (index, pair) in worse.iter().take(fallen).enumerate() {
            let text = format!("{}: ranks lower", self.outcome(viewer, pair, None));
            tell_pair(page, chosen + 1 + index, pair, &text, self.names, viewer);
        }
        if fallen > 0 {
            page.paragraph(
                "A pair that works ranks by the address that the other side saw: host, then prflx, then srflx, then \
                 relay (RFC 8445 section 7.2.5.3.2).",
            );
        }
        let rest = worse.len() - fallen;
        if rest > 0 {
            let (noun, verb) = if rest == 1 { ("pair", "was") } else { ("pairs", "were") };
            page.paragraph(&format!("{rest} {noun} of lower priority {verb} not needed."));
        }
    }

    /// Why the choice took as long as it did.
    fn tell_wait(&self, page: &mut Page, viewer: &str, better: usize) {
        let mut waits = waits(self.checks).into_iter();
        let Some(wait) =
            waits.find(|wait| *wait.who == *viewer && wait.generation == self.generation)
        else {
            return;
        };
        let better = self.pairs(viewer).into_iter().take(better);
        let hope = match better.filter(|pair| self.is_open(viewer, pair, wait.until)).count() {
            0 => "candidates for better ones could still come".to_owned(),
            1 => "a better pair could still be answered".to_owned(),
            more => format!("{more} better pairs could still be answered"),
        };
        page.paragraph(&format!(
            "{viewer} had a pair that works at {} ms, and waited until {} ms before it asked to use one: {hope}.",
            milliseconds(wait.since),
            milliseconds(wait.until)
        ));
    }

    /// The pairs that were chosen one after the other.
    fn tell_changes(&self, page: &mut Page, changes: &[&Note], viewer: &str) {
        let steps = changes.iter().map(|note| {
            let base = note.address("base").or_else(|| note.address("local"));
            format!(
                "at {} ms {} -> {}",
                milliseconds(note.at),
                base.map(|base| self.names.own(base, viewer)).unwrap_or_default(),
                note.address("remote")
                    .map(|remote| self.names.other(remote, viewer))
                    .unwrap_or_default()
            )
        });
        let steps: Vec<_> = steps.collect();
        page.paragraph(&format!("{viewer} chose {}.", steps.join(", then ")));
    }

    fn tell_failure(&self, page: &mut Page, scene: &Scene) {
        let mut answers = self.checks.iter().filter(|check| check.answer.is_some());
        let works = answers.any(|check| check.generation == self.generation);
        let what = if works { "No pair was chosen" } else { "Why no pair works" };
        page.heading(&format!("{what}{} (best pair first)", self.span()));
        for viewer in scene.peers() {
            let pairs = self.pairs(viewer);
            if pairs.is_empty() {
                let why = self.no_pairs(scene, viewer).unwrap_or_default();
                page.paragraph(&format!("{viewer} had nothing to try{why}."));
                continue;
            }
            page.paragraph(&format!("{viewer} had {} to try:", counted(pairs.len(), "pair")));
            self.tell_pairs(page, &pairs, viewer, None);
        }
    }

    /// Why a side could pair nothing: a side without candidates, or none of a common family.
    fn no_pairs(&self, scene: &Scene, viewer: &str) -> Option<String> {
        let other = scene.peers().find(|peer| *peer != viewer)?;
        let (mine, theirs) = (self.families(viewer), self.families(other));
        let word = |families: &BTreeSet<bool>| match families.contains(&true) {
            true => "IPv6",
            false => "IPv4",
        };
        if mine.is_empty() || theirs.is_empty() {
            let without = [(viewer, &mine), (other, &theirs)];
            let without = without.into_iter().filter(|(_, families)| families.is_empty());
            let names: Vec<_> = without.map(|(who, _)| who.to_owned()).collect();
            let verb = if names.len() == 1 { "has" } else { "have" };
            return Some(format!(": {} {verb} no candidate", listed(&names)));
        }
        mine.is_disjoint(&theirs).then(|| {
            let (mine, theirs) = (word(&mine), word(&theirs));
            format!(": {viewer} has only {mine} candidates, and {other} only {theirs} ones")
        })
    }

    /// The families of a side's candidates: whether IPv6.
    fn families(&self, who: &str) -> BTreeSet<bool> {
        let found = self.reading.notes.iter().filter(|note| {
            note.name == "gather.candidate"
                && note.node == *who
                && self.reading.generation(who, note.order) == self.generation
        });
        found.filter_map(|note| Some(note.ip("address")?.is_ipv6())).collect()
    }

    /// Pairs with what came of them; of many in a row that went the same way, only the first few.
    fn tell_pairs(&self, page: &mut Page, pairs: &[Pair], viewer: &str, chosen: Option<Instant>) {
        let mut alike = 0;
        let mut before: Option<&Check> = None;
        for (index, pair) in pairs.iter().enumerate() {
            let first = self.of_pair(viewer, pair).next();
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
                let text = self.outcome(viewer, pair, chosen);
                tell_pair(page, index, pair, &text, self.names, viewer);
            }
        }
        tell_alike(page, pairs.len(), alike);
    }

    /// The pairs of a side in this generation: best first where the record has priorities, else in the order in which
    /// they were made.
    fn pairs(&self, viewer: &str) -> Vec<Pair> {
        let noted = self.reading.notes.iter().filter(|note| {
            note.name == "ice.pair"
                && note.node == *viewer
                && self.reading.generation(viewer, note.order) == self.generation
        });
        let mut pairs = IndexMap::new();
        for note in noted {
            if let (Some(local), Some(remote)) = (note.address("local"), note.address("remote")) {
                let listed = note.number("priority");
                let mut pair = Pair { local, remote, listed, priority: listed };
                if note.text("local_kind") == "host" {
                    pair.priority = self.valid_priority(viewer, &pair, note.order);
                }
                pairs.insert((local, remote), pair);
            }
        }
        let mut pairs: Vec<_> = pairs.into_values().collect();
        pairs.sort_by_key(|pair| core::cmp::Reverse(pair.priority));
        pairs
    }

    /// The priority of a pair of one's host candidate, once it was answered: as ICE compares pairs that work.
    fn valid_priority(&self, viewer: &str, pair: &Pair, order: u64) -> Option<i64> {
        let listed = pair.listed?;
        let Some((_, seen)) = self.answer(viewer, pair).filter(|(_, seen)| *seen != pair.local)
        else {
            return Some(listed);
        };
        let mut roles =
            self.reading.notes.iter().rev().filter(|note| {
                note.name == "ice.role" && note.node == *viewer && note.order <= order
            });
        let is_controlling = roles.next().is_some_and(|note| note.text("role") == "controlling");
        let kind = self.names.kind(seen, |owner| owner == viewer);
        Some(of_valid_pair(listed, is_controlling, kind))
    }

    /// The checks that were to find out whether a pair works.
    fn of_pair(&self, viewer: &str, pair: &Pair) -> impl Iterator<Item = &'a Check> {
        let generation = self.generation;
        let (local, remote) = (pair.local, pair.remote);
        self.checks.iter().filter(move |check| {
            check.peer == *viewer
                && check.generation == generation
                && check.purpose == Purpose::Pair
                && (check.local, check.remote) == (local, remote)
        })
    }

    /// When a pair's first answer came, and as whom the other side saw the sender.
    fn answer(&self, viewer: &str, pair: &Pair) -> Option<(Instant, SocketAddr)> {
        self.of_pair(viewer, pair).find_map(|check| check.answer)
    }

    fn answered(&self, viewer: &str, pair: &Pair) -> Option<Instant> {
        self.answer(viewer, pair).map(|(at, _)| at)
    }

    /// Whether a pair had neither been answered nor given up at this time.
    fn is_open(&self, viewer: &str, pair: &Pair, at: Instant) -> bool {
        let is_given_up = self.reading.notes.iter().any(|note| {
            note.name == "ice.check.failed"
                && note.node == *viewer
                && note.at <= at
                && note.address("local") == Some(pair.local)
                && note.address("remote") == Some(pair.remote)
        });
        !is_given_up && self.answered(viewer, pair).is_none_or(|answered| answered > at)
    }

    /// Why a pair that had been answered was not the one to be chosen at this time, as far as the record tells.
    fn end_of_use(&self, viewer: &str, pair: &Pair, chosen: Instant) -> String {
        let is_it = |note: &Note| {
            let base = note.address("base").or_else(|| note.address("local"));
            (base, note.address("remote")) == (Some(pair.local), Some(pair.remote))
        };
        let mut mine = self.selections().filter(|note| note.node == *viewer);
        if let Some(used) = mine.find(|note| is_it(note))
            && let Some(next) = mine.next()
        {
            let (from, until) = (milliseconds(used.at), milliseconds(next.at));
            return format!("only chosen from {from} ms to {until} ms");
        }
        let is_broken = self.reading.notes.iter().any(|note| {
            let broken = match &*note.name {
                "ice.consent.doubtful" | "ice.consent.lost" => is_it(note),
                "interface.gone" => note.ip("address") == Some(pair.local.ip()),
                _ => false,
            };
            broken && note.node == *viewer && note.at <= chosen
        });
        let is_silent = self.checks.iter().any(|check| {
            check.purpose == Purpose::Silence
                && check.peer == *viewer
                && check.answer.is_none()
                && check.at <= chosen
                && (check.local, check.remote) == (pair.local, pair.remote)
        });
        let end = if is_broken || is_silent { "out of use by then" } else { "not chosen" };
        end.to_owned()
    }

    /// What came of all checks of a pair, in one sentence; for a pair that another one was `chosen` over, too.
    fn outcome(&self, viewer: &str, pair: &Pair, chosen: Option<Instant>) -> String {
        if let Some((at, seen)) = self.answer(viewer, pair) {
            let time = milliseconds(at);
            let seen = match seen == pair.local {
                true => String::new(),
                false => format!(", seen as {}", self.names.own(seen, viewer)),
            };
            return match chosen {
                Some(chosen) if at > chosen => {
                    format!("works too, but was answered only at {time} ms{seen}")
                }
                Some(chosen) => {
                    let end = self.end_of_use(viewer, pair, chosen);
                    format!("answered at {time} ms{seen}, but {end}")
                }
                None => format!("answered at {time} ms{seen}"),
            };
        }
        let mine: Vec<_> = self.of_pair(viewer, pair).collect();
        let (Some(first), Some(last)) = (mine.first(), mine.last()) else {
            return "was never checked".to_owned();
        };
        let sent = counted(mine.len(), "check");
        if mine.iter().all(|check| check.fate.is_like(&first.fate)) {
            let every = if mine.len() == 1 { "" } else { "each " };
            return format!("{sent}, {every}{}", result(first, self.names));
        }
        let alike = mine.iter().rev().take_while(|check| check.fate.is_like(&last.fate)).count();
        format!(
            "{sent}, none answered: the first {}; the last{} {}",
            result(first, self.names),
            if alike > 1 { format!(" {alike}") } else { String::new() },
            result(last, self.names)
        )
    }
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

/// How many pairs in a row that went the same way are shown.
const SHOWN: usize = 3;

/// A number with its noun.
fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
