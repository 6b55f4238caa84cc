//! Consent freshness (RFC 7675), keepalives (RFC 8445 section 11), and falling back from a pair that
//! died to one that lives.
//!
//! The selected pair is checked every 4 s to 6 s, by a single request each time; media on it proves
//! nothing. A check that is not answered in time puts the pair in doubt: a connectivity check is
//! sent over it, and over the other valid pairs of the component, and repeated as such checks are.
//! Where that is not answered in time either, the pair counts as disconnected: where another pair
//! lives, a controlling agent nominates it, a controlled one follows. RFC 8445 section 8.1.1 would
//! want an ICE restart for that; [`Config::standby`](crate::Config::standby) says which it is to be.
//! After 30 s without an answer consent is lost.

use core::net::SocketAddr;
use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_stun::{Class, MessageBuilder, Method, TransactionId};

use crate::agent::Agent;
use crate::check_list::Trigger;
use crate::config::Role;
use crate::event::{CheckFailure, Event};
use crate::nomination::Stage;
use crate::pair::Phase;
use crate::path::{Liveness, Path, PathId};
use crate::session::Outlook;
use crate::timer::Timer;
use crate::transaction::{LEAST_TIMEOUT, Purpose};

impl Agent {
    /// Sets the timers of a path that became valid, or was selected.
    pub(crate) fn arm_path(&mut self, id: PathId, now: Instant) {
        let Some(path) = self.paths.get(&id) else {
            return;
        };
        let freshness = path.freshness;
        let is_selected = self.selected.get(&path.component) == Some(&id);
        let config = &self.config;
        if !config.lite && config.consent.enabled {
            self.timers.set(Timer::Expiry(id), freshness.answered + config.consent.expiry);
            self.schedule_refresh(id, is_selected, now);
            if is_selected && now - freshness.answered >= RECENTLY {
                self.verify(id, now);
            }
        } else if is_selected {
            let (keepalive, silence) = (config.keepalive, config.consent.silence);
            self.timers.set(Timer::Keepalive(id), freshness.sent.max(now) + keepalive);
            if config.lite && config.consent.enabled && !self.session.remote_is_lite {
                self.timers.set(Timer::Silence(id), freshness.heard + silence);
            }
        }
    }

    /// RFC 7675 section 5.1: each wait is 0.8 to 1.2 of the period, and at least 4 s.
    fn schedule_refresh(&mut self, id: PathId, is_selected: bool, now: Instant) {
        let period = self.config.consent.interval.max(LEAST_PERIOD);
        let period = if is_selected { period } else { period * 2 };
        let nanos = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX / 2);
        let wait = self.rng.range(nanos / 10 * 8..=nanos / 10 * 12);
        self.timers.set(Timer::Consent(id), now + Duration::from_nanos(wait));
    }

    /// A valid pair is to be checked again.
    pub(crate) fn refresh(&mut self, id: PathId, now: Instant) {
        let Some(path) = self.paths.get(&id) else {
            return;
        };
        let is_selected = self.selected.get(&path.component) == Some(&id);
        let late = now + path.patience();
        if self.send_refresh(id, now).is_some() && self.timers.get(&Timer::Answer(id)).is_none() {
            self.timers.set(Timer::Answer(id), late);
        }
        self.schedule_refresh(id, is_selected, now);
    }

    /// An answer came over a path.
    pub(crate) fn hear_answer(&mut self, id: PathId, now: Instant) {
        let expiry = self.config.consent.expiry;
        if let Some(path) = self.paths.get_mut(&id) {
            path.freshness.answered = now;
            path.freshness.heard = now;
            path.freshness.liveness = Liveness::Alive;
            self.timers.cancel(&Timer::Answer(id));
            self.timers.cancel(&Timer::Verdict(id));
            self.cancel_transactions(|transaction| transaction.purpose == Purpose::Verify(id));
            if self.config.consent.enabled {
                self.timers.set(Timer::Expiry(id), now + expiry);
            }
        }
    }

    /// Something of the peer's came from `source` to `base`. That is no answer; but a pair in doubt
    /// may have come back.
    pub(crate) fn hear(&mut self, base: SocketAddr, source: SocketAddr, now: Instant) {
        let is_passive = self.config.lite;
        let mut returned = None;
        for (id, path) in &mut self.paths {
            if path.base() == base && path.destination() == source {
                path.freshness.heard = now;
                if is_passive {
                    path.freshness.liveness = Liveness::Alive;
                } else if path.is_dead() {
                    returned = Some(*id);
                }
            }
        }
        if let Some(id) = returned {
            self.verify(id, now);
        }
    }

    /// The answer to a path's check is late.
    pub(crate) fn miss_answer(&mut self, id: PathId, now: Instant) {
        let Some(path) = self.paths.get_mut(&id).filter(|path| path.is_alive()) else {
            return;
        };
        path.freshness.liveness = Liveness::Doubtful(now);
        let (component, local, remote) = (path.component, path.base(), path.destination());
        self.verify(id, now);
        if self.selected.get(&component) != Some(&id) {
            return;
        }
        self.event(Event::ConsentDoubtful { component, local, remote });
        let others: Vec<PathId> = self
            .valid_paths(component)
            .filter(|(other, path)| *other != id && now - path.freshness.answered >= RECENTLY)
            .map(|(other, _)| other)
            .collect();
        for other in others {
            self.verify(other, now);
        }
    }

    /// Sends a connectivity check over a valid pair, unless one is on its way, and sees what it
    /// brings. It is a check as those of the check list, with their retransmissions, and not one of
    /// RFC 7675's, which are sent once and at least 4 s apart.
    pub(crate) fn verify(&mut self, id: PathId, now: Instant) {
        let pending = self.transactions.ids(|one| {
            one.purpose == Purpose::Verify(id)
                && !one.is_cancelled
                && now - one.last_sent < LEAST_TIMEOUT
        });
        let Some(path) = self.paths.get(&id) else {
            return;
        };
        let verdict = now + self.config.consent.verdict.max(path.patience());
        let is_selected = self.selected.get(&path.component) == Some(&id);
        if pending.is_empty() {
            self.cancel_transactions(|one| one.purpose == Purpose::Verify(id));
            self.send_verification(id, now);
        }
        if is_selected && self.timers.get(&Timer::Verdict(id)).is_none() {
            self.timers.set(Timer::Verdict(id), verdict);
        }
    }

    /// A selected pair in doubt had its time.
    pub(crate) fn give_verdict(&mut self, id: PathId) {
        if let Some(path) = self.paths.get_mut(&id) {
            path.freshness.liveness = match path.freshness.liveness {
                Liveness::Doubtful(since) | Liveness::Dead(since) => Liveness::Dead(since),
                Liveness::Alive => Liveness::Dead(path.freshness.answered),
            };
        }
    }

    /// A component whose selected pair died takes another that lives.
    pub(crate) fn fall_back(&mut self, component: u16, now: Instant) {
        if self.config.lite {
            return;
        }
        self.forget_failed_nomination(component, now);
        let since = match self.current_selection(component).map(|(_, path)| path) {
            Some(path) if path.is_dead() => match path.freshness.liveness {
                Liveness::Doubtful(since) | Liveness::Dead(since) => Some(since),
                Liveness::Alive => None,
            },
            Some(_) => return,
            None if self.is_concluded(component) => None,
            None => return,
        };
        // What answered after the selected pair did not lives, or did very recently.
        let lives = |path: &Path| {
            path.is_alive() && since.is_none_or(|since| path.freshness.answered + RECENTLY >= since)
        };
        let living = self.valid_paths(component).filter(|(_, path)| lives(path));
        match self.role {
            Role::Controlling => {
                let best = living.max_by_key(|(_, path)| path.priority).map(|(id, _)| id);
                let is_on_its_way =
                    matches!(self.session.stages.get(&component), Some(Stage::InFlight(_)));
                if let Some(best) = best.filter(|_| !is_on_its_way) {
                    self.nominate(best, now);
                }
            }
            Role::Controlled => {
                let nominated = living.filter_map(|(id, path)| Some((path.nomination?.order, id)));
                if let Some((_, latest)) = nominated.max() {
                    self.select(latest, now);
                }
            }
        }
    }

    /// No answer came for too long: nothing may be sent over this pair any more (RFC 7675 section
    /// 5.1).
    pub(crate) fn lose_consent(&mut self, id: PathId) {
        let Some(path) = self.paths.get(&id) else {
            return;
        };
        let (component, local, remote) = (path.component, path.base(), path.destination());
        let (checked_by, generation) = (path.checked_by, path.generation);
        let was_selected = self.selected.get(&component) == Some(&id);
        self.drop_path(id);
        if generation == self.session.generation {
            let pair = checked_by.and_then(|pair| self.session.check_list.get_mut(pair));
            if let Some(pair) = pair {
                pair.progress = Phase::Failed(CheckFailure::TimedOut);
                pair.is_barred = true;
            }
        }
        if was_selected {
            self.event(Event::ConsentLost { component, local, remote });
            let has_other = self.valid_paths(component).next().is_some();
            if generation == self.session.generation && !has_other {
                self.session.outlook = Outlook::Revoked;
            }
        }
    }

    /// The base of a path is gone. A selected one stays, disconnected, until consent is lost.
    pub(crate) fn lose_base(&mut self, id: PathId) {
        let is_selected = self.selected.values().any(|selected| *selected == id);
        if !is_selected {
            self.drop_path(id);
        } else if let Some(path) = self.paths.get_mut(&id) {
            path.is_gone = true;
            self.timers.cancel(&Timer::Consent(id));
            self.timers.cancel(&Timer::Keepalive(id));
            self.timers.cancel(&Timer::Answer(id));
            self.timers.cancel(&Timer::Verdict(id));
        }
    }

    /// Forgets a path, and all that was to happen on it.
    pub(crate) fn drop_path(&mut self, id: PathId) {
        let Some(path) = self.paths.remove(&id) else {
            return;
        };
        for timer in [
            Timer::Consent(id),
            Timer::Answer(id),
            Timer::Verdict(id),
            Timer::Expiry(id),
            Timer::Keepalive(id),
            Timer::Silence(id),
        ] {
            self.timers.cancel(&timer);
        }
        if self.selected.get(&path.component) == Some(&id) {
            self.selected.remove(&path.component);
        }
        self.session.check_list.untrigger(|entry| *entry == Trigger::Nominate(id));
        let stale = self.transactions.ids(|transaction| {
            matches!(transaction.purpose,
                Purpose::Refresh(path, _) | Purpose::Nominate(path) | Purpose::Verify(path)
                    if path == id)
        });
        for transaction in stale {
            self.forget_transaction(transaction);
        }
    }

    /// RFC 8445 section 11: a Binding indication over a selected pair that was silent for Tr.
    pub(crate) fn keep_alive(&mut self, id: PathId, now: Instant) {
        let period = self.config.keepalive;
        let Some(path) = self.paths.get_mut(&id) else {
            return;
        };
        let due = path.freshness.sent + period;
        if due > now {
            self.timers.set(Timer::Keepalive(id), due);
            return;
        }
        path.freshness.sent = now;
        let (base, destination) = (path.base(), path.destination());
        self.timers.set(Timer::Keepalive(id), now + period);
        let transaction = TransactionId::random(&mut self.rng);
        let indication = MessageBuilder::new(Class::Indication, Method::BINDING, transaction);
        self.emit(base, destination, indication.finish_with(None, true));
    }

    /// A lite agent, which sends no checks, has heard nothing for a while.
    pub(crate) fn notice_silence(&mut self, id: PathId, now: Instant) {
        let (silence, expiry) = (self.config.consent.silence, self.config.consent.expiry);
        let Some(path) = self.paths.get_mut(&id) else {
            return;
        };
        let heard = path.freshness.heard;
        if heard + silence > now {
            self.timers.set(Timer::Silence(id), heard + silence);
        } else if heard + expiry > now {
            path.freshness.liveness = Liveness::Dead(heard);
            // Nothing says when the peer comes back; whatever it sends is heard at once.
            self.timers.set(Timer::Silence(id), heard + expiry);
        } else {
            self.lose_consent(id);
        }
    }
}

/// RFC 7675 section 5.1: not less than 4 s between checks, at 0.8 of the period.
const LEAST_PERIOD: Duration = Duration::from_secs(5);

/// A pair that answered so recently need not be asked whether it lives.
const RECENTLY: Duration = Duration::from_secs(4);
