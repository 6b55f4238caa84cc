//! Flights, alerts and data on their way out (RFC 6347 section 4.2.4, RFC 9147 section 5.8).
//!
//! 1. A stage makes its messages: [`Core::start_flight`], [`Core::say`].
//! 2. [`Core::send_flight`] sends them and sets the timer.
//! 3. The timer fires ([`Core::send_again`]), or the peer repeats itself ([`Core::echo`]): what has
//!    not arrived goes out again.
//!    Where the window to an unproven client is closed, it waits for that ([`Core::reopen`]).
//! 4. The peer's next flight arrives ([`Core::start_flight`]), or its ACK: the timer stops.

use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_wire::Writer;

use crate::config::SHORTEST;
use crate::core::{Core, Timer, Window};
use crate::event::Event;
use crate::record::content::ContentType;
use crate::wire::alert::{Alert, AlertDescription};
use crate::wire::handshake::HandshakeType;

impl Core {
    /// Begins a new flight: the peer's messages say that the last one arrived.
    pub(crate) fn start_flight(&mut self, now: Instant) {
        self.flight_arrived(now);
        self.flight.clear();
        self.received.clear();
        self.resend.acknowledgements = 0;
        self.timers.cancel(&Timer::Acknowledge);
    }

    /// Stops repeating, and learns how long an answer takes.
    pub(crate) fn flight_arrived(&mut self, now: Instant) {
        let was_waiting = self.timers.cancel(&Timer::Retransmit);
        let is_hinted = self.config.retransmission.rtt.is_some();
        // RFC 9147 section 5.8.2: a flight that was not repeated tells the round trip. One that was
        // leaves the wait as long as it has become, unless ICE knows better.
        if was_waiting && self.resend.tries == 0 && !is_hinted {
            let rtt = now - self.resend.sent_at;
            self.resend.first = (rtt + rtt / 2).clamp(SHORTEST, self.config.retransmission.longest);
        }
        if self.resend.tries == 0 || is_hinted {
            self.resend.interval = self.resend.first;
        }
    }

    /// Somebody has measured the path's round trip: what is sent from now on waits accordingly. A
    /// flight that is under way waits no longer than it would have with what is known now.
    pub(crate) fn hint_round_trip(&mut self, round_trip: Duration, now: Instant) {
        self.config.retransmission.rtt = Some(round_trip);
        self.resend.first = self.config.retransmission.first();
        let doubled = self.resend.first.saturating_mul(1 << self.resend.tries.min(16));
        let interval = doubled.min(self.config.retransmission.patience());
        if self.resend.tries == 0 || interval < self.resend.interval {
            self.resend.interval = interval;
        }
        if let Some(due) = self.timers.get(&Timer::Retransmit) {
            self.timers.set(Timer::Retransmit, due.min(now + interval));
        }
    }

    /// The client's answer has begun to come, under its keys: any record of it acknowledges the whole
    /// flight (RFC 9147 section 7.2), and shows that the client is where it says. From now on ACKs
    /// bring what is missing. A server's answer to a hello counts once it is whole: a piece of it, which
    /// has no protection, may be anybody's, and would silence a client that nobody has heard.
    pub(crate) fn hear_answer(&mut self, now: Instant) {
        self.flight_arrived(now);
        self.flight.clear();
        self.window = Window::Open;
    }

    /// Adds a message to the flight and to the transcript.
    pub(crate) fn say(&mut self, epoch: u64, kind: HandshakeType, body: impl FnOnce(&mut Writer)) {
        let mut writer = Writer::new();
        body(&mut writer);
        let version = self.version.expect("before a version is agreed on, hellos are queued");
        self.transcript.add(version, kind, self.next_message, writer.as_slice());
        self.queue(epoch, kind, writer.into_vec());
    }

    /// Adds a message to the flight only.
    pub(crate) fn queue(&mut self, epoch: u64, kind: HandshakeType, body: Vec<u8>) {
        self.flight.add(epoch, kind, self.next_message, body);
        self.next_message = self.next_message.wrapping_add(1);
    }

    /// Sends the flight, and again whenever nothing is heard.
    pub(crate) fn send_flight(&mut self, now: Instant) {
        self.resend.tries = 0;
        self.resend.sendings = 0;
        self.resend.sent_at = now;
        self.resend.echoed_at = None;
        self.resend.is_paused = false;
        self.transmit();
        self.timers.set(Timer::Retransmit, now + self.resend.interval);
    }

    /// Sends the flight once; it is repeated only when the peer repeats itself.
    pub(crate) fn send_last_flight(&mut self, now: Instant) {
        self.send_flight(now);
        self.timers.cancel(&Timer::Retransmit);
    }

    /// The timer has fired. Says whether to go on: not after the last try.
    pub(crate) fn send_again(&mut self, now: Instant) -> bool {
        if self.window.is_closed() {
            // Only what the client sends can open it; a try that nobody sees counts for nothing.
            self.resend.is_paused = true;
            return true;
        }
        if !self.back_off() {
            return false;
        }
        self.timers.set(Timer::Retransmit, now + self.resend.interval);
        // A flight that has arrived is not repeated, but its answer is not waited for forever.
        if !self.flight.has_arrived() {
            self.resend.echoed_at = Some(now);
            self.transmit();
            self.output.event(Event::Retransmitted(self.resend.tries));
        }
        true
    }

    /// Something came that may have opened the window: what waited for that goes out.
    pub(crate) fn reopen(&mut self, now: Instant) {
        if self.window.is_closed() || !(self.resend.is_paused || self.flight.is_cut()) {
            return;
        }
        self.transmit();
        if core::mem::take(&mut self.resend.is_paused) {
            self.timers.set(Timer::Retransmit, now + self.resend.interval);
        }
    }

    /// Counts a try and doubles the wait. Says whether there was a try left.
    pub(crate) fn back_off(&mut self) -> bool {
        if self.resend.tries >= self.config.retransmission.tries {
            return false;
        }
        self.resend.tries += 1;
        let longest = self.config.retransmission.patience();
        self.resend.interval = self.resend.interval.saturating_mul(2).min(longest);
        true
    }

    /// The peer has repeated itself: what it lacks goes out at once, though not for each of the
    /// datagrams in which it did so, and the wait begins again (RFC 6347 section 4.2.4, RFC 9147
    /// section 5.8.1).
    ///
    /// On a path that ICE has checked it goes out twice. That the peer had to ask shows that packets get
    /// lost, and if this one were lost as well, either side would wait twice as long as before.
    pub(crate) fn echo(&mut self, now: Instant) {
        let pause = self.resend.first / 2;
        let is_new = self.resend.echoed_at.is_none_or(|at| now >= at + pause);
        if is_new && !self.flight.is_empty() && !self.flight.has_arrived_in_part() {
            self.resend.echoed_at = Some(now);
            self.transmit_in(usize::MAX);
            if self.config.retransmission.rtt.is_some() && !self.flight.is_cut() {
                self.transmit_in(if self.resend.sendings >= 2 { SMALL } else { usize::MAX });
            }
            self.resend.sendings = self.resend.sendings.saturating_add(1);
            if self.timers.get(&Timer::Retransmit).is_some() {
                self.timers.set(Timer::Retransmit, now + self.resend.interval);
            }
        }
    }

    /// No datagram is longer from now on; what is under way and may have been goes out again.
    pub(crate) fn limit_datagrams(&mut self, longest: usize) {
        let limit = longest.max(SMALL);
        if limit < self.config.mtu {
            self.config.mtu = limit;
            if self.timers.get(&Timer::Retransmit).is_some() && !self.flight.has_arrived() {
                self.transmit();
            }
        }
    }

    /// Sends what of the flight has not arrived.
    pub(crate) fn transmit(&mut self) {
        self.resend.sendings = self.resend.sendings.saturating_add(1);
        // From the third time on, every other one is made of pieces that every path takes (RFC 6347
        // section 4.1.1.1, RFC 9147 section 4.4).
        let sendings = self.resend.sendings;
        self.transmit_in(if sendings >= 3 && sendings % 2 == 1 { SMALL } else { usize::MAX });
    }

    /// Sends what of the flight has not arrived in datagrams of at most `longest` bytes.
    fn transmit_in(&mut self, longest: usize) {
        let (mtu, budget) = (self.config.mtu.min(longest), self.window.budget());
        for datagram in self.flight.write(&mut self.records, mtu, budget) {
            self.send(datagram);
        }
    }

    /// Sends an alert under the newest keys.
    pub(crate) fn send_alert(&mut self, is_fatal: bool, description: AlertDescription) {
        let mut alert = Writer::with_capacity(2);
        Alert { is_fatal, description }.encode(&mut alert);
        self.send_record(self.records.write_epoch(), ContentType::ALERT, alert.as_slice());
    }

    /// Sends one record in a datagram of its own.
    pub(crate) fn send_record(&mut self, epoch: u64, content: ContentType, payload: &[u8]) {
        let mut datagram = Vec::with_capacity(self.records.overhead(epoch) + payload.len());
        self.records.seal(epoch, content, payload, &mut datagram);
        self.send(datagram);
    }

    fn send(&mut self, datagram: Vec<u8>) {
        // Nothing is written where no record number is left.
        if !datagram.is_empty() && self.window.take(datagram.len()) {
            self.output.packet(datagram);
        }
    }
}

impl Window {
    /// Notes that `length` bytes came.
    pub(crate) const fn widen(&mut self, length: usize) {
        if let Self::Limited { left } = self {
            *left = left.saturating_add(length.saturating_mul(3));
        }
    }

    /// Lets another end that sends to the same address use what is left here, where both are limited.
    pub(crate) const fn lend(&self, other: &mut Self) {
        if let (Self::Limited { left }, Self::Limited { left: lent }) = (self, other) {
            *lent = *left;
        }
    }

    /// Takes back what another end has not used.
    pub(crate) const fn take_back(&mut self, other: &Self) {
        if let (Self::Limited { left }, Self::Limited { left: lent }) = (self, other) {
            *left = *lent;
        }
    }

    /// Whether `length` bytes may go.
    const fn take(&mut self, length: usize) -> bool {
        match self {
            Self::Open => true,
            Self::Limited { left } => match left.checked_sub(length) {
                Some(rest) => {
                    *left = rest;
                    true
                }
                None => false,
            },
        }
    }

    /// How many bytes may go.
    const fn budget(&self) -> usize {
        match self {
            Self::Open => usize::MAX,
            Self::Limited { left } => *left,
        }
    }

    const fn is_closed(&self) -> bool {
        matches!(self, Self::Limited { left } if *left < LEAST)
    }
}

/// A window that has no room for a useful piece of a flight is closed.
const LEAST: usize = 100;
/// What fits every path: IPv4's minimum of 576 bytes less the headers of IP and UDP.
const SMALL: usize = 548;
