//! Addresses and reasons in words that need no code to be understood.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use icelab_sans_io::Instant;
use icelab_sim::nat::Behaviour;
use icelab_sim::packet::Flow;
use icelab_sim::record::Place;

use crate::reading::record::{Note, Reading};
use crate::scene::Scene;

/// What is known about whose address is which.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    scene: &'a Scene,
    reading: &'a Reading,
    /// The owners of a candidate's address, and its kind.
    candidates: BTreeMap<SocketAddr, Vec<(String, String)>>,
    /// The server-reflexive addresses that each owner found for each base.
    told: BTreeMap<(String, SocketAddr), Vec<SocketAddr>>,
}

impl<'a> Names<'a> {
    /// Learns all candidates that the record speaks of.
    pub(crate) fn new(scene: &'a Scene, reading: &'a Reading) -> Self {
        let mut names = Self { scene, reading, candidates: BTreeMap::new(), told: BTreeMap::new() };
        for note in &reading.notes {
            match &*note.name {
                "gather.candidate" => names.learn_candidate(note),
                "ice.prflx" => names.learn_reflexive(note),
                _ => {}
            }
        }
        names
    }

    fn learn_candidate(&mut self, note: &Note) {
        let Some(address) = note.address("address") else { return };
        self.learn(address, &note.node, note.text("kind"));
        if let ("srflx", Some(base)) = (note.text("kind"), note.address("base")) {
            self.told.entry((note.node.to_string(), base)).or_default().push(address);
        }
    }

    fn learn_reflexive(&mut self, note: &Note) {
        let Some(address) = note.address("address") else { return };
        if note.text("side") == "local" {
            return self.learn(address, &note.node, "prflx");
        }
        let mut others = self.scene.peers().filter(|peer| note.node != **peer);
        if let (Some(other), None) = (others.next(), others.next()) {
            self.learn(address, other, "prflx");
        }
    }

    fn learn(&mut self, address: SocketAddr, owner: &str, kind: &str) {
        let owners = self.candidates.entry(address).or_default();
        if owners.iter().all(|(known, _)| known != owner) {
            owners.push((owner.to_owned(), kind.to_owned()));
        }
    }

    /// One's own address: `192.168.1.2:5000 (host)`.
    pub(crate) fn own(&self, address: SocketAddr, owner: &str) -> String {
        let owners = self.candidates.get(&address).into_iter().flatten();
        match owners.into_iter().find(|(known, _)| known == owner) {
            Some((_, kind)) => format!("{address} ({kind})"),
            None => address.to_string(),
        }
    }

    /// Somebody else's address as `viewer` speaks of it: `bob's srflx 203.0.113.9:4242`, `stun 198.51.100.1:3478`.
    pub(crate) fn other(&self, address: SocketAddr, viewer: &str) -> String {
        let mut owners = self.candidates.get(&address).into_iter().flatten();
        if let Some((owner, kind)) = owners.find(|(owner, _)| owner != viewer) {
            return format!("{owner}'s {kind} {address}");
        }
        if let Some(server) = self.scene.server_at(address.ip()) {
            return format!("{} {address}", server.name);
        }
        let mut mappings = self.reading.mappings.iter().rev();
        match mappings.find(|mapping| mapping.outside == address) {
            Some(mapping) => format!("{address} of {}", mapping.gateway),
            None => address.to_string(),
        }
    }

    /// The kind of one's own candidate, or of somebody else's; `?` for an address that nobody named.
    pub(crate) fn kind(&self, address: SocketAddr, is_mine: impl Fn(&str) -> bool) -> &str {
        let owners = self.candidates.get(&address).into_iter().flatten();
        owners.into_iter().find(|(owner, _)| is_mine(owner)).map_or("?", |(_, kind)| kind)
    }

    /// Whether an address of a peer is a relayed one.
    pub(crate) fn is_lent(&self, address: SocketAddr) -> bool {
        self.scene.server_at(address.ip()).is_some()
    }

    /// Who is meant by an address that `viewer` sends to.
    pub(crate) fn owner(&self, address: SocketAddr, viewer: &str) -> Option<&str> {
        let mut owners = self.candidates.get(&address).into_iter().flatten();
        let owner = owners.find(|(owner, _)| owner != viewer).map(|(owner, _)| owner.as_str());
        owner.or_else(|| Some(self.scene.server_at(address.ip())?.name.as_str()))
    }

    /// What to say of a packet that a NAT sent on from an address which the other side was not told.
    pub(crate) fn surprise(
        &self,
        owner: &str,
        base: SocketAddr,
        seen: SocketAddr,
    ) -> Option<String> {
        let told = self.told.get(&(owner.to_owned(), base))?;
        if seen == base || told.contains(&seen) {
            return None;
        }
        let told: Vec<_> = told.iter().map(ToString::to_string).collect();
        let gateway = self.reading.mappings.iter().rev().find(|mapping| mapping.outside == seen)?;
        let gateway = &gateway.gateway;
        Some(format!(
            "{gateway} sends it on from {seen}; the other side was told {}",
            told.join(", ")
        ))
    }

    /// Where a packet went no further, and why.
    pub(crate) fn drop(&self, at: Instant, place: &Place, reason: &str, flow: Flow) -> String {
        let where_ = match place {
            Place::Node(node) => format!("at {node}"),
            Place::Link { from, to } => format!("between {from} and {to}"),
        };
        format!("dropped {where_}: {}", self.reason(at, place, reason, flow))
    }

    fn reason(&self, at: Instant, place: &Place, reason: &str, flow: Flow) -> String {
        let gateway = match place {
            Place::Node(node) => node.as_str(),
            Place::Link { to, .. } => to.as_str(),
        };
        match reason {
            "nat-filtered" => self.filtered(at, gateway, flow),
            "nat-no-mapping" => self.unmapped(at, gateway, flow),
            "nat-hairpin-refused" => {
                format!(
                    "{gateway} does not turn packets from inside back to its own outside address"
                )
            }
            "firewall-unsolicited" => format!(
                "the firewall lets in only answers, and nothing had gone out from {} to {}",
                flow.destination, flow.source
            ),
            other => plain_reason(other),
        }
    }

    fn filtered(&self, at: Instant, gateway: &str, flow: Flow) -> String {
        let filter = match self.scene.nat(gateway).map(|nat| nat.filtering) {
            Some(Behaviour::EndpointIndependent) => "lets in anyone",
            Some(Behaviour::AddressDependent) => "lets in only addresses that were written to",
            Some(Behaviour::AddressAndPortDependent) => {
                "lets in only addresses and ports that were written to"
            }
            None => "does not let this sender in",
        };
        let used = self.reading.used_towards(gateway, flow.destination, at);
        let known = match used.as_slice() {
            [] => "to nobody".to_owned(),
            [.., _, _, _, _, _] => format!("to {} others", used.len()),
            few => {
                let words: Vec<_> = few.iter().map(|&to| self.other(to, "")).collect();
                format!("only to {}", listed(&words))
            }
        };
        format!(
            "{gateway} {filter}; through {} packets had gone out {known}, not to {}",
            flow.destination,
            self.other(flow.source, ""),
        )
    }

    fn unmapped(&self, at: Instant, gateway: &str, flow: Flow) -> String {
        let outside = flow.destination;
        let mut before = self.reading.mappings.iter().filter(|mapping| {
            mapping.gateway == *gateway && mapping.outside == outside && mapping.made <= at
        });
        match before.next_back() {
            Some(_) => format!("{gateway} no longer has a mapping at {outside}"),
            None => format!("{gateway} has no mapping at {outside}"),
        }
    }
}

/// Words with commas and an `and`.
fn listed(words: &[String]) -> String {
    match words.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        Some((only, _)) => only.clone(),
        None => String::new(),
    }
}

/// What a reason means where nothing more is to be said about the place.
fn plain_reason(reason: &str) -> String {
    match reason {
        "loss" => "lost by chance",
        "checksum" => "damaged on the way",
        "queue-full" => "the queue before the link was full",
        "queue-delay" => "it had waited too long in the queue before the link",
        "link-down" => "the link is down",
        "no-route" => "there is no way to this address from here",
        "no-host" => "nobody has this address here",
        "no-socket" => "nobody listens at this port",
        "no-interface" => "there is no interface to send it from",
        "no-protocol" => "nobody understands this protocol here",
        "host-down" => "the host is down",
        "wrong-address" => "the host no longer has this address",
        "ttl" => "it passed too many routers (its hop limit ran out)",
        "too-big" | "too-long" => "it is too big",
        "rule" => "the scenario drops this very packet",
        "firewall-rule" => "a rule of the firewall forbids it",
        "nat-no-port-left" => "the NAT has no port left",
        "nat-no-address-left" => "the NAT has no address left",
        "nat-table-full" => "the NAT's table is full",
        "nat-quota-reached" => "the NAT gives this subscriber no more mappings",
        other => return other.replace('-', " "),
    }
    .to_owned()
}
