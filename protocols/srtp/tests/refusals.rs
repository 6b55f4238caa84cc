//! What a sender refuses, and what nobody is shown.

use icelab_srtp::{MasterKey, ProtectError, Sender};

use crate::{PROFILES, master, rtcp, rtp, session};

/// RFC 3711 section 3.1: the header stays readable; the payload does not.
#[test]
fn the_header_stays_as_it_is_and_the_payload_is_hidden() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        // Two contributing sources and an extension of one word.
        let mut packet = rtp(1, 1);
        packet[0] = 0x92;
        let extra = [0, 0, 0, 1, 0, 0, 0, 2, 0xBE, 0xDE, 0, 1, 0x51, 0, 2, 0];
        packet.splice(12..12, extra);
        let plain = packet.clone();
        sender.protect_rtp(&mut packet).unwrap();
        assert_eq!(packet[..28], plain[..28]);
        assert_ne!(packet[28..48], plain[28..]);
        receiver.unprotect_rtp(&mut packet).unwrap();
        assert_eq!(packet, plain);
    }
}

#[test]
fn what_is_no_packet_is_refused_and_left_as_it_was() {
    for profile in PROFILES {
        let (mut sender, _) = session(profile);
        let refused = |sender: &mut Sender, packet: &[u8]| {
            let mut copy = packet.to_vec();
            assert_eq!(sender.protect_rtp(&mut copy), Err(ProtectError::Malformed));
            assert_eq!(copy, packet);
        };
        for length in 0..12 {
            refused(&mut sender, &rtp(1, 1)[..length]);
        }
        let mut longer = rtp(1, 1);
        longer[0] = 0x8F;
        refused(&mut sender, &longer);
        longer[0] = 0x40;
        refused(&mut sender, &longer);
        let mut copy = rtcp(1)[..7].to_vec();
        assert_eq!(sender.protect_rtcp(&mut copy), Err(ProtectError::Malformed));
        assert_eq!(copy, rtcp(1)[..7]);
    }
}

/// RFC 3711 section 4.1.1: at most 2^16 blocks of keystream for one packet; RFC 7714 section 10: at most
/// 2^36 - 32 bytes. No datagram holds as much, and nothing longer than a datagram is protected.
#[test]
fn what_no_datagram_can_hold_is_refused() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        let mut packet = rtp(1, 1);
        packet.resize(65_536, 0);
        assert_eq!(sender.protect_rtp(&mut packet.clone()), Err(ProtectError::TooLong));
        assert_eq!(sender.protect_rtcp(&mut packet), Err(ProtectError::TooLong));
        packet.truncate(65_535);
        sender.protect_rtp(&mut packet).unwrap();
        receiver.unprotect_rtp(&mut packet).unwrap();
    }
}

#[test]
fn the_streams_of_a_session_are_bounded() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        let (mut other, _) = session(profile);
        for ssrc in 0..1024 {
            let mut packet = rtp(ssrc, 1);
            sender.protect_rtp(&mut packet).unwrap();
            receiver.unprotect_rtp(&mut packet).unwrap();
        }
        assert_eq!(sender.protect_rtp(&mut rtp(1024, 1)), Err(ProtectError::TooManyStreams));
        assert_eq!(sender.protect_rtcp(&mut rtcp(1024)), Err(ProtectError::TooManyStreams));
        assert_eq!(sender.protect_rtp(&mut rtp(1023, 2)), Ok(()));
        let mut packet = rtp(1024, 1);
        other.protect_rtp(&mut packet).unwrap();
        assert!(receiver.unprotect_rtp(&mut packet).is_err());
    }
}

/// RFC 3711 section 3.2.1, RFC 7714 section 13.1: keys are kept secret, in what is logged too.
#[test]
fn nothing_that_is_printed_tells_a_key() {
    for profile in PROFILES {
        let master = master(profile, 0xA7);
        let (sender, receiver) = session(profile);
        let shown = format!("{master:?} {sender:?} {receiver:?}");
        for byte in ["167", "a7", "A7", "[7, 7"] {
            assert!(!shown.contains(byte), "{shown}");
        }
    }
}

/// RFC 3711 section 8.2, RFC 5764 section 4.1.2, RFC 7714 section 12: lengths of keys, salts and tags.
#[test]
fn keys_salts_and_tags_are_as_long_as_the_profile_says() {
    let lengths = [(16, 14, 10, 14), (16, 14, 4, 14), (16, 12, 16, 20), (32, 12, 16, 20)];
    for (profile, (key, salt, rtp_tag, rtcp_tag)) in PROFILES.into_iter().zip(lengths) {
        assert_eq!((profile.key_length(), profile.salt_length()), (key, salt));
        for (key_length, salt_length) in [(key - 1, salt), (key + 1, salt), (key, salt - 1)] {
            let [key, salt] = [key_length, salt_length].map(|length| vec![1; length]);
            assert!(MasterKey::new(profile, &key, &salt).is_err());
        }
        let (mut sender, _) = session(profile);
        let (mut packet, mut report) = (rtp(1, 1), rtcp(1));
        sender.protect_rtp(&mut packet).unwrap();
        sender.protect_rtcp(&mut report).unwrap();
        assert_eq!(packet.len(), rtp(1, 1).len() + rtp_tag);
        assert_eq!(report.len(), rtcp(1).len() + rtcp_tag);
        assert_eq!((profile.rtp_overhead(), profile.rtcp_overhead()), (rtp_tag, rtcp_tag));
    }
}
