//! What is measured, of whom.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::{handshakes, media};

/// Somebody who does some task over and over.
pub struct Contestant {
    /// What is done, in the words of the table.
    pub task: String,
    /// By whom.
    pub name: &'static str,
    pub work: Box<dyn Work>,
}

/// A task that can be done for a while.
pub trait Work {
    /// Does the task a few times; gives how often, and how much time of a processor that took, without
    /// what prepares it.
    fn batch(&mut self) -> (u32, Duration);
}

/// All whom this build measures: with `aws-lc` only icelab, without it all others too.
pub fn contestants() -> Vec<Contestant> {
    let mut all = media::contestants();
    all.extend(handshakes::contestants());
    all
}

/// Time that this thread has had on a processor: what others do on the machine counts less.
pub fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.try_into().expect("a time that began at 0"),
        time.tv_nsec.try_into().expect("less than a second"),
    )
}

/// The name under which this build's icelab appears.
pub const ICELAB: &str =
    if cfg!(feature = "aws-lc") { "icelab, aws-lc" } else { "icelab, RustCrypto" };
