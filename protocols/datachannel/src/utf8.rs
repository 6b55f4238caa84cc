//! Whether text in pieces is UTF-8, without putting it together.

use bytes::Bytes;

/// Whether the pieces, one after the other, are UTF-8. Characters may be cut by their ends.
pub(crate) fn is_utf8(pieces: &[Bytes]) -> bool {
    let mut cut = Cut::default();
    pieces.iter().all(|piece| cut.take(piece)) && cut.is_empty()
}

/// The first bytes of a character that the pieces so far have not completed.
#[derive(Default)]
struct Cut {
    bytes: [u8; 4],
    length: usize,
}

impl Cut {
    const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Takes the next piece; says whether all so far can be UTF-8.
    fn take(&mut self, piece: &[u8]) -> bool {
        let mut rest = piece.iter();
        while self.length > 0 {
            let Some(next) = rest.next() else { return true };
            let Some(place) = self.bytes.get_mut(self.length) else { return false };
            *place = *next;
            self.length += 1;
            match core::str::from_utf8(self.bytes.get(..self.length).unwrap_or_default()) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return false,
            }
        }
        let rest = rest.as_slice();
        let Err(error) = core::str::from_utf8(rest) else { return true };
        let (_, begun) = rest.split_at(error.valid_up_to());
        if error.error_len().is_some() {
            return false;
        }
        for (place, byte) in self.bytes.iter_mut().zip(begun) {
            *place = *byte;
            self.length += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_at(text: &[u8], length: usize) -> Vec<Bytes> {
        text.chunks(length).map(Bytes::copy_from_slice).collect()
    }

    #[test]
    fn text_may_be_cut_anywhere() {
        let text = "a, ä, €, 𝄞: one byte to four\u{10FFFF}";
        for length in 1..=text.len() {
            assert!(is_utf8(&cut_at(text.as_bytes(), length)), "pieces of {length}");
        }
        assert!(is_utf8(&[]));
        assert!(is_utf8(&[Bytes::new(), Bytes::from_static("ä".as_bytes()), Bytes::new()]));
    }

    #[test]
    fn what_is_no_utf_8_is_found_wherever_it_is_cut() {
        let wrong: [&[u8]; 8] = [
            b"ab\xFFcd",
            b"\xC3",             // ends early
            b"abc\xF0\x9D\x84",  // ends early
            b"\xC3a",            // no continuation
            b"\xE2\x82\xC3\xA4", // a character begins within another
            b"\xED\xA0\x80",     // a surrogate
            b"\xC0\x80",         // longer than need be
            b"\xF4\x90\x80\x80", // beyond the last one
        ];
        for bytes in wrong {
            for length in 1..=bytes.len() {
                assert!(!is_utf8(&cut_at(bytes, length)), "{bytes:?} in pieces of {length}");
            }
        }
    }
}
