//! One space of names for gateways, servers, peers and the internet.

use indexmap::IndexMap;

use crate::presets;
use crate::scenario::grammar::file::File;
use crate::scenario::plan::Behind;
use crate::scenario::text::decode::{At, Definition, Named};
use crate::scenario::text::fault::{Fault, Faults};
use crate::scenario::text::source::Span;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whatever routes.
    Gateway,
    /// A box that serves.
    Server,
    /// An end of the call.
    Peer,
}

impl Kind {
    const fn article(self) -> &'static str {
        match self {
            Self::Gateway => "a gateway",
            Self::Server => "a server",
            Self::Peer => "a peer",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Server => "server",
            Self::Peer => "peer",
        }
    }
}

/// Every name of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    all: IndexMap<String, Kind>,
}

impl Names {
    /// Collects the names, and tells of those that stand for two things.
    pub(super) fn collect(file: &File, faults: &mut Faults) -> Self {
        let mut names = Self::default();
        names.add(file.gateways.as_ref(), Kind::Gateway, faults);
        names.add(file.servers.as_ref(), Kind::Server, faults);
        names.add(file.peers.as_ref(), Kind::Peer, faults);
        names
    }

    fn add<T>(&mut self, named: Option<&At<Named<T>>>, kind: Kind, faults: &mut Faults) {
        for definition in named.iter().flat_map(|named| &named.value.0) {
            check(definition, faults);
            if let Some(other) = self.all.insert(definition.name.clone(), kind) {
                faults.push(
                    Fault::new(
                        definition.name_span,
                        format!("`{}` is {} already", definition.name, other.article()),
                    )
                    .help("gateways, servers and peers share one space of names: choose another"),
                );
            }
        }
    }

    /// What a name stands for.
    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        self.all.get(name).copied()
    }

    /// Whether a name stands for a peer.
    pub(super) fn is_peer(&self, name: &str) -> bool {
        self.kind(name) == Some(Kind::Peer)
    }

    /// The names that stand for such a thing.
    pub(super) fn of(&self, kinds: &[Kind]) -> Vec<&str> {
        let known = self.all.iter().filter(|(_, kind)| kinds.contains(kind));
        known.map(|(name, _)| name.as_str()).collect()
    }

    /// Whether a name stands for one of these things; tells if not.
    pub(super) fn expect(
        &self,
        name: &str,
        span: Span,
        kinds: &[Kind],
        faults: &mut Faults,
    ) -> Option<Kind> {
        let what: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
        let what = what.join(" or ");
        match self.kind(name) {
            Some(kind) if kinds.contains(&kind) => return Some(kind),
            Some(kind) => faults.push(
                Fault::new(span, format!("`{name}` is {}, not a {what}", kind.article()))
                    .label(format!("should be a {what}"))
                    .one_of("", &self.of(kinds)),
            ),
            None => faults.push(Fault::unknown_word(span, name, &self.of(kinds), &what)),
        }
        None
    }

    /// What a node is connected to.
    pub(super) fn behind(&self, name: &At<String>, faults: &mut Faults) -> Option<Behind> {
        if name.value == INTERNET {
            return Some(Behind::Internet);
        }
        match self.kind(&name.value) {
            Some(Kind::Gateway) => Some(Behind::Gateway(name.value.clone())),
            Some(kind) => {
                let message =
                    format!("`{}` is {}, which nothing can be behind", name.value, kind.article());
                faults.push(
                    Fault::new(name.span, message).label("should be a gateway or `internet`"),
                );
                None
            }
            None => {
                let mut known = self.of(&[Kind::Gateway]);
                known.push(INTERNET);
                faults.push(Fault::unknown_word(name.span, &name.value, &known, "gateway"));
                None
            }
        }
    }
}

/// The name of what everything hangs on.
pub(super) const INTERNET: &str = "internet";

/// Tells of a name that means something else already.
pub(super) fn check<T>(definition: &Definition<T>, faults: &mut Faults) {
    let name = definition.name.as_str();
    if name == INTERNET {
        faults.push(
            Fault::new(definition.name_span, "`internet` is there already")
                .help("it is what everything hangs on; choose another name"),
        );
    } else if presets::is_taken(name) {
        faults.push(
            Fault::new(definition.name_span, format!("`{name}` is the name of a preset"))
                .label("means something else already")
                .help(format!("choose another name, such as `my_{name}`")),
        );
    }
}
