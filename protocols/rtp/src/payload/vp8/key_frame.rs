//! What a key frame of VP8 begins with (RFC 6386 section 9.1).

use icelab_wire::{DecodeError, Reader};

/// Whether a frame, or the first payload of one, stands alone (RFC 7741 section 4.3).
#[must_use]
pub const fn is_key_frame(frame: &[u8]) -> bool {
    matches!(frame, [first, ..] if *first & 1 == 0)
}

/// What the header of a key frame says of the picture.
///
/// ```text
/// +-+-+-+-+-+-+-+-+
/// |Size0|H| VER |P|
/// +-+-+-+-+-+-+-+-+
/// |     Size1     |
/// +-+-+-+-+-+-+-+-+
/// |     Size2     |
/// +-+-+-+-+-+-+-+-+
/// | 0x9D 0x01 0x2A|, width and height, each 14 bits and 2 of scale, the lower byte first
/// +-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFrame {
    /// In pixels, before scaling.
    pub width: u16,
    /// In pixels, before scaling.
    pub height: u16,
    /// Whether the picture is to be shown (H).
    pub is_shown: bool,
    /// How long the first partition is: 19 bits.
    pub first_partition: u32,
}

impl KeyFrame {
    /// Reads the header of a key frame.
    ///
    /// # Errors
    /// Where it is cut off, is no key frame's, or lacks the start code.
    pub fn decode(frame: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(frame);
        let [first, size1, size2] = reader.array()?;
        if first & 1 != 0 {
            return Err(DecodeError::Value { field: "P" });
        }
        if reader.u24()? != 0x9D_012A {
            return Err(DecodeError::Value { field: "start code" });
        }
        let width = u16::from_le_bytes(reader.array()?) & 0x3FFF;
        let height = u16::from_le_bytes(reader.array()?) & 0x3FFF;
        let first_partition = u32::from_le_bytes([first, size1, size2, 0]) >> 5;
        Ok(Self { width, height, is_shown: first & 0x10 != 0, first_partition })
    }
}
