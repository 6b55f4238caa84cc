//! Expectations: which of them apply to a case, and what they ask.

use core::time::Duration;

use indexmap::IndexMap;

use super::Context;
use crate::scenario::grammar::expect::{
    Connected as ConnectedTerm, Expect as Term, OverWord, PathWord, Reconnected as ReconnectedTerm,
    SelectedWord, Soon,
};
use crate::scenario::plan::{
    Call, CandidateKind, Connected, Event, Expectation, Path, Reconnected, Selected,
    SweepExpectation, Transport,
};
use crate::scenario::text::decode::{Anything, At, OneOrMany};
use crate::scenario::text::fault::Fault;

/// The matrix values that an expectation is for.
pub type When = At<IndexMap<String, Anything>>;

impl Context<'_> {
    /// What applies to a case: of those for the same time and group, the first whose `when` holds.
    pub(super) fn expectations(
        &mut self,
        terms: Option<&At<OneOrMany<Term>>>,
        call: Option<&Call>,
        events: &[Event],
        when_holds: &dyn Fn(&When) -> bool,
    ) -> (Vec<Expectation>, Vec<SweepExpectation>) {
        let mut expectations: Vec<Expectation> = Vec::new();
        let mut over_seeds: Vec<SweepExpectation> = Vec::new();
        let mut decided: Vec<(Option<Duration>, bool)> = Vec::new();
        for term in terms.iter().flat_map(|terms| &terms.value.0) {
            let at = term.value.at.as_ref().map(|at| self.within_limit(at));
            let is_over = match term.value.over.as_ref().map(|over| over.value) {
                Some(OverWord::Seeds) => true,
                None => false,
            };
            let group = (at, is_over);
            let applies =
                !decided.contains(&group) && term.value.when.as_ref().is_none_or(when_holds);
            if is_over {
                let read = self.over_seeds(term);
                over_seeds.extend(read.filter(|_| applies));
            } else {
                let read = self.expectation(term, at, call, events);
                expectations.extend(applies.then_some(read));
            }
            if applies {
                decided.push(group);
            }
        }
        expectations.sort_by_key(|expectation| expectation.at.unwrap_or(Duration::MAX));
        (expectations, over_seeds)
    }

    fn expectation(
        &mut self,
        term: &At<Term>,
        at: Option<Duration>,
        call: Option<&Call>,
        events: &[Event],
    ) -> Expectation {
        let fields = &term.value;
        let mut selected = Vec::new();
        for alternative in fields.selected.iter().flat_map(|selected| &selected.value.0) {
            let mut sides = IndexMap::new();
            for definition in &alternative.value.0 {
                if let Some(call) = call
                    && call.side(&definition.name).is_none()
                {
                    let sides = [call.offerer.as_str(), call.answerer.as_str()];
                    let (span, name) = (definition.name_span, &definition.name);
                    self.faults.push(Fault::unknown_word(span, name, &sides, "side of the call"));
                }
                let any = definition.value.0.iter().map(|word| candidate(word.value)).collect();
                sides.insert(definition.name.clone(), any);
            }
            selected.push(sides);
        }
        Expectation {
            at,
            connected: fields.connected.as_ref().and_then(|term| self.connected(term)),
            path: fields
                .path
                .iter()
                .flat_map(|path| &path.value.0)
                .map(|p| path(p.value))
                .collect(),
            selected,
            reconnected: fields
                .reconnected
                .as_ref()
                .and_then(|term| self.reconnected(term, at, events)),
        }
    }

    fn connected(&mut self, term: &At<ConnectedTerm>) -> Option<Connected> {
        let soon = match &term.value {
            ConnectedTerm::Is(true) => return Some(Connected::Yes),
            ConnectedTerm::Is(false) => return Some(Connected::No),
            ConnectedTerm::Soon(soon) => soon,
        };
        let spans = [
            soon.p50.as_ref().map(|p50| p50.span),
            soon.p95.as_ref().map(|p95| p95.span),
            soon.share.as_ref().map(|share| share.span),
        ];
        if let Some(span) = spans.into_iter().flatten().next() {
            self.faults.push(
                Fault::new(span, "`p50`, `p95` and `share` are about many runs")
                    .help("add `over: seeds` beside `connected`"),
            );
            return None;
        }
        let Some(within) = &soon.within else {
            self.faults.push(
                Fault::missing(term.span, "within", "`connected`")
                    .help("as in `connected: { within: 2 s }`, or `connected: true`"),
            );
            return None;
        };
        Some(Connected::Within(within.value.0))
    }

    fn reconnected(
        &mut self,
        term: &At<ReconnectedTerm>,
        at: Option<Duration>,
        events: &[Event],
    ) -> Option<Reconnected> {
        if !events.iter().any(|event| at.is_none_or(|at| event.at <= at)) {
            self.faults.push(
                Fault::new(term.span, "nothing happens before this")
                    .label("counts from the latest event before")
                    .help("write the event under `events:`, or ask for `connected`"),
            );
            return None;
        }
        match &term.value {
            ReconnectedTerm::Is(false) => Some(Reconnected::No),
            ReconnectedTerm::Is(true) => Some(Reconnected::Within(Duration::MAX)),
            ReconnectedTerm::Soon(again) => match &again.within {
                Some(within) => Some(Reconnected::Within(within.value.0)),
                None => {
                    self.faults.push(
                        Fault::missing(term.span, "within", "`reconnected`")
                            .help("as in `reconnected: { within: 8 s }`"),
                    );
                    None
                }
            },
        }
    }

    fn over_seeds(&mut self, term: &At<Term>) -> Option<SweepExpectation> {
        let fields = &term.value;
        let others = [
            fields.path.as_ref().map(|path| path.span),
            fields.selected.as_ref().map(|selected| selected.span),
            fields.reconnected.as_ref().map(|reconnected| reconnected.span),
            fields.at.as_ref().map(|at| at.span),
        ];
        if let Some(span) = others.into_iter().flatten().next() {
            self.faults.push(Fault::new(span, "`over: seeds` judges `connected` only").help(
                "write the rest in a map of its own, without `over`: each seed is judged by it",
            ));
        }
        let soon = match &fields.connected {
            Some(At { value: ConnectedTerm::Soon(soon), .. }) => soon,
            Some(At { span, .. }) => {
                self.faults.push(wanting_shares(*span));
                return None;
            }
            None => {
                self.faults.push(wanting_shares(term.span));
                return None;
            }
        };
        let Soon { within, p50, p95, share } = soon;
        if let Some(within) = within {
            self.faults.push(wanting_shares(within.span));
        }
        if p50.is_none() && p95.is_none() && share.is_none() {
            self.faults.push(wanting_shares(term.span));
        }
        Some(SweepExpectation {
            p50: p50.as_ref().map(|p50| p50.value.0),
            p95: p95.as_ref().map(|p95| p95.value.0),
            share: share.as_ref().map(|share| share.value.0),
        })
    }
}

fn wanting_shares(span: crate::scenario::text::source::Span) -> Fault {
    Fault::new(span, "`over: seeds` needs `connected` with `p50`, `p95` or `share`")
        .help("as in `{ over: seeds, connected: { p95: 2 s, share: \">= 99 %\" } }`")
}

fn path(word: PathWord) -> Path {
    match word {
        PathWord::Direct => Path::Direct,
        PathWord::Relayed => Path::Relayed,
        PathWord::None => Path::None,
    }
}

fn candidate(word: SelectedWord) -> Selected {
    let kind = match word {
        SelectedWord::HostUdp => CandidateKind::Host,
        SelectedWord::SrflxUdp => CandidateKind::ServerReflexive,
        SelectedWord::PrflxUdp => CandidateKind::PeerReflexive,
        SelectedWord::RelayUdp => CandidateKind::Relayed,
    };
    Selected { kind, transport: Transport::Udp }
}
