//! When each packet of the transport arrived
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).

use core::time::Duration;

use icelab_wire::{DecodeError, Reader, Serial16, Writer};
use thiserror::Error;

use super::chunk::{self, Chunk, Status};

/// When each packet of the transport arrived, by the numbers that
/// [`TransportSequence`](crate::extension::TransportSequence) gives them.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |      base sequence number     |      packet status count      |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                 reference time                | fb pkt. count |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |          packet chunk         |         packet chunk          |
/// .                                                               .
/// |         packet chunk          |  recv delta   |  recv delta   |
/// .                                                               .
/// |           recv delta          |  recv delta   | zero padding  |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportFeedback {
    /// The first packet that it is about.
    pub base: Serial16,
    /// How many packets it is about: the arrived and the missing.
    pub count: u16,
    /// The time that the first arrival counts from, in units of 64 ms: 24 bits, signed, wrapping.
    pub reference: i32,
    /// The number of this feedback, so that the sender sees when one is lost.
    pub number: u8,
    /// The packets that arrived, in the order of their numbers.
    arrivals: Vec<Arrival>,
}

/// A packet that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its number.
    pub sequence: Serial16,
    /// How many ticks of 250 us it arrived after the arrived packet before it in the order of the
    /// numbers; the first, after the reference time.
    pub delta: i16,
}

impl TransportFeedback {
    /// One unit of an arrival's delta.
    pub const TICK: Duration = Duration::from_micros(250);
    /// One unit of the reference time.
    pub const REFERENCE_UNIT: Duration = Duration::from_millis(64);

    /// The packets that arrived, in the order of their numbers.
    #[must_use]
    pub fn arrivals(&self) -> &[Arrival] {
        &self.arrivals
    }

    /// The packets that arrived, each with the ticks of 250 us from the reference time's zero to
    /// its arrival.
    pub fn times(&self) -> impl Iterator<Item = (Serial16, i64)> + use<'_> {
        let mut ticks = i64::from(self.reference) * TICKS_IN_REFERENCE;
        self.arrivals.iter().map(move |arrival| {
            ticks += i64::from(arrival.delta);
            (arrival.sequence, ticks)
        })
    }

    /// The packets that have not arrived, in order.
    pub fn missing(&self) -> impl Iterator<Item = Serial16> + use<'_> {
        let mut arrivals = self.arrivals.iter().peekable();
        (0..self.count).map(|place| self.base.plus(place)).filter(move |sequence| {
            arrivals.next_if(|arrival| arrival.sequence == *sequence).is_none()
        })
    }

    pub(super) fn decode(information: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(information);
        let base = Serial16(reader.u16()?);
        let count = reader.u16()?;
        let reference = (reader.u24()? << 8).cast_signed() >> 8;
        let number = reader.u8()?;
        // The chunks are passed once for their end, where the deltas begin, and once with them.
        let mut chunks = reader;
        let mut told = 0_u32;
        while told < u32::from(count) {
            let length = Chunk::from_bits(reader.u16()?)?.length();
            if length == 0 {
                return Err(DecodeError::Value { field: "run length" });
            }
            told += u32::from(length);
        }
        let mut arrivals = Vec::new();
        let mut place = 0_u16;
        while place < count {
            let chunk = Chunk::from_bits(chunks.u16()?)?;
            let length = chunk.length().min(count - place);
            if matches!(chunk, Chunk::Run(Status::Missing, _)) {
                place += length;
                continue;
            }
            for inside in 0..length {
                let delta = match chunk.status(inside)? {
                    Status::Missing => None,
                    Status::Small => Some(i16::from(reader.u8()?)),
                    Status::Large => Some(reader.u16()?.cast_signed()),
                };
                let sequence = base.plus(place + inside);
                arrivals.extend(delta.map(|delta| Arrival { sequence, delta }));
            }
            place += length;
        }
        if reader.remaining() > 3 {
            return Err(DecodeError::Trailing { left: reader.remaining() });
        }
        Ok(Self { base, count, reference, number, arrivals })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u16(self.base.0);
        writer.u16(self.count);
        writer.u24(self.reference.cast_unsigned());
        writer.u8(self.number);
        let mut statuses = vec![Status::Missing; usize::from(self.count)];
        for arrival in &self.arrivals {
            let place = usize::from(arrival.sequence.0.wrapping_sub(self.base.0));
            if let Some(status) = statuses.get_mut(place) {
                *status = if arrival.is_small() { Status::Small } else { Status::Large };
            }
        }
        chunk::encode(&statuses, writer);
        for arrival in &self.arrivals {
            match u8::try_from(arrival.delta) {
                Ok(delta) => writer.u8(delta),
                Err(_) => writer.u16(arrival.delta.cast_unsigned()),
            }
        }
    }
}

impl Arrival {
    const fn is_small(self) -> bool {
        self.delta >= 0 && self.delta <= u8::MAX as i16
    }
}

/// Builds transport-wide feedback out of the times when packets arrived.
#[derive(Clone, Debug)]
pub struct TransportFeedbackBuilder {
    feedback: TransportFeedback,
    /// The last arrival, in ticks.
    ticks: i64,
    /// How long the deltas are so far.
    delta_bytes: usize,
}

impl TransportFeedbackBuilder {
    /// Feedback on the packets from `base` on, the `number`-th of its session. `start` is near the
    /// first arrival, by the receiver's clock; the 64 ms that it lies in are the reference.
    #[must_use]
    pub const fn new(base: Serial16, number: u8, start: Duration) -> Self {
        let reference = (start.as_millis() / TransportFeedback::REFERENCE_UNIT.as_millis()) as i64;
        let feedback = TransportFeedback {
            base,
            count: 0,
            reference: ((reference as i32) << 8) >> 8,
            number,
            arrivals: Vec::new(),
        };
        Self { feedback, ticks: reference * TICKS_IN_REFERENCE, delta_bytes: 0 }
    }

    /// Adds the next packet that arrived; those between it and the one before are missing. Times
    /// are rounded down to ticks, and their errors do not add up.
    ///
    /// # Errors
    /// Where the packet belongs before one that was added, or its arrival is too far from the one
    /// before: it goes into a feedback of its own.
    pub fn add(&mut self, sequence: Serial16, arrived: Duration) -> Result<(), NotAdded> {
        let place = sequence.0.wrapping_sub(self.feedback.base.0);
        if place < self.feedback.count || place == u16::MAX {
            return Err(NotAdded::OutOfOrder);
        }
        let ticks = (arrived.as_micros() / TransportFeedback::TICK.as_micros()) as i64;
        let delta = i16::try_from(ticks - self.ticks).map_err(|_| NotAdded::TooFar)?;
        let arrival = Arrival { sequence, delta };
        self.feedback.arrivals.push(arrival);
        self.feedback.count = place + 1;
        self.ticks = ticks;
        self.delta_bytes += if arrival.is_small() { 1 } else { 2 };
        Ok(())
    }

    /// How long the whole RTCP packet is at most, so far.
    #[must_use]
    pub fn longest(&self) -> usize {
        let chunks = 2 * usize::from(self.feedback.count).div_ceil(7);
        20 + (chunks + self.delta_bytes).next_multiple_of(4)
    }

    /// Whether no packet was added: then there is nothing to send.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.feedback.arrivals.is_empty()
    }

    /// The feedback.
    #[must_use]
    pub fn finish(self) -> TransportFeedback {
        self.feedback
    }
}

/// Why an arrival does not go into this feedback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotAdded {
    /// It belongs before one that was added.
    #[error("the packet belongs before one that was added")]
    OutOfOrder,
    /// It is more than 8 seconds from the one before.
    #[error("the arrival is too far from the one before")]
    TooFar,
}

/// How many ticks of 250 us are in 64 ms.
const TICKS_IN_REFERENCE: i64 = 256;
