//! One stream's counters: roll-over (RFC 3711 section 3.3.1), replay (section 3.3.2), and what is left
//! of the keys (section 9.2).
//!
//! An index counts on where the one in the packet starts again at 0, modulo 2^48 or 2^31. So new keys
//! go on where the old ones ended, and old packets are told from new ones.

use icelab_wire::ReplayWindow;

use crate::error::ProtectError;

/// What a sender knows of one of its streams.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SentStream {
    rtp: Packets,
    rtcp: Packets,
}

impl SentStream {
    /// The index, modulo 2^48, of the packet with this sequence number.
    ///
    /// A number close below the highest is one that the application held back; all others count as
    /// later. No index comes twice under one key: the same keystream would hide two packets.
    pub(crate) fn take(&mut self, sequence: u16) -> Result<u64, ProtectError> {
        let index = match self.rtp.highest() {
            None => sequence.into(),
            Some(highest) => closest(highest, sequence.into(), WRAP),
        };
        if !self.rtp.keys_allow(index, LIMIT) {
            return Err(ProtectError::KeyExhausted);
        }
        if !self.rtp.seen.is_new(index) {
            return Err(ProtectError::Repeated);
        }
        self.rtp.seen.note(index);
        Ok(index % LIMIT)
    }

    /// The index, modulo 2^31, of the next SRTCP packet: `None` where the keys may protect no more.
    pub(crate) fn take_rtcp(&mut self) -> Option<u32> {
        let index = self.rtcp.seen.next();
        if !self.rtcp.keys_allow(index, RTCP_LIMIT) {
            return None;
        }
        self.rtcp.seen.note(index);
        u32::try_from(index % RTCP_LIMIT).ok()
    }

    /// Goes on under new keys.
    pub(crate) const fn rekey(&mut self) {
        self.rtp.rekey();
        self.rtcp.rekey();
    }
}

/// What a receiver knows of one of the peer's streams.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReceivedStream {
    rtp: Packets,
    rtcp: Packets,
}

/// Which keys may open a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Openers {
    pub(crate) present: bool,
    pub(crate) former: bool,
}

impl ReceivedStream {
    /// The indices that a packet with this sequence number may have, the likeliest first.
    ///
    /// A stream of which nothing was authentic yet may have rolled over before its first packet
    /// arrived: the second guess is for that.
    pub(crate) fn guesses(&self, sequence: u16) -> (u64, Option<u64>) {
        let first = u64::from(sequence);
        match self.rtp.highest() {
            None => (first, (first < WRAP / 2).then_some(first + WRAP)),
            Some(highest) => (closest(highest, first, WRAP), None),
        }
    }

    /// Which keys may open the packet of this index: none where it was received, or is too old to
    /// tell.
    pub(crate) const fn openers(&self, index: u64) -> Openers {
        self.rtp.openers(index, LIMIT)
    }

    pub(crate) const fn note(&mut self, index: u64) {
        self.rtp.seen.note(index);
    }

    /// The index of the SRTCP packet that says `index`.
    pub(crate) fn rtcp_index(&self, index: u32) -> u64 {
        match self.rtcp.highest() {
            None => index.into(),
            Some(highest) => closest(highest, index.into(), RTCP_LIMIT),
        }
    }

    /// As [`Self::openers`], for SRTCP.
    pub(crate) const fn rtcp_openers(&self, index: u64) -> Openers {
        self.rtcp.openers(index, RTCP_LIMIT)
    }

    pub(crate) const fn note_rtcp(&mut self, index: u64) {
        self.rtcp.seen.note(index);
    }

    /// Goes on under new keys.
    pub(crate) const fn rekey(&mut self) {
        self.rtp.rekey();
        self.rtcp.rekey();
    }
}

/// The packets of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Packets {
    seen: ReplayWindow,
    /// The lowest index that the present keys can have protected.
    since: u64,
    /// The same of the keys before them.
    former_since: u64,
}

impl Packets {
    /// The highest index so far.
    const fn highest(&self) -> Option<u64> {
        self.seen.next().checked_sub(1)
    }

    /// Whether `index` comes before the present keys have seen every index of a packet.
    const fn keys_allow(&self, index: u64, limit: u64) -> bool {
        index < self.since.saturating_add(limit)
    }

    const fn openers(&self, index: u64, limit: u64) -> Openers {
        let is_new = self.seen.is_new(index);
        Openers {
            present: is_new && self.keys_allow(index, limit),
            former: is_new && index < self.former_since.saturating_add(limit),
        }
    }

    const fn rekey(&mut self) {
        self.former_since = self.since;
        // A packet that was held back may still come under the new keys.
        self.since = self.seen.next().saturating_sub(ReplayWindow::SIZE);
    }
}

/// How many SRTP packets of one stream a key protects at most.
pub(crate) const LIMIT: u64 = 1 << 48;
/// How many SRTCP packets of one stream a key protects at most.
pub(crate) const RTCP_LIMIT: u64 = 1 << 31;
/// How many sequence numbers there are.
const WRAP: u64 = 1 << 16;

/// The index that is `low` modulo `modulus`, a power of 2, and lies closest to `reference`; never below
/// 0.
const fn closest(reference: u64, low: u64, modulus: u64) -> u64 {
    let ahead = low.wrapping_sub(reference) % modulus;
    match reference.checked_sub(modulus - ahead) {
        Some(before) if ahead >= modulus / 2 => before,
        // Before the first roll-over there is nothing: the number is of the future.
        _ => reference.saturating_add(ahead),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711 section 3.3.1: the index closest to the highest one so far.
    #[test]
    fn the_closest_index_is_taken() {
        assert_eq!(closest(65_530, 5, WRAP), 65_541);
        assert_eq!(closest(65_541, 65_531, WRAP), 65_531);
        assert_eq!(closest(100, 50, WRAP), 50);
        assert_eq!(closest(5, 65_530, WRAP), 65_530);
        assert_eq!(closest(5, 5, WRAP), 5);
        assert_eq!(closest(RTCP_LIMIT - 1, 0, RTCP_LIMIT), RTCP_LIMIT);
        assert_eq!(closest(RTCP_LIMIT, RTCP_LIMIT - 1, RTCP_LIMIT), RTCP_LIMIT - 1);
    }

    impl SentStream {
        /// A stream that has sent all packets below these indices under its keys.
        pub(crate) fn at(index: u64, rtcp_index: u64) -> Self {
            let mut stream = Self::default();
            if let Some(highest) = index.checked_sub(1) {
                stream.rtp.seen.note(highest);
            }
            stream.skip_reports_to(rtcp_index);
            stream
        }

        pub(crate) fn skip_reports_to(&mut self, index: u64) {
            if let Some(highest) = index.checked_sub(1) {
                self.rtcp.seen.note(highest);
            }
        }
    }

    impl ReceivedStream {
        /// A stream of which these were the highest indices.
        pub(crate) fn at(index: u64, rtcp_index: u64) -> Self {
            let mut stream = Self::default();
            stream.note(index);
            stream.note_rtcp(rtcp_index);
            stream
        }
    }

    /// A packet that was on its way when the keys changed opens, also where the index has come round.
    #[test]
    fn former_keys_that_came_late_open_what_they_protected() {
        let mut stream = ReceivedStream::at(0, RTCP_LIMIT / 2);
        stream.rekey();
        stream.note_rtcp(RTCP_LIMIT + 4);
        stream.rekey();
        assert_eq!(stream.rtcp_index(3), RTCP_LIMIT + 3);
        let openers = Openers { present: true, former: true };
        assert_eq!(stream.rtcp_openers(RTCP_LIMIT + 3), openers);
    }

    /// RFC 3711 section 3.3.1: the roll-over counter starts at 0 and goes up by one at each wrap; a
    /// number that was held back does not move it.
    #[test]
    fn a_late_number_does_not_move_a_sender_back() {
        let mut stream = SentStream::default();
        for (sequence, index) in [(65_534, 65_534), (0, 65_536), (65_535, 65_535), (1, 65_537)] {
            assert_eq!(stream.take(sequence), Ok(index));
        }
    }
}
