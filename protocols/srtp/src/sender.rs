//! One direction of a session, at the end that sends.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::derivation::MasterKey;
use crate::error::{InvalidKey, ProtectError};
use crate::header::{RTCP_HEADER, RtpHeader, rtcp_ssrc};
use crate::stream::SentStream;
use crate::transform::SessionKeys;

/// The most streams of one session.
pub(crate) const MOST_STREAMS: usize = 1024;

/// Protects what this end sends: RTP and RTCP of all its streams.
#[derive(Clone, Debug)]
pub struct Sender {
    keys: SessionKeys,
    streams: BTreeMap<u32, SentStream>,
}

impl Sender {
    /// A sender with the session keys of `master`.
    ///
    /// # Errors
    /// Never for a key that [`MasterKey::new`] took.
    pub fn new(master: &MasterKey) -> Result<Self, InvalidKey> {
        Ok(Self { keys: SessionKeys::new(master)?, streams: BTreeMap::new() })
    }

    /// Goes on under new keys, which must not have served before. The counters of the streams go on too
    /// (RFC 3711 section 3.3.1).
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn rekey(&mut self, master: &MasterKey) -> Result<(), InvalidKey> {
        self.keys = SessionKeys::new(master)?;
        self.streams.values_mut().for_each(SentStream::rekey);
        Ok(())
    }

    /// Turns an RTP packet into an SRTP packet, where it lies (RFC 3711 section 3.3).
    ///
    /// What is sent again must be the SRTP packet of the first time, or come in another stream (RFC
    /// 4588).
    ///
    /// # Errors
    /// Where it is no RTP packet, its sequence number was used, the keys are worn out, or there are more
    /// than 1024 streams.
    pub fn protect_rtp(&mut self, packet: &mut Vec<u8>) -> Result<(), ProtectError> {
        let header = RtpHeader::read(packet).ok_or(ProtectError::Malformed)?;
        fits(packet)?;
        let index = self.stream(header.ssrc)?.take(header.sequence)?;
        self.keys.rtp.protect_rtp(packet, header.length, header.ssrc, index);
        Ok(())
    }

    /// Turns a compound RTCP packet into an SRTCP packet, where it lies (RFC 3711 section 3.4).
    ///
    /// # Errors
    /// Where it is no RTCP packet, the keys are worn out, or there are more than 1024 streams.
    pub fn protect_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), ProtectError> {
        let ssrc = rtcp_ssrc(packet).ok_or(ProtectError::Malformed)?;
        fits(packet)?;
        let index = self.stream(ssrc)?.take_rtcp().ok_or(ProtectError::KeyExhausted)?;
        self.keys.rtcp.protect_rtcp(packet, RTCP_HEADER, ssrc, index);
        Ok(())
    }

    fn stream(&mut self, ssrc: u32) -> Result<&mut SentStream, ProtectError> {
        let has_room = self.streams.len() < MOST_STREAMS;
        match self.streams.entry(ssrc) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) if has_room => Ok(place.insert(SentStream::default())),
            Entry::Vacant(_) => Err(ProtectError::TooManyStreams),
        }
    }
}

/// RFC 3711 section 4.1.1: 2^16 blocks of keystream are a packet's own; the next ones belong to another.
const fn fits(packet: &[u8]) -> Result<(), ProtectError> {
    if packet.len() > LONGEST { Err(ProtectError::TooLong) } else { Ok(()) }
}

/// What a datagram can hold, in bytes.
const LONGEST: usize = 65_535;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::stream::{LIMIT, RTCP_LIMIT};

    fn master(fill: u8) -> MasterKey {
        MasterKey::new(Profile::Aes128CmSha1_80, &[fill; 16], &[fill; 14]).unwrap()
    }

    fn rtp(sequence: u16) -> Vec<u8> {
        let [high, low] = sequence.to_be_bytes();
        vec![0x80, 96, high, low, 0, 0, 0, 0, 0, 0, 0, 1, b'm', b'e', b'd', b'i', b'a']
    }

    /// RFC 3711 sections 3.3.1 and 9.2, RFC 7714 sections 8.4 and 13.1: 2^48 packets, and no more until
    /// new keys come. The roll-over counter then starts again at 0.
    #[test]
    fn worn_out_keys_protect_no_more_media_until_new_ones_come() {
        let mut sender = Sender::new(&master(1)).unwrap();
        sender.streams.insert(1, SentStream::at(LIMIT - 2, 0));
        assert_eq!(sender.protect_rtp(&mut rtp(65_534)), Ok(()));
        assert_eq!(sender.protect_rtp(&mut rtp(65_535)), Ok(()));
        for sequence in [0, 1, 0] {
            let mut packet = rtp(sequence);
            assert_eq!(sender.protect_rtp(&mut packet), Err(ProtectError::KeyExhausted));
            assert_eq!(packet, rtp(sequence));
        }
        sender.rekey(&master(2)).unwrap();
        let mut packet = rtp(0);
        assert_eq!(sender.protect_rtp(&mut packet), Ok(()));
        let mut fresh = Sender::new(&master(2)).unwrap();
        let mut first = rtp(0);
        fresh.protect_rtp(&mut first).unwrap();
        assert_eq!(packet, first);
    }

    /// The same for SRTCP and 2^31 packets (RFC 7714 section 9.4).
    #[test]
    fn worn_out_keys_protect_no_more_reports_until_new_ones_come() {
        let rtcp = || vec![0x80, 201, 0, 1, 0, 0, 0, 1];
        let mut sender = Sender::new(&master(1)).unwrap();
        sender.streams.insert(1, SentStream::at(0, RTCP_LIMIT - 2));
        assert_eq!(sender.protect_rtcp(&mut rtcp()), Ok(()));
        assert_eq!(sender.protect_rtcp(&mut rtcp()), Ok(()));
        for _ in 0..2 {
            let mut packet = rtcp();
            assert_eq!(sender.protect_rtcp(&mut packet), Err(ProtectError::KeyExhausted));
            assert_eq!(packet, rtcp());
        }
        sender.rekey(&master(2)).unwrap();
        let mut packet = rtcp();
        assert_eq!(sender.protect_rtcp(&mut packet), Ok(()));
        assert_eq!(packet[8..12], [0x80, 0, 0, 0]);
    }

    /// RFC 7714 section 13.1: where the keys began is kept, so that they end after one round, wherever
    /// it began.
    #[test]
    fn keys_that_came_late_last_for_one_round_of_the_index() {
        let mut stream = SentStream::at(0, RTCP_LIMIT / 2);
        stream.rekey();
        let used = RTCP_LIMIT / 2;
        let mut later = stream;
        later.skip_reports_to(RTCP_LIMIT);
        assert_eq!(later.take_rtcp(), Some(0));
        later.skip_reports_to(used + RTCP_LIMIT);
        assert_eq!(later.take_rtcp(), None);
    }

    /// RFC 3711 sections 9.2 and 11.2: new keys are due with the first stream that has used up its
    /// numbers, and they are for all streams.
    #[test]
    fn the_first_stream_that_is_worn_out_brings_new_keys_for_all() {
        let other = |sequence| {
            let mut packet = rtp(sequence);
            packet[11] = 2;
            packet
        };
        let mut sender = Sender::new(&master(1)).unwrap();
        sender.streams.insert(1, SentStream::at(LIMIT, 0));
        sender.protect_rtp(&mut other(6)).unwrap();
        assert_eq!(sender.protect_rtp(&mut rtp(0)), Err(ProtectError::KeyExhausted));
        sender.rekey(&master(2)).unwrap();
        let mut packet = other(7);
        sender.protect_rtp(&mut packet).unwrap();
        let mut expected = other(7);
        Sender::new(&master(2)).unwrap().protect_rtp(&mut expected).unwrap();
        assert_eq!(packet, expected);
    }
}
