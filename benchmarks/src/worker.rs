//! Measures what it is told to, on standard input: the number of a contestant and how many
//! milliseconds it has.

use std::io::{BufRead, stdin};
use std::time::Duration;

use crate::contest::contestants;

/// Says who there is (`task`, tab, `name`), an empty line, and then nanoseconds for each request.
pub fn run() {
    let mut contestants = contestants();
    for contestant in &contestants {
        println!("{}\t{}", contestant.task, contestant.name);
    }
    println!();
    for line in stdin().lock().lines() {
        let line = line.expect("the one who asks writes text");
        let mut words = line.split(' ').map(|word| word.parse::<u64>().expect("a number"));
        let (index, milliseconds) = words.next().zip(words.next()).expect("two numbers");
        let index = usize::try_from(index).expect("a small number");
        let work = &mut contestants[index].work;
        // Caches and predictors come to know the task.
        work.batch();
        let (mut count, mut taken) = (0, Duration::ZERO);
        while taken < Duration::from_millis(milliseconds) {
            let (more, time) = work.batch();
            count += more;
            taken += time;
        }
        println!("{}", taken.as_nanos() as f64 / f64::from(count));
    }
}
