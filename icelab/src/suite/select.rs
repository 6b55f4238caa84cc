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
                    chosen.push(Chosen { case, seed, group });
                }
                group += 1;
            }
        }
        match self.shard {
            None => chosen,
            Some(shard) => {
                let part = chosen.into_iter().enumerate();
                part.filter(|(index, _)| shard.takes(*index)).map(|(_, one)| one).collect()
            }
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

    fn wants(&self, plan: &Plan) -> bool {
        self.filter.as_ref().is_none_or(|text| title(plan).contains(text.as_str()))
    }
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
