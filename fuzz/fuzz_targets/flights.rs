//! Two ends of DTLS over a link that the input rules: it loses, repeats, reorders, damages and
//! invents datagrams, restarts ends, closes them, and has them change keys and connection ids.
//!
//! Whatever happens,
//! 1. no end releases data that the other did not send, or the same twice, or before it knows whom
//!    it talks to;
//! 2. two ends that are connected agree on everything;
//! 3. an end whose peer is not the one that was expected is never connected;
//! 4. a server sends no more than three times what came before its client has shown that it hears;
//! 5. a call brings about a bounded number of outputs, and a deadline that was handled gives way to
//!    a later one.
//!
//! And where the link only lost, repeated and reordered, the ends connect once it does so no more.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use icelab_crypto::{Hash, Identity, KeyKind, Validity};
use icelab_dtls::{
    AddressCheck, CloseReason, Config, Connected, Dtls, Event, NamedGroup, Role, Version,
};
use icelab_sans_io::{Instant, Output, Protocol, Rng};

use crate::input::Input;

/// Two ends of P-256, and two of Ed25519, which take a quarter of the time.
static IDENTITIES: LazyLock<[Identity; 4]> = LazyLock::new(|| {
    let identity = |(kind, index)| {
        let mut rng = Rng::from_u64(1).fork("identity", index);
        Identity::self_signed(kind, Validity::ALWAYS, &mut rng).expect("a kind that is made here")
    };
    [(KeyKind::P256, 0), (KeyKind::P256, 1), (KeyKind::Ed25519, 2), (KeyKind::Ed25519, 3)]
        .map(identity)
});

/// The client's and the server's configuration; each expects the other.
pub fn configs(is_p256: bool) -> [Config; 2] {
    let [a, z] = if is_p256 { [0, 1] } else { [2, 3] }.map(|index| &IDENTITIES[index]);
    let config = |role, own: &Identity, other: &Identity| Config {
        fingerprints: vec![other.certificate.fingerprint(Hash::Sha256)],
        ..Config::new(role, own.clone())
    };
    [config(Role::Client, a, z), config(Role::Server, z, a)]
}

/// A run: what the first bytes of the input set up, ruled by the others.
pub fn flights(data: &[u8]) {
    let mut input = Input::new(data);
    let mut lab = Lab::new(&mut input);
    for _ in 0..MOST_ACTS {
        if input.is_empty() {
            break;
        }
        lab.act(&mut input);
    }
    lab.finish();
}

const MOST_ACTS: usize = 300;
/// How often an end may begin: handshakes are what takes time.
const MOST_LIVES: u64 = 3;
/// Client and server, as indices.
const CLIENT: usize = 0;
const SERVER: usize = 1;

/// Where the fingerprints of a run's peers come from.
#[derive(Clone, Copy, PartialEq)]
enum Expected {
    Right,
    /// They are told later.
    Late,
    /// The peer is somebody else.
    Wrong,
}

/// One end, and what is known of it.
struct End {
    config: Config,
    expected: Expected,
    dtls: Dtls,
    /// How often it has begun.
    lives: u64,
    /// What it was connected with, in this life.
    connected: Option<(Connected, Option<[u8; 32]>)>,
    /// How often it said so in this life.
    connections: u64,
    closed: Option<CloseReason>,
    /// Bytes that came and went in this life.
    bytes: (usize, usize),
    /// Whether it has been given anything of its peer's since the peer last began.
    has_heard: bool,
}

/// A datagram on its way.
#[derive(Clone)]
struct Datagram {
    to: usize,
    bytes: Vec<u8>,
    /// Whether its sender had heard from the other end.
    is_answer: bool,
}

/// Two ends and the link between them.
struct Lab {
    ends: [End; 2],
    now: Instant,
    under_way: Vec<Datagram>,
    /// What was under way in the past, to be sent again.
    past: Vec<Datagram>,
    /// Data that each end has sent, and released.
    sent: [BTreeSet<Vec<u8>>; 2],
    released: [BTreeSet<Vec<u8>>; 2],
    /// Whether bytes were damaged or invented, an end began anew or was closed.
    is_hostile: bool,
    /// Whether nothing of that happens.
    is_fair: bool,
    /// Whether the server's client has shown that it hears.
    is_proven: bool,
    next: u32,
}

impl Lab {
    fn new(input: &mut Input<'_>) -> Self {
        let [first, second, third] = [input.u8(), input.u8(), input.u8()];
        let mut configs = configs(first >> 5 == 7);
        let mut expected = [Expected::Right; 2];
        for (index, config) in configs.iter_mut().enumerate() {
            config.mtu = 256 + 5 * usize::from(input.u8());
            config.retransmission.rtt = (first & 1 == 0).then_some(Duration::from_millis(40));
            config.versions = match first >> (1 + 2 * index) & 3 {
                0 => (Version::V1_2, Version::V1_2),
                1 => (Version::V1_3, Version::V1_3),
                _ => (Version::V1_2, Version::V1_3),
            };
            config.connection_id = match second >> (2 * index) & 3 {
                0 | 1 => None,
                2 => Some(Vec::new()),
                _ => Some(vec![index as u8; 1 + usize::from(third & 7)]),
            };
            config.records_per_key = if third & 8 == 0 { 1 << 24 } else { 4 };
            config.forgeries_per_key = if third & 16 == 0 { 1 << 36 } else { 3 };
            config.key_log = third & 32 != 0;
            expected[index] = match third >> 6 {
                1 if index == CLIENT => Expected::Late,
                2 if index == SERVER => Expected::Late,
                3 if index == usize::from(first & 1) => Expected::Wrong,
                _ => Expected::Right,
            };
            match expected[index] {
                Expected::Right => {}
                Expected::Late => config.fingerprints.clear(),
                Expected::Wrong => {
                    config.fingerprints =
                        vec![config.identity.certificate.fingerprint(Hash::Sha256)];
                }
            }
        }
        configs[SERVER].address = match second >> 4 & 3 {
            0 => AddressCheck::Cookie,
            1 => AddressCheck::Limit,
            _ => AddressCheck::Known,
        };
        match second >> 6 {
            0 => {} // a share at once
            1 => configs[CLIENT].key_shares = 0,
            2 => configs[SERVER].groups = vec![NamedGroup::P256],
            _ => configs[CLIENT].groups = vec![NamedGroup::X25519, NamedGroup::X25519_MLKEM768],
        }
        let ends = [CLIENT, SERVER].map(|index| End::new(configs[index].clone(), expected[index]));
        let mut lab = Self {
            ends,
            now: Instant::START,
            under_way: Vec::new(),
            past: Vec::new(),
            sent: Default::default(),
            released: Default::default(),
            // A datagram that comes again after its keys were forgotten looks like a forgery.
            is_hostile: third & 16 != 0,
            is_fair: first & 0x40 != 0,
            is_proven: false,
            next: 0,
        };
        lab.begin(CLIENT);
        lab.begin(SERVER);
        lab
    }

    /// An end begins, or begins anew without any memory.
    fn begin(&mut self, index: usize) {
        let end = &mut self.ends[index];
        end.lives += 1;
        let rng = Rng::from_u64(index as u64).fork("life", end.lives);
        end.dtls = Dtls::new(end.config.clone(), rng);
        (end.connected, end.connections, end.closed) = (None, 0, None);
        (end.bytes, end.has_heard) = ((0, 0), false);
        if index == SERVER {
            self.is_proven = false;
        }
        self.ends[index].dtls.start(self.now);
        self.drain(index);
    }

    /// One byte says what happens next, and to which datagram.
    fn act(&mut self, input: &mut Input<'_>) {
        let act = input.u8();
        let is_unfair = matches!(act & 15, 6 | 13 | 14) || act & 31 == 28;
        if self.is_fair && is_unfair {
            return self.arrive(0);
        }
        let place = usize::from(act >> 4) % self.under_way.len().max(1);
        let index = usize::from(act >> 4 & 1);
        let has_any = !self.under_way.is_empty();
        match act & 15 {
            0..=2 if has_any => self.arrive(0),
            3 if has_any => self.arrive(place),
            4 if has_any => self.deliver(self.under_way[place].clone()),
            5 if has_any => drop(self.under_way.remove(place)),
            6 if has_any => self.damage(place, input),
            7 => self.advance(Duration::from_millis(u64::from(act >> 4) * 8)),
            8 => self.advance_to_deadline(),
            9 | 10 => self.send(index),
            11 => self.after_the_handshake(act >> 4, input),
            12 if !self.past.is_empty() => {
                // Long after, and perhaps at the end that sent it.
                let mut datagram = self.past[usize::from(input.u8()) % self.past.len()].clone();
                datagram.to ^= index;
                self.is_hostile |= index == 1;
                self.deliver(datagram);
            }
            13 if act >> 4 < 4 && self.ends[index].lives < MOST_LIVES => {
                self.is_hostile = true;
                self.begin(index);
            }
            13 if act >> 4 < 6 => {
                self.is_hostile = true;
                self.ends[index].dtls.close(self.now);
                self.drain(index);
            }
            14 => self.invent(index, input),
            15 => self.expect(index),
            _ => self.advance(Duration::from_millis(u64::from(act))),
        }
        self.under_way.truncate(64);
    }

    /// A datagram arrives and is no longer under way.
    fn arrive(&mut self, place: usize) {
        if place < self.under_way.len() {
            let datagram = self.under_way.remove(place);
            self.deliver(datagram);
        }
    }

    fn deliver(&mut self, datagram: Datagram) {
        let end = &mut self.ends[datagram.to];
        end.has_heard = true;
        end.bytes.0 += datagram.bytes.len();
        if datagram.to == SERVER {
            self.is_proven |= datagram.is_answer;
        }
        end.dtls.handle_input(datagram.bytes, self.now);
        self.drain(datagram.to);
    }

    /// A datagram is delivered with a changed bit, without its end, or with another behind it.
    fn damage(&mut self, place: usize, input: &mut Input<'_>) {
        let mut datagram = self.under_way[place].clone();
        let (how, at) = (input.u8(), usize::from(input.u16()));
        match how >> 6 {
            0 | 1 => {
                let at = at % datagram.bytes.len();
                datagram.bytes[at] ^= 1 << (how & 7);
                self.is_hostile = true;
            }
            2 => {
                datagram.bytes.truncate(at % datagram.bytes.len());
                self.is_hostile = true;
            }
            _ => {
                let others = self.under_way.iter().filter(|other| other.to == datagram.to);
                for other in others.take(1 + usize::from(how & 3)) {
                    datagram.bytes.extend_from_slice(&other.bytes);
                    datagram.is_answer |= other.is_answer;
                }
            }
        }
        self.deliver(datagram);
    }

    /// Bytes of nobody arrive: any, or a record without protection around them.
    fn invent(&mut self, to: usize, input: &mut Input<'_>) {
        self.is_hostile = true;
        let (content, sequence) = (input.u8(), input.u8());
        let body = input.piece();
        let bytes = if content & 0x80 == 0 {
            let mut bytes = vec![20 + content % 8, 0xFE, 0xFD, 0, content >> 4 & 3, 0, 0, 0, 0];
            bytes.extend([0, sequence, 0, body.len() as u8]);
            bytes.extend(body);
            bytes
        } else {
            body.to_vec()
        };
        self.deliver(Datagram { to, bytes, is_answer: false });
    }

    fn send(&mut self, index: usize) {
        self.next += 1;
        let data = format!("{index}:{}", self.next).into_bytes();
        if self.ends[index].dtls.send(&data, self.now).is_ok() {
            assert!(self.ends[index].connected.is_some(), "data go to a peer that is known");
            self.sent[index].insert(data);
        }
        self.drain(index);
    }

    fn after_the_handshake(&mut self, choice: u8, input: &mut Input<'_>) {
        let index = usize::from(choice & 1);
        let now = self.now;
        self.next += 1;
        let length = self.ends[index].config.connection_id.as_ref().map_or(1, Vec::len);
        let mut id = self.next.to_be_bytes().repeat(2);
        id.reverse();
        id.resize(length, 0);
        let dtls = &mut self.ends[index].dtls;
        match choice >> 1 & 7 {
            0 | 1 => dtls.update_keys(false, now),
            2 => dtls.update_keys(true, now),
            3 => drop(dtls.give_connection_ids(vec![id], false, now)),
            4 => drop(dtls.give_connection_ids(vec![id], true, now)),
            5 => drop(dtls.request_connection_ids(input.u8() & 7, now)),
            6 => drop(dtls.use_next_connection_id()),
            _ => {
                let _ = (dtls.record_overhead(), dtls.version(), dtls.discards().iter().count());
            }
        }
        self.drain(index);
    }

    /// The fingerprints come, if they have not.
    fn expect(&mut self, index: usize) {
        let peer = self.ends[1 - index].config.identity.certificate.fingerprint(Hash::Sha256);
        self.ends[index].dtls.expect_fingerprints(vec![peer]);
        self.drain(index);
    }

    fn advance(&mut self, time: Duration) {
        self.now += time;
        for index in [CLIENT, SERVER] {
            self.timeout(index);
        }
    }

    fn advance_to_deadline(&mut self) {
        let deadlines = self.ends.iter().filter_map(|end| end.dtls.poll_timeout());
        if let Some(next) = deadlines.map(|deadline| deadline.at).min() {
            self.advance(next.max(self.now) - self.now);
        }
    }

    fn timeout(&mut self, index: usize) {
        let now = self.now;
        let is_due = |end: &End| end.dtls.poll_timeout().is_some_and(|it| it.at <= now);
        if is_due(&self.ends[index]) {
            self.ends[index].dtls.handle_timeout(now);
            self.drain(index);
            assert!(!is_due(&self.ends[index]), "a deadline that was handled is over");
        }
    }

    /// Takes what an end has to say.
    fn drain(&mut self, index: usize) {
        let mut count = 0;
        while let Some(output) = self.ends[index].dtls.poll_output() {
            count += 1;
            assert!(count <= MOST_OUTPUTS, "a call has a bounded number of outputs");
            match output {
                Output::Packet(bytes) => {
                    let end = &mut self.ends[index];
                    assert!(!bytes.is_empty() && bytes.len() <= end.config.mtu.max(MOST_DATA));
                    end.bytes.1 += bytes.len();
                    let is_answer = end.has_heard;
                    self.under_way.push(Datagram { to: 1 - index, bytes, is_answer });
                    self.past.extend(self.under_way.last().cloned());
                }
                Output::Event(event) => self.hear(index, event),
            }
        }
        self.past.truncate(64);
        let server = &self.ends[SERVER];
        let is_limited = server.config.address != AddressCheck::Known && !self.is_proven;
        assert!(!is_limited || server.bytes.1 <= 3 * server.bytes.0, "{:?}", server.bytes);
    }

    fn hear(&mut self, index: usize, event: Event) {
        let end = &mut self.ends[index];
        assert_eq!(end.closed, None, "nothing comes after the end");
        match event {
            Event::Connected(connected) => {
                assert!(
                    end.expected != Expected::Wrong,
                    "the peer is not the one that was expected"
                );
                let mut exported = [0; 32];
                let result = end.dtls.export(b"EXPORTER-fuzz", None, &mut exported);
                // It may have ended since.
                assert!(result.is_ok() || !end.dtls.is_connected());
                end.connected = Some((connected, result.ok().map(|()| exported)));
                end.connections += 1;
                let connections = end.connections;
                let lives = if index == CLIENT { 1 } else { self.ends[CLIENT].lives };
                assert!(connections <= lives, "once for each life of the client");
                self.agree();
            }
            Event::Data(data) => {
                assert!(end.connected.is_some() && end.expected != Expected::Wrong);
                assert!(self.sent[1 - index].contains(&data), "nobody sent {data:?}");
                assert!(self.released[index].insert(data), "data come once");
            }
            Event::Closed { reason } => end.closed = Some(reason),
            Event::KeyLog(_) => assert!(end.config.key_log),
            Event::Retransmitted(_) | Event::ConnectionIds(_) => {}
        }
    }

    /// Two ends in their first lives that are both connected have the same keys.
    fn agree(&self) {
        let [a, z] = &self.ends;
        if let (Some((one, exported)), Some((other, also))) = (&a.connected, &z.connected)
            && a.lives + z.lives == 2
        {
            assert!(exported.is_none() || also.is_none() || exported == also);
            assert_eq!(
                (one.version, one.cipher_suite, one.group),
                (other.version, other.cipher_suite, other.group)
            );
            assert_eq!(one.certificate, z.config.identity.certificate);
            assert_eq!(other.certificate, a.config.identity.certificate);
            let (one, other) = (one.srtp.as_ref(), other.srtp.as_ref());
            let (one, other) = (one.expect("both want media"), other.expect("both want media"));
            assert_eq!(one.profile, other.profile);
            for (local, remote) in [(&one.local, &other.remote), (&one.remote, &other.local)] {
                assert_eq!(local.key.expose(), remote.key.expose());
                assert_eq!(local.salt.expose(), remote.salt.expose());
            }
        }
    }

    /// From now on the link is good. Where it was no worse than bad, the ends connect, and data
    /// arrive.
    fn finish(mut self) {
        if self.is_hostile || self.has_no_hope() {
            return;
        }
        for index in [CLIENT, SERVER] {
            self.expect(index);
        }
        self.settle();
        if self.ends.iter().any(|end| end.closed == Some(CloseReason::Timeout)) {
            return;
        }
        for end in &self.ends {
            assert!(end.dtls.is_connected(), "{:?} {:?}", end.config.role, end.closed);
        }
        for index in [CLIENT, SERVER] {
            let before = self.released[1 - index].len();
            self.send(index);
            self.settle();
            let peer = self.ends[1 - index].config.role;
            assert_eq!(self.released[1 - index].len(), before + 1, "data arrive at {peer:?}");
        }
    }

    /// Whether the ends have no version or group in common, or one expects somebody else.
    fn has_no_hope(&self) -> bool {
        let [a, z] = self.ends.each_ref().map(|end| &end.config);
        let is_wrong = self.ends.iter().any(|end| end.expected == Expected::Wrong);
        let has_versions = a.versions.0 <= z.versions.1 && z.versions.0 <= a.versions.1;
        let has_groups = a.groups.iter().any(|group| z.groups.contains(group));
        is_wrong || !has_versions || !has_groups
    }

    /// Carries everything until both ends are silent, or for so long that they would be.
    fn settle(&mut self) {
        for _ in 0..1000 {
            if self.under_way.is_empty() {
                let is_done = self.ends.iter().all(|end| end.dtls.is_connected());
                let next = self
                    .ends
                    .iter()
                    .filter_map(|end| end.dtls.poll_timeout())
                    .min_by_key(|it| it.at);
                match next {
                    // Nothing but the forgetting of old keys is left to do.
                    Some(deadline) if !is_done || deadline.timer != "dtls.forget" => {
                        self.advance_to_deadline();
                    }
                    _ => return,
                }
            } else {
                self.arrive(0);
            }
        }
    }
}

impl End {
    fn new(config: Config, expected: Expected) -> Self {
        let dtls = Dtls::new(config.clone(), Rng::from_u64(0));
        Self {
            config,
            expected,
            dtls,
            lives: 0,
            connected: None,
            connections: 0,
            closed: None,
            bytes: (0, 0),
            has_heard: false,
        }
    }
}

/// How many outputs one datagram or deadline may bring about.
const MOST_OUTPUTS: usize = 200;
/// A record of data that is longer than the MTU is the application's doing; here none is.
const MOST_DATA: usize = 256;
