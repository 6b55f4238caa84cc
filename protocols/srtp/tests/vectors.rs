//! Packets that another implementation made: libsrtp 2, with the master key of RFC 3711 appendix B.3;
//! what it does not make, Python's hashlib and cryptography, after the same RFC.

use icelab_srtp::{MasterKey, Profile, Receiver, Sender};

use crate::hex;

const COUNTER_MODE: [Profile; 2] = [Profile::Aes128CmSha1_80, Profile::Aes128CmSha1_32];

/// RTP packets in the order in which they were protected, and SRTP packets with tags of 10 bytes.
const RTP: [(&str, &str); 3] = [
    ("800fffff decafbad cafebabe abababab abababab abababab abababab", ""),
    (
        "800f0000 decafbad cafebabe abababab abababab abababab abababab",
        "800f0000 decafbad cafebabe 24ecf92d 9c97bf2a c679b796 fdfd365a 267beecd c5645659 0e62",
    ),
    // Two contributing sources and an extension; more than a block.
    (
        "b28f0001 decafbad cafebabe 00000001 00000002 bede0001 51000200 cdcdcdcd cdcdcdcd cdcdcdcd
         cdcdcdcd cdcdcdcd cd",
        "b28f0001 decafbad cafebabe 00000001 00000002 bede0001 51000200 d09796c2 3ec45eca 5b4933ca
         0300d43a 1f8a10fc 3618ba82 f88fdf8f 89a6f1",
    ),
];

const RTCP: &str = "81c8000b cafebabe abababab abababab abababab abababab";

/// The SRTCP packets of index 0 (which libsrtp passes over), 1 and 2.
const SRTCP: [&str; 3] = [
    "81c8000b cafebabe b19c219a 086b6c7a e61d8e0b feb4be3f 80000000 5631d6cf c906cdb3 0f41",
    "81c8000b cafebabe 7128035b e487b9bd bef89041 f977a5a8 80000001 993e08cd 54d6c123 0798",
    "81c8000b cafebabe 621934ea 9f788cda d295b3a5 12d8bc5f 80000002 c8dc9c55 2c823658 cdac",
];

/// RFC 3711 sections 3.1, 4.1.1 and 4.2.1: the first packet, and packets after the first roll-over; the
/// shorter tag is the start of the longer one.
#[test]
fn rtp_is_protected_as_another_implementation_does() {
    for profile in COUNTER_MODE {
        let (mut sender, mut receiver) = session(profile);
        let mut packet = hex("800f1234 decafbad cafebabe abababab abababab abababab abababab");
        let plain = packet.clone();
        sender.protect_rtp(&mut packet).unwrap();
        let whole = hex("800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc
            99ea179b 8dbb");
        assert_eq!(packet, whole[..28 + profile.rtp_overhead()]);
        receiver.unprotect_rtp(&mut packet).unwrap();
        assert_eq!(packet, plain);

        let (mut sender, mut receiver) = session(profile);
        for (plain, protected) in RTP {
            let mut packet = hex(plain);
            sender.protect_rtp(&mut packet).unwrap();
            if !protected.is_empty() {
                let end = hex(plain).len() + profile.rtp_overhead();
                assert_eq!(packet, hex(protected)[..end]);
            }
            receiver.unprotect_rtp(&mut packet).unwrap();
            assert_eq!(packet, hex(plain));
        }
    }
}

/// RFC 3711 section 3.4: the tag of SRTCP is the long one in either profile (section 5.2).
#[test]
fn rtcp_is_protected_as_another_implementation_does() {
    for profile in COUNTER_MODE {
        let (mut sender, mut receiver) = session(profile);
        for protected in SRTCP {
            let mut packet = hex(RTCP);
            sender.protect_rtcp(&mut packet).unwrap();
            assert_eq!(packet, hex(protected));
            receiver.unprotect_rtcp(&mut packet).unwrap();
            assert_eq!(packet, hex(RTCP));
        }
    }
}

/// RFC 3711 section 3.4: where the E flag is 0 the payload is left as it is; the tag stays.
#[test]
fn rtcp_that_is_only_authenticated_opens() {
    for profile in COUNTER_MODE {
        let (_, mut receiver) = session(profile);
        let clear = format!("{RTCP} 00000003 4390bf5d 33bc4a48 9942");
        let mut packet = hex(&clear);
        receiver.unprotect_rtcp(&mut packet).unwrap();
        assert_eq!(packet, hex(RTCP));
        for at in 0..hex(&clear).len() {
            let (_, mut receiver) = session(profile);
            let mut packet = hex(&clear);
            packet[at] ^= 1;
            assert!(receiver.unprotect_rtcp(&mut packet).is_err(), "{at}");
        }
    }
}

fn session(profile: Profile) -> (Sender, Receiver) {
    let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
    let master = MasterKey::new(profile, &key, &hex("0EC675AD498AFEEBB6960B3AABE6")).unwrap();
    (Sender::new(&master).unwrap(), Receiver::new(&master).unwrap())
}
