//! Links: presets, profiles of the file, and settings on the spot.

use core::time::Duration;
use std::collections::BTreeSet;

use icelab_sans_io::Instant;
use icelab_sim::Chance;
use icelab_sim::link::{
    Bitrate, CoDel, DirectionConfig, Discipline, LinkChange, LinkConfig, Loss, Oversize,
    QueueLimit, Reorder, ScheduledChange,
};
use indexmap::IndexMap;

use super::name;
use crate::presets;
use crate::scenario::grammar::link::{
    DirectionFields, DisciplineWord, Link, LinkFields, OversizeWord, ReorderOr, Scheduled,
};
use crate::scenario::text::decode::{At, NameOr, Named, OneOrMany};
use crate::scenario::text::fault::{Fault, Faults};
use crate::scenario::text::quantity::{QueueSize, Share};

/// The profiles of a file, resolved.
pub(super) struct Links {
    profiles: IndexMap<String, LinkConfig>,
    /// The profiles that something named.
    used: BTreeSet<String>,
    /// When the run ends.
    limit: Duration,
}

impl Links {
    /// Resolves the profiles of a file. A profile may be like one above it.
    pub(super) fn new(
        links: Option<&Named<LinkFields>>,
        limit: Duration,
        faults: &mut Faults,
    ) -> Self {
        let mut resolved = Self { profiles: IndexMap::new(), used: BTreeSet::new(), limit };
        for definition in links.iter().flat_map(|links| &links.0) {
            name::check(definition, faults);
            let config = resolved.given(&definition.value, faults);
            resolved.profiles.insert(definition.name.clone(), config);
        }
        resolved
    }

    /// Whether something is like this profile.
    pub(super) fn is_used(&self, profile: &str) -> bool {
        self.used.contains(profile)
    }

    /// The link that is meant; `ethernet` where none is written.
    pub(super) fn resolve(&mut self, link: Option<&At<Link>>, faults: &mut Faults) -> LinkConfig {
        match link {
            None => LinkConfig::ethernet(),
            Some(At { value: NameOr::Name(name), span }) => {
                let name = At { value: name.clone(), span: *span };
                self.named(&name, faults)
            }
            Some(At { value: NameOr::Given(fields), .. }) => self.given(fields, faults),
        }
    }

    fn named(&mut self, name: &At<String>, faults: &mut Faults) -> LinkConfig {
        self.used.insert(name.value.clone());
        let found = self.profiles.get(&name.value).cloned().or_else(|| presets::link(&name.value));
        found.unwrap_or_else(|| {
            let mut known: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
            known.extend(presets::link_names());
            faults.push(Fault::unknown_word(name.span, &name.value, &known, "link"));
            LinkConfig::ethernet()
        })
    }

    fn given(&mut self, fields: &LinkFields, faults: &mut Faults) -> LinkConfig {
        let mut config = match &fields.like {
            Some(like) => self.named(like, faults),
            None => LinkConfig::ethernet(),
        };
        let (up, down) = changes(fields, faults);
        apply(up, &mut config.up);
        apply(down, &mut config.down);
        let own = [&fields.up, &fields.down].map(|own| own.as_ref().map(|own| &own.value));
        for (own, direction) in own.into_iter().zip([&mut config.up, &mut config.down]) {
            let own = own.and_then(|own| own.schedule.as_ref());
            if let Some(schedule) = own.or(fields.both.schedule.as_ref()) {
                direction.schedule = scheduled(&schedule.value, self.limit, faults);
            }
        }
        config
    }
}

/// The changes of a schedule, by time.
fn scheduled(
    schedule: &OneOrMany<Scheduled>,
    limit: Duration,
    faults: &mut Faults,
) -> Vec<ScheduledChange> {
    let mut changes = Vec::new();
    for term in &schedule.0 {
        let Some(at) = &term.value.at else {
            faults.push(
                Fault::missing(term.span, "at", "a change of a schedule")
                    .help("as in `schedule: [ { at: 5 s, loss: 10 % }, { at: 8 s, loss: 0 % } ]`"),
            );
            continue;
        };
        if at.value.0 > limit {
            faults.push(super::after_the_end(at, limit));
        }
        let fields = &term.value.set;
        if let Some(inner) = &fields.schedule {
            let fault = Fault::new(inner.span, "a change of a schedule has no schedule of its own");
            faults.push(fault.help("write one list of changes"));
        }
        let set = change(fields, LinkChange::default(), faults);
        if set == LinkChange::default() && faults.is_empty() {
            let fault = Fault::new(term.span, "this changes nothing");
            faults.push(fault.help("as in `{ at: 5 s, loss: 10 % }`"));
        }
        changes.push(ScheduledChange { at: Instant::START + at.value.0, set });
    }
    changes.sort_by_key(|change| change.at);
    changes
}

/// What settings change, towards the internet and from it.
pub(super) fn changes(fields: &LinkFields, faults: &mut Faults) -> (LinkChange, LinkChange) {
    let mut up = change(&fields.both, LinkChange::default(), faults);
    let mut down = up.clone();
    if let Some(fields) = &fields.up {
        up = change(&fields.value, up, faults);
    }
    if let Some(fields) = &fields.down {
        down = change(&fields.value, down, faults);
    }
    (up, down)
}

fn change(fields: &DirectionFields, mut change: LinkChange, faults: &mut Faults) -> LinkChange {
    if let Some(rate) = &fields.rate {
        if rate.value.0 == 0 {
            faults.push(
                Fault::new(rate.span, "a rate of 0 carries nothing").help(
                    "an event `cut: [A, B]` silences a cable; without `rate` there is no limit",
                ),
            );
        }
        change.rate = Some(Some(Bitrate::from_bits_per_second(rate.value.0)));
        // A trace stands instead of a rate, so a rate ends it.
        change.trace = Some(None);
    }
    if let Some(trace) = &fields.trace {
        if let Some(rate) = &fields.rate {
            faults.push(
                Fault::new(rate.span, "`rate` and `trace` both say how fast the link is")
                    .help("remove one of them"),
            );
        }
        change.trace = Some(Some(trace.value.trace.clone()));
    }
    change.delay = time(fields.delay.as_ref(), faults).or(change.delay);
    change.jitter = time(fields.jitter.as_ref(), faults).or(change.jitter);
    if let Some(loss) = loss(fields, faults) {
        change.loss = Some(loss);
    }
    if let Some(reorder) = &fields.reorder {
        change.reorder = Some(self::reorder(reorder, faults));
    }
    change.duplicate = fields.duplicate.as_ref().map(|s| chance(s, faults)).or(change.duplicate);
    change.corrupt = fields.corrupt.as_ref().map(|s| chance(s, faults)).or(change.corrupt);
    if let Some(queue) = &fields.queue {
        change.queue = Some(match queue.value {
            QueueSize::Packets(packets) => {
                QueueLimit::Packets(u32::try_from(packets.0).unwrap_or(u32::MAX))
            }
            QueueSize::Bytes(bytes) => QueueLimit::Bytes(bytes.0),
        });
    }
    if let Some(discipline) = &fields.discipline {
        change.discipline = Some(match discipline.value {
            DisciplineWord::DropTail => Discipline::DropTail,
            DisciplineWord::CoDel => Discipline::CoDel(CoDel::DEFAULT),
            DisciplineWord::FqCoDel => Discipline::FQ_CODEL,
        });
    }
    if let Some(mtu) = &fields.mtu {
        match u16::try_from(mtu.value.0) {
            Ok(bytes) if bytes >= LEAST_MTU => change.mtu = Some(bytes),
            _ => faults.push(
                Fault::new(mtu.span, format!("no link has an mtu of {} B", mtu.value.0))
                    .label(format!("should be from {LEAST_MTU} to 65535")),
            ),
        }
    }
    if let Some(oversize) = &fields.oversize {
        change.oversize = Some(match oversize.value {
            OversizeWord::TooBig => Oversize::TooBig,
            OversizeWord::BlackHole => Oversize::BlackHole,
        });
    }
    change
}

fn time(
    time: Option<&At<crate::scenario::text::quantity::Time>>,
    faults: &mut Faults,
) -> Option<Duration> {
    let time = time?;
    if time.value.0 > LONGEST_DELAY {
        faults.push(
            Fault::new(time.span, format!("{} is no delay of a cable", time.value))
                .label("should be at most 1 min"),
        );
    }
    Some(time.value.0)
}

fn chance(share: &At<Share>, faults: &mut Faults) -> Chance {
    if share.value > Share::WHOLE {
        faults.push(Fault::new(share.span, format!("{} is more than all", share.value)));
    }
    Chance::from_ppb(u32::try_from(share.value.0).unwrap_or(u32::MAX))
}

fn loss(fields: &DirectionFields, faults: &mut Faults) -> Option<Loss> {
    let Some(share) = &fields.loss else {
        if let Some(burst) = &fields.burst {
            faults.push(
                Fault::missing(burst.span, "loss", "`burst`")
                    .help("as in `{ loss: 2 %, burst: 3 packets }`"),
            );
        }
        return None;
    };
    let chance = chance(share, faults);
    if let Some(burst) = fields.burst.as_ref().filter(|burst| burst.value.0 == 0) {
        let fault = Fault::new(burst.span, "a burst of no packets");
        faults.push(fault.label("should be at least 1 packet"));
    }
    let length = fields.burst.as_ref().map_or(1, |burst| burst.value.0);
    Some(match u32::try_from(length).unwrap_or(u32::MAX) {
        0 | 1 if chance.is_never() => Loss::None,
        0 | 1 => Loss::Independent(chance),
        length => Loss::bursts(chance, length),
    })
}

fn reorder(reorder: &At<ReorderOr>, faults: &mut Faults) -> Reorder {
    match &reorder.value {
        ReorderOr::Share(share) => Reorder {
            chance: chance(&At { value: *share, span: reorder.span }, faults),
            hold: DEFAULT_HOLD,
        },
        ReorderOr::Given(fields) => {
            let Some(share) = &fields.share else {
                faults.push(Fault::missing(reorder.span, "share", "`reorder`"));
                return Reorder::default();
            };
            let hold = time(fields.hold.as_ref(), faults).unwrap_or(DEFAULT_HOLD);
            Reorder { chance: chance(share, faults), hold }
        }
    }
}

fn apply(change: LinkChange, config: &mut DirectionConfig) {
    let LinkChange {
        rate,
        delay,
        jitter,
        loss,
        reorder,
        duplicate,
        corrupt,
        queue,
        discipline,
        mtu,
        oversize,
        trace,
        is_up: _,
    } = change;
    config.rate = rate.unwrap_or(config.rate);
    config.delay = delay.unwrap_or(config.delay);
    config.jitter = jitter.unwrap_or(config.jitter);
    config.loss = loss.unwrap_or(config.loss);
    config.reorder = reorder.unwrap_or(config.reorder);
    config.duplicate = duplicate.unwrap_or(config.duplicate);
    config.corrupt = corrupt.unwrap_or(config.corrupt);
    config.queue = queue.unwrap_or(config.queue);
    config.discipline = discipline.unwrap_or(config.discipline);
    config.mtu = mtu.unwrap_or(config.mtu);
    config.oversize = oversize.unwrap_or(config.oversize);
    if let Some(trace) = trace {
        config.trace = trace;
    }
}

/// How long packets are held back where nothing else is written.
const DEFAULT_HOLD: Duration = Duration::from_millis(10);

/// RFC 791: every internet module can forward 68 bytes.
const LEAST_MTU: u16 = 68;

/// Longer delays are a slip of the unit.
const LONGEST_DELAY: Duration = Duration::from_secs(60);
