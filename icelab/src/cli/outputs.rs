//! Where the results of a run go: found writable before anything runs, and saved while it runs.

use core::time::Duration;
use std::time::Instant;

use icelab_reports::results::{Case, Results, Shard};

use super::arguments::RunArguments;
use super::{Ending, message, print};
use crate::suite::files::is_input;
use crate::suite::save::{Destination, prepare_folder};
use crate::suite::select::Chosen;

/// Where results go.
pub(super) struct Outputs {
    json: Option<Json>,
}

enum Json {
    Printed,
    Saved(Destination),
}

impl Outputs {
    /// Finds out whether everything that is asked for can be written.
    pub(super) fn prepare(arguments: &RunArguments) -> Result<Self, String> {
        let json = match &arguments.json {
            Some(path) if is_input(path) => Some(Json::Printed),
            Some(path) => Some(Json::Saved(Destination::prepare(path)?)),
            None => None,
        };
        match &arguments.record {
            Some(folder) if arguments.verify && !folder.is_dir() => {
                return Err(format!(
                    "there is no folder {} with records to compare with; the same command without \
                     --verify keeps them",
                    folder.display()
                ));
            }
            Some(folder) if !arguments.verify => prepare_folder(folder)?,
            Some(_) | None => {}
        }
        if let Some(folder) = arguments.snapshots.as_ref().filter(|_| arguments.accept) {
            prepare_folder(folder)?;
        }
        Ok(Self { json })
    }

    /// Whether stdout is for the results file, and the table for stderr.
    pub(super) const fn is_json_printed(&self) -> bool {
        matches!(self.json, Some(Json::Printed))
    }

    /// Writes the whole.
    pub(super) fn finish(self, results: &Results) -> Ending {
        match self.json {
            None => Ending::AsExpected,
            Some(Json::Printed) => print(&results.write()),
            Some(Json::Saved(destination)) => match destination.finish(&results.write()) {
                Ok(()) => Ending::AsExpected,
                Err(reason) => message::problem(&reason),
            },
        }
    }
}

/// What of a long run stands in a file before it is over, so that an interruption loses little.
pub(super) struct Saving<'a> {
    destination: Option<&'a Destination>,
    shard: Option<Shard>,
    last: Instant,
    /// How long to wait until the next time: saving must stay a small part of the work.
    pause: Duration,
}

impl<'a> Saving<'a> {
    pub(super) fn new(outputs: &'a Outputs, shard: Option<Shard>) -> Self {
        let destination = match &outputs.json {
            Some(Json::Saved(destination)) => Some(destination),
            Some(Json::Printed) | None => None,
        };
        Self { destination, shard, last: Instant::now(), pause: FIRST_PAUSE }
    }

    /// Saves what came so far, where the last time is long enough ago.
    pub(super) fn progress(&mut self, so_far: &[Option<Case>], chosen: &[Chosen<'_>]) {
        let Some(destination) = self.destination.filter(|_| self.last.elapsed() >= self.pause)
        else {
            return;
        };
        let started = Instant::now();
        let there = chosen.iter().zip(so_far).filter_map(|(one, case)| Some((one, case.as_ref()?)));
        let (chosen, cases): (Vec<Chosen<'_>>, Vec<Case>) =
            there.map(|(one, case)| (*one, case.clone())).unzip();
        // What cannot be saved now is saved, or told of, at the end.
        let _ = destination.save_unfinished(&part(self.shard, &chosen, cases).write());
        self.last = Instant::now();
        self.pause = FIRST_PAUSE.max(started.elapsed() * 20);
    }
}

/// The results of what was chosen.
pub(super) fn part(shard: Option<Shard>, chosen: &[Chosen<'_>], cases: Vec<Case>) -> Results {
    let places = match shard {
        Some(_) => chosen.iter().map(|one| one.place).collect(),
        None => Vec::new(),
    };
    Results { shard, places, ..Results::new(cases) }
}

/// Results that are not all there are saved no more often.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
