//! What stands before a payload of VP8 (RFC 7741 section 4.2).

use icelab_wire::{DecodeError, Reader, Writer};

/// What stands before a payload.
///
/// ```text
///      0 1 2 3 4 5 6 7
///     +-+-+-+-+-+-+-+-+
///     |X|R|N|S|R| PID | (REQUIRED)
///     +-+-+-+-+-+-+-+-+
/// X:  |I|L|T|K| RSV   | (OPTIONAL)
///     +-+-+-+-+-+-+-+-+
/// I:  |M| PictureID   | (OPTIONAL, one or two bytes)
///     +-+-+-+-+-+-+-+-+
/// L:  |   TL0PICIDX   | (OPTIONAL)
///     +-+-+-+-+-+-+-+-+
/// T/K:|TID|Y| KEYIDX  | (OPTIONAL)
///     +-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Descriptor {
    /// Whether no other frame needs this one (N).
    pub is_discardable: bool,
    /// Whether the payload begins a partition (S).
    pub is_partition_start: bool,
    /// The partition that the payload begins in: three bits (PID).
    pub partition: u8,
    /// The number of the frame.
    pub picture_id: Option<PictureId>,
    /// The number of the frame of the lowest layer that this one depends on, or is (TL0PICIDX).
    pub base_layer_index: Option<u8>,
    /// The temporal layer: two bits (TID).
    pub temporal_layer: Option<u8>,
    /// Whether the frame depends on the lowest layer only (Y). It is sent with a layer or a key
    /// index.
    pub is_layer_sync: bool,
    /// The number of the key frame that this one depends on: five bits (KEYIDX).
    pub key_index: Option<u8>,
}

/// The number of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureId {
    /// Seven bits.
    Short(u8),
    /// Fifteen bits.
    Long(u16),
}

impl PictureId {
    /// The number of the next frame; it wraps within its bits.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Short(number) => Self::Short(number.wrapping_add(1) & 0x7F),
            Self::Long(number) => Self::Long(number.wrapping_add(1) & 0x7FFF),
        }
    }
}

impl Descriptor {
    /// How long it is at most.
    pub const LONGEST: usize = 6;

    /// Whether the payload is the first of a frame.
    #[must_use]
    pub const fn is_frame_start(&self) -> bool {
        self.is_partition_start && self.partition == 0
    }

    /// Reads the descriptor that starts `payload`, and gives the rest with it.
    ///
    /// # Errors
    /// Where a part of it is cut off.
    pub fn decode(payload: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        let mut reader = Reader::new(payload);
        let first = reader.u8()?;
        let mut descriptor = Self {
            is_discardable: first & 0x20 != 0,
            is_partition_start: first & 0x10 != 0,
            partition: first & 7,
            ..Self::default()
        };
        let present = if first & 0x80 == 0 { 0 } else { reader.u8()? };
        if present & 0x80 != 0 {
            let short = reader.u8()?;
            descriptor.picture_id = Some(if short & 0x80 == 0 {
                PictureId::Short(short)
            } else {
                PictureId::Long(u16::from_be_bytes([short & 0x7F, reader.u8()?]))
            });
        }
        if present & 0x40 != 0 {
            descriptor.base_layer_index = Some(reader.u8()?);
        }
        if present & 0x30 != 0 {
            let byte = reader.u8()?;
            descriptor.temporal_layer = (present & 0x20 != 0).then_some(byte >> 6);
            descriptor.is_layer_sync = byte & 0x20 != 0;
            descriptor.key_index = (present & 0x10 != 0).then_some(byte & 0x1F);
        }
        Ok((descriptor, reader.rest()))
    }

    /// Writes the descriptor.
    pub fn encode(&self, writer: &mut Writer) {
        let has_layers = self.temporal_layer.is_some() || self.key_index.is_some();
        let present = u8::from(self.picture_id.is_some()) << 7
            | u8::from(self.base_layer_index.is_some()) << 6
            | u8::from(self.temporal_layer.is_some()) << 5
            | u8::from(self.key_index.is_some()) << 4;
        writer.u8(u8::from(present != 0) << 7
            | u8::from(self.is_discardable) << 5
            | u8::from(self.is_partition_start) << 4
            | self.partition & 7);
        if present != 0 {
            writer.u8(present);
        }
        match self.picture_id {
            None => {}
            Some(PictureId::Short(number)) => writer.u8(number & 0x7F),
            Some(PictureId::Long(number)) => writer.u16(0x8000 | number),
        }
        if let Some(index) = self.base_layer_index {
            writer.u8(index);
        }
        if has_layers {
            writer.u8((self.temporal_layer.unwrap_or(0) & 3) << 6
                | u8::from(self.is_layer_sync) << 5
                | self.key_index.unwrap_or(0) & 0x1F);
        }
    }
}
