//! G.711, by the mu-law or the A-law: 8000 samples a second, one byte each (RFC 3551 section
//! 4.5.14).

use core::time::Duration;

use icelab_wire::Serial32;

use super::audio::AudioPacket;

/// Samples in a second, and steps of the timestamp.
pub const CLOCK_RATE: u32 = 8000;

/// Cuts a stream of samples into packets.
#[derive(Clone, Debug)]
pub struct Packetiser {
    samples: usize,
    timestamp: Serial32,
    is_after_silence: bool,
}

impl Packetiser {
    /// Packets of `packet_time` each (`ptime`), from 1 to 200 ms (RFC 3551 section 4.2); the first
    /// is sent as one after silence.
    #[must_use]
    pub fn new(packet_time: Duration, timestamp: Serial32) -> Self {
        let packet_time = packet_time.clamp(Duration::from_millis(1), Duration::from_millis(200));
        let samples = packet_time.as_micros() * u128::from(CLOCK_RATE) / 1_000_000;
        Self { samples: samples as usize, timestamp, is_after_silence: true }
    }

    /// Cuts the next samples; only the last packet is shorter than the packet time.
    pub fn packetise<'a>(&mut self, samples: &'a [u8]) -> impl Iterator<Item = AudioPacket<'a>> {
        samples.chunks(self.samples).map(|payload| {
            let timestamp = self.timestamp;
            self.timestamp = timestamp.plus(payload.len() as u32); // at most 200 ms
            let marker = core::mem::take(&mut self.is_after_silence);
            AudioPacket { timestamp, marker, payload }
        })
    }

    /// Says nothing for so many samples.
    pub const fn pause(&mut self, samples: u32) {
        self.timestamp = self.timestamp.plus(samples);
        self.is_after_silence = true;
    }
}
