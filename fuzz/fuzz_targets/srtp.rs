//! SRTP: strangers' packets, and a session over a link that the input rules.

use std::collections::{BTreeMap, BTreeSet};

use icelab_srtp::{MasterKey, Profile, ProtectError, Receiver, Sender, UnprotectError};

use crate::input::Input;

const PROFILES: [Profile; 4] = [
    Profile::Aes128CmSha1_80,
    Profile::Aes128CmSha1_32,
    Profile::AeadAes128Gcm,
    Profile::AeadAes256Gcm,
];

/// The first byte says whether the others are packets of a stranger, or rule a session.
pub fn srtp(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let profile = PROFILES[usize::from(first >> 1 & 3)];
    if first & 1 == 0 {
        stranger(profile, rest);
    } else {
        Session::new(profile).run(&mut Input::new(rest));
    }
}

fn master(profile: Profile, fill: u8) -> MasterKey {
    MasterKey::new(profile, &vec![fill; profile.key_length()], &vec![!fill; profile.salt_length()])
        .expect("the lengths are the profile's")
}

/// A stranger's packets are never taken for the peer's. What can be read is protected and opened to
/// the same bytes.
fn stranger(profile: Profile, data: &[u8]) {
    let mut receiver = Receiver::new(&master(profile, 7)).expect("a key that was taken");
    // Four bytes of tag can be guessed, one packet in 2^32: the others cannot.
    let is_taken = receiver.unprotect_rtp(&mut data.to_vec()).is_ok()
        || receiver.unprotect_rtcp(&mut data.to_vec()).is_ok();
    assert!(!is_taken || profile == Profile::Aes128CmSha1_32);
    let mut sender = Sender::new(&master(profile, 7)).expect("a key that was taken");
    let mut receiver = Receiver::new(&master(profile, 7)).expect("a key that was taken");
    let mut packet = data.to_vec();
    if sender.protect_rtp(&mut packet).is_ok() {
        assert_eq!(packet.len(), data.len() + profile.rtp_overhead());
        assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()));
    }
    assert_eq!(packet, data);
    if sender.protect_rtcp(&mut packet).is_ok() {
        assert_eq!(packet.len(), data.len() + profile.rtcp_overhead());
        assert_eq!(receiver.unprotect_rtcp(&mut packet), Ok(()));
    }
    assert_eq!(packet, data);
}

/// A packet on its way.
#[derive(Clone)]
struct UnderWay {
    is_rtp: bool,
    ssrc: u8,
    /// Its index, roll-over counter included.
    index: u64,
    /// Under which of the sender's keys it was protected.
    keys: u8,
    plain: Vec<u8>,
    protected: Vec<u8>,
}

/// What the receiver should know of one stream.
#[derive(Default)]
struct Heard {
    highest: Option<u64>,
    taken: BTreeSet<u64>,
}

/// A sender and a receiver, and what should be true of them.
struct Session {
    profile: Profile,
    sender: Sender,
    receiver: Receiver,
    /// How often the sender, and the receiver, got new keys.
    keys: (u8, u8),
    has_former: bool,
    /// The highest index that was sent in each stream, and how many RTCP packets.
    sent: BTreeMap<u8, u64>,
    used: BTreeSet<(u8, u64)>,
    sent_rtcp: BTreeMap<u8, u64>,
    heard: BTreeMap<(bool, u8), Heard>,
    under_way: Vec<UnderWay>,
}

impl Session {
    fn new(profile: Profile) -> Self {
        Self {
            profile,
            sender: Sender::new(&master(profile, 0)).expect("a key that was taken"),
            receiver: Receiver::new(&master(profile, 0)).expect("a key that was taken"),
            keys: (0, 0),
            has_former: false,
            sent: BTreeMap::new(),
            used: BTreeSet::new(),
            sent_rtcp: BTreeMap::new(),
            heard: BTreeMap::new(),
            under_way: Vec::new(),
        }
    }

    fn run(&mut self, input: &mut Input<'_>) {
        for _ in 0..400 {
            if input.is_empty() {
                return;
            }
            let act = input.u8();
            let place = usize::from(act >> 4) % self.under_way.len().max(1);
            match act & 15 {
                0..=4 => self.send_rtp(act >> 4 & 3, input),
                5 | 6 => self.send_rtcp(act >> 4 & 3, input),
                7..=9 if !self.under_way.is_empty() => {
                    let packet = self.under_way.remove(place);
                    self.deliver(&packet);
                }
                10 if !self.under_way.is_empty() => {
                    let packet = self.under_way[place].clone();
                    self.deliver(&packet);
                }
                11 if !self.under_way.is_empty() => {
                    let packet = self.under_way[place].clone();
                    self.damage(packet, input);
                }
                12 => {
                    self.keys.0 = self.keys.0.wrapping_add(1);
                    let rekeyed = self.sender.rekey(&master(self.profile, self.keys.0));
                    assert_eq!(rekeyed, Ok(()));
                }
                13 if self.keys.1 != self.keys.0 => {
                    self.keys.1 = self.keys.1.wrapping_add(1);
                    let rekeyed = self.receiver.rekey(&master(self.profile, self.keys.1));
                    assert_eq!(rekeyed, Ok(()));
                    self.has_former = true;
                }
                14 => {
                    self.receiver.forget_former();
                    self.has_former = false;
                }
                _ => drop(self.under_way.pop()),
            }
            self.under_way.truncate(32);
        }
    }

    /// Sends a packet whose number lies as far from the highest as the input says.
    fn send_rtp(&mut self, ssrc: u8, input: &mut Input<'_>) {
        let (shape, step) = (input.u8(), input.u8());
        let step = match shape >> 6 {
            0 => i64::from(step) + 1,
            1 => -i64::from(step & 63),
            2 => i64::from(step) << 7,
            _ => i64::from(u16::from_be_bytes([step, input.u8()])),
        };
        let highest = self.sent.get(&ssrc).copied();
        let first = u64::from(u16::from_be_bytes([shape, 0xF0 | shape >> 4]));
        let sequence = highest.map_or(first, |it| it.wrapping_add_signed(step)) as u16;
        let index = highest.map_or(first & 0xFFFF, |highest| closest(highest, sequence));
        let sources = shape & 15;
        let words = input.u8() & 3;
        let mut plain = vec![0x80 | u8::from(words > 0) << 4 | sources, 96];
        plain.extend(sequence.to_be_bytes());
        plain.extend([0, 0, 0, 9, 0, 0, 0, ssrc]);
        plain.extend(vec![7; 4 * usize::from(sources)]);
        if words > 0 {
            plain.extend([0xBE, 0xDE, 0, words]);
            plain.extend(vec![0x10; 4 * usize::from(words)]);
        }
        plain.extend(input.take(usize::from(shape >> 3)));
        let mut protected = plain.clone();
        let is_old = highest.is_some_and(|highest| index + 127 < highest);
        if is_old || self.used.contains(&(ssrc, index)) {
            // The keystream of an index hides one packet.
            assert_eq!(self.sender.protect_rtp(&mut protected), Err(ProtectError::Repeated));
            assert_eq!(protected, plain);
            return;
        }
        assert_eq!(self.sender.protect_rtp(&mut protected), Ok(()));
        assert_eq!(protected.len(), plain.len() + self.profile.rtp_overhead());
        self.used.insert((ssrc, index));
        self.sent.insert(ssrc, highest.map_or(index, |highest| highest.max(index)));
        let keys = self.keys.0;
        self.under_way.push(UnderWay { is_rtp: true, ssrc, index, keys, plain, protected });
    }

    fn send_rtcp(&mut self, ssrc: u8, input: &mut Input<'_>) {
        let mut plain = vec![0x80, 200, 0, 1, 0, 0, 0, ssrc];
        let length = input.u8() & 63;
        plain.extend(input.take(length.into()));
        let mut protected = plain.clone();
        assert_eq!(self.sender.protect_rtcp(&mut protected), Ok(()));
        assert_eq!(protected.len(), plain.len() + self.profile.rtcp_overhead());
        let next = self.sent_rtcp.entry(ssrc).or_default();
        let (index, keys) = (*next, self.keys.0);
        *next += 1;
        self.under_way.push(UnderWay { is_rtp: false, ssrc, index, keys, plain, protected });
    }

    fn open(&mut self, is_rtp: bool, packet: &mut Vec<u8>) -> Result<(), UnprotectError> {
        if is_rtp {
            self.receiver.unprotect_rtp(packet)
        } else {
            self.receiver.unprotect_rtcp(packet)
        }
    }

    /// A packet arrives: it is opened to what it was, once; and it is opened if it must be.
    fn deliver(&mut self, packet: &UnderWay) {
        let mut bytes = packet.protected.clone();
        let result = self.open(packet.is_rtp, &mut bytes);
        let is_current = packet.keys == self.keys.1;
        let is_former = self.has_former && packet.keys.wrapping_add(1) == self.keys.1;
        let heard = self.heard.entry((packet.is_rtp, packet.ssrc)).or_default();
        let is_new = !heard.taken.contains(&packet.index);
        if result.is_ok() {
            assert_eq!(bytes, packet.plain, "what is opened is what was protected");
            // Two packets of one number are two packets of one index: only one may be opened.
            assert!(is_new, "no index is opened twice");
            assert!(is_current || is_former, "old keys are forgotten");
            heard.taken.insert(packet.index);
            heard.highest = heard.highest.max(Some(packet.index));
            return;
        }
        let is_in_reach = match heard.highest {
            Some(highest) if packet.is_rtp => {
                packet.index + 127 >= highest
                    && packet.index < highest + (1 << 15)
                    && closest(highest, packet.index as u16) == packet.index
            }
            Some(highest) => packet.index + 127 >= highest,
            None if packet.is_rtp => {
                packet.index < 1 << 16 || is_current && packet.index < (1 << 16) + (1 << 15)
            }
            None => true,
        };
        assert!(
            !(is_in_reach && is_new && (is_current || is_former)),
            "{result:?}: packet {} after {:?}",
            packet.index,
            heard.highest
        );
    }

    /// A packet with a changed byte is not opened, and changes nothing.
    fn damage(&mut self, packet: UnderWay, input: &mut Input<'_>) {
        let mut bytes = packet.protected;
        let (place, change) = (usize::from(input.u8()) % bytes.len(), input.u8());
        let is_short = self.profile == Profile::Aes128CmSha1_32 && packet.is_rtp;
        if change == 0 {
            bytes.truncate(place);
        } else {
            bytes[place] ^= change;
        }
        let is_taken = self.open(packet.is_rtp, &mut bytes).is_ok();
        assert!(!is_taken || is_short);
    }
}

/// RFC 3711 section 3.3.1: the index that ends in `sequence` and lies closest to `highest`.
fn closest(highest: u64, sequence: u16) -> u64 {
    let distance = sequence.wrapping_sub(highest as u16);
    let ahead = highest + u64::from(distance);
    if distance < 1 << 15 { ahead } else { ahead.checked_sub(1 << 16).unwrap_or(ahead) }
}
