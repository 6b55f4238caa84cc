//! Access units of H.264 out of their packets (RFC 6184 section 7).

use core::ops::Range;

use icelab_wire::{Reader, Serial16, Serial32};

use super::fragment::Fragment;
use super::unit::{UnitType, begins_access_unit};
use crate::packet::Packet;
use crate::payload::assembly::{Assembly, Body, FrameLimit, Span};
use crate::payload::order::{Discard, Pushed};

/// A whole access unit: the NAL units of one picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessUnit {
    /// When it was taken.
    pub timestamp: Serial32,
    /// Its first packet.
    pub first: Serial16,
    /// Its last packet.
    pub last: Serial16,
    data: Vec<u8>,
    units: Vec<Range<usize>>,
}

impl AccessUnit {
    /// Its NAL units, in order.
    pub fn units(&self) -> impl Iterator<Item = &[u8]> {
        self.units.iter().filter_map(|unit| self.data.get(unit.clone()))
    }

    /// The first unit of this type.
    #[must_use]
    pub fn unit(&self, kind: UnitType) -> Option<&[u8]> {
        self.units().find(|unit| unit.first().is_some_and(|byte| UnitType::of(*byte) == kind))
    }

    /// Whether the picture stands alone. A decoder that has not had the parameter sets needs them,
    /// too.
    #[must_use]
    pub fn is_key(&self) -> bool {
        self.unit(UnitType::IDR_SLICE).is_some()
    }

    /// The units as a byte stream, a start code before each (H.264 annex B).
    #[must_use]
    pub fn to_byte_stream(&self) -> Vec<u8> {
        let mut stream = Vec::with_capacity(self.data.len() + START_CODE.len() * self.units.len());
        for unit in self.units() {
            stream.extend_from_slice(&START_CODE);
            stream.extend_from_slice(unit);
        }
        stream
    }
}

/// Takes the packets of one stream, in packetization mode 0 or 1, and gives its access units.
///
/// One is whole when no packet is missing between the end of the one before and a packet with the
/// marker, or the first of the next. After a gap, one begins with a packet that shows it: by a
/// delimiter, a sequence parameter set, or a picture's first slice.
#[derive(Clone, Debug)]
pub struct Depacketiser {
    assembly: Assembly<Growing>,
}

impl Depacketiser {
    /// Of a stream of which nothing has come yet.
    #[must_use]
    pub const fn new(limit: FrameLimit) -> Self {
        Self { assembly: Assembly::new(limit) }
    }

    /// Takes the next packet.
    pub fn push(&mut self, packet: &Packet<'_>) -> Pushed<AccessUnit> {
        self.assembly.push(packet)
    }
}

/// An access unit while it grows.
#[derive(Clone, Debug)]
struct Growing {
    data: Vec<u8>,
    units: Vec<Range<usize>>,
    /// Where the unit begins of which parts have come, but not the last.
    open: Option<usize>,
}

/// One payload.
#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    Unit(&'a [u8]),
    /// Units, each behind its length; all of them are whole.
    Aggregate(&'a [u8]),
    Fragment(Fragment<'a>),
}

impl Body for Growing {
    type Frame = AccessUnit;
    type Part<'a> = Part<'a>;

    fn read(payload: &[u8]) -> Result<Part<'_>, Discard> {
        let [first, rest @ ..] = payload else { return Err(Discard::Malformed) };
        match UnitType::of(*first) {
            kind if kind.is_single() => Ok(Part::Unit(payload)),
            UnitType::AGGREGATE => {
                let mut reader = Reader::new(rest);
                while !reader.is_empty() {
                    match reader.vector16() {
                        Ok([header, ..]) if UnitType::of(*header).is_single() => {}
                        Ok(_) | Err(_) => return Err(Discard::Malformed),
                    }
                }
                if rest.is_empty() { Err(Discard::Malformed) } else { Ok(Part::Aggregate(rest)) }
            }
            UnitType::FRAGMENT => {
                Fragment::decode(payload).map(Part::Fragment).map_err(|_| Discard::Malformed)
            }
            UnitType(_) => Err(Discard::Unsupported),
        }
    }

    fn begins(part: &Part<'_>, is_after_gap: bool) -> bool {
        match part {
            Part::Unit(unit) => !is_after_gap || begins_access_unit(unit),
            Part::Aggregate(units) => {
                let first = Reader::new(units).vector16();
                !is_after_gap || first.is_ok_and(begins_access_unit)
            }
            Part::Fragment(fragment) => {
                let start = [fragment.header, fragment.data.first().copied().unwrap_or(0)];
                fragment.is_first && (!is_after_gap || begins_access_unit(&start))
            }
        }
    }

    fn new(_part: &Part<'_>) -> Self {
        Self { data: Vec::new(), units: Vec::new(), open: None }
    }

    fn add(&mut self, part: Part<'_>, limit: FrameLimit) -> Result<(), Discard> {
        match part {
            Part::Unit(unit) => self.unit(unit)?,
            Part::Aggregate(units) => {
                let mut reader = Reader::new(units);
                while let Ok(unit) = reader.vector16() {
                    self.unit(unit)?;
                }
            }
            Part::Fragment(fragment) => self.fragment(fragment)?,
        }
        // A unit takes memory beside its bytes, so its start code counts as in a byte stream.
        let length = self.data.len() + START_CODE.len() * self.units.len();
        if length > limit.0 { Err(Discard::TooLong) } else { Ok(()) }
    }

    fn finish(self, Span { timestamp, first, last }: Span) -> Option<AccessUnit> {
        let Self { data, units, open } = self;
        open.is_none().then_some(AccessUnit { timestamp, first, last, data, units })
    }
}

impl Growing {
    fn unit(&mut self, unit: &[u8]) -> Result<(), Discard> {
        if self.open.is_some() {
            return Err(Discard::Malformed);
        }
        let start = self.data.len();
        self.data.extend_from_slice(unit);
        self.units.push(start..self.data.len());
        Ok(())
    }

    fn fragment(&mut self, fragment: Fragment<'_>) -> Result<(), Discard> {
        let start = match self.open {
            None if fragment.is_first => {
                self.data.push(fragment.header);
                self.data.len() - 1
            }
            Some(start) if !fragment.is_first && self.kind_at(start) == fragment.kind() => start,
            None | Some(_) => return Err(Discard::Malformed),
        };
        self.data.extend_from_slice(fragment.data);
        self.open = Some(start).filter(|_| !fragment.is_last);
        if fragment.is_last {
            self.units.push(start..self.data.len());
        }
        Ok(())
    }

    /// The type of the unit that begins at `start`, which is zero where none does.
    fn kind_at(&self, start: usize) -> UnitType {
        UnitType::of(self.data.get(start).copied().unwrap_or(0))
    }
}

/// What stands before a unit in a byte stream (H.264 annex B).
const START_CODE: [u8; 4] = [0, 0, 0, 1];
