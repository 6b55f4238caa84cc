//! Packets on their way, by slot.

use crate::packet::{Flow, Packet, Protocol};
use crate::record::PacketId;

/// A packet with its number.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    pub(super) id: PacketId,
    pub(super) packet: Packet,
}

/// Slots for packets; a free one is used again.
#[derive(Debug)]
pub(super) struct Parcels {
    slots: Vec<Option<Parcel>>,
    free: Vec<u32>,
    /// The bytes of all packets.
    bytes: usize,
    most_packets: usize,
    most_bytes: usize,
}

impl Parcels {
    pub(super) fn new(most_packets: usize, most_bytes: usize) -> Self {
        Self { slots: Vec::new(), free: Vec::new(), bytes: 0, most_packets, most_bytes }
    }

    /// Sets how much there may be, from now on.
    pub(super) fn limit(&mut self, most_packets: usize, most_bytes: usize) {
        (self.most_packets, self.most_bytes) = (most_packets, most_bytes);
    }

    /// Whether so much is on its way that nothing may be added.
    pub(super) fn is_full(&self) -> bool {
        self.count() >= self.most_packets || self.bytes >= self.most_bytes
    }

    /// Keeps a packet, whether there is room or not.
    pub(super) fn insert(&mut self, parcel: Parcel) -> u32 {
        self.bytes += parcel.packet.length();
        match self.free.pop() {
            Some(slot) => {
                if let Some(place) = self.slots.get_mut(slot as usize) {
                    *place = Some(parcel);
                }
                slot
            }
            None => {
                self.slots.push(Some(parcel));
                u32::try_from(self.slots.len() - 1).expect("fewer than four billion packets")
            }
        }
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Parcel> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    pub(super) fn take(&mut self, slot: u32) -> Option<Parcel> {
        let parcel = self.slots.get_mut(slot as usize)?.take()?;
        self.bytes -= parcel.packet.length();
        self.free.push(slot);
        Some(parcel)
    }

    /// How many packets are on their way.
    pub(super) fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

/// The flow of a packet, with port 0 where it has no ports.
pub(super) fn flow_of(packet: &Packet) -> Flow {
    packet.flow().unwrap_or_else(|| Flow {
        protocol: packet.protocol(),
        source: (packet.source(), 0).into(),
        destination: (packet.destination(), 0).into(),
    })
}

/// A number for a flow, the same on every machine (FNV-1a).
pub(super) fn hash_of(flow: Flow) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    let mut mix = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    };
    for address in [flow.source, flow.destination] {
        match address.ip() {
            std::net::IpAddr::V4(ip) => mix(&ip.octets()),
            std::net::IpAddr::V6(ip) => mix(&ip.octets()),
        }
        mix(&address.port().to_be_bytes());
    }
    let number = match flow.protocol {
        Protocol::Icmp => 1,
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
        Protocol::Other(number) => number,
    };
    mix(&[number]);
    hash
}
