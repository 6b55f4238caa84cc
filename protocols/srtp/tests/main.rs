//! SRTP against the published vectors, and against loss, replay and strangers.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, in its helpers too"
)]

mod drops;
mod refusals;
mod sessions;
mod vectors;

use icelab_srtp::{MasterKey, Profile, Receiver, Sender};

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

/// A receiver report of `ssrc`, and as much again that says nothing.
fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    packet.extend([0x80, 204, 0, 4]);
    packet.extend(b"of the application");
    packet
}

/// The E flag and the index in an SRTCP packet.
fn number(profile: Profile, packet: &[u8]) -> u32 {
    let after = match profile {
        Profile::Aes128CmSha1_80 | Profile::Aes128CmSha1_32 => 10,
        Profile::AeadAes128Gcm | Profile::AeadAes256Gcm => 0,
    };
    let word = packet[..packet.len() - after].last_chunk().unwrap();
    u32::from_be_bytes(*word)
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
}
