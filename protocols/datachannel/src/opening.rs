//! Channels begin: the establishment protocol (RFC 8832 section 6).
//!
//! 1. A -> OPEN -> Z, on a stream that A's role owns. A sends user messages behind it at once, in order.
//! 2. A <- ACK <- Z. From now on order is kept only where the channel has it. Any other message says the
//!    same to A.
//! 3. An OPEN that Z will not have makes Z reset the stream instead (`closing`).

use icelab_sans_io::Instant;
use icelab_sctp::{Message as SctpMessage, Payload, Reliability, SendError as SctpError, StreamId};

use crate::channel::{Channel, ChannelId, Opening, State};
use crate::data_channels::{DataChannels, Stage};
use crate::discard::Discard;
use crate::event::{Closure, Event, OpenError};
use crate::message::Delivery;
use crate::properties::Properties;
use crate::wire::dcep::Dcep;
use crate::wire::ppid::Ppid;

impl DataChannels {
    /// Makes a channel of which the peer is told (in-band negotiation, RFC 8831 section 6.5).
    ///
    /// Before the association is there, it waits; before the role is known, it has no stream either.
    ///
    /// # Errors
    /// Where a name is too long, where there can be no more channels, and once the association ends.
    pub fn open(&mut self, properties: Properties, now: Instant) -> Result<ChannelId, OpenError> {
        let properties = self.check_new(properties)?;
        let channel = self.channels.add(Channel::new(properties, Opening::Asked, Delivery::Whole));
        if self.channels.role().is_some() {
            if self.channels.give_stream(channel, self.stream_limit).is_none() {
                self.channels.remove(channel);
                return Err(OpenError::NoStreamLeft);
            }
            self.begin(channel, now);
        }
        self.settle(now);
        Ok(channel)
    }

    /// Makes a channel on `stream` of which the peer is not told: its application makes the same one (RFC
    /// 8831 section 6.5). Whoever sends on it before the peer has it loses it.
    ///
    /// # Errors
    /// As [`open`](Self::open), and where `stream` is in use, or does not exist.
    pub fn open_negotiated(
        &mut self,
        stream: StreamId,
        properties: Properties,
        now: Instant,
    ) -> Result<ChannelId, OpenError> {
        let properties = self.check_new(properties)?;
        if stream.0 >= self.stream_limit {
            return Err(OpenError::NoSuchStream(stream));
        }
        if self.channels.on_stream(stream).is_some() {
            return Err(OpenError::StreamInUse(stream));
        }
        let channel = Channel::new(properties, Opening::Negotiated, Delivery::Whole);
        let channel = self.channels.add(channel);
        self.channels.put_on_stream(channel, stream);
        self.begin(channel, now);
        self.settle(now);
        Ok(channel)
    }

    /// What a new channel can be like.
    fn check_new(&self, properties: Properties) -> Result<Properties, OpenError> {
        if let Stage::Ending | Stage::Over = self.stage {
            return Err(OpenError::Ended);
        }
        if self.channels.announced() >= self.limits.channels {
            return Err(OpenError::TooManyChannels(self.channels.announced()));
        }
        properties.agreeable()
    }

    /// The role is known: those that have waited for it get their streams.
    pub(crate) fn give_streams(&mut self, now: Instant) {
        let waiting: Vec<_> = self
            .channels
            .iter()
            .filter(|(_, channel)| channel.stream.is_none())
            .map(|(id, _)| id)
            .collect();
        for channel in waiting {
            if self.channels.give_stream(channel, self.stream_limit).is_some() {
                self.begin(channel, now);
            } else {
                self.finish(channel, Closure::NoStream, now);
            }
        }
    }

    /// The association is there.
    pub(crate) fn start(&mut self, now: Instant) {
        if self.stage != Stage::Before {
            return;
        }
        self.stage = Stage::Connected;
        self.output.event(Event::Connected);
        let all: Vec<_> = self.channels.iter().map(|(id, channel)| (id, channel.stream)).collect();
        for (channel, stream) in all {
            match stream {
                Some(stream) if stream.0 >= self.stream_limit => {
                    self.finish(channel, Closure::NoStream, now);
                }
                Some(_) => self.open_if_connected(channel),
                None => {}
            }
        }
    }

    /// A channel of this side has got its stream.
    fn begin(&mut self, channel: ChannelId, now: Instant) {
        self.tune(channel);
        if let Some(it) = self.channels.get(channel)
            && it.opening == Opening::Asked
        {
            let open = Dcep::Open(it.properties.clone());
            self.send_dcep(channel, open, now);
        }
        self.open_if_connected(channel);
    }

    /// Tells the association what it must know of a channel that has got its stream.
    fn tune(&mut self, channel: ChannelId) {
        if let Some(it) = self.channels.get(channel)
            && let Some(stream) = it.stream
        {
            self.association.set_priority(stream, it.properties.priority.weight());
            self.association.set_buffered_amount_low_threshold(stream, it.low_threshold);
        }
    }

    fn open_if_connected(&mut self, channel: ChannelId) {
        if self.stage == Stage::Connected
            && let Some(it) = self.channels.get_mut(channel)
            && matches!(it.state, State::Connecting)
        {
            it.state = State::Open;
            self.tell(channel, Event::Open { channel });
        }
    }

    /// Takes a message of the establishment protocol.
    pub(crate) fn take_dcep(&mut self, channel: ChannelId, payload: Payload, now: Instant) {
        let Some(it) = self.channels.get_mut(channel) else { return };
        match (Dcep::decode(&payload.into_bytes()), it.opening) {
            (Err(_), _) => self.fail(channel, Discard::Malformed, now),
            (Ok(Dcep::Open(properties)), Opening::Unannounced) => {
                self.take_open(channel, properties, now);
            }
            (Ok(Dcep::Open(_)), _) => self.fail(channel, Discard::StreamInUse, now),
            (Ok(Dcep::Ack), Opening::Asked | Opening::Heard) => {
                it.opening = Opening::Acknowledged;
            }
            // It changes nothing on a channel, and on a stream without one there is nobody to tell.
            (Ok(Dcep::Ack), Opening::Unannounced) => {
                self.discards.add(Discard::UnexpectedAck);
                self.channels.remove(channel);
            }
            (Ok(Dcep::Ack), _) => self.discards.add(Discard::UnexpectedAck),
        }
    }

    /// The peer opens a channel on a stream that was not in use.
    fn take_open(&mut self, channel: ChannelId, properties: Properties, now: Instant) {
        let Some(stream) = self.channels.get(channel).and_then(|it| it.stream) else { return };
        if self.channels.role().is_some_and(|role| role.owns(stream)) {
            return self.fail(channel, Discard::WrongParity, now);
        }
        if self.channels.announced() >= self.limits.channels {
            return self.fail(channel, Discard::TooManyChannels, now);
        }
        if properties.names() > self.limits.names.saturating_sub(self.channels.names()) {
            return self.fail(channel, Discard::NoRoom, now);
        }
        self.channels.announce(channel, properties.clone());
        self.tune(channel);
        self.send_dcep(channel, Dcep::Ack, now);
        self.output.event(Event::Opened { channel, properties });
    }

    /// Sends a message of the establishment protocol: "All DCEP messages MUST be sent using ordered
    /// delivery and reliable transmission" (RFC 8832 section 6). It waits where there is no room, and
    /// while the peer has the stream reset, on which there was no channel.
    fn send_dcep(&mut self, channel: ChannelId, dcep: Dcep, now: Instant) {
        let Some(it) = self.channels.get_mut(channel) else { return };
        let Some(stream) = it.stream else { return };
        let message = SctpMessage {
            stream,
            ppid: Ppid::Dcep.number(),
            payload: dcep.encode().into(),
            is_unordered: false,
            reliability: Reliability::Full,
        };
        if let Err(SctpError::BufferFull { .. } | SctpError::Resetting { .. }) =
            self.association.send(message, now)
        {
            it.unsent = Some(dcep);
            self.unsent.insert(channel);
        }
    }

    /// Sends what has waited for room, in the order of the channels.
    pub(crate) fn send_unsent(&mut self, now: Instant) {
        while let Some(channel) = self.unsent.pop_first() {
            let unsent = self.channels.get_mut(channel).and_then(|it| it.unsent.take());
            let Some(dcep) = unsent else { continue };
            self.send_dcep(channel, dcep, now);
            if self.unsent.contains(&channel) {
                return;
            }
        }
    }
}
