//! The header extensions that WebRTC uses.

use icelab_wire::{DecodeError, Reader, Serial16, Writer};

use super::Extension;
use crate::ntp::NtpTime;

macro_rules! identification {
    ($(#[$doc:meta])* $name:ident, $uri:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name<'a>(&'a str);

        impl<'a> $name<'a> {
            /// The identification, or `None` where it is empty, longer than 255 bytes, or not
            /// plain visible ASCII.
            #[must_use]
            pub fn new(text: &'a str) -> Option<Self> {
                let is_token = text.bytes().all(|byte| byte.is_ascii_graphic());
                (is_token && (1..=255).contains(&text.len())).then_some(Self(text))
            }

            /// Its text.
            #[must_use]
            pub const fn text(self) -> &'a str {
                self.0
            }
        }

        impl<'a> Extension<'a> for $name<'a> {
            const URI: &'static str = $uri;

            fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
                let text = core::str::from_utf8(bytes).ok().and_then(Self::new);
                text.ok_or(DecodeError::Value { field: stringify!($name) })
            }

            fn encode(&self, writer: &mut Writer) {
                writer.bytes(self.0.as_bytes());
            }
        }
    };
}

identification!(
    /// Which media section of the session description the stream belongs to (RFC 8843 section 15).
    Mid,
    "urn:ietf:params:rtp-hdrext:sdes:mid"
);
identification!(
    /// Which of a source's streams this is (RFC 8852 section 3.1).
    Rid,
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
);
identification!(
    /// Which of a source's streams this one repairs (RFC 8852 section 3.2).
    RepairedRid,
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
);

/// How loud the packet's audio is (RFC 6464 section 3).
///
/// ```text
/// +-+-+-+-+-+-+-+-+
/// |V| level       |
/// +-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioLevel {
    /// Whether the sender believes that it is voice.
    pub is_voice: bool,
    /// Decibels below the overload point: 0 is loudest, 127 silence. Seven bits are sent.
    pub level: u8,
}

impl Extension<'_> for AudioLevel {
    const URI: &'static str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let byte = reader.u8()?;
        reader.finish()?;
        Ok(Self { is_voice: byte & 0x80 != 0, level: byte & 0x7F })
    }

    fn encode(&self, writer: &mut Writer) {
        writer.u8(u8::from(self.is_voice) << 7 | self.level & 0x7F);
    }
}

/// When the packet left its sender: seconds, 6 bits before the point and 18 after it. It wraps
/// after 64 seconds (`abs-send-time`, an experiment of WebRTC's).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbsoluteSendTime(pub u32);

impl From<NtpTime> for AbsoluteSendTime {
    fn from(time: NtpTime) -> Self {
        Self((time.0 >> 14) as u32 & 0x00FF_FFFF)
    }
}

impl Extension<'_> for AbsoluteSendTime {
    const URI: &'static str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let time = reader.u24()?;
        reader.finish()?;
        Ok(Self(time))
    }

    fn encode(&self, writer: &mut Writer) {
        writer.u24(self.0);
    }
}

/// The packet's number among all packets of the transport
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportSequence(pub Serial16);

impl Extension<'_> for TransportSequence {
    const URI: &'static str =
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let number = reader.u16()?;
        reader.finish()?;
        Ok(Self(Serial16(number)))
    }

    fn encode(&self, writer: &mut Writer) {
        writer.u16(self.0.0);
    }
}

/// How much later than its timestamp says the packet was sent, in the timestamp's units; 24 bits
/// (RFC 5450 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransmissionOffset(pub i32);

impl Extension<'_> for TransmissionOffset {
    const URI: &'static str = "urn:ietf:params:rtp-hdrext:toffset";

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let offset = reader.u24()?;
        reader.finish()?;
        Ok(Self((offset << 8).cast_signed() >> 8))
    }

    fn encode(&self, writer: &mut Writer) {
        let nearest = self.0.clamp(-(1 << 23), (1 << 23) - 1);
        writer.u24(nearest.cast_unsigned());
    }
}

/// How the receiver must turn the picture (3GPP TS 26.114 section 7.4.5).
///
/// ```text
/// +-+-+-+-+-+-+-+-+
/// |0 0 0 0 C F R R|
/// +-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VideoOrientation {
    /// Whether it comes from the camera at the back.
    pub is_back_camera: bool,
    /// Whether it is mirrored from left to right.
    pub is_flipped: bool,
    /// Quarter turns, 0 to 3, that undo the camera's.
    pub quarter_turns: u8,
}

impl Extension<'_> for VideoOrientation {
    const URI: &'static str = "urn:3gpp:video-orientation";

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let byte = reader.u8()?;
        reader.finish()?;
        Ok(Self {
            is_back_camera: byte & 8 != 0,
            is_flipped: byte & 4 != 0,
            quarter_turns: byte & 3,
        })
    }

    fn encode(&self, writer: &mut Writer) {
        let flags = u8::from(self.is_back_camera) << 3 | u8::from(self.is_flipped) << 2;
        writer.u8(flags | self.quarter_turns & 3);
    }
}
