//! Packets as they come: headers, bundles, padding and lengths that lie.

use icelab_sctp::packet::chunk::{Chunk, CookieAck, Pad, ShutdownAck};
use icelab_sctp::packet::{ChecksumPolicy, ChunkError, Header, Packet, PacketError};
use icelab_wire::DecodeError;

use super::{HEADER, packet, read};

#[test]
fn a_header_is_read_where_the_rfc_draws_it() {
    let bytes = [0x13, 0x89, 0x13, 0x88, 10, 11, 12, 13, 0, 0, 0, 0];
    let read = read(&bytes);
    assert_eq!(read.header, HEADER);
    assert_eq!(read.chunks().count(), 0);
    for length in 0..Header::LENGTH {
        let result = Packet::decode(&bytes[..length], ChecksumPolicy::ZeroAllowed);
        assert_eq!(result, Err(PacketError::Truncated), "{length}");
    }
}

/// RFC 9260 section 3.1.
#[test]
fn a_port_of_zero_is_refused() {
    for place in [0, 2] {
        let mut bytes = packet(&[11, 0, 0, 4]);
        bytes[place..place + 2].fill(0);
        let result = Packet::decode(&bytes, ChecksumPolicy::ZeroAllowed);
        assert_eq!(result, Err(PacketError::Port));
    }
}

#[test]
fn chunks_are_read_in_order() {
    let bytes = packet(&[11, 0, 0, 4, 132, 0, 0, 5, 9, 9, 9, 9, 8, 0, 0, 4]);
    let chunks: Vec<_> = read(&bytes).chunks().map(Result::unwrap).collect();
    assert_eq!(
        chunks,
        [
            Chunk::CookieAck(CookieAck),
            // Whatever its padding holds.
            Chunk::Pad(Pad { length: 1 }),
            Chunk::ShutdownAck(ShutdownAck)
        ]
    );
}

/// RFC 9260 section 3.2: a chunk is padded to whole words. The last one's padding may be missing.
#[test]
fn the_last_chunk_may_lack_its_padding() {
    let whole = packet(&[11, 0, 0, 4, 132, 0, 0, 5, 0, 0, 0, 0]);
    for missing in 0..4 {
        let chunks: Vec<_> =
            read(&whole[..whole.len() - missing]).chunks().map(Result::unwrap).collect();
        assert_eq!(chunks, [Chunk::CookieAck(CookieAck), Chunk::Pad(Pad { length: 1 })]);
    }
}

#[test]
fn a_chunk_that_is_malformed_does_not_end_the_packet() {
    let bytes = packet(&[8, 0, 0, 8, 0, 0, 0, 0, 11, 0, 0, 4]);
    let chunks: Vec<_> = read(&bytes).chunks().collect();
    assert!(matches!(chunks[0], Err(ChunkError::Malformed { .. })));
    assert_eq!(chunks[1..], [Ok(Chunk::CookieAck(CookieAck))]);
}

#[test]
fn a_chunk_that_does_not_fit_its_packet_ends_it() {
    let lies: [(&[u8], DecodeError); 6] = [
        (&[132, 0, 0, 0, 11, 0, 0, 4], DecodeError::Length { field: "Chunk Length" }),
        (&[132, 0, 0, 3, 11, 0, 0, 4], DecodeError::Length { field: "Chunk Length" }),
        (&[132, 0, 0, 9, 11, 0, 0, 4], DecodeError::Truncated { needed: 5, had: 4 }),
        (&[132, 0, 255, 255, 11, 0, 0, 4], DecodeError::Truncated { needed: 65_531, had: 4 }),
        (&[132, 0, 0], DecodeError::Truncated { needed: 4, had: 3 }),
        (&[132], DecodeError::Truncated { needed: 4, had: 1 }),
    ];
    for (bytes, error) in lies {
        let bytes = packet(&[&[8, 0, 0, 4][..], bytes].concat());
        let chunks: Vec<_> = read(&bytes).chunks().collect();
        let expected = [Ok(Chunk::ShutdownAck(ShutdownAck)), Err(ChunkError::Framing(error))];
        assert_eq!(chunks, expected);
    }
}
