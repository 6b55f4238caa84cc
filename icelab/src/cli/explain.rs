//! `icelab explain`.

use icelab_reports::scene::{Role, Scene};
use icelab_reports::story::Story;
use icelab_sim::record::{Entry, Level};

use super::arguments::ExplainArguments;
use super::run::no_such_title;
use super::{Ending, message, print};
use crate::scenario::grammar::range::Seeds;
use crate::scenario::plan::Plan;
use crate::suite::files::load_one;
use crate::suite::run::outcome;
use crate::suite::select::{Selection, title};
use crate::world::World;

/// Runs one case, and tells it as a story.
pub(super) fn explain(arguments: &ExplainArguments) -> Ending {
    let scenario = match load_one(&arguments.file) {
        Ok(scenario) => scenario,
        Err(problem) => {
            message::problems(&[problem]);
            return Ending::Unreadable;
        }
    };
    let selection = Selection {
        seeds: arguments.seed.map(Seeds::one),
        filter: arguments.filter.clone(),
        shard: None,
    };
    let scenarios = [scenario];
    let chosen = selection.choose(&scenarios);
    let Some(first) = chosen.first() else {
        return message::problem(&no_such_title(
            arguments.filter.as_deref().unwrap_or_default(),
            &scenarios,
        ));
    };
    let plan = first.plan();
    if chosen.len() > 1 {
        message::note(&format!(
            "{} runs match; this is the first, {}; `--case TEXT` and `--seed N` choose another",
            chosen.len(),
            title(&plan)
        ));
    }
    let outcome = match outcome(&plan, Level::Full) {
        Ok(outcome) => outcome,
        Err(reason) => {
            message::write(&format!("error: {reason}\n"));
            return Ending::NotAsExpected;
        }
    };
    let entries: Result<Vec<Entry>, _> = outcome.record.entries().collect();
    let entries = match entries {
        Ok(entries) => entries,
        Err(error) => return message::problem(&format!("the record cannot be read back: {error}")),
    };
    let scene = match World::scene(&plan) {
        Ok(scene) => named(scene, &plan),
        Err(error) => return message::problem(&error.to_string()),
    };
    let mut text = Story::new(scene, entries).to_string();
    for failure in &outcome.failures {
        text.push_str(&format!(
            "not as expected: {}: wanted {}, got {}\n",
            failure.expect, failure.wanted, failure.got
        ));
    }
    let ending = print(&text);
    if outcome.failures.is_empty() { ending } else { ending.max(Ending::NotAsExpected) }
}

/// The scene with the names of the presets that the file uses.
fn named(mut scene: Scene, plan: &Plan) -> Scene {
    for actor in &mut scene.actors {
        let Some(gateway) = plan.gateway(&actor.name) else { continue };
        if let Role::Gateway { preset, firewall, .. } = &mut actor.role {
            preset.clone_from(&gateway.nat_preset);
            if let Some(name) = &gateway.firewall_preset {
                *firewall = firewall.take().map(|words| format!("{name}: {words}"));
            }
        }
    }
    scene
}
