//! Records: their headers, numbers and places in datagrams, and what is no record.

use icelab_sans_io::{Instant, Protocol};

use crate::ends::{VERSIONS, apart, configs_of, cut, drain, epoch_of};

/// RFC 9147 section 4: `legacy_record_version` is ignored for all purposes, and so are the records'
/// versions of a 1.2 that is not agreed on yet.
#[test]
fn the_version_of_a_record_without_protection_is_ignored() {
    for version in VERSIONS {
        for number in [[0xFE, 0xFF], [3, 3], [0, 0], [0xFF, 0xFF]] {
            let (mut client, mut server) = apart(configs_of(version, 1));
            let renumber = |mut packet: Vec<u8>| {
                let mut at = 0;
                for length in cut(&packet.clone()).into_iter().map(<[u8]>::len) {
                    if packet[at] >> 5 != 1 && epoch_of(&packet[at..]) == 0 {
                        packet[at + 1..at + 3].copy_from_slice(&number);
                    }
                    at += length;
                }
                packet
            };
            for _ in 0..4 {
                for packet in drain(&mut client).0 {
                    server.handle_input(renumber(packet), Instant::START);
                }
                for packet in drain(&mut server).0 {
                    client.handle_input(renumber(packet), Instant::START);
                }
            }
            assert!(client.is_connected() && server.is_connected(), "{version} {number:?}");
        }
    }
}
