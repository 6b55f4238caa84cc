//! A sender and a receiver: nothing lost by a wrap, a jump or new keys.

use icelab_srtp::{ProtectError, Receiver, UnprotectError};

use crate::{PROFILES, master, number, rtcp, rtp, session};

#[test]
fn what_is_protected_is_opened_once() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        let mut packet = rtp(1, 2);
        sender.protect_rtp(&mut packet).unwrap();
        assert_eq!(packet.len(), rtp(1, 2).len() + profile.rtp_overhead());
        assert_ne!(packet[12..32], rtp(1, 2)[12..]);
        let again = packet.clone();
        receiver.unprotect_rtp(&mut packet).unwrap();
        assert_eq!(packet, rtp(1, 2));
        assert_eq!(receiver.unprotect_rtp(&mut again.clone()), Err(UnprotectError::Replayed));
    }
}

/// RFC 3711 section 3.3.1, and the lesson of libsrtp#729.
#[test]
fn loss_around_the_first_wrap_does_not_part_sender_and_receiver() {
    for profile in PROFILES {
        for lost in 0..12 {
            let (mut sender, mut receiver) = session(profile);
            for offset in 0..20_u16 {
                let sequence = 65_530_u16.wrapping_add(offset);
                let mut packet = rtp(1, sequence);
                sender.protect_rtp(&mut packet).unwrap();
                if offset >= lost {
                    assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()), "{lost} {sequence}");
                }
            }
        }
    }
}

/// RFC 3711 section 3.3.1: after new keys the counters go on; old packets still open.
#[test]
fn keys_change_without_a_packet_lost() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        let mut late = rtp(1, 10);
        sender.protect_rtp(&mut late).unwrap();
        let next = master(profile, 8);
        sender.rekey(&next).unwrap();
        receiver.rekey(&next).unwrap();
        let mut packet = rtp(1, 11);
        sender.protect_rtp(&mut packet).unwrap();
        assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()));
        assert_eq!(receiver.unprotect_rtp(&mut late.clone()), Ok(()));
        let (_, mut other) = session(profile);
        other.rekey(&next).unwrap();
        other.forget_former();
        assert_eq!(other.unprotect_rtp(&mut late), Err(UnprotectError::Forged));
    }
}

/// RFC 3711 section 3.3.1: the roll-over counter is not set back. Who did not see the wraps cannot open
/// what the others can.
#[test]
fn the_roll_over_counter_goes_on_under_new_keys() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        for sequence in [0, 30_000, 60_000, 24_464, 54_464, 18_928] {
            let mut packet = rtp(1, sequence);
            sender.protect_rtp(&mut packet).unwrap();
            receiver.unprotect_rtp(&mut packet).unwrap();
        }
        let next = master(profile, 8);
        sender.rekey(&next).unwrap();
        receiver.rekey(&next).unwrap();
        let mut packet = rtp(1, 18_929);
        sender.protect_rtp(&mut packet).unwrap();
        let mut copy = packet.clone();
        let mut late = Receiver::new(&next).unwrap();
        assert_eq!(late.unprotect_rtp(&mut copy), Err(UnprotectError::Forged));
        assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()));
        assert_eq!(packet, rtp(1, 18_929));
    }
}

/// RFC 3711 section 3.4: SRTCP's index is 0 in the first packet, goes up by one with each, and is not
/// set back by new keys.
#[test]
fn the_index_of_srtcp_counts_packets() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        for index in 0..6 {
            if index == 3 {
                let next = master(profile, 8);
                sender.rekey(&next).unwrap();
                receiver.rekey(&next).unwrap();
            }
            let mut packet = rtcp(1);
            sender.protect_rtcp(&mut packet).unwrap();
            assert_eq!(number(profile, &packet), 1 << 31 | index, "{profile:?}");
            assert_eq!(packet.len(), rtcp(1).len() + profile.rtcp_overhead());
            receiver.unprotect_rtcp(&mut packet).unwrap();
            assert_eq!(packet, rtcp(1));
        }
    }
}

/// RFC 3711 sections 3.2.1 and 3.2.3: a stream's counters are its own, and SRTCP's are not SRTP's.
#[test]
fn streams_share_keys_and_nothing_else() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        // One stream wraps, one stands still, and one only reports.
        for sequence in [65_534, 65_535, 0_u16, 1] {
            for ssrc in [1, 2] {
                let sequence = if ssrc == 1 { sequence } else { sequence.wrapping_add(1000) };
                let mut packet = rtp(ssrc, sequence);
                sender.protect_rtp(&mut packet).unwrap();
                let mut again = packet.clone();
                receiver.unprotect_rtp(&mut packet).unwrap();
                assert_eq!(receiver.unprotect_rtp(&mut again), Err(UnprotectError::Replayed));
            }
        }
        for index in 0..3 {
            for ssrc in [1, 2, 3] {
                let mut packet = rtcp(ssrc);
                sender.protect_rtcp(&mut packet).unwrap();
                assert_eq!(number(profile, &packet) & 0xFF, index);
                let mut again = packet.clone();
                receiver.unprotect_rtcp(&mut packet).unwrap();
                assert_eq!(receiver.unprotect_rtcp(&mut again), Err(UnprotectError::Replayed));
            }
        }
    }
}

/// RFC 3711 sections 3.2.1 and 4.3.2: a session's SRTP and SRTCP, its streams, and those who share no
/// key have keys of their own.
#[test]
fn what_other_keys_protected_does_not_open() {
    for profile in PROFILES {
        let (mut sender, _) = session(profile);
        let mut stranger = Receiver::new(&master(profile, 9)).unwrap();
        let (mut media, mut report) = (rtp(1, 1), rtcp(1));
        sender.protect_rtp(&mut media).unwrap();
        sender.protect_rtcp(&mut report).unwrap();
        assert_eq!(stranger.unprotect_rtp(&mut media), Err(UnprotectError::Forged));
        assert_eq!(stranger.unprotect_rtcp(&mut report), Err(UnprotectError::Forged));
    }
}

/// RFC 3711 sections 4.1.1 and 9.1: the same index under the same key would be a two-time pad. A packet
/// that was held back has its own.
#[test]
fn no_sequence_number_protects_two_packets() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        let mut protect = |sequence| {
            let mut packet = rtp(1, sequence);
            sender.protect_rtp(&mut packet).map(|()| packet)
        };
        for sequence in [7, 9, 8] {
            receiver.unprotect_rtp(&mut protect(sequence).unwrap()).unwrap();
        }
        for sequence in [7, 8, 9] {
            assert_eq!(protect(sequence), Err(ProtectError::Repeated), "{sequence}");
        }
        receiver.unprotect_rtp(&mut protect(300).unwrap()).unwrap();
        // Too far back to tell, although it was not used.
        assert_eq!(protect(10), Err(ProtectError::Repeated));
    }
}
