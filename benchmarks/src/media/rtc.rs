//! rtc-srtp of webrtc-rs/rtc.

use icelab_srtp::Profile;
use rtc_crypto::RTCCrypto;
use rtc_crypto::providers::{AwsLcRsCrypto, RingCrypto};
use rtc_srtp::context::Context;
use rtc_srtp::option::srtp_replay_protection;
use rtc_srtp::protection_profile::ProtectionProfile;

use super::{Done, Master, Media};

pub fn with_ring(master: &Master) -> Option<Box<dyn Media>> {
    with(master, &RingCrypto)
}

pub fn with_aws_lc(master: &Master) -> Option<Box<dyn Media>> {
    with(master, &AwsLcRsCrypto)
}

fn with(master: &Master, crypto: &dyn RTCCrypto) -> Option<Box<dyn Media>> {
    let profile = match master.profile {
        Profile::Aes128CmSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
        Profile::Aes128CmSha1_32 => ProtectionProfile::Aes128CmHmacSha1_32,
        Profile::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
        Profile::AeadAes256Gcm => ProtectionProfile::AeadAes256Gcm,
    };
    let new = |replays| {
        Context::new(&master.key, &master.salt, profile, replays, None, crypto).expect("a good key")
    };
    Some(Box::new(Rtc { sender: new(None), receiver: new(Some(srtp_replay_protection(128))) }))
}

struct Rtc {
    sender: Context,
    receiver: Context,
}

impl Media for Rtc {
    fn protect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        Done::Bytes(self.sender.encrypt_rtp(packet).expect("an RTP packet"))
    }

    fn unprotect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        Done::Bytes(self.receiver.decrypt_rtp(packet).expect("an authentic packet"))
    }
}
