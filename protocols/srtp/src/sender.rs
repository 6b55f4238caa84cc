//! One direction of a session, at the end that sends.

use std::collections::BTreeMap;

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

    /// Goes on under new keys. The counters of the streams go on too (RFC 3711 section 3.3.1).
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn rekey(&mut self, master: &MasterKey) -> Result<(), InvalidKey> {
        self.keys = SessionKeys::new(master)?;
        Ok(())
    }

    /// Turns an RTP packet into an SRTP packet, where it lies (RFC 3711 section 3.3).
    ///
    /// # Errors
    /// Where it is no RTP packet, the keys are worn out, or there are more than 1024 streams.
    pub fn protect_rtp(&mut self, packet: &mut Vec<u8>) -> Result<(), ProtectError> {
        let header = RtpHeader::read(packet).ok_or(ProtectError::Malformed)?;
        let stream = self.stream(header.ssrc)?;
        let index = stream.index(header.sequence).ok_or(ProtectError::KeyExhausted)?;
        stream.note(index);
        self.keys.rtp.protect_rtp(packet, header.length, header.ssrc, index);
        Ok(())
    }

    /// Turns a compound RTCP packet into an SRTCP packet, where it lies (RFC 3711 section 3.4).
    ///
    /// # Errors
    /// Where it is no RTCP packet, the keys are worn out, or there are more than 1024 streams.
    pub fn protect_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), ProtectError> {
        let ssrc = rtcp_ssrc(packet).ok_or(ProtectError::Malformed)?;
        let index = self.stream(ssrc)?.take_rtcp_index().ok_or(ProtectError::KeyExhausted)?;
        self.keys.rtcp.protect_rtcp(packet, RTCP_HEADER, ssrc, index);
        Ok(())
    }

    fn stream(&mut self, ssrc: u32) -> Result<&mut SentStream, ProtectError> {
        if self.streams.len() >= MOST_STREAMS && !self.streams.contains_key(&ssrc) {
            return Err(ProtectError::TooManyStreams);
        }
        Ok(self.streams.entry(ssrc).or_default())
    }
}
