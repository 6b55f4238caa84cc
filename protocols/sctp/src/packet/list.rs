//! Lists of numbers in chunks, parameters and causes: read in place, or written from a slice.

use core::fmt;
use core::slice;

use icelab_wire::{DecodeError, Writer};

/// What a [`List`] holds: a value that always takes the same bytes.
pub trait Element: Copy + PartialEq {
    /// The bytes of one: an array.
    type Bytes: Copy + fmt::Debug;

    /// Splits `bytes` into those of one element each, and what is left at the end.
    fn split(bytes: &[u8]) -> (&[Self::Bytes], &[u8]);

    /// Reads one.
    fn from_bytes(bytes: Self::Bytes) -> Self;

    /// Writes one.
    fn encode(self, writer: &mut Writer);
}

/// Values of one kind, one after another: as they came in a packet, or as they will go into one.
#[derive(Clone, Copy)]
pub struct List<'a, T> {
    source: Source<'a, T>,
}

#[derive(Clone, Copy)]
enum Source<'a, T> {
    Wire(&'a [u8]),
    Values(&'a [T]),
}

impl<'a, T: Element> List<'a, T> {
    /// A list without elements.
    pub const EMPTY: Self = Self { source: Source::Values(&[]) };

    /// The list that `bytes` are.
    #[inline]
    pub(super) fn decode(bytes: &'a [u8], field: &'static str) -> Result<Self, DecodeError> {
        let (_, rest) = T::split(bytes);
        if rest.is_empty() {
            Ok(Self { source: Source::Wire(bytes) })
        } else {
            Err(DecodeError::Length { field })
        }
    }

    /// How many there are.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        match self.source {
            Source::Wire(bytes) => bytes.len() / size_of::<T::Bytes>(),
            Source::Values(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Them in order.
    #[inline]
    #[must_use]
    pub fn iter(&self) -> Elements<'a, T> {
        Elements(match self.source {
            Source::Wire(bytes) => Left::Wire(T::split(bytes).0.iter()),
            Source::Values(values) => Left::Values(values.iter()),
        })
    }

    /// How many bytes they take.
    #[inline]
    pub(super) const fn encoded_len(&self) -> usize {
        self.len() * size_of::<T::Bytes>()
    }

    #[inline]
    pub(super) fn encode(&self, writer: &mut Writer) {
        match self.source {
            Source::Wire(bytes) => writer.bytes(bytes),
            Source::Values(values) => values.iter().for_each(|value| value.encode(writer)),
        }
    }
}

impl<'a, T> From<&'a [T]> for List<'a, T> {
    fn from(values: &'a [T]) -> Self {
        Self { source: Source::Values(values) }
    }
}

impl<'a, T, const N: usize> From<&'a [T; N]> for List<'a, T> {
    fn from(values: &'a [T; N]) -> Self {
        Self::from(values.as_slice())
    }
}

impl<T: Element> Default for List<'_, T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T: Element> PartialEq for List<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Element + Eq> Eq for List<'_, T> {}

impl<T: Element + fmt::Debug> fmt::Debug for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: Element> IntoIterator for List<'a, T> {
    type Item = T;
    type IntoIter = Elements<'a, T>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The elements of a [`List`], in order.
#[derive(Clone, Debug)]
pub struct Elements<'a, T: Element>(Left<'a, T>);

#[derive(Clone, Debug)]
enum Left<'a, T: Element> {
    Wire(slice::Iter<'a, T::Bytes>),
    Values(slice::Iter<'a, T>),
}

impl<T: Element> Iterator for Elements<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Left::Wire(bytes) => bytes.next().copied().map(T::from_bytes),
            Left::Values(values) => values.next().copied(),
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Left::Wire(bytes) => bytes.size_hint(),
            Left::Values(values) => values.size_hint(),
        }
    }

    /// Looks once at where the elements come from, not at each of them.
    #[inline]
    fn fold<B, F: FnMut(B, T) -> B>(self, start: B, each: F) -> B {
        match self.0 {
            Left::Wire(bytes) => bytes.copied().map(T::from_bytes).fold(start, each),
            Left::Values(values) => values.copied().fold(start, each),
        }
    }
}

impl<T: Element> ExactSizeIterator for Elements<'_, T> {}

/// Implements [`Element`] for a value of `$length` bytes.
macro_rules! element {
    ($name:ty, $length:literal, |$bytes:ident| $read:expr, |$value:ident| $write:expr) => {
        impl crate::packet::list::Element for $name {
            type Bytes = [u8; $length];

            #[inline]
            fn split(bytes: &[u8]) -> (&[Self::Bytes], &[u8]) {
                bytes.as_chunks()
            }

            #[inline]
            fn from_bytes($bytes: Self::Bytes) -> Self {
                $read
            }

            #[inline]
            fn encode(self, writer: &mut icelab_wire::Writer) {
                let $value = self;
                let bytes: Self::Bytes = $write;
                writer.bytes(&bytes);
            }
        }
    };
}

pub(super) use element;
