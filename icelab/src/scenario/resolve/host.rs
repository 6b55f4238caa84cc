//! Servers and peers: their interfaces, addresses and options.

use std::net::IpAddr;

use icelab_dtls::{NamedGroup, Version};
use icelab_peer::Handshake;
use icelab_sim::link::LinkConfig;
use icelab_sim::topology::Families;
use indexmap::IndexMap;

use super::Context;
use super::address::Ip;
use crate::scenario::grammar::node::{
    CredentialsWord, Dtls, GroupWord, NominationWord, Peer as PeerTerm, Server as ServerTerm,
    StackWord, TransportWord, Turn as TurnTerm,
};
use crate::scenario::plan::{
    Behind, IceOptions, Interface, Nomination, Peer, Server, Stun, Transport, Turn,
};
use crate::scenario::text::decode::{At, Definition, Named, OneOrMany};
use crate::scenario::text::fault::Fault;
use crate::scenario::text::source::Span;

impl Context<'_> {
    /// The servers of a file.
    pub(super) fn servers(&mut self, terms: Option<&Named<ServerTerm>>) -> Vec<Server> {
        let terms = terms.iter().flat_map(|terms| &terms.0);
        terms.map(|definition| self.server(definition)).collect()
    }

    fn server(&mut self, definition: &Definition<ServerTerm>) -> Server {
        let term = &definition.value;
        if term.stun.is_none() && term.turn.is_none() {
            self.faults.push(
                Fault::new(definition.name_span, format!("`{}` serves nothing", definition.name))
                    .help("as in `{ stun: {} }`, `{ turn: {} }` or both"),
            );
        }
        let behind = match &term.behind {
            Some(name) => self.names.behind(name, self.faults).unwrap_or_default(),
            None => Behind::Internet,
        };
        let link = self.links.resolve(term.link.as_ref(), self.faults);
        let ip = Ip::read(term.ip.as_ref(), self.faults);
        let mut interfaces = self.interfaces(vec![(behind, link)], &ip, &definition.name);
        Server {
            name: definition.name.clone(),
            interface: interfaces.pop().expect("one was asked for"),
            stun: term.stun.as_ref().map(|_| Stun {}),
            turn: term.turn.as_ref().map(|turn| self.turn(turn, &definition.name)),
        }
    }

    fn turn(&mut self, term: &At<TurnTerm>, server: &str) -> Turn {
        let fields = &term.value;
        match fields.credentials.as_ref().map(|credentials| credentials.value) {
            None | Some(CredentialsWord::Static) => {}
        }
        let transports = fields.transports.as_ref().map_or_else(
            || vec![Transport::Udp],
            |words| {
                let words = words.value.0.iter().map(|word| match word.value {
                    TransportWord::Udp => Transport::Udp,
                });
                words.collect()
            },
        );
        let users: IndexMap<String, String> = match &fields.users {
            Some(users) if users.value.0.is_empty() => {
                self.faults.push(Fault::new(users.span, "a TURN server without any user"));
                IndexMap::new()
            }
            Some(users) => {
                let users = users.value.0.iter();
                users.map(|user| (user.name.clone(), user.value.clone())).collect()
            }
            None => IndexMap::from([(DEFAULT_USER.to_owned(), DEFAULT_PASSWORD.to_owned())]),
        };
        for time in [&fields.lifetime, &fields.nonce_lifetime].into_iter().flatten() {
            if time.value.0.as_secs() == 0 {
                self.faults.push(
                    Fault::new(time.span, format!("{} is too short", time.value))
                        .label("should be at least 1 s"),
                );
            }
        }
        Turn {
            transports,
            users,
            realm: fields.realm.as_ref().map_or_else(|| server.to_owned(), |r| r.value.clone()),
            quota: fields.quota.as_ref().map(|q| u32::try_from(q.value).unwrap_or(u32::MAX)),
            lifetime: fields.lifetime.as_ref().map(|time| time.value.0),
            nonce_lifetime: fields.nonce_lifetime.as_ref().map(|time| time.value.0),
        }
    }

    /// The peers of a file.
    pub(super) fn peers(&mut self, terms: Option<&Named<PeerTerm>>) -> Vec<Peer> {
        let terms = terms.iter().flat_map(|terms| &terms.0);
        terms.map(|definition| self.peer(definition)).collect()
    }

    fn peer(&mut self, definition: &Definition<PeerTerm>) -> Peer {
        let term = &definition.value;
        match term.stack.as_ref().map(|stack| stack.value) {
            None | Some(StackWord::Icelab) => {}
        }
        if let (Some(true), Some(nomination)) =
            (term.lite.as_ref().map(|lite| lite.value), &term.nomination)
        {
            let fault = Fault::new(nomination.span, "a lite agent never nominates");
            self.faults.push(fault.help("remove this, or write it for the other side"));
        }
        let cables = self.cables(definition);
        let ip = Ip::read(term.ip.as_ref(), self.faults);
        Peer {
            name: definition.name.clone(),
            interfaces: self.interfaces(cables, &ip, &definition.name),
            ice: IceOptions {
                lite: term.lite.as_ref().is_some_and(|lite| lite.value),
                nomination: match term.nomination.as_ref().map(|nomination| nomination.value) {
                    None | Some(NominationWord::Regular) => Nomination::Regular,
                    Some(NominationWord::Renomination) => Nomination::Renomination,
                    Some(NominationWord::Aggressive) => Nomination::Aggressive,
                },
            },
            handshake: self.handshake(term.dtls.as_ref()),
        }
    }

    /// How a peer's DTLS handshakes go.
    fn handshake(&mut self, term: Option<&At<Dtls>>) -> Handshake {
        let mut handshake = Handshake::default();
        let (versions, fields) = match term.map(|term| &term.value) {
            None => return handshake,
            Some(Dtls::Versions(versions)) => (Some(versions), None),
            Some(Dtls::Given(fields)) => {
                (fields.versions.as_ref().map(|versions| &versions.value), Some(fields))
            }
        };
        let spoken = versions.iter().flat_map(|versions| &versions.0);
        let spoken = spoken.map(|word| word.value.version());
        if let (Some(oldest), Some(newest)) = (spoken.clone().min(), spoken.max()) {
            handshake.versions = (oldest, newest);
        }
        let Some(fields) = fields else { return handshake };
        if let Some(groups_term) = &fields.groups {
            let groups = groups_term.value.0.iter().map(|word| match word.value {
                GroupWord::X25519 => NamedGroup::X25519,
                GroupWord::P256 => NamedGroup::P256,
                GroupWord::P384 => NamedGroup::P384,
                GroupWord::X25519Mlkem768 => NamedGroup::X25519_MLKEM768,
            });
            handshake.groups = groups.collect();
            self.check_groups(&handshake, groups_term);
        }
        if let Some(shares) = &fields.key_shares {
            let most = handshake.groups.len();
            let fault = match shares.value {
                0 => Some("no key share".to_owned()),
                more if more > most as u64 => Some(format!("{more} key shares")),
                _ => None,
            };
            if let Some(message) = fault {
                let label = match most {
                    1 => "should be 1: there is one group".to_owned(),
                    most => format!("should be from 1 to {most}, the number of groups"),
                };
                self.faults.push(Fault::new(shares.span, message).label(label));
            }
            handshake.key_shares = usize::try_from(shares.value).unwrap_or(most).clamp(1, most);
        }
        handshake.cookie = fields.cookie.as_ref().is_some_and(|cookie| cookie.value);
        handshake
    }

    /// Tells of a group that is named twice, and of groups with which nobody can connect.
    fn check_groups(&mut self, handshake: &Handshake, groups: &At<OneOrMany<GroupWord>>) {
        let words = &groups.value.0;
        for (index, word) in words.iter().enumerate() {
            if words.iter().take(index).any(|before| before.value == word.value) {
                self.faults.push(Fault::new(word.span, format!("`{}` twice", word.value.word())));
            }
        }
        let is_new = |group: &NamedGroup| *group == NamedGroup::X25519_MLKEM768;
        if handshake.versions.1 == Version::V1_2 && handshake.groups.iter().all(is_new) {
            self.faults.push(
                Fault::new(groups.span, "DTLS 1.2 has none of these groups")
                    .help("add a group, as in `[x25519_mlkem768, x25519]`, or speak 1.3"),
            );
        }
    }

    /// Where each interface of a peer leads, and over what.
    fn cables(&mut self, definition: &Definition<PeerTerm>) -> Vec<(Behind, LinkConfig)> {
        let term = &definition.value;
        let mut behinds: Vec<Behind> = Vec::new();
        for name in term.behind.iter().flat_map(|behind| &behind.value.0) {
            let Some(behind) = self.names.behind(name, self.faults) else { continue };
            if behinds.contains(&behind) {
                self.faults.push(Fault::new(name.span, format!("`{}` twice", name.value)));
            }
            behinds.push(behind);
        }
        if behinds.is_empty() {
            behinds.push(Behind::Internet);
        }
        let links: Vec<LinkConfig> = match &term.link {
            None => vec![self.links.resolve(None, self.faults)],
            Some(links) => {
                let terms = &links.value.0.0;
                if terms.len() != 1 && terms.len() != behinds.len() {
                    self.faults.push(
                        Fault::new(links.span, format!("{} links", terms.len())).label(format!(
                            "should be one, or one for each of {} interfaces",
                            behinds.len()
                        )),
                    );
                }
                terms.iter().map(|link| self.links.resolve(Some(link), self.faults)).collect()
            }
        };
        let each = |index: usize| links.get(index).or_else(|| links.first()).cloned();
        let cables = behinds.into_iter().enumerate();
        cables.map(|(index, behind)| (behind, each(index).unwrap_or_default())).collect()
    }

    /// Interfaces with the families and addresses that `ip:` gives them.
    fn interfaces(
        &mut self,
        cables: Vec<(Behind, LinkConfig)>,
        ip: &Ip,
        owner: &str,
    ) -> Vec<Interface> {
        let is_alone = cables.len() == 1;
        let mut interfaces = Vec::with_capacity(cables.len());
        let mut given = vec![false; ip.addresses.len()];
        let mut served = Families { v4: false, v6: false };
        for (behind, link) in cables {
            let realm = self.realms.get(&behind);
            let mut families = ip.families.unwrap_or(realm.default_families);
            if is_alone {
                self.check_families(families, realm.families, &behind, ip.span, owner);
            } else {
                families.v4 &= realm.families.v4;
                families.v6 &= realm.families.v6;
            }
            served.v4 |= families.v4;
            served.v6 |= families.v6;
            let mut interface =
                Interface { link, families, address_v4: None, address_v6: None, behind };
            for (address, given) in ip.addresses.iter().zip(&mut given) {
                let is_here = match realm.range_of(address.value) {
                    Some(range) => range.contains(address.value),
                    None => interface.behind == Behind::Internet,
                };
                if *given || !(is_alone || is_here) {
                    continue;
                }
                *given = true;
                self.realms.take(address, &interface.behind, owner, self.faults);
                let is_second = match address.value {
                    IpAddr::V4(v4) => interface.address_v4.replace(v4).is_some(),
                    IpAddr::V6(v6) => interface.address_v6.replace(v6).is_some(),
                };
                if is_second {
                    self.faults.push(
                        Fault::new(address.span, "a second address of the same IP version")
                            .label("an interface has one of each"),
                    );
                }
            }
            interfaces.push(interface);
        }
        self.check_all_used(ip, &given, served, owner);
        interfaces
    }

    /// Tells of addresses and families that belong to none of several interfaces.
    fn check_all_used(&mut self, ip: &Ip, given: &[bool], served: Families, owner: &str) {
        for (address, given) in ip.addresses.iter().zip(given) {
            if !given {
                let message =
                    format!("{} is in the range of none of `{owner}`'s gateways", address.value);
                self.faults.push(
                    Fault::new(address.span, message)
                        .help("write the range with `inside:` of the gateway"),
                );
            }
        }
        let wanted = ip.families.unwrap_or(served);
        if (wanted.v4 && !served.v4) || (wanted.v6 && !served.v6) || !(served.v4 || served.v6) {
            let family = if wanted.v4 && !served.v4 { "IPv4" } else { "IPv6" };
            let message = format!("no way to route {family}: none of `{owner}`'s gateways does");
            self.faults.push(Fault::new(ip.span, message));
        }
    }

    /// Tells of families that a node wants and nothing routes.
    pub(super) fn check_families(
        &mut self,
        wanted: Families,
        routed: Families,
        behind: &Behind,
        span: Span,
        owner: &str,
    ) {
        let Behind::Gateway(gateway) = behind else { return };
        for (wants, routes, family, word) in
            [(wanted.v4, routed.v4, "IPv4", "v4"), (wanted.v6, routed.v6, "IPv6", "v6")]
        {
            if wants && !routes {
                self.faults.push(
                    Fault::new(span, format!("no way to route {family} from `{owner}`"))
                        .label(format!("`{gateway}` does not route {family}"))
                        .help(format!("add {word} to `ip:` of `{gateway}`, as in `ip: [v4, v6]`")),
                );
            }
        }
    }
}

/// The user of a TURN server that names none.
const DEFAULT_USER: &str = "icelab";

/// Its password.
const DEFAULT_PASSWORD: &str = "a password for the laboratory";
