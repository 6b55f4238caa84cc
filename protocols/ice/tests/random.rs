//! Random commands, packets and times: nothing panics, nothing grows without bounds.

use std::net::SocketAddr;
use std::time::Duration;

use icelab_ice::{
    Agent, Candidate, Config, Credentials, Limits, LocalCandidate, Nomination, Role, State,
};
use icelab_sans_io::net::Datagram;
use icelab_sans_io::{Instant, Output, Protocol, Rng};
use icelab_stun::attribute::{
    ErrorCode, IceControlled, IceControlling, Priority, UseCandidate, Username, XorMappedAddress,
};
use icelab_stun::{Class, Key, Message, MessageBuilder, Method, TransactionId};
use proptest::prelude::*;

/// One thing that happens to an agent. Small numbers choose among a few addresses each.
#[derive(Clone, Debug)]
enum Step {
    AddHost {
        host: u8,
        component: u16,
    },
    AddReflexive {
        host: u8,
        port: u8,
    },
    AddRelay {
        port: u8,
    },
    AddRemote {
        port: u8,
        kind: u8,
        priority: u32,
    },
    EndLocal,
    EndRemote,
    Meet {
        lite: bool,
    },
    Restart,
    RemoveBase {
        host: u8,
    },
    RemoveComponent {
        component: u16,
    },
    SetRole {
        controlling: bool,
    },
    Send {
        component: u16,
    },
    Unreachable {
        host: u8,
        port: u8,
    },
    Request {
        host: u8,
        port: u8,
        tie_breaker: u64,
        controlling: bool,
        nominates: bool,
    },
    /// Answers the nth latest request of the agent's.
    Answer {
        nth: u8,
        mapped: u8,
        from_elsewhere: bool,
    },
    Refuse {
        nth: u8,
        code: u16,
    },
    Bytes {
        host: u8,
        port: u8,
        bytes: Vec<u8>,
    },
    Wait {
        millis: u32,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (host, port) = (0..3_u8, 0..24_u8);
    prop_oneof![
        1 => (host.clone(), 1..3_u16).prop_map(|(host, component)| Step::AddHost { host, component }),
        1 => (host.clone(), port.clone()).prop_map(|(host, port)| Step::AddReflexive { host, port }),
        1 => (0..2_u8).prop_map(|port| Step::AddRelay { port }),
        4 => (port.clone(), 0..4_u8, 1..3_000_000_000_u32)
            .prop_map(|(port, kind, priority)| Step::AddRemote { port, kind, priority }),
        1 => Just(Step::EndLocal),
        1 => Just(Step::EndRemote),
        2 => any::<bool>().prop_map(|lite| Step::Meet { lite }),
        1 => Just(Step::Restart),
        1 => host.clone().prop_map(|host| Step::RemoveBase { host }),
        1 => (1..3_u16).prop_map(|component| Step::RemoveComponent { component }),
        1 => any::<bool>().prop_map(|controlling| Step::SetRole { controlling }),
        1 => (1..3_u16).prop_map(|component| Step::Send { component }),
        1 => (host.clone(), port.clone()).prop_map(|(host, port)| Step::Unreachable { host, port }),
        6 => (host.clone(), port.clone(), any::<u64>(), any::<bool>(), any::<bool>()).prop_map(
            |(host, port, tie_breaker, controlling, nominates)| Step::Request {
                host, port, tie_breaker, controlling, nominates
            }
        ),
        8 => (0..6_u8, 0..30_u8, prop::bool::weighted(0.1)).prop_map(
            |(nth, mapped, from_elsewhere)| Step::Answer { nth, mapped, from_elsewhere }
        ),
        1 => (0..6_u8, prop_oneof![Just(487_u16), Just(500), Just(403), Just(400)])
            .prop_map(|(nth, code)| Step::Refuse { nth, code }),
        1 => (host, port, prop::collection::vec(any::<u8>(), 0..60))
            .prop_map(|(host, port, bytes)| Step::Bytes { host, port, bytes }),
        8 => (0..12_000_u32).prop_map(|millis| Step::Wait { millis }),
    ]
}

fn host(index: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, index + 1], 5000))
}

fn remote(port: u8) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 6000 + u16::from(port)))
}

fn mapped(port: u8) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 7], 7000 + u16::from(port)))
}

struct Run {
    agent: Agent,
    now: Instant,
    sent: Vec<Datagram>,
    generation: u32,
    next_id: u8,
    log: String,
}

impl Run {
    fn new(config: Config) -> Self {
        let agent = Agent::new(config, Rng::from_u64(5));
        let sent = Vec::new();
        Self { agent, now: Instant::START, sent, generation: 0, next_id: 0, log: String::new() }
    }

    /// The peer's credentials of the present session.
    fn peer(&self) -> Credentials {
        let ufrag = format!("PEER{}", self.generation);
        Credentials::new(ufrag, "peerspasswordpeerspassword").unwrap()
    }

    fn apply(&mut self, step: &Step) {
        let now = self.now;
        match *step {
            Step::AddHost { host: index, component } => {
                let local = LocalCandidate::host(component, host(index));
                self.agent.add_local_candidate(local, now);
            }
            Step::AddReflexive { host: index, port } => {
                let server = host(9).ip();
                let local = LocalCandidate::reflexive(1, mapped(port), host(index), server);
                self.agent.add_local_candidate(local, now);
            }
            Step::AddRelay { port } => {
                let relay = SocketAddr::from(([192, 0, 2, 1], 50_000 + u16::from(port)));
                let local = LocalCandidate::relayed(1, relay, mapped(port), relay.ip());
                self.agent.add_local_candidate(local, now);
            }
            Step::AddRemote { port, kind, priority } => {
                let kind = ["host", "srflx", "prflx", "relay"][usize::from(kind)];
                let (at, component) = (remote(port), 1 + port % 2);
                let text = format!(
                    "{kind} {component} udp {priority} {} {} typ {kind}",
                    at.ip(),
                    at.port()
                );
                self.agent.add_remote_candidate(text.parse::<Candidate>().unwrap(), now);
            }
            Step::EndLocal => self.agent.end_of_local_candidates(now),
            Step::EndRemote => self.agent.end_of_remote_candidates(now),
            Step::Meet { lite } => {
                let _ = self.agent.set_remote_credentials(self.peer(), lite, now);
            }
            Step::Restart => {
                self.agent.restart(now);
                self.generation += 1;
            }
            Step::RemoveBase { host: index } => self.agent.remove_base(host(index), now),
            Step::RemoveComponent { component } => self.agent.remove_component(component, now),
            Step::SetRole { controlling } => {
                let role = if controlling { Role::Controlling } else { Role::Controlled };
                self.agent.set_role(role, now);
            }
            Step::Send { component } => {
                let _ = self.agent.send(component, vec![0x80; 20], now);
            }
            Step::Unreachable { host: index, port } => {
                self.agent.handle_unreachable(host(index), remote(port), now);
            }
            Step::Request { host: index, port, tie_breaker, controlling, nominates } => {
                let request = self.request(tie_breaker, controlling, nominates);
                self.input(remote(port), host(index), request);
            }
            Step::Answer { nth, mapped: port, from_elsewhere } => {
                let address = if port < 24 { mapped(port) } else { host(0) };
                self.answer(nth, from_elsewhere, Class::Success, |builder| {
                    builder.add(&XorMappedAddress(address))
                });
            }
            Step::Refuse { nth, code } => {
                self.answer(nth, false, Class::Error, |builder| {
                    builder.add(&ErrorCode { code, reason: "" })
                });
            }
            Step::Bytes { host: index, port, ref bytes } => {
                self.input(remote(port), host(index), bytes.clone());
            }
            Step::Wait { millis } => {
                let end = self.now + Duration::from_millis(u64::from(millis));
                while let Some(due) = self.agent.poll_timeout().filter(|due| due.at <= end) {
                    self.now = self.now.max(due.at);
                    self.agent.handle_timeout(self.now);
                    let next = self.agent.poll_timeout();
                    assert!(next.is_none_or(|next| next.at > self.now), "{next:?}");
                    let said = self.collect();
                    assert!(said <= OUTPUTS * (LIMITS.pairs + 1), "{said} outputs of a deadline");
                }
                self.now = end;
            }
        }
        self.collect();
    }

    fn request(&mut self, tie_breaker: u64, controlling: bool, nominates: bool) -> Vec<u8> {
        self.next_id = self.next_id.wrapping_add(1);
        let id = TransactionId([self.next_id; 12]);
        let username =
            format!("{}:{}", self.agent.local_credentials().ufrag(), self.peer().ufrag());
        let key = Key::from_bytes(self.agent.local_credentials().password().as_bytes());
        let (ing, ed) = (IceControlling(tie_breaker), IceControlled(tie_breaker));
        MessageBuilder::new(Class::Request, Method::BINDING, id)
            .add(&Username(&username))
            .add(&Priority(1_862_270_975))
            .maybe(Some(&ing).filter(|_| controlling))
            .maybe(Some(&ed).filter(|_| !controlling))
            .maybe(Some(&UseCandidate).filter(|_| nominates))
            .finish_with(Some(&key), true)
    }

    fn answer(
        &mut self,
        nth: u8,
        from_elsewhere: bool,
        class: Class,
        add: impl Fn(MessageBuilder) -> MessageBuilder,
    ) {
        let Some(request) = self.sent.iter().rev().nth(usize::from(nth)).cloned() else {
            return;
        };
        let id = Message::parse(&request.payload).unwrap().transaction_id();
        let key = Key::from_bytes(b"peerspasswordpeerspassword");
        let response =
            add(MessageBuilder::new(class, Method::BINDING, id)).finish_with(Some(&key), true);
        let source = if from_elsewhere { remote(23) } else { request.destination };
        self.input(source, request.source, response);
    }

    fn input(&mut self, source: SocketAddr, base: SocketAddr, payload: Vec<u8>) {
        self.collect();
        self.agent.handle_input(Datagram::new(source, base, payload), self.now);
        let said = self.collect();
        assert!(said <= OUTPUTS, "{said} outputs of one datagram:\n{}", self.log);
    }

    /// Takes all outputs, and says how many they were.
    fn collect(&mut self) -> usize {
        let mut count = 0;
        while let Some(output) = self.agent.poll_output() {
            count += 1;
            self.log.push_str(&format!("{} {output:?}\n", self.now));
            if let Output::Packet(packet) = output {
                let is_request = Message::parse(&packet.payload)
                    .is_ok_and(|message| message.class() == Class::Request);
                if is_request {
                    self.sent.push(packet);
                }
            }
        }
        count
    }
}

/// How much one datagram makes an agent say at most, however many pairs it has.
const OUTPUTS: usize = 16;

const LIMITS: Limits = Limits {
    pairs: 12,
    local_candidates: 8,
    remote_candidates: 10,
    peer_reflexive: 4,
    asymmetric: 2,
    early_requests: 4,
};

fn run(config: Config, steps: &[Step]) -> String {
    let mut run = Run::new(config);
    for step in steps {
        run.apply(step);
        let agent = &run.agent;
        assert!(agent.pairs().count() <= LIMITS.pairs);
        assert!(
            agent.local_candidates().count() <= LIMITS.local_candidates + LIMITS.peer_reflexive
        );
        assert!(
            agent.remote_candidates().count() <= LIMITS.remote_candidates + LIMITS.peer_reflexive
        );
        let priorities: Vec<u64> = agent.pairs().map(|pair| pair.priority).collect();
        assert!(priorities.is_sorted_by(|a, b| a >= b), "{priorities:?}");
        let keys: std::collections::BTreeSet<_> =
            agent.pairs().map(|pair| (pair.base, pair.remote)).collect();
        assert_eq!(keys.len(), priorities.len(), "no pair twice");
        if agent.state() == State::Completed {
            let has_any = (1..=2).any(|component| agent.selected_pair(component).is_some());
            assert!(has_any, "completed without a pair");
        }
    }
    run.log
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_sequence_of_commands_and_packets_panics_or_grows_without_bounds(
        steps in prop::collection::vec(step(), 1..80),
        controlling: bool,
        lite in prop::bool::weighted(0.15),
        components in 1..3_u16,
        way in 0..3_u8,
        icmp_fails_checks: bool,
        standby in 0..4_usize,
    ) {
        let role = if controlling { Role::Controlling } else { Role::Controlled };
        let nomination =
            [Nomination::Regular, Nomination::Renomination, Nomination::Aggressive];
        let config = Config {
            role,
            lite,
            components,
            nomination: nomination[usize::from(way)],
            limits: LIMITS,
            icmp_fails_checks,
            standby,
            ..Config::default()
        };
        let first = run(config.clone(), &steps);
        let second = run(config, &steps);
        prop_assert_eq!(first, second, "the same inputs, the same outputs");
    }
}
