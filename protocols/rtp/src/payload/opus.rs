//! Opus: one packet of the codec in each RTP packet (RFC 7587 section 4).

use core::time::Duration;

use icelab_wire::{DecodeError, Reader, Serial32};

use super::audio::AudioPacket;

/// Steps of the timestamp in a second, whatever the codec samples at (RFC 7587 section 4.1).
pub const CLOCK_RATE: u32 = 48_000;

/// How many steps of the timestamp a packet of the codec takes (RFC 6716 section 3.1).
///
/// ```text
///  0 1 2 3 4 5 6 7
/// +-+-+-+-+-+-+-+-+
/// | config  |s| c |
/// +-+-+-+-+-+-+-+-+
/// ```
///
/// # Errors
/// Where it is empty, or says that it holds no frame or more than 120 ms (RFC 6716 section 3.4).
pub fn samples(packet: &[u8]) -> Result<u32, DecodeError> {
    let mut reader = Reader::new(packet);
    let first = reader.u8()?;
    let frame = match (first >> 3, first >> 3 & 3) {
        (0..12, size @ 0..3) => 480 << size,
        (0..12, _) => 2880,
        (12..16, size) => 480 << (size & 1),
        (_, size) => 120 << size,
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(reader.u8()? & 0x3F),
    };
    match frame * frames {
        samples @ 1..=5760 => Ok(samples),
        _ => Err(DecodeError::Value { field: "frame count" }),
    }
}

/// How long a packet of the codec lasts.
///
/// # Errors
/// Where [`samples`] has them.
pub fn duration(packet: &[u8]) -> Result<Duration, DecodeError> {
    samples(packet).map(|samples| Duration::from_micros(u64::from(samples) * 125 / 6))
}

/// Gives each packet of the codec its timestamp.
#[derive(Clone, Debug)]
pub struct Packetiser {
    timestamp: Serial32,
    is_after_silence: bool,
}

impl Packetiser {
    /// A stream that begins at `timestamp`; its first packet is sent as one after silence.
    #[must_use]
    pub const fn new(timestamp: Serial32) -> Self {
        Self { timestamp, is_after_silence: true }
    }

    /// The RTP packet for the next packet of the codec.
    ///
    /// # Errors
    /// Where [`samples`] has them: it is none.
    pub fn packetise<'a>(&mut self, packet: &'a [u8]) -> Result<AudioPacket<'a>, DecodeError> {
        let samples = samples(packet)?;
        let timestamp = self.timestamp;
        self.timestamp = timestamp.plus(samples);
        let marker = core::mem::take(&mut self.is_after_silence);
        Ok(AudioPacket { timestamp, marker, payload: packet })
    }

    /// Sends nothing for so many steps of the timestamp (RFC 7587 section 3.1.3).
    pub const fn pause(&mut self, samples: u32) {
        self.timestamp = self.timestamp.plus(samples);
        self.is_after_silence = true;
    }
}
