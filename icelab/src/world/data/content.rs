//! What a message holds: its number, its length, and bytes that follow from both and from the flow it
//! belongs to. A message that was changed, cut, put together wrongly or sent elsewhere is told apart.

/// The message with this number, in the flow that has this salt.
pub(super) fn write(salt: u32, number: u64, length: usize) -> Vec<u8> {
    let mut message = Vec::with_capacity(length);
    message.extend_from_slice(&number.to_be_bytes());
    message.extend_from_slice(&declared(length).to_be_bytes());
    for piece in body(salt, number, length) {
        message.extend_from_slice(piece);
    }
    message
}

/// The number of a message of this flow; `None` where it is none, or not as it was.
pub(super) fn read(salt: u32, message: &[u8]) -> Option<u64> {
    let (number, rest) = message.split_first_chunk()?;
    let (length, mut rest) = rest.split_first_chunk()?;
    let number = u64::from_be_bytes(*number);
    if u32::from_be_bytes(*length) != declared(message.len()) {
        return None;
    }
    for piece in body(salt, number, message.len()) {
        rest = rest.strip_prefix(piece)?;
    }
    Some(number)
}

fn declared(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// What follows the header, in pieces of the pattern.
fn body(salt: u32, number: u64, length: usize) -> impl Iterator<Item = &'static [u8]> {
    let at = number.wrapping_mul(31).wrapping_add(u64::from(salt).wrapping_mul(1_009));
    let at = usize::try_from(at % PATTERN.len() as u64).expect("less than the pattern's length");
    let (before, after) = PATTERN.split_at(at);
    let mut left = length.saturating_sub(HEADER);
    [after, before].into_iter().cycle().map_while(move |piece| {
        let piece = piece.get(..left.min(piece.len()))?;
        (left > 0).then(|| left -= piece.len())?;
        Some(piece)
    })
}

/// Bytes without a period shorter than themselves.
const fn pattern() -> [u8; 4_093] {
    let mut bytes = [0; 4_093];
    let (mut state, mut index) = (0x2545_F491_u32, 0);
    while index < bytes.len() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        #[expect(clippy::indexing_slicing, reason = "less than the length, and const")]
        {
            bytes[index] = state.to_be_bytes()[0];
        }
        index += 1;
    }
    bytes
}

static PATTERN: [u8; 4_093] = pattern();

/// The number and the length.
const HEADER: usize = 8 + 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::plan::Send;

    #[test]
    fn a_message_says_which_it_is() {
        assert_eq!(HEADER as u64, Send::SHORTEST);
        for length in [HEADER, HEADER + 1, 1_000, 4_105, 4_106, 100_000] {
            for number in [0, 1, 4_093, u64::MAX] {
                let message = write(3, number, length);
                assert_eq!((message.len(), read(3, &message)), (length, Some(number)));
            }
        }
    }

    #[test]
    fn a_message_that_is_not_as_it_was_is_told_apart() {
        let message = write(3, 7, 9_000);
        assert_eq!(read(4, &message), None, "of another flow");
        assert_eq!(read(3, &message[..8_999]), None, "cut");
        assert_eq!(read(3, b"short"), None);
        for place in [0, 7, 8, 12, 5_000, 8_999] {
            let mut changed = message.clone();
            changed[place] ^= 1;
            assert_eq!(read(3, &changed), None, "changed at {place}");
        }
        let mut swapped = message.clone();
        swapped[1_200..2_400].copy_from_slice(&message[2_400..3_600]);
        assert_eq!(read(3, &swapped), None, "put together wrongly");
    }
}
