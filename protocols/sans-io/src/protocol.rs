//! The contract of a stateful layer.

use core::fmt::Debug;

use crate::instant::Instant;

/// A stateful protocol layer without sockets, clock or randomness of its own.
///
/// Laws, which [`testing::laws`](crate::testing::laws) checks for any layer:
///
/// - `now` never decreases from call to call. Nobody stores it as a clock.
/// - All work happens in `handle_*` and in commands. Polling more or less often changes nothing.
/// - An early or repeated [`handle_timeout`](Self::handle_timeout) changes nothing; a late one is
///   legal.
/// - After a `handle_timeout` at the deadline, the next deadline is later, or there is none.
/// - No input can make a layer panic, hang, or keep more than a bounded amount of memory.
pub trait Protocol {
    /// What arrives: [`Datagram`](crate::net::Datagram) for a layer on one socket,
    /// [`Notice`](crate::net::Notice) for a layer that opens sockets, `Vec<u8>` inside a tunnel.
    type Input;
    /// What leaves: `Datagram`, [`Request`](crate::net::Request) or `Vec<u8>` likewise.
    type Packet;
    /// What the layer tells the layer above.
    type Event: Debug;

    /// Takes what a peer or the network sent. It may be anything: it never fails; what makes no
    /// sense is dropped and counted.
    fn handle_input(&mut self, input: Self::Input, now: Instant);

    /// Does what is due at `now`.
    fn handle_timeout(&mut self, now: Instant);

    /// Hands over the oldest piece of finished work, and does none.
    fn poll_output(&mut self) -> Option<Output<Self::Packet, Self::Event>>;

    /// When [`handle_timeout`](Self::handle_timeout) is next due, and why.
    fn poll_timeout(&self) -> Option<Deadline>;
}

/// A finished piece of work of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<P, E> {
    /// To be sent.
    Packet(P),
    /// To be told to the layer above.
    Event(E),
}

/// When a layer wants to be woken, and by which of its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// The time.
    pub at: Instant,
    /// The timer, as `layer.timer`: `ice.check`, `dtls.retransmit`.
    pub timer: &'static str,
}

impl Deadline {
    /// The earlier of two deadlines; of two at the same time the first.
    #[must_use]
    pub fn earlier(left: Option<Self>, right: Option<Self>) -> Option<Self> {
        match (left, right) {
            (Some(left), Some(right)) => Some(if right.at < left.at { right } else { left }),
            (left, right) => left.or(right),
        }
    }
}

impl<P: Protocol + ?Sized> Protocol for Box<P> {
    type Input = P::Input;
    type Packet = P::Packet;
    type Event = P::Event;

    fn handle_input(&mut self, input: Self::Input, now: Instant) {
        (**self).handle_input(input, now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        (**self).handle_timeout(now);
    }

    fn poll_output(&mut self) -> Option<Output<Self::Packet, Self::Event>> {
        (**self).poll_output()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        (**self).poll_timeout()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_deadline_wins_and_a_tie_goes_to_the_first() {
        let at = |millis, timer| Some(Deadline { at: Instant::from_millis(millis), timer });
        assert_eq!(Deadline::earlier(at(1, "a"), at(2, "b")), at(1, "a"));
        assert_eq!(Deadline::earlier(at(2, "a"), at(1, "b")), at(1, "b"));
        assert_eq!(Deadline::earlier(at(1, "a"), at(1, "b")), at(1, "a"));
        assert_eq!(Deadline::earlier(None, at(1, "b")), at(1, "b"));
        assert_eq!(Deadline::earlier(None, None), None);
    }
}
