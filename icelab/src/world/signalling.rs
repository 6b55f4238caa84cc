//! How offers, answers and candidates travel between the two applications: in order, with a delay,
//! and not during outages.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use icelab_peer::Signal;
use icelab_sans_io::Instant;

use super::end::Which;
use crate::scenario::plan::{Outage, Signalling};

/// The signals under way.
#[derive(Debug)]
pub(super) struct Post {
    delay: Duration,
    outages: Vec<Outage>,
    under_way: BTreeMap<Which, VecDeque<Signal>>,
}

impl Post {
    pub(super) fn new(signalling: &Signalling) -> Self {
        let mut outages = signalling.outages.clone();
        outages.sort_by_key(|outage| outage.from);
        Self { delay: signalling.delay, outages, under_way: BTreeMap::new() }
    }

    /// Takes a signal, and says when it arrives. Later ones never arrive earlier.
    pub(super) fn send(&mut self, to: Which, signal: Signal, now: Instant) -> Instant {
        self.under_way.entry(to).or_default().push_back(signal);
        self.after_outages(self.after_outages(now) + self.delay)
    }

    /// Hands over the signal whose time has come.
    pub(super) fn deliver(&mut self, to: Which) -> Option<Signal> {
        self.under_way.get_mut(&to)?.pop_front()
    }

    /// The first instant from `at` on at which signals pass.
    fn after_outages(&self, at: Instant) -> Instant {
        self.outages.iter().fold(at, |at, outage| {
            let lasts = (outage.from..outage.until).contains(&at.since_start());
            if lasts { Instant::START + outage.until } else { at }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_wait_for_the_end_of_an_outage() {
        let millis = Duration::from_millis;
        let outages = vec![
            Outage { from: millis(150), until: millis(200) },
            Outage { from: millis(50), until: millis(110) },
        ];
        let mut post = Post::new(&Signalling { delay: millis(20), outages });
        let mut send = |at| {
            let signal = Signal::RestartRequest;
            post.send(Which::Answerer, signal, Instant::from_millis(at)).since_start()
        };
        assert_eq!(send(0), millis(20));
        assert_eq!(send(40), millis(110), "it would arrive in an outage");
        assert_eq!(send(60), millis(130), "it is sent in an outage");
        assert_eq!(send(140), millis(200));
        assert_eq!(send(200), millis(220));
    }
}
