//! Packets on their way, by slot.

use crate::packet::Packet;
use crate::record::PacketId;

/// A packet with its number.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    pub(super) id: PacketId,
    pub(super) packet: Packet,
}

/// Slots for packets; a free one is used again.
#[derive(Debug, Default)]
pub(super) struct Parcels {
    slots: Vec<Option<Parcel>>,
    free: Vec<u32>,
}

impl Parcels {
    pub(super) fn insert(&mut self, parcel: Parcel) -> u32 {
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
        self.free.push(slot);
        Some(parcel)
    }

    /// How many packets are on their way.
    pub(super) fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}
