//! Which cases run, with which seeds.

use icelab_reports::results::{CaseValue, Shard};
use indexmap::IndexMap;

use crate::scenario::grammar::range::Seeds;
use crate::scenario::load::{Scenario, ScenarioCase};
use crate::scenario::plan::Plan;

/// What the user wants to run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// These seeds, whatever the files say.
    pub seeds: Option<Seeds>,
    /// Only cases whose title contains this text.
    pub filter: Option<String>,
    /// Only one of several equal parts.
    pub shard: Option<Shard>,
}

/// One case with one seed.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    /// The case, with the seed of its file.
    pub case: &'a ScenarioCase,
    /// The seed to run it with.
    pub seed: u64,
    /// Which case of the suite this is: equal for all seeds of one case.
    pub group: usize,
    /// Which run of the whole suite this is, from 0, whichever part of it is run.
    pub place: usize,
}

impl Chosen<'_> {
    /// The plan with this seed.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan { seed: self.seed, ..self.case.plan.clone() }
    }
}

impl Selection {
    /// Everything that is to run, in the order of the files, their cases, and the seeds.
    #[must_use]
    pub fn choose<'a>(&self, scenarios: &'a [Scenario]) -> Vec<Chosen<'a>> {
        let mut chosen = Vec::new();
        let mut group = 0;
        for scenario in scenarios {
            for case in scenario.cases.iter().filter(|case| self.wants(&case.plan)) {
                let own = scenario.sweep.unwrap_or(Seeds::one(case.plan.seed));
                for seed in self.seeds.unwrap_or(own).each() {
                    chosen.push(Chosen { case, seed, group, place: chosen.len() });
                }
                group += 1;
            }
        }
        match self.shard {
            None => chosen,
            Some(shard) => part(shard, chosen),
        }
    }

    /// How many runs [`Self::choose`] would give, without making them.
    #[must_use]
    pub fn count(&self, scenarios: &[Scenario]) -> u64 {
        let runs = scenarios.iter().map(|scenario| {
            let cases = scenario.cases.iter().filter(|case| self.wants(&case.plan)).count() as u64;
            cases.saturating_mul(self.seeds.or(scenario.sweep).map_or(1, Seeds::count))
        });
        runs.fold(0, u64::saturating_add)
    }

    /// The titles that come closest to a filter that no title contains; the closest first.
    #[must_use]
    pub fn nearest_titles(text: &str, scenarios: &[Scenario]) -> Vec<String> {
        let wanted: Vec<char> = text.to_lowercase().chars().take(LONGEST_FILTER).collect();
        let cases = scenarios.iter().flat_map(|scenario| &scenario.cases).take(MOST_COMPARED);
        let mut found: Vec<(usize, String)> = cases
            .map(|case| title(&case.plan))
            .map(|title| (misfit(&wanted, &title.to_lowercase()), title))
            .filter(|(misfit, _)| *misfit <= wanted.len() / 3)
            .collect();
        found.sort_by_key(|(misfit, _)| *misfit);
        found.into_iter().map(|(_, title)| title).take(SHOWN_TITLES).collect()
    }

    fn wants(&self, plan: &Plan) -> bool {
        self.filter.as_ref().is_none_or(|text| title(plan).contains(text.as_str()))
    }
}

/// The runs of one part. The seeds of a case that are judged as one stay in one part.
fn part(shard: Shard, chosen: Vec<Chosen<'_>>) -> Vec<Chosen<'_>> {
    let is_joined = |one: &Chosen<'_>, next: &Chosen<'_>| {
        one.group == next.group && !one.case.over_seeds.is_empty()
    };
    let hands: Vec<usize> = chosen.chunk_by(is_joined).map(<[_]>::len).collect();
    let takes = shard.takes(hands.iter().copied()).into_iter().zip(hands);
    let takes = takes.flat_map(|(is_taken, runs)| core::iter::repeat_n(is_taken, runs));
    chosen.into_iter().zip(takes).filter(|(_, is_taken)| *is_taken).map(|(one, _)| one).collect()
}

/// How many letters to change, add or remove so that a text contains what is wanted.
fn misfit(wanted: &[char], text: &str) -> usize {
    // The cost of each beginning of what is wanted, ending at the letter of the text that is looked at.
    let mut costs: Vec<usize> = (0..=wanted.len()).collect();
    let mut best = wanted.len();
    for letter in text.chars() {
        let mut diagonal = 0;
        let mut above = 0;
        for (cost, wanted) in costs.iter_mut().skip(1).zip(wanted) {
            let replaced = diagonal + usize::from(letter != *wanted);
            diagonal = *cost;
            above = replaced.min(*cost + 1).min(above + 1);
            *cost = above;
        }
        best = best.min(above);
    }
    best
}

/// A case's name for people and filters: the file, and the variables in brackets where there are any.
#[must_use]
pub fn title(plan: &Plan) -> String {
    if plan.case.is_empty() {
        return plan.file.clone();
    }
    format!("{} ({})", plan.file, plan.case_label())
}

/// The variables of a case as results have them.
#[must_use]
pub fn values(plan: &Plan) -> IndexMap<String, CaseValue> {
    let values = plan.case.iter();
    values.map(|(name, value)| (name.clone(), value.as_str().into())).collect()
}

/// Longer filters are compared by their beginning.
const LONGEST_FILTER: usize = 64;

/// So many titles are compared with a filter.
const MOST_COMPARED: usize = 10_000;

/// So many titles are offered.
const SHOWN_TITLES: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misfit_counts_the_letters_that_are_wrong() {
        let count = |wanted: &str, text| misfit(&wanted.chars().collect::<Vec<_>>(), text);
        assert_eq!(count("symmetric", "nat.yaml (a=symmetric b=open)"), 0);
        assert_eq!(count("symetric", "nat.yaml (a=symmetric b=open)"), 1);
        assert_eq!(count("a=symmetric b=opn", "nat.yaml (a=symmetric b=open)"), 1);
        assert_eq!(count("xyz", "nat"), 3);
        assert_eq!(count("", "nat"), 0);
    }
}
