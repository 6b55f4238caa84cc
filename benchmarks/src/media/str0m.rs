//! str0m's SRTP: its `SrtpContext`, which is private to it (see `benchmarks/run`).
//!
//! What counts is what that asks of its caller. To open a packet it wants the parsed header and the
//! index, so both are read from the packet here, with str0m's own functions. To protect one it wants
//! the same, but there str0m has written the packet from the header and counted the index itself:
//! they cost nothing here. The rest of its session does not count: finding the stream, the replay
//! check, and the copy of the payload out of the buffer that the context keeps.

use icelab_srtp::Profile;
use str0m::crypto::CryptoProvider;
use str0m::crypto::dtls::{KeyingMaterial, SrtpProfile};
use str0m::rtp::{ExtensionMap, RtpHeader, SeqNo};
use str0m::rtp_::SrtpContext;

use super::{Done, Master, Media, rtp};

pub fn on_rust_crypto(master: &Master) -> Option<Box<dyn Media>> {
    on(master, &str0m_rust_crypto::default_provider())
}

pub fn on_aws_lc(master: &Master) -> Option<Box<dyn Media>> {
    on(master, &str0m_aws_lc_rs::default_provider())
}

fn on(master: &Master, provider: &CryptoProvider) -> Option<Box<dyn Media>> {
    let profile = match master.profile {
        Profile::Aes128CmSha1_80 => SrtpProfile::AES128_CM_SHA1_80,
        Profile::Aes128CmSha1_32 => return None,
        Profile::AeadAes128Gcm => SrtpProfile::AEAD_AES_128_GCM,
        Profile::AeadAes256Gcm => SrtpProfile::AEAD_AES_256_GCM,
    };
    // Both ends' keys, then both ends' salts (RFC 5764 section 4.2); one direction is enough.
    let (key, salt) = (master.key.as_slice(), master.salt.as_slice());
    let keys = KeyingMaterial::new(&[key, key, salt, salt].concat());
    let context = || SrtpContext::new(provider, profile, &keys, true);
    let extensions = ExtensionMap::empty();
    Some(Box::new(Str0m {
        sender: context(),
        sent: RtpHeader::parse(&rtp(0), &extensions).expect("an RTP packet"),
        sent_index: 0,
        receiver: context(),
        received: None,
        extensions,
    }))
}

struct Str0m {
    sender: SrtpContext,
    /// The header of the packet that was sent last, and its index.
    sent: RtpHeader,
    sent_index: u64,
    receiver: SrtpContext,
    received: Option<SeqNo>,
    extensions: ExtensionMap,
}

impl Media for Str0m {
    fn protect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        self.sent_index += 1;
        self.sent.sequence_number = self.sent.sequence_number.wrapping_add(1);
        Done::Elsewhere(self.sender.protect_rtp(packet, &self.sent, self.sent_index))
    }

    fn unprotect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        let header = RtpHeader::parse(packet, &self.extensions).expect("an RTP packet");
        let index = header.sequence_number(self.received);
        self.received = Some(index);
        let payload = self.receiver.unprotect_rtp(packet, &header, *index);
        Done::Kept(payload.expect("an authentic packet"))
    }
}
