//! The messages of one of the peer's streams: put together, put in order, handed over.

use std::collections::BTreeMap;

use crate::message::{Part, Payload, Received};
use crate::packet::{Ppid, StreamId};
use crate::rx::pieces::{Amount, Piece, Pieces};

/// One of the peer's streams.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inbound {
    /// The number of the ordered message that is next. Numbers do not wrap here.
    next: u64,
    ordered: BTreeMap<u64, Pieces>,
    /// By message identifier (I-DATA); without identifiers (DATA) all under zero, where neighbouring
    /// TSNs tell what belongs together.
    unordered: BTreeMap<u64, Pieces>,
    /// What was handed over of messages that are not complete: the ordered one, unordered ones.
    begun_ordered: Option<Begun>,
    begun_unordered: BTreeMap<u64, Begun>,
    next_unordered: u64,
}

/// A message of which parts have been handed over.
#[derive(Clone, Copy, Debug)]
struct Begun {
    /// The number of the fragment that goes on.
    goes_on: u64,
    ppid: Ppid,
}

/// Where a fragment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The ordered message with this number.
    Ordered(u64),
    /// The unordered message with this number; zero for all of them, where they have none.
    Unordered(u64),
}

/// When parts are handed over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partial {
    /// A message that is not complete is begun from so many bytes on,
    pub(crate) begin: usize,
    /// and goes on with so many.
    pub(crate) go_on: usize,
}

impl Inbound {
    /// Whether a part of an unordered message waits for the rest.
    pub(crate) fn has_unordered(&self) -> bool {
        !self.unordered.is_empty() || !self.begun_unordered.is_empty()
    }

    /// The long number of an ordered message from its low 16 bits.
    pub(crate) const fn lengthen_ssn(&self, ssn: u16) -> Option<u64> {
        let distance = ssn.wrapping_sub(self.next as u16) as i16;
        self.next.checked_add_signed(distance as i64)
    }

    /// The long number of a message from its low 32 bits.
    pub(crate) const fn lengthen_mid(&self, mid: u32, is_unordered: bool) -> Option<u64> {
        let near = if is_unordered { self.next_unordered } else { self.next };
        let distance = mid.wrapping_sub(near as u32) as i32;
        near.checked_add_signed(distance as i64)
    }

    /// Takes a fragment and hands over what has become ready. Whether the fragment was of use: of a
    /// message that was handed over or given up it is not.
    pub(crate) fn insert(
        &mut self,
        stream: StreamId,
        place: Place,
        piece: Piece,
        partial: Partial,
        ready: &mut Vec<Received>,
    ) -> bool {
        match place {
            Place::Ordered(number) => {
                if number < self.next {
                    return false;
                }
                if number == self.next
                    && piece.is_first
                    && piece.is_last
                    && !self.ordered.contains_key(&number)
                {
                    ready.push(whole(stream, false, piece.ppid, piece.payload.into()));
                    self.next += 1;
                } else {
                    self.ordered.entry(number).or_default().insert(piece);
                }
                self.hand_over_ordered(stream, partial, ready);
            }
            Place::Unordered(number) => {
                if piece.is_first && piece.is_last {
                    ready.push(whole(stream, true, piece.ppid, piece.payload.into()));
                    return true;
                }
                let pieces = self.unordered.entry(number).or_default();
                let start = pieces.insert(piece);
                self.next_unordered = self.next_unordered.max(number);
                self.hand_over_unordered(stream, number, start, partial, ready);
            }
        }
        true
    }

    /// Hands over what there is of messages that are not complete, little as it may be.
    pub(crate) fn hand_over_parts(&mut self, stream: StreamId, ready: &mut Vec<Received>) {
        let any = Partial { begin: 1, go_on: 1 };
        self.hand_over_ordered(stream, any, ready);
        let unordered: Vec<_> = self
            .unordered
            .iter()
            .flat_map(|(number, pieces)| pieces.starts().map(|start| (*number, start)))
            .collect();
        for (number, start) in unordered {
            self.hand_over_unordered(stream, number, start, any, ready);
        }
    }

    /// Ordered messages from the next one on.
    fn hand_over_ordered(&mut self, stream: StreamId, partial: Partial, ready: &mut Vec<Received>) {
        while let Some(pieces) = self.ordered.get_mut(&self.next) {
            let Some((start, run)) = pieces.first() else { break };
            let part = match &self.begun_ordered {
                None if run.is_whole() => Part::Whole,
                None if run.is_first && run.payload.len() >= partial.begin => Part::First,
                Some(begun) if begun.goes_on == start && run.is_last => Part::Last,
                Some(begun) if begun.goes_on == start && run.payload.len() >= partial.go_on => {
                    Part::Middle
                }
                None | Some(_) => break,
            };
            let Some(run) = pieces.take(start) else { break };
            let ppid = self.begun_ordered.map_or(run.ppid, |begun| begun.ppid);
            let goes_on = run.next();
            ready.push(Received { stream, ppid, is_unordered: false, part, payload: run.payload });
            if matches!(part, Part::Whole | Part::Last) {
                self.begun_ordered = None;
                self.ordered.remove(&self.next);
                self.next += 1;
            } else {
                self.begun_ordered = Some(Begun { goes_on, ppid });
                break;
            }
        }
    }

    /// An unordered message of which the run at `start` has grown.
    fn hand_over_unordered(
        &mut self,
        stream: StreamId,
        number: u64,
        start: u64,
        partial: Partial,
        ready: &mut Vec<Received>,
    ) {
        let Some(pieces) = self.unordered.get_mut(&number) else { return };
        let Some(run) = pieces.get(start) else { return };
        let begun = self.begun_unordered.get(&number).copied();
        let goes_on = begun.is_some_and(|begun| begun.goes_on == start && !run.is_first);
        let part = if run.is_whole() {
            Part::Whole
        } else if goes_on && run.is_last {
            Part::Last
        } else if goes_on && run.payload.len() >= partial.go_on {
            Part::Middle
        } else if self.begun_unordered.is_empty()
            && run.is_first
            && run.payload.len() >= partial.begin
        {
            Part::First
        } else {
            return;
        };
        let Some(run) = pieces.take(start) else { return };
        if pieces.is_empty() {
            self.unordered.remove(&number);
        }
        let ppid = if goes_on { begun.map_or(run.ppid, |begun| begun.ppid) } else { run.ppid };
        let next = run.next();
        ready.push(Received { stream, ppid, is_unordered: true, part, payload: run.payload });
        match part {
            Part::First | Part::Middle => {
                self.begun_unordered.insert(number, Begun { goes_on: next, ppid });
            }
            Part::Last => {
                self.begun_unordered.remove(&number);
            }
            Part::Whole | Part::Void => {}
        }
    }

    /// Ordered messages up to this one do not come any more (RFC 3758 section 3.6): those that are
    /// complete are handed over, the others thrown away. Returns what was thrown away.
    pub(crate) fn skip_ordered(
        &mut self,
        stream: StreamId,
        last: u64,
        partial: Partial,
        ready: &mut Vec<Received>,
    ) -> Amount {
        let mut thrown = Amount::default();
        while let Some((number, _)) = self.ordered.first_key_value()
            && *number <= last
        {
            let number = *number;
            if number > self.next {
                self.void_ordered(stream, ready);
            }
            self.next = self.next.max(number);
            self.hand_over_ordered(stream, partial, ready);
            if self.next == number {
                let pieces = self.ordered.remove(&number).unwrap_or_default();
                thrown += pieces.amount();
                self.void_ordered(stream, ready);
                self.next = number + 1;
            }
        }
        if self.next <= last {
            self.void_ordered(stream, ready);
            self.next = last + 1;
        }
        self.hand_over_ordered(stream, partial, ready);
        thrown
    }

    fn void_ordered(&mut self, stream: StreamId, ready: &mut Vec<Received>) {
        if let Some(begun) = self.begun_ordered.take() {
            ready.push(void(stream, false, begun.ppid));
        }
    }

    /// Unordered messages up to this one (I-DATA) do not come any more.
    pub(crate) fn skip_unordered(
        &mut self,
        stream: StreamId,
        last: u64,
        ready: &mut Vec<Received>,
    ) -> Amount {
        let mut thrown = Amount::default();
        while let Some(entry) = self.unordered.first_entry()
            && *entry.key() <= last
        {
            thrown += entry.remove().amount();
        }
        while let Some(entry) = self.begun_unordered.first_entry()
            && *entry.key() <= last
        {
            ready.push(void(stream, true, entry.remove().ppid));
        }
        thrown
    }

    /// Unordered fragments with TSNs up to this one (DATA) belong to messages that do not come any more,
    /// or they would have been complete.
    pub(crate) fn skip_unnumbered(
        &mut self,
        stream: StreamId,
        last: u64,
        ready: &mut Vec<Received>,
    ) -> Amount {
        let Some(pieces) = self.unordered.get_mut(&0) else {
            self.void_unnumbered(stream, last, ready);
            return Amount::default();
        };
        let thrown = pieces.drop_through(last);
        if pieces.is_empty() {
            self.unordered.remove(&0);
        }
        self.void_unnumbered(stream, last, ready);
        thrown
    }

    fn void_unnumbered(&mut self, stream: StreamId, last: u64, ready: &mut Vec<Received>) {
        if self.begun_unordered.get(&0).is_some_and(|begun| begun.goes_on <= last)
            && let Some(begun) = self.begun_unordered.remove(&0)
        {
            ready.push(void(stream, true, begun.ppid));
        }
    }

    /// The peer reset the stream: numbers begin at zero (RFC 6525 section 5.2.2). Returns what was
    /// thrown away.
    pub(crate) fn reset(&mut self, stream: StreamId, ready: &mut Vec<Received>) -> Amount {
        self.void_ordered(stream, ready);
        for begun in self.begun_unordered.values() {
            ready.push(void(stream, true, begun.ppid));
        }
        let mut thrown = Amount::default();
        for pieces in self.ordered.values().chain(self.unordered.values()) {
            thrown += pieces.amount();
        }
        *self = Self::default();
        thrown
    }
}

const fn whole(stream: StreamId, is_unordered: bool, ppid: Ppid, payload: Payload) -> Received {
    Received { stream, ppid, is_unordered, part: Part::Whole, payload }
}

fn void(stream: StreamId, is_unordered: bool, ppid: Ppid) -> Received {
    Received { stream, ppid, is_unordered, part: Part::Void, payload: Payload::default() }
}
