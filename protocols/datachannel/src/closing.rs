//! Channels end: both directions of the stream are reset (RFC 8831 section 6.7, RFC 6525).
//!
//! 1. A closes the channel: A -> reset of its outgoing stream -> Z, behind all that A sent on it.
//! 2. Z sees its incoming stream reset, and does the same: A <- reset <- Z.
//! 3. Once both are reset, the channel is closed, and the stream can be used again: not before, or what is
//!    sent on it would be taken for the old channel's, or dropped.
//!
//! Where both close at once, each is 1 and 2 to the other.

use icelab_sans_io::Instant;
use icelab_sctp::{ReconfigureError, StreamId};

use crate::channel::{Channel, ChannelId, Closing, Incoming, Opening, Outgoing, State};
use crate::data_channels::{DataChannels, Stage};
use crate::discard::Discard;
use crate::early::EarlyItem;
use crate::event::{Closure, Event};
use crate::properties::Properties;
use crate::wire::dcep::Dcep;

impl DataChannels {
    /// Closes a channel: what was sent on it before is still delivered, what comes on it is dropped. A
    /// channel that closes already, or is none, stays as it is.
    pub fn close(&mut self, channel: ChannelId, now: Instant) {
        if let Some(it) = self.channels.get(channel)
            && it.is_announced()
            && !matches!(it.state, State::Closing(_))
        {
            self.begin_closing(channel, Closure::Local, Incoming::Open, now);
            self.settle(now);
        }
    }

    /// The peer broke a rule on a channel, which closes.
    pub(crate) fn fail(&mut self, channel: ChannelId, fault: Discard, now: Instant) {
        self.discards.add(fault);
        self.begin_closing(channel, Closure::Fault(fault), Incoming::Open, now);
    }

    /// A channel that is not closing begins to.
    fn begin_closing(
        &mut self,
        channel: ChannelId,
        closure: Closure,
        incoming: Incoming,
        now: Instant,
    ) {
        let Some(it) = self.channels.get_mut(channel) else { return };
        it.inbox.clear(&mut self.budget);
        self.unsent.remove(&channel);
        let Some(stream) = it.stream else {
            return self.finish(channel, closure, now);
        };
        if let Some(Dcep::Open(_)) = it.unsent.take() {
            // The peer has never heard of it.
            return self.finish(channel, closure, now);
        }
        let is_news = closure != Closure::Local && self.stage != Stage::Ending;
        it.state = State::Closing(Closing { outgoing: Outgoing::Due, incoming, closure });
        self.resets_due.insert(stream);
        if is_news {
            self.tell(channel, Event::Closing { channel });
        }
    }

    /// Asks the association for all resets that are due, in one go.
    pub(crate) fn request_resets(&mut self, now: Instant) {
        if self.stage != Stage::Connected || self.resets_due.is_empty() {
            return;
        }
        let streams: Vec<_> = core::mem::take(&mut self.resets_due).into_iter().collect();
        match self.association.reset_streams(&streams, now) {
            Ok(()) => {
                for stream in streams {
                    if let Some((_, closing)) = self.closing_on(stream) {
                        closing.outgoing = Outgoing::Asked;
                    }
                }
            }
            Err(ReconfigureError::NotOpen) => self.resets_due.extend(streams),
            Err(ReconfigureError::Unsupported | ReconfigureError::NoSuchStream) => {
                self.own_are_stuck(streams);
            }
        }
    }

    /// The peer has seen this side's directions reset.
    pub(crate) fn own_are_reset(&mut self, streams: Vec<StreamId>, now: Instant) {
        for stream in streams {
            if let Some((channel, closing)) = self.closing_on(stream) {
                closing.outgoing = Outgoing::Reset;
                self.finish_if_done(channel, now);
            }
        }
    }

    /// This side's directions cannot be reset: the channels are closed all the same, but nobody can use
    /// their streams again.
    pub(crate) fn own_are_stuck(&mut self, streams: Vec<StreamId>) {
        for stream in streams {
            if let Some((channel, closing)) = self.closing_on(stream) {
                closing.outgoing = Outgoing::Stuck;
                let incoming = core::mem::replace(&mut closing.incoming, Incoming::Open);
                let closure = closing.closure.clone();
                self.tell(channel, Event::Closed { channel, closure });
                self.channels.hide(channel);
                if let Incoming::Reset(early) = incoming {
                    early.into_items(&mut self.budget);
                }
            }
        }
    }

    /// The peer has reset its directions, and all that it had sent on them has been read. An empty list
    /// means all.
    pub(crate) fn peer_has_reset(&mut self, mut streams: Vec<StreamId>, now: Instant) {
        if streams.is_empty() {
            streams = self.channels.streams().collect();
        }
        for stream in streams {
            let Some(channel) = self.channels.on_stream(stream) else { continue };
            let Some(it) = self.channels.get_mut(channel) else { continue };
            let State::Closing(closing) = &mut it.state else {
                // RFC 8832 section 6: it "indicates to the sender of the corresponding DATA_CHANNEL_OPEN
                // message the failure of the data channel setup procedure".
                let is_refused = it.opening == Opening::Asked;
                let closure = if is_refused { Closure::Refused } else { Closure::Peer };
                self.begin_closing(channel, closure, Incoming::reset(), now);
                continue;
            };
            match &mut closing.incoming {
                Incoming::Open => {
                    closing.incoming = Incoming::reset();
                    self.finish_if_done(channel, now);
                }
                Incoming::Reset(early) => early.note_reset(),
            }
        }
    }

    /// The peer has asked this side to reset its directions, and the association does so. Data channels need
    /// no such request; some stacks make it as they close.
    pub(crate) fn take_reset_asked(&mut self, streams: Vec<StreamId>, now: Instant) {
        for stream in streams {
            let Some(channel) = self.channels.on_stream(stream) else { continue };
            let Some(it) = self.channels.get(channel) else { continue };
            if !matches!(it.state, State::Closing(_)) {
                self.begin_closing(channel, Closure::Peer, Incoming::Open, now);
            }
            self.resets_due.remove(&stream);
            if let Some((_, closing)) = self.closing_on(stream)
                && closing.outgoing == Outgoing::Due
            {
                closing.outgoing = Outgoing::Asked;
            }
        }
    }

    fn closing_on(&mut self, stream: StreamId) -> Option<(ChannelId, &mut Closing)> {
        let channel = self.channels.on_stream(stream)?;
        match &mut self.channels.get_mut(channel)?.state {
            State::Closing(closing) => Some((channel, closing)),
            State::Connecting | State::Open => None,
        }
    }

    fn finish_if_done(&mut self, channel: ChannelId, now: Instant) {
        if let Some(it) = self.channels.get(channel)
            && let State::Closing(closing) = &it.state
            && closing.is_done()
        {
            let closure = closing.closure.clone();
            self.finish(channel, closure, now);
        }
    }

    /// A channel is closed, and its stream is free. The peer may have begun to use it again.
    pub(crate) fn finish(&mut self, channel: ChannelId, closure: Closure, now: Instant) {
        self.tell(channel, Event::Closed { channel, closure });
        self.unsent.remove(&channel);
        let Some(it) = self.channels.remove(channel) else { return };
        let (State::Closing(closing), Some(stream)) = (it.state, it.stream) else { return };
        let Incoming::Reset(early) = closing.incoming else { return };
        for item in early.into_items(&mut self.budget) {
            match item {
                EarlyItem::Message(received) => self.take(received, now),
                EarlyItem::TooMuch => self.refuse(stream),
                EarlyItem::Reset => self.peer_has_reset(vec![stream], now),
            }
        }
    }

    /// Resets a stream that is no channel.
    fn refuse(&mut self, stream: StreamId) {
        let nobody = Channel::new(Properties::default(), Opening::Unannounced, self.delivery);
        let closing = Closing {
            outgoing: Outgoing::Due,
            incoming: Incoming::Open,
            closure: Closure::Fault(Discard::NoRoom),
        };
        let channel = self.channels.add(Channel { state: State::Closing(closing), ..nobody });
        self.channels.put_on_stream(channel, stream);
        self.resets_due.insert(stream);
    }

    /// All channels are closed at once, oldest first.
    pub(crate) fn close_all(&mut self, closure: &Closure) {
        let all: Vec<_> = self.channels.ids().collect();
        for channel in all {
            self.tell(channel, Event::Closed { channel, closure: closure.clone() });
            self.channels.remove(channel);
        }
        self.resets_due.clear();
        self.unsent.clear();
        self.budget.used = 0;
    }
}
