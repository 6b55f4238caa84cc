//! Little application messages that show whether the call still works.
//!
//! From each event on both sides send a numbered message every 100 ms, until it is clear that
//! traffic flows again: both directions have carried it for a second without a break, and, where
//! ICE was restarted meanwhile, for a second after both sides had turned to the new session's pair.
//! Between events the call idles, so that a NAT's timers are really tested.
//!
//! Each is a DTLS record, or, in a call with data channels, a message on a channel of their own, which is
//! neither ordered nor sent again.
//!
//! What is measured is the time from the event to the first message of each direction's unbroken
//! row, on its arrival; the later direction counts. It is zero where the very first message gets
//! through as soon as those behind it: nothing was interrupted.
//!
//! The resolution is one interval: an interruption that ends before the next message is due is not
//! seen, and a longer one is seen up to 100 ms (and the way of a message) longer than it was. Once
//! traffic flows, up to three lost messages in a row are what links do, and break nothing.

use core::time::Duration;

use icelab_sans_io::Instant;

use super::end::Which;
use crate::scenario::plan::Reconnected;

/// What the messages after each event showed.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    rows: Vec<Row>,
    /// Which sides have begun a new ICE session and still use the former one's pair.
    restarting: [bool; 2],
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
    /// When either side last turned to another pair; the event's time where none has.
    turned: Instant,
    /// How long after the event traffic flowed again, once that cannot change any more.
    recovered: Option<Duration>,
}

/// What arrived at one side.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    /// The unbroken row of messages that the latest one belongs to.
    streak: Option<Streak>,
}

/// Messages that arrived without a break.
#[derive(Clone, Copy, Debug)]
struct Streak {
    first: u32,
    first_arrival: Instant,
    last: u32,
    last_arrival: Instant,
    /// The shortest time that one of them took.
    least_delay: Duration,
}

impl Traffic {
    /// How often each side sends.
    pub(super) const INTERVAL: Duration = Reconnected::RESOLUTION;

    /// Begins anew after an event, and gives the number of the new row of messages.
    pub(super) fn begin(&mut self, now: Instant) -> u32 {
        let flows = [Flow::default(); 2];
        self.rows.push(Row { began: now, sent: 0, flows, turned: now, recovered: None });
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

    /// A side has begun a new ICE session.
    pub(super) fn restart(&mut self, which: Which) {
        *side(&mut self.restarting, which) = true;
    }

    /// A side has turned to another pair; after a restart, to the new session's.
    pub(super) fn turn(&mut self, which: Which, now: Instant) {
        *side(&mut self.restarting, which) = false;
        if let Some(row) = self.rows.last_mut() {
            row.turned = now;
        }
    }

    /// Takes a message that arrived at this side.
    pub(super) fn receive(&mut self, at: Which, message: &[u8], now: Instant) {
        let current = self.current();
        let is_restarting = self.restarting.contains(&true);
        let Some((number, place)) = parse(message) else { return };
        let Some(row) = self.rows.last_mut().filter(|_| number == current) else { return };
        let delay = now - (row.began + Self::INTERVAL * place);
        side(&mut row.flows, at).extend(place, delay, now);
        if row.recovered.is_none() && !is_restarting {
            row.recovered = row.recovery(row.turned, now);
        }
    }

    /// Whether the latest event, if there was one, has been recovered from.
    pub(super) fn is_quiet(&self) -> bool {
        self.rows.last().is_none_or(|row| row.recovered.is_some())
    }

    /// How long after the latest event traffic flowed both ways again and kept flowing for a second,
    /// as far as that is known by now. The outer `None`: there was no event. The inner one: it did
    /// not, or not yet.
    pub(super) fn latest(&self, now: Instant) -> Option<Option<Duration>> {
        self.rows.last().map(|row| row.recovered.or_else(|| row.recovery(row.began, now)))
    }

    /// Whether messages arrive at both sides, for however short a time.
    pub(super) fn flows(&self, now: Instant) -> bool {
        let is_fresh = |flow: &Flow| flow.streak.is_some_and(|streak| streak.is_fresh(now));
        self.rows
            .last()
            .is_some_and(|row| row.recovered.is_some() || row.flows.iter().all(is_fresh))
    }
}

impl Row {
    /// How long after the event traffic flowed again, if it has flowed for long enough since.
    fn recovery(&self, since: Instant, now: Instant) -> Option<Duration> {
        let mut latest = Duration::ZERO;
        for flow in &self.flows {
            let streak = flow.streak.filter(|streak| streak.is_fresh(now))?;
            if streak.last_arrival - streak.first_arrival.max(since) < PROOF {
                return None;
            }
            latest = latest.max(streak.after(self.began));
        }
        Some(latest)
    }
}

impl Flow {
    fn extend(&mut self, place: u32, delay: Duration, now: Instant) {
        self.streak = Some(match self.streak {
            Some(streak) if place <= streak.last => streak,
            Some(streak) if streak.is_fresh(now) => {
                let least_delay = streak.least_delay.min(delay);
                Streak { last: place, last_arrival: now, least_delay, ..streak }
            }
            Some(_) | None => {
                let (first, first_arrival, least_delay) = (place, now, delay);
                Streak { first, first_arrival, last: place, last_arrival: now, least_delay }
            }
        });
    }
}

impl Streak {
    /// Whether it goes on.
    fn is_fresh(&self, now: Instant) -> bool {
        now - self.last_arrival < BREAK
    }

    /// How long after the event it began; zero where nothing was missing before it.
    fn after(&self, event: Instant) -> Duration {
        let after = self.first_arrival - event;
        let is_held_up = after.saturating_sub(self.least_delay) >= Traffic::INTERVAL;
        if self.first == 0 && !is_held_up { Duration::ZERO } else { after }
    }
}

/// What belongs to one side.
fn side<T>(both: &mut [T; 2], which: Which) -> &mut T {
    let [offerer, answerer] = both;
    match which {
        Which::Offerer => offerer,
        Which::Answerer => answerer,
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
/// A silence of this length is a break: four messages are missing, and half an interval is jitter.
const BREAK: Duration = Duration::from_millis(450);
/// How long traffic must keep flowing.
const PROOF: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const LATENCY: Duration = Duration::from_millis(20);

    /// Sends a message each way every 100 ms for 5 s; `arrives` says which ones get through, and how
    /// long after 20 ms. What is known at the end of it.
    fn measured(
        traffic: &mut Traffic,
        mut arrives: impl FnMut(&mut Traffic, Which, u32) -> Option<Duration>,
    ) -> Option<Duration> {
        let row = traffic.begin(Instant::START);
        let mut arrivals: Vec<(Instant, Which, Vec<u8>)> = Vec::new();
        for place in 0..50 {
            let sent = Instant::START + Traffic::INTERVAL * place;
            while let Some((at, side, message)) =
                arrivals.first().filter(|(at, ..)| *at <= sent).cloned()
            {
                arrivals.remove(0);
                traffic.receive(side, &message, at);
            }
            let Some(message) = traffic.next_message(row) else { break };
            for side in Which::BOTH {
                if let Some(late) = arrives(traffic, side, place) {
                    arrivals.push((sent + LATENCY + late, side, message.clone()));
                }
            }
            arrivals.sort_by_key(|(at, ..)| *at);
        }
        traffic.latest(Instant::from_secs(5)).unwrap()
    }

    fn recovery(arrives: impl Fn(Which, u32) -> bool) -> Option<Duration> {
        measured(&mut Traffic::default(), |_, side, place| {
            arrives(side, place).then_some(Duration::ZERO)
        })
    }

    #[test]
    fn what_was_never_interrupted_counts_as_zero() {
        assert_eq!(recovery(|_, _| true), Some(Duration::ZERO));
        assert_eq!(recovery(|_, place| place % 4 < 1), Some(Duration::ZERO));
    }

    #[test]
    fn each_message_that_is_missing_at_the_beginning_counts() {
        for missing in 1..4_u32 {
            let after = Traffic::INTERVAL * missing + LATENCY;
            assert_eq!(recovery(|_, place| place >= missing), Some(after));
        }
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
    fn what_was_held_up_was_interrupted_though_nothing_is_lost() {
        // What is sent in the first second arrives at its end.
        let held = |_: &mut Traffic, _, place| {
            Some(Duration::from_millis(1_000).saturating_sub(Traffic::INTERVAL * place))
        };
        let after = Duration::from_millis(1_020);
        assert_eq!(measured(&mut Traffic::default(), held), Some(after));
        // A longer way alone is no interruption.
        let far = |_: &mut Traffic, _, _| Some(Duration::from_millis(800));
        assert_eq!(measured(&mut Traffic::default(), far), Some(Duration::ZERO));
    }

    #[test]
    fn one_way_traffic_is_no_recovery() {
        assert_eq!(recovery(|side, _| side == Which::Offerer), None);
    }

    #[test]
    fn a_restart_is_watched_until_both_sides_use_the_new_pair() {
        // Both turn to the new pair at 1.5 s, and the new pair's first messages are lost.
        let mut traffic = Traffic::default();
        traffic.restart(Which::Offerer);
        traffic.restart(Which::Answerer);
        let arrives = |traffic: &mut Traffic, side, place| {
            if place == 15 {
                traffic.turn(side, Instant::from_millis(1_500));
            }
            (!(15..22).contains(&place)).then_some(Duration::ZERO)
        };
        assert_eq!(measured(&mut traffic, arrives), Some(Duration::from_millis(2_220)));
        assert!(traffic.is_quiet());
        // A restart that comes to nothing does not hide that traffic flows.
        let mut traffic = Traffic::default();
        traffic.restart(Which::Offerer);
        let flowing = measured(&mut traffic, |_, _, _| Some(Duration::ZERO));
        assert_eq!((flowing, traffic.is_quiet()), (Some(Duration::ZERO), false));
    }

    #[test]
    fn traffic_that_has_just_begun_flows_though_it_proves_nothing_yet() {
        let mut traffic = Traffic::default();
        let row = traffic.begin(Instant::START);
        let message = traffic.next_message(row).unwrap();
        let at = Instant::from_millis;
        traffic.receive(Which::Offerer, &message, at(20));
        assert!(!traffic.flows(at(20)));
        traffic.receive(Which::Answerer, &message, at(30));
        assert!(traffic.flows(at(30)) && !traffic.flows(at(600)));
        assert_eq!(traffic.latest(at(30)), Some(None));
    }

    #[test]
    fn messages_of_an_earlier_event_prove_nothing() {
        let mut traffic = Traffic::default();
        let first = traffic.begin(Instant::START);
        let message = traffic.next_message(first).unwrap();
        traffic.begin(Instant::from_millis(50));
        traffic.receive(Which::Offerer, &message, Instant::from_millis(60));
        assert_eq!(traffic.next_message(first), None);
        assert_eq!(traffic.latest(Instant::from_millis(60)), Some(None));
    }
}
