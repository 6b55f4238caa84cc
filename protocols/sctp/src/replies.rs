//! What a packet is answered with beside data and acknowledgements: all in one packet, however many chunks
//! ask for an answer (RFC 9260 section 12.4).

use crate::packet::chunk::{EncodeChunk, RawChunk};
use crate::packet::{Header, PacketWriter};

/// Chunks that answer what is being read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replies {
    packet: Option<PacketWriter>,
}

impl Replies {
    /// Adds a chunk, where there is room: a packet holds `mtu` bytes, or one long chunk.
    pub(crate) fn push(&mut self, chunk: &impl EncodeChunk, header: Header, mtu: usize) {
        let limit = length_alone(chunk).max(mtu.saturating_sub(ROOM_BEFORE));
        let packet = self.packet.get_or_insert_with(|| PacketWriter::new(header, limit));
        // What finds no room is not answered: nobody shall get more packets than he sends.
        let _ = packet.push(chunk);
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.packet.is_none()
    }

    /// How long a packet is that holds them and what goes first.
    pub(crate) fn needs(&self) -> usize {
        self.packet.as_ref().map_or(0, |packet| packet.len() + ROOM_BEFORE)
    }

    /// Moves them into the packet.
    pub(crate) fn move_to(&mut self, packet: &mut PacketWriter) {
        if let Some(replies) = self.packet.take() {
            let _ = packet.append(&replies);
        }
    }
}

/// How long a packet is that holds this chunk alone.
pub(crate) fn length_alone(chunk: &impl EncodeChunk) -> usize {
    (Header::LENGTH + RawChunk::HEADER_LENGTH + chunk.value_len()).next_multiple_of(4)
}

/// COOKIE ACK, SHUTDOWN and SHUTDOWN ACK go first.
const ROOM_BEFORE: usize = 12;
