//! Binding lifetime (RFC 5780 section 4.6).
//!
//! A round for a duration T:
//! 1. the watched socket asks the server, which makes or refreshes its mapping;
//! 2. it is silent for T;
//! 3. the second socket asks the server to answer to the mapping's port; if the watched socket
//!    hears that, the mapping lived.
//!
//! T doubles until a mapping is gone; then the gap is halved until it is small enough. Two more
//! rounds, of three quarters of the lifetime each way, show what refreshes the mapping.

use core::time::Duration;
use std::net::SocketAddr;

use super::config::LifetimeConfig;
use super::findings::{Findings, LifetimeBounds, Refresh};
use super::test::{Answer, Ask, Reply, Setup, Step, Test};
use crate::transaction::Retransmission;

/// The search.
#[derive(Debug)]
pub(super) struct Lifetime {
    config: LifetimeConfig,
    goal: Goal,
    phase: Phase,
    /// How many rounds have begun: chooses the watched socket.
    rounds: usize,
    /// The longest silence that a mapping survived, and the shortest that one did not.
    alive: Duration,
    gone: Option<Duration>,
    /// How often the mapping of this T seemed gone.
    doubts: u32,
    /// How often a refresh round had to be given up in its middle.
    restarts: u8,
    /// The slowest answer so far.
    slowest: Duration,
}

/// What a round is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// Whether a mapping survives this silence.
    Survive(Duration),
    /// Whether a packet from outside after this time prolongs its life.
    Inbound(Duration),
    /// Whether a packet from inside does.
    Outbound(Duration, Option<bool>),
}

/// Where the round stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The second socket's mapped address is asked for.
    Compare,
    /// The watched socket asks.
    Open { tries: u8 },
    /// All are silent until the middle of a refresh round.
    HalfSilent { mapped: SocketAddr },
    /// In the middle of a refresh round.
    Middle { mapped: SocketAddr, tries: u8 },
    /// All are silent until the probe.
    Silent { mapped: SocketAddr },
    /// The second socket has a response sent to the mapping.
    Probe { mapped: SocketAddr },
    /// Nobody heard it: does the watched socket get another mapping now?
    Doubt { mapped: SocketAddr },
}

impl Lifetime {
    pub(super) fn new(config: LifetimeConfig) -> Self {
        let first = config.first.min(config.longest);
        Self {
            config,
            goal: Goal::Survive(first),
            phase: Phase::Compare,
            rounds: 0,
            alive: Duration::ZERO,
            gone: None,
            doubts: 0,
            restarts: 0,
            slowest: Duration::ZERO,
        }
    }

    fn watched(&self, setup: &Setup) -> SocketAddr {
        let sockets = &self.config.sockets;
        let turn = self.rounds.checked_rem(sockets.len()).unwrap_or_default();
        sockets.get(turn).copied().unwrap_or(setup.first)
    }

    fn open(&mut self, setup: &Setup, tries: u8) -> Step {
        self.phase = Phase::Open { tries };
        Ask::new(self.watched(setup), setup.server).step()
    }

    fn probe(&self, mapped: SocketAddr, setup: &Setup) -> Step {
        let response_port = Some(mapped.port());
        Ask { response_port, is_burst: true, ..Ask::new(setup.second, setup.server) }.step()
    }

    fn next_round(&mut self, goal: Goal, setup: &Setup) -> Step {
        self.goal = goal;
        self.rounds += 1;
        self.open(setup, 0)
    }

    /// The watched socket's mapping stands since `ask`.
    fn opened(&mut self, ask: &Ask, reply: Reply, tries: u8, setup: &Setup) -> Step {
        // Which of several requests passed the NAT last is not known: once more.
        let Some(rtt) = reply.rtt else {
            return if tries < TRIES { self.open(setup, tries + 1) } else { Step::Abort };
        };
        self.slowest = self.slowest.max(rtt);
        let mapped = reply.mapped;
        match self.goal {
            Goal::Survive(silence) => {
                self.phase = Phase::Silent { mapped };
                // The probe's response is at the NAT about one round trip after the probe is sent.
                Step::WaitUntil(ask.asked_at + silence.saturating_sub(rtt))
            }
            Goal::Inbound(half) | Goal::Outbound(half, _) => {
                self.phase = Phase::HalfSilent { mapped };
                Step::WaitUntil(ask.asked_at + half)
            }
        }
    }

    /// A packet from inside or from outside has been at the mapping in the middle of a round.
    fn refreshed(
        &mut self,
        ask: &Ask,
        answer: Answer,
        mapped: SocketAddr,
        tries: u8,
        setup: &Setup,
    ) -> Step {
        let half = match (self.goal, answer) {
            (Goal::Inbound(half), Answer::Reply(reply)) if reply.received_on != setup.second => {
                half
            }
            (Goal::Outbound(half, _), Answer::Reply(reply)) if reply.mapped == mapped => {
                // As in the beginning of a round, one request must have been the only one.
                if reply.rtt.is_none() && tries < TRIES {
                    self.phase = Phase::Middle { mapped, tries: tries + 1 };
                    return Ask::new(ask.from, ask.to).step();
                }
                half
            }
            _ if self.restarts < TRIES => {
                self.restarts += 1;
                return self.next_round(self.goal, setup);
            }
            _ => return Step::Finished,
        };
        self.phase = Phase::Silent { mapped };
        Step::WaitUntil(ask.asked_at + half)
    }

    /// Whether the mapping outlived the round's silence is known.
    fn judged(&mut self, is_alive: bool, setup: &Setup, findings: &mut Findings) -> Step {
        self.doubts = 0;
        self.restarts = 0;
        match self.goal {
            Goal::Survive(silence) => {
                if is_alive {
                    self.alive = silence;
                } else {
                    self.gone = Some(silence);
                }
                self.narrow(setup, findings)
            }
            Goal::Inbound(half) => self.next_round(Goal::Outbound(half, Some(is_alive)), setup),
            Goal::Outbound(_, inbound) => {
                let outbound = is_alive;
                findings.refresh = inbound.map(|inbound| Refresh { outbound, inbound });
                Step::Finished
            }
        }
    }

    /// Chooses the next T, or ends the search.
    fn narrow(&mut self, setup: &Setup, findings: &mut Findings) -> Step {
        let next = match self.gone {
            None if self.alive >= self.config.longest => None,
            None => Some((self.alive * 2).min(self.config.longest)),
            Some(gone) if gone - self.alive <= self.config.resolution => None,
            Some(gone) => Some(self.alive + (gone - self.alive) / 2),
        };
        if let Some(silence) = next {
            return self.next_round(Goal::Survive(silence), setup);
        }
        findings.lifetime = Some(LifetimeBounds {
            at_least: self.alive.saturating_sub(self.slowest * 2),
            less_than: self.gone.map(|gone| gone + BURST_LENGTH + self.slowest),
        });
        match self.gone {
            Some(_) if self.alive > Duration::ZERO => {
                self.next_round(Goal::Inbound(self.alive * 3 / 4), setup)
            }
            _ => Step::Finished,
        }
    }

    fn probed(&mut self, answer: Answer, mapped: SocketAddr, setup: &Setup) -> Option<bool> {
        match answer {
            // RFC 5780 section 4.6: on the second socket, the NAT gave the port away again.
            Answer::Reply(reply) => Some(reply.received_on == self.watched(setup)),
            Answer::Error(_) | Answer::Silence | Answer::Looped { .. } => {
                self.phase = Phase::Doubt { mapped };
                None
            }
        }
    }
}

impl Test for Lifetime {
    fn begin(&mut self, setup: &Setup, _: &mut Findings) -> Step {
        if setup.alternate.is_none() {
            return Step::Finished;
        }
        Ask::new(setup.second, setup.server).step()
    }

    fn answer(
        &mut self,
        ask: &Ask,
        answer: Answer,
        setup: &Setup,
        findings: &mut Findings,
    ) -> Step {
        match (self.phase, answer) {
            // The server knows no RESPONSE-PORT, or a socket that worked is cut off.
            (_, Answer::Error(_) | Answer::Looped { .. }) => Step::Finished,
            (Phase::Compare, Answer::Reply(reply)) => {
                // The response goes to the address of who asks for it: both must share one.
                let shares = findings.mapped.is_some_and(|mapped| mapped.ip() == reply.mapped.ip());
                if shares { self.open(setup, 0) } else { Step::Finished }
            }
            (Phase::Open { tries }, Answer::Reply(reply)) => self.opened(ask, reply, tries, setup),
            (Phase::Middle { mapped, tries }, answer) => {
                self.refreshed(ask, answer, mapped, tries, setup)
            }
            (Phase::Probe { mapped }, answer) => match self.probed(answer, mapped, setup) {
                Some(is_alive) => self.judged(is_alive, setup, findings),
                None => Ask::new(self.watched(setup), setup.server).step(),
            },
            (Phase::Doubt { mapped }, Answer::Reply(reply)) => {
                self.doubts += 1;
                if reply.mapped != mapped || self.doubts >= self.config.confirmations {
                    self.judged(false, setup, findings)
                } else {
                    self.next_round(self.goal, setup)
                }
            }
            // Where an answer is sure to come, all that were lost are asked for again.
            (Phase::Compare | Phase::Open { .. } | Phase::Doubt { .. }, Answer::Silence)
                if self.restarts < TRIES =>
            {
                self.restarts += 1;
                Ask::new(ask.from, ask.to).step()
            }
            (Phase::Compare | Phase::Open { .. } | Phase::Doubt { .. }, Answer::Silence)
            | (
                Phase::HalfSilent { .. } | Phase::Silent { .. },
                Answer::Reply(_) | Answer::Silence,
            ) => Step::Finished,
        }
    }

    fn woken(&mut self, setup: &Setup, _: &mut Findings) -> Step {
        match self.phase {
            Phase::Silent { mapped } => {
                self.phase = Phase::Probe { mapped };
                self.probe(mapped, setup)
            }
            Phase::HalfSilent { mapped } => {
                self.phase = Phase::Middle { mapped, tries: 0 };
                match self.goal {
                    Goal::Inbound(_) => self.probe(mapped, setup),
                    Goal::Survive(_) | Goal::Outbound(..) => {
                        Ask::new(self.watched(setup), setup.server).step()
                    }
                }
            }
            Phase::Compare
            | Phase::Open { .. }
            | Phase::Middle { .. }
            | Phase::Probe { .. }
            | Phase::Doubt { .. } => Step::Continue,
        }
    }
}

/// How a probe is sent: at 0, 100, 300 and 700 ms, so that loss is no death and the mapping does
/// not grow much older meanwhile.
pub(super) const BURST: Retransmission =
    Retransmission { rto: Duration::from_millis(100), requests: 4, last_wait: 30 };
/// From the first request of a burst to the last.
const BURST_LENGTH: Duration = Duration::from_millis(700);
/// How often to try for a round whose timing is known.
const TRIES: u8 = 12;
