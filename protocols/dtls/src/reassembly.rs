//! Handshake messages out of fragments, in order (RFC 6347 section 4.2.3, RFC 9147 section 5.5).

use std::collections::BTreeMap;

use crate::discard::Discard;
use crate::ranges::Ranges;
use crate::wire::handshake::{Fragment, HandshakeType};

/// How many messages ahead of the next one are kept.
const AHEAD: u16 = 16;
/// The most bytes that unfinished and waiting messages may take together.
const MOST_BYTES: usize = 96 * 1024;
/// The longest message that is taken.
const LONGEST: u32 = 64 * 1024;

/// A whole handshake message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The epoch of the records that brought it.
    pub(crate) epoch: u64,
    pub(crate) kind: HandshakeType,
    pub(crate) sequence: u16,
    pub(crate) body: Vec<u8>,
}

/// What a fragment was good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is a piece of the next message.
    InOrder,
    /// It is kept for later: something before it is missing.
    OutOfOrder,
    /// Its message was handed over before: the peer sends its flight again.
    Repeated,
}

/// Puts fragments together, whatever their order and overlap.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    next: u16,
    partial: BTreeMap<u16, Partial>,
    bytes: usize,
}

#[derive(Debug)]
struct Partial {
    epoch: u64,
    kind: HandshakeType,
    body: Vec<u8>,
    have: Ranges,
}

impl Partial {
    /// Whether `fragment`, which came in `epoch`, may be a piece of this message.
    fn is_of(&self, epoch: u64, fragment: &Fragment<'_>) -> bool {
        self.epoch == epoch
            && self.kind == fragment.kind
            && self.body.len() == fragment.length as usize
    }
}

impl Reassembly {
    /// The number of the message that is due.
    pub(crate) const fn next_sequence(&self) -> u16 {
        self.next
    }

    /// Forgets everything; the message of this number is due.
    pub(crate) fn begin_at(&mut self, sequence: u16) {
        *self = Self { next: sequence, ..Self::default() };
    }

    /// Takes a fragment that came in `epoch`. One that came under later keys than the others of its
    /// message replaces them: what has no protection must not stand in the way of what has. Without
    /// protection the last one is believed: the peer repeats itself, others do not.
    ///
    /// # Errors
    /// Where it contradicts an earlier one of its message, or there is no room.
    pub(crate) fn push(&mut self, epoch: u64, fragment: &Fragment<'_>) -> Result<Taken, Discard> {
        // RFC 6347 section 4.2.2, RFC 9147 section 5.2: it is discarded.
        let Some(ahead) = fragment.sequence.checked_sub(self.next) else {
            return Ok(Taken::Repeated);
        };
        if ahead >= AHEAD || fragment.length > LONGEST {
            return Err(Discard::NoRoom);
        }
        if let Some(partial) = self.partial.get(&fragment.sequence)
            && (partial.epoch < epoch || (partial.epoch == 0 && !partial.is_of(epoch, fragment)))
        {
            self.bytes -= partial.body.len();
            self.partial.remove(&fragment.sequence);
        }
        if let Some(partial) = self.partial.get(&fragment.sequence) {
            // RFC 6347 section 4.2.3: fragments overlap, but they are pieces of one message.
            if !partial.is_of(epoch, fragment) {
                return Err(Discard::Contradiction);
            }
        } else {
            let length = fragment.length as usize;
            if self.bytes + length > MOST_BYTES {
                return Err(Discard::NoRoom);
            }
            self.bytes += length;
            let (kind, body, have) = (fragment.kind, vec![0; length], Ranges::new());
            let partial = Partial { epoch, kind, body, have };
            self.partial.insert(fragment.sequence, partial);
        }
        let in_order = self.write(fragment) && ahead == 0;
        Ok(if in_order { Taken::InOrder } else { Taken::OutOfOrder })
    }

    /// Copies the bytes in. Says whether they continue what was there without a gap.
    fn write(&mut self, fragment: &Fragment<'_>) -> bool {
        let partial = self.partial.get_mut(&fragment.sequence).expect("it was just made");
        let start = fragment.offset as usize;
        let end = start + fragment.bytes.len();
        let continues = start <= partial.have.contiguous();
        if let Some(place) = partial.body.get_mut(start..end) {
            place.copy_from_slice(fragment.bytes);
            partial.have.add(start, end);
        }
        continues
    }

    /// Takes out the next message, once it is whole.
    pub(crate) fn pop(&mut self) -> Option<Message> {
        let entry = self.partial.first_entry()?;
        if *entry.key() != self.next || entry.get().have.contiguous() != entry.get().body.len() {
            return None;
        }
        let (sequence, partial) = entry.remove_entry();
        self.bytes -= partial.body.len();
        self.next = self.next.checked_add(1)?;
        let Partial { epoch, kind, body, .. } = partial;
        Some(Message { epoch, kind, sequence, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(sequence: u16, length: u32, offset: u32, bytes: &[u8]) -> Fragment<'_> {
        Fragment { kind: HandshakeType::CERTIFICATE, length, sequence, offset, bytes }
    }

    /// RFC 6347 section 4.2.3: fragment ranges may overlap.
    #[test]
    fn fragments_in_any_order_and_overlapping_make_one_message() {
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.push(0, &fragment(0, 6, 4, b"ef")), Ok(Taken::OutOfOrder));
        assert_eq!(reassembly.push(0, &fragment(0, 6, 0, b"abc")), Ok(Taken::InOrder));
        assert_eq!(reassembly.pop(), None);
        assert_eq!(reassembly.push(0, &fragment(0, 6, 2, b"cde")), Ok(Taken::InOrder));
        assert_eq!(reassembly.pop().map(|message| message.body), Some(b"abcdef".to_vec()));
        assert_eq!(reassembly.push(0, &fragment(0, 6, 2, b"cde")), Ok(Taken::Repeated));
    }

    /// RFC 9147 section 5.2: messages are handed over in the order of their numbers.
    #[test]
    fn a_later_message_waits_for_an_earlier_one() {
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.push(0, &fragment(1, 1, 0, b"b")), Ok(Taken::OutOfOrder));
        assert_eq!(reassembly.pop(), None);
        assert_eq!(reassembly.push(0, &fragment(0, 0, 0, b"")), Ok(Taken::InOrder));
        assert_eq!(reassembly.pop().map(|message| message.sequence), Some(0));
        assert_eq!(reassembly.pop().map(|message| message.sequence), Some(1));
        assert_eq!(reassembly.pop(), None);
    }

    #[test]
    fn what_contradicts_or_exceeds_is_discarded() {
        let mut reassembly = Reassembly::default();
        reassembly.push(2, &fragment(0, 6, 0, b"abc")).unwrap();
        assert_eq!(reassembly.push(2, &fragment(0, 7, 3, b"def")), Err(Discard::Contradiction));
        assert_eq!(reassembly.push(0, &fragment(16, 1, 0, b"a")), Err(Discard::NoRoom));
        assert_eq!(reassembly.push(0, &fragment(1, LONGEST + 1, 0, b"a")), Err(Discard::NoRoom));
        reassembly.push(0, &fragment(1, LONGEST, 0, b"a")).unwrap();
        assert_eq!(reassembly.push(0, &fragment(2, LONGEST, 0, b"a")), Err(Discard::NoRoom));
    }

    /// A single forged fragment must not keep the true message out for good.
    #[test]
    fn without_protection_the_last_one_is_believed() {
        let mut reassembly = Reassembly::default();
        reassembly.push(0, &fragment(0, 60_000, 0, b"lies")).unwrap();
        assert_eq!(reassembly.push(0, &fragment(0, 5, 0, b"truth")), Ok(Taken::InOrder));
        assert_eq!(reassembly.pop().map(|message| message.body), Some(b"truth".to_vec()));
    }

    #[test]
    fn what_is_protected_replaces_what_is_not() {
        let mut reassembly = Reassembly::default();
        reassembly.push(0, &fragment(0, 9, 0, b"lies")).unwrap();
        assert_eq!(reassembly.push(2, &fragment(0, 2, 0, b"ok")), Ok(Taken::InOrder));
        assert_eq!(reassembly.push(0, &fragment(0, 2, 0, b"no")), Err(Discard::Contradiction));
        let message = reassembly.pop().unwrap();
        assert_eq!((message.epoch, message.body), (2, b"ok".to_vec()));
    }
}
