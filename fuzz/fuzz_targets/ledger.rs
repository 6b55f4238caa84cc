//! What one end has sent, and what of it the other has received.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A message that was sent.
pub struct Sent {
    /// What keeps its order: a stream, a channel.
    pub lane: u64,
    pub is_ordered: bool,
    pub is_reliable: bool,
    /// How often the lane had been reset.
    pub epoch: usize,
    length: usize,
    pub is_received: bool,
}

/// The messages of one direction, in the order in which they were sent.
#[derive(Default)]
pub struct Ledger {
    sent: Vec<Sent>,
    /// The newest message of each lane that came in order.
    newest: BTreeMap<u64, usize>,
    /// Messages without a byte, which all look the same: how many were sent, and came.
    empty: (usize, usize),
}

impl Ledger {
    /// The bytes of the next message; text that says which one it is.
    pub fn next(&self, length: usize) -> String {
        payload(self.sent.len(), length)
    }

    /// That message was sent.
    pub fn send(
        &mut self,
        length: usize,
        lane: u64,
        is_ordered: bool,
        is_reliable: bool,
        epoch: usize,
    ) {
        let is_received = false;
        self.sent.push(Sent { lane, is_ordered, is_reliable, epoch, length, is_received });
    }

    pub const fn send_empty(&mut self) {
        self.empty.0 += 1;
    }

    /// A whole message came: as it was sent, where it was sent, for the first time, and in order.
    pub fn receive(&mut self, lane: u64, bytes: &[u8]) -> &Sent {
        let number = std::str::from_utf8(&bytes[..NUMBER]).expect("a number in front");
        let number = usize::from_str_radix(number, 16).expect("a number in front");
        let sent = &mut self.sent[number];
        assert_eq!(sent.lane, lane, "message {number} came where it was not sent");
        assert!(bytes == payload(number, sent.length).as_bytes(), "message {number} is not whole");
        assert!(!sent.is_received, "message {number} came twice");
        sent.is_received = true;
        if sent.is_ordered {
            let newest = self.newest.insert(lane, number);
            assert!(newest < Some(number), "message {number} came after {newest:?}");
        }
        sent
    }

    pub fn receive_empty(&mut self) {
        self.empty.1 += 1;
        assert!(self.empty.1 <= self.empty.0, "nobody sent it");
    }

    /// There are no lanes from this one on: what was sent on them before anybody knew need not come.
    pub fn give_up_beyond(&mut self, lane: u64) {
        self.sent.iter_mut().filter(|sent| sent.lane >= lane).for_each(|sent| {
            sent.is_reliable = false;
        });
    }

    pub const fn len(&self) -> usize {
        self.sent.len()
    }

    /// The reliable messages that have not come.
    pub fn missing(&self) -> impl Iterator<Item = (usize, &Sent)> {
        self.sent.iter().enumerate().filter(|(_, sent)| sent.is_reliable && !sent.is_received)
    }
}

/// Message number `number` of so many bytes. It is copied in one go: byte by byte, the fuzzer would watch
/// each.
fn payload(number: usize, length: usize) -> String {
    let mut text = format!("{number:08x}");
    text.push_str(&FILLING[number % PERIOD..][..length - NUMBER]);
    text
}

/// Text in which no two places less than a period apart look alike.
static FILLING: LazyLock<String> = LazyLock::new(|| {
    let signs = (0..PERIOD).map(|place| char::from(b'!' + (place * 7 % 90) as u8));
    signs.cycle().take(PERIOD + LONGEST).collect()
});

const PERIOD: usize = 90;
/// No message is longer.
const LONGEST: usize = 1 << 14;
/// How long the number in front is: no message is shorter.
pub const NUMBER: usize = 8;
