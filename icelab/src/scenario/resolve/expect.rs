//! Expectations: which of them apply to a case, and what they ask.

use core::time::Duration;

use indexmap::IndexMap;

use super::{Context, Doubt};
use crate::scenario::grammar::expect::{
    Connected as ConnectedTerm, Expect as Term, OverWord, PathWord, Reconnected as ReconnectedTerm,
    SelectedWord, Soon,
};
use crate::scenario::plan::{
    Call, CandidateKind, Connected, Event, Expectation, Path, Reconnected, Selected,
    SweepExpectation, Transport,
};
use crate::scenario::text::bound::Bound;
use crate::scenario::text::decode::{Anything, At, OneOrMany};
use crate::scenario::text::fault::Fault;
use crate::scenario::text::quantity::Share;
use crate::scenario::text::source::Span;

/// The matrix values that an expectation is for.
pub type When = At<IndexMap<String, Anything>>;

/// What is expected of a case.
pub(super) struct Judged<'a> {
    /// What applies.
    pub(super) expectations: Vec<Expectation>,
    /// What applies to all its seeds together.
    pub(super) over_seeds: Vec<SweepExpectation>,
    /// What applies, as it is written.
    pub(super) terms: Vec<&'a At<Term>>,
    /// Where everything stands, and whether it applies.
    pub(super) places: Vec<(Span, bool)>,
}

impl Context<'_> {
    /// What applies to a case: of those for the same time and group, the first whose `when` holds.
    pub(super) fn expectations<'a>(
        &mut self,
        terms: Option<&'a At<OneOrMany<Term>>>,
        call: Option<&Call>,
        events: &[Event],
        when_holds: &dyn Fn(&When) -> bool,
    ) -> Judged<'a> {
        let mut judged = Judged {
            expectations: Vec::new(),
            over_seeds: Vec::new(),
            terms: Vec::new(),
            places: Vec::new(),
        };
        let mut decided: Vec<(Option<Duration>, bool)> = Vec::new();
        for term in terms.iter().flat_map(|terms| &terms.value.0) {
            let at = term.value.at.as_ref().map(|at| self.within_limit(at));
            if term.value.over.is_some() && !self.has_sweep {
                self.doubts.push(Doubt::Case(
                    Fault::new(term.span, "`over: seeds` without a `sweep` is about one seed")
                        .help("as in `sweep: { seeds: 1..100 }`; `icelab run --sweep 1..100` gives one too"),
                ));
            }
            let is_over = match term.value.over.as_ref().map(|over| over.value) {
                Some(OverWord::Seeds) => true,
                None => false,
            };
            let group = (at, is_over);
            let applies =
                !decided.contains(&group) && term.value.when.as_ref().is_none_or(when_holds);
            if is_over {
                let read = self.over_seeds(term);
                judged.over_seeds.extend(read.filter(|_| applies));
            } else {
                let read = self.expectation(term, at, call, events);
                self.check_sense(term, at);
                judged.expectations.extend(applies.then_some(read));
            }
            judged.places.push((term.span, applies));
            if applies {
                judged.terms.push(term);
                decided.push(group);
            }
        }
        judged.expectations.sort_by_key(|expectation| expectation.at.unwrap_or(Duration::MAX));
        judged
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
            if alternative.value.0.is_empty() {
                self.faults.push(
                    Fault::new(alternative.span, "this names no side, so it expects nothing")
                        .help("as in `selected: { alice: srflx/udp }`"),
                );
            }
            let mut sides = IndexMap::new();
            for definition in &alternative.value.0 {
                if let Some(call) = call
                    && call.side(&definition.name).is_none()
                {
                    self.push_no_side(&definition.name, definition.name_span, call);
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
            dtls: fields
                .dtls
                .iter()
                .flat_map(|versions| &versions.value.0)
                .map(|version| version.value.version())
                .collect(),
            data: self.carried(fields.data.as_ref(), call),
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
            soon.max.as_ref().map(|max| max.span),
            soon.share.as_ref().map(|share| share.span),
        ];
        if let Some(span) = spans.into_iter().flatten().next() {
            self.faults.push(
                Fault::new(span, "`p50`, `p95`, `max` and `share` are about many runs")
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
        if !events.iter().any(|event| at.is_none_or(|at| event.at < at)) {
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
                Some(within) => {
                    if within.value.0 < Reconnected::RESOLUTION {
                        self.faults.push(
                            Fault::new(
                                within.span,
                                "`reconnected` is measured to 100 ms, not finer",
                            )
                            .label("should be at least 100 ms")
                            .help("write `100 ms`: what was never interrupted counts as 0"),
                        );
                    }
                    Some(Reconnected::Within(within.value.0))
                }
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
            fields.dtls.as_ref().map(|dtls| dtls.span),
            fields.data.as_ref().map(|data| data.span),
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
        let Soon { within, p50, p95, max, share } = &**soon;
        if let Some(within) = within {
            self.faults.push(wanting_shares(within.span));
        }
        if [p50, p95, max].into_iter().all(Option::is_none) && share.is_none() {
            self.faults.push(wanting_shares(term.span));
        }
        if let Some(share) = share {
            self.refuse_excess(share.span, share.value.0, "runs");
            let Bound { at_least, at_most } = share.value.0;
            if at_most.is_none_or(|most| most >= Share::WHOLE)
                && at_least.is_none_or(|least| least.0 == 0)
            {
                let fault =
                    Fault::new(share.span, "any share is right here, so this expects nothing");
                self.faults.push(fault.help("as in `share: \">= 99 %\"`"));
            }
        }
        Some(SweepExpectation {
            p50: p50.as_ref().map(|p50| p50.value.0),
            p95: p95.as_ref().map(|p95| p95.value.0),
            max: max.as_ref().map(|max| max.value.0),
            share: share.as_ref().map(|share| share.value.0),
        })
    }
}

fn wanting_shares(span: Span) -> Fault {
    Fault::new(span, "`over: seeds` needs `connected` with `p50`, `p95`, `max` or `share`")
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
