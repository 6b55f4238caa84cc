//! Requests in flight over UDP, sent again until an answer comes (RFC 8489 section 6.2.1).
//!
//! 1. [`Transactions::start`] hands back the datagram to send and arms the first wait of RTO.
//! 2. Each wait that ends without an answer sends the request again and doubles the wait, until
//!    Rc requests have gone out; the last wait is Rm times the first RTO.
//! 3. [`Transactions::finish`] ends a transaction with the answer that the owner accepted, and
//!    says how long it took, unless the request was sent more than once (Karn's algorithm).

mod rtt;

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use icelab_sans_io::net::Datagram;
use icelab_sans_io::{Instant, Timers};

use crate::message::TransactionId;
pub use rtt::{RttCache, RttEstimator};

/// How often and how long to try (RFC 8489 section 6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retransmission {
    /// The first wait.
    pub rto: Duration,
    /// How many requests are sent at most (Rc).
    pub requests: u32,
    /// How many times `rto` to wait after the last of them (Rm).
    pub last_wait: u32,
}

impl Retransmission {
    /// The same, beginning with this RTO.
    #[must_use]
    pub const fn with_rto(self, rto: Duration) -> Self {
        Self { rto, ..self }
    }
}

impl Default for Retransmission {
    /// 500 ms, 7 requests, and 16 times 500 ms after the last: 39.5 s in all.
    fn default() -> Self {
        Self { rto: Duration::from_millis(500), requests: 7, last_wait: 16 }
    }
}

/// The requests of one client that have no answer yet, each with the owner's `context`.
#[derive(Clone, Debug)]
pub struct Transactions<C> {
    pending: BTreeMap<TransactionId, Pending<C>>,
    timers: Timers<TransactionId>,
}

#[derive(Clone, Debug)]
struct Pending<C> {
    datagram: Datagram,
    context: C,
    sent_at: Instant,
    sent: u32,
    wait: Duration,
    policy: Retransmission,
    discarded: bool,
}

/// What a transaction's wait ended in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due<C> {
    /// Send this again.
    Resend(Datagram),
    /// Nobody answered; the transaction is over.
    TimedOut(Unanswered<C>),
}

/// A transaction that ended without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered<C> {
    /// Which it was.
    pub id: TransactionId,
    /// What the owner stored with it.
    pub context: C,
    /// Whether answers came, and were all discarded for their integrity: then the owner reports
    /// that integrity was violated (RFC 8489 sections 9.1.4 and 9.2.5).
    pub integrity_violated: bool,
}

/// A transaction that ended with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered<C> {
    /// What the owner stored with it.
    pub context: C,
    /// Where the request went.
    pub destination: SocketAddr,
    /// How long the answer took, where only one request was sent.
    pub rtt: Option<Duration>,
    /// How many requests were sent.
    pub requests: u32,
}

impl<C> Transactions<C> {
    /// None in flight.
    #[must_use]
    pub const fn new() -> Self {
        Self { pending: BTreeMap::new(), timers: Timers::new() }
    }

    /// Starts the transaction `id`, whose request is `datagram`, and hands back what to send now.
    pub fn start(
        &mut self,
        id: TransactionId,
        datagram: Datagram,
        context: C,
        policy: Retransmission,
        now: Instant,
    ) -> Datagram {
        let wait = if policy.requests <= 1 { policy.rto * policy.last_wait } else { policy.rto };
        self.timers.set(id, now + wait);
        let first = datagram.clone();
        let pending =
            Pending { datagram, context, sent_at: now, sent: 1, wait, policy, discarded: false };
        self.pending.insert(id, pending);
        first
    }

    /// What the owner stored with the transaction `id`; `None` where it is not in flight.
    #[must_use]
    pub fn get(&self, id: &TransactionId) -> Option<&C> {
        self.pending.get(id).map(|pending| &pending.context)
    }

    /// Where the request of the transaction `id` was sent from and to.
    #[must_use]
    pub fn path(&self, id: &TransactionId) -> Option<(SocketAddr, SocketAddr)> {
        let datagram = &self.pending.get(id)?.datagram;
        Some((datagram.source, datagram.destination))
    }

    /// Ends the transaction `id` with an answer.
    pub fn finish(&mut self, id: &TransactionId, now: Instant) -> Option<Answered<C>> {
        self.timers.cancel(id);
        let pending = self.pending.remove(id)?;
        Some(Answered {
            context: pending.context,
            destination: pending.datagram.destination,
            rtt: (pending.sent == 1).then(|| now - pending.sent_at),
            requests: pending.sent,
        })
    }

    /// Remembers that an answer to `id` was discarded for its integrity.
    pub fn discarded_for_integrity(&mut self, id: &TransactionId) {
        if let Some(pending) = self.pending.get_mut(id) {
            pending.discarded = true;
        }
    }

    /// Ends all transactions with `remote`, as after a hard ICMP error, in the order of their ids.
    pub fn fail_all_to(&mut self, remote: SocketAddr) -> Vec<Unanswered<C>> {
        let ids: Vec<TransactionId> = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.datagram.destination == remote)
            .map(|(id, _)| *id)
            .collect();
        ids.into_iter().filter_map(|id| self.end(id)).collect()
    }

    /// Forgets all transactions.
    pub fn clear(&mut self) {
        self.pending.clear();
        self.timers.clear();
    }

    /// How many are in flight.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether none is in flight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// When the next wait ends.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next().map(|(at, _)| at)
    }

    /// Ends one wait that is over at `now`; call it until it returns `None`.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Due<C>> {
        let (_, id) = self.timers.pop_due(now)?;
        let pending = self.pending.get_mut(&id)?;
        if pending.sent >= pending.policy.requests {
            return self.end(id).map(Due::TimedOut);
        }
        pending.sent += 1;
        pending.wait = if pending.sent == pending.policy.requests {
            pending.policy.rto * pending.policy.last_wait
        } else {
            pending.wait * 2
        };
        self.timers.set(id, now + pending.wait);
        Some(Due::Resend(pending.datagram.clone()))
    }

    fn end(&mut self, id: TransactionId) -> Option<Unanswered<C>> {
        self.timers.cancel(&id);
        let pending = self.pending.remove(&id)?;
        Some(Unanswered { id, context: pending.context, integrity_violated: pending.discarded })
    }
}

impl<C> Default for Transactions<C> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: TransactionId = TransactionId([1; 12]);

    fn datagram() -> Datagram {
        Datagram::new(
            "192.0.2.1:1000".parse().unwrap(),
            "192.0.2.2:3478".parse().unwrap(),
            vec![1, 2, 3],
        )
    }

    // The example of RFC 8489 section 6.2.1.
    #[test]
    fn requests_go_out_at_the_times_of_the_rfc() {
        let mut transactions = Transactions::new();
        let mut times = vec![0];
        transactions.start(ID, datagram(), "mine", Retransmission::default(), Instant::START);
        let end = loop {
            let at = transactions.poll_timeout().unwrap();
            match transactions.handle_timeout(at).unwrap() {
                Due::Resend(again) => {
                    assert_eq!(again, datagram());
                    times.push(at.as_nanos() / 1_000_000);
                }
                Due::TimedOut(unanswered) => {
                    assert_eq!((unanswered.id, unanswered.context), (ID, "mine"));
                    assert!(!unanswered.integrity_violated);
                    break at;
                }
            }
        };
        assert_eq!(times, [0, 500, 1500, 3500, 7500, 15500, 31500]);
        assert_eq!(end, Instant::from_millis(39_500));
        assert!(transactions.is_empty());
        assert_eq!(transactions.poll_timeout(), None);
    }

    #[test]
    fn an_early_timeout_sends_nothing_and_a_late_one_sends_once() {
        let mut transactions = Transactions::new();
        transactions.start(ID, datagram(), (), Retransmission::default(), Instant::START);
        assert_eq!(transactions.handle_timeout(Instant::from_millis(499)), None);
        let late = Instant::from_millis(9_000);
        assert_eq!(transactions.handle_timeout(late), Some(Due::Resend(datagram())));
        assert_eq!(transactions.handle_timeout(late), None);
        assert_eq!(transactions.poll_timeout(), Some(Instant::from_millis(10_000)));
    }

    #[test]
    fn only_a_request_sent_once_measures_the_round_trip() {
        let mut transactions = Transactions::new();
        let now = Instant::from_millis(40);
        transactions.start(ID, datagram(), (), Retransmission::default(), Instant::START);
        let answered = transactions.finish(&ID, now).unwrap();
        assert_eq!(answered.rtt, Some(Duration::from_millis(40)));
        assert_eq!(transactions.finish(&ID, now), None);

        transactions.start(ID, datagram(), (), Retransmission::default(), Instant::START);
        transactions.handle_timeout(Instant::from_millis(500)).unwrap();
        assert_eq!(transactions.finish(&ID, Instant::from_millis(501)).unwrap().rtt, None);
    }

    #[test]
    fn a_hard_error_ends_all_that_went_there() {
        let mut transactions = Transactions::new();
        transactions.start(ID, datagram(), (), Retransmission::default(), Instant::START);
        assert_eq!(transactions.fail_all_to("192.0.2.9:3478".parse().unwrap()), []);
        assert_eq!(transactions.fail_all_to(datagram().destination).len(), 1);
        assert_eq!(transactions.poll_timeout(), None);
    }
}
