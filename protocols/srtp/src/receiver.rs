//! One direction of a session, at the end that receives.

use std::collections::BTreeMap;

use crate::derivation::MasterKey;
use crate::error::{InvalidKey, UnprotectError};
use crate::header::{RTCP_HEADER, RtpHeader, rtcp_ssrc};
use crate::sender::MOST_STREAMS;
use crate::stream::ReceivedStream;
use crate::transform::{ENCRYPTED, SessionKeys};

/// Opens what the peer sends: SRTP and SRTCP of all its streams.
///
/// Nothing is remembered of a packet before it has proved authentic: a stranger can neither move a
/// window nor open a stream.
#[derive(Clone, Debug)]
pub struct Receiver {
    keys: SessionKeys,
    /// The keys before the last change, for packets that were on their way.
    former: Option<SessionKeys>,
    streams: BTreeMap<u32, ReceivedStream>,
}

impl Receiver {
    /// A receiver with the session keys of `master`.
    ///
    /// # Errors
    /// Never for a key that [`MasterKey::new`] took.
    pub fn new(master: &MasterKey) -> Result<Self, InvalidKey> {
        Ok(Self { keys: SessionKeys::new(master)?, former: None, streams: BTreeMap::new() })
    }

    /// Takes packets under new keys from now on. Those before them serve packets that are still on
    /// their way, until [`Self::forget_former`]. The counters of the streams go on (RFC 3711
    /// section 3.3.1).
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn rekey(&mut self, master: &MasterKey) -> Result<(), InvalidKey> {
        self.former = Some(core::mem::replace(&mut self.keys, SessionKeys::new(master)?));
        Ok(())
    }

    /// Takes no more packets under the keys before the last change.
    pub fn forget_former(&mut self) {
        self.former = None;
    }

    /// Turns an SRTP packet into the RTP packet in it, where it lies (RFC 3711 section 3.3).
    ///
    /// # Errors
    /// Where it is no SRTP packet, not authentic, or not new.
    pub fn unprotect_rtp(&mut self, packet: &mut Vec<u8>) -> Result<(), UnprotectError> {
        let header = RtpHeader::read(packet).ok_or(UnprotectError::Malformed)?;
        if packet.len() < header.length + self.keys.rtp.tag_length() {
            return Err(UnprotectError::Malformed);
        }
        let unheard = ReceivedStream::default();
        let known = self.streams.get(&header.ssrc).unwrap_or(&unheard);
        let (first, second) = known.guesses(header.sequence);
        if !known.is_new(first) {
            return Err(UnprotectError::Replayed);
        }
        let index = self.open_rtp(packet, &header, first, second).ok_or(UnprotectError::Forged)?;
        self.stream(header.ssrc)?.note(index);
        Ok(())
    }

    /// Opens a packet whose index is `first`, or else `second`, and gives the one that it was.
    fn open_rtp(
        &self,
        packet: &mut Vec<u8>,
        header: &RtpHeader,
        first: u64,
        second: Option<u64>,
    ) -> Option<u64> {
        let open = |keys: &SessionKeys, packet: &mut Vec<u8>, index| {
            keys.rtp.unprotect_rtp(packet, header.length, header.ssrc, index).ok().map(|()| index)
        };
        if self.former.is_none() && second.is_none() {
            return open(&self.keys, packet, first);
        }
        // A wrong guess destroys the packet, so each has a copy.
        let others = second.map(|index| (&self.keys, index));
        let former = self.former.iter().map(|keys| (keys, first));
        [(&self.keys, first)].into_iter().chain(others).chain(former).find_map(|(keys, index)| {
            let mut copy = packet.clone();
            let index = open(keys, &mut copy, index)?;
            *packet = copy;
            Some(index)
        })
    }

    /// Turns an SRTCP packet into the compound RTCP packet in it, where it lies (RFC 3711
    /// section 3.4).
    ///
    /// # Errors
    /// Where it is no SRTCP packet, not authentic, or not new.
    pub fn unprotect_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), UnprotectError> {
        let ssrc = rtcp_ssrc(packet).ok_or(UnprotectError::Malformed)?;
        let word = self.keys.rtcp.rtcp_word(packet).ok_or(UnprotectError::Malformed)?;
        let index = word & !ENCRYPTED;
        if self.streams.get(&ssrc).is_some_and(|known| !known.is_new_rtcp(index)) {
            return Err(UnprotectError::Replayed);
        }
        let spare = self.former.as_ref().map(|former| (former, packet.clone()));
        let mut opened = self.keys.rtcp.unprotect_rtcp(packet, RTCP_HEADER, ssrc, word).is_ok();
        if let (false, Some((former, copy))) = (opened, spare) {
            *packet = copy;
            opened = former.rtcp.unprotect_rtcp(packet, RTCP_HEADER, ssrc, word).is_ok();
        }
        if !opened {
            return Err(UnprotectError::Forged);
        }
        self.stream(ssrc)?.note_rtcp(index);
        Ok(())
    }

    /// The stream of a packet that has proved authentic.
    fn stream(&mut self, ssrc: u32) -> Result<&mut ReceivedStream, UnprotectError> {
        if self.streams.len() >= MOST_STREAMS && !self.streams.contains_key(&ssrc) {
            return Err(UnprotectError::TooManyStreams);
        }
        Ok(self.streams.entry(ssrc).or_default())
    }
}
