//! Application data: Send and Data indications, ChannelData, ICMP (RFC 8656 sections 11 and 12).

use core::net::{IpAddr, SocketAddr};
use std::collections::VecDeque;

use icelab_sans_io::Instant;
use icelab_sans_io::net::{Datagram, Ecn};
use icelab_stun::attribute::{Data, DontFragment, Icmp, XorPeerAddress, kind};
use icelab_stun::{Class, Message, MessageBuilder, Method, TransactionId};

use super::permission::Permission;
use super::{Client, Discard, Event, NoRelay, SendError, State};
use crate::wire::ChannelData;

impl Client {
    /// Sends `payload` to `peer` through the relay; once its address is let in, where it is not
    /// yet.
    ///
    /// # Errors
    /// Where it can neither be sent nor wait.
    pub fn send(
        &mut self,
        peer: SocketAddr,
        payload: impl Into<Vec<u8>>,
        now: Instant,
    ) -> Result<(), SendError> {
        self.relay(Datagram::new(self.config.local, peer, payload.into()), now)
    }

    /// Sends a datagram as if from the relayed address: its destination is the peer, its source
    /// does not matter, its congestion notification is passed on, and so is its wish not to be
    /// fragmented, if the server understood
    /// [`ClientConfig::dont_fragment`](super::ClientConfig::dont_fragment).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn relay(&mut self, datagram: Datagram, now: Instant) -> Result<(), SendError> {
        let peer = datagram.destination.ip();
        self.relay_for(peer).map_err(|no_relay| match no_relay {
            NoRelay::NotAllocated => SendError::NotAllocated,
            NoRelay::WrongFamily => SendError::WrongFamily,
        })?;
        if datagram.payload.len() > LONGEST_DATA {
            return Err(SendError::TooLong);
        }
        let limits = self.config.limits;
        let is_full = self.permissions.len() >= limits.permissions;
        match self.permissions.get_mut(&peer) {
            // RFC 8656 section 11.1: "the client MUST ensure that there is a permission installed
            // for the IP address of the peer to which the Send indication is being sent".
            Some(Permission::Granted { expires }) if now < *expires => {
                self.transmit_data(datagram, now);
                Ok(())
            }
            // It lapsed while a refresh is under way.
            Some(permission @ Permission::Granted { .. }) => {
                *permission = Permission::Requested { waiting: VecDeque::from([datagram]) };
                Ok(())
            }
            Some(Permission::Requested { waiting }) => {
                if waiting.len() >= limits.queued_per_permission {
                    return Err(SendError::QueueFull);
                }
                waiting.push_back(datagram);
                Ok(())
            }
            Some(Permission::Refused { code }) => Err(SendError::PeerRefused { code: *code }),
            None if is_full => Err(SendError::TooManyPeers),
            None => {
                self.ask_to_permit(peer, VecDeque::from([datagram]), now);
                Ok(())
            }
        }
    }

    /// Sends data to a peer that is let in: on its channel, or else by a Send indication and a
    /// request for a channel.
    pub(super) fn transmit_data(&mut self, datagram: Datagram, now: Instant) {
        let peer = datagram.destination;
        // Only a Send indication can say that the relayed datagram must stay whole (RFC 8656
        // section 14); DONT-FRAGMENT means nothing towards IPv6 (section 13).
        let stays_whole = datagram.dont_fragment && self.requests.dont_fragment && peer.is_ipv4();
        let channel = self.channels.bound(peer, now).filter(|_| !stays_whole);
        let mut wants_channel = false;
        let payload = match channel {
            Some(number) => ChannelData { number, data: &datagram.payload }
                .encode()
                .expect("relay() took nothing longer"),
            None => {
                wants_channel = Message::parse(&datagram.payload).is_err();
                let id = TransactionId::random(&mut self.rng);
                let message = MessageBuilder::new(Class::Indication, Method::SEND, id)
                    .add(&XorPeerAddress(peer))
                    .maybe(stays_whole.then_some(&DontFragment));
                message.add(&Data(&datagram.payload)).finish()
            }
        };
        let mut carrier = Datagram::new(self.config.local, self.server, payload);
        carrier.ecn = datagram.ecn;
        self.output.packet(carrier);
        if wants_channel {
            self.bind_after_data(peer, now);
        }
    }

    /// Takes a Data indication (RFC 8656 sections 11.4 and 11.6).
    pub(super) fn handle_data_indication(&mut self, message: &Message<'_>, ecn: Ecn) {
        if !message.unknown_required(&[kind::XOR_PEER_ADDRESS, kind::DATA]).is_empty() {
            return self.discards.add(Discard::UnknownAttribute);
        }
        let Some(Ok(XorPeerAddress(peer))) = message.get() else {
            return self.discards.add(Discard::Malformed);
        };
        let Some(relayed) = self.accepted_at(peer.ip()) else { return };
        if let Some(Ok(Data(data))) = message.get() {
            self.output.event(Event::Data { relayed, peer, payload: data.to_vec(), ecn });
        } else if let Some(Ok(Icmp { kind, code, data })) = message.get() {
            self.output.event(Event::Icmp { relayed, peer, kind, code, data });
        } else {
            self.discards.add(Discard::Malformed);
        }
    }

    /// Takes a ChannelData message (RFC 8656 section 12.6).
    pub(super) fn handle_channel_data(&mut self, datagram: &Datagram) {
        let Ok(message) = ChannelData::decode(&datagram.payload) else {
            return self.discards.add(Discard::Malformed);
        };
        let Some(peer) = self.channels.peer(message.number) else {
            return self.discards.add(Discard::UnknownChannel);
        };
        let Some(relayed) = self.accepted_at(peer.ip()) else { return };
        let payload = message.data.to_vec();
        self.output.event(Event::Data { relayed, peer, payload, ecn: datagram.ecn });
    }

    /// The relayed address at which data from `peer` is welcome. RFC 8656 section 11.4: there
    /// should be a permission; one that was asked for may be there already.
    fn accepted_at(&mut self, peer: IpAddr) -> Option<SocketAddr> {
        let State::Open(_) = self.state else {
            self.discards.add(Discard::NoAllocation);
            return None;
        };
        let wanted = self.permissions.get(&peer).is_some_and(|permission| match permission {
            Permission::Requested { .. } | Permission::Granted { .. } => true,
            Permission::Refused { .. } => false,
        });
        let relayed = self.relay_for(peer).ok().filter(|_| wanted);
        if relayed.is_none() {
            self.discards.add(Discard::NoPermission);
        }
        relayed
    }
}

/// The longest data that fits into a UDP datagram together with the longest header that a Send
/// indication may have.
const LONGEST_DATA: usize = 65_507 - 64;
