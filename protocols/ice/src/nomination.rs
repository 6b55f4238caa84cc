//! Nominating pairs and selecting them (RFC 8445 section 8.1).
//!
//! A controlling agent, for each component:
//! 1. looks: from its first valid pair on it waits for better ones, until none is left to be checked
//!    and none can come any more, or until a short grace is over. A path through a relay gets a
//!    longer grace than a direct one, since a direct path that is being punched open needs a
//!    retransmission or two; yet a dead pair of high priority holds it up no longer than that;
//! 2. nominates the best valid pair, by a check with USE-CANDIDATE that is repeated until answered;
//! 3. selects it with the answer.
//!
//! A controlled agent selects a pair when it was nominated and its own check was answered. Of
//! several (RFC 5245's aggressive nomination, a fallback, renomination) it uses the one with the
//! highest rank, then the highest priority; but a peer that names another pair again and again, or
//! while the selected one is in doubt, is followed.

use core::cmp::{Ordering, Reverse};
use core::time::Duration;

use icelab_sans_io::Instant;

use crate::agent::Agent;
use crate::candidate::CandidateKind;
use crate::check_list::Trigger;
use crate::config::{Nomination, Role};
use crate::event::{CheckFailure, Event};
use crate::pair::{PairId, Phase};
use crate::path::{Nominated, Path, PathId};
use crate::session::{CheckRequest, Gathering};
use crate::timer::Timer;
use crate::transaction::{Purpose, Transaction};

/// How far a component's nomination is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Valid pairs exist; a better one may come.
    Looking {
        /// When the first valid pair was found.
        any: Instant,
        /// When the first without a relay was.
        direct: Option<Instant>,
    },
    /// A nomination is on its way.
    InFlight(PathId),
    /// A pair was nominated.
    Concluded(Instant),
}

/// Which pair the peer's latest nominating requests name, and since when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Naming {
    path: (core::net::SocketAddr, core::net::SocketAddr),
    since: Instant,
}

impl Agent {
    /// The valid pairs of this session's component.
    pub(crate) fn valid_paths(&self, component: u16) -> impl Iterator<Item = (PathId, &Path)> {
        let generation = self.session.generation;
        let is_valid = move |path: &Path| {
            path.component == component && path.generation == generation && !path.is_gone
        };
        self.paths.iter().filter(move |(_, path)| is_valid(path)).map(|(id, path)| (*id, path))
    }

    /// The best of them.
    pub(crate) fn best_path(&self, component: u16) -> Option<PathId> {
        let worth = |id: PathId, path: &Path| (path.is_alive(), path.priority, Reverse(id));
        let best = self.valid_paths(component).max_by_key(|(id, path)| worth(*id, path));
        best.map(|(id, _)| id)
    }

    /// The selected pair, where this session selected it.
    pub(crate) fn current_selection(&self, component: u16) -> Option<(PathId, &Path)> {
        let id = self.selected.get(&component)?;
        let path = self.paths.get(id)?;
        (path.generation == self.session.generation).then_some((*id, path))
    }

    pub(crate) fn is_concluded(&self, component: u16) -> bool {
        matches!(self.session.stages.get(&component), Some(Stage::Concluded(_)))
    }

    /// RFC 8838 section 13: after a nomination no more candidates are paired, unless another
    /// nomination may follow.
    pub(crate) fn pairs_no_more(&self, component: u16) -> bool {
        let rank = self.current_selection(component).and_then(|(_, path)| path.nomination);
        let is_peer_renominating = rank.is_some_and(|nomination| nomination.rank > 0);
        let renominates =
            is_peer_renominating || self.config.nomination == Nomination::Renomination;
        self.is_concluded(component) && !renominates
    }

    pub(crate) fn concluded_within(&self, component: u16, time: Duration, now: Instant) -> bool {
        matches!(
            self.session.stages.get(&component),
            Some(Stage::Concluded(at)) if now - *at <= time
        )
    }

    /// Nominates, where it is time (section 8.1.1).
    pub(crate) fn consider_nomination(&mut self, component: u16, now: Instant) {
        if self.role != Role::Controlling || self.config.lite {
            return;
        }
        self.forget_failed_nomination(component, now);
        let Some(best) = self.best_path(component) else {
            return;
        };
        let Some(path) = self.paths.get(&best) else {
            return;
        };
        match self.session.stages.get(&component).copied() {
            Some(Stage::InFlight(_)) => {}
            Some(Stage::Concluded(_)) => {
                let is_better = self
                    .current_selection(component)
                    .is_none_or(|(_, selected)| path.priority > selected.priority);
                let renominates = self.config.nomination == Nomination::Renomination;
                let has_none = self.current_selection(component).is_none();
                if has_none || (renominates && is_better) {
                    self.nominate(best, now);
                }
            }
            stage @ (None | Some(Stage::Looking { .. })) => {
                let (any, direct) = match stage {
                    Some(Stage::Looking { any, direct }) => (any, direct),
                    Some(Stage::InFlight(_) | Stage::Concluded(_)) | None => (now, None),
                };
                let direct = direct.or_else(|| (!path.is_relayed()).then_some(now));
                let looking = Stage::Looking { any, direct };
                let ready = self.ready_at(path, any, direct, now);
                self.session.stages.insert(component, looking);
                if ready <= now {
                    self.nominate(best, now);
                } else {
                    self.timers.set(Timer::Grace(component), ready);
                }
            }
        }
    }

    /// A nomination whose pair is valid no more leaves the component where it was before.
    pub(crate) fn forget_failed_nomination(&mut self, component: u16, now: Instant) {
        if let Some(Stage::InFlight(path)) = self.session.stages.get(&component)
            && !self.paths.contains_key(path)
        {
            if self.current_selection(component).is_some() {
                self.session.stages.insert(component, Stage::Concluded(now));
            } else {
                self.session.stages.remove(&component);
            }
        }
    }

    /// When to stop looking for better pairs than `best`.
    fn ready_at(
        &self,
        best: &Path,
        any: Instant,
        direct: Option<Instant>,
        now: Instant,
    ) -> Instant {
        if self.config.nomination != Nomination::Regular {
            return now;
        }
        let is_better_open = self.session.check_list.pairs().any(|pair| {
            pair.component == best.component
                && pair.priority > best.priority
                && pair.progress.is_open()
        });
        let session = &self.session;
        let all_known = session.local_candidates == Gathering::Ended
            && session.remote_candidates == Gathering::Ended;
        if !is_better_open && all_known {
            return now;
        }
        let grace = self.config.grace;
        let round_trip = best.pair.round_trip.unwrap_or_default();
        match direct {
            Some(since) => since + grace.direct.max(round_trip.saturating_mul(2)),
            None => any + grace.relayed.max(round_trip.saturating_mul(3)),
        }
    }

    /// Repeats the valid pair's check with USE-CANDIDATE.
    pub(crate) fn nominate(&mut self, id: PathId, now: Instant) {
        let Some(path) = self.paths.get(&id) else {
            return;
        };
        let component = path.component;
        if self.config.nomination == Nomination::Renomination {
            self.rank += 1;
        }
        self.session.stages.insert(component, Stage::InFlight(id));
        self.timers.cancel(&Timer::Grace(component));
        self.timers.set(Timer::Nomination(component), now + self.config.grace.unanswered);
        self.session.check_list.trigger(Trigger::Nominate(id));
    }

    /// A nomination was answered (section 7.2.5.3.4).
    pub(crate) fn nomination_succeeded(
        &mut self,
        id: PathId,
        transaction: &Transaction,
        now: Instant,
    ) {
        if self.role == Role::Controlling && transaction.role == Role::Controlling {
            self.nominated(id, transaction.nomination.unwrap_or(0), now);
        }
    }

    /// A nomination failed (section 7.2.5.3.4): its pair is not valid any more. RFC 8445 fails the
    /// check list too; here another valid pair may still be nominated.
    pub(crate) fn fail_nomination(&mut self, id: PathId, why: CheckFailure) {
        let pair = self.paths.get(&id).and_then(|path| path.checked_by);
        self.drop_path(id);
        if let Some(pair) = pair {
            self.fail_pair(pair, why);
        }
    }

    /// A nomination went unanswered for so long that another valid pair is the better choice.
    pub(crate) fn give_up_nomination(&mut self, component: u16, now: Instant) {
        let Some(Stage::InFlight(id)) = self.session.stages.get(&component).copied() else {
            return;
        };
        if self.valid_paths(component).any(|(other, _)| other != id) {
            self.fail_nomination(id, CheckFailure::TimedOut);
        } else {
            self.timers.set(Timer::Nomination(component), now + self.config.grace.unanswered);
        }
    }

    /// Notes which pair a nominating request names.
    pub(crate) fn note_naming(&mut self, request: CheckRequest, now: Instant) {
        let path = (request.base, request.source);
        let known = self.naming.get(&request.component).filter(|naming| naming.path == path);
        let since = known.map_or(now, |naming| naming.since);
        self.naming.insert(request.component, Naming { path, since });
    }

    /// A valid pair is nominated: by the peer and with its own check answered, or by this side and
    /// with the nomination answered.
    pub(crate) fn nominated(&mut self, id: PathId, rank: u32, now: Instant) {
        let Some(path) = self.paths.get_mut(&id) else {
            return;
        };
        // An older nomination that was held up on its way.
        if path.nomination.is_some_and(|before| before.rank > rank) {
            return;
        }
        self.nominations += 1;
        let order = self.nominations;
        let is_news = path.nomination.is_none_or(|before| before.rank < rank);
        path.nomination = Some(Nominated { rank, order });
        let (component, local, remote) = (path.component, path.base(), path.destination());
        if is_news {
            self.event(Event::Nominated { component, local, remote });
        }
        if self.takes_over(id, rank, now) {
            self.select(id, now);
        }
        if let Some(Stage::InFlight(path)) = self.session.stages.get(&component)
            && *path != id
        {
            return;
        }
        if !self.is_concluded(component) || is_news {
            self.conclude(component, now);
        }
    }

    /// Whether a nominated pair replaces the selected one.
    fn takes_over(&self, id: PathId, rank: u32, now: Instant) -> bool {
        let Some(path) = self.paths.get(&id) else {
            return false;
        };
        let Some((selected, current)) = self.current_selection(path.component) else {
            return true;
        };
        if selected == id {
            return false;
        }
        let is_doubtful = !current.is_alive();
        let is_better = path.priority > current.priority;
        let current_rank = current.nomination.map_or(0, |nomination| nomination.rank);
        match (self.role, self.config.nomination) {
            (Role::Controlling, Nomination::Regular | Nomination::Renomination) => true,
            (Role::Controlling, Nomination::Aggressive) => is_better || is_doubtful,
            (Role::Controlled, _) => match rank.cmp(&current_rank) {
                Ordering::Greater => true,
                Ordering::Less => false,
                Ordering::Equal => is_better || is_doubtful || self.is_insisted_on(path, now),
            },
        }
    }

    /// Whether the peer has named this pair, and no other, for a while.
    fn is_insisted_on(&self, path: &Path, now: Instant) -> bool {
        let naming = self.naming.get(&path.component);
        naming.is_some_and(|naming| {
            naming.path == (path.base(), path.destination()) && now - naming.since >= INSISTENCE
        })
    }

    /// Makes a valid pair the one that carries the component's data.
    pub(crate) fn select(&mut self, id: PathId, now: Instant) {
        let Some(path) = self.paths.get(&id) else {
            return;
        };
        let (component, pair) = (path.component, path.pair.clone());
        let before = self.selected.insert(component, id);
        if before == Some(id) {
            return;
        }
        // Data now takes the new way: the former session's pair has done its service.
        if let Some(before) = before
            && self
                .paths
                .get(&before)
                .is_some_and(|path| path.generation != self.session.generation)
        {
            self.drop_path(before);
        }
        self.event(Event::Selected { component, pair });
        self.arm_path(id, now);
    }

    /// Section 8.1.2: ends the checks of a component.
    fn conclude(&mut self, component: u16, now: Instant) {
        self.session.stages.insert(component, Stage::Concluded(now));
        self.timers.cancel(&Timer::Grace(component));
        self.timers.cancel(&Timer::Nomination(component));
        if self.pairs_no_more(component) {
            self.tidy(component);
        }
    }

    /// Removes the pairs of a concluded component from the check list, but for what may serve as a
    /// standby: some valid pairs, and, while no relayed one is among them, some that may become one.
    pub(crate) fn tidy(&mut self, component: u16) {
        let standby = self.config.standby;
        let selected = self.current_selection(component);
        let best = selected.map_or(0, |(_, path)| path.priority);
        let is_selected_relayed = selected.is_some_and(|(_, path)| path.is_relayed());
        let selected = selected.map(|(id, _)| id);
        let mut spare: Vec<(u64, PathId, bool)> = self
            .valid_paths(component)
            .filter(|(id, _)| Some(*id) != selected)
            .map(|(id, path)| (path.priority, id, path.is_relayed()))
            .collect();
        spare.sort_unstable_by_key(|(priority, id, _)| (Reverse(*priority), *id));
        // The last place is for a relayed pair: what breaks the selected one may break all others
        // that are not.
        let relayed = spare.iter().position(|(_, _, is_relayed)| *is_relayed);
        if let Some(relayed) = relayed.filter(|index| *index >= standby && standby > 0) {
            spare.swap(standby - 1, relayed);
        }
        let has_relay = is_selected_relayed || relayed.is_some();
        for (_, id, _) in spare.into_iter().skip(standby) {
            self.drop_path(id);
        }
        let mut wanted = if has_relay { 0 } else { standby };
        let is_aggressive = self.config.nomination == Nomination::Aggressive;
        let mut unwanted: Vec<PairId> = Vec::new();
        for pair in self.session.check_list.pairs().filter(|pair| pair.component == component) {
            let keeps = match pair.progress {
                Phase::Succeeded(path) => self.paths.contains_key(&path),
                Phase::Failed(_) => pair.is_barred,
                // RFC 5245 section 8.1.2: checks of pairs that are not worse go on.
                Phase::InProgress(_) if is_aggressive && pair.priority >= best => true,
                // The peer named it; it is to be selected, too, if it is better.
                _ if pair.nomination.is_some() => true,
                Phase::Frozen | Phase::Waiting | Phase::InProgress(_) => {
                    let serves = wanted > 0 && self.is_pair_relayed(pair.id);
                    wanted -= usize::from(serves);
                    serves
                }
            };
            if !keeps {
                unwanted.push(pair.id);
            }
        }
        self.remove_pairs(&unwanted);
    }

    fn is_pair_relayed(&self, id: PairId) -> bool {
        let Some(pair) = self.session.check_list.get(id) else {
            return false;
        };
        let local = self.session.locals.get(pair.local).map(|local| local.candidate.kind);
        let remote = self.session.remotes.get(pair.remote).map(|remote| remote.candidate.kind);
        [local, remote].contains(&Some(CandidateKind::Relayed))
    }

    fn remove_pairs(&mut self, unwanted: &[PairId]) {
        self.cancel_transactions(|transaction| {
            matches!(transaction.purpose, Purpose::Check(pair, _) if unwanted.contains(&pair))
        });
        self.session.check_list.remove(|pair| unwanted.contains(&pair.id));
    }
}

/// How long a peer names one pair, and no other, until it is followed.
const INSISTENCE: Duration = Duration::from_secs(3);
