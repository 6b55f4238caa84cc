//! One direction of a channel: what is written on one side, and what arrives at the other.

use core::time::Duration;

use icelab_datachannel::{ChannelId, Message};
use icelab_peer::Peer;
use icelab_sans_io::Instant;

use super::content;
use super::meter::Meter;
use super::writer::{Wish, Writer};
use crate::scenario::plan::Send;
use crate::world::outcome::Flow as Outcome;

/// One direction of a channel.
#[derive(Debug)]
pub(super) struct Flow {
    /// What tells its messages from those of others.
    salt: u32,
    is_ordered: bool,
    pub(super) writer: Writer,
    pub(super) meter: Meter,
    /// How many of its messages its sender has given up.
    pub(super) given_up: u64,
    /// The handle of the channel on the side that writes, once it is open there.
    pub(super) channel: Option<ChannelId>,
    /// When it will be asked again at the latest.
    wake: Option<Instant>,
}

impl Flow {
    pub(super) fn new(salt: u32, is_ordered: bool, sends: &[Send]) -> Self {
        Self {
            salt,
            is_ordered,
            writer: Writer::new(sends),
            meter: Meter::default(),
            given_up: 0,
            channel: None,
            wake: None,
        }
    }

    /// Writes what is to be written now; gives the time of the next write, where it is news.
    pub(super) fn write(&mut self, peer: &mut Peer, now: Instant) -> Option<Instant> {
        let channel = self.channel?;
        loop {
            let has_room = peer.buffered_amount(channel) < FULL;
            match self.writer.wish(has_room, now) {
                Wish::Write(length) => {
                    let length_here = usize::try_from(length).unwrap_or(usize::MAX);
                    let message = content::write(self.salt, self.writer.messages, length_here);
                    // What the channel does not take is a message that never arrives.
                    let _ = peer.send_on(channel, Message::Binary(message.into()), now);
                    self.writer.wrote(length, now);
                }
                Wish::Wait(at) => {
                    return (self.wake != Some(at)).then(|| *self.wake.insert(at));
                }
                Wish::WaitForRoom | Wish::Finished => return None,
            }
        }
    }

    /// Takes what has arrived; whether it was the first.
    pub(super) fn take(&mut self, message: &[u8], now: Instant) -> bool {
        match content::read(self.salt, message).filter(|number| *number < self.writer.messages) {
            Some(number) => self.meter.take(number, message.len() as u64, now),
            None => self.meter.broken += 1,
        }
        self.meter.messages == 1 && self.meter.last == Some(now)
    }

    /// Whether all has arrived that ever will be written.
    pub(super) fn is_delivered(&self) -> bool {
        self.writer.is_finished() && self.meter.messages == self.writer.messages
    }

    pub(super) fn outcome(&self) -> Outcome {
        let Self { writer, meter, .. } = self;
        // Order is the channel's promise: what has broken it does not count.
        let payload = if self.is_ordered { meter.bytes_in_order } else { meter.bytes };
        let goodput = match (writer.first, meter.last) {
            (Some(first), Some(last)) if last > first => Some(rate(payload, last - first)),
            _ => None,
        };
        Outcome {
            sent: writer.messages,
            sent_bytes: writer.bytes,
            delivered: meter.messages,
            delivered_bytes: meter.bytes,
            duplicates: meter.duplicates,
            broken: meter.broken,
            overtaken: meter.overtaken,
            given_up: self.given_up,
            first_write: writer.first.map(Instant::since_start),
            last_delivery: meter.last.map(Instant::since_start),
            goodput,
        }
    }
}

/// Bits in a second.
fn rate(bytes: u64, time: Duration) -> u64 {
    let bits = u128::from(bytes) * 8 * 1_000_000_000 / time.as_nanos().max(1);
    u64::try_from(bits).unwrap_or(u64::MAX)
}

/// So many bytes wait at most where a side always has something to send: enough for what may leave at once,
/// and little beside what a queue on the way can hold.
pub(super) const FULL: usize = 256 << 10;
/// Once no more than this waits, it writes again.
pub(super) const LOW: usize = 128 << 10;
