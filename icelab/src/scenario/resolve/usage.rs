//! What a case defines and does not use, and sides that cannot do what they are told.

use super::{Context, Doubt};
use crate::scenario::grammar::file::File;
use crate::scenario::plan::{
    Behind, Call, Connected, Expectation, Gateway, Path, Peer, Policy, Reconnected, Server,
};
use crate::scenario::text::decode::{At, Definition, Named};
use crate::scenario::text::fault::Fault;

/// The nodes of a case.
pub(super) struct Nodes<'a> {
    pub(super) gateways: &'a [Gateway],
    pub(super) servers: &'a [Server],
    pub(super) peers: &'a [Peer],
}

impl Nodes<'_> {
    fn has_behind(&self, name: &str) -> bool {
        let is_it = |behind: &Behind| matches!(behind, Behind::Gateway(it) if it == name);
        self.gateways.iter().any(|gateway| is_it(&gateway.behind))
            || self.servers.iter().any(|server| is_it(&server.interface.behind))
            || self.peers.iter().flat_map(|peer| &peer.interfaces).any(|it| is_it(&it.behind))
    }

    /// Whether a NAT is between a node there and the internet.
    fn is_behind_nat(&self, behind: &Behind) -> bool {
        let Behind::Gateway(name) = behind else { return false };
        let gateway = self.gateways.iter().find(|gateway| gateway.name == *name);
        gateway.is_some_and(|it| it.nat.is_some() || self.is_behind_nat(&it.behind))
    }

    /// Whether a peer asks a TURN server.
    pub(super) fn asks_turn(&self, call: &Call, peer: &str) -> bool {
        let asked = call.side(peer).into_iter().flat_map(|side| &side.ice_servers);
        let mut asked = asked.filter_map(|name| self.servers.iter().find(|it| it.name == *name));
        asked.any(|server| server.turn.is_some())
    }
}

impl Context<'_> {
    /// Notes lite agents on addresses that the internet does not route.
    pub(super) fn note_lite(&mut self, file: &File, nodes: &Nodes<'_>) {
        for definition in definitions(file.peers.as_ref()) {
            let Some(lite) = &definition.value.lite else { continue };
            let peer = nodes.peers.iter().find(|peer| peer.name == definition.name);
            let interfaces = peer.iter().flat_map(|peer| &peer.interfaces);
            let is_hidden = interfaces.into_iter().any(|it| nodes.is_behind_nat(&it.behind));
            if lite.value && is_hidden {
                let message = format!("`{}` is lite and behind a NAT", definition.name);
                self.doubts.push(Doubt::Case(
                    Fault::new(lite.span, message).label("has host candidates only").help(
                        "lite agents belong on public addresses (RFC 8445 section 2.5): remove this, or `behind`",
                    ),
                ));
            }
        }
    }

    /// Notes what this case defines and does not use.
    pub(super) fn note_unused(&mut self, file: &File, nodes: &Nodes<'_>, call: &Call) {
        let sides = [&call.offerer_side, &call.answerer_side];
        let is_asked = |name: &String| sides.iter().any(|side| side.ice_servers.contains(name));
        let mut unused = Vec::new();
        for server in definitions(file.servers.as_ref()).filter(|it| !is_asked(&it.name)) {
            let name = &server.name;
            unused.push(
                Fault::new(server.name_span, format!("nobody asks `{name}`")).label("not used").help(
                    format!("name it in `ice_servers`, as in `call: {{ ice_servers: [{name}] }}`, or remove it"),
                ),
            );
        }
        for gateway in definitions(file.gateways.as_ref()) {
            if !nodes.has_behind(&gateway.name) {
                let name = &gateway.name;
                unused.push(
                    Fault::new(gateway.name_span, format!("nothing is behind `{name}`"))
                        .label("not used")
                        .help(format!(
                            "as in `peers: {{ alice: {{ behind: {name} }} }}`, or remove it"
                        )),
                );
            }
        }
        for peer in definitions(file.peers.as_ref()).filter(|it| call.side(&it.name).is_none()) {
            let message = format!("`{}` takes no part in the call", peer.name);
            unused.push(
                Fault::new(peer.name_span, message)
                    .label("not used")
                    .help("choose the sides with `offerer` and `answerer` of `call`, or remove it"),
            );
        }
        for link in definitions(file.links.as_ref()).filter(|it| !self.links.is_used(&it.name)) {
            let name = &link.name;
            unused.push(
                Fault::new(link.name_span, format!("no cable is `{name}`"))
                    .label("not used")
                    .help(format!("as in `peers: {{ alice: {{ link: {name} }} }}`, or remove it")),
            );
        }
        self.doubts.extend(unused.into_iter().map(Doubt::Unused));
    }

    /// Tells of a side that may only use relays and asks for none.
    pub(super) fn check_policy(
        &mut self,
        file: &File,
        nodes: &Nodes<'_>,
        call: &Call,
        expectations: &[Expectation],
    ) {
        let policy = file.call.as_ref().and_then(|call| call.value.policy.as_ref());
        let Some(policy) = policy else { return };
        let sides = [(&call.offerer, &call.offerer_side), (&call.answerer, &call.answerer_side)];
        let helpless = sides
            .iter()
            .find(|(peer, side)| side.policy == Policy::Relay && !nodes.asks_turn(call, peer));
        let Some((peer, _)) = helpless else { return };
        let message = format!("`{peer}` may use relays only, and asks no TURN server");
        let fault = Fault::new(policy.span, message).label("so it has no candidate at all").help(
            "name a TURN server in `ice_servers`; where nothing shall connect, expect `path: none`",
        );
        if expectations.iter().any(wants_connection) {
            self.faults.push(fault);
        } else if !expectations.iter().any(wants_none) {
            self.doubts.push(Doubt::Case(fault));
        }
    }
}

fn definitions<T>(named: Option<&At<Named<T>>>) -> impl Iterator<Item = &Definition<T>> {
    named.into_iter().flat_map(|named| &named.value.0)
}

/// Whether an expectation can only hold where the call connects.
fn wants_connection(expectation: &Expectation) -> bool {
    let Expectation { at: _, connected, path, selected, reconnected, dtls, data } = expectation;
    matches!(connected, Some(Connected::Yes | Connected::Within(_)))
        || !(path.is_empty() || path.contains(&Path::None))
        || !selected.is_empty()
        || !dtls.is_empty()
        || !data.is_empty()
        || matches!(reconnected, Some(Reconnected::Within(_)))
}

/// Whether an expectation says that the call does not connect.
fn wants_none(expectation: &Expectation) -> bool {
    expectation.connected == Some(Connected::No) || expectation.path.contains(&Path::None)
}
