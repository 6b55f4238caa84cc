//! Tables of what was measured.

use crate::compare::Measured;

/// Prints a table for each task: nanoseconds (median and least), how many a second, and each
/// icelab's cost in that of the contestant: the median of the rounds' ratios.
pub fn print(measured: &[&Measured]) {
    let mut rest = measured;
    while let Some(first) = rest.first() {
        let (task, others) =
            rest.split_at(rest.iter().take_while(|it| it.task == first.task).count());
        rest = others;
        table(task);
    }
}

fn table(task: &[&Measured]) {
    let ours: Vec<&&Measured> = task.iter().filter(|it| it.name.starts_with("icelab")).collect();
    print!("\n{:<34} {:>10} {:>10} {:>11}", task[0].task, "ns", "least", "per second");
    for own in &ours {
        print!("  {:>22}", format!("{} takes", own.name));
    }
    println!();
    for it in task {
        let typical = median(it.rounds.clone());
        let least = it.rounds.iter().copied().fold(f64::INFINITY, f64::min);
        print!("  {:<32} {typical:>10.0} {least:>10.0} {:>11.0}", it.name, 1e9 / typical);
        for own in &ours {
            let ratios = own.rounds.iter().zip(&it.rounds).map(|(own, other)| own / other);
            print!("  {:>22}", format!("{:.2} x", median(ratios.collect())));
        }
        println!();
    }
}

/// The middle one of `figures`, of which there is one at least.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
