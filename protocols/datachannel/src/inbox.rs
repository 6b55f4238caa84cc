//! Messages that arrive in parts: put together, or handed on as they come.

use icelab_sctp::{Part, Payload, Received};

use crate::discard::Discard;
use crate::message::{Delivery, Kind};
use crate::wire::dcep::Dcep;
use crate::wire::ppid::Ppid;

/// What one channel has of messages that are not complete.
///
/// Messages in order come one after the other, and so do those without; one of each can be under way.
#[derive(Debug)]
pub(crate) struct Inbox {
    /// How long messages that begin from now on come to the application.
    pub(crate) delivery: Delivery,
    ordered: Option<Begun>,
    unordered: Option<Begun>,
    /// The number of the next message that is handed on in parts.
    next: u64,
}

/// What became of something that arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// More is needed.
    Kept,
    /// A message of the establishment protocol is complete.
    Dcep(Payload),
    /// A message of the application is complete.
    Message(Kind, Payload),
    /// A part of one, to be handed on.
    Part { message: u64, kind: Kind, part: Part, payload: Payload },
    /// It was dropped, and nobody is to blame.
    Dropped(Discard),
}

/// How much may be kept of what is not complete, by all channels together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// How much may be.
    pub(crate) limit: usize,
    /// How much is.
    pub(crate) used: usize,
    /// As how much a piece counts at least: it may keep the packet alive that brought it.
    pub(crate) piece: usize,
    /// How long a message may be.
    pub(crate) longest_message: usize,
}

/// A message of which not all has come.
#[derive(Debug)]
struct Begun {
    /// What it is, by its latest fragment.
    ppid: Ppid,
    progress: Progress,
    /// How many bytes have come.
    length: usize,
    fate: Fate,
}

/// What the message waits for.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    /// For the next part.
    InMessage,
    /// For the next fragment, of the deprecated kind (RFC 8831 section 6.6).
    BetweenFragments,
}

/// What becomes of a message.
#[derive(Debug)]
enum Fate {
    /// It is kept until it is complete.
    Kept { payload: Payload, charged: usize },
    /// It is handed on in parts under this number.
    HandedOn { message: u64, next: Part },
    /// Its bytes mean nothing: they stand for an empty message (RFC 8831 section 6.6).
    Ignored,
}

impl Inbox {
    pub(crate) const fn new(delivery: Delivery) -> Self {
        Self { delivery, ordered: None, unordered: None, next: 0 }
    }

    /// Takes what arrived. `may_be_fragment` says whether the deprecated fragments are understood here.
    ///
    /// # Errors
    /// Where the peer broke a rule, or there is no room: the channel is to be closed.
    pub(crate) fn take(
        &mut self,
        received: Received,
        may_be_fragment: bool,
        budget: &mut Budget,
    ) -> Result<Arrival, Discard> {
        let Received { ppid, is_unordered, part, payload, .. } = received;
        let slot = if is_unordered { &mut self.unordered } else { &mut self.ordered };
        match part {
            Part::Void => Ok(slot.take().map_or(LOOSE, |begun| begun.void(budget))),
            Part::Middle | Part::Last => add(slot, payload, part == Part::Last, budget),
            Part::Whole | Part::First => {
                let ppid = Ppid::of(ppid).ok_or(Discard::UnknownPpid)?;
                let is_fragment = matches!(ppid, Ppid::Fragment(_));
                if is_fragment && !may_be_fragment {
                    return Err(Discard::MixedFragments);
                }
                // Without order, one that is complete can come while another is under way.
                let is_apart =
                    slot.as_ref().is_none_or(|begun| begun.progress == Progress::InMessage);
                if is_apart && part == Part::Whole && !is_fragment {
                    return whole(ppid, payload, budget);
                }
                match slot {
                    Some(begun) => begun.go_on(ppid)?,
                    None => *slot = Some(Begun::new(ppid, self.delivery, &mut self.next)),
                }
                add(slot, payload, part == Part::Whole, budget)
            }
        }
    }

    /// Forgets what is not complete.
    pub(crate) fn clear(&mut self, budget: &mut Budget) {
        for begun in [self.ordered.take(), self.unordered.take()].into_iter().flatten() {
            begun.void(budget);
        }
    }
}

/// A message that came in one piece, and follows no fragment: nothing is kept of it.
fn whole(ppid: Ppid, payload: Payload, budget: &Budget) -> Result<Arrival, Discard> {
    budget.check_length(ppid, payload.len())?;
    Ok(match ppid {
        Ppid::Dcep => Arrival::Dcep(payload),
        Ppid::Empty(kind) => Arrival::Message(kind, Payload::default()),
        Ppid::Full(kind) | Ppid::Fragment(kind) => Arrival::Message(kind, payload),
    })
}

/// Adds bytes to the message in `slot`, which is empty afterwards where the message is complete.
fn add(
    slot: &mut Option<Begun>,
    payload: Payload,
    is_end: bool,
    budget: &mut Budget,
) -> Result<Arrival, Discard> {
    let Some(begun) = slot else { return Ok(LOOSE) };
    let is_complete = is_end && begun.end();
    let arrival = begun.add(payload, is_complete, budget)?;
    if is_complete {
        *slot = None;
    }
    Ok(arrival)
}

impl Begun {
    fn new(ppid: Ppid, delivery: Delivery, next: &mut u64) -> Self {
        let fate = match (ppid, delivery) {
            (Ppid::Empty(_), _) => Fate::Ignored,
            (Ppid::Full(_) | Ppid::Fragment(_), Delivery::Parts) => {
                *next += 1;
                Fate::HandedOn { message: *next - 1, next: Part::First }
            }
            (Ppid::Dcep | Ppid::Full(_) | Ppid::Fragment(_), _) => {
                Fate::Kept { payload: Payload::default(), charged: 0 }
            }
        };
        Self { ppid, progress: Progress::InMessage, length: 0, fate }
    }

    /// The next fragment begins.
    fn go_on(&mut self, ppid: Ppid) -> Result<(), Discard> {
        let fits = match (self.ppid, ppid) {
            (Ppid::Fragment(kind), Ppid::Fragment(next) | Ppid::Full(next)) => kind == next,
            (_, _) => false,
        };
        if !fits || self.progress != Progress::BetweenFragments {
            return Err(Discard::MixedFragments);
        }
        self.ppid = ppid;
        self.progress = Progress::InMessage;
        Ok(())
    }

    /// SCTP's message ends. Says whether the application's does.
    fn end(&mut self) -> bool {
        if let Ppid::Fragment(_) = self.ppid {
            self.progress = Progress::BetweenFragments;
            return false;
        }
        true
    }

    fn add(
        &mut self,
        payload: Payload,
        is_complete: bool,
        budget: &mut Budget,
    ) -> Result<Arrival, Discard> {
        self.length += payload.len();
        budget.check_length(self.ppid, self.length)?;
        let kind = match self.ppid {
            Ppid::Dcep => Kind::Binary,
            Ppid::Full(kind) | Ppid::Fragment(kind) | Ppid::Empty(kind) => kind,
        };
        match &mut self.fate {
            Fate::HandedOn { message, next } => {
                let part = core::mem::replace(next, Part::Middle);
                let part = if is_complete { Part::Last } else { part };
                Ok(Arrival::Part { message: *message, kind, part, payload })
            }
            Fate::Ignored if is_complete => Ok(Arrival::Message(kind, Payload::default())),
            Fate::Ignored => Ok(Arrival::Kept),
            Fate::Kept { payload: kept, charged } => {
                *charged += budget.charge(&payload)?;
                kept.append(payload);
                if !is_complete {
                    return Ok(Arrival::Kept);
                }
                budget.release(*charged);
                let payload = core::mem::take(kept);
                Ok(match self.ppid {
                    Ppid::Dcep => Arrival::Dcep(payload),
                    Ppid::Full(_) | Ppid::Fragment(_) | Ppid::Empty(_) => {
                        Arrival::Message(kind, payload)
                    }
                })
            }
        }
    }

    /// Nothing will come of it.
    fn void(self, budget: &mut Budget) -> Arrival {
        match (self.fate, self.ppid) {
            (Fate::HandedOn { message, .. }, Ppid::Full(kind) | Ppid::Fragment(kind)) => {
                Arrival::Part { message, kind, part: Part::Void, payload: Payload::default() }
            }
            (Fate::Kept { charged, .. }, _) => {
                budget.release(charged);
                GIVEN_UP
            }
            (Fate::HandedOn { .. } | Fate::Ignored, _) => GIVEN_UP,
        }
    }
}

impl Budget {
    fn check_length(&self, ppid: Ppid, length: usize) -> Result<(), Discard> {
        match ppid {
            // RFC 8832 section 7 wants both names taken as long as they may be, whatever the limit.
            Ppid::Dcep if length > Dcep::LONGEST => Err(Discard::Malformed),
            Ppid::Full(_) | Ppid::Fragment(_) if length > self.longest_message => {
                Err(Discard::TooLong)
            }
            Ppid::Dcep | Ppid::Full(_) | Ppid::Fragment(_) | Ppid::Empty(_) => Ok(()),
        }
    }

    /// Keeps `payload`; says as how much it counts.
    pub(crate) fn charge(&mut self, payload: &Payload) -> Result<usize, Discard> {
        let pieces = payload.pieces().iter().map(|piece| piece.len().max(self.piece));
        let charge = pieces.sum::<usize>().max(self.piece);
        if charge > self.limit.saturating_sub(self.used) {
            return Err(Discard::NoRoom);
        }
        self.used += charge;
        Ok(charge)
    }

    /// No longer keeps what counted as `charge`.
    pub(crate) const fn release(&mut self, charge: usize) {
        self.used = self.used.saturating_sub(charge);
    }
}

const LOOSE: Arrival = Arrival::Dropped(Discard::LoosePart);

const GIVEN_UP: Arrival = Arrival::Dropped(Discard::GivenUp);

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use icelab_sctp::StreamId;

    use super::*;

    const BUDGET: Budget = Budget { limit: 10_000, used: 0, piece: 1000, longest_message: 5000 };

    fn received(ppid: Ppid, part: Part, pieces: &[Bytes]) -> Received {
        let mut payload = Payload::default();
        pieces.iter().for_each(|piece| payload.push(piece.clone()));
        let stream = StreamId(0);
        Received { stream, ppid: ppid.number(), is_unordered: false, part, payload }
    }

    fn binary(part: Part, pieces: &[Bytes]) -> Received {
        received(Ppid::Full(Kind::Binary), part, pieces)
    }

    fn piece(length: usize) -> Bytes {
        Bytes::from(vec![7; length])
    }

    #[test]
    fn a_message_in_parts_is_made_of_the_very_bytes_that_came() {
        let pieces = [piece(900), piece(900), piece(5), piece(30)];
        let [first, second, third, last] = &pieces;
        let (mut inbox, mut budget) = (Inbox::new(Delivery::Whole), BUDGET);
        let mut take =
            |part, pieces: &[Bytes]| inbox.take(binary(part, pieces), false, &mut budget);
        assert_eq!(take(Part::First, &[first.clone(), second.clone()]), Ok(Arrival::Kept));
        assert_eq!(take(Part::Middle, std::slice::from_ref(third)), Ok(Arrival::Kept));
        let Ok(Arrival::Message(Kind::Binary, payload)) =
            take(Part::Last, std::slice::from_ref(last))
        else {
            panic!("it is complete")
        };
        let places = |pieces: &[Bytes]| pieces.iter().map(|it| it.as_ptr()).collect::<Vec<_>>();
        assert_eq!(places(payload.pieces()), places(&pieces));
    }

    #[test]
    fn what_is_kept_counts_until_it_is_complete_void_or_forgotten() {
        let (mut inbox, mut budget) = (Inbox::new(Delivery::Whole), BUDGET);
        for end in [Some(Part::Last), Some(Part::Void), None] {
            let first = binary(Part::First, &[piece(1), piece(1500)]);
            assert_eq!(inbox.take(first, false, &mut budget), Ok(Arrival::Kept));
            assert_eq!(budget.used, 2500, "each piece as much as a packet");
            match end {
                Some(part) => {
                    assert!(inbox.take(binary(part, &[]), false, &mut budget).is_ok());
                }
                None => inbox.clear(&mut budget),
            }
            assert_eq!(budget.used, 0);
        }
    }

    #[test]
    fn one_that_is_complete_may_come_between_the_parts_of_another() {
        for delivery in [Delivery::Whole, Delivery::Parts] {
            let (mut inbox, mut budget) = (Inbox::new(delivery), BUDGET);
            let first = binary(Part::First, &[piece(10)]);
            assert!(inbox.take(first, false, &mut budget).is_ok());
            let between = received(Ppid::Full(Kind::Text), Part::Whole, &[piece(3)]);
            let arrival = inbox.take(between, false, &mut budget);
            assert_eq!(arrival, Ok(Arrival::Message(Kind::Text, piece(3).into())));
            let last = inbox.take(binary(Part::Last, &[piece(10)]), false, &mut budget);
            match delivery {
                Delivery::Whole => assert!(matches!(last, Ok(Arrival::Message(..)))),
                Delivery::Parts => {
                    assert!(matches!(last, Ok(Arrival::Part { part: Part::Last, .. })));
                }
            }
        }
    }

    #[test]
    fn parts_of_what_never_began_are_dropped() {
        let (mut inbox, mut budget) = (Inbox::new(Delivery::Whole), BUDGET);
        for part in [Part::Middle, Part::Last, Part::Void] {
            let arrival = inbox.take(binary(part, &[piece(10)]), false, &mut budget);
            assert_eq!(arrival, Ok(Arrival::Dropped(Discard::LoosePart)));
        }
    }
}
