//! Takes fields off the front of a buffer, in order.

use crate::error::DecodeError;

/// A cursor over borrowed bytes. All integers are big-endian (network order).
///
/// A read that fails moves nothing, so the caller may try something else at the same place.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `bytes`.
    #[inline]
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, length: bytes.len() }
    }

    /// How many bytes have been read.
    #[inline]
    #[must_use]
    pub const fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    /// How many bytes are left.
    #[inline]
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes that are left, without reading them.
    #[inline]
    #[must_use]
    pub const fn peek(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads all that is left.
    #[inline]
    #[must_use]
    pub const fn rest(&mut self) -> &'a [u8] {
        let rest = self.rest;
        self.rest = &[];
        rest
    }

    /// Reads the next `length` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where fewer are left.
    #[inline]
    pub const fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(DecodeError::Truncated { needed: length, had: self.rest.len() }),
        }
    }

    /// Reads the next `N` bytes as an array.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where fewer are left.
    #[inline]
    pub const fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk::<N>() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(*taken)
            }
            None => Err(DecodeError::Truncated { needed: N, had: self.rest.len() }),
        }
    }

    /// Reads one byte.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where nothing is left.
    #[inline]
    pub const fn u8(&mut self) -> Result<u8, DecodeError> {
        match self.array::<1>() {
            Ok([byte]) => Ok(byte),
            Err(error) => Err(error),
        }
    }

    /// Reads two bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where fewer are left.
    #[inline]
    pub const fn u16(&mut self) -> Result<u16, DecodeError> {
        match self.array() {
            Ok(bytes) => Ok(u16::from_be_bytes(bytes)),
            Err(error) => Err(error),
        }
    }

    /// Reads three bytes into the low 24 bits.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where fewer are left.
    #[inline]
    pub const fn u24(&mut self) -> Result<u32, DecodeError> {
        match self.array::<3>() {
            Ok([a, b, c]) => Ok(u32::from_be_bytes([0, a, b, c])),
            Err(error) => Err(error),
        }
    }

    /// Reads four bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where fewer are left.
    #[inline]
    pub const fn u32(&mut self) -> Result<u32, DecodeError> {
        match self.array() {
            Ok(bytes) => Ok(u32::from_be_bytes(bytes)),
            Err(error) => Err(error),
        }
    }

    /// Reads eight bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where fewer are left.
    #[inline]
    pub const fn u64(&mut self) -> Result<u64, DecodeError> {
        match self.array() {
            Ok(bytes) => Ok(u64::from_be_bytes(bytes)),
            Err(error) => Err(error),
        }
    }

    /// Reads a length in one byte, and as many bytes as it says.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where fewer are left.
    #[inline]
    pub const fn vector8(&mut self) -> Result<&'a [u8], DecodeError> {
        match self.u8() {
            Ok(length) => self.take(length as usize),
            Err(error) => Err(error),
        }
    }

    /// Reads a length in two bytes, and as many bytes as it says.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where fewer are left.
    #[inline]
    pub const fn vector16(&mut self) -> Result<&'a [u8], DecodeError> {
        match self.u16() {
            Ok(length) => self.take(length as usize),
            Err(error) => Err(error),
        }
    }

    /// Reads a length in three bytes, and as many bytes as it says.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where fewer are left.
    #[inline]
    pub const fn vector24(&mut self) -> Result<&'a [u8], DecodeError> {
        match self.u24() {
            Ok(length) => self.take(length as usize),
            Err(error) => Err(error),
        }
    }

    /// Says that the message ends here.
    ///
    /// # Errors
    /// [`DecodeError::Trailing`] where bytes are left.
    #[inline]
    pub const fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Trailing { left: self.rest.len() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_off_in_order_and_big_endian() {
        let bytes = [1, 0, 2, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5, 9, 9];
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.u8(), Ok(1));
        assert_eq!(reader.u16(), Ok(2));
        assert_eq!(reader.u24(), Ok(3));
        assert_eq!(reader.u32(), Ok(4));
        assert_eq!(reader.u64(), Ok(5));
        assert_eq!(reader.position(), 18);
        assert_eq!(reader.finish(), Err(DecodeError::Trailing { left: 2 }));
        assert_eq!(reader.rest(), [9, 9]);
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn a_vector_has_its_length_before_it() {
        let bytes = [1, 7, 0, 2, 8, 9, 0, 0, 1, 6, 2, 5];
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.vector8(), Ok(&[7][..]));
        assert_eq!(reader.vector16(), Ok(&[8, 9][..]));
        assert_eq!(reader.vector24(), Ok(&[6][..]));
        assert_eq!(reader.vector8(), Err(DecodeError::Truncated { needed: 2, had: 1 }));
    }

    #[test]
    fn a_failed_read_moves_nothing() {
        let mut reader = Reader::new(&[1, 2, 3]);
        assert_eq!(reader.u32(), Err(DecodeError::Truncated { needed: 4, had: 3 }));
        assert_eq!(reader.take(4), Err(DecodeError::Truncated { needed: 4, had: 3 }));
        assert_eq!(reader.position(), 0);
        assert_eq!(reader.u24(), Ok(0x01_02_03));
        assert!(reader.is_empty());
    }
}
