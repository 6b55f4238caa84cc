//! What one side still has to send on a channel, and when.

use core::time::Duration;
use std::collections::VecDeque;

use icelab_sans_io::Instant;

use crate::scenario::plan::{Amount, Send};

/// What one side still has to send on a channel, one thing after the other.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    /// Whether there was anything to send.
    pub(super) is_planned: bool,
    current: Option<Current>,
    next: VecDeque<Send>,
    /// How many messages were written.
    pub(super) messages: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// When the first one was.
    pub(super) first: Option<Instant>,
}

/// What is being sent.
#[derive(Clone, Copy, Debug)]
struct Current {
    send: Send,
    began: Instant,
    messages: u64,
    bytes: u64,
}

/// What a writer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To write a message of so many bytes.
    Write(u64),
    /// To be asked again then, or earlier where there is room.
    Wait(Instant),
    /// To be asked again once there is room.
    WaitForRoom,
    /// Nothing more.
    Finished,
}

impl Writer {
    pub(super) fn new(sends: &[Send]) -> Self {
        Self {
            is_planned: !sends.is_empty(),
            current: None,
            next: sends.iter().copied().collect(),
            messages: 0,
            bytes: 0,
            first: None,
        }
    }

    /// Whether it has anything to send, now or later.
    pub(super) fn is_finished(&self) -> bool {
        self.current.is_none() && self.next.is_empty()
    }

    /// Gives up what is still to be sent.
    pub(super) fn stop(&mut self) {
        self.current = None;
        self.next.clear();
    }

    /// What it wants now. `has_room` says whether the channel takes more from one that does not pace itself.
    pub(super) fn wish(&mut self, has_room: bool, now: Instant) -> Wish {
        loop {
            let Some(current) = &self.current else {
                let Some(send) = self.next.front().copied() else { return Wish::Finished };
                if let Some(at) = send.at.map(|at| Instant::START + at).filter(|at| *at > now) {
                    return Wish::Wait(at);
                }
                self.next.pop_front();
                self.current = Some(Current { send, began: now, messages: 0, bytes: 0 });
                continue;
            };
            match current.wish(has_room, now) {
                Wish::Finished => self.current = None,
                wish @ (Wish::Write(_) | Wish::Wait(_) | Wish::WaitForRoom) => return wish,
            }
        }
    }

    /// It has written what it wished to.
    pub(super) fn wrote(&mut self, length: u64, now: Instant) {
        if let Some(current) = &mut self.current {
            current.messages += 1;
            current.bytes += length;
        }
        self.messages += 1;
        self.bytes += length;
        self.first.get_or_insert(now);
    }
}

impl Current {
    fn wish(&self, has_room: bool, now: Instant) -> Wish {
        match self.send.amount {
            Amount::Bytes(all) => match next_length(all - self.bytes, self.send.message) {
                0 => Wish::Finished,
                length if has_room => Wish::Write(length),
                _ => Wish::WaitForRoom,
            },
            Amount::Saturating { lasts } => {
                let end = lasts.map(|lasts| self.began + lasts);
                match end {
                    Some(end) if now >= end => Wish::Finished,
                    _ if has_room => Wish::Write(self.send.message),
                    _ => end.map_or(Wish::WaitForRoom, Wish::Wait),
                }
            }
            Amount::Paced { bits_per_second, lasts } => {
                let due = due(self.messages, self.send.message, bits_per_second);
                if lasts.is_some_and(|lasts| due >= lasts) {
                    return Wish::Finished;
                }
                match self.began + due {
                    at if at <= now => Wish::Write(self.send.message),
                    at => Wish::Wait(at),
                }
            }
        }
    }
}

/// How long the next message is, where so much is left. A rest that is too short for one belongs to the
/// message before it.
fn next_length(left: u64, message: u64) -> u64 {
    if left < message + Send::SHORTEST { left } else { message }
}

/// How long after the first message the one with this number is due.
fn due(number: u64, message: u64, bits_per_second: u64) -> Duration {
    let nanos = u128::from(number) * u128::from(message) * 8 * 1_000_000_000;
    let nanos = nanos / u128::from(bits_per_second.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(message: u64, amount: Amount) -> Send {
        Send { at: None, message, amount }
    }

    /// The times in ms and the lengths of what is written where there is always room.
    fn written(sends: &[Send]) -> Vec<(u64, u64)> {
        let mut writer = Writer::new(sends);
        let (mut now, mut all) = (Instant::START, Vec::new());
        while all.len() < 10 {
            match writer.wish(true, now) {
                Wish::Write(length) => {
                    writer.wrote(length, now);
                    all.push((now.since_start().as_millis() as u64, length));
                }
                Wish::Wait(at) => now = at,
                Wish::WaitForRoom | Wish::Finished => break,
            }
        }
        all
    }

    #[test]
    fn so_many_bytes_are_so_many_and_the_last_message_is_no_stub() {
        let lengths = |all| {
            let all = written(&[send(100, Amount::Bytes(all))]);
            all.iter().map(|(_, length)| *length).collect::<Vec<_>>()
        };
        assert_eq!(lengths(300), [100, 100, 100]);
        assert_eq!(lengths(312), [100, 100, 100, 12]);
        assert_eq!(lengths(311), [100, 100, 111]);
        assert_eq!(lengths(12), [12]);
    }

    #[test]
    fn a_rate_is_kept_evenly_for_as_long_as_it_lasts() {
        // 1,000 bits every 100 ms.
        let lasts = Some(Duration::from_millis(300));
        let paced = Amount::Paced { bits_per_second: 10_000, lasts };
        assert_eq!(written(&[send(125, paced)]), [(0, 125), (100, 125), (200, 125)]);
    }

    #[test]
    fn what_has_a_time_waits_for_it_and_for_what_is_before_it() {
        let mut late = send(50, Amount::Bytes(50));
        late.at = Some(Duration::from_millis(70));
        assert_eq!(written(&[late, send(60, Amount::Bytes(60))]), [(70, 50), (70, 60)]);
    }

    #[test]
    fn who_saturates_waits_for_room_or_for_the_end() {
        let lasts = Some(Duration::from_millis(5));
        let mut writer = Writer::new(&[send(100, Amount::Saturating { lasts })]);
        assert_eq!(writer.wish(true, Instant::START), Wish::Write(100));
        let end = Instant::from_millis(5);
        assert_eq!(writer.wish(false, Instant::START), Wish::Wait(end));
        assert!(!writer.is_finished());
        assert_eq!(writer.wish(true, end), Wish::Finished);
        assert!(writer.is_finished());
    }
}
