//! What the two ends are told.

use std::collections::BTreeMap;
use std::time::Duration;

use icelab_datachannel::{
    ChannelId, DataChannels, Delivery, Message, Priority, Properties, Reliability, Role, StreamId,
};

use super::{Channel, Known, Lab, Life, rng};
use crate::input::Input;
use crate::ledger::NUMBER;

impl Lab {
    /// The lowest bit says which end, the five others what it does.
    pub(super) fn command(&mut self, command: u8, input: &mut Input<'_>) {
        let index = usize::from(command & 1);
        let now = self.link.now;
        match command >> 1 {
            0..=3 => self.open(index, input),
            4 => self.negotiate(input),
            5 | 6 => self.close(index, input),
            7 | 8 => {
                self.known[index].is_paused = true;
                self.link.ends[index].pause();
            }
            9 | 10 => {
                self.known[index].is_paused = false;
                self.link.ends[index].resume(now);
            }
            11 => self.link.ends[index].shutdown(now),
            12 => self.link.ends[index].abort(now),
            13 => self.link.ends[index].set_mtu(150 + 5 * usize::from(input.u8()), now),
            14 => self.tune(index, input),
            15 if input.u8() == 0 => self.begin_anew(index),
            16 => self.link.ends[index].connect(now),
            17 => self.set_role(index),
            _ => self.send(index, input),
        }
        self.link.drain(index);
    }

    fn properties(&mut self, input: &mut Input<'_>) -> Properties {
        let kind = input.u8();
        let lane = self.next_lane;
        self.next_lane += 1;
        Properties {
            label: lane.to_string(),
            protocol: "x".repeat((kind >> 6).into()),
            is_ordered: kind & 1 == 0,
            reliability: match kind >> 1 & 3 {
                0 | 1 => Reliability::Full,
                2 => Reliability::Retransmissions((kind >> 3 & 3).into()),
                _ => Reliability::Lifetime(Duration::from_millis(u64::from(kind >> 3) * 20)),
            },
            priority: Priority(u16::from(kind >> 3) << 6),
        }
    }

    fn open(&mut self, index: usize, input: &mut Input<'_>) {
        let lane = self.next_lane;
        let properties = self.properties(input);
        let opened = self.link.ends[index].open(properties.clone(), self.link.now);
        if let Ok(channel) = opened {
            let before = self.add(index, channel, lane, properties, true);
            assert!(before.is_none(), "no two channels have the same handle");
        }
    }

    /// Both ends make the same channel. Where only one can, because the other has one of its own on the
    /// stream, each takes the other's for something else.
    fn negotiate(&mut self, input: &mut Input<'_>) {
        let stream = StreamId((input.u8() & 15).into());
        let lane = self.next_lane;
        let properties = self.properties(input);
        let mut made = 0;
        for index in [0, 1] {
            let end = &mut self.link.ends[index];
            let opened = end.open_negotiated(stream, properties.clone(), self.link.now);
            self.link.drain(index);
            if let Ok(channel) = opened {
                made += 1;
                self.add(index, channel, lane, properties.clone(), false);
            }
        }
        self.link.is_hostile |= made == 1;
    }

    pub(super) fn add(
        &mut self,
        index: usize,
        channel: ChannelId,
        lane: u64,
        properties: Properties,
        is_announced: bool,
    ) -> Option<Channel> {
        let life = Life::Connecting;
        let begun = BTreeMap::new();
        let new = Channel { lane, properties, is_announced, begun, life, is_closed_here: false };
        self.known[index].channels.insert(channel, new)
    }

    /// Any channel that an end has, or had.
    fn any(&self, index: usize, input: &mut Input<'_>) -> Option<ChannelId> {
        let channels = &self.known[index].channels;
        channels.keys().nth(input.below(channels.len())).copied()
    }

    fn close(&mut self, index: usize, input: &mut Input<'_>) {
        let Some(channel) = self.any(index, input) else { return };
        self.link.ends[index].close(channel, self.link.now);
        let known = &mut self.known[index];
        if let Some(it) = known.channels.get_mut(&channel)
            && it.life < Life::Closing
        {
            it.life = Life::Closing;
            it.is_closed_here = true;
            known.deaf.insert(it.lane);
        }
    }

    fn tune(&mut self, index: usize, input: &mut Input<'_>) {
        let Some(channel) = self.any(index, input) else { return };
        let end = &mut self.link.ends[index];
        let how = input.u8();
        let delivery = if how & 1 == 0 { Delivery::Whole } else { Delivery::Parts };
        end.set_delivery(channel, delivery);
        end.set_buffered_amount_low_threshold(channel, how.into());
        let _ = (end.ready_state(channel), end.properties(channel), end.stream(channel));
        let _ = (end.discards().iter().count(), end.channels().count());
    }

    pub(super) fn set_role(&mut self, index: usize) {
        let role = if index == 0 { Role::Client } else { Role::Server };
        self.link.ends[index].set_role(role, self.link.now);
        self.link.drain(index);
    }

    fn send(&mut self, index: usize, input: &mut Input<'_>) {
        let channel = self.any(index, input);
        let [kind, length] = [input.u8(), input.u8()];
        let Some(channel) = channel.filter(|_| self.sent[index].len() < MOST_MESSAGES) else {
            return;
        };
        let length = match length {
            0 => 0,
            1..128 => NUMBER + usize::from(length),
            _ => NUMBER + 64 * usize::from(length - 120),
        };
        let payload = if length == 0 { String::new() } else { self.sent[index].next(length) };
        let message = if kind & 1 == 0 {
            Message::Text(payload)
        } else {
            Message::Binary(payload.into_bytes().into())
        };
        if self.link.ends[index].send(channel, message, self.link.now).is_err() {
            return;
        }
        let it = &self.known[index].channels[&channel];
        assert!(it.life <= Life::Open, "a message on a channel that is {:?}", it.life);
        if length == 0 {
            self.sent[index].send_empty();
        } else {
            // Whoever sends on a channel that was negotiated before the peer has it loses it.
            let is_reliable = it.is_announced && it.properties.reliability == Reliability::Full;
            self.sent[index].send(length, it.lane, it.properties.is_ordered, is_reliable, 0);
        }
    }

    /// An end forgets everything, and asks again.
    fn begin_anew(&mut self, index: usize) {
        self.link.is_hostile = true;
        self.known[index] = Known::default();
        self.lives += 1;
        let mut end = DataChannels::new(self.configs[index].clone(), rng(index, self.lives));
        end.connect(self.link.now);
        self.link.ends[index] = end;
    }
}

const MOST_MESSAGES: usize = 100;
