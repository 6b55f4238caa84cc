//! Lists of two-byte numbers.

use icelab_wire::{DecodeError, Reader, Writer};

/// The numbers in `bytes`, unknown ones included.
///
/// # Errors
/// [`DecodeError::Length`] where half a number is left, or the list is empty.
pub(super) fn decode<T: From<u16>>(
    bytes: &[u8],
    field: &'static str,
) -> Result<Vec<T>, DecodeError> {
    if bytes.is_empty() || !bytes.len().is_multiple_of(2) {
        return Err(DecodeError::Length { field });
    }
    let mut reader = Reader::new(bytes);
    let mut list = Vec::with_capacity(bytes.len() / 2);
    while !reader.is_empty() {
        list.push(T::from(reader.u16()?));
    }
    Ok(list)
}

/// Writes the numbers, without a length.
pub(super) fn encode<T: Copy + Into<u16>>(list: &[T], writer: &mut Writer) {
    for number in list {
        writer.u16((*number).into());
    }
}
