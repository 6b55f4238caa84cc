//! The ChannelData message: four bytes before the application's data (RFC 8656 section 12.4).

use core::fmt;

use icelab_wire::{DecodeError, Reader, Writer};

/// The number of a channel: 0x4000 to 0x4FFF (RFC 8656 section 12, table 2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelNumber(u16);

impl ChannelNumber {
    /// The lowest number.
    pub const FIRST: Self = Self(0x4000);

    /// The highest number.
    pub const LAST: Self = Self(0x4FFF);

    /// The channel `number`; `None` outside the allowed range.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if number >= Self::FIRST.0 && number <= Self::LAST.0 { Some(Self(number)) } else { None }
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The number after this one; the first after the last.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 == Self::LAST.0 { Self::FIRST } else { Self(self.0 + 1) }
    }
}

impl fmt::Display for ChannelNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x}", self.0)
    }
}

impl fmt::Debug for ChannelNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelNumber({self})")
    }
}

/// Application data on a channel.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |         Channel Number        |            Length             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// /                       Application Data                        /
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelData<'a> {
    /// The channel, and so the peer.
    pub number: ChannelNumber,
    /// What the peer sends or receives; may be empty.
    pub data: &'a [u8],
}

impl<'a> ChannelData<'a> {
    /// How many bytes stand before the data.
    pub const HEADER_LENGTH: usize = 4;

    /// Whether a datagram that starts with `first` is a ChannelData message (RFC 7983 section 7).
    #[must_use]
    pub const fn starts_with(first: u8) -> bool {
        matches!(first, 0x40..=0x4F)
    }

    /// Reads the ChannelData message in a UDP datagram. What follows the data is padding and is
    /// ignored (RFC 8656 section 12.5).
    ///
    /// # Errors
    /// Where the number is out of range, or the datagram is shorter than the length it claims
    /// (section 12.6).
    pub fn decode(datagram: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(datagram);
        let number = ChannelNumber::new(reader.u16()?)
            .ok_or(DecodeError::Value { field: "Channel Number" })?;
        let length = usize::from(reader.u16()?);
        Ok(Self { number, data: reader.take(length)? })
    }

    /// The message as it goes into a UDP datagram, without padding; `None` where the data is
    /// longer than its length field can say.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let length = u16::try_from(self.data.len()).ok()?;
        let mut writer = Writer::with_capacity(Self::HEADER_LENGTH + self.data.len());
        writer.u16(self.number.get());
        writer.u16(length);
        writer.bytes(self.data);
        Some(writer.into_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // "ping" on the channel of RFC 8656 section 20, figure 16.
    const MESSAGE: [u8; 8] = [0x40, 0x00, 0x00, 0x04, b'p', b'i', b'n', b'g'];

    #[test]
    fn the_example_reads_and_writes() {
        let message = ChannelData { number: ChannelNumber::FIRST, data: b"ping" };
        assert_eq!(ChannelData::decode(&MESSAGE), Ok(message));
        assert_eq!(message.encode().unwrap(), MESSAGE);
    }

    #[test]
    fn every_truncation_is_refused() {
        for length in 0..MESSAGE.len() {
            assert!(ChannelData::decode(&MESSAGE[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn padding_is_ignored_and_no_data_is_data() {
        let padded = [0x4F, 0xFF, 0x00, 0x01, 7, 0, 0, 0];
        let message = ChannelData::decode(&padded).unwrap();
        assert_eq!((message.number, message.data), (ChannelNumber::LAST, &[7][..]));
        let empty = ChannelData { number: ChannelNumber::FIRST, data: &[] };
        assert_eq!(ChannelData::decode(&empty.encode().unwrap()), Ok(empty));
    }

    #[test]
    fn reserved_numbers_are_refused() {
        for number in [0_u16, 0x3FFF, 0x5000, 0x7FFF, 0xFFFF] {
            assert_eq!(ChannelNumber::new(number), None);
            let [high, low] = number.to_be_bytes();
            assert!(ChannelData::decode(&[high, low, 0, 0]).is_err());
        }
    }

    #[test]
    fn data_too_long_for_its_length_field_is_refused() {
        let data = vec![0; 65_536];
        assert_eq!(ChannelData { number: ChannelNumber::FIRST, data: &data }.encode(), None);
    }
}
