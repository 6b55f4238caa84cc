//! One direction of a link at work.
//!
//! A packet that comes is sent at once where the link is free, else it waits. Each end of a transmission asks the
//! queue for the next packet. A packet that is sent is lost, or arrives: later, twice or damaged. Packets
//! themselves stay outside; a pipe knows their slot, length and flow.

use std::time::Duration;

use icelab_sans_io::{Instant, Rng};

use super::config::{DirectionConfig, LinkChange, Loss, Oversize};
use super::queue::{Queue, Waiting};
use super::trace::Trace;

/// One direction of a link.
#[derive(Debug)]
pub(crate) struct Pipe {
    config: DirectionConfig,
    is_up: bool,
    queue: Queue,
    /// When the last bit of what is being sent leaves.
    busy_until: Instant,
    /// A packet that a trace has begun to send, and its bytes still to go.
    begun: Option<(Waiting, u32)>,
    /// The first opportunity of the trace that is still to come.
    opportunity: u64,
    /// When the fabric was asked to call [`Pipe::serve`].
    called_for: Option<Instant>,
    /// Nothing that keeps its order arrives before this.
    last_arrival: Instant,
    is_in_bad_state: bool,
    loss: Rng,
    timing: Rng,
    damage: Rng,
}

/// What becomes of a packet that comes to a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Admission {
    /// It goes on to [`Pipe::offer`].
    Fits,
    /// It is larger than the link's MTU.
    TooBig { mtu: u16, oversize: Oversize },
    /// The link is cut.
    Down,
}

/// What a pipe wants done, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    /// The packet waits.
    Queued(u32),
    /// The packet gets a congestion mark.
    Mark(u32),
    /// The packet is gone.
    Drop(u32, &'static str),
    /// The packet arrives at the other end then, with one bit flipped where there is one.
    Arrive { slot: u32, at: Instant, flipped_bit: Option<u32> },
    /// A copy of the packet arrives then.
    ArriveCopy { slot: u32, at: Instant },
    /// [`Pipe::serve`] is to be called then.
    Call(Instant),
}

impl Pipe {
    pub(crate) fn new(config: DirectionConfig, rng: &Rng) -> Self {
        Self {
            queue: Queue::new(config.queue, config.discipline),
            is_up: true,
            busy_until: Instant::START,
            begun: None,
            opportunity: 0,
            called_for: None,
            last_arrival: Instant::START,
            is_in_bad_state: false,
            loss: rng.fork("loss", 0),
            timing: rng.fork("timing", 0),
            damage: rng.fork("damage", 0),
            config,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.is_up
    }

    pub(crate) fn mtu(&self) -> u16 {
        self.config.mtu.max(LEAST_MTU)
    }

    pub(crate) fn config(&self) -> &DirectionConfig {
        &self.config
    }

    pub(crate) fn admit(&self, bytes: usize) -> Admission {
        if !self.is_up {
            return Admission::Down;
        }
        let mtu = self.mtu();
        if bytes > usize::from(mtu) {
            return Admission::TooBig { mtu, oversize: self.config.oversize };
        }
        Admission::Fits
    }

    /// Takes a packet that fits.
    pub(crate) fn offer(&mut self, waiting: Waiting, now: Instant, acts: &mut Vec<Act>) {
        let is_free = self.config.trace.is_none()
            && self.busy_until <= now
            && self.queue.is_empty()
            && self.begun.is_none();
        if is_free {
            self.send(waiting, waiting.bytes, now, acts);
            return;
        }
        let mut dropped = Vec::new();
        self.queue.push(waiting, &mut dropped);
        if !dropped.contains(&waiting) {
            acts.push(Act::Queued(waiting.slot));
        }
        acts.extend(dropped.iter().map(|gone| Act::Drop(gone.slot, "queue-full")));
        self.call(now, acts);
    }

    /// Sends what waits, as far as its time has come.
    pub(crate) fn serve(&mut self, now: Instant, acts: &mut Vec<Act>) {
        if self.called_for != Some(now) {
            return;
        }
        self.called_for = None;
        match self.config.trace.clone() {
            Some(trace) => self.use_opportunity(&trace, now, acts),
            None => {
                while self.busy_until <= now
                    && let Some((waiting, left)) = self.begun_or_next(now, acts)
                {
                    self.send(waiting, left, now, acts);
                }
            }
        }
        self.call(now, acts);
    }

    /// Changes settings from now on; what is on its way is not affected, what waits is.
    pub(crate) fn set(&mut self, change: &LinkChange, now: Instant, acts: &mut Vec<Act>) {
        let config = &mut self.config;
        set(&mut config.rate, change.rate.as_ref());
        set(&mut config.delay, change.delay.as_ref());
        set(&mut config.jitter, change.jitter.as_ref());
        set(&mut config.loss, change.loss.as_ref());
        set(&mut config.reorder, change.reorder.as_ref());
        set(&mut config.duplicate, change.duplicate.as_ref());
        set(&mut config.corrupt, change.corrupt.as_ref());
        set(&mut config.queue, change.queue.as_ref());
        set(&mut config.mtu, change.mtu.as_ref());
        set(&mut config.oversize, change.oversize.as_ref());
        self.queue.set_limit(config.queue);
        if let Some(discipline) = change.discipline
            && config.discipline != discipline
        {
            config.discipline = discipline;
            let waiting = self.queue.drain();
            self.queue = Queue::new(config.queue, discipline);
            let mut dropped = Vec::new();
            waiting.into_iter().for_each(|waiting| self.queue.push(waiting, &mut dropped));
            acts.extend(dropped.iter().map(|gone| Act::Drop(gone.slot, "queue-full")));
        }
        if let Some(trace) = &change.trace {
            config.trace.clone_from(trace);
            self.opportunity = 0;
        }
        if let Some(is_up) = change.is_up {
            self.set_up(is_up, acts);
        }
        self.called_for = None;
        self.call(now, acts);
    }

    /// A link that is cut loses what waits for it.
    fn set_up(&mut self, is_up: bool, acts: &mut Vec<Act>) {
        self.is_up = is_up;
        if !is_up {
            let begun = self.begun.take().map(|(waiting, _)| waiting);
            let lost = begun.into_iter().chain(self.queue.drain());
            acts.extend(lost.map(|waiting| Act::Drop(waiting.slot, "link-down")));
        }
    }

    /// Asks to be called when the next packet can be sent.
    fn call(&mut self, now: Instant, acts: &mut Vec<Act>) {
        if self.queue.is_empty() && self.begun.is_none() {
            return;
        }
        let at = match &self.config.trace {
            None => self.busy_until.max(now),
            Some(trace) => {
                self.opportunity = self.opportunity.max(trace.first_at(now.since_start()));
                Instant::START + trace.opportunity(self.opportunity)
            }
        };
        if self.called_for != Some(at) {
            self.called_for = Some(at);
            acts.push(Act::Call(at));
        }
    }

    /// Sends up to one opportunity's bytes; what does not fit goes on at the next one.
    fn use_opportunity(&mut self, trace: &Trace, now: Instant, acts: &mut Vec<Act>) {
        debug_assert!(Instant::START + trace.opportunity(self.opportunity) == now);
        self.opportunity += 1;
        let mut room = Trace::BYTES;
        while room > 0 {
            let Some((waiting, left)) = self.begun_or_next(now, acts) else { return };
            let sent = left.min(room);
            room -= sent;
            if sent < left {
                self.begun = Some((waiting, left - sent));
            } else {
                self.depart(waiting, now, acts);
            }
        }
    }

    /// The packet to send, and how many of its bytes are still to go: a trace that was taken away leaves one begun.
    fn begun_or_next(&mut self, now: Instant, acts: &mut Vec<Act>) -> Option<(Waiting, u32)> {
        let begun = self.begun.take();
        begun.or_else(|| self.next(now, acts).map(|waiting| (waiting, waiting.bytes)))
    }

    fn next(&mut self, now: Instant, acts: &mut Vec<Act>) -> Option<Waiting> {
        let mut dropped = Vec::new();
        let next = self.queue.pop(now, &mut dropped);
        acts.extend(dropped.iter().map(|gone| Act::Drop(gone.slot, "queue-delay")));
        let next = next?;
        if next.is_marked {
            acts.push(Act::Mark(next.waiting.slot));
        }
        Some(next.waiting)
    }

    fn send(&mut self, waiting: Waiting, left: u32, now: Instant, acts: &mut Vec<Act>) {
        let time = self.config.rate.map(|rate| rate.time_for(left as usize));
        self.busy_until = now + time.unwrap_or_default();
        self.depart(waiting, self.busy_until, acts);
    }

    /// The last bit has left: the packet is on its way, with all that can happen there.
    fn depart(&mut self, Waiting { slot, bytes, .. }: Waiting, left: Instant, acts: &mut Vec<Act>) {
        if self.is_lost() {
            acts.push(Act::Drop(slot, "loss"));
            return;
        }
        let jitter = u64::try_from(self.config.jitter.as_nanos()).unwrap_or(u64::MAX);
        let jitter = if jitter == 0 { 0 } else { self.timing.range(0..=jitter) };
        let in_order = left + self.config.delay + Duration::from_nanos(jitter);
        let in_order = in_order.max(self.last_arrival);
        let at = if self.config.reorder.chance.happens(&mut self.timing) {
            in_order + self.config.reorder.hold
        } else {
            self.last_arrival = in_order;
            in_order
        };
        let is_doubled = self.config.duplicate.happens(&mut self.damage);
        let is_damaged = self.config.corrupt.happens(&mut self.damage);
        let bits = u64::from(bytes) * 8;
        let flipped = is_damaged.then(|| u32::try_from(self.damage.below(bits)).unwrap_or(0));
        // The copy is taken before the damage is done.
        if is_doubled {
            acts.push(Act::ArriveCopy { slot, at });
        }
        acts.push(Act::Arrive { slot, at, flipped_bit: flipped });
    }

    fn is_lost(&mut self) -> bool {
        match self.config.loss {
            Loss::None => false,
            Loss::Independent(chance) => chance.happens(&mut self.loss),
            Loss::GilbertElliott { worsen, recover, loss_when_good, loss_when_bad } => {
                let change = if self.is_in_bad_state { recover } else { worsen };
                if change.happens(&mut self.loss) {
                    self.is_in_bad_state = !self.is_in_bad_state;
                }
                let chance = if self.is_in_bad_state { loss_when_bad } else { loss_when_good };
                chance.happens(&mut self.loss)
            }
        }
    }
}

fn set<T: Clone>(setting: &mut T, change: Option<&T>) {
    if let Some(new) = change {
        setting.clone_from(new);
    }
}

/// What every link must carry (RFC 791 section 3.2).
const LEAST_MTU: u16 = 68;

#[cfg(test)]
#[path = "pipe_tests.rs"]
mod tests;
