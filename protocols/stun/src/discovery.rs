//! Finds out how the NATs on the path behave (RFC 5780 section 4).
//!
//! The tests run one after another, since each depends on what the NAT has seen before:
//! 1. [connectivity](Connectivity): does the server answer, and has it another address (4.2);
//! 2. [filtering](Filtering): while nothing has been sent to the other addresses (4.4);
//! 3. [mapping](Mapping): the same socket towards three of the server's addresses (4.3);
//! 4. [hairpinning](Hairpinning): two sockets send to each other's mapped addresses (3.4);
//! 5. [fragments](Fragments): a request and a response longer than the MTU (3.5);
//! 6. [lifetime](Lifetime): for how long the mapping of a silent socket lives (4.6).
//!
//! Every request is sent again as RFC 8489 says, so that loss is not taken for filtering; silence
//! that matters is believed only where the silent address has answered another request.

mod config;
mod filtering;
mod findings;
mod fragments;
mod hairpinning;
mod lifetime;
mod mapping;
mod test;

use std::collections::VecDeque;

use icelab_sans_io::net::Datagram;
use icelab_sans_io::{Deadline, Instant, Output, OutputQueue, Protocol, Rng};

use crate::attribute::{
    ErrorCode, MappedAddress, OtherAddress, Padding, ResponsePort, XorMappedAddress,
};
use crate::discard::{Discard, Discards};
use crate::message::{Class, Message, MessageBuilder, Method, TransactionId};
use crate::transaction::{Due, Transactions};
pub use config::{DiscoveryConfig, LifetimeConfig};
use filtering::Filtering;
pub use findings::{
    Behaviour, DiscoveryEvent, Findings, FragmentHandling, HairpinSource, LifetimeBounds, Refresh,
};
use fragments::Fragments;
use hairpinning::Hairpinning;
use lifetime::Lifetime;
use mapping::{Connectivity, Mapping};
use test::{Answer, Ask, Reply, Setup, Step, Test};

/// A client of behaviour discovery on two sockets or more.
#[derive(Debug)]
pub struct Discovery {
    config: DiscoveryConfig,
    setup: Setup,
    findings: Findings,
    current: Option<Box<dyn Test>>,
    waiting: VecDeque<Box<dyn Test>>,
    transactions: Transactions<Ask>,
    wake: Option<Instant>,
    output: OutputQueue<Datagram, DiscoveryEvent>,
    discards: Discards,
    rng: Rng,
}

impl Discovery {
    /// A discovery that does nothing yet.
    #[must_use]
    pub fn new(config: DiscoveryConfig, rng: Rng) -> Self {
        Self {
            setup: Setup::new(&config),
            config,
            findings: Findings::default(),
            current: None,
            waiting: VecDeque::new(),
            transactions: Transactions::new(),
            wake: None,
            output: OutputQueue::new(),
            discards: Discards::default(),
            rng,
        }
    }

    /// Starts the tests, from the first one.
    pub fn start(&mut self, now: Instant) {
        self.transactions.clear();
        self.wake = None;
        self.findings = Findings::default();
        self.setup = Setup::new(&self.config);
        self.waiting = VecDeque::from([
            Box::new(Connectivity) as Box<dyn Test>,
            Box::new(Filtering::default()),
            Box::new(Mapping::default()),
            Box::new(Hairpinning::default()),
            Box::new(Fragments),
        ]);
        if let Some(lifetime) = &self.config.lifetime {
            self.waiting.push_back(Box::new(Lifetime::new(lifetime.clone())));
        }
        self.next_test(now);
    }

    /// What is known so far.
    #[must_use]
    pub const fn findings(&self) -> &Findings {
        &self.findings
    }

    /// What was dropped.
    #[must_use]
    pub const fn discards(&self) -> &Discards {
        &self.discards
    }

    /// Begins tests until one has something to do, or none is left.
    fn next_test(&mut self, now: Instant) {
        self.current = None;
        while let Some(mut test) = self.waiting.pop_front() {
            match test.begin(&self.setup, &mut self.findings) {
                Step::Finished => {}
                Step::Abort => self.waiting.clear(),
                step @ (Step::Ask(_) | Step::WaitUntil(_) | Step::Continue) => {
                    self.current = Some(test);
                    return self.take(step, now);
                }
            }
        }
        self.output.event(DiscoveryEvent::Finished(Box::new(self.findings.clone())));
    }

    fn take(&mut self, step: Step, now: Instant) {
        match step {
            Step::Continue => {}
            Step::WaitUntil(at) => self.wake = Some(at.max(now)),
            Step::Ask(asks) => {
                for ask in asks {
                    self.ask(ask, now);
                }
            }
            Step::Finished => {
                self.transactions.clear();
                self.wake = None;
                self.next_test(now);
            }
            Step::Abort => {
                self.waiting.clear();
                self.take(Step::Finished, now);
            }
        }
    }

    fn ask(&mut self, mut ask: Ask, now: Instant) {
        let id = TransactionId::random(&mut self.rng);
        let padding = ask.is_padded.then(|| Padding(self.config.padding.next_multiple_of(4)));
        let payload = MessageBuilder::new(Class::Request, Method::BINDING, id)
            .maybe(ask.change.as_ref())
            .maybe(ask.response_port.map(ResponsePort).as_ref())
            .maybe(padding.as_ref())
            .finish();
        ask.asked_at = now;
        let policy = if ask.is_burst { lifetime::BURST } else { self.config.retransmission };
        let datagram = Datagram::new(ask.from, ask.to, payload);
        self.output.packet(self.transactions.start(id, datagram, ask, policy, now));
    }

    /// Hands an answer to the running test.
    fn answer(&mut self, ask: &Ask, answer: Answer, now: Instant) {
        let Some(test) = &mut self.current else { return };
        let step = test.answer(ask, answer, &self.setup, &mut self.findings);
        if let Some(alternate) = self.findings.alternate {
            self.setup.alternate = Some(alternate);
        }
        self.take(step, now);
    }

    fn receive(&mut self, datagram: &Datagram, now: Instant) -> Result<(), Discard> {
        let message = Message::parse(&datagram.payload).map_err(|_| Discard::NotStun)?;
        if message.method() != Method::BINDING {
            return Err(Discard::Unexpected);
        }
        let id = message.transaction_id();
        let ask = self.transactions.get(&id).ok_or(Discard::UnknownTransaction)?.clone();
        let reply = match message.class() {
            Class::Indication => return Err(Discard::Unexpected),
            // RFC 5780 section 3.4: our own request came back through the NAT.
            Class::Request if ask.is_crossing => {
                let answer = Answer::Looped { source: datagram.source };
                self.answer(&ask, answer, now);
                return Ok(());
            }
            Class::Request => return Err(Discard::Unexpected),
            Class::Success => {
                let Some(Ok(XorMappedAddress(mapped))) = message.get::<XorMappedAddress>() else {
                    return Err(Discard::Unexpected);
                };
                let plain = message.get::<MappedAddress>().and_then(Result::ok);
                let other = message.get::<OtherAddress>().and_then(Result::ok);
                Some((mapped, plain.map(|plain| plain.0), other.map(|other| other.0)))
            }
            Class::Error => None,
        };
        let answered = self.transactions.finish(&id, now).ok_or(Discard::UnknownTransaction)?;
        let answer = match reply {
            Some((mapped, plain, other)) => Answer::Reply(Reply {
                mapped,
                plain,
                other,
                source: datagram.source,
                received_on: datagram.destination,
                rtt: answered.rtt,
            }),
            None => match message.get::<ErrorCode<'_>>() {
                Some(Ok(error)) => Answer::Error(error.code),
                _ => Answer::Error(0),
            },
        };
        self.answer(&ask, answer, now);
        Ok(())
    }
}

impl Protocol for Discovery {
    type Input = Datagram;
    type Packet = Datagram;
    type Event = DiscoveryEvent;

    fn handle_input(&mut self, input: Datagram, now: Instant) {
        if let Err(reason) = self.receive(&input, now) {
            self.discards.add(reason);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        while let Some(due) = self.transactions.handle_timeout(now) {
            match due {
                Due::Resend(datagram) => self.output.packet(datagram),
                Due::TimedOut(unanswered) => {
                    self.answer(&unanswered.context, Answer::Silence, now);
                }
            }
        }
        if self.wake.is_some_and(|at| at <= now) {
            self.wake = None;
            if let Some(test) = &mut self.current {
                let step = test.woken(&self.setup, &mut self.findings);
                self.take(step, now);
            }
        }
    }

    fn poll_output(&mut self) -> Option<Output<Datagram, DiscoveryEvent>> {
        self.output.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        let retransmit =
            self.transactions.poll_timeout().map(|at| Deadline { at, timer: "stun.retransmit" });
        let wake = self.wake.map(|at| Deadline { at, timer: "stun.lifetime" });
        Deadline::earlier(retransmit, wake)
    }
}
