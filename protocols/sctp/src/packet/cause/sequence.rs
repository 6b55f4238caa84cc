//! Error causes one after another, read in place or written from a slice.

use core::fmt;
use core::slice;

use icelab_wire::{DecodeError, Reader, Writer};

use super::{Cause, RawCause};
use crate::packet::tlv;

/// The causes of an ABORT or ERROR chunk: as they came in a packet, or as they will go into one.
#[derive(Clone, Copy)]
pub struct Causes<'a> {
    source: Source<'a>,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Wire(&'a [u8]),
    Values(&'a [Cause<'a>]),
}

impl<'a> Causes<'a> {
    /// No causes.
    pub const EMPTY: Self = Self { source: Source::Values(&[]) };

    /// The causes that `bytes` are, each of which can be read.
    pub(in crate::packet) fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        while !reader.is_empty() {
            RawCause::decode_from(&mut reader)?.decode()?;
        }
        Ok(Self { source: Source::Wire(bytes) })
    }

    /// Them in order.
    #[must_use]
    pub fn iter(&self) -> CauseIter<'a> {
        CauseIter(match self.source {
            Source::Wire(bytes) => Left::Wire(Reader::new(bytes)),
            Source::Values(values) => Left::Values(values.iter()),
        })
    }

    /// How many bytes they take, without the padding of the last.
    pub(in crate::packet) fn encoded_len(&self) -> usize {
        match self.source {
            Source::Wire(bytes) => bytes.len(),
            Source::Values(values) => tlv::sequence_len(values.iter().map(Cause::value_len)),
        }
    }

    pub(in crate::packet) fn encode(&self, writer: &mut Writer) {
        match self.source {
            Source::Wire(bytes) => writer.bytes(bytes),
            Source::Values(values) => {
                let start = writer.len();
                for cause in values {
                    tlv::pad(start, writer);
                    tlv::encode_header(cause.code().0, cause.value_len(), writer);
                    cause.encode_value(writer);
                }
            }
        }
    }
}

impl<'a> From<&'a [Cause<'a>]> for Causes<'a> {
    fn from(values: &'a [Cause<'a>]) -> Self {
        Self { source: Source::Values(values) }
    }
}

impl<'a, const N: usize> From<&'a [Cause<'a>; N]> for Causes<'a> {
    fn from(values: &'a [Cause<'a>; N]) -> Self {
        Self::from(values.as_slice())
    }
}

impl Default for Causes<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl PartialEq for Causes<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Causes<'_> {}

impl fmt::Debug for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for Causes<'a> {
    type Item = Cause<'a>;
    type IntoIter = CauseIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Some [`Causes`], in order.
#[derive(Clone, Debug)]
pub struct CauseIter<'a>(Left<'a>);

#[derive(Clone, Debug)]
enum Left<'a> {
    Wire(Reader<'a>),
    Values(slice::Iter<'a, Cause<'a>>),
}

impl<'a> Iterator for CauseIter<'a> {
    type Item = Cause<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            // All of them have been read once.
            Left::Wire(reader) => RawCause::decode_from(reader).and_then(RawCause::decode).ok(),
            Left::Values(values) => values.next().copied(),
        }
    }
}
