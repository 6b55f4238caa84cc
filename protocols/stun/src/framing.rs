//! Where a message ends in a stream of bytes (RFC 8489 section 6.2.2): over TCP and TLS to a STUN
//! server, messages follow each other, and the header's length divides them.

use crate::message::{HEADER_LENGTH, MAGIC_COOKIE};

/// Whether a stream's bytes begin with a whole message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Frame {
    /// More bytes are needed to say.
    Incomplete,
    /// The first message takes this many bytes.
    Complete(usize),
    /// These bytes are not STUN, and the stream cannot be read on.
    NotStun,
}

/// How long the message at the start of `stream` is.
#[must_use]
pub fn frame_length(stream: &[u8]) -> Frame {
    let length = match stream {
        [first, ..] if first & 0xC0 != 0 => return Frame::NotStun,
        [_, _, high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
        _ => return Frame::Incomplete,
    };
    let cookie = MAGIC_COOKIE.to_be_bytes();
    let is_stun = stream.iter().skip(4).zip(cookie).all(|(byte, wanted)| *byte == wanted);
    if !is_stun || !length.is_multiple_of(4) {
        return Frame::NotStun;
    }
    let whole = HEADER_LENGTH + length;
    if stream.len() < whole { Frame::Incomplete } else { Frame::Complete(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Class, MessageBuilder, Method, TransactionId};

    #[test]
    fn two_messages_in_a_row_are_told_apart_at_every_cut() {
        let builder = MessageBuilder::new(Class::Request, Method::BINDING, TransactionId([9; 12]));
        let first = builder.raw(0x8022, b"hello").finish();
        let stream = [first.clone(), first.clone()].concat();
        for cut in 0..stream.len() {
            let expected =
                if cut < first.len() { Frame::Incomplete } else { Frame::Complete(first.len()) };
            assert_eq!(frame_length(&stream[..cut]), expected, "{cut}");
        }
    }

    #[test]
    fn other_bytes_are_refused_as_soon_as_they_show() {
        assert_eq!(frame_length(&[0x40]), Frame::NotStun);
        assert_eq!(frame_length(&[0, 1, 0, 1]), Frame::NotStun);
        assert_eq!(frame_length(&[0, 1, 0, 0, 0x21, 0x13]), Frame::NotStun);
    }
}
