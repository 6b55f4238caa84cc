//! One stream's counters: roll-over (RFC 3711 section 3.3.1) and replay (section 3.3.2).

use icelab_wire::ReplayWindow;

/// One past the last index of an SRTP packet.
const LAST_INDEX: u64 = 1 << 48;
/// One past the last index of an SRTCP packet.
const LAST_RTCP_INDEX: u32 = 1 << 31;

/// What a sender knows of one of its streams.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SentStream {
    /// One past the highest index that was sent.
    next: Option<u64>,
    /// The index of the next SRTCP packet.
    next_rtcp: u32,
}

impl SentStream {
    /// The index of the packet with this sequence number, which follows those before it: `None` where
    /// no index is left.
    ///
    /// A number close below the highest is one that the application held back or sends again; all
    /// others count as later.
    pub(crate) fn index(&self, sequence: u16) -> Option<u64> {
        let index = match self.next {
            None => sequence.into(),
            Some(next) => closest(next - 1, sequence),
        };
        (index < LAST_INDEX).then_some(index)
    }

    pub(crate) fn note(&mut self, index: u64) {
        self.next = self.next.max(Some(index + 1));
    }

    /// The index of the next SRTCP packet: `None` where none is left.
    pub(crate) const fn take_rtcp_index(&mut self) -> Option<u32> {
        if self.next_rtcp >= LAST_RTCP_INDEX {
            return None;
        }
        let index = self.next_rtcp;
        self.next_rtcp += 1;
        Some(index)
    }
}

/// What a receiver knows of one of the peer's streams.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReceivedStream {
    rtp: ReplayWindow,
    rtcp: ReplayWindow,
}

impl ReceivedStream {
    /// The indices that a packet with this sequence number may have, the likeliest first.
    ///
    /// A stream of which nothing was authentic yet may have rolled over before its first packet
    /// arrived: the second guess is for that.
    pub(crate) fn guesses(&self, sequence: u16) -> (u64, Option<u64>) {
        let first = u64::from(sequence);
        match self.rtp.next().checked_sub(1) {
            None => (first, (sequence < HALF).then_some(first + WRAP)),
            Some(highest) => (closest(highest, sequence), None),
        }
    }

    /// Whether the packet of this index may be new.
    pub(crate) const fn is_new(&self, index: u64) -> bool {
        index < LAST_INDEX && self.rtp.is_new(index)
    }

    pub(crate) const fn note(&mut self, index: u64) {
        self.rtp.note(index);
    }

    /// Whether the SRTCP packet of this index may be new.
    pub(crate) fn is_new_rtcp(&self, index: u32) -> bool {
        self.rtcp.is_new(index.into())
    }

    pub(crate) fn note_rtcp(&mut self, index: u32) {
        self.rtcp.note(index.into());
    }
}

const WRAP: u64 = 1 << 16;
const HALF: u16 = 1 << 15;

/// The index that ends in `sequence` and lies closest to `reference`; never below 0.
fn closest(reference: u64, sequence: u16) -> u64 {
    let [.., high, low] = reference.to_be_bytes();
    let distance = sequence.wrapping_sub(u16::from_be_bytes([high, low])).cast_signed();
    match reference.checked_add_signed(distance.into()) {
        Some(index) => index,
        // Before the first roll-over there is nothing: the number is of the future.
        None => reference
            .saturating_add(u64::from(sequence.wrapping_sub(u16::from_be_bytes([high, low])))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711 section 3.3.1: the index closest to the highest one so far.
    #[test]
    fn the_closest_index_is_taken() {
        assert_eq!(closest(65_530, 5), 65_541);
        assert_eq!(closest(65_541, 65_531), 65_531);
        assert_eq!(closest(100, 50), 50);
        assert_eq!(closest(5, 65_530), 65_530);
    }

    #[test]
    fn a_late_number_does_not_move_a_sender_back() {
        let mut stream = SentStream::default();
        for (sequence, index) in [(65_534, 65_534), (0, 65_536), (65_535, 65_535), (1, 65_537)] {
            assert_eq!(stream.index(sequence), Some(index));
            stream.note(index);
        }
    }
}
