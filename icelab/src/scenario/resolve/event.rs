//! Events: what happens on the way, to which of the nodes.

use core::time::Duration;

use icelab_sim::link::LinkChange;

use super::Context;
use super::link::changes;
use super::name::Kind;
use crate::scenario::grammar::event::{
    Drop, Event as Term, MatchFields, MatchOr, PacketWord, SetLink,
};
use crate::scenario::plan::{Action, Behind, Cable, Call, DropRule, Event, PacketKind, Peer};
use crate::scenario::text::decode::At;
use crate::scenario::text::fault::Fault;
use crate::scenario::text::quantity::Time;
use crate::scenario::text::source::Span;

impl Context<'_> {
    /// The events of a file, by time.
    pub(super) fn events(
        &mut self,
        terms: Option<&[At<Term>]>,
        peers: &[Peer],
        call: Option<&Call>,
    ) -> Vec<Event> {
        let mut events: Vec<(Span, Event)> = Vec::new();
        for term in terms.iter().flat_map(|terms| terms.iter()) {
            let at = match &term.value.at {
                Some(at) => self.within_limit(at),
                None => {
                    self.faults.push(Fault::missing(term.span, "at", "an event"));
                    continue;
                }
            };
            if let Some(action) = self.action(term, peers, call) {
                events.push((term.span, Event { at, action }));
            }
        }
        events.sort_by_key(|(_, event)| event.at);
        self.check_order(&events);
        events.into_iter().map(|(_, event)| event).collect()
    }

    /// Tells of events that come when they mean nothing any more, or not yet.
    fn check_order(&mut self, events: &[(Span, Event)]) {
        let mut cut = Lasting::default();
        let mut paused = Lasting::default();
        let mut closed: Vec<(&str, Duration)> = Vec::new();
        for (span, event) in events {
            let fault = |message: String| Fault::new(*span, message);
            let actor = actor(&event.action);
            if let Some((peer, at)) = closed.iter().find(|(peer, _)| actor == Some(*peer)) {
                self.faults.push(
                    fault(format!("`{peer}` has left the call at {}", Time(*at)))
                        .label("comes too late"),
                );
                continue;
            }
            match &event.action {
                Action::Close { peer } => closed.push((peer, event.at)),
                Action::Cut(cable) => {
                    if let Some(at) = cut.begin(cable, event.at) {
                        self.faults.push(
                            fault(format!("{} is cut already, since {}", ends(cable), Time(at)))
                                .help("`heal` it first, or remove this"),
                        );
                    }
                }
                Action::Heal(cable) => {
                    if !cut.end(&cable) {
                        let cable = ends(cable);
                        self.faults.push(
                            fault(format!("{cable} is not cut at this time"))
                                .label("heals nothing")
                                .help(format!(
                                    "`cut: {}` at an earlier time",
                                    cable.trim_matches('`')
                                )),
                        );
                    }
                }
                Action::Pause { peer } => {
                    if let Some(at) = paused.begin(peer, event.at) {
                        self.faults.push(
                            fault(format!("`{peer}` is paused already, since {}", Time(at)))
                                .help(format!("`resume: {peer}` first, or remove this")),
                        );
                    }
                }
                Action::Resume { peer } => {
                    if !paused.end(&peer) {
                        self.faults.push(
                            fault(format!("`{peer}` is not paused at this time"))
                                .label("resumes nothing")
                                .help(format!("`pause: {peer}` at an earlier time")),
                        );
                    }
                }
                Action::RestartIce { .. }
                | Action::Reboot { .. }
                | Action::Rebind { .. }
                | Action::Set { .. }
                | Action::Drop(_) => {}
            }
        }
    }

    fn action(&mut self, term: &At<Term>, peers: &[Peer], call: Option<&Call>) -> Option<Action> {
        let fields = &term.value;
        let written = [
            fields.reboot.is_some(),
            fields.rebind.is_some(),
            fields.cut.is_some(),
            fields.heal.is_some(),
            fields.set.is_some(),
            fields.drop.is_some(),
            fields.restart_ice.is_some(),
            fields.close.is_some(),
            fields.pause.is_some(),
            fields.resume.is_some(),
        ];
        if written.iter().filter(|is| **is).count() != 1 {
            let keys: Vec<&str> = Term::KEYS.iter().copied().filter(|key| *key != "at").collect();
            self.faults.push(
                Fault::new(term.span, "an event does one thing")
                    .label("should have `at` and one more key")
                    .help(format!("one of: {}", keys.join(", "))),
            );
            return None;
        }
        if let Some(name) = &fields.reboot {
            return self.gateway_name(name).map(|gateway| Action::Reboot { gateway });
        }
        if let Some(name) = &fields.rebind {
            return self.gateway_name(name).map(|gateway| Action::Rebind { gateway });
        }
        if let Some(ends) = &fields.cut {
            return self.cable(ends, peers).map(Action::Cut);
        }
        if let Some(ends) = &fields.heal {
            return self.cable(ends, peers).map(Action::Heal);
        }
        if let Some(set) = &fields.set {
            return self.set(set, peers);
        }
        if let Some(drop) = &fields.drop {
            return self.drop(drop, call).map(Action::Drop);
        }
        if let Some(name) = &fields.pause {
            return self.reader(name, call).map(|peer| Action::Pause { peer });
        }
        if let Some(name) = &fields.resume {
            return self.reader(name, call).map(|peer| Action::Resume { peer });
        }
        if let Some(name) = &fields.restart_ice {
            return self.peer_name(name, call).map(|peer| Action::RestartIce { peer });
        }
        let name = fields.close.as_ref()?;
        self.peer_name(name, call).map(|peer| Action::Close { peer })
    }

    fn gateway_name(&mut self, name: &At<String>) -> Option<String> {
        self.names.expect(&name.value, name.span, &[Kind::Gateway], self.faults)?;
        Some(name.value.clone())
    }

    /// The name of a side of a call that has something to read.
    fn reader(&mut self, name: &At<String>, call: Option<&Call>) -> Option<String> {
        if call.is_some_and(|call| call.data.is_empty()) {
            self.faults.push(
                Fault::new(name.span, "the call has no data channels to read")
                    .help("as in `call: { data: { send: { from: alice } } }`"),
            );
        }
        self.peer_name(name, call)
    }

    /// The name of a side of the call.
    fn peer_name(&mut self, name: &At<String>, call: Option<&Call>) -> Option<String> {
        self.names.expect(&name.value, name.span, &[Kind::Peer], self.faults)?;
        if let Some(call) = call.filter(|call| call.side(&name.value).is_none()) {
            self.push_no_side(&name.value, name.span, call);
        }
        Some(name.value.clone())
    }

    /// The cable between two nodes, in either order.
    fn cable(&mut self, ends: &At<Vec<At<String>>>, peers: &[Peer]) -> Option<Cable> {
        let [one, other] = ends.value.as_slice() else {
            self.faults.push(
                Fault::new(ends.span, "a cable has two ends")
                    .help("as in `cut: [alice, home_a]` or `cut: [home_a, internet]`"),
            );
            return None;
        };
        for end in [one, other] {
            if end.value != super::name::INTERNET {
                let kinds = [Kind::Gateway, Kind::Server, Kind::Peer];
                self.names.expect(&end.value, end.span, &kinds, self.faults)?;
            }
        }
        for (owner, towards) in [(one, other), (other, one)] {
            let towards = if towards.value == super::name::INTERNET {
                Behind::Internet
            } else {
                Behind::Gateway(towards.value.clone())
            };
            if self.uplinks(&owner.value, peers).contains(&towards) {
                return Some(Cable { node: owner.value.clone(), towards });
            }
        }
        let mut help = Vec::new();
        for end in [one, other] {
            for behind in self.uplinks(&end.value, peers) {
                help.push(format!("[{}, {}]", end.value, word(&behind)));
            }
        }
        self.faults.push(
            Fault::new(
                ends.span,
                format!("no cable between `{}` and `{}`", one.value, other.value),
            )
            .help(format!("these are cables: {}", help.join(", "))),
        );
        None
    }

    /// What the cables of a node lead to.
    fn uplinks(&self, name: &str, peers: &[Peer]) -> Vec<Behind> {
        if let Some(peer) = peers.iter().find(|peer| peer.name == name) {
            return peer.interfaces.iter().map(|interface| interface.behind.clone()).collect();
        }
        self.uplinks.get(name).cloned().into_iter().collect()
    }

    fn set(&mut self, set: &At<SetLink>, peers: &[Peer]) -> Option<Action> {
        let fields = &set.value.fields;
        let (up, down) = changes(fields, self.faults);
        let each = [
            Some(&fields.both),
            fields.up.as_ref().map(|up| &up.value),
            fields.down.as_ref().map(|down| &down.value),
        ];
        let schedules = each.into_iter().flatten().filter_map(|fields| fields.schedule.as_ref());
        for schedule in schedules {
            self.faults.push(
                Fault::new(schedule.span, "`set` happens at one time, and has no schedule")
                    .help("write an event for each change, or the schedule at the link itself"),
            );
        }
        if up == LinkChange::default() && down == LinkChange::default() && self.faults.is_empty() {
            self.faults.push(
                Fault::new(set.span, "this changes nothing")
                    .help("as in `set: { link: home_a, loss: 5 % }`"),
            );
        }
        if let Some(like) = &set.value.fields.like {
            self.faults.push(
                Fault::new(like.span, "`like` has no meaning for a cable that is there already")
                    .help("write what changes"),
            );
        }
        let Some(owner) = &set.value.link else {
            self.faults.push(
                Fault::missing(set.span, "link", "`set`").help(
                    "as in `set: { link: home_a, loss: 5 % }`: whose cable, and what changes",
                ),
            );
            return None;
        };
        let cable = match owner.value.0.as_slice() {
            [one] => {
                let kinds = [Kind::Gateway, Kind::Server, Kind::Peer];
                self.names.expect(&one.value, one.span, &kinds, self.faults)?;
                match self.uplinks(&one.value, peers).as_slice() {
                    [towards] => Cable { node: one.value.clone(), towards: towards.clone() },
                    many => {
                        let ends: Vec<String> =
                            many.iter().map(|b| format!("[{}, {}]", one.value, word(b))).collect();
                        self.faults.push(
                            Fault::new(one.span, format!("`{}` has several cables", one.value))
                                .help(format!("say which: {}", ends.join(" or "))),
                        );
                        return None;
                    }
                }
            }
            _ => self.cable(&At { value: owner.value.0.clone(), span: owner.span }, peers)?,
        };
        Some(Action::Set { cable, up: Box::new(up), down: Box::new(down) })
    }

    fn drop(&mut self, term: &At<Drop>, call: Option<&Call>) -> Option<DropRule> {
        let Some(what) = &term.value.r#match else {
            self.faults.push(
                Fault::missing(term.span, "match", "`drop`")
                    .help("as in `drop: { match: { packet: nomination, from: alice }, nth: 1 }`"),
            );
            return None;
        };
        let nothing = MatchFields::default();
        let (packet, fields) = match &what.value {
            MatchOr::Packet(word) => (*word, &nothing),
            MatchOr::Given(fields) => {
                (fields.packet.as_ref().map_or(PacketWord::Any, |word| word.value), fields)
            }
        };
        Some(DropRule {
            packet: kind(packet),
            from: self.host_name(fields.from.as_ref(), call)?,
            to: self.host_name(fields.to.as_ref(), call)?,
            nth: term.value.nth.as_ref().map_or_else(|| vec![1], |nth| nth.value.0.clone()),
            must_come: term.value.must_come.as_ref().is_none_or(|must| must.value),
        })
    }

    /// A name that may be left out; the outer `None` is a fault.
    fn host_name(
        &mut self,
        name: Option<&At<String>>,
        call: Option<&Call>,
    ) -> Option<Option<String>> {
        let Some(name) = name else { return Some(None) };
        let kinds = [Kind::Peer, Kind::Server];
        let kind = self.names.expect(&name.value, name.span, &kinds, self.faults)?;
        if let Some(call) =
            call.filter(|call| kind == Kind::Peer && call.side(&name.value).is_none())
        {
            self.push_no_side(&name.value, name.span, call);
        }
        Some(Some(name.value.clone()))
    }
}

/// The side of the call that does something.
fn actor(action: &Action) -> Option<&str> {
    match action {
        Action::RestartIce { peer }
        | Action::Close { peer }
        | Action::Pause { peer }
        | Action::Resume { peer } => Some(peer),
        Action::Reboot { .. }
        | Action::Rebind { .. }
        | Action::Cut(_)
        | Action::Heal(_)
        | Action::Set { .. }
        | Action::Drop(_) => None,
    }
}

/// What has begun and has not ended, and since when.
struct Lasting<K>(Vec<(K, Duration)>);

impl<K> Default for Lasting<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Lasting<K> {
    /// Begins; since when it had before, where it had.
    fn begin(&mut self, key: K, at: Duration) -> Option<Duration> {
        let since = self.0.iter().find(|(known, _)| *known == key).map(|(_, since)| *since);
        if since.is_none() {
            self.0.push((key, at));
        }
        since
    }

    /// Ends; whether it had begun.
    fn end(&mut self, key: &K) -> bool {
        let place = self.0.iter().position(|(known, _)| known == key);
        place.map(|place| self.0.remove(place)).is_some()
    }
}

/// A cable by its ends, as `cut` names it.
fn ends(cable: &Cable) -> String {
    format!("`[{}, {}]`", cable.node, word(&cable.towards))
}

fn word(behind: &Behind) -> &str {
    match behind {
        Behind::Internet => super::name::INTERNET,
        Behind::Gateway(name) => name,
    }
}

fn kind(word: PacketWord) -> PacketKind {
    match word {
        PacketWord::Any => PacketKind::Any,
        PacketWord::StunRequest => PacketKind::StunRequest,
        PacketWord::StunSuccess => PacketKind::StunSuccess,
        PacketWord::StunError => PacketKind::StunError,
        PacketWord::Nomination => PacketKind::Nomination,
        PacketWord::PlainRequest => PacketKind::PlainRequest,
        PacketWord::TurnRequest => PacketKind::TurnRequest,
        PacketWord::TurnResponse => PacketKind::TurnResponse,
        PacketWord::DtlsHandshake => PacketKind::DtlsHandshake,
        PacketWord::Data => PacketKind::Data,
    }
}
