//! How transport-wide feedback says which packets arrived: packet status chunks
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).

use icelab_wire::{DecodeError, Writer};

/// What became of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It has not arrived.
    Missing,
    /// It has arrived 0 to 255 ticks after the one before.
    Small,
    /// It has arrived, and 16 bits say when.
    Large,
}

/// Sixteen bits that say what became of several packets.
///
/// ```text
///  0                   1                  0                   1
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5        0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |0| S |       Run Length        |      |1|S|       symbol list         |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug)]
pub(super) enum Chunk {
    /// The same of several packets.
    Run(Status, u16),
    /// One bit for each of 14 packets, the first on top.
    OneBit(u16),
    /// Two bits for each of 7 packets, the first on top.
    TwoBits(u16),
}

impl Chunk {
    /// # Errors
    /// Where the status of a run is the reserved one.
    pub(super) const fn from_bits(bits: u16) -> Result<Self, DecodeError> {
        match bits >> 14 {
            0 | 1 => match status(bits >> 13) {
                Ok(status) => Ok(Self::Run(status, bits & 0x1FFF)),
                Err(error) => Err(error),
            },
            2 => Ok(Self::OneBit(bits & 0x3FFF)),
            _ => Ok(Self::TwoBits(bits & 0x3FFF)),
        }
    }

    const fn bits(self) -> u16 {
        match self {
            Self::Run(status, length) => (status as u16) << 13 | length,
            Self::OneBit(symbols) => 2 << 14 | symbols,
            Self::TwoBits(symbols) => 3 << 14 | symbols,
        }
    }

    /// How many packets it is about.
    pub(super) const fn length(self) -> u16 {
        match self {
            Self::Run(_, length) => length,
            Self::OneBit(_) => 14,
            Self::TwoBits(_) => 7,
        }
    }

    /// What became of its packet at `place`, which is below its length.
    ///
    /// # Errors
    /// Where it is the reserved status.
    pub(super) const fn status(self, place: u16) -> Result<Status, DecodeError> {
        match self {
            Self::Run(status, _) => Ok(status),
            Self::OneBit(symbols) if symbols >> (13 - place) & 1 == 0 => Ok(Status::Missing),
            Self::OneBit(_) => Ok(Status::Small),
            Self::TwoBits(symbols) => status(symbols >> (12 - 2 * place) & 3),
        }
    }
}

/// The status that two bits say.
const fn status(bits: u16) -> Result<Status, DecodeError> {
    match bits {
        0 => Ok(Status::Missing),
        1 => Ok(Status::Small),
        2 => Ok(Status::Large),
        _ => Err(DecodeError::Value { field: "packet status symbol" }),
    }
}

/// Writes the chunks that say `statuses`: runs where these say more than a list of symbols would.
pub(super) fn encode(statuses: &[Status], writer: &mut Writer) {
    let mut left = statuses;
    while let Some(first) = left.first() {
        let run = left.iter().take(MOST_IN_RUN).take_while(|status| *status == first).count();
        let listed = left.get(..14).unwrap_or(left);
        let fits_one_bit = !listed.contains(&Status::Large);
        let in_list = if fits_one_bit { 14 } else { 7 };
        let (chunk, taken) = if run >= in_list || run == left.len() {
            (Chunk::Run(*first, run as u16), run)
        } else if fits_one_bit {
            (Chunk::OneBit(symbols(listed, 14, 1)), 14)
        } else {
            (Chunk::TwoBits(symbols(listed.get(..7).unwrap_or(listed), 7, 2)), 7)
        };
        writer.u16(chunk.bits());
        left = left.get(taken..).unwrap_or(&[]);
    }
}

/// A list of `places` symbols of `bits` bits each; missing packets fill its end.
fn symbols(statuses: &[Status], places: u32, bits: u32) -> u16 {
    let said = statuses.iter().fold(0, |said, status| said << bits | *status as u16);
    said << (bits * (places - statuses.len() as u32)) // never more than `places`
}

/// The longest run: its length has 13 bits.
const MOST_IN_RUN: usize = 0x1FFF;
