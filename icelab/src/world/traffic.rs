//! Little application messages that show whether the call still works.
//!
//! From each event on, until it is clear that traffic flows again, both sides send a numbered
//! message every 100 ms. Between events the call idles, so that a NAT's timers are really tested.

use core::time::Duration;

use icelab_sans_io::Instant;

use super::end::Which;

/// What the messages after each event showed.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    rows: Vec<Row>,
}

/// The messages after one event.
#[derive(Debug)]
struct Row {
    /// When the event was.
    began: Instant,
    /// How many each side has sent.
    sent: u32,
    /// What arrived at the offerer and at the answerer.
    flows: [Flow; 2],
    /// How long after the event traffic flowed again, once that is known.
    recovered: Option<Duration>,
}

/// What arrived at one side.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    /// The unbroken row of messages that the latest one belongs to.
    streak: Option<Streak>,
}

/// Messages that arrived without a gap.
#[derive(Clone, Copy, Debug)]
struct Streak {
    first: u32,
    first_arrival: Instant,
    last: u32,
    last_arrival: Instant,
}

impl Traffic {
    /// How often each side sends.
    pub(super) const INTERVAL: Duration = Duration::from_millis(100);

    /// Begins anew after an event, and gives the number of the new row of messages.
    pub(super) fn begin(&mut self, now: Instant) -> u32 {
        let (flows, recovered) = ([Flow::default(); 2], None);
        self.rows.push(Row { began: now, sent: 0, flows, recovered });
        self.current()
    }

    /// The number of the row that is being sent, counted from 1.
    fn current(&self) -> u32 {
        u32::try_from(self.rows.len()).expect("fewer events than a plan can hold")
    }

    /// The next message of this row for each side; `None` where no more are needed.
    pub(super) fn next_message(&mut self, number: u32) -> Option<Vec<u8>> {
        if number != self.current() {
            return None;
        }
        let row = self.rows.last_mut().filter(|row| row.recovered.is_none())?;
        let mut message = vec![MARK];
        message.extend_from_slice(&number.to_be_bytes());
        message.extend_from_slice(&row.sent.to_be_bytes());
        row.sent += 1;
        Some(message)
    }

    /// Takes a message that arrived at this side.
    pub(super) fn receive(&mut self, at: Which, message: &[u8], now: Instant) {
        let current = self.current();
        let Some((number, place)) = parse(message) else { return };
        let Some(row) = self.rows.last_mut().filter(|_| number == current) else { return };
        let [offerer, answerer] = &mut row.flows;
        let flow = match at {
            Which::Offerer => offerer,
            Which::Answerer => answerer,
        };
        flow.extend(place, now);
        if row.recovered.is_none() {
            row.recovered = row.recovery(now);
        }
    }

    /// Whether the latest event, if there was one, has been recovered from.
    pub(super) fn is_quiet(&self) -> bool {
        self.rows.last().is_none_or(|row| row.recovered.is_some())
    }

    /// How long after the latest event traffic flowed both ways again and kept flowing for a second.
    /// The outer `None`: there was no event. The inner one: it did not, or not yet.
    pub(super) fn latest(&self) -> Option<Option<Duration>> {
        self.rows.last().map(|row| row.recovered)
    }
}

impl Row {
    /// How long after the event traffic flowed again, if it has flowed for long enough now.
    fn recovery(&self, now: Instant) -> Option<Duration> {
        let mut latest = Duration::ZERO;
        for flow in &self.flows {
            let streak = flow.streak?;
            let is_fresh = now - streak.last_arrival < Traffic::INTERVAL * GAP;
            if !is_fresh || streak.last_arrival - streak.first_arrival < PROOF {
                return None;
            }
            // A few lost messages at the beginning are what links do, and no interruption.
            if streak.first >= GAP {
                latest = latest.max(streak.first_arrival - self.began);
            }
        }
        Some(latest)
    }
}

impl Flow {
    fn extend(&mut self, place: u32, now: Instant) {
        self.streak = Some(match self.streak {
            Some(streak) if place <= streak.last => streak,
            Some(streak) if place - streak.last <= GAP => {
                Streak { last: place, last_arrival: now, ..streak }
            }
            Some(_) | None => {
                Streak { first: place, first_arrival: now, last: place, last_arrival: now }
            }
        });
    }
}

/// The row and the place in it of a message.
fn parse(message: &[u8]) -> Option<(u32, u32)> {
    let (mark, rest) = message.split_first()?;
    let (row, rest) = rest.split_first_chunk()?;
    let (place, _) = rest.split_first_chunk()?;
    (*mark == MARK).then_some((u32::from_be_bytes(*row), u32::from_be_bytes(*place)))
}

/// The first byte of every message: neither STUN nor TURN begin so (RFC 7983).
const MARK: u8 = 0xD1;
/// How many messages in a row must be missing to make an interruption.
const GAP: u32 = 4;
/// How long traffic must keep flowing.
const PROOF: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a message each way every 100 ms for 3 s; `arrives` says which ones get through, and
    /// all take 20 ms.
    fn recovery(arrives: impl Fn(Which, u32) -> bool) -> Option<Duration> {
        let mut traffic = Traffic::default();
        let row = traffic.begin(Instant::START);
        for place in 0..30 {
            let at = Instant::START + Traffic::INTERVAL * place + Duration::from_millis(20);
            let Some(message) = traffic.next_message(row) else { break };
            for side in Which::BOTH {
                if arrives(side, place) {
                    traffic.receive(side, &message, at);
                }
            }
        }
        traffic.latest().unwrap()
    }

    #[test]
    fn what_was_never_interrupted_counts_as_zero() {
        assert_eq!(recovery(|_, _| true), Some(Duration::ZERO));
        assert_eq!(recovery(|_, place| place % 3 != 0), Some(Duration::ZERO));
    }

    #[test]
    fn the_later_direction_counts() {
        let late = |side, place| place >= if side == Which::Offerer { 5 } else { 9 };
        assert_eq!(recovery(late), Some(Duration::from_millis(920)));
    }

    #[test]
    fn a_second_interruption_begins_the_count_again() {
        let gap = |_, place| !(4..9).contains(&place);
        assert_eq!(recovery(gap), Some(Duration::from_millis(920)));
    }

    #[test]
    fn one_way_traffic_is_no_recovery() {
        assert_eq!(recovery(|side, _| side == Which::Offerer), None);
    }

    #[test]
    fn messages_of_an_earlier_event_prove_nothing() {
        let mut traffic = Traffic::default();
        let first = traffic.begin(Instant::START);
        let message = traffic.next_message(first).unwrap();
        traffic.begin(Instant::from_millis(50));
        traffic.receive(Which::Offerer, &message, Instant::from_millis(60));
        assert_eq!(traffic.next_message(first), None);
        assert_eq!(traffic.latest(), Some(None));
    }
}
