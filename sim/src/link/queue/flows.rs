//! Controlled delay for each flow, and flows in turn (RFC 8290).

use std::collections::VecDeque;

use icelab_sans_io::Instant;

use super::codel::Controller;
use super::fifo::Fifo;
use super::{Next, Waiting};
use crate::link::config::CoDel;

/// Queues into which flows are hashed, served by deficit round robin with new flows first.
#[derive(Debug)]
pub(super) struct Flows {
    queues: Vec<Option<Box<Queue>>>,
    codel: CoDel,
    quantum: i64,
    new: VecDeque<usize>,
    old: VecDeque<usize>,
    packets: usize,
    bytes: u64,
}

#[derive(Debug)]
struct Queue {
    fifo: Fifo,
    controller: Controller,
    credit: i64,
    is_listed: bool,
}

impl Flows {
    pub(super) fn new(codel: CoDel, flows: u16, quantum: u16) -> Self {
        Self {
            queues: (0..flows.max(1)).map(|_| None).collect(),
            codel,
            quantum: i64::from(quantum.max(1)),
            new: VecDeque::new(),
            old: VecDeque::new(),
            packets: 0,
            bytes: 0,
        }
    }

    pub(super) fn packets(&self) -> usize {
        self.packets
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// RFC 8290 section 4.1.
    pub(super) fn push(&mut self, waiting: Waiting) {
        let index = waiting.flow as usize % self.queues.len();
        let Some(place) = self.queues.get_mut(index) else { return };
        let queue = place.get_or_insert_with(|| {
            Box::new(Queue {
                fifo: Fifo::default(),
                controller: Controller::new(self.codel),
                credit: 0,
                is_listed: false,
            })
        });
        queue.fifo.push(waiting);
        self.packets += 1;
        self.bytes += u64::from(waiting.bytes);
        if !queue.is_listed {
            queue.is_listed = true;
            queue.credit = self.quantum;
            self.new.push_back(index);
        }
    }

    /// RFC 8290 section 4.2.
    pub(super) fn pop(&mut self, now: Instant, dropped: &mut Vec<Waiting>) -> Option<Next> {
        loop {
            let is_new = !self.new.is_empty();
            let list = if is_new { &mut self.new } else { &mut self.old };
            let index = list.pop_front()?;
            let Some(queue) = self.queues.get_mut(index).and_then(Option::as_mut) else { continue };
            if queue.credit <= 0 {
                queue.credit += self.quantum;
                self.old.push_back(index);
                continue;
            }
            let before = dropped.len();
            let next = queue.controller.pop(&mut queue.fifo, now, dropped);
            let gone = dropped.iter().skip(before).chain(next.iter().map(|next| &next.waiting));
            for waiting in gone {
                self.packets -= 1;
                self.bytes -= u64::from(waiting.bytes);
            }
            let Some(next) = next else {
                // An empty new queue becomes an old one, so that it cannot come back as new at once.
                if is_new && !self.old.is_empty() {
                    self.old.push_back(index);
                } else {
                    queue.is_listed = false;
                }
                continue;
            };
            queue.credit -= i64::from(next.waiting.bytes);
            let list = if is_new { &mut self.new } else { &mut self.old };
            list.push_front(index);
            return Some(next);
        }
    }

    /// Drops the first packet of the queue with the most bytes.
    pub(super) fn drop_from_longest(&mut self) -> Option<Waiting> {
        let queues = self.queues.iter_mut().flatten();
        // The first of equals, whatever their number.
        let longest = queues.rev().max_by_key(|queue| queue.fifo.bytes())?;
        let victim = longest.fifo.pop()?;
        self.packets -= 1;
        self.bytes -= u64::from(victim.bytes);
        Some(victim)
    }

    pub(super) fn drain(&mut self) -> Vec<Waiting> {
        (self.packets, self.bytes) = (0, 0);
        self.queues.iter_mut().flatten().flat_map(|queue| queue.fifo.drain()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(flow: u32, slot: u32, bytes: u32) -> Waiting {
        Waiting { slot, bytes, since: Instant::START, flow, is_markable: false }
    }

    fn order(flows: &mut Flows) -> Vec<u32> {
        let mut dropped = Vec::new();
        std::iter::from_fn(|| flows.pop(Instant::START, &mut dropped))
            .map(|next| next.waiting.flow)
            .collect()
    }

    #[test]
    fn a_sparse_flow_goes_before_one_that_fills_the_queue() {
        let mut flows = Flows::new(CoDel::DEFAULT, 1024, 1514);
        for slot in 0..6 {
            flows.push(packet(1, slot, 1000));
        }
        let mut dropped = Vec::new();
        let first = flows.pop(Instant::START, &mut dropped).unwrap();
        assert_eq!(first.waiting.flow, 1);
        flows.push(packet(2, 9, 100));
        // Flow 1 still has credit for one packet, then the newcomer has its turn.
        assert_eq!(order(&mut flows), [1, 2, 1, 1, 1, 1]);
        assert_eq!((flows.packets(), flows.bytes()), (0, 0));
    }

    #[test]
    fn two_full_flows_share_by_bytes_and_not_by_packets() {
        let mut flows = Flows::new(CoDel::DEFAULT, 1024, 1514);
        for slot in 0..100 {
            flows.push(packet(1, slot, 1500));
            for part in 0..5 {
                flows.push(packet(2, slot * 5 + part, 300));
            }
        }
        let sent = order(&mut flows);
        let big = sent.iter().take(120).filter(|flow| **flow == 1).count();
        assert!((18..=22).contains(&big), "{big} of 120 packets are big ones");
    }

    #[test]
    fn room_is_made_at_the_expense_of_the_longest() {
        let mut flows = Flows::new(CoDel::DEFAULT, 1024, 1514);
        flows.push(packet(1, 0, 100));
        flows.push(packet(2, 1, 200));
        flows.push(packet(2, 2, 200));
        assert_eq!(flows.drop_from_longest().unwrap().slot, 1);
        assert_eq!(flows.drop_from_longest().unwrap().slot, 2);
        assert_eq!(flows.drop_from_longest().unwrap().slot, 0);
    }
}
