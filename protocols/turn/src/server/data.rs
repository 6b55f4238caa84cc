//! Application data between client and peers (RFC 8656 sections 11 and 12, 13 to 14).

use core::net::SocketAddr;

use icelab_sans_io::net::{Datagram, IcmpError, IcmpKind, Request};
use icelab_stun::attribute::{Data, DontFragment, Family, Icmp, XorPeerAddress, kind};
use icelab_stun::{Class, Message, MessageBuilder, Method, TransactionId};

use super::Server;
use super::allocation::{AllocationId, FiveTuple};
use super::event::ServerDiscard;
use crate::wire::ChannelData;

impl Server {
    /// Takes a ChannelData message (RFC 8656 section 12.6).
    pub(super) fn relay_channel_data(&mut self, five_tuple: FiveTuple, mut datagram: Datagram) {
        let Some(id) = self.clients.get(&five_tuple) else {
            return self.discards.add(ServerDiscard::NoAllocation);
        };
        let Ok(message) = ChannelData::decode(&datagram.payload) else {
            return self.discards.add(ServerDiscard::Malformed);
        };
        let Some(allocation) = self.allocations.get(id) else { return };
        let peer = allocation.channels.peer(message.number);
        let path = peer.and_then(|peer| {
            let relay = allocation.relays.get(Family::of(peer.ip()))?;
            Some((*relay, peer))
        });
        let Some((relay, peer)) = path else {
            return self.discards.add(ServerDiscard::UnknownChannel);
        };
        let length = message.data.len();
        // The buffer goes on to the peer, without the header and the padding.
        let mut data = core::mem::take(&mut datagram.payload);
        data.truncate(ChannelData::HEADER_LENGTH + length);
        data.drain(..ChannelData::HEADER_LENGTH);
        self.send_to_peer(relay, peer, data, &datagram, false);
    }

    /// Takes a Send indication (RFC 8656 section 11.2).
    pub(super) fn relay_send_indication(
        &mut self,
        five_tuple: FiveTuple,
        message: &Message<'_>,
        datagram: &Datagram,
    ) {
        let Some(id) = self.clients.get(&five_tuple) else {
            return self.discards.add(ServerDiscard::NoAllocation);
        };
        let Some(allocation) = self.allocations.get(id) else { return };
        let (Some(Ok(XorPeerAddress(peer))), Some(Ok(Data(data)))) = (message.get(), message.get())
        else {
            return self.discards.add(ServerDiscard::BadIndication);
        };
        let is_known = |attribute: u16| {
            matches!(attribute, kind::XOR_PEER_ADDRESS | kind::DATA) || {
                attribute == kind::DONT_FRAGMENT && self.config.dont_fragment
            }
        };
        if message.attributes().any(|attribute| {
            kind::is_comprehension_required(attribute.kind) && !is_known(attribute.kind)
        }) {
            return self.discards.add(ServerDiscard::BadIndication);
        }
        if !allocation.permissions.contains(&peer.ip()) {
            return self.discards.add(ServerDiscard::NoPermission);
        }
        if !self.may_reach(peer.ip()) {
            return self.discards.add(ServerDiscard::PeerDenied);
        }
        let Some(relay) = allocation.relays.get(Family::of(peer.ip())).copied() else {
            return self.discards.add(ServerDiscard::NoPermission);
        };
        let stays_whole = message.has(<DontFragment as icelab_stun::attribute::Attribute>::KIND);
        self.send_to_peer(relay, peer, data.to_vec(), datagram, stays_whole);
    }

    /// Sends data to a peer, with the header that RFC 8656 section 14 prefers: congestion
    /// notification as it came, and the don't-fragment bit too between IPv4 and IPv4, or where
    /// DONT-FRAGMENT asks for it. Sections 13.1 to 13.3 ignore DONT-FRAGMENT where an address is
    /// of IPv6.
    fn send_to_peer(
        &mut self,
        relay: SocketAddr,
        peer: SocketAddr,
        data: Vec<u8>,
        carrier: &Datagram,
        stays_whole: bool,
    ) {
        let is_v4 = carrier.source.is_ipv4() && peer.is_ipv4();
        let mut datagram = Datagram::new(relay, peer, data);
        datagram.ecn = carrier.ecn;
        datagram.dont_fragment = is_v4 && (stays_whole || carrier.dont_fragment);
        self.output.packet(Request::Send(datagram));
    }

    /// Takes a datagram at a relayed address (RFC 8656 section 11.3): the peer's address must
    /// have a permission, its port does not matter (section 9).
    pub(super) fn relay_to_client(&mut self, id: AllocationId, datagram: &Datagram) {
        let Some(allocation) = self.allocations.get(&id) else { return };
        let peer = datagram.source;
        if !allocation.permissions.contains(&peer.ip()) {
            return self.discards.add(ServerDiscard::NoPermission);
        }
        if datagram.payload.len() > LONGEST_DATA {
            return self.discards.add(ServerDiscard::TooLong);
        }
        let five_tuple = allocation.five_tuple;
        let data = &datagram.payload;
        // RFC 8656 section 12.5: the server "MUST use the ChannelData message if a channel has
        // been bound to the peer."
        let payload = match allocation.channels.number(peer) {
            Some(number) => {
                ChannelData { number, data }.encode().expect("the length was checked above")
            }
            None => {
                let id = TransactionId::random(&mut self.rng);
                MessageBuilder::new(Class::Indication, Method::DATA, id)
                    .add(&XorPeerAddress(peer))
                    .add(&Data(data))
                    .finish()
            }
        };
        let mut carrier = Datagram::new(five_tuple.server, five_tuple.client, payload);
        carrier.ecn = datagram.ecn;
        carrier.dont_fragment =
            datagram.dont_fragment && peer.is_ipv4() && five_tuple.client.is_ipv4();
        self.output.packet(Request::Send(carrier));
    }

    /// Takes an ICMP error about something sent from a relayed address (RFC 8656 section 11.5):
    /// the permission is that of the peer to which it was sent. It goes by Data indication even
    /// where a channel is bound (section 12.5).
    pub(super) fn relay_icmp(&mut self, error: &IcmpError) {
        let allocation = self.relays.get(&error.local).and_then(|id| self.allocations.get(id));
        let allocation =
            allocation.filter(|allocation| allocation.permissions.contains(&error.remote.ip()));
        let Some(allocation) = allocation else {
            return self.discards.add(ServerDiscard::UselessIcmp);
        };
        let five_tuple = allocation.five_tuple;
        let id = TransactionId::random(&mut self.rng);
        let message = MessageBuilder::new(Class::Indication, Method::DATA, id)
            .add(&XorPeerAddress(error.remote))
            .add(&describe(error.kind, Family::of(error.remote.ip())));
        self.send_to_client(five_tuple, message.finish());
    }
}

/// ICMP type, code and data (RFC 792, RFC 1812 section 5.2.7.1; RFC 4443 section 3).
fn describe(error: IcmpKind, family: Family) -> Icmp {
    let (v4, v6, data) = match error {
        IcmpKind::NetworkUnreachable => ((3, 0), (1, 0), 0),
        IcmpKind::HostUnreachable => ((3, 1), (1, 3), 0),
        IcmpKind::PortUnreachable => ((3, 3), (1, 4), 0),
        IcmpKind::AdministrativelyProhibited => ((3, 13), (1, 1), 0),
        IcmpKind::TimeExceeded => ((11, 0), (3, 0), 0),
        IcmpKind::TooBig { mtu } => ((3, 4), (2, 0), u32::from(mtu)),
    };
    let (kind, code) = match family {
        Family::V4 => v4,
        Family::V6 => v6,
    };
    Icmp { kind, code, data }
}

/// The longest data that fits into a UDP datagram together with the longest header that a Data
/// indication may have.
const LONGEST_DATA: usize = 65_507 - 64;
