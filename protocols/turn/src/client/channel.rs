//! Channels: four bytes of header instead of thirty-six (RFC 8656 section 12).

use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;

use icelab_sans_io::Instant;
use icelab_stun::MessageBuilder;
use icelab_stun::attribute::{self, XorPeerAddress};

use super::request::{Failure, Operation};
use super::{BindError, ChannelPolicy, Client, CloseReason, Event, NoRelay, RequestFailure, Timer};
use crate::timing::{CHANNEL_COOL_DOWN, CHANNEL_LIFETIME};
use crate::wire::ChannelNumber;

/// The channels of an allocation.
///
/// A number and a peer belong together from the first ChannelBind request until five minutes
/// after the binding has ended; until then either may be bound to the other again, and to nothing
/// else (RFC 8656 section 12).
#[derive(Debug)]
pub(super) struct Channels {
    by_number: BTreeMap<ChannelNumber, Channel>,
    by_peer: BTreeMap<SocketAddr, ChannelNumber>,
    next: ChannelNumber,
}

#[derive(Debug)]
struct Channel {
    peer: SocketAddr,
    state: ChannelState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChannelState {
    /// It was asked for.
    Binding,
    /// The server has it.
    Bound {
        /// Until then, unless refreshed.
        expires: Instant,
    },
    /// The server does not want it.
    Refused,
    /// Nobody refreshes it, or the server may have had it without saying so.
    Ended {
        /// When the server has surely forgotten it.
        expires: Instant,
    },
}

impl Default for Channels {
    fn default() -> Self {
        Self { by_number: BTreeMap::new(), by_peer: BTreeMap::new(), next: ChannelNumber::FIRST }
    }
}

impl Channels {
    /// The channel on which data to `peer` may go.
    pub(super) fn bound(&self, peer: SocketAddr, now: Instant) -> Option<ChannelNumber> {
        let number = *self.by_peer.get(&peer)?;
        match self.by_number.get(&number)?.state {
            ChannelState::Bound { expires } if now < expires => Some(number),
            ChannelState::Binding
            | ChannelState::Bound { .. }
            | ChannelState::Refused
            | ChannelState::Ended { .. } => None,
        }
    }

    /// The peer whose data comes on a channel. RFC 8656 section 12: it may come before the
    /// ChannelBind success response does.
    pub(super) fn peer(&self, number: ChannelNumber) -> Option<SocketAddr> {
        self.by_number.get(&number).map(|channel| channel.peer)
    }

    /// The channels of all ports of a peer's address.
    pub(super) fn of_peer_address(&self, peer: IpAddr) -> Vec<ChannelNumber> {
        let (first, last) = (SocketAddr::new(peer, 0), SocketAddr::new(peer, u16::MAX));
        self.by_peer.range(first..=last).map(|(_, number)| *number).collect()
    }

    /// The channel that `peer` has, or a number that nobody has.
    fn number_for(&mut self, peer: SocketAddr, limit: usize) -> Option<ChannelNumber> {
        if let Some(number) = self.by_peer.get(&peer) {
            return Some(*number);
        }
        let numbers = usize::from(ChannelNumber::LAST.get() - ChannelNumber::FIRST.get()) + 1;
        if self.by_number.len() >= limit.min(numbers) {
            return None;
        }
        while self.by_number.contains_key(&self.next) {
            self.next = self.next.next();
        }
        let number = self.next;
        self.next = number.next();
        Some(number)
    }

    fn set(&mut self, number: ChannelNumber, peer: SocketAddr, state: ChannelState) {
        self.by_number.insert(number, Channel { peer, state });
        self.by_peer.insert(peer, number);
    }

    fn state_of(&self, peer: SocketAddr) -> Option<ChannelState> {
        let number = self.by_peer.get(&peer)?;
        self.by_number.get(number).map(|channel| channel.state)
    }

    fn remove(&mut self, number: ChannelNumber) {
        if let Some(channel) = self.by_number.remove(&number) {
            self.by_peer.remove(&channel.peer);
        }
    }
}

impl Client {
    /// Binds a channel to `peer`, and lets its address in. Where the policy is
    /// [`ChannelPolicy::AfterFirstData`], [`send`](Self::send) does so by itself.
    ///
    /// # Errors
    /// Where the peer cannot be reached at all, or no number is free; what the server thinks of it
    /// comes as an event.
    pub fn bind_channel(&mut self, peer: SocketAddr, now: Instant) -> Result<(), BindError> {
        self.relay_for(peer.ip()).map_err(|no_relay| match no_relay {
            NoRelay::NotAllocated => BindError::NotAllocated,
            NoRelay::WrongFamily => BindError::WrongFamily,
        })?;
        if matches!(
            self.channels.state_of(peer),
            Some(ChannelState::Binding | ChannelState::Bound { .. })
        ) {
            return Ok(());
        }
        let limit = self.config.limits.channels;
        let number = self.channels.number_for(peer, limit).ok_or(BindError::NoNumberFree)?;
        if !self.permissions.contains_key(&peer.ip()) {
            self.permit(peer.ip(), now).map_err(|_| BindError::NoNumberFree)?;
        }
        self.channels.set(number, peer, ChannelState::Binding);
        self.timers.cancel(&Timer::Channel(number));
        self.request(Operation::Bind(number, peer), now);
        Ok(())
    }

    /// Binds a channel after data was sent to `peer`, if the policy says so.
    pub(super) fn bind_after_data(&mut self, peer: SocketAddr, now: Instant) {
        let wanted = match (self.config.channels, self.channels.state_of(peer)) {
            (ChannelPolicy::OnRequest, _)
            | (
                ChannelPolicy::AfterFirstData,
                Some(ChannelState::Binding | ChannelState::Bound { .. } | ChannelState::Refused),
            ) => false,
            (ChannelPolicy::AfterFirstData, None | Some(ChannelState::Ended { .. })) => true,
        };
        if wanted {
            // Without a free number data goes on by Send indications.
            let _ = self.bind_channel(peer, now);
        }
    }

    /// What a ChannelBind request asks for (RFC 8656 section 12.1).
    pub(super) fn ask_for_channel(
        message: MessageBuilder,
        number: ChannelNumber,
        peer: SocketAddr,
    ) -> MessageBuilder {
        message.add(&attribute::ChannelNumber(number.get())).add(&XorPeerAddress(peer))
    }

    /// A channel has a minute left, or its number is free again.
    pub(super) fn handle_channel_timeout(&mut self, number: ChannelNumber, now: Instant) {
        let Some(channel) = self.channels.by_number.get(&number) else { return };
        match channel.state {
            ChannelState::Bound { .. } => {
                self.request(Operation::Bind(number, channel.peer), now);
            }
            ChannelState::Ended { .. } => self.channels.remove(number),
            ChannelState::Binding | ChannelState::Refused => {}
        }
    }

    /// Stops refreshing a channel; its number is free five minutes after its end.
    pub(super) fn end_channel(&mut self, number: ChannelNumber, now: Instant) {
        let Some(channel) = self.channels.by_number.get_mut(&number) else { return };
        let expires = match channel.state {
            ChannelState::Bound { expires } | ChannelState::Ended { expires } => expires,
            // A ChannelBind request that is on its way binds for as long as any other.
            ChannelState::Binding | ChannelState::Refused => now + CHANNEL_LIFETIME,
        };
        channel.state = ChannelState::Ended { expires };
        let operation = Operation::Bind(number, channel.peer);
        self.requests.cancel(operation, now);
        // RFC 8656 section 12: "the client MUST wait 5 minutes after the channel binding expires
        // before attempting to bind the channel number to a different transport address or the
        // transport address to a different channel number."
        self.timers.set(Timer::Channel(number), expires + CHANNEL_COOL_DOWN);
    }

    /// The server has bound or refreshed a channel, by a request of `since` (RFC 8656
    /// section 12.3).
    pub(super) fn channel_bound(
        &mut self,
        number: ChannelNumber,
        peer: SocketAddr,
        since: Instant,
        now: Instant,
    ) {
        let was_bound = matches!(self.channels.state_of(peer), Some(ChannelState::Bound { .. }));
        let expires = since + CHANNEL_LIFETIME;
        self.channels.set(number, peer, ChannelState::Bound { expires });
        self.timers.set(Timer::Channel(number), super::refresh::due(since, CHANNEL_LIFETIME));
        self.permitted(peer.ip(), since, now);
        if !was_bound {
            self.output.event(Event::ChannelBound { peer, number });
        }
    }

    /// The server has not bound or refreshed a channel.
    pub(super) fn channel_not_bound(
        &mut self,
        number: ChannelNumber,
        peer: SocketAddr,
        failure: Failure,
        now: Instant,
    ) {
        let state = self.channels.state_of(peer);
        let (state, reason) = match failure {
            Failure::Code(437) => return self.finish(CloseReason::AllocationLost),
            Failure::Unauthorized | Failure::Code(441) => {
                return self.finish(CloseReason::CredentialsRefused);
            }
            // RFC 8656 section 12.3: where channels are out of sync, "it is RECOMMENDED that the
            // client immediately delete the allocation and start afresh with a new allocation."
            Failure::Code(400) => return self.give_back(CloseReason::ChannelsOutOfStep, now),
            Failure::Code(code) => (ChannelState::Refused, RequestFailure::Refused { code }),
            Failure::TimedOut | Failure::IntegrityViolated => match state {
                Some(ChannelState::Bound { expires }) if now < expires => {
                    return self.request(Operation::Bind(number, peer), now);
                }
                // The server may have bound it and its answer may have been lost.
                Some(_) | None => {
                    let expires = now + CHANNEL_LIFETIME;
                    self.timers.set(Timer::Channel(number), expires + CHANNEL_COOL_DOWN);
                    (ChannelState::Ended { expires }, RequestFailure::TimedOut)
                }
            },
        };
        self.channels.set(number, peer, state);
        self.output.event(Event::ChannelFailed { peer, number, reason });
    }
}
