//! The layer: dispatch, and what concerns all channels.

use core::time::Duration;
use std::collections::BTreeSet;

use icelab_sans_io::{Deadline, Instant, Output, OutputQueue, Protocol, Rng};
use icelab_sctp::{Association, CloseReason, StreamId};

use crate::channel::{Channel, ChannelId, ReadyState, State};
use crate::channels::Channels;
use crate::config::{Config, Role};
use crate::discard::Discards;
use crate::event::{Closure, Event};
use crate::inbox::Budget;
use crate::message::Delivery;
use crate::properties::Properties;

/// The data channels between two peers, over the association that it owns.
///
/// 1. Both sides [`connect`](Self::connect); packets go in by `handle_input` and come out of `poll_output`:
///    SCTP packets, each of which DTLS carries in a record (RFC 8261).
/// 2. Channels are made by [`open`](Self::open), at any time, and [`open_negotiated`](Self::open_negotiated),
///    or come as [`Event::Opened`]. Once [`set_role`](Self::set_role) has said who opens even streams, OPEN
///    goes out, at the earliest with the association's third packet.
/// 3. [`Event::Open`] and [`Event::Opened`] say that messages can be sent: [`send`](Self::send),
///    [`Event::Message`].
/// 4. [`close`](Self::close), [`Event::Closing`], [`Event::Closed`]: a channel ends, and what was sent before
///    is still delivered.
/// 5. [`Event::Ended`]: everything does.
#[derive(Debug)]
pub struct DataChannels {
    pub(crate) association: Association,
    pub(crate) channels: Channels,
    pub(crate) stage: Stage,
    /// The streams below this can be used.
    pub(crate) stream_limit: u16,
    pub(crate) limits: Limits,
    pub(crate) budget: Budget,
    /// How long messages come on channels that the peer opens.
    pub(crate) delivery: Delivery,
    reading: Reading,
    /// Why the association is over, while what had arrived by then waits to be read.
    ended: Option<CloseReason>,
    /// The streams whose direction from here is to be reset.
    pub(crate) resets_due: BTreeSet<StreamId>,
    /// The channels that have something of the establishment protocol to send, for which there was no room.
    pub(crate) unsent: BTreeSet<ChannelId>,
    pub(crate) discards: Discards,
    pub(crate) output: OutputQueue<Vec<u8>, Event>,
}

/// How far the association is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is not there yet.
    Before,
    Connected,
    /// One side ends it: nothing new is sent.
    Ending,
    Over,
}

/// How much there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) peer_longest_message: usize,
    pub(crate) channels: usize,
    pub(crate) names: usize,
}

/// Whether messages are taken out of the association.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    On,
    Paused,
}

impl DataChannels {
    /// An end that has sent nothing yet, and answers a peer that connects.
    #[must_use]
    pub fn new(config: Config, rng: Rng) -> Self {
        let Config { sctp, role, longest_message, unfinished, delivery, .. } = config;
        let (outgoing, incoming) = sctp.streams;
        let piece = sctp.largest_mtu.max(sctp.mtu);
        let mut channels = Channels::default();
        if let Some(role) = role {
            channels.set_role(role);
        }
        Self {
            association: Association::new(sctp, rng),
            channels,
            stage: Stage::Before,
            stream_limit: outgoing.min(incoming),
            limits: Limits {
                peer_longest_message: config.peer_longest_message,
                channels: config.channels,
                names: config.names,
            },
            budget: Budget { limit: unfinished, used: 0, piece, longest_message },
            delivery,
            reading: Reading::On,
            ended: None,
            resets_due: BTreeSet::new(),
            unsent: BTreeSet::new(),
            discards: Discards::default(),
            output: OutputQueue::new(),
        }
    }

    /// Asks the peer for an association. Both sides may.
    pub fn connect(&mut self, now: Instant) {
        self.association.connect(now);
        self.settle(now);
    }

    /// Says which part this side has in the DTLS connection, once: channels that wait for a stream get one
    /// (RFC 8832 section 6).
    pub fn set_role(&mut self, role: Role, now: Instant) {
        if self.channels.role().is_none() {
            self.channels.set_role(role);
            self.give_streams(now);
            self.settle(now);
        }
    }

    /// The longest message that the peer takes, from its a=max-message-size (RFC 8841 section 6): 65,536
    /// where it has none; for 0, `usize::MAX`.
    pub const fn set_peer_longest_message(&mut self, bytes: usize) {
        self.limits.peer_longest_message = bytes;
    }

    /// Takes nothing out of the association any more: its receive window closes, and the peer has to wait.
    pub const fn pause(&mut self) {
        self.reading = Reading::Paused;
    }

    /// Goes on after [`pause`](Self::pause).
    pub fn resume(&mut self, now: Instant) {
        self.reading = Reading::On;
        self.read(now);
        self.settle(now);
        self.finish_end();
    }

    /// Ends the association once all that was sent is delivered (RFC 9260 section 9.2). Until then messages
    /// still arrive.
    pub fn shutdown(&mut self, now: Instant) {
        self.begin_end();
        self.association.shutdown(now);
        self.settle(now);
    }

    /// Ends the association at once; what waits to be read is lost.
    pub fn abort(&mut self, now: Instant) {
        self.association.abort(now);
        self.settle(now);
        self.finish_end();
    }

    /// The layer below has learned that packets may be no longer than this.
    pub fn set_mtu(&mut self, mtu: usize, now: Instant) {
        self.association.set_mtu(mtu, now);
        self.settle(now);
    }

    /// The layer below has measured the round trip: an association that is not there yet begins with it.
    pub const fn hint_round_trip(&mut self, round_trip: Duration) {
        self.association.hint_round_trip(round_trip);
    }

    /// The layer below has found that the path works again, which did not: what is under way is tried
    /// again now.
    pub fn path_works(&mut self, now: Instant) {
        self.association.path_works(now);
        self.settle(now);
    }

    /// The channels, oldest first: those that are not closed.
    pub fn channels(&self) -> impl Iterator<Item = ChannelId> + '_ {
        self.channels.iter().filter(|(_, channel)| channel.is_announced()).map(|(id, _)| id)
    }

    /// A channel's state.
    #[must_use]
    pub fn ready_state(&self, channel: ChannelId) -> ReadyState {
        match (self.channels.get(channel), self.stage) {
            (None, _) => ReadyState::Closed,
            (Some(channel), _) if !channel.is_announced() => ReadyState::Closed,
            (Some(_), Stage::Ending) => ReadyState::Closing,
            (Some(channel), Stage::Before | Stage::Connected | Stage::Over) => {
                channel.ready_state()
            }
        }
    }

    /// What both sides know of a channel.
    #[must_use]
    pub fn properties(&self, channel: ChannelId) -> Option<&Properties> {
        let channel = self.channels.get(channel).filter(|channel| channel.is_announced())?;
        Some(&channel.properties)
    }

    /// The number of a channel's two streams, once it has them: what webrtc-pc calls its id.
    #[must_use]
    pub fn stream(&self, channel: ChannelId) -> Option<StreamId> {
        self.channels.get(channel).filter(|channel| channel.is_announced())?.stream
    }

    /// The association, to look at.
    #[must_use]
    pub const fn association(&self) -> &Association {
        &self.association
    }

    /// What arrived and was dropped, here; the association counts its own.
    #[must_use]
    pub const fn discards(&self) -> &Discards {
        &self.discards
    }

    /// Takes over what the association has finished, until it has nothing more to say.
    pub(crate) fn settle(&mut self, now: Instant) {
        loop {
            self.send_unsent(now);
            self.request_resets(now);
            let Some(output) = self.association.poll_output() else { return };
            match output {
                Output::Packet(packet) => self.output.packet(packet),
                Output::Event(event) => self.take_event(event, now),
            }
        }
    }

    fn take_event(&mut self, event: icelab_sctp::Event, now: Instant) {
        match event {
            icelab_sctp::Event::Connected { outgoing, incoming } => {
                self.stream_limit = outgoing.min(incoming);
                self.start(now);
            }
            icelab_sctp::Event::StreamsAdded { outgoing, incoming } => {
                self.stream_limit = outgoing.min(incoming);
            }
            icelab_sctp::Event::Restarted => self.close_all(&Closure::Restarted),
            icelab_sctp::Event::Readable => self.read(now),
            icelab_sctp::Event::BufferedAmountLow { stream } => self.buffered_amount_is_low(stream),
            icelab_sctp::Event::GivenUp { stream, .. } => {
                if let Some(channel) = self.channels.on_stream(stream) {
                    self.tell(channel, Event::GivenUp { channel });
                }
            }
            icelab_sctp::Event::StreamsReset { streams } => self.own_are_reset(streams, now),
            icelab_sctp::Event::ResetRefused { streams } => self.own_are_stuck(streams),
            icelab_sctp::Event::PeerReset { streams } => self.peer_has_reset(streams, now),
            icelab_sctp::Event::ResetAsked { streams } => self.take_reset_asked(streams, now),
            icelab_sctp::Event::PeerShutdown => self.begin_end(),
            icelab_sctp::Event::PeerError { .. } => {}
            icelab_sctp::Event::Closed { reason } => match self.reading {
                Reading::On => self.end(reason),
                Reading::Paused => {
                    // What has arrived can still be read.
                    self.begin_end();
                    self.ended = Some(reason);
                }
            },
        }
    }

    /// Takes out of the association what can be read.
    fn read(&mut self, now: Instant) {
        while self.reading == Reading::On
            && self.stage != Stage::Over
            && let Some(received) = self.association.receive(now)
        {
            self.take(received, now);
        }
    }

    /// Nothing new is sent.
    fn begin_end(&mut self) {
        if let Stage::Ending | Stage::Over = self.stage {
            return;
        }
        self.stage = Stage::Ending;
        let open: Vec<_> = self
            .channels
            .iter()
            .filter(|(_, channel)| !matches!(channel.state, State::Closing(_)))
            .map(|(id, _)| id)
            .collect();
        for channel in open {
            self.tell(channel, Event::Closing { channel });
        }
    }

    /// What had arrived before the end is read, or nobody will read it.
    fn finish_end(&mut self) {
        if let Some(reason) = self.ended.take() {
            self.end(reason);
        }
    }

    /// Nothing more comes or goes.
    fn end(&mut self, reason: CloseReason) {
        self.stage = Stage::Over;
        self.close_all(&Closure::Ended(reason.clone()));
        self.output.event(Event::Ended { reason });
    }

    /// Tells something about a channel, where the application knows of it.
    pub(crate) fn tell(&mut self, channel: ChannelId, event: Event) {
        if self.channels.get(channel).is_some_and(Channel::is_announced) {
            self.output.event(event);
        }
    }
}

impl Protocol for DataChannels {
    type Input = Vec<u8>;
    type Packet = Vec<u8>;
    type Event = Event;

    fn handle_input(&mut self, input: Vec<u8>, now: Instant) {
        self.association.handle_input(input, now);
        self.settle(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.association.handle_timeout(now);
        self.settle(now);
    }

    fn poll_output(&mut self) -> Option<Output<Vec<u8>, Event>> {
        self.output.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.association.poll_timeout()
    }
}
