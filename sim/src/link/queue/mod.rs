//! What waits before a link.

mod codel;
mod fifo;
mod flows;

use icelab_sans_io::Instant;

use self::codel::Controller;
use self::fifo::Fifo;
use self::flows::Flows;
use super::config::{Discipline, QueueLimit};

/// A packet that waits, without the packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Waiting {
    /// Where the packet is.
    pub(crate) slot: u32,
    /// Its length.
    pub(crate) bytes: u32,
    /// Since when it waits.
    pub(crate) since: Instant,
    /// Which conversation it belongs to, as any number.
    pub(crate) flow: u32,
    /// Whether it can carry a congestion mark.
    pub(crate) is_markable: bool,
}

/// A packet whose turn has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Next {
    pub(crate) waiting: Waiting,
    pub(crate) is_marked: bool,
}

/// A queue with its discipline.
#[derive(Debug)]
pub(crate) struct Queue {
    limit: QueueLimit,
    line: Line,
}

#[derive(Debug)]
enum Line {
    Fifo(Fifo),
    MarkAbove(Fifo, u64),
    CoDel(Fifo, Controller),
    Flows(Box<Flows>),
}

impl Queue {
    pub(crate) fn new(limit: QueueLimit, discipline: Discipline) -> Self {
        let line = match discipline {
            Discipline::DropTail => Line::Fifo(Fifo::default()),
            Discipline::MarkAbove { bytes } => Line::MarkAbove(Fifo::default(), bytes),
            Discipline::CoDel(codel) => Line::CoDel(Fifo::default(), Controller::new(codel)),
            Discipline::FqCoDel { codel, flows, quantum } => {
                Line::Flows(Box::new(Flows::new(codel, flows, quantum)))
            }
        };
        Self { limit, line }
    }

    pub(crate) fn set_limit(&mut self, limit: QueueLimit) {
        self.limit = limit;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.packets() == 0
    }

    /// Takes a packet; what has no place comes back in `dropped`.
    pub(crate) fn push(&mut self, waiting: Waiting, dropped: &mut Vec<Waiting>) {
        let is_full = match self.limit {
            QueueLimit::Packets(most) => self.packets() >= most as usize,
            QueueLimit::Bytes(most) => self.bytes() + u64::from(waiting.bytes) > most,
        };
        match &mut self.line {
            Line::Fifo(_) | Line::MarkAbove(..) | Line::CoDel(..) if is_full => {
                dropped.push(waiting);
            }
            Line::Fifo(fifo) | Line::MarkAbove(fifo, _) | Line::CoDel(fifo, _) => {
                fifo.push(waiting);
            }
            Line::Flows(flows) => {
                flows.push(waiting);
                // RFC 8290 section 4.1: room is made at the expense of the longest queue.
                while self.is_over() {
                    let Line::Flows(flows) = &mut self.line else { return };
                    let Some(victim) = flows.drop_from_longest() else { return };
                    dropped.push(victim);
                }
            }
        }
    }

    /// The packet that goes next; what the discipline drops before it comes back in `dropped`.
    pub(crate) fn pop(&mut self, now: Instant, dropped: &mut Vec<Waiting>) -> Option<Next> {
        match &mut self.line {
            Line::Fifo(fifo) => fifo.pop().map(unmarked),
            Line::MarkAbove(fifo, most) => {
                let is_long = fifo.bytes() > *most;
                let waiting = fifo.pop()?;
                Some(Next { waiting, is_marked: is_long && waiting.is_markable })
            }
            Line::CoDel(fifo, controller) => controller.pop(fifo, now, dropped),
            Line::Flows(flows) => flows.pop(now, dropped),
        }
    }

    /// Everything that waits, in some order.
    pub(crate) fn drain(&mut self) -> Vec<Waiting> {
        match &mut self.line {
            Line::Fifo(fifo) | Line::MarkAbove(fifo, _) | Line::CoDel(fifo, _) => fifo.drain(),
            Line::Flows(flows) => flows.drain(),
        }
    }

    fn is_over(&self) -> bool {
        match self.limit {
            QueueLimit::Packets(most) => self.packets() > most as usize,
            QueueLimit::Bytes(most) => self.bytes() > most,
        }
    }

    fn packets(&self) -> usize {
        match &self.line {
            Line::Fifo(fifo) | Line::MarkAbove(fifo, _) | Line::CoDel(fifo, _) => fifo.packets(),
            Line::Flows(flows) => flows.packets(),
        }
    }

    fn bytes(&self) -> u64 {
        match &self.line {
            Line::Fifo(fifo) | Line::MarkAbove(fifo, _) | Line::CoDel(fifo, _) => fifo.bytes(),
            Line::Flows(flows) => flows.bytes(),
        }
    }
}

fn unmarked(waiting: Waiting) -> Next {
    Next { waiting, is_marked: false }
}
