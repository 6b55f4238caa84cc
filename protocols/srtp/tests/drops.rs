//! What a receiver drops: what is forged, repeated, or too old to tell.

use icelab_srtp::{Receiver, UnprotectError};

use crate::{PROFILES, rtcp, rtp, session};

/// RFC 3711 section 3.3, RFC 7714 section 5.3: a change of any byte, those of the header and of the tag
/// included, is noticed before anything is deciphered, and leaves no trace.
#[test]
fn a_packet_that_was_changed_is_dropped_and_forgotten() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        let mut packet = rtp(1, 5);
        sender.protect_rtp(&mut packet).unwrap();
        let mut report = rtcp(1);
        sender.protect_rtcp(&mut report).unwrap();
        for bit in 0..8 {
            for at in 0..packet.len() {
                let mut changed = packet.clone();
                changed[at] ^= 1 << bit;
                assert!(receiver.unprotect_rtp(&mut changed).is_err(), "{profile:?} {at}");
                assert!(!holds(&changed, &rtp(1, 5)[12..]), "{profile:?} {at}");
            }
            for at in 0..report.len() {
                let mut changed = report.clone();
                changed[at] ^= 1 << bit;
                assert!(receiver.unprotect_rtcp(&mut changed).is_err(), "{profile:?} {at}");
                assert!(!holds(&changed, &rtcp(1)[8..]), "{profile:?} {at}");
            }
        }
        assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()));
        assert_eq!(receiver.unprotect_rtcp(&mut report), Ok(()));
        assert_eq!((packet, report), (rtp(1, 5), rtcp(1)));
    }
}

/// RFC 3711 section 3.3.2: at least 64 numbers back a packet is still taken, once; further back it is
/// not.
#[test]
fn a_late_packet_is_taken_once_while_the_window_holds_it() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        let protected: Vec<Vec<u8>> = (0..=300)
            .map(|sequence| {
                let mut packet = rtp(1, sequence);
                sender.protect_rtp(&mut packet).unwrap();
                packet
            })
            .collect();
        let mut receive =
            |sequence: usize| receiver.unprotect_rtp(&mut protected[sequence].clone());
        assert_eq!(receive(100), Ok(()));
        assert_eq!(receive(300), Ok(()));
        for sequence in [173, 236, 299] {
            assert_eq!(receive(sequence), Ok(()), "{sequence}");
            assert_eq!(receive(sequence), Err(UnprotectError::Replayed), "{sequence}");
        }
        for sequence in [300, 172, 100, 0] {
            assert_eq!(receive(sequence), Err(UnprotectError::Replayed), "{sequence}");
        }
    }
}

/// The same for SRTCP, whose window is its own.
#[test]
fn a_late_report_is_taken_once_while_the_window_holds_it() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        let protected: Vec<Vec<u8>> = (0..=300)
            .map(|_| {
                let mut packet = rtcp(1);
                sender.protect_rtcp(&mut packet).unwrap();
                packet
            })
            .collect();
        let mut receive = |index: usize| receiver.unprotect_rtcp(&mut protected[index].clone());
        assert_eq!(receive(300), Ok(()));
        for index in [173, 236, 299] {
            assert_eq!(receive(index), Ok(()), "{index}");
            assert_eq!(receive(index), Err(UnprotectError::Replayed), "{index}");
        }
        for index in [300, 172, 0] {
            assert_eq!(receive(index), Err(UnprotectError::Replayed), "{index}");
        }
    }
}

/// RFC 3711 section 3.3.1: the highest number moves with authentic packets only.
#[test]
fn a_stranger_moves_no_window_and_opens_no_stream() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = session(profile);
        for sequence in [1, 40_000, 2] {
            let mut forged = rtp(1, sequence);
            forged.extend([0xAA; 16]);
            assert_eq!(receiver.unprotect_rtp(&mut forged), Err(UnprotectError::Forged));
            let mut packet = rtp(1, 3 + sequence % 2);
            if sequence < 40_000 {
                sender.protect_rtp(&mut packet).unwrap();
                assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()), "{sequence}");
            }
        }
        for ssrc in 1000..3000 {
            let mut forged = rtcp(ssrc);
            forged.extend([0xAA; 20]);
            assert_eq!(receiver.unprotect_rtcp(&mut forged), Err(UnprotectError::Forged));
        }
        let mut packet = rtp(2, 9);
        sender.protect_rtp(&mut packet).unwrap();
        assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()));
    }
}

/// RFC 3711 section 3.2.3: what belongs to no context, or is no packet at all.
#[test]
fn what_is_no_packet_is_dropped() {
    for profile in PROFILES {
        let (mut sender, _) = session(profile);
        let (mut packet, mut report) = (rtp(1, 1), rtcp(1));
        sender.protect_rtp(&mut packet).unwrap();
        sender.protect_rtcp(&mut report).unwrap();
        let receiver = || -> Receiver { session(profile).1 };
        for length in 0..packet.len() {
            assert!(receiver().unprotect_rtp(&mut packet[..length].to_vec()).is_err());
        }
        for length in 0..report.len() {
            assert!(receiver().unprotect_rtcp(&mut report[..length].to_vec()).is_err());
        }
        packet[0] = 0x40;
        report[0] = 0xC0;
        assert_eq!(receiver().unprotect_rtp(&mut packet), Err(UnprotectError::Malformed));
        assert_eq!(receiver().unprotect_rtcp(&mut report), Err(UnprotectError::Malformed));
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
