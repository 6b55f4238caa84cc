//! Packets of 1200 bytes, protected and opened, for each profile.

mod bare;
mod libsrtp;
mod ours;
mod rtc;
mod session_keys;
#[cfg(feature = "str0m")]
mod str0m;

use std::hint::black_box;
use std::time::Duration;

use icelab_srtp::Profile;

use crate::contest::{Contestant, ICELAB, Work, processor_time};
use ours::Ours;

/// Both ends of one direction of a session.
pub trait Media {
    /// Turns an RTP packet into an SRTP packet, where it lies or elsewhere.
    fn protect(&mut self, packet: &mut Vec<u8>) -> Done<'_>;
    /// Turns an SRTP packet into an RTP packet. Panics where it is not authentic.
    fn unprotect(&mut self, packet: &mut Vec<u8>) -> Done<'_>;
}

/// Where the result is.
pub enum Done<'a> {
    InPlace,
    /// The payload, in a buffer that its contestant keeps for the next one.
    Kept(&'a [u8]),
    Elsewhere(Vec<u8>),
    Bytes(bytes::BytesMut),
}

/// Master key and salt.
pub struct Master {
    pub profile: Profile,
    pub key: Vec<u8>,
    pub salt: Vec<u8>,
}

impl Master {
    fn new(profile: Profile) -> Self {
        Self {
            profile,
            key: (1..).take(profile.key_length()).collect(),
            salt: (101..).take(profile.salt_length()).collect(),
        }
    }
}

pub fn contestants() -> Vec<Contestant> {
    let mut all = Vec::new();
    for profile in PROFILES {
        for direction in [Direction::Protect, Direction::Unprotect] {
            all.extend(of(profile, direction));
        }
    }
    all
}

type New = fn(&Master) -> Option<Box<dyn Media>>;

fn of(profile: Profile, direction: Direction) -> impl Iterator<Item = Contestant> {
    let ours: (&'static str, New, bool) = (ICELAB, ours::Ours::boxed, true);
    let others: &[(&'static str, New, bool)] = &[
        ("bare RustCrypto", bare::rust_crypto, false),
        ("libsrtp (Debian's)", libsrtp::session, true),
        ("rtc-srtp, ring", rtc::with_ring, true),
        ("rtc-srtp, aws-lc", rtc::with_aws_lc, true),
        #[cfg(feature = "str0m")]
        ("str0m, RustCrypto", str0m::on_rust_crypto, true),
        #[cfg(feature = "str0m")]
        ("str0m, aws-lc", str0m::on_aws_lc, true),
        // Next to icelab on the same library, which the other build measures after these.
        ("bare aws-lc", bare::aws_lc, false),
    ];
    let others = if cfg!(feature = "aws-lc") { &[] } else { others };
    let master = Master::new(profile);
    std::iter::once(ours).chain(others.iter().copied()).filter_map(move |(name, new, is_whole)| {
        let media = new(&master)?;
        if is_whole {
            check(name, new(&master)?, &master);
        }
        Some(Contestant {
            task: format!("{} {}", profile_name(profile), direction.name()),
            name,
            work: Box::new(Batch::new(media, direction, &master)),
        })
    })
}

/// Panics where a contestant's packets are not ours.
fn check(name: &str, mut media: Box<dyn Media>, master: &Master) {
    let mut ours = Ours::new(master);
    for sequence in 1..100 {
        let mut expected = rtp(sequence);
        ours.protect(&mut expected);
        let mut packet = rtp(sequence);
        let protected = match media.protect(&mut packet) {
            Done::InPlace => packet,
            Done::Elsewhere(bytes) => bytes,
            Done::Bytes(bytes) => bytes.to_vec(),
            Done::Kept(_) => panic!("{name}: nobody keeps what it protects"),
        };
        assert_eq!(protected, expected, "{name}: {:?}", master.profile);
        let mut packet = protected;
        let opened = match media.unprotect(&mut packet) {
            Done::InPlace => packet,
            Done::Elsewhere(bytes) => bytes,
            Done::Bytes(bytes) => bytes.to_vec(),
            Done::Kept(payload) => [&rtp(sequence)[..HEADER], payload].concat(),
        };
        assert_eq!(opened, rtp(sequence), "{name}: {:?}", master.profile);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Protect,
    Unprotect,
}

impl Direction {
    const fn name(self) -> &'static str {
        match self {
            Self::Protect => "protect",
            Self::Unprotect => "unprotect",
        }
    }
}

/// Packets that are made ready together and then timed together.
struct Batch {
    media: Box<dyn Media>,
    direction: Direction,
    sender: Ours,
    sequence: u16,
    packets: Vec<Vec<u8>>,
}

impl Batch {
    fn new(media: Box<dyn Media>, direction: Direction, master: &Master) -> Self {
        let packets = (0..BATCH).map(|_| Vec::with_capacity(1500)).collect();
        Self { media, direction, sender: Ours::new(master), sequence: 0, packets }
    }
}

impl Work for Batch {
    fn batch(&mut self) -> (u32, Duration) {
        for packet in &mut self.packets {
            self.sequence = self.sequence.wrapping_add(1);
            write_rtp(self.sequence, packet);
            if self.direction == Direction::Unprotect {
                self.sender.protect(packet);
            }
        }
        let start = processor_time();
        match self.direction {
            Direction::Protect => {
                for packet in &mut self.packets {
                    black_box(self.media.protect(packet));
                }
            }
            Direction::Unprotect => {
                for packet in &mut self.packets {
                    black_box(self.media.unprotect(packet));
                }
            }
        }
        (BATCH, processor_time() - start)
    }
}

fn rtp(sequence: u16) -> Vec<u8> {
    let mut packet = Vec::with_capacity(1500);
    write_rtp(sequence, &mut packet);
    packet
}

/// An RTP packet of 1200 bytes without extensions.
fn write_rtp(sequence: u16, packet: &mut Vec<u8>) {
    packet.clear();
    packet.extend([0x80, 96]);
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 1, 0]);
    packet.extend(SSRC.to_be_bytes());
    packet.resize(LENGTH, 0xA5);
}

const fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::Aes128CmSha1_80 => "AES-CM-SHA1-80",
        Profile::Aes128CmSha1_32 => "AES-CM-SHA1-32",
        Profile::AeadAes128Gcm => "AES-128-GCM",
        Profile::AeadAes256Gcm => "AES-256-GCM",
    }
}

const PROFILES: [Profile; 4] = [
    Profile::Aes128CmSha1_80,
    Profile::Aes128CmSha1_32,
    Profile::AeadAes128Gcm,
    Profile::AeadAes256Gcm,
];
const SSRC: u32 = 0x1234_5678;
const LENGTH: usize = 1200;
const HEADER: usize = 12;
/// As many as a processor's second cache holds, so that reading the clock costs little.
const BATCH: u32 = 64;
