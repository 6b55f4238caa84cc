//! What goes over channels (RFC 8831 section 6.6).

use icelab_sans_io::Instant;
use icelab_sctp::{
    Message as SctpMessage, Part, Payload, Received, SendError as SctpError, StreamId,
};

use crate::channel::{Channel, ChannelId, Incoming, Opening, Outgoing, State};
use crate::data_channels::{DataChannels, Stage};
use crate::discard::Discard;
use crate::event::{Event, SendError};
use crate::inbox::Arrival;
use crate::message::{Delivery, Kind, Message};
use crate::properties::Properties;
use crate::utf8::is_utf8;
use crate::wire::dcep::Dcep;
use crate::wire::ppid::Ppid;

impl DataChannels {
    /// Sends a message. It is never cut: one message of the application is one of SCTP.
    ///
    /// # Errors
    /// Where the channel is not open, where the peer takes no message as long, and where too much waits.
    pub fn send(
        &mut self,
        channel: ChannelId,
        message: Message,
        now: Instant,
    ) -> Result<(), SendError> {
        let it = self.channels.get_mut(channel).ok_or(SendError::NotOpen)?;
        let (State::Open, Stage::Connected, Some(stream)) = (&it.state, self.stage, it.stream)
        else {
            return Err(SendError::NotOpen);
        };
        let limit = self.limits.peer_longest_message;
        if message.len() > limit {
            return Err(SendError::TooLong { length: message.len(), limit });
        }
        if it.unsent.is_some() {
            // The establishment protocol's message goes before it.
            return Err(SendError::BufferFull);
        }
        let (ppid, payload) = message.into_payload();
        let length = payload.len();
        let message = SctpMessage {
            stream,
            ppid: ppid.number(),
            payload,
            is_unordered: !it.sends_in_order(),
            reliability: it.properties.reliability,
        };
        match self.association.send(message, now) {
            Ok(()) => it.given = it.given.saturating_add(length as u64),
            Err(SctpError::BufferFull { .. }) => return Err(SendError::BufferFull),
            Err(
                SctpError::Closed
                | SctpError::Empty
                | SctpError::NoSuchStream { .. }
                | SctpError::Resetting { .. },
            ) => return Err(SendError::NotOpen),
        }
        self.settle(now);
        Ok(())
    }

    /// The bytes that were given to [`send`](Self::send) and have not been sent for the first time. An empty
    /// message counts as the one byte that stands for it.
    #[must_use]
    pub fn buffered_amount(&self, channel: ChannelId) -> usize {
        let Some(it) = self.channels.get(channel) else { return 0 };
        let waiting = it.stream.map_or(0, |stream| self.association.buffered_amount(stream));
        // What the association has more than was given to it here is OPEN or ACK, which go first.
        waiting.min(usize::try_from(it.given).unwrap_or(usize::MAX))
    }

    /// [`Event::BufferedAmountLow`] comes when [`buffered_amount`](Self::buffered_amount) falls to this, from
    /// above; 0 where nobody has said anything else.
    pub fn set_buffered_amount_low_threshold(&mut self, channel: ChannelId, bytes: usize) {
        let Some(it) = self.channels.get_mut(channel) else { return };
        it.low_threshold = bytes;
        if let Some(stream) = it.stream {
            self.association.set_buffered_amount_low_threshold(stream, bytes);
        }
    }

    /// Says how long messages come on a channel; one that has begun goes on as it began.
    pub fn set_delivery(&mut self, channel: ChannelId, delivery: Delivery) {
        if let Some(it) = self.channels.get_mut(channel) {
            it.inbox.delivery = delivery;
        }
    }

    pub(crate) fn buffered_amount_is_low(&mut self, stream: StreamId) {
        let Some(channel) = self.channels.on_stream(stream) else { return };
        // Where less was given than the threshold, it was OPEN or ACK that has gone.
        if self.channels.get(channel).is_some_and(|it| it.given > it.low_threshold as u64) {
            self.tell(channel, Event::BufferedAmountLow { channel });
        }
    }

    /// Takes what the association has received.
    pub(crate) fn take(&mut self, received: Received, now: Instant) {
        let Some(channel) = self.channels.on_stream(received.stream) else {
            return self.take_on_unused(received, now);
        };
        let Some(it) = self.channels.get_mut(channel) else { return };
        let (opening, is_announced) = (it.opening, it.is_announced());
        let State::Closing(closing) = &mut it.state else {
            return self.take_on(channel, received, now);
        };
        match (&mut closing.incoming, closing.outgoing) {
            (Incoming::Open, Outgoing::Reset) if !is_announced && begins_dcep(&received) => {
                // The peer never had a channel here: it has nothing to reset, and may begin.
                self.channels.remove(channel);
                self.take_on_unused(received, now);
            }
            (Incoming::Open, _) if opening == Opening::Asked && is_ack(&received) => {
                it.opening = Opening::Acknowledged;
            }
            (Incoming::Reset(early), Outgoing::Due | Outgoing::Asked) => {
                if let Err(reason) = early.keep(received, &mut self.budget) {
                    self.discards.add(reason);
                }
            }
            (Incoming::Open | Incoming::Reset(_), _) => self.discards.add(Discard::Closing),
        }
    }

    /// Takes a message on a stream that is no channel. One of the establishment protocol may make it one;
    /// any other "indicates an error" (RFC 8832 section 6).
    fn take_on_unused(&mut self, received: Received, now: Instant) {
        if let Part::Middle | Part::Last | Part::Void = received.part {
            return self.discards.add(Discard::LoosePart);
        }
        let nobody = Channel::new(Properties::default(), Opening::Unannounced, self.delivery);
        let channel = self.channels.add(Channel { state: State::Open, ..nobody });
        self.channels.put_on_stream(channel, received.stream);
        self.take_on(channel, received, now);
    }

    /// Takes a message on a channel that is not closing.
    fn take_on(&mut self, channel: ChannelId, received: Received, now: Instant) {
        let Some(it) = self.channels.get_mut(channel) else { return };
        if let Part::Whole | Part::First = received.part {
            let is_dcep = received.ppid == Ppid::Dcep.number();
            if received.is_unordered && (is_dcep || it.is_order_due()) {
                return self.fail(channel, Discard::IllegalOrder, now);
            }
            if !is_dcep && !it.is_announced() {
                return self.fail(channel, Discard::NoChannel, now);
            }
            if !is_dcep && it.opening == Opening::Asked {
                it.opening = Opening::Heard;
            }
        }
        let may_be_fragment = it.properties.is_ordered && it.properties.is_reliable();
        match it.inbox.take(received, may_be_fragment, &mut self.budget) {
            Err(fault) => self.fail(channel, fault, now),
            Ok(Arrival::Kept) => {}
            Ok(Arrival::Dropped(reason)) => self.discards.add(reason),
            Ok(Arrival::Dcep(payload)) => self.take_dcep(channel, payload, now),
            Ok(Arrival::Message(kind, payload)) => {
                let payload = self.mended(kind, payload);
                self.output.event(Event::Message { channel, kind, payload });
            }
            Ok(Arrival::Part { message, kind, part, payload }) => {
                self.output.event(Event::Part { channel, message, kind, part, payload });
            }
        }
    }

    /// A text as UTF-8. webrtc-pc decodes what arrives as the Encoding standard does, with U+FFFD for what
    /// is wrong; Firefox does so, Chromium drops the message.
    fn mended(&mut self, kind: Kind, payload: Payload) -> Payload {
        if kind == Kind::Binary || is_utf8(payload.pieces()) {
            return payload;
        }
        self.discards.add(Discard::NotUtf8);
        let text = String::from_utf8_lossy(&payload.into_bytes()).into_owned();
        Payload::from(bytes::Bytes::from(text))
    }
}

/// Whether it is, or begins, a message of the establishment protocol.
fn begins_dcep(received: &Received) -> bool {
    matches!(received.part, Part::Whole | Part::First) && received.ppid == Ppid::Dcep.number()
}

/// Whether it is the peer's ACK.
fn is_ack(received: &Received) -> bool {
    let first = received.payload.pieces().first().cloned().unwrap_or_default();
    begins_dcep(received) && Dcep::decode(&first) == Ok(Dcep::Ack)
}
