//! What the two ends say, held against what they were told.

use bytes::Bytes;
use icelab_datachannel::{ChannelId, Closure, Event, Part, Payload, Properties};

use super::{Channel, Lab, Life};

impl Lab {
    /// Hears what the ends have said.
    pub(super) fn listen(&mut self) {
        while let Some((index, event)) = self.link.event() {
            self.hear(index, event);
        }
    }

    fn hear(&mut self, index: usize, event: Event) {
        assert!(!self.known[index].has_ended, "{event:?} after the end");
        match event {
            Event::Connected => {}
            Event::Open { channel } => {
                let it = self.known[index].channels.get_mut(&channel).expect("it was made here");
                // It may be closed between what it said and what was heard.
                assert_ne!(it.life, Life::Open);
                it.life = it.life.max(Life::Open);
            }
            Event::Opened { channel, properties } => self.take_opened(index, channel, properties),
            Event::Message { channel, payload, .. } => self.take(index, channel, payload),
            Event::Part { channel, message, part, payload, .. } => {
                let it = self.known[index].channels.get_mut(&channel).expect("it is a channel");
                let Some(whole) = put_together(it, message, part, payload) else { return };
                self.take(index, channel, Payload::from(Bytes::from(whole)));
            }
            Event::Closing { channel } => {
                let it = self.known[index].channels.get_mut(&channel).expect("it is a channel");
                assert!(it.life <= Life::Closing);
                it.life = Life::Closing;
            }
            Event::Closed { channel, closure } => self.take_closed(index, channel, &closure),
            Event::Ended { .. } => {
                self.known[index].has_ended = true;
                let all = self.known[index].channels.values();
                assert!(all.into_iter().all(|it| it.life == Life::Closed));
            }
            Event::BufferedAmountLow { channel } | Event::GivenUp { channel } => {
                let it = &self.known[index].channels[&channel];
                assert_ne!(it.life, Life::Closed, "nothing is heard of a channel that is closed");
            }
        }
    }

    fn take_opened(&mut self, index: usize, channel: ChannelId, properties: Properties) {
        let lane = properties.label.parse().unwrap_or(u64::MAX);
        if !self.link.is_hostile {
            let peer = &self.known[1 - index].channels;
            let made = peer.values().find(|it| it.lane == lane).expect("the peer has made it");
            assert_eq!(made.properties, properties);
            let known = &self.known[index].channels;
            assert!(!known.values().any(|it| it.lane == lane), "it was opened before");
        }
        let before = self.add(index, channel, lane, properties, true);
        assert!(before.is_none(), "no two channels have the same handle");
        let it = self.known[index].channels.get_mut(&channel).expect("it was added");
        it.life = Life::Open;
    }

    fn take(&mut self, index: usize, channel: ChannelId, payload: Payload) {
        let it = &self.known[index].channels[&channel];
        assert!(
            it.life < Life::Closed && !it.is_closed_here,
            "a message on a channel that is closed"
        );
        if self.link.is_hostile {
            return;
        }
        let bytes = payload.into_bytes();
        if bytes.is_empty() {
            self.sent[1 - index].receive_empty();
        } else {
            self.sent[1 - index].receive(it.lane, &bytes);
        }
    }

    fn take_closed(&mut self, index: usize, channel: ChannelId, closure: &Closure) {
        let known = &mut self.known[index];
        let it = known.channels.get_mut(&channel).expect("it is a channel");
        assert_ne!(it.life, Life::Closed, "it was closed before");
        it.life = Life::Closed;
        let lane = it.lane;
        match closure {
            Closure::Peer => {}
            Closure::Restarted => assert!(self.link.is_hostile, "nobody began anew"),
            Closure::Local => known.deaf.extend([lane]),
            // Neither end has it.
            Closure::Refused | Closure::Fault(_) | Closure::NoStream | Closure::Ended(_) => {
                self.known.iter_mut().for_each(|known| known.deaf.extend([lane]));
            }
        }
    }
}

/// Puts the parts of a message together; returns it once it is whole.
fn put_together(it: &mut Channel, message: u64, part: Part, payload: Payload) -> Option<Vec<u8>> {
    let bytes = payload.into_bytes();
    match part {
        Part::Whole => panic!("a whole message is no part"),
        Part::First => {
            let before = it.begun.insert(message, bytes.to_vec());
            assert_eq!(before, None, "no two messages have the same number");
        }
        Part::Middle => it.begun.get_mut(&message).expect("it has begun").extend_from_slice(&bytes),
        Part::Last => {
            let mut whole = it.begun.remove(&message).expect("it has begun");
            whole.extend_from_slice(&bytes);
            return Some(whole);
        }
        Part::Void => drop(it.begun.remove(&message).expect("it has begun")),
    }
    None
}
