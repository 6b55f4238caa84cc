//! A sender and a receiver.

use icelab_srtp::{MasterKey, Profile, Receiver, Sender, UnprotectError};

const PROFILES: [Profile; 4] = [
    Profile::Aes128CmSha1_80,
    Profile::Aes128CmSha1_32,
    Profile::AeadAes128Gcm,
    Profile::AeadAes256Gcm,
];

fn master(profile: Profile, fill: u8) -> MasterKey {
    let key = vec![fill; profile.key_length()];
    MasterKey::new(profile, &key, &vec![fill; profile.salt_length()]).expect("lengths fit")
}

fn session(profile: Profile) -> (Sender, Receiver) {
    let master = master(profile, 7);
    (Sender::new(&master).expect("keys"), Receiver::new(&master).expect("keys"))
}

fn rtp(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 9]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(b"twenty bytes of data");
    packet
}

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
