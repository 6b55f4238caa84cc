//! Parameters one after another, read in place or written from a slice (RFC 9260 section 3.2.1).

use core::fmt;
use core::slice;

use icelab_wire::{DecodeError, Reader, Writer};

use super::{Parameter, RawParameter};
use crate::packet::tlv;

/// The parameters of a chunk: as they came in a packet, or as they will go into one.
#[derive(Clone, Copy)]
pub struct Parameters<'a> {
    source: Source<'a>,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Wire(&'a [u8]),
    Values(&'a [Parameter<'a>]),
}

impl<'a> Parameters<'a> {
    /// No parameters.
    pub const EMPTY: Self = Self { source: Source::Values(&[]) };

    /// The parameters that `bytes` are, each of which can be read.
    pub(in crate::packet) fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let parameters = Self::unchecked(bytes);
        parameters.check()?;
        Ok(parameters)
    }

    /// The same before [`Parameters::check`].
    pub(in crate::packet) const fn unchecked(bytes: &'a [u8]) -> Self {
        Self { source: Source::Wire(bytes) }
    }

    /// Finds the first that cannot be read.
    pub(in crate::packet) fn check(&self) -> Result<(), DecodeError> {
        let mut parameters = self.iter();
        while parameters.read_next()?.is_some() {}
        Ok(())
    }

    /// Them in order. An unknown one whose type says that nothing after it is to be processed ends
    /// them.
    #[must_use]
    pub fn iter(&self) -> ParameterIter<'a> {
        ParameterIter(match self.source {
            Source::Wire(bytes) => Left::Wire(Reader::new(bytes)),
            Source::Values(values) => Left::Values(values.iter()),
        })
    }

    /// How many bytes they take, without the padding of the last.
    pub(in crate::packet) fn encoded_len(&self) -> usize {
        match self.source {
            Source::Wire(bytes) => bytes.len(),
            Source::Values(values) => tlv::sequence_len(values.iter().map(Parameter::value_len)),
        }
    }

    pub(in crate::packet) fn encode(&self, writer: &mut Writer) {
        match self.source {
            Source::Wire(bytes) => writer.bytes(bytes),
            Source::Values(values) => {
                let start = writer.len();
                for parameter in values {
                    tlv::pad(start, writer);
                    tlv::encode_header(parameter.kind().0, parameter.value_len(), writer);
                    parameter.encode_value(writer);
                }
            }
        }
    }
}

impl<'a> From<&'a [Parameter<'a>]> for Parameters<'a> {
    fn from(values: &'a [Parameter<'a>]) -> Self {
        Self { source: Source::Values(values) }
    }
}

impl<'a, const N: usize> From<&'a [Parameter<'a>; N]> for Parameters<'a> {
    fn from(values: &'a [Parameter<'a>; N]) -> Self {
        Self::from(values.as_slice())
    }
}

impl Default for Parameters<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl PartialEq for Parameters<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Parameters<'_> {}

impl fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for Parameters<'a> {
    type Item = Parameter<'a>;
    type IntoIter = ParameterIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Some [`Parameters`], in order.
#[derive(Clone, Debug)]
pub struct ParameterIter<'a>(Left<'a>);

#[derive(Clone, Debug)]
enum Left<'a> {
    Wire(Reader<'a>),
    Values(slice::Iter<'a, Parameter<'a>>),
    Nothing,
}

impl<'a> ParameterIter<'a> {
    /// Reads the next one. After an error there is none.
    fn read_next(&mut self) -> Result<Option<Parameter<'a>>, DecodeError> {
        let parameter = match &mut self.0 {
            Left::Wire(reader) if reader.is_empty() => Ok(None),
            Left::Wire(reader) => {
                RawParameter::decode_from(reader).and_then(RawParameter::decode).map(Some)
            }
            Left::Values(values) => Ok(values.next().copied()),
            Left::Nothing => Ok(None),
        };
        let is_last = match &parameter {
            Ok(Some(Parameter::Unknown(unknown))) => unknown.kind().unrecognized().is_stop(),
            Ok(_) => false,
            Err(_) => true,
        };
        if is_last {
            self.0 = Left::Nothing;
        }
        parameter
    }
}

impl<'a> Iterator for ParameterIter<'a> {
    type Item = Parameter<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read_next().ok().flatten()
    }
}
