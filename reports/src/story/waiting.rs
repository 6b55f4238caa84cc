//! How long a side that chooses looked for better pairs before it nominated one.

use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_sim::record::Name;
use indexmap::IndexMap;

use crate::reading::check::{Check, Purpose};

/// A side that had a pair that works, and waited.
pub(crate) struct Wait<'a> {
    pub(crate) who: &'a Name,
    pub(crate) generation: usize,
    /// When the first pair worked.
    pub(crate) since: Instant,
    /// When it nominated one.
    pub(crate) until: Instant,
}

/// Each time that a side waited for longer than it takes to send the next check.
pub(crate) fn waits(checks: &[Check]) -> Vec<Wait<'_>> {
    let mut waits = IndexMap::<(&Name, usize), (Option<Instant>, Option<Instant>)>::new();
    for check in checks.iter().filter(|check| check.purpose == Purpose::Pair) {
        let (works, nominates) = waits.entry((&check.peer, check.generation)).or_default();
        if check.nominates() {
            nominates.get_or_insert(check.at);
        }
        if let Some((answered, _)) = check.answer {
            *works = Some(works.map_or(answered, |earlier| earlier.min(answered)));
        }
    }
    let wait = |((who, generation), (works, nominates)): ((_, _), (Option<_>, Option<Instant>))| {
        let (since, until) = (works?, nominates?);
        (until - since >= SHORT).then_some(Wait { who, generation, since, until })
    };
    waits.into_iter().filter_map(wait).collect()
}

/// Checks are 50 ms apart (RFC 8445 section 14.2), so that no shorter wait has a reason.
const SHORT: Duration = Duration::from_millis(100);
