//! The call: who with whom, and how.

use core::time::Duration;

use super::Context;
use super::name::Kind;
use crate::scenario::grammar::call::{
    Call as Term, OnDisconnectedWord, PerPeer, PolicyWord, RolesWord, Signalling as SignallingTerm,
};
use crate::scenario::plan::{
    Call, OnDisconnected, Outage, Peer, Policy, Roles, Server, Side, Signalling,
};
use crate::scenario::text::decode::{AnyNumber, At};
use crate::scenario::text::fault::Fault;
use crate::scenario::text::source::Span;

impl Context<'_> {
    /// The call of a file; `None` after telling why not.
    pub(super) fn call(
        &mut self,
        term: Option<&At<Term>>,
        servers: &[Server],
        peers: &[Peer],
    ) -> Option<Call> {
        let nothing = Term::default();
        let fields = term.map_or(&nothing, |term| &term.value);
        let (offerer, answerer) = self.sides(fields, peers)?;
        let side = |context: &mut Self, peer: &str| Side {
            policy: context.policy(fields, peer),
            ice_servers: context.ice_servers(fields, peer, servers),
        };
        let offerer_side = side(self, &offerer);
        let answerer_side = side(self, &answerer);
        self.check_sides(fields.policy.as_ref(), &offerer, &answerer);
        self.check_sides(fields.ice_servers.as_ref(), &offerer, &answerer);
        let is_lite = |name: &str| peers.iter().any(|peer| peer.name == name && peer.ice.lite);
        if is_lite(&offerer) && is_lite(&answerer) {
            let span = term.map(|term| term.span).unwrap_or_default();
            self.faults.push(
                Fault::new(span, "both sides are lite, so nobody would check anything")
                    .label(format!("`{offerer}` and `{answerer}` are lite")),
            );
        }
        let data = self.channels(fields.data.as_ref(), (&offerer, &answerer));
        Some(Call {
            offerer,
            answerer,
            trickle: fields.trickle.as_ref().is_none_or(|trickle| trickle.value),
            offerer_side,
            answerer_side,
            on_disconnected: match fields.on_disconnected.as_ref().map(|word| word.value) {
                None | Some(OnDisconnectedWord::RestartIce) => {
                    OnDisconnected::RestartIce { after: RESTART_AFTER }
                }
                Some(OnDisconnectedWord::Nothing) => OnDisconnected::Nothing,
            },
            signalling: self.signalling(fields.signalling.as_ref()),
            roles: match fields.roles.as_ref().map(|word| word.value) {
                None | Some(RolesWord::Standard) => Roles::Standard,
                Some(RolesWord::Swapped) => Roles::Swapped,
                Some(RolesWord::BothControlling) => Roles::BothControlling,
                Some(RolesWord::BothControlled) => Roles::BothControlled,
            },
            data,
        })
    }

    fn sides(&mut self, fields: &Term, peers: &[Peer]) -> Option<(String, String)> {
        for name in [&fields.offerer, &fields.answerer].into_iter().flatten() {
            self.names.expect(&name.value, name.span, &[Kind::Peer], self.faults)?;
        }
        let named = |name: &Option<At<String>>| name.as_ref().map(|name| name.value.clone());
        let other_than = |taken: Option<&String>| {
            peers.iter().map(|peer| &peer.name).find(|name| Some(*name) != taken).cloned()
        };
        let answerer = named(&fields.answerer);
        let offerer = named(&fields.offerer).or_else(|| other_than(answerer.as_ref()))?;
        let answerer = answerer.or_else(|| other_than(Some(&offerer)))?;
        if offerer == answerer {
            let span = fields.answerer.as_ref().map(|name| name.span).unwrap_or_default();
            self.faults.push(Fault::new(span, format!("`{offerer}` cannot call itself")));
            return None;
        }
        Some((offerer, answerer))
    }

    fn policy(&self, fields: &Term, peer: &str) -> Policy {
        let word = fields.policy.as_ref().and_then(|policy| of_peer(&policy.value, peer)).copied();
        match word {
            None | Some(PolicyWord::All) => Policy::All,
            Some(PolicyWord::Relay) => Policy::Relay,
        }
    }

    fn ice_servers(&mut self, fields: &Term, peer: &str, servers: &[Server]) -> Vec<String> {
        let list = fields.ice_servers.as_ref().and_then(|list| of_peer(&list.value, peer));
        let mut names: Vec<String> = Vec::new();
        for name in list.iter().flat_map(|list: &&AnyNumber<String>| &list.0) {
            let scheme = name.value.split_once(':').map(|(scheme, _)| scheme);
            if scheme.is_some_and(|scheme| ["stun", "stuns", "turn", "turns"].contains(&scheme)) {
                let known = self.names.of(&[Kind::Server]).join(", ");
                self.faults.push(
                    Fault::new(name.span, format!("`{}` is a URL", name.value))
                        .label("should be a name")
                        .help(format!("write names of `servers:`, as in `ice_servers: [{known}]`")),
                );
            } else if names.contains(&name.value) {
                self.faults.push(Fault::new(name.span, format!("`{}` twice", name.value)));
            } else if self
                .names
                .expect(&name.value, name.span, &[Kind::Server], self.faults)
                .is_some()
                && servers.iter().any(|server| server.name == name.value)
            {
                names.push(name.value.clone());
            }
        }
        names
    }

    /// Tells of names that are no side of this call.
    fn check_sides<T>(&mut self, each: Option<&At<PerPeer<T>>>, offerer: &str, answerer: &str) {
        let Some(At { value: PerPeer::Each(definitions), .. }) = each else { return };
        for definition in definitions {
            if definition.name != offerer && definition.name != answerer {
                let (name, span) = (&definition.name, definition.name_span);
                self.push_not_one_of(name, span, &[offerer, answerer]);
            }
        }
    }

    /// Tells of a name that is no side of the call.
    pub(super) fn push_no_side(&mut self, name: &str, span: Span, call: &Call) {
        self.push_not_one_of(name, span, &[&call.offerer, &call.answerer]);
    }

    pub(super) fn push_not_one_of(&mut self, name: &str, span: Span, sides: &[&str]) {
        self.faults.push(if self.names.is_peer(name) {
            Fault::new(span, format!("`{name}` is not in the call"))
                .label("should be a side of the call")
                .help(format!("its sides are {}", sides.join(" and ")))
        } else {
            Fault::unknown_word(span, name, sides, "side of the call")
        });
    }

    fn signalling(&mut self, term: Option<&At<SignallingTerm>>) -> Signalling {
        let nothing = SignallingTerm::default();
        let fields = term.map_or(&nothing, |term| &term.value);
        let mut outages = Vec::new();
        for outage in fields.outage.iter().flat_map(|outages| &outages.value.0) {
            let (Some(at), Some(length)) = (&outage.value.at, &outage.value.r#for) else {
                let key = if outage.value.at.is_none() { "at" } else { "for" };
                self.faults.push(
                    Fault::missing(outage.span, key, "an outage")
                        .help("as in `outage: { at: 2 s, for: 10 s }`"),
                );
                continue;
            };
            let from = self.within_limit(at);
            outages.push(Outage { from, until: from + length.value.0 });
        }
        outages.sort_by_key(|outage| outage.from);
        Signalling {
            delay: fields.delay.as_ref().map_or(SIGNALLING_DELAY, |delay| delay.value.0),
            outages,
        }
    }
}

/// What is written for a peer.
fn of_peer<'a, T: 'a>(each: &'a PerPeer<T>, peer: &str) -> Option<&'a T> {
    match each {
        PerPeer::Both(value) => Some(&value.value),
        PerPeer::Each(each) => {
            each.iter().find(|definition| definition.name == peer).map(|d| &d.value)
        }
    }
}

/// How long the application waits for ICE to recover by itself.
const RESTART_AFTER: Duration = Duration::from_secs(5);

/// One-way delay of signalling where nothing else is written.
const SIGNALLING_DELAY: Duration = Duration::from_millis(20);
