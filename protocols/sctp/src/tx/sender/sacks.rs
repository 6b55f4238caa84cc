//! What SACKs tell, and what follows from it (RFC 9260 section 6.2.1).

use core::time::Duration;

use icelab_sans_io::Instant;

use super::{Allowance, Sender, lengthen};
use crate::congestion::Ack;
use crate::packet::chunk::{GapBlock, Sack};
use crate::packet::{Header, Tsn};
use crate::tx::flight::LongTsn;
use crate::tx::outbox::Outbox;
use crate::tx::recovery::Verdict;

impl Sender {
    /// Reads a SACK (RFC 9260 section 6.2.1). Returns whether it acknowledged something new; `None`
    /// where it names what was never sent.
    pub(crate) fn on_sack(
        &mut self,
        sack: &Sack<'_>,
        outbox: &mut Outbox,
        now: Instant,
    ) -> Option<bool> {
        self.read_sack(sack, Some(sack.window as usize), outbox, now)
    }

    /// `window`: where the peer says how much room it has.
    fn read_sack(
        &mut self,
        sack: &Sack<'_>,
        window: Option<usize>,
        outbox: &mut Outbox,
        now: Instant,
    ) -> Option<bool> {
        let first = self.flight.first();
        let cumulative = lengthen(first, sack.cumulative_tsn_ack);
        let beyond = self.flight.next();
        if cumulative >= beyond
            || sack.gaps.iter().any(|gap| cumulative + LongTsn::from(gap.end) >= beyond)
        {
            return None;
        }
        if cumulative + 1 < first {
            // D i: an older one.
            return Some(false);
        }
        let in_flight_before = self.flight.in_flight();
        let is_window_limited = in_flight_before + self.mtu > self.control.window();
        let gaps =
            sack.gaps.iter().filter(|gap| gap.start > 0 && gap.start <= gap.end).map(|gap| {
                (cumulative + LongTsn::from(gap.start), cumulative + LongTsn::from(gap.end))
            });
        let highest = sack.gaps.iter().last().map_or(0, |gap| LongTsn::from(gap.end));
        let is_cut = self.is_cut(sack) || cumulative + highest < self.recovery.highest();
        let told_to = if is_cut { cumulative + highest } else { LongTsn::MAX };
        self.meter.on_sack(is_cut);
        let news = self.flight.acknowledge(cumulative, gaps);
        if news.bytes > 0 {
            self.is_restarting = false;
            self.unheard_timeouts = 0;
        }
        let mut facts =
            Facts { in_flight_before, acked: news.bytes, is_window_limited, ..Facts::default() };
        if let Some(newest) = news.newest {
            if newest.is_sent_once {
                let rtt = now - newest.sent_at;
                self.trip.measured(rtt, now);
                facts.rtt = Some(rtt);
            }
            let shortest = self.trip.min().unwrap_or_default();
            facts.rate = Some(self.meter.on_acked(
                news.bytes,
                newest.sent_at,
                &newest.snapshot,
                shortest,
                now,
            ));
        }
        let duplicates = sack.duplicates.iter().map(|tsn| lengthen(first, tsn));
        let verdict =
            self.recovery.on_sack(&news, told_to, duplicates, &mut self.flight, &self.trip, now);
        if verdict.was_timeout_needless {
            self.trip.forget_back_off();
        }
        self.timers.reordering = verdict.next;
        self.follow(&verdict, &facts, now);
        self.peer.acknowledged(cumulative);
        if let Some(window) = window {
            self.peer.told(window, self.flight.outstanding());
            self.repeat_window_probe(window, now);
        }
        if news.is_cumulative {
            // RFC 9260 section 6.3.2 R2 and R3.
            self.timers.retransmission =
                (!self.flight.is_empty()).then(|| now + self.trip.timeout());
        }
        self.arm_probe(now);
        self.judge_forward(outbox, now);
        Some(news.bytes > 0 || news.is_cumulative)
    }

    /// SHUTDOWN says nothing of the window: what it acknowledges still takes the peer's room.
    pub(crate) fn on_cumulative_ack(
        &mut self,
        cumulative_tsn_ack: Tsn,
        outbox: &mut Outbox,
        now: Instant,
    ) -> Option<bool> {
        self.read_sack(&Sack { cumulative_tsn_ack, ..Sack::default() }, None, outbox, now)
    }

    /// Whether the SACK may not show all that has arrived: it is as long as a packet can be, or has as
    /// many gap blocks as some peers stop at.
    fn is_cut(&self, sack: &Sack<'_>) -> bool {
        let room = self.mtu.saturating_sub(Header::LENGTH + Sack::LENGTH) / GapBlock::LENGTH;
        let count = sack.gaps.len() + sack.duplicates.len();
        count + SPARE_BLOCKS >= room || sack.gaps.len() == FEW_BLOCKS
    }

    /// Tells the congestion control.
    pub(super) fn follow(&mut self, verdict: &Verdict, facts: &Facts, now: Instant) {
        if verdict.is_undone {
            self.counts.undone += 1;
            self.control.undo();
        }
        if verdict.is_new_loss {
            self.allowance = Some(Allowance::FirstRepair);
        }
        if facts.acked == 0 && verdict.lost == 0 && !verdict.is_new_loss {
            return;
        }
        self.control.on_ack(&Ack {
            now,
            acked: facts.acked,
            lost: verdict.lost,
            is_new_loss: verdict.is_new_loss,
            in_recovery: self.recovery.is_fast(),
            in_flight_before: facts.in_flight_before,
            in_flight: self.flight.in_flight(),
            is_window_limited: facts.is_window_limited,
            rtt: facts.rtt,
            smoothed_rtt: self.trip.smoothed(),
            rate: facts.rate,
        });
    }
}

/// What a SACK told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    pub(super) acked: usize,
    pub(super) in_flight_before: usize,
    pub(super) is_window_limited: bool,
    pub(super) rtt: Option<Duration>,
    pub(super) rate: Option<crate::tx::RateSample>,
}

/// dcsctp's limit.
const FEW_BLOCKS: usize = 20;
/// What else may be in the packet of a SACK.
const SPARE_BLOCKS: usize = 4;
