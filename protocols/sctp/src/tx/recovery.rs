//! Which chunks are lost. A chunk is, when one that left after it has arrived, and a round trip and
//! some time for reordering have passed (RFC 8985, on TSNs). The last chunks of a burst are asked for
//! with a probe. What turns out not to have been lost widens the time for reordering, and gives back
//! what the congestion control took away.

use core::time::Duration;
use std::collections::BTreeMap;

use icelab_sans_io::Instant;

use crate::tx::flight::{Flight, Judgement, LongTsn, News};
use crate::tx::rto::RoundTrip;

/// Which chunks are lost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recovery {
    /// The last transmission of which is known that it arrived.
    newest: Option<Newest>,
    /// The highest TSN that has arrived.
    highest: LongTsn,
    /// Of TSNs beyond this one the last SACK says nothing: it was full.
    told_to: LongTsn,
    has_seen_reordering: bool,
    /// How many quarters of the shortest round trip reordering may take (RACK.reo_wnd_mult).
    quarters: u32,
    /// For how many more repairs that stays.
    persistence: u32,
    /// The window is not widened again before this TSN is acknowledged.
    widened_until: LongTsn,
    /// Losses that are being repaired.
    episode: Option<Episode>,
    /// What was sent again lately, and how many duplicates would tell that the first transmission had arrived.
    sent_again: BTreeMap<LongTsn, u32>,
    probe: Option<Probe>,
    question: Option<Question>,
    /// After all was taken for lost: the next transmission then.
    timeout_order: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Newest {
    order: u64,
    rtt: Duration,
}

/// From the first loss until all that had been sent by then is acknowledged.
#[derive(Clone, Copy, Debug)]
struct Episode {
    until: LongTsn,
    /// Whether the retransmission timer had to find the loss: that is no Fast Recovery.
    is_of_timeout: bool,
    lost: usize,
    not_lost: usize,
}

/// A chunk that was sent to get an answer (RFC 8985 section 7.3).
#[derive(Clone, Copy, Debug)]
struct Probe {
    tsn: LongTsn,
    is_again: bool,
}

/// A chunk without data that the peer answers.
#[derive(Clone, Copy, Debug)]
struct Question {
    /// The transmission that was next.
    order: u64,
    at: Instant,
}

/// What follows from a SACK or from time that has passed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) lost: usize,
    pub(crate) is_new_loss: bool,
    pub(crate) is_undone: bool,
    /// The retransmission timer expired needlessly.
    pub(crate) was_timeout_needless: bool,
    /// When more chunks may have to be taken for lost.
    pub(crate) next: Option<Instant>,
}

impl Recovery {
    /// Whether losses that the retransmission timer has found are being repaired.
    pub(crate) fn is_after_timeout(&self) -> bool {
        self.episode.is_some_and(|episode| episode.is_of_timeout)
    }

    /// Whether losses that SACKs have told are being repaired (Fast Recovery, RFC 9260 section 7.2.4).
    pub(crate) fn is_fast(&self) -> bool {
        self.episode.is_some_and(|episode| !episode.is_of_timeout)
    }

    /// The highest TSN that is known to have arrived.
    pub(crate) const fn highest(&self) -> LongTsn {
        self.highest
    }

    pub(crate) const fn is_probing(&self) -> bool {
        self.probe.is_some() || self.question.is_some()
    }

    /// A SACK was read, which says nothing of TSNs beyond `told_to`; `duplicates` are the TSNs it
    /// reports as received more than once.
    pub(crate) fn on_sack(
        &mut self,
        news: &News,
        told_to: LongTsn,
        duplicates: impl Iterator<Item = LongTsn>,
        flight: &mut Flight,
        trip: &RoundTrip,
        now: Instant,
    ) -> Verdict {
        let mut verdict = Verdict::default();
        let told_before = core::mem::replace(&mut self.told_to, told_to);
        if let Some((lowest, order)) = news.lowest_sent_once {
            // RFC 8985 section 6.2 step 3.
            if lowest < self.highest {
                self.has_seen_reordering = true;
            }
            // What was sent before the timer expired, and once, has arrived all the same; unless it had
            // long before, and SACKs had no room to tell.
            if self.timeout_order.is_some_and(|timeout| order < timeout)
                && news.not_lost > 0
                && lowest <= told_before
            {
                self.timeout_order = None;
                flight.revive_lost();
                verdict.was_timeout_needless = true;
                verdict.is_undone = true;
                self.episode = None;
            }
        }
        if news.bytes > 0 && !verdict.was_timeout_needless {
            self.timeout_order = None;
        }
        self.highest = self.highest.max(news.highest);
        self.learn_newest(news, trip, now);
        self.learn_from_answer(trip, now);
        let needless = self.count_needless(duplicates, flight);
        verdict.is_new_loss |= self.judge_probe(flight.first(), needless.is_of_probe);
        if let Some(episode) = &mut self.episode {
            episode.not_lost += news.not_lost + needless.chunks;
            if episode.lost > 0 && episode.not_lost >= episode.lost {
                verdict.is_undone = true;
                self.episode = None;
            } else if flight.first() > episode.until {
                self.episode = None;
                self.persistence = self.persistence.saturating_sub(1);
                if self.persistence == 0 {
                    self.quarters = 1;
                }
            }
        }
        let detected = self.detect(flight, trip, now);
        verdict.lost = detected.lost;
        verdict.is_new_loss |= detected.is_new_loss;
        verdict.next = detected.next;
        verdict
    }

    /// Step 2 of RFC 8985 section 6.2: an answer that comes too soon after a retransmission belongs to
    /// the first transmission.
    fn learn_newest(&mut self, news: &News, trip: &RoundTrip, now: Instant) {
        let Some(newest) = news.newest else { return };
        let rtt = now - newest.sent_at;
        if !newest.is_sent_once && trip.min().is_some_and(|min| rtt < min) {
            return;
        }
        if self.newest.is_none_or(|known| known.order < newest.order) {
            self.newest = Some(Newest { order: newest.order, rtt });
        }
    }

    /// An answer to a question counts as one to a chunk that left with it: what left before, and is not
    /// named, is lost.
    fn learn_from_answer(&mut self, trip: &RoundTrip, now: Instant) {
        let is_answer =
            |question: &mut Question| trip.min().is_none_or(|min| now - question.at >= min);
        let Some(Question { order, at }) = self.question.take_if(is_answer) else { return };
        if self.newest.is_none_or(|known| known.order < order) {
            self.newest = Some(Newest { order, rtt: now - at });
        }
    }

    /// Step 4 of RFC 8985 section 6.2: what was sent again, and of which as many duplicates arrived, was sent again
    /// needlessly.
    fn count_needless(
        &mut self,
        duplicates: impl Iterator<Item = LongTsn>,
        flight: &Flight,
    ) -> Needless {
        let mut needless = Needless::default();
        for tsn in duplicates {
            if self.probe.is_some_and(|probe| probe.is_again && probe.tsn == tsn) {
                needless.is_of_probe = true;
            }
            let Some(repeats) = self.sent_again.get_mut(&tsn) else { continue };
            *repeats -= 1;
            if *repeats == 0 {
                self.sent_again.remove(&tsn);
                needless.chunks += 1;
            }
        }
        if needless.chunks > 0 && flight.first() > self.widened_until {
            self.widened_until = flight.next();
            self.quarters = self.quarters.max(1) + 1;
            self.persistence = PERSISTENCE;
        }
        needless
    }

    /// RFC 8985 section 7.4: a probe that was sent again, and no duplicate, repaired a loss. Whether it
    /// did.
    fn judge_probe(&mut self, first: LongTsn, was_needless: bool) -> bool {
        let Some(probe) = self.probe else { return false };
        if was_needless {
            self.probe = None;
            return false;
        }
        if first <= probe.tsn {
            return false;
        }
        self.probe = None;
        probe.is_again && first > probe.tsn + 1 && self.episode.is_none()
    }

    /// Takes for lost what left long enough before something that has arrived (step 5).
    pub(crate) fn detect(
        &mut self,
        flight: &mut Flight,
        trip: &RoundTrip,
        now: Instant,
    ) -> Verdict {
        let mut verdict = Verdict::default();
        let Some(newest) = self.newest else { return verdict };
        let mut patience = newest.rtt + self.reordering_window(flight, trip);
        let has_seen_reordering = self.has_seen_reordering;
        let told_to = self.told_to;
        let (mut lost, mut chunks) = (0, 0);
        flight.judge_older(newest.order, |tsn, sent| {
            if tsn > told_to {
                return Judgement::Later;
            }
            let due = sent.sent_at + patience;
            if due > now {
                verdict.next = Some(due);
                return Judgement::Enough;
            }
            lost += sent.size;
            chunks += 1;
            // While losses are repaired, reordering that was never seen gets no time.
            if !has_seen_reordering {
                patience = newest.rtt;
            }
            Judgement::Lost
        });
        if chunks > 0 {
            verdict.lost = lost;
            // After a timeout nothing is under way but what was sent since.
            if self.episode.is_none_or(|episode| episode.is_of_timeout) {
                verdict.is_new_loss = true;
                let until = flight.next() - 1;
                self.episode = Some(Episode { until, is_of_timeout: false, lost: 0, not_lost: 0 });
            }
            if let Some(episode) = &mut self.episode {
                episode.lost = episode.lost.saturating_add(chunks);
            }
        }
        verdict
    }

    fn reordering_window(&self, flight: &Flight, trip: &RoundTrip) -> Duration {
        if !self.has_seen_reordering
            && (self.episode.is_some() || flight.arrived_count() >= MISSING_REPORTS)
        {
            return Duration::ZERO;
        }
        let min = trip.min().unwrap_or_else(|| trip.smoothed());
        (min * self.quarters.max(1) / 4).min(trip.smoothed())
    }

    /// The chunk leaves again.
    pub(crate) fn on_sent_again(&mut self, tsn: LongTsn) {
        *self.sent_again.entry(tsn).or_default() += 1;
        while self.sent_again.len() > REMEMBERED {
            self.sent_again.pop_first();
        }
    }

    /// The chunk leaves to get an answer.
    pub(crate) fn on_probe(&mut self, tsn: LongTsn, is_again: bool) {
        self.probe = Some(Probe { tsn, is_again });
        // It had left again before: one more duplicate tells no more than before.
        if let Some(repeats) = self.sent_again.get_mut(&tsn).filter(|_| is_again) {
            *repeats += 1;
        }
    }

    /// A chunk without data leaves to get an answer; the next transmission has this order.
    pub(crate) const fn on_question(&mut self, order: u64, at: Instant) {
        self.question = Some(Question { order, at });
    }

    /// All that is under way is taken for lost. Returns its bytes.
    pub(crate) fn on_timeout(&mut self, flight: &mut Flight) -> usize {
        self.probe = None;
        self.question = None;
        if self.timeout_order.is_some() {
            flight.disbelieve_gaps();
        }
        self.timeout_order = Some(flight.next_order());
        let lost = flight.lose_all();
        let until = flight.next().max(1) - 1;
        self.episode = Some(Episode { until, is_of_timeout: true, lost: usize::MAX, not_lost: 0 });
        lost
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Needless {
    chunks: usize,
    is_of_probe: bool,
}

/// RFC 9260 section 7.2.4.
const MISSING_REPORTS: usize = 3;
/// For how many repairs a widened window stays (RFC 8985 section 6.2 step 4).
const PERSISTENCE: u32 = 16;
/// How many chunks that were sent again are remembered.
const REMEMBERED: usize = 4096;
