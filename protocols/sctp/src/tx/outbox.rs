//! Messages that wait to be sent, each stream's in a queue of its own. They are cut into fragments as
//! packets have room for them; nothing is copied.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use icelab_sans_io::Instant;

use crate::message::{Message, Reliability};
use crate::packet::{Ppid, StreamId};
use crate::tx::schedule::{Schedule, Scheduling, Turn};

/// Messages that wait to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    streams: BTreeMap<StreamId, Stream>,
    schedule: Schedule,
    /// The stream that is in the middle of a message, or of a packet, and goes on.
    current: Option<StreamId>,
    next_message: u64,
    waiting: usize,
    /// What the layer above shall hear.
    pub(crate) news: Vec<News>,
}

/// What the layer above shall hear of what waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// What waits has fallen to its threshold.
    Low(StreamId),
    /// A message was given up.
    GivenUp { stream: StreamId, ppid: Ppid },
}

#[derive(Clone, Debug)]
struct Stream {
    queue: VecDeque<Queued>,
    waiting: usize,
    threshold: usize,
    turn: Turn,
    next_ordered: u32,
    next_unordered: u32,
    is_resetting: bool,
}

#[derive(Clone, Debug)]
struct Queued {
    id: u64,
    payload: Bytes,
    ppid: Ppid,
    is_unordered: bool,
    limit: Limit,
    begun: Option<Begun>,
}

/// A message of which some fragments have left.
#[derive(Clone, Copy, Debug)]
struct Begun {
    number: u32,
    next_fragment: u32,
}

/// When a message is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    None,
    Retransmissions(u32),
    Until(Instant),
}

impl Limit {
    const fn is_time(self) -> bool {
        matches!(self, Self::Until(_))
    }

    /// Whether the message is not to be sent (again), after so many retransmissions of a part of it.
    pub(crate) fn is_reached(self, retransmissions: u32, now: Instant) -> bool {
        match self {
            Self::None => false,
            Self::Retransmissions(most) => retransmissions >= most,
            Self::Until(end) => now >= end,
        }
    }
}

/// What a DATA or I-DATA chunk carries.
#[derive(Clone, Debug)]
pub(crate) struct Fragment {
    /// Which message, among all that were ever given.
    pub(crate) message: u64,
    pub(crate) stream: StreamId,
    pub(crate) ppid: Ppid,
    pub(crate) is_unordered: bool,
    pub(crate) is_first: bool,
    pub(crate) is_last: bool,
    /// The stream sequence number or the message identifier.
    pub(crate) number: u32,
    /// The fragment sequence number (I-DATA).
    pub(crate) fragment: u32,
    pub(crate) payload: Bytes,
    pub(crate) limit: Limit,
}

/// How messages are cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// The payload that the packet has room for.
    pub(crate) room: usize,
    /// The payload that an empty packet has room for.
    pub(crate) most: usize,
    /// Whether fragments of several messages may alternate (RFC 8260).
    pub(crate) interleaves: bool,
    /// Whether the peer can be told that messages are given up (RFC 3758).
    pub(crate) gives_up: bool,
}

/// Why there is no next fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// Nothing waits.
    Empty,
    /// The packet is full.
    NoRoom,
    /// The message whose turn it is was begun, and its time is over.
    Expired { stream: StreamId, message: u64 },
}

impl Outbox {
    pub(crate) const fn new(scheduling: Scheduling) -> Self {
        Self {
            streams: BTreeMap::new(),
            schedule: Schedule::new(scheduling),
            current: None,
            next_message: 0,
            waiting: 0,
            news: Vec::new(),
        }
    }

    /// The payload bytes that wait on all streams.
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting
    }

    pub(crate) fn waiting_on(&self, stream: StreamId) -> usize {
        self.streams.get(&stream).map_or(0, |stream| stream.waiting)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// What is left of the message that is next.
    pub(crate) fn next_length(&self) -> usize {
        let id = self.current.or_else(|| self.schedule.next());
        let head = id.and_then(|id| self.streams.get(&id)?.queue.front());
        head.map_or(0, |head| head.payload.len())
    }

    pub(crate) fn set_threshold(&mut self, stream: StreamId, bytes: usize) {
        self.stream(stream).threshold = bytes;
    }

    /// Takes effect with the stream's next turn.
    pub(crate) fn set_priority(&mut self, stream: StreamId, priority: u16) {
        self.stream(stream).turn.priority = priority;
    }

    /// Takes a message that `send` has judged.
    pub(crate) fn push(&mut self, message: Message, now: Instant) {
        let id = self.next_message;
        self.next_message += 1;
        self.waiting += message.payload.len();
        let stream = self.streams.entry(message.stream).or_default();
        stream.waiting += message.payload.len();
        stream.queue.push_back(Queued {
            id,
            payload: message.payload,
            ppid: message.ppid,
            is_unordered: message.is_unordered,
            limit: match message.reliability {
                Reliability::Full => Limit::None,
                Reliability::Retransmissions(most) => Limit::Retransmissions(most),
                Reliability::Lifetime(life) => Limit::Until(now + life),
            },
            begun: None,
        });
        if let Some(oldest) = stream.queue.front() {
            self.schedule.enter(message.stream, &mut stream.turn, oldest.id);
        }
    }

    /// A new packet begins.
    pub(crate) fn begin_packet(&mut self) {
        if self.schedule.scheduling() == Scheduling::RoundRobinPerPacket
            && let Some(id) = self.current
            && let Some(stream) = self.streams.get_mut(&id)
            && stream.queue.front().is_none_or(|head| head.begun.is_none())
        {
            self.schedule.leave(id, &mut stream.turn);
            if let Some(head) = stream.queue.front() {
                self.schedule.enter(id, &mut stream.turn, head.id);
            }
            self.current = None;
        }
    }

    /// The next fragment, where there is one and the packet has room that is worth it.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn next(&mut self, cut: Cut, now: Instant) -> Result<Fragment, Pause> {
        loop {
            let id = self.current.or_else(|| self.schedule.next()).ok_or(Pause::Empty)?;
            let stream = self.streams.get_mut(&id).ok_or(Pause::Empty)?;
            let head = stream.queue.front_mut().ok_or(Pause::Empty)?;
            if cut.gives_up && head.limit.is_reached(0, now) && head.limit.is_time() {
                // RFC 3758 section 3.5 A1: no fragment of it leaves any more.
                if head.begun.is_some() {
                    return Err(Pause::Expired { stream: id, message: head.id });
                }
                self.news.push(News::GivenUp { stream: id, ppid: head.ppid });
                self.drop_head(id);
                continue;
            }
            let left = head.payload.len();
            if left > cut.room && (cut.room < cut.most / 4 || cut.room == 0) {
                return Err(Pause::NoRoom);
            }
            let begun = *head.begun.get_or_insert_with(|| {
                let counter = if head.is_unordered {
                    &mut stream.next_unordered
                } else {
                    &mut stream.next_ordered
                };
                let number = *counter;
                *counter = counter.wrapping_add(1);
                Begun { number, next_fragment: 0 }
            });
            let length = left.min(cut.room);
            let fragment = Fragment {
                message: head.id,
                stream: id,
                ppid: head.ppid,
                is_unordered: head.is_unordered,
                is_first: begun.next_fragment == 0,
                is_last: length == left,
                number: begun.number,
                fragment: begun.next_fragment,
                payload: head.payload.split_to(length),
                limit: if cut.gives_up { head.limit } else { Limit::None },
            };
            head.begun = Some(Begun { next_fragment: begun.next_fragment + 1, ..begun });
            self.sent(id, &fragment, cut.interleaves);
            return Ok(fragment);
        }
    }

    /// The message of which fragments have left is given up: the rest of it does not leave.
    pub(crate) fn give_up(&mut self, stream: StreamId, message: u64) {
        let head = self.streams.get(&stream).and_then(|stream| stream.queue.front());
        if head.is_some_and(|head| head.id == message) {
            self.drop_head(stream);
        }
    }

    /// No message is taken for these streams until they are reset.
    pub(crate) fn set_resetting(&mut self, stream: StreamId, is_resetting: bool) {
        self.stream(stream).is_resetting = is_resetting;
    }

    pub(crate) fn is_resetting(&self, stream: StreamId) -> bool {
        self.streams.get(&stream).is_some_and(|stream| stream.is_resetting)
    }

    /// Whether the stream has been used since it began, or was reset.
    pub(crate) fn is_used(&self, stream: StreamId) -> bool {
        self.streams.get(&stream).is_some_and(|stream| {
            stream.next_ordered > 0 || stream.next_unordered > 0 || !stream.queue.is_empty()
        })
    }

    /// Numbers begin at zero again (RFC 6525 section 5.2.7).
    pub(crate) fn reset(&mut self, stream: StreamId) {
        let stream = self.stream(stream);
        stream.next_ordered = 0;
        stream.next_unordered = 0;
        stream.is_resetting = false;
    }

    /// The peer began anew: nothing of the old association is sent.
    pub(crate) fn clear(&mut self) {
        let ids: Vec<_> = self.streams.keys().copied().collect();
        for id in ids {
            while self.streams.get(&id).is_some_and(|stream| !stream.queue.is_empty()) {
                self.drop_head(id);
            }
            self.reset(id);
        }
    }

    /// There are fewer streams than was thought: what waits for others is given up.
    pub(crate) fn give_up_beyond(&mut self, count: u16) {
        let beyond: Vec<_> = self.streams.range(StreamId(count)..).map(|(id, _)| *id).collect();
        for id in beyond {
            while let Some(head) = self.streams.get(&id).and_then(|stream| stream.queue.front()) {
                self.news.push(News::GivenUp { stream: id, ppid: head.ppid });
                self.drop_head(id);
            }
        }
    }

    fn stream(&mut self, id: StreamId) -> &mut Stream {
        self.streams.entry(id).or_default()
    }

    /// Books a fragment that leaves, and decides who is next.
    fn sent(&mut self, id: StreamId, fragment: &Fragment, interleaves: bool) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        self.schedule.charge(&mut stream.turn, fragment.payload.len());
        if fragment.is_last {
            stream.queue.pop_front();
        }
        let is_turn_over = match self.schedule.scheduling() {
            Scheduling::RoundRobinPerPacket => stream.queue.is_empty(),
            Scheduling::FirstComeFirstServed => fragment.is_last,
            Scheduling::RoundRobin
            | Scheduling::Priority
            | Scheduling::FairCapacity
            | Scheduling::WeightedFair => fragment.is_last || interleaves,
        };
        if is_turn_over {
            self.schedule.leave(id, &mut stream.turn);
            if let Some(head) = stream.queue.front() {
                self.schedule.enter(id, &mut stream.turn, head.id);
            }
            self.current = None;
        } else {
            self.current = Some(id);
        }
        self.take_off(id, fragment.payload.len());
    }

    fn take_off(&mut self, id: StreamId, bytes: usize) {
        self.waiting -= bytes;
        if let Some(stream) = self.streams.get_mut(&id) {
            let before = stream.waiting;
            stream.waiting -= bytes;
            if before > stream.threshold && stream.waiting <= stream.threshold {
                self.news.push(News::Low(id));
            }
        }
    }

    fn drop_head(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let Some(head) = stream.queue.pop_front() else { return };
        self.schedule.leave(id, &mut stream.turn);
        if let Some(next) = stream.queue.front() {
            self.schedule.enter(id, &mut stream.turn, next.id);
        }
        if self.current == Some(id) {
            self.current = None;
        }
        self.take_off(id, head.payload.len());
    }
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            waiting: 0,
            threshold: 0,
            turn: Turn::new(DEFAULT_PRIORITY),
            next_ordered: 0,
            next_unordered: 0,
            is_resetting: false,
        }
    }
}

/// "Normal" (RFC 8831 section 6.4).
const DEFAULT_PRIORITY: u16 = 256;
