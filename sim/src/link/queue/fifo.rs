//! First in, first out.

use std::collections::VecDeque;

use super::Waiting;

/// Packets in the order of their coming, with their bytes counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Fifo {
    line: VecDeque<Waiting>,
    bytes: u64,
}

impl Fifo {
    pub(super) fn push(&mut self, waiting: Waiting) {
        self.bytes += u64::from(waiting.bytes);
        self.line.push_back(waiting);
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let first = self.line.pop_front()?;
        self.bytes -= u64::from(first.bytes);
        Some(first)
    }

    pub(super) fn packets(&self) -> usize {
        self.line.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn drain(&mut self) -> Vec<Waiting> {
        self.bytes = 0;
        self.line.drain(..).collect()
    }
}
