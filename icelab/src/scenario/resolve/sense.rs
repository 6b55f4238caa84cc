//! Expectations that no run can meet, and those that every run meets.

use core::time::Duration;

use super::usage::Nodes;
use super::{Context, Doubt};
use crate::scenario::grammar::expect::{
    Connected, Expect as Term, PathWord, Reconnected, SelectedWord,
};
use crate::scenario::plan::Call;
use crate::scenario::text::decode::{At, Named, OneOrMany};
use crate::scenario::text::fault::Fault;
use crate::scenario::text::quantity::Time;

impl Context<'_> {
    /// Tells of what is expected of a call that never connects, and needs one that does.
    fn check_unconnected(&mut self, fields: &Term) {
        let only_none = fields
            .path
            .as_ref()
            .is_some_and(|path| path.value.0.iter().all(|word| word.value == PathWord::None));
        if !(is_false_at_the_end(fields) || only_none) {
            return;
        }
        let dtls = fields.dtls.as_ref().map(|dtls| (dtls.span, "agrees on no version of DTLS"));
        let data = fields.data.as_ref().map(|data| (data.span, "carries no data"));
        for (span, what) in [dtls, data].into_iter().flatten() {
            self.faults.push(
                Fault::new(span, format!("a call that never connects {what}"))
                    .label("these two cannot both hold")
                    .help("remove this, or expect a connection"),
            );
        }
    }

    /// Tells of an expectation whose parts speak against each other, or which asks nothing.
    pub(super) fn check_sense(&mut self, term: &At<Term>, at: Option<Duration>) {
        let fields = &term.value;
        let asks = [
            fields.connected.is_some(),
            fields.path.is_some(),
            fields.selected.is_some(),
            fields.reconnected.is_some(),
            fields.dtls.is_some(),
            fields.data.is_some(),
        ];
        if !asks.contains(&true) && fields.when.is_none() {
            self.faults.push(
                Fault::new(term.span, "this expects nothing")
                    .label("should have `connected`, `path`, `selected`, `reconnected`, `dtls` or `data`")
                    .help("as in `expect: { path: direct }`, or remove it"),
            );
        }
        self.check_times(fields, at);
        self.check_unconnected(fields);
        let Some(path) = &fields.path else {
            if is_false_at_the_end(fields) {
                self.check_reconnected(fields, "`connected: false`");
            }
            return;
        };
        let words: Vec<PathWord> = path.value.0.iter().map(|word| word.value).collect();
        let only = |word| words.iter().all(|it| *it == word);
        let conflict =
            |message: &str| Fault::new(path.span, message).label("these two cannot both hold");
        if [PathWord::Direct, PathWord::Relayed, PathWord::None].iter().all(|it| words.contains(it))
        {
            self.faults.push(
                Fault::new(path.span, "any path is right here, so this expects nothing")
                    .help("remove what must not happen, or the whole key"),
            );
        }
        let connected = fields.connected.as_ref().map(|connected| &connected.value);
        if only(PathWord::None) && !matches!(connected, None | Some(Connected::Is(false))) {
            self.faults.push(
                conflict("`path: none` is a call that never connects, and `connected` asks for one that does")
                    .help("write `connected: false`, or another path"),
            );
        }
        if is_false_at_the_end(fields) && !words.contains(&PathWord::None) {
            self.faults.push(
                conflict(
                    "`connected: false` is a call that never connects, and so never has this path",
                )
                .help("write `path: none`, or judge `connected: false` at a time, with `at: 9 s`"),
            );
        }
        if only(PathWord::None) && at.is_none() {
            self.check_reconnected(fields, "`path: none`");
        }
        let Some(selected) = &fields.selected else { return };
        let conflict =
            |message: &str| Fault::new(selected.span, message).label("these two cannot both hold");
        let maps = || selected.value.0.iter().map(|map| &map.value);
        if only(PathWord::Direct) && maps().all(has_relay_side) {
            self.faults.push(
                conflict(
                    "a side that selects a relay makes the path relayed, and `path` says direct",
                )
                .help("write `path: relayed`, or another candidate"),
            );
        }
        if only(PathWord::Relayed) && maps().all(|map| map.0.len() > 1 && !mentions_relay(map)) {
            self.faults.push(
                conflict("a path is relayed where one side selects a relay, and neither does here")
                    .help("write `path: direct`, or `relay/udp` for one side"),
            );
        }
    }

    fn check_reconnected(&mut self, fields: &Term, because: &str) {
        let Some(reconnected) = &fields.reconnected else { return };
        if !matches!(reconnected.value, Reconnected::Is(false)) {
            let message =
                format!("{because} is a call that never connects, so it cannot reconnect");
            let fault = Fault::new(reconnected.span, message).label("these two cannot both hold");
            self.faults.push(fault);
        }
    }

    /// Tells of times that come after the time of judging.
    fn check_times(&mut self, fields: &Term, at: Option<Duration>) {
        let within = match fields.connected.as_ref().map(|connected| &connected.value) {
            Some(Connected::Soon(soon)) => soon.within.as_ref(),
            Some(Connected::Is(_)) | None => None,
        };
        let again = match fields.reconnected.as_ref().map(|reconnected| &reconnected.value) {
            Some(Reconnected::Soon(again)) => again.within.as_ref(),
            Some(Reconnected::Is(_)) | None => None,
        };
        for within in [within, again].into_iter().flatten() {
            self.within_limit(within);
        }
        if let (Some(within), Some(at)) = (within, at)
            && within.value.0 > at
        {
            let at = Time(at);
            self.faults.push(
                Fault::new(within.span, format!("{} is after the time of judging", within.value))
                    .label(format!("judged at {at}"))
                    .help(format!("write at most {at} here, or a later `at`")),
            );
        }
    }

    /// Notes an expectation of a relay that nobody asks for.
    pub(super) fn note_missing_relay(&mut self, term: &At<Term>, nodes: &Nodes<'_>, call: &Call) {
        let mut missing = Vec::new();
        let asks = |peer: &str| nodes.asks_turn(call, peer);
        if let Some(path) = &term.value.path
            && path.value.0.iter().all(|word| word.value == PathWord::Relayed)
            && !asks(&call.offerer)
            && !asks(&call.answerer)
        {
            missing
                .push((path.span, "no path is relayed where nobody asks a TURN server".to_owned()));
        }
        let maps = term.value.selected.iter().flat_map(|selected| &selected.value.0);
        for side in maps.flat_map(|map| &map.value.0) {
            if side.value.0.iter().all(|word| word.value == SelectedWord::RelayUdp)
                && call.side(&side.name).is_some()
                && !asks(&side.name)
            {
                let message = format!("`{}` has no relay where it asks no TURN server", side.name);
                missing.push((side.name_span, message));
            }
        }
        for (span, message) in missing {
            let help = "name a TURN server in `ice_servers` of `call`";
            self.doubts
                .push(Doubt::Case(Fault::new(span, message).label("cannot hold").help(help)));
        }
    }
}

/// `connected: false` without `at`: a call that never was connected.
fn is_false_at_the_end(fields: &Term) -> bool {
    let connected = fields.connected.as_ref().map(|connected| &connected.value);
    fields.at.is_none() && connected == Some(&Connected::Is(false))
}

type Sides = Named<OneOrMany<SelectedWord>>;

/// Whether some side must select a relay.
fn has_relay_side(sides: &Sides) -> bool {
    sides.0.iter().any(|side| side.value.0.iter().all(|word| word.value == SelectedWord::RelayUdp))
}

/// Whether some side may select a relay.
fn mentions_relay(sides: &Sides) -> bool {
    sides.0.iter().any(|side| side.value.0.iter().any(|word| word.value == SelectedWord::RelayUdp))
}
