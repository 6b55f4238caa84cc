//! One direction of a session, at the end that receives.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::derivation::MasterKey;
use crate::error::{InvalidKey, UnprotectError};
use crate::header::{RTCP_HEADER, RtpHeader, rtcp_ssrc};
use crate::sender::MOST_STREAMS;
use crate::stream::{LIMIT, Openers, ReceivedStream};
use crate::transform::{ENCRYPTED, SessionKeys};

/// Opens what the peer sends: SRTP and SRTCP of all its streams.
///
/// Nothing is remembered of a packet before it has proved authentic: a stranger can neither move a
/// window nor open a stream.
#[derive(Clone, Debug)]
pub struct Receiver {
    keys: Keys,
    streams: BTreeMap<u32, ReceivedStream>,
}

impl Receiver {
    /// A receiver with the session keys of `master`.
    ///
    /// # Errors
    /// Never for a key that [`MasterKey::new`] took.
    pub fn new(master: &MasterKey) -> Result<Self, InvalidKey> {
        let keys = Keys { present: SessionKeys::new(master)?, former: None };
        Ok(Self { keys, streams: BTreeMap::new() })
    }

    /// Takes packets under new keys from now on. Those before them serve packets that are still on
    /// their way, until [`Self::forget_former`]. The counters of the streams go on (RFC 3711
    /// section 3.3.1).
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn rekey(&mut self, master: &MasterKey) -> Result<(), InvalidKey> {
        let new = SessionKeys::new(master)?;
        self.keys.former = Some(core::mem::replace(&mut self.keys.present, new));
        self.streams.values_mut().for_each(ReceivedStream::rekey);
        Ok(())
    }

    /// Takes no more packets under the keys before the last change.
    pub fn forget_former(&mut self) {
        self.keys.former = None;
    }

    /// Turns an SRTP packet into the RTP packet in it, where it lies (RFC 3711 section 3.3).
    ///
    /// # Errors
    /// Where it is no SRTP packet, not authentic, or not new.
    pub fn unprotect_rtp(&mut self, packet: &mut Vec<u8>) -> Result<(), UnprotectError> {
        let header = RtpHeader::read(packet).ok_or(UnprotectError::Malformed)?;
        if packet.len() < header.length + self.keys.present.rtp.tag_length() {
            return Err(UnprotectError::Malformed);
        }
        self.in_stream(header.ssrc, |keys, stream| {
            stream.note(keys.open_rtp(packet, &header, stream)?);
            Ok(())
        })
    }

    /// Turns an SRTCP packet into the compound RTCP packet in it, where it lies (RFC 3711
    /// section 3.4).
    ///
    /// # Errors
    /// Where it is no SRTCP packet, not authentic, or not new.
    pub fn unprotect_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), UnprotectError> {
        let ssrc = rtcp_ssrc(packet).ok_or(UnprotectError::Malformed)?;
        let word = self.keys.present.rtcp.rtcp_word(packet).ok_or(UnprotectError::Malformed)?;
        self.in_stream(ssrc, |keys, stream| {
            stream.note_rtcp(keys.open_rtcp(packet, ssrc, word, stream)?);
            Ok(())
        })
    }

    /// Opens a packet of one stream; `open` changes that only where the packet is authentic.
    fn in_stream(
        &mut self,
        ssrc: u32,
        open: impl FnOnce(&Keys, &mut ReceivedStream) -> Result<(), UnprotectError>,
    ) -> Result<(), UnprotectError> {
        let has_room = self.streams.len() < MOST_STREAMS;
        match self.streams.entry(ssrc) {
            Entry::Occupied(mut known) => open(&self.keys, known.get_mut()),
            Entry::Vacant(place) => {
                let mut unheard = ReceivedStream::default();
                open(&self.keys, &mut unheard)?;
                if !has_room {
                    return Err(UnprotectError::TooManyStreams);
                }
                place.insert(unheard);
                Ok(())
            }
        }
    }
}

/// The keys in hand.
#[derive(Clone, Debug)]
struct Keys {
    present: SessionKeys,
    /// The keys before the last change, for packets that were on their way.
    former: Option<SessionKeys>,
}

impl Keys {
    /// Opens a packet of `stream`, with the keys that may open it, and gives its index.
    fn open_rtp(
        &self,
        packet: &mut Vec<u8>,
        header: &RtpHeader,
        stream: &ReceivedStream,
    ) -> Result<u64, UnprotectError> {
        let (first, second) = stream.guesses(header.sequence);
        let openers = stream.openers(first);
        if !self.has_any(openers) {
            return Err(UnprotectError::Replayed);
        }
        let open = |keys: &SessionKeys, packet: &mut Vec<u8>, index| {
            let opened = keys.rtp.unprotect_rtp(packet, header.length, header.ssrc, index % LIMIT);
            opened.ok().map(|()| index)
        };
        let present = openers.present.then_some(&self.present);
        let former = self.former.as_ref().filter(|_| openers.former);
        if let (Some(keys), None, None) = (present, former, second) {
            return open(keys, packet, first).ok_or(UnprotectError::Forged);
        }
        // A wrong guess destroys the packet, so each has a copy.
        let others = second.map(|index| (&self.present, index));
        let present = present.map(|keys| (keys, first)).into_iter();
        let former = former.map(|keys| (keys, first));
        let opened = present.chain(others).chain(former).find_map(|(keys, index)| {
            let mut copy = packet.clone();
            let index = open(keys, &mut copy, index)?;
            *packet = copy;
            Some(index)
        });
        opened.ok_or(UnprotectError::Forged)
    }

    /// As [`Self::open_rtp`], for SRTCP; `word` is the packet's index with the E flag.
    fn open_rtcp(
        &self,
        packet: &mut Vec<u8>,
        ssrc: u32,
        word: u32,
        stream: &ReceivedStream,
    ) -> Result<u64, UnprotectError> {
        let index = stream.rtcp_index(word & !ENCRYPTED);
        let openers = stream.rtcp_openers(index);
        if !self.has_any(openers) {
            return Err(UnprotectError::Replayed);
        }
        let mut copy = Vec::new();
        let former = self.former.as_ref().filter(|_| openers.former);
        if former.is_some() {
            copy.clone_from(packet);
        }
        let mut opened = openers.present
            && self.present.rtcp.unprotect_rtcp(packet, RTCP_HEADER, ssrc, word).is_ok();
        if let (false, Some(former)) = (opened, former) {
            *packet = copy;
            opened = former.rtcp.unprotect_rtcp(packet, RTCP_HEADER, ssrc, word).is_ok();
        }
        if opened { Ok(index) } else { Err(UnprotectError::Forged) }
    }

    /// Whether some of the keys may open a packet.
    const fn has_any(&self, openers: Openers) -> bool {
        openers.present || openers.former && self.former.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::stream::RTCP_LIMIT;

    fn keys(fill: u8) -> (MasterKey, SessionKeys) {
        let master = MasterKey::new(Profile::AeadAes128Gcm, &[fill; 16], &[fill; 12]).unwrap();
        let keys = SessionKeys::new(&master).unwrap();
        (master, keys)
    }

    /// RFC 5764 section 4.2, RFC 7714 section 13.1: what a key protects beyond its 2^48 packets is
    /// dropped, as are its old packets when the index has come round under new keys.
    #[test]
    fn worn_out_keys_open_no_more_media() {
        let rtp = |keys: &SessionKeys, sequence: u8| {
            let mut packet = vec![0x80, 96, 0, sequence, 0, 0, 0, 0, 0, 0, 0, 1, b'm'];
            keys.rtp.protect_rtp(&mut packet, 12, 1, sequence.into());
            packet
        };
        let (master, old) = keys(1);
        let mut receiver = Receiver::new(&master).unwrap();
        receiver.streams.insert(1, ReceivedStream::at(LIMIT - 1, 0));
        assert_eq!(receiver.unprotect_rtp(&mut rtp(&old, 0)), Err(UnprotectError::Replayed));
        let (master, new) = keys(2);
        receiver.rekey(&master).unwrap();
        assert_eq!(receiver.unprotect_rtp(&mut rtp(&new, 0)), Ok(()));
        assert_eq!(receiver.unprotect_rtp(&mut rtp(&new, 0)), Err(UnprotectError::Replayed));
        assert_eq!(receiver.unprotect_rtp(&mut rtp(&old, 1)), Err(UnprotectError::Forged));
        assert_eq!(receiver.unprotect_rtp(&mut rtp(&new, 1)), Ok(()));
    }

    /// The same for SRTCP and 2^31 packets.
    #[test]
    fn worn_out_keys_open_no_more_reports() {
        let rtcp = |keys: &SessionKeys, index: u32| {
            let mut packet = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
            keys.rtcp.protect_rtcp(&mut packet, 8, 1, index);
            packet
        };
        let (master, old) = keys(1);
        let mut receiver = Receiver::new(&master).unwrap();
        receiver.streams.insert(1, ReceivedStream::at(0, RTCP_LIMIT - 1));
        assert_eq!(receiver.unprotect_rtcp(&mut rtcp(&old, 0)), Err(UnprotectError::Replayed));
        let (master, new) = keys(2);
        receiver.rekey(&master).unwrap();
        assert_eq!(receiver.unprotect_rtcp(&mut rtcp(&new, 0)), Ok(()));
        assert_eq!(receiver.unprotect_rtcp(&mut rtcp(&new, 0)), Err(UnprotectError::Replayed));
        assert_eq!(receiver.unprotect_rtcp(&mut rtcp(&old, 1)), Err(UnprotectError::Forged));
        assert_eq!(receiver.unprotect_rtcp(&mut rtcp(&new, 1)), Ok(()));
    }
}
