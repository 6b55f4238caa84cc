//! Addresses and reasons in words that need no code to be understood.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::Instant;
use icelab_sim::nat::Behaviour;
use icelab_sim::packet::Flow;
use icelab_sim::record::{NetworkEvent, Place};

use crate::reading::record::{Happening, Note, Reading};
use crate::reading::time::milliseconds;
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

    /// A host by its address without a port: `203.0.113.2 (home_b)`.
    pub(crate) fn host(&self, ip: IpAddr, viewer: &str) -> String {
        let server = self.scene.server_at(ip).map(|server| server.name.as_str());
        let mut mappings = self.reading.mappings.iter().rev();
        let gateway = mappings.find(|mapping| mapping.outside.ip() == ip);
        let gateway = gateway.map(|mapping| mapping.gateway.as_str());
        let candidates = self.candidates.iter().filter(|(address, _)| address.ip() == ip);
        let mut owners = candidates.flat_map(|(_, owners)| owners);
        let peer = owners.find(|(owner, _)| owner != viewer).map(|(owner, _)| owner.as_str());
        // A private address may be anybody's; the other side is meant.
        let name = if is_private(ip) { peer.or(server) } else { server.or(gateway).or(peer) };
        match name {
            Some(name) => format!("{ip} ({name})"),
            None => ip.to_string(),
        }
    }

    /// An address that a NAT had for its client, with until when it had it.
    pub(crate) fn former(&self, outside: SocketAddr) -> String {
        let mut mappings = self.reading.mappings.iter().rev();
        let Some(mapping) = mappings.find(|mapping| mapping.outside == outside) else {
            return outside.to_string();
        };
        let gateway = &mapping.gateway;
        match mapping.expired {
            Some(at) => format!("{outside}, which {gateway} mapped until {} ms", milliseconds(at)),
            None => format!("{outside} of {gateway}"),
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
        let is_on_its_way = told.iter().any(|told| {
            self.reading.mapped_by(base, *told).iter().any(|mapping| mapping.outside == seen)
        });
        if seen == base || told.contains(&seen) || is_on_its_way {
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

    /// Where a packet of `sender` went no further, and why.
    pub(crate) fn drop(&self, sender: &str, packet: &Drop<'_>) -> String {
        let where_ = match packet.place {
            Place::Node(node) => format!("at {node}"),
            Place::Link { from, to } => format!("between {from} and {to}"),
        };
        format!("dropped {where_}: {}", self.reason(sender, packet))
    }

    fn reason(&self, sender: &str, packet: &Drop<'_>) -> String {
        let Drop { at, place, reason, flow } = *packet;
        let node = match place {
            Place::Node(node) => node.as_str(),
            Place::Link { to, .. } => to.as_str(),
        };
        match reason {
            "nat-filtered" => self.filtered(at, node, flow),
            "nat-no-mapping" => self.unmapped(at, node, flow),
            "nat-hairpin-refused" => {
                format!("{node} does not turn packets from inside back to its own outside address")
            }
            "no-socket" => self.not_listening(sender, node, flow),
            "no-route" => self.unreachable(at, flow.destination.ip()),
            "firewall-unsolicited" if self.scene.is_inside(node, flow.source.ip()) => {
                "no rule of the firewall lets it out".to_owned()
            }
            "firewall-unsolicited" => format!(
                "the firewall lets in only answers, and nothing had gone out from {} to {}",
                flow.destination, flow.source
            ),
            other => match other.strip_prefix("firewall-rule-") {
                Some(number) => self.forbidden(node, number),
                None => plain_reason(other),
            },
        }
    }

    fn forbidden(&self, gateway: &str, number: &str) -> String {
        let index = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let rule = index.and_then(|index| self.scene.rules(gateway).get(index));
        let rule = rule.map(|rule| format!(" (`{rule}`)")).unwrap_or_default();
        format!("rule {number} of its firewall{rule}")
    }

    /// Why nobody listens: mostly because it is somebody else's address too, and not the one that was meant.
    fn not_listening(&self, sender: &str, node: &str, flow: Flow) -> String {
        let ip = flow.destination.ip();
        let owners = self.candidates.get(&flow.destination);
        let is_meant = owners.is_none_or(|owners| owners.iter().any(|(owner, _)| owner == node));
        if node == sender && self.scene.has_address(node, ip) {
            return format!("{ip} is {node}'s own address too, and nobody listens at this port");
        }
        let is_lent = |(_, kind): &(String, String)| kind == "relay";
        if owners.is_some_and(|owners| owners.iter().any(is_lent)) {
            return format!("{node} does not lend this address any more");
        }
        if is_meant || !self.scene.has_address(node, ip) {
            return plain_reason("no-socket");
        }
        format!("{ip} is {node}'s address here, and nobody listens at this port")
    }

    fn unreachable(&self, at: Instant, ip: IpAddr) -> String {
        let is_former = |happening: &&Happening| match &happening.what {
            NetworkEvent::Rebound { gateway, outside } => {
                let mut mappings = self.reading.mappings.iter();
                happening.at <= at
                    && !outside.contains(&ip)
                    && mappings
                        .any(|mapping| mapping.gateway == *gateway && mapping.outside.ip() == ip)
            }
            NetworkEvent::Cut { .. }
            | NetworkEvent::Healed { .. }
            | NetworkEvent::Rebooted { .. }
            | NetworkEvent::LinkSet { .. }
            | NetworkEvent::Unplugged { .. }
            | NetworkEvent::Plugged { .. }
            | NetworkEvent::Crashed { .. }
            | NetworkEvent::Started { .. } => false,
        };
        if let Some(Happening { at, what: NetworkEvent::Rebound { gateway, .. }, .. }) =
            self.reading.events.iter().rev().find(is_former)
        {
            return format!(
                "nobody has {ip} any more, which was {gateway}'s until {} ms",
                milliseconds(*at)
            );
        }
        if is_private(ip) {
            return format!("{ip} is a private address, to which there is no way from here");
        }
        format!("there is no way to {ip} from here")
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
        let mappings = self.reading.standing(gateway, flow.destination, at);
        let towards = mappings.flat_map(|mapping| &mapping.towards);
        let mut used: Vec<_> =
            towards.filter(|(_, since)| *since <= at).map(|(address, _)| *address).collect();
        let mut seen = BTreeSet::new();
        used.retain(|address| seen.insert(*address));
        let (outside, sender) = (flow.destination, self.other(flow.source, ""));
        if used.contains(&flow.source) {
            return format!(
                "{gateway} {filter}, and that a packet had gone out through {outside} to {sender} it has forgotten"
            );
        }
        let known = match used.as_slice() {
            [] => "to nobody".to_owned(),
            [.., _, _, _, _, _] => format!("to {} others", used.len()),
            few => {
                let words: Vec<_> = few.iter().map(|&to| self.other(to, "")).collect();
                format!("only to {}", listed(&words))
            }
        };
        let anew = self.begun_anew(at, gateway, outside).unwrap_or_default();
        format!(
            "{gateway} {filter}; {anew}through {outside} packets had gone out {known}, not to {sender}"
        )
    }

    /// Since when a gateway knows a mapping that it had had before, and forgotten: `since home restarted at 20000.0 ms
    /// and forgot its mappings, `.
    fn begun_anew(&self, at: Instant, gateway: &str, outside: SocketAddr) -> Option<String> {
        let (_, expired) = self.reading.forgotten(gateway, outside, at)?;
        let is_restart = |event: &&Happening| {
            event.at == expired
                && matches!(&event.what, NetworkEvent::Rebooted { gateway: who } if *who == *gateway)
        };
        let time = milliseconds(expired);
        Some(match self.reading.events.iter().any(|event| is_restart(&event)) {
            true => format!("since {gateway} restarted at {time} ms and forgot its mappings, "),
            false => format!("since an earlier mapping there was gone at {time} ms, "),
        })
    }

    fn unmapped(&self, at: Instant, gateway: &str, flow: Flow) -> String {
        let outside = flow.destination;
        let mut before = self.reading.mappings.iter().filter(|mapping| {
            mapping.gateway == *gateway && mapping.outside == outside && mapping.made <= at
        });
        match before.next_back().map(|mapping| mapping.expired) {
            Some(Some(expired)) => format!(
                "{gateway} has no mapping at {outside} any more, since {} ms",
                milliseconds(expired)
            ),
            Some(None) | None => format!("{gateway} has no mapping at {outside}"),
        }
    }
}

/// A packet that went no further.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drop<'a> {
    pub(crate) at: Instant,
    pub(crate) place: &'a Place,
    pub(crate) reason: &'a str,
    /// Its addresses as they were last.
    pub(crate) flow: Flow,
}

/// Whether an address means something only within one network (RFC 1918, RFC 4193, RFC 6598).
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_private() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}

/// Words with commas and an `and`.
pub(crate) fn listed(words: &[String]) -> String {
    match words.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        Some((only, _)) => only.clone(),
        None => String::new(),
    }
}

/// What a reason means where nothing more is to be said about the place.
fn plain_reason(reason: &str) -> String {
    match reason {
        "loss" => "lost on the link",
        "checksum" => "damaged on the way",
        "queue-full" => "the queue before the link was full",
        "queue-delay" => "it had waited too long in the queue before the link",
        "link-down" => "the link is down",
        "no-host" => "nobody has this address here",
        "no-socket" => "nobody listens at this port",
        "no-interface" => "there is no interface to send it from",
        "no-protocol" => "nobody understands this protocol here",
        "host-down" => "the host is down",
        "wrong-address" => "the host no longer has this address",
        "ttl" => "it passed too many routers (its hop limit ran out)",
        "too-big" | "too-long" => "it is too big",
        "rule" => "the scenario drops this very packet",
        "firewall-fragment-without-first" => "a fragment, and the packet's first one did not pass",
        "nat-no-port-left" => "the NAT has no port left",
        "nat-no-address-left" => "the NAT has no address left",
        "nat-table-full" => "the NAT's table is full",
        "nat-quota-reached" => "the NAT gives this subscriber no more mappings",
        other => return other.replace('-', " "),
    }
    .to_owned()
}
