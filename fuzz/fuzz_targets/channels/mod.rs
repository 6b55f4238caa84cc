//! Two ends with data channels over a link that the input rules, which also has them open, negotiate, use
//! and close channels, stop and go on reading, end, abort and begin anew.
//!
//! Whatever happens,
//! 1. no call panics, or brings about more than a bounded number of outputs; a deadline that was handled
//!    gives way to a later one;
//! 2. a channel's events come in the order of its life, and nothing comes after the end.
//!
//! Where the link lost, repeated, reordered, delayed, damaged and replayed, but neither end was told what
//! its peer did not say,
//! 3. a channel comes to the peer once at most, and as it was made;
//! 4. each message comes once at most, whole, on its channel; in order where the channel keeps it;
//! 5. once the link has been good for long enough, a channel that nobody has closed is open at both ends, no
//!    channel is still closing, and all reliable messages have come but those to an end that closed its
//!    channel: or neither end is connected.
//!
//! `commands`: what the ends are told; `hearing`: what they say; `finish`: what has come of it all.

mod commands;
mod finish;
mod hearing;

use std::collections::{BTreeMap, BTreeSet};

use icelab_datachannel::{ChannelId, Config, DataChannels, Delivery, Properties, Role};
use icelab_sans_io::Rng;

use crate::associations::{configs, rules};
use crate::input::Input;
use crate::ledger::Ledger;
use crate::link::Link;

/// A run: what the first bytes of the input set up, ruled by the others.
pub fn channels(data: &[u8]) {
    let mut input = Input::new(data);
    let mut lab = Lab::new(&mut input);
    for _ in 0..MOST_ACTS {
        if input.is_empty() {
            break;
        }
        if let Some(command) = lab.link.act(&mut input) {
            lab.command(command, &mut input);
        }
        lab.listen();
    }
    lab.finish();
}

/// A channel, as one end knows it.
struct Channel {
    /// What its messages are counted under: the same at both ends.
    lane: u64,
    properties: Properties,
    /// Whether OPEN told the peer of it, or will.
    is_announced: bool,
    /// Parts that have come of messages.
    begun: BTreeMap<u64, Vec<u8>>,
    life: Life,
    /// Whether this end closed it: what comes on it is dropped.
    is_closed_here: bool,
}

/// How far a channel has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Life {
    Connecting,
    Open,
    Closing,
    Closed,
}

/// What is known of an end.
#[derive(Default)]
struct Known {
    is_paused: bool,
    has_ended: bool,
    channels: BTreeMap<ChannelId, Channel>,
    /// The lanes that closed here, or came to nothing: what comes on them does not matter.
    deaf: BTreeSet<u64>,
}

struct Lab {
    configs: [Config; 2],
    link: Link<DataChannels>,
    known: [Known; 2],
    /// What each end has sent.
    sent: [Ledger; 2],
    next_lane: u64,
    /// How often an end has begun anew.
    lives: u64,
}

impl Lab {
    fn new(input: &mut Input<'_>) -> Self {
        let mut sctp = configs(input);
        let (rules, begins) = rules(input, &sctp);
        let options = input.u8();
        for config in &mut sctp {
            // A channel's stream has both directions, and a DCEP message must fit into the buffer.
            config.streams = if options & 1 == 0 { (64, 64) } else { (6, 6) };
        }
        let [a, z] = sctp;
        let mut configs = [(a, Role::Client), (z, Role::Server)].map(|(sctp, role)| Config {
            sctp,
            role: Some(role),
            longest_message: 1 << 20,
            peer_longest_message: 1 << 20,
            channels: if options & 2 == 0 { 64 } else { 4 },
            unfinished: if options & 4 == 0 { 1 << 22 } else { 10_000 },
            names: if options & 8 == 0 { 4096 } else { 32 },
            delivery: if options & 16 == 0 { Delivery::Whole } else { Delivery::Parts },
        });
        if options & 32 != 0 {
            configs[usize::from(options >> 6 & 1)].role = None;
        }
        let ends = [0, 1].map(|index| DataChannels::new(configs[index].clone(), rng(index, 0)));
        let link = Link::new(ends, rules);
        let (known, sent) = Default::default();
        let mut lab = Self { configs, link, known, sent, next_lane: 0, lives: 0 };
        for (index, begins) in begins.into_iter().enumerate() {
            if begins {
                lab.link.ends[index].connect(lab.link.now);
                lab.link.drain(index);
            }
        }
        lab
    }
}

fn rng(index: usize, life: u64) -> Rng {
    Rng::from_u64(index as u64).fork("life", life)
}

const MOST_ACTS: usize = 400;
