//! The data channels of a call (RFC 8831): SCTP packets, each in a record of its DTLS connection (RFC 8261).
//!
//! 1. Offer and answer say that there are channels, and how long a message each side takes (RFC 8841).
//! 2. The connection is there. Its roles say whose the even streams are (RFC 8832 section 6), ICE how long
//!    a round trip takes, DTLS what it leaves of a datagram. Both sides ask for the association.
//! 3. While ICE has no pair that works, no timer runs: an outage is no proof that the other side is
//!    gone, ICE has to say that. As soon as there is such a pair again, what is under way goes out once
//!    more, however far the waits have grown.
//! 4. The association ends with the connection that carried it (RFC 8841 section 9.3), and there is no
//!    second one.

use core::net::SocketAddr;

use icelab_datachannel::{
    self as datachannel, ChannelId, DataChannels, Message, Properties, Role, SendError, StreamId,
};
use icelab_dtls::{self as dtls, Dtls};
use icelab_ice as ice;
use icelab_sans_io::{Deadline, Instant, Output, Protocol};

use crate::discard::Discard;
use crate::event::Event;
use crate::peer::{DATA_COMPONENT, Peer};
use crate::signal::Description;

impl Peer {
    /// Makes a channel of which the other side is told. Before the call is secure it waits.
    ///
    /// # Errors
    /// Where the call has no channels, and as [`DataChannels::open`].
    pub fn open_channel(
        &mut self,
        properties: Properties,
        now: Instant,
    ) -> Result<ChannelId, OpenChannelError> {
        let channels = self.channels.as_mut().ok_or(OpenChannelError::NoChannels)?;
        let opened = channels.open(properties, now);
        self.settle(now);
        Ok(opened?)
    }

    /// Makes a channel on `stream` of which the other side is not told: its application makes the same one.
    ///
    /// # Errors
    /// Where the call has no channels, and as [`DataChannels::open_negotiated`].
    pub fn open_negotiated_channel(
        &mut self,
        stream: StreamId,
        properties: Properties,
        now: Instant,
    ) -> Result<ChannelId, OpenChannelError> {
        let channels = self.channels.as_mut().ok_or(OpenChannelError::NoChannels)?;
        let opened = channels.open_negotiated(stream, properties, now);
        self.settle(now);
        Ok(opened?)
    }

    /// Sends a message on a channel.
    ///
    /// # Errors
    /// As [`DataChannels::send`].
    pub fn send_on(
        &mut self,
        channel: ChannelId,
        message: Message,
        now: Instant,
    ) -> Result<(), SendError> {
        let channels = self.channels.as_mut().ok_or(SendError::NotOpen)?;
        let sent = channels.send(channel, message, now);
        self.settle(now);
        sent
    }

    /// Closes a channel: what was sent on it before is still delivered.
    pub fn close_channel(&mut self, channel: ChannelId, now: Instant) {
        if let Some(channels) = &mut self.channels {
            channels.close(channel, now);
        }
        self.settle(now);
    }

    /// The bytes given to [`send_on`](Self::send_on) that have not been sent for the first time.
    #[must_use]
    pub fn buffered_amount(&self, channel: ChannelId) -> usize {
        self.channels.as_ref().map_or(0, |channels| channels.buffered_amount(channel))
    }

    /// [`datachannel::Event::BufferedAmountLow`] comes when [`buffered_amount`](Self::buffered_amount) falls
    /// to this.
    pub fn set_buffered_amount_low_threshold(&mut self, channel: ChannelId, bytes: usize) {
        if let Some(channels) = &mut self.channels {
            channels.set_buffered_amount_low_threshold(channel, bytes);
        }
    }

    /// Takes no more messages: the window closes, and the other side has to wait.
    pub fn pause_channels(&mut self) {
        if let Some(channels) = &mut self.channels {
            channels.pause();
        }
    }

    /// Goes on after [`pause_channels`](Self::pause_channels).
    pub fn resume_channels(&mut self, now: Instant) {
        if let Some(channels) = &mut self.channels {
            channels.resume(now);
        }
        self.settle(now);
    }

    /// The channels, to look at; `None` where the call has none.
    #[must_use]
    pub fn channels(&self) -> Option<&DataChannels> {
        self.channels.as_deref()
    }

    /// Takes from the other side's description how long a message it takes.
    pub(crate) fn agree_on_channels(&mut self, description: &Description) {
        if let (Some(channels), Some(longest)) = (&mut self.channels, description.longest_message) {
            // RFC 8841 section 6: 0 stands for any length.
            channels.set_peer_longest_message(if longest == 0 { usize::MAX } else { longest });
        }
        self.has_remote_channels = description.longest_message.is_some();
    }

    /// The connection is there: the association can be.
    pub(crate) fn begin_channels(&mut self, role: dtls::Role, now: Instant) {
        if !self.has_remote_channels {
            return;
        }
        let pair = self.agent.sending_pair(DATA_COMPONENT);
        let round_trip = pair.and_then(|pair| pair.round_trip);
        let room = self.security.connection().map(Dtls::room);
        let Some(channels) = &mut self.channels else { return };
        if let Some(room) = room {
            channels.set_mtu(room, now);
        }
        if let Some(round_trip) = round_trip {
            channels.hint_round_trip(round_trip);
        }
        channels.set_role(
            match role {
                dtls::Role::Client => Role::Client,
                dtls::Role::Server => Role::Server,
            },
            now,
        );
        channels.connect(now);
    }

    /// Takes what the connection has opened: a packet of the channels, or a message where there are none.
    pub(crate) fn handle_opened(&mut self, payload: Vec<u8>, now: Instant) {
        match &mut self.channels {
            Some(channels) if self.has_remote_channels => channels.handle_input(payload, now),
            Some(_) => self.discards.add(Discard::NoProtocol),
            None => self.output.event(Event::Data { payload }),
        }
    }

    /// Takes what the channels made.
    pub(crate) fn settle_channels(&mut self, now: Instant) -> bool {
        let mut moved = false;
        while let Some(output) = self.channels.as_deref_mut().and_then(DataChannels::poll_output) {
            moved = true;
            match output {
                // Without a pair, or without a connection, it is lost; SCTP sends it again.
                Output::Packet(packet) => drop(self.send_message(&packet, now)),
                Output::Event(event) => self.output.event(Event::Channels(event)),
            }
        }
        moved
    }

    /// The path, or what DTLS adds, has left less room than before.
    pub(crate) fn limit_channels(&mut self, now: Instant) {
        let room = self.security.connection().map(Dtls::room);
        if let (Some(channels), Some(room)) = (&mut self.channels, room) {
            channels.set_mtu(room, now);
        }
    }

    /// When the association has something to do; while no pair works, it sleeps.
    pub(crate) fn channels_deadline(&self) -> Option<Deadline> {
        self.channels.as_ref().filter(|_| self.has_live_pair())?.poll_timeout()
    }

    /// Learns from what ICE tells whether the pair in use works. A pair that has died stays in use, also
    /// where a new session has found one that works, until another is selected.
    pub(crate) fn watch_pair(&mut self, event: &ice::Event) {
        if let ice::Event::Selected { .. } = event {
            self.pair_in_use = PairInUse::Works;
        }
        let ice::Event::StateChanged(state) = event else { return };
        match state {
            ice::State::Completed => self.pair_in_use = PairInUse::Works,
            ice::State::Connected if self.selected_pair().is_none() => {
                self.pair_in_use = PairInUse::Works;
            }
            ice::State::Disconnected | ice::State::Checking | ice::State::Failed => {
                self.pair_in_use = PairInUse::Silent;
            }
            ice::State::New | ice::State::Connected | ice::State::Closed => {}
        }
    }

    /// A check was answered. Over the pair in use that shows that packets pass both ways, where SCTP's
    /// timers may have grown: in an outage, or in a burst of loss that takes more of its packets than ICE
    /// notices. The other side's SCTP may have nothing to say by which this side's would learn it.
    pub(crate) fn hear_of_pair(&mut self, local: SocketAddr, remote: SocketAddr, now: Instant) {
        let in_use = self.agent.sending_pair(DATA_COMPONENT);
        let is_in_use = in_use.is_some_and(|pair| (pair.base, pair.destination) == (local, remote));
        if is_in_use && let Some(channels) = &mut self.channels {
            channels.path_works(now);
        }
    }

    fn has_live_pair(&self) -> bool {
        self.pair_in_use == PairInUse::Works && self.agent.sending_pair(DATA_COMPONENT).is_some()
    }

    pub(crate) fn handle_channels_timeout(&mut self, now: Instant) {
        if self.has_live_pair()
            && let Some(channels) = &mut self.channels
        {
            channels.handle_timeout(now);
        }
    }

    /// Ends all channels, and tells the other side where that is possible.
    pub(crate) fn close_channels(&mut self, now: Instant) {
        if let Some(channels) = &mut self.channels {
            channels.abort(now);
        }
        self.settle_channels(now);
    }
}

/// What ICE knows of the pair that data goes over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PairInUse {
    /// There is none yet, or nothing comes back over it.
    #[default]
    Silent,
    /// Checks over it are answered.
    Works,
}

/// Why a channel is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenChannelError {
    /// This side was configured without channels.
    #[error("the call has no data channels")]
    NoChannels,
    /// There can be no such channel.
    #[error(transparent)]
    Refused(#[from] datachannel::OpenError),
}
