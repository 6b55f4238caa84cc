//! Asks the workers in rounds, so that what slows the machine down for a while slows all down.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::report;

/// What was measured of one contestant: nanoseconds for each time, one figure a round.
pub struct Measured {
    pub task: String,
    pub name: String,
    pub rounds: Vec<f64>,
}

/// Measures all whom the builds at `programs` know, as far as their task has `filter` in its name, and
/// prints it.
pub fn run(programs: &[&str], rounds: u32, milliseconds: u64, filter: &str) {
    let mut workers: Vec<Worker> = programs.iter().map(|program| Worker::start(program)).collect();
    let mut order: Vec<(usize, usize)> = Vec::new();
    for (at, worker) in workers.iter().enumerate() {
        order.extend((0..worker.measured.len()).map(|index| (at, index)));
    }
    order.retain(|(at, index)| workers[*at].measured[*index].task.contains(filter));
    // One task after the other, all contestants of it in a row.
    let tasks: Vec<String> = workers[0].measured.iter().map(|it| it.task.clone()).collect();
    let place = |task: &str| tasks.iter().position(|it| it == task);
    order.sort_by_key(|(at, index)| (place(&workers[*at].measured[*index].task), *at, *index));
    for round in 1..=rounds {
        eprint!("\rround {round} of {rounds}");
        for (at, index) in &order {
            workers[*at].ask(*index, milliseconds);
        }
    }
    eprintln!();
    let measured: Vec<&Measured> =
        order.iter().map(|(at, index)| &workers[*at].measured[*index]).collect();
    report::print(&measured);
    for worker in &mut workers {
        worker.stop();
    }
}

struct Worker {
    process: Child,
    /// Until it is to stop.
    requests: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
    measured: Vec<Measured>,
}

impl Worker {
    fn start(program: &str) -> Self {
        let mut process = Command::new(program)
            .arg("work")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let requests = process.stdin.take();
        let mut answers = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let measured = answers
            .by_ref()
            .map(|line| line.expect("text"))
            .take_while(|line| !line.is_empty())
            .map(|line| {
                let (task, name) = line.split_once('\t').expect("a task and a name");
                Measured { task: task.into(), name: name.into(), rounds: Vec::new() }
            })
            .collect();
        Self { process, requests, answers, measured }
    }

    fn ask(&mut self, index: usize, milliseconds: u64) {
        let requests = self.requests.as_mut().expect("it has not stopped");
        writeln!(requests, "{index} {milliseconds}").expect("the worker reads");
        let answer = self.answers.next().expect("the worker answers").expect("text");
        self.measured[index].rounds.push(answer.parse().expect("a number"));
    }

    fn stop(&mut self) {
        self.requests = None;
        self.process.wait().expect("the worker ends when nobody asks");
    }
}
