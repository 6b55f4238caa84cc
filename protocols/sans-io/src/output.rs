//! What waits to be polled.

use std::collections::VecDeque;

use crate::protocol::Output;

/// A bounded queue of finished work, in order.
///
/// Whoever drives a layer empties the queue after each call. One that does not must not make the
/// layer eat memory: a packet that finds [`Self::PACKETS`] others waiting is dropped and counted,
/// as a network would. Events are never dropped: their number is bounded by the layer's inputs.
#[derive(Clone, Debug)]
pub struct OutputQueue<P, E> {
    queue: VecDeque<Output<P, E>>,
    packets: usize,
    dropped: u64,
}

impl<P, E> OutputQueue<P, E> {
    /// How many packets may wait.
    pub const PACKETS: usize = 4096;

    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self { queue: VecDeque::new(), packets: 0, dropped: 0 }
    }

    /// Adds a packet at the end, or drops and counts it where too many wait.
    pub fn packet(&mut self, packet: P) {
        if self.packets < Self::PACKETS {
            self.packets += 1;
            self.queue.push_back(Output::Packet(packet));
        } else {
            self.dropped += 1;
        }
    }

    /// Adds an event at the end.
    pub fn event(&mut self, event: E) {
        self.queue.push_back(Output::Event(event));
    }

    /// Takes the oldest.
    pub fn pop(&mut self) -> Option<Output<P, E>> {
        let output = self.queue.pop_front();
        if matches!(output, Some(Output::Packet(_))) {
            self.packets -= 1;
        }
        output
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many packets found no room.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl<P, E> Default for OutputQueue<P, E> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_and_events_keep_their_order() {
        let mut queue = OutputQueue::new();
        queue.packet(1);
        queue.event("two");
        queue.packet(3);
        let all: Vec<_> = core::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(all, [Output::Packet(1), Output::Event("two"), Output::Packet(3)]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_queue_that_nobody_empties_stops_growing() {
        let mut queue = OutputQueue::<_, ()>::new();
        for number in 0..OutputQueue::<usize, ()>::PACKETS + 5 {
            queue.packet(number);
        }
        assert_eq!(queue.dropped(), 5);
        queue.pop();
        queue.packet(0);
        assert_eq!(queue.dropped(), 5);
    }
}
