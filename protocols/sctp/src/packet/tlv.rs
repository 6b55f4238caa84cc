//! The shape that parameters and error causes share: type, length, value, padding (RFC 9260
//! section 3.2.1).

use icelab_wire::{DecodeError, Reader, Writer};

/// A parameter or an error cause whose value is not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tlv<'a> {
    pub(super) kind: u16,
    pub(super) value: &'a [u8],
    /// Type, length and value, without padding.
    pub(super) bytes: &'a [u8],
}

/// How many bytes type and length take.
pub(super) const HEADER_LENGTH: usize = 4;

impl<'a> Tlv<'a> {
    /// Reads the one that `reader` stands before, and its padding, which the last one may lack: the
    /// length of what it is in need not count it (section 3.2).
    pub(super) fn decode_from(
        reader: &mut Reader<'a>,
        field: &'static str,
    ) -> Result<Self, DecodeError> {
        let whole = reader.peek();
        let kind = reader.u16()?;
        let length = usize::from(reader.u16()?);
        let value = length.checked_sub(HEADER_LENGTH).ok_or(DecodeError::Length { field })?;
        let value = reader.take(value)?;
        let bytes = whole.get(..length).unwrap_or(whole);
        skip_padding(reader, length);
        Ok(Self { kind, value, bytes })
    }
}

/// Skips what fills up an element of `length` bytes to whole words, or as much of it as there is.
#[inline]
pub(super) fn skip_padding(reader: &mut Reader<'_>, length: usize) {
    let padding = (length.next_multiple_of(4) - length).min(reader.remaining());
    let _ = reader.take(padding);
}

/// Writes type and length before a value of `value_length` bytes, which is at most 65,531: the
/// chunk around it has been found short enough.
pub(super) fn encode_header(kind: u16, value_length: usize, writer: &mut Writer) {
    writer.u16(kind);
    writer.u16((HEADER_LENGTH + value_length) as u16);
}

/// The bytes that elements of these lengths take with their headers. They are padded to whole words
/// but for the last one, whose padding is the chunk's (section 3.2).
pub(super) fn sequence_len(value_lengths: impl Iterator<Item = usize>) -> usize {
    value_lengths.fold(0_usize, |sum, length| sum.next_multiple_of(4) + HEADER_LENGTH + length)
}

/// Pads what stands after `start` to whole words.
#[inline]
pub(super) fn pad(start: usize, writer: &mut Writer) {
    let length = writer.len() - start;
    writer.zeros(length.next_multiple_of(4) - length);
}
