//! Puts fields at the back of a growing buffer.

/// A buffer that grows at its end. All integers are big-endian (network order).
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty buffer.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// An empty buffer with room for `capacity` bytes.
    #[inline]
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity) }
    }

    /// How many bytes have been written.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing has been written.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What has been written.
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// What has been written, without a copy.
    #[inline]
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes one byte.
    #[inline]
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// Writes two bytes.
    #[inline]
    pub fn u16(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    /// Writes the low 24 bits of `value` as three bytes.
    #[inline]
    pub fn u24(&mut self, value: u32) {
        let [_, a, b, c] = value.to_be_bytes();
        self.bytes.extend_from_slice(&[a, b, c]);
    }

    /// Writes four bytes.
    #[inline]
    pub fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    /// Writes eight bytes.
    #[inline]
    pub fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    /// Writes `bytes` as they are.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes `count` zero bytes.
    #[inline]
    pub fn zeros(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len() + count, 0);
    }

    /// Overwrites the two bytes at `position`: for lengths known only at the end.
    ///
    /// # Panics
    /// Where `position` is not at least two bytes before the end: an error of the encoder.
    #[inline]
    pub fn patch_u16(&mut self, position: usize, value: u16) {
        self.bytes
            .get_mut(position..position + 2)
            .expect("an encoder patches what it has written")
            .copy_from_slice(&value.to_be_bytes());
    }

    /// Writes what `body` writes, its length in one byte before it.
    ///
    /// # Panics
    /// Where the body is longer than 255 bytes: an error of the encoder.
    pub fn vector8(&mut self, body: impl FnOnce(&mut Self)) {
        self.vector::<1>(body);
    }

    /// Writes what `body` writes, its length in two bytes before it.
    ///
    /// # Panics
    /// Where the body is longer than 65,535 bytes: an error of the encoder.
    pub fn vector16(&mut self, body: impl FnOnce(&mut Self)) {
        self.vector::<2>(body);
    }

    /// Writes what `body` writes, its length in three bytes before it.
    ///
    /// # Panics
    /// Where the body is longer than 16,777,215 bytes: an error of the encoder.
    pub fn vector24(&mut self, body: impl FnOnce(&mut Self)) {
        self.vector::<3>(body);
    }

    fn vector<const N: usize>(&mut self, body: impl FnOnce(&mut Self)) {
        let position = self.bytes.len();
        self.zeros(N);
        body(self);
        let length = (self.bytes.len() - position - N).to_be_bytes();
        let (zeros, length) = length.split_at(size_of::<usize>() - N);
        assert!(zeros.iter().all(|byte| *byte == 0), "an encoder keeps to the longest vector");
        self.bytes
            .get_mut(position..position + N)
            .expect("the length's place was just written")
            .copy_from_slice(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_go_in_order_and_big_endian() {
        let mut writer = Writer::with_capacity(32);
        writer.u16(0);
        writer.u8(1);
        writer.u24(0x00AA_BBCC);
        writer.u32(2);
        writer.u64(3);
        writer.bytes(&[7, 8]);
        writer.zeros(1);
        writer.patch_u16(0, 0x0102);
        assert_eq!(
            writer.as_slice(),
            [1, 2, 1, 0xAA, 0xBB, 0xCC, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 7, 8, 0]
        );
        assert_eq!(writer.len(), writer.into_vec().len());
    }

    #[test]
    fn a_vector_has_its_length_before_it() {
        let mut writer = Writer::new();
        writer.vector16(|outer| {
            outer.vector8(|inner| inner.bytes(&[7, 8]));
            outer.vector24(|_| {});
        });
        assert_eq!(writer.as_slice(), [0, 6, 2, 7, 8, 0, 0, 0]);
    }

    #[test]
    #[should_panic(expected = "the longest vector")]
    fn a_vector_too_long_for_its_prefix_is_an_error_of_the_encoder() {
        Writer::new().vector8(|writer| writer.zeros(256));
    }
}
