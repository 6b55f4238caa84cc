//! One end of a connection at work: a stack, the application above it, and what is noted of both.

use core::time::Duration;
use std::collections::VecDeque;
use std::net::SocketAddr;

use icelab_sans_io::Instant;
use icelab_sans_io::net::{Datagram, Request};

use super::datagram::{unwrap, wrap};
use super::repeats::Repeats;
use super::stack::Stack;

/// What the application of an end does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// It writes messages of `size` bytes as long as no more than `most` bytes wait.
    Saturate { size: usize, most: usize },
    /// It writes a message of `size` bytes `every` so often, from its connection on, for so long.
    Steady { size: usize, every: Duration, lasting: Duration },
    /// It reads.
    Read,
}

/// One end of a connection.
pub(super) struct End {
    stack: Box<dyn Stack>,
    task: Task,
    local: SocketAddr,
    remote: SocketAddr,
    /// When it connects, until it does.
    begins: Option<Instant>,
    /// Since when messages can be sent.
    connected: Option<Instant>,
    repeats: Repeats,
    log: Log,
}

/// What is noted of one end.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    /// Packets that it sent.
    pub(super) packets: u64,
    /// Those of them that carry data again.
    pub(super) repeated: u64,
    /// Messages that it wrote.
    pub(super) written: u64,
    /// How long each packet that arrived was under way.
    pub(super) travelled: Vec<Travelled>,
    /// Messages that arrived.
    pub(super) deliveries: Vec<Delivery>,
    /// Why the connection is over.
    pub(super) failure: Option<String>,
}

/// A packet that arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Travelled {
    /// Its length with what it travelled in.
    pub(super) payload: usize,
    pub(super) time: Duration,
}

/// A message that arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivery {
    /// When it was written.
    pub(super) written: Instant,
    pub(super) at: Instant,
    pub(super) bytes: usize,
}

impl End {
    pub(super) fn new(
        stack: Box<dyn Stack>,
        task: Task,
        [local, remote]: [SocketAddr; 2],
        begins: Option<Instant>,
    ) -> Self {
        let (connected, repeats, log) = (None, Repeats::default(), Log::default());
        Self { stack, task, local, remote, begins, connected, repeats, log }
    }

    pub(super) const fn local(&self) -> SocketAddr {
        self.local
    }

    pub(super) fn into_log(self) -> Log {
        self.log
    }

    /// A datagram for this end.
    pub(super) fn take(&mut self, datagram: Vec<u8>, now: Instant, out: &mut VecDeque<Request>) {
        let payload = datagram.len();
        let Some((packet, sent)) = unwrap(datagram) else { return };
        if let Task::Read = self.task {
            self.log.travelled.push(Travelled { payload, time: now - sent });
        }
        self.stack.handle_input(packet, now);
        self.settle(now, out);
    }

    /// When [`fire`](Self::fire) is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.log.failure.is_some() {
            return None;
        }
        let times = [self.begins, self.stack.poll_timeout(), self.next_message()];
        times.into_iter().flatten().min()
    }

    /// Does what is due.
    pub(super) fn fire(&mut self, now: Instant, out: &mut VecDeque<Request>) {
        if self.deadline().is_none_or(|at| at > now) {
            return;
        }
        if self.begins.take_if(|at| *at <= now).is_some() {
            self.stack.connect(now);
        }
        if self.stack.poll_timeout().is_some_and(|at| at <= now) {
            self.stack.handle_timeout(now);
        }
        self.settle(now, out);
    }

    /// When a steady writer writes next.
    fn next_message(&self) -> Option<Instant> {
        let Task::Steady { every, lasting, .. } = self.task else { return None };
        let number = u32::try_from(self.log.written).unwrap_or(u32::MAX);
        let after = every.saturating_mul(number);
        (after < lasting).then_some(self.connected? + after)
    }

    /// Writes, reads, and sends.
    fn settle(&mut self, now: Instant, out: &mut VecDeque<Request>) {
        if self.connected.is_none() && self.stack.is_connected() {
            self.connected = Some(now);
        }
        self.write(now);
        while let Some(message) = self.stack.receive(now) {
            self.note(&message, now);
        }
        while let Some(packet) = self.stack.poll_packet() {
            self.log.packets += 1;
            self.log.repeated += u64::from(self.repeats.sees(&packet));
            let record = wrap(&packet, now);
            out.push_back(Request::Send(Datagram::new(self.local, self.remote, record)));
        }
        if self.log.failure.is_none() {
            self.log.failure = self.stack.failure();
        }
    }

    fn write(&mut self, now: Instant) {
        if self.connected.is_none() || self.log.failure.is_some() {
            return;
        }
        match self.task {
            Task::Saturate { size, most } => {
                while self.stack.buffered() + size <= most && self.write_one(size, now) {}
            }
            Task::Steady { size, .. } => {
                while self.next_message().is_some_and(|at| at <= now) && self.write_one(size, now) {
                }
            }
            Task::Read => {}
        }
    }

    /// Writes a message that tells its number and its time.
    fn write_one(&mut self, size: usize, now: Instant) -> bool {
        let mut message = Vec::with_capacity(size);
        message.extend_from_slice(&self.log.written.to_be_bytes());
        message.extend_from_slice(&now.as_nanos().to_be_bytes());
        message.resize(size.max(message.len()), FILLER);
        let is_taken = self.stack.send(&message, now);
        self.log.written += u64::from(is_taken);
        is_taken
    }

    /// Notes a message that arrived, and holds it against what a reliable connection promises.
    fn note(&mut self, message: &[u8], now: Instant) {
        let number = |at: usize| {
            let bytes = message.get(at..at + 8)?.try_into().ok()?;
            Some(u64::from_be_bytes(bytes))
        };
        let is_next = number(0) == Some(self.log.deliveries.len() as u64);
        let Some(written) = number(8).filter(|_| is_next) else {
            let count = self.log.deliveries.len();
            let reason = format!("after {count} messages another one came than the next");
            self.log.failure.get_or_insert(reason);
            return;
        };
        let (written, bytes) = (Instant::from_nanos(written), message.len());
        self.log.deliveries.push(Delivery { written, at: now, bytes });
    }
}

/// What messages are filled with.
const FILLER: u8 = 0xa5;
