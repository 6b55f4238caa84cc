//! The firewall itself: asks its rules, remembers what it allowed.

use core::time::Duration;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use icelab_sans_io::{Instant, Timers};

use super::{Action, Config, Direction, LooksLike, Rule};
use crate::packet::{Flow, Icmp, Packet, Protocol};

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passes.
    Allow,
    /// It vanishes.
    Drop(DropReason),
    /// It vanishes, and its sender should get an ICMP error: `Packet::icmp_error(packet, the gateway's address,
    /// IcmpKind::AdministrativelyProhibited)`.
    Reject(DropReason),
}

/// Why a firewall drops a packet. Every reason has a stable name for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// The rule with this index (from 0) says so.
    Rule(usize),
    /// No rule matches, and packets in this direction do not pass by themselves.
    Unsolicited,
    /// A later fragment whose first one did not pass.
    FragmentWithoutFirst,
    /// An ICMP error about a packet that did not pass.
    IcmpAboutNothing,
}

impl DropReason {
    /// The name that the record shows; a rule's has its number, counted from 1.
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Rule(index) => format!("firewall-rule-{}", index.saturating_add(1)).into(),
            Self::Unsolicited => "firewall-unsolicited".into(),
            Self::FragmentWithoutFirst => "firewall-fragment-without-first".into(),
            Self::IcmpAboutNothing => "firewall-icmp-about-nothing".into(),
        }
    }
}

/// A stateful packet filter.
///
/// 1. A packet of a remembered conversation, in either direction, passes and keeps it, unless a rule drops
///    UDP packets that look like it.
/// 2. An ICMP error about such a packet passes (RFC 6092, REC-18 and REC-36) and keeps nothing.
/// 3. A later fragment goes where its first one went.
/// 4. Else the first rule that matches decides, or what is configured for packets that none matches. What is
///    allowed is remembered.
#[derive(Clone, Debug)]
pub struct Firewall {
    config: Config,
    conversations: BTreeMap<Flow, Conversation>,
    fragments: BTreeMap<FragmentKey, Instant>,
    /// When conversations are asked whether they are over; never later than they are.
    timers: Timers<Key>,
}

/// A conversation that the rules allowed.
#[derive(Clone, Copy, Debug)]
struct Conversation {
    expires: Instant,
    /// The way of its first packet.
    begun: Direction,
    /// Whether the rules still wait for bytes to look at: a TCP handshake has none.
    is_unseen: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Conversation(Flow),
    Fragment(FragmentKey),
}

type FragmentKey = (IpAddr, IpAddr, Protocol, u32);

impl Firewall {
    /// With nothing remembered.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            conversations: BTreeMap::new(),
            fragments: BTreeMap::new(),
            timers: Timers::new(),
        }
    }

    /// Its rules.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How many conversations it remembers.
    pub fn conversations(&self) -> usize {
        self.conversations.len()
    }

    /// Judges a packet.
    pub fn judge(&mut self, direction: Direction, packet: &Packet, now: Instant) -> Verdict {
        self.handle_timeout(now);
        let verdict = if packet.is_later_fragment() {
            self.judge_fragment(packet)
        } else {
            self.judge_head(direction, packet, now)
        };
        if verdict == Verdict::Allow && !packet.is_later_fragment() {
            self.remember_fragments(packet, now);
        }
        verdict
    }

    /// Forgets what is due. Early and repeated calls change nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, key)) = self.timers.pop_due(now) {
            match key {
                Key::Conversation(flow) => match self.conversations.get(&flow) {
                    Some(known) if known.expires > now => self.timers.set(key, known.expires),
                    _ => {
                        self.conversations.remove(&flow);
                    }
                },
                Key::Fragment(fragment) => {
                    self.fragments.remove(&fragment);
                }
            }
        }
    }

    /// When something is due next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next().map(|(at, _)| at)
    }

    /// Forgets everything.
    pub fn reboot(&mut self) {
        *self = Self::new(self.config.clone());
    }

    fn judge_head(&mut self, direction: Direction, packet: &Packet, now: Instant) -> Verdict {
        let flow = packet.flow();
        if self.config.is_stateful {
            if let Some(flow) = flow
                && let Some(begun) = self.remembered(direction, packet, flow, now)
            {
                return self.inspect(begun, direction, packet);
            }
            if packet.is_icmp_error() && self.is_about_remembered(packet) {
                return Verdict::Allow;
            }
        }
        let verdict = self.ask_rules(direction, packet);
        if let Some(flow) = flow.filter(|_| self.config.is_stateful) {
            match verdict {
                Verdict::Allow => self.remember(direction, packet, flow, now),
                Verdict::Drop(_) | Verdict::Reject(_) => self.forget(flow),
            }
        }
        verdict
    }

    /// Judges the bytes of a packet that belongs to a conversation, as though it went the way of the first
    /// one: what a rule allowed to begin goes on, but a rule that drops one kind of UDP packet drops each
    /// of them.
    fn inspect(&self, begun: Direction, direction: Direction, packet: &Packet) -> Verdict {
        let ends = Ends::of(packet);
        let ends = if direction == begun { ends } else { ends.reversed() };
        let mut rules = self.config.rules.iter().enumerate();
        let matching = rules.find(|(_, rule)| rule.matches_ends(begun, &ends, packet));
        let telling = matching.filter(|(_, rule)| {
            packet.protocol() == Protocol::Udp && rule.looks_like.is_some_and(shows_in_each)
        });
        match telling.map(|(index, rule)| (rule.action, DropReason::Rule(index))) {
            None | Some((Action::Allow, _)) => Verdict::Allow,
            Some((Action::Drop, reason)) => Verdict::Drop(reason),
            Some((Action::Reject, reason)) => Verdict::Reject(reason),
        }
    }

    fn ask_rules(&self, direction: Direction, packet: &Packet) -> Verdict {
        let matching = self.config.rules.iter().position(|rule| rule.matches(direction, packet));
        let rule = matching.and_then(|index| self.config.rules.get(index));
        let otherwise = match direction {
            Direction::Out => self.config.otherwise_out,
            Direction::In => self.config.otherwise_in,
        };
        let reason = match matching {
            Some(index) => DropReason::Rule(index),
            None if packet.is_icmp_error() => DropReason::IcmpAboutNothing,
            None => DropReason::Unsolicited,
        };
        match rule.map_or(otherwise, |rule| rule.action) {
            Action::Allow => Verdict::Allow,
            Action::Drop => Verdict::Drop(reason),
            Action::Reject => Verdict::Reject(reason),
        }
    }

    /// The way of the first packet of the conversation that a packet belongs to, which then lives on.
    fn remembered(
        &mut self,
        direction: Direction,
        packet: &Packet,
        flow: Flow,
        now: Instant,
    ) -> Option<Direction> {
        let known = self.conversations.get_mut(&key_of(flow))?;
        // The first bytes towards the outside must look right.
        if known.is_unseen && direction == Direction::Out && !packet.payload().is_empty() {
            return None;
        }
        known.expires = now + self.config.timeout;
        Some(known.begun)
    }

    fn is_about_remembered(&self, packet: &Packet) -> bool {
        match packet.icmp() {
            Some(Icmp::Error(error)) => {
                error.about.is_some_and(|about| self.conversations.contains_key(&key_of(about)))
            }
            _ => false,
        }
    }

    fn remember(&mut self, direction: Direction, packet: &Packet, flow: Flow, now: Instant) {
        let key = key_of(flow);
        let expires = now + self.config.timeout;
        if self.conversations.len() >= MOST_CONVERSATIONS {
            self.forget_oldest();
        }
        let is_unseen = direction == Direction::Out
            && packet.protocol() == Protocol::Tcp
            && packet.payload().is_empty();
        self.conversations.insert(key, Conversation { expires, begun: direction, is_unseen });
        self.timers.set(Key::Conversation(key), expires);
    }

    /// A conversation whose bytes did not look right is over.
    fn forget(&mut self, flow: Flow) {
        let key = key_of(flow);
        if self.conversations.remove(&key).is_some() {
            self.timers.cancel(&Key::Conversation(key));
        }
    }

    fn forget_oldest(&mut self) {
        let Some(key) = self.timers.next().map(|(_, key)| *key) else {
            return;
        };
        self.timers.cancel(&key);
        match key {
            Key::Conversation(flow) => {
                self.conversations.remove(&flow);
            }
            Key::Fragment(fragment) => {
                self.fragments.remove(&fragment);
            }
        }
    }

    fn judge_fragment(&self, packet: &Packet) -> Verdict {
        let is_known = fragment_key(packet).is_some_and(|key| self.fragments.contains_key(&key));
        if is_known { Verdict::Allow } else { Verdict::Drop(DropReason::FragmentWithoutFirst) }
    }

    fn remember_fragments(&mut self, packet: &Packet, now: Instant) {
        let Some(key) = fragment_key(packet) else {
            return;
        };
        if self.fragments.len() < MOST_FRAGMENTS {
            self.fragments.insert(key, now + FRAGMENT_TIMEOUT);
            self.timers.set(Key::Fragment(key), now + FRAGMENT_TIMEOUT);
        }
    }
}

impl Rule {
    /// Whether a packet that goes in this direction is one of those that the rule is about.
    pub fn matches(&self, direction: Direction, packet: &Packet) -> bool {
        self.matches_ends(direction, &Ends::of(packet), packet)
    }

    fn matches_ends(&self, direction: Direction, ends: &Ends, packet: &Packet) -> bool {
        let within = |ranges: &[crate::packet::Prefix], address| {
            ranges.is_empty() || ranges.iter().any(|range| range.contains(address))
        };
        let port_fits = |range: &Option<core::ops::RangeInclusive<u16>>, port: Option<u16>| {
            range.as_ref().is_none_or(|range| port.is_some_and(|port| range.contains(&port)))
        };
        let ((source, from_port), (destination, to_port)) = (ends.from, ends.to);
        self.direction.is_none_or(|wanted| wanted == direction)
            && self.protocol.is_none_or(|wanted| wanted == packet.protocol())
            && within(&self.from, source)
            && within(&self.to, destination)
            && port_fits(&self.from_port, from_port)
            && port_fits(&self.to_port, to_port)
            && self.looks_like.is_none_or(|kind| kind.matches(packet.protocol(), packet.payload()))
    }
}

/// From where to where a packet goes.
struct Ends {
    from: (IpAddr, Option<u16>),
    to: (IpAddr, Option<u16>),
}

impl Ends {
    fn of(packet: &Packet) -> Self {
        // ICMP identifiers are no ports.
        let has_ports = packet.protocol() != Protocol::Icmp;
        Self {
            from: (packet.source(), packet.source_port().filter(|_| has_ports)),
            to: (packet.destination(), packet.destination_port().filter(|_| has_ports)),
        }
    }

    const fn reversed(self) -> Self {
        Self { from: self.to, to: self.from }
    }
}

/// Whether each packet of such a conversation shows what it is. QUIC's short headers look like noise, and
/// much looks like DNS.
const fn shows_in_each(kind: LooksLike) -> bool {
    match kind {
        LooksLike::Stun | LooksLike::TurnChannel | LooksLike::Dtls | LooksLike::Rtp => true,
        LooksLike::Quic | LooksLike::Dns | LooksLike::Tls | LooksLike::Http => false,
    }
}

/// Both directions of a conversation have the same key.
fn key_of(flow: Flow) -> Flow {
    flow.min(flow.reversed())
}

fn fragment_key(packet: &Packet) -> Option<FragmentKey> {
    let identification = packet.fragment()?.identification;
    Some((packet.source(), packet.destination(), packet.protocol(), identification))
}

/// How long later fragments may follow the first one.
const FRAGMENT_TIMEOUT: Duration = Duration::from_secs(30);
/// How many fragmented packets are known at once.
const MOST_FRAGMENTS: usize = 1024;
/// How many conversations are remembered at once; the one that ends first gives way.
const MOST_CONVERSATIONS: usize = 262_144;
