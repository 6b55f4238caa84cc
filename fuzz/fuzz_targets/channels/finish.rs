//! What has come of it all, once the link has been good for long enough.

use std::collections::BTreeSet;
use std::time::Duration;

use icelab_datachannel::{DataChannels, Discard, ReadyState};

use super::{Lab, Life};

impl Lab {
    pub(super) fn finish(mut self) {
        let steps = if self.link.is_hostile { FEW_STEPS } else { MOST_STEPS };
        for index in [0, 1] {
            self.known[index].is_paused = false;
            self.set_role(index);
            self.link.ends[index].resume(self.link.now);
            self.link.drain(index);
        }
        self.listen();
        let until = self.link.now + Duration::from_secs(600);
        for _ in 0..steps {
            if self.is_done() || self.link.now > until {
                break;
            }
            if self.link.is_silent() {
                self.link.advance_to_deadline();
            } else {
                self.link.advance(Duration::from_millis(10));
                self.link.arrive_all();
            }
            self.listen();
        }
        if !self.link.is_hostile && !self.is_done() {
            for index in [0, 1] {
                let association = self.link.ends[index].association();
                let states = (association.is_connected(), association.is_closed());
                let missing: Vec<_> = self.missing(index).collect();
                let lives: Vec<_> = self.lives(index).collect();
                let discards: Vec<_> = self.link.ends[index].discards().iter().collect();
                eprintln!("{index}: connected and closed {states:?}, missing {missing:?}");
                eprintln!("{lives:?}, {discards:?}");
            }
            panic!("not all is done at {:?}", self.link.now);
        }
    }

    /// The messages of an end that have to come and have not.
    fn missing(&self, index: usize) -> impl Iterator<Item = usize> {
        let peer = &self.known[1 - index];
        // A channel that was closed before its refusal came has not heard of that.
        let mut discards = self.link.ends[1 - index].discards().iter();
        let refuses = discards.any(|(discard, _)| discard == Discard::TooManyChannels);
        let is_deaf = move |lane| {
            let is_known = peer.channels.values().any(|it| it.lane == lane);
            peer.deaf.contains(&lane) || refuses && !is_known
        };
        let missing = self.sent[index].missing();
        missing.filter(move |(_, sent)| !is_deaf(sent.lane)).map(|(number, _)| number)
    }

    /// How far each channel has come that the peer was told of.
    fn lives(&self, index: usize) -> impl Iterator<Item = (u64, Life)> {
        let all = self.known[index].channels.values().filter(|it| it.is_announced);
        all.map(|it| (it.lane, it.life))
    }

    /// Whether neither end is connected, or all is done.
    fn is_done(&self) -> bool {
        let [a, z] = self.link.ends.each_ref().map(DataChannels::association);
        if a.is_closed() || z.is_closed() {
            return !a.is_connected() && !z.is_connected();
        }
        let open = |index| -> BTreeSet<u64> {
            self.lives(index)
                .filter(|(_, life)| *life != Life::Closed)
                .map(|(lane, _)| lane)
                .collect()
        };
        a.is_connected()
            && z.is_connected()
            && [0, 1].into_iter().all(|index| self.is_at_rest(index))
            && (!self.can_reset()
                || open(0) == open(1)
                    && [0, 1].into_iter().all(|index| self.missing(index).next().is_none()))
    }

    /// Whether both ends can reset streams: else nobody hears of a channel that the peer has closed, or
    /// would not have.
    fn can_reset(&self) -> bool {
        self.configs.iter().all(|config| config.sctp.extensions.stream_reset)
    }

    /// Whether every channel of an end is open or closed, as it says itself.
    fn is_at_rest(&self, index: usize) -> bool {
        self.known[index].channels.iter().all(|(channel, it)| {
            let state = match it.life {
                Life::Open => ReadyState::Open,
                Life::Closed => ReadyState::Closed,
                Life::Connecting | Life::Closing => return false,
            };
            self.link.ends[index].ready_state(*channel) == state
        })
    }
}

/// How long it takes until all is done, in packets and deadlines.
const MOST_STEPS: usize = 20_000;
const FEW_STEPS: usize = 100;
