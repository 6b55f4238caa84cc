//! What a run does with its channels: it writes when there is something to write and room for it, and takes
//! what arrives.

use core::time::Duration;

use icelab_datachannel::{ChannelId, CloseReason, Event};
use icelab_peer::Peer;
use icelab_sans_io::Instant;
use icelab_sim::Value;

use super::channels::FlowId;
use super::flow::{Flow, LOW};
use crate::world::agenda::Item;
use crate::world::end::Which;
use crate::world::guest::Guest;
use crate::world::run::Run;

impl Run {
    /// Takes what the channels of one side tell.
    pub(in crate::world) fn handle_channels(&mut self, at: Which, event: Event, now: Instant) {
        match event {
            Event::Open { channel } => self.open_channel(at, channel, now),
            Event::Opened { channel, properties } => {
                self.channels.learn(at, channel, &properties.label);
                self.open_channel(at, channel, now);
            }
            Event::Message { channel, payload, .. } => {
                let message = payload.into_bytes();
                if self.channels.probe(at) == Some(channel) {
                    self.traffic.receive(at, &message, now);
                    self.review(now);
                } else {
                    self.take_message(at, channel, &message, now);
                }
            }
            Event::BufferedAmountLow { channel } => {
                if let Some(place) = self.channels.place(at, channel) {
                    self.write(FlowId { place, from: at }, now);
                }
            }
            Event::GivenUp { channel } => {
                if let Some(place) = self.channels.place(at, channel)
                    && let Some(flow) = self.channels.flow(FlowId { place, from: at })
                {
                    flow.given_up += 1;
                }
            }
            Event::Ended { reason } => {
                self.note(at, "data.ended", vec![("reason", reason_words(&reason).into())]);
                self.channels.end();
                self.review(now);
            }
            Event::Connected
            | Event::Closing { .. }
            | Event::Closed { .. }
            | Event::Part { .. } => {}
        }
    }

    fn open_channel(&mut self, at: Which, id: ChannelId, now: Instant) {
        let Some(label) = self.channels.open(at, id, now) else { return };
        self.note(at, "data.open", vec![("label", label.into())]);
        let Some(place) = self.channels.place(at, id) else { return };
        self.command(at, |peer, _| peer.set_buffered_amount_low_threshold(id, LOW));
        self.write(FlowId { place, from: at }, now);
        self.review(now);
    }

    fn take_message(&mut self, at: Which, channel: ChannelId, message: &[u8], now: Instant) {
        let Some(place) = self.channels.place(at, channel) else { return };
        let Some(flow) = self.channels.flow(FlowId { place, from: at.other() }) else { return };
        if flow.take(message, now) {
            let label = self.channels.label(place).to_owned();
            self.note(at, "data.first", vec![("label", label.into())]);
        }
        if self.channels.is_quiet() {
            self.review(now);
        }
    }

    /// Lets one side write what it has to write now.
    pub(in crate::world) fn write(&mut self, id: FlowId, now: Instant) {
        let Some(node) = self.end(id.from).map(|end| end.node) else { return };
        let Some(flow) = self.channels.flow(id) else { return };
        let was_silent = flow.writer.first.is_none();
        let write = |flow: &mut Flow, guest: &mut Guest| {
            guest.peer().and_then(|peer| flow.write(peer, now))
        };
        let next = self.simulation.with_guest(node, |guest, _| write(flow, guest)).flatten();
        let has_begun = was_silent && flow.writer.first.is_some();
        let is_finished = flow.writer.is_finished();
        if has_begun {
            let label = self.channels.label(id.place).to_owned();
            self.note(id.from, "data.sending", vec![("label", label.into())]);
        }
        if let Some(next) = next {
            self.schedule(next, Item::Write(id));
        }
        let is_watched = self.agenda.awaits(|item| *item == Item::Drained);
        if is_finished && self.channels.is_written() && !self.channels.is_quiet() && !is_watched {
            self.schedule(now + WATCH, Item::Drained);
        }
    }

    /// Everything is written: looks whether anything can still arrive. Messages may have been given up.
    pub(in crate::world) fn look_whether_drained(&mut self, now: Instant) {
        if self.channels.is_quiet() {
            return;
        }
        let is_drained = |which: Which| {
            let node = self.end(which).map(|end| end.node)?;
            let channels = self.simulation.guest(node)?.as_peer().and_then(Peer::channels)?;
            let waits = channels.channels().any(|id| channels.buffered_amount(id) > 0);
            // What was given up is in no flight, but its receiver may not know yet that it can go on.
            Some(!waits && channels.association().is_at_rest())
        };
        if Which::BOTH.into_iter().all(|which| is_drained(which).unwrap_or(true)) {
            self.channels.is_over = true;
            self.review(now);
        } else {
            self.schedule(now + WATCH, Item::Drained);
        }
    }

    /// Notes what the channels have carried.
    pub(in crate::world) fn note_carried(&mut self) {
        for (label, channel) in self.carried() {
            for (which, from) in Which::BOTH.map(|which| (which, self.name(which).to_owned())) {
                let Some(flow) = channel.flows.get(&from) else { continue };
                let number = |number: u64| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
                let mut fields = vec![
                    ("label", label.as_str().into()),
                    ("from", from.into()),
                    ("sent", number(flow.sent)),
                    ("delivered", number(flow.delivered)),
                    ("bytes", number(flow.delivered_bytes)),
                    ("duplicates", number(flow.duplicates)),
                    ("broken", number(flow.broken)),
                    ("overtaken", number(flow.overtaken)),
                    ("given_up", number(flow.given_up)),
                ];
                fields.extend(flow.goodput.map(|goodput| ("goodput", number(goodput))));
                fields.extend(flow.last_delivery.map(|last| ("last", last.into())));
                self.note(which.other(), "data.carried", fields);
            }
        }
    }
}

fn reason_words(reason: &CloseReason) -> &'static str {
    match reason {
        CloseReason::Shutdown => "all was delivered, and one side asked for the end",
        CloseReason::Aborted => "this side has ended it",
        CloseReason::PeerAborted { .. } => "the other side has ended it",
        CloseReason::SetupTimeout => "the other side never answered",
        CloseReason::PeerSilent => "the other side answers no more",
        CloseReason::ProtocolViolation => "the other side broke the protocol",
        CloseReason::UnusableInitAck => "the other side's answer could not be used",
    }
}

/// How often it is looked whether anything is still under way.
const WATCH: Duration = Duration::from_millis(100);
