//! What is done to the bytes (RFC 3711 sections 4.1 and 4.2, RFC 7714 sections 8 and 9).

use icelab_crypto::aead::{NONCE_LENGTH, TAG_LENGTH};
use icelab_crypto::{AeadKey, AesKey, Cipher, HmacSha1, Secret, equal};

use crate::derivation::{MasterKey, Purpose};
use crate::error::InvalidKey;
use crate::profile::Profile;

/// The session keys of one direction, for either kind of packet.
#[derive(Clone, Debug)]
pub(crate) struct SessionKeys {
    pub(crate) rtp: Transform,
    pub(crate) rtcp: Transform,
}

impl SessionKeys {
    pub(crate) fn new(master: &MasterKey) -> Result<Self, InvalidKey> {
        use Purpose::{
            RtcpAuthentication, RtcpEncryption, RtcpSalt, RtpAuthentication, RtpEncryption, RtpSalt,
        };
        let profile = master.profile();
        let tag = profile.rtp_overhead();
        Ok(Self {
            rtp: Transform::new(master, RtpEncryption, RtpAuthentication, RtpSalt, tag)?,
            // RFC 5764 section 4.1.2: SRTCP has the long tag in either profile of SHA-1.
            rtcp: Transform::new(master, RtcpEncryption, RtcpAuthentication, RtcpSalt, LONG_TAG)?,
        })
    }
}

/// Keys of one direction and one kind of packet.
#[derive(Clone, Debug)]
pub(crate) enum Transform {
    /// AES in counter mode, then HMAC-SHA1 over the result.
    CounterMode {
        key: AesKey,
        salt: Salt,
        authentication: HmacSha1,
        /// How much of the tag is sent, in bytes.
        tag: usize,
    },
    /// AES-GCM.
    Gcm { key: AeadKey, salt: Salt },
}

/// The tag does not belong to the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forged;

impl Transform {
    fn new(
        master: &MasterKey,
        encryption: Purpose,
        authentication: Purpose,
        salting: Purpose,
        tag: usize,
    ) -> Result<Self, InvalidKey> {
        let profile = master.profile();
        let key = master.derive(encryption, profile.key_length());
        let salt = Salt::new(&master.derive(salting, profile.salt_length()));
        let cipher = match profile {
            Profile::Aes128CmSha1_80 | Profile::Aes128CmSha1_32 => {
                let authentication = master.derive(authentication, SHA1_KEY);
                return Ok(Self::CounterMode {
                    key: AesKey::new(key.expose()).map_err(|_| InvalidKey)?,
                    salt,
                    authentication: HmacSha1::new(authentication.expose()),
                    tag,
                });
            }
            Profile::AeadAes128Gcm => Cipher::Aes128Gcm,
            Profile::AeadAes256Gcm => Cipher::Aes256Gcm,
        };
        let key = AeadKey::new(cipher, key.expose()).map_err(|_| InvalidKey)?;
        Ok(Self::Gcm { key, salt })
    }

    /// Length of the tag in bytes.
    pub(crate) const fn tag_length(&self) -> usize {
        match self {
            Self::CounterMode { tag, .. } => *tag,
            Self::Gcm { .. } => TAG_LENGTH,
        }
    }

    /// Protects an RTP packet: encrypts what follows the first `header` bytes and appends the tag.
    /// `index` is the packet's 48-bit index.
    pub(crate) fn protect_rtp(&self, packet: &mut Vec<u8>, header: usize, ssrc: u32, index: u64) {
        let Some((head, payload)) = packet.split_at_mut_checked(header) else { return };
        match self {
            Self::CounterMode { key, salt, authentication, tag } => {
                key.apply_counter_mode(&counter(salt, ssrc, index), payload);
                let whole = authentication.sign(&[packet, &roll_over(index)]);
                packet.extend_from_slice(whole.get(..*tag).unwrap_or_default());
            }
            Self::Gcm { key, salt } => {
                let tag = key.seal_in_place(&rtp_nonce(salt, ssrc, index), head, payload);
                packet.extend_from_slice(&tag);
            }
        }
    }

    /// Opens an SRTP packet: checks and removes the tag, and decrypts.
    pub(crate) fn unprotect_rtp(
        &self,
        packet: &mut Vec<u8>,
        header: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<(), Forged> {
        let end = packet.len().checked_sub(self.tag_length()).ok_or(Forged)?;
        let (body, tag) = packet.split_at_mut_checked(end).ok_or(Forged)?;
        match self {
            Self::CounterMode { key, salt, authentication, tag: length } => {
                let whole = authentication.sign(&[body, &roll_over(index)]);
                if !equal(whole.get(..*length).unwrap_or_default(), tag) {
                    return Err(Forged);
                }
                let payload = body.get_mut(header..).ok_or(Forged)?;
                key.apply_counter_mode(&counter(salt, ssrc, index), payload);
            }
            Self::Gcm { key, salt } => {
                let tag = tag.first_chunk().copied().ok_or(Forged)?;
                let (head, payload) = body.split_at_mut_checked(header).ok_or(Forged)?;
                key.open_in_place(&rtp_nonce(salt, ssrc, index), head, payload, &tag)
                    .map_err(|_| Forged)?;
            }
        }
        packet.truncate(end);
        Ok(())
    }

    /// Protects an RTCP packet: encrypts what follows the first `header` bytes and appends the index
    /// with the E flag, and the tag. `index` has 31 bits.
    pub(crate) fn protect_rtcp(&self, packet: &mut Vec<u8>, header: usize, ssrc: u32, index: u32) {
        let Some((head, payload)) = packet.split_at_mut_checked(header) else { return };
        let word = (ENCRYPTED | index).to_be_bytes();
        match self {
            Self::CounterMode { key, salt, authentication, tag } => {
                key.apply_counter_mode(&counter(salt, ssrc, index.into()), payload);
                packet.extend_from_slice(&word);
                let whole = authentication.sign(&[packet]);
                packet.extend_from_slice(whole.get(..*tag).unwrap_or_default());
            }
            Self::Gcm { key, salt } => {
                let aad = rtcp_associated(head, word);
                let tag = key.seal_in_place(&rtcp_nonce(salt, ssrc, index), &aad, payload);
                packet.extend_from_slice(&tag);
                packet.extend_from_slice(&word);
            }
        }
    }

    /// The index and the E flag of an SRTCP packet, as one word.
    pub(crate) fn rtcp_word(&self, packet: &[u8]) -> Option<u32> {
        let after = match self {
            Self::CounterMode { tag, .. } => *tag,
            Self::Gcm { .. } => 0,
        };
        let end = packet.len().checked_sub(after)?;
        packet.get(..end)?.last_chunk().map(|word| u32::from_be_bytes(*word))
    }

    /// Opens an SRTCP packet, which has the index and flag `word`: checks and removes what was
    /// appended, and decrypts what is encrypted.
    pub(crate) fn unprotect_rtcp(
        &self,
        packet: &mut Vec<u8>,
        header: usize,
        ssrc: u32,
        word: u32,
    ) -> Result<(), Forged> {
        let end = packet.len().checked_sub(self.tag_length() + WORD).ok_or(Forged)?;
        if end < header {
            return Err(Forged);
        }
        let is_encrypted = word & ENCRYPTED != 0;
        let index = word & !ENCRYPTED;
        match self {
            Self::CounterMode { key, salt, authentication, tag: length } => {
                let (body, tag) = packet.split_at_mut_checked(end + WORD).ok_or(Forged)?;
                let whole = authentication.sign(&[body]);
                if !equal(whole.get(..*length).unwrap_or_default(), tag) {
                    return Err(Forged);
                }
                if is_encrypted {
                    let payload = body.get_mut(header..end).ok_or(Forged)?;
                    key.apply_counter_mode(&counter(salt, ssrc, index.into()), payload);
                }
            }
            Self::Gcm { key, salt } => {
                let (body, rest) = packet.split_at_mut_checked(end).ok_or(Forged)?;
                let tag = rest.first_chunk().copied().ok_or(Forged)?;
                let nonce = rtcp_nonce(salt, ssrc, index);
                // RFC 7714 section 9.3: without encryption the whole packet is associated data.
                let clear = if is_encrypted { header } else { end };
                let (head, payload) = body.split_at_mut_checked(clear).ok_or(Forged)?;
                let aad = rtcp_associated(head, word.to_be_bytes());
                key.open_in_place(&nonce, &aad, payload, &tag).map_err(|_| Forged)?;
            }
        }
        packet.truncate(end);
        Ok(())
    }
}

/// A session's salt, filled up with zeros to a block.
#[derive(Clone, Debug)]
pub(crate) struct Salt(Secret);

impl Salt {
    fn new(salt: &Secret) -> Self {
        // It never moves to a larger place: the former one would not be wiped.
        let mut block = Vec::with_capacity(BLOCK);
        block.extend_from_slice(salt.expose());
        block.resize(BLOCK, 0);
        Self(Secret::new(block))
    }

    /// `number`, its first bytes mixed with the salt.
    fn mix(&self, number: u128) -> [u8; BLOCK] {
        let salt = self.0.expose().first_chunk().expect("it was filled up to a block");
        (u128::from_be_bytes(*salt) ^ number).to_be_bytes()
    }
}

/// RFC 3711 section 4.1.1: `IV = (k_s * 2^16) XOR (SSRC * 2^64) XOR (i * 2^16)`.
fn counter(salt: &Salt, ssrc: u32, index: u64) -> [u8; BLOCK] {
    salt.mix(u128::from(ssrc) << 64 | u128::from(index) << 16)
}

/// RFC 3711 section 4.2: the tag is over the roll-over counter too.
fn roll_over(index: u64) -> [u8; 4] {
    let [_, _, roll_over @ .., _, _] = index.to_be_bytes();
    roll_over
}

/// RFC 7714 section 9.2: what is not encrypted, then the word with the E flag and the index.
fn rtcp_associated(clear: &[u8], word: [u8; WORD]) -> Vec<u8> {
    let mut associated = clear.to_vec();
    associated.extend(word);
    associated
}

/// RFC 7714 section 8.1: two zero bytes, SSRC, roll-over counter, sequence number; mixed with the
/// salt.
fn rtp_nonce(salt: &Salt, ssrc: u32, index: u64) -> [u8; NONCE_LENGTH] {
    let [nonce @ .., _, _, _, _] = salt.mix((u128::from(ssrc) << 48 | u128::from(index)) << 32);
    nonce
}

/// RFC 7714 section 9.1: two zero bytes, SSRC, two zero bytes, a zero bit, the index; mixed with the
/// salt.
fn rtcp_nonce(salt: &Salt, ssrc: u32, index: u32) -> [u8; NONCE_LENGTH] {
    rtp_nonce(salt, ssrc, index.into())
}

/// The flag that says that an SRTCP packet is encrypted.
pub(crate) const ENCRYPTED: u32 = 1 << 31;
/// Length of a block of AES, in bytes.
const BLOCK: usize = 16;
/// Length of the word with flag and index, in bytes.
const WORD: usize = 4;
/// Length of SRTCP's tag with SHA-1, in bytes.
const LONG_TAG: usize = 10;
/// Length of the key for HMAC-SHA1, in bytes (RFC 3711 section 8.2).
const SHA1_KEY: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    /// The session keys of RFC 7714 section 16: the key counts up, the salt is `Quid pro quo`.
    fn gcm(cipher: Cipher) -> Transform {
        let key: Vec<u8> = (0..32).take(cipher.key_length()).collect();
        Transform::Gcm {
            key: AeadKey::new(cipher, &key).unwrap(),
            salt: Salt::new(&Secret::new(*b"Quid pro quo")),
        }
    }

    const RTP: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976
        69736120 696e2070 61727465 73207472 6573";
    const RTCP: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
        deadbeef deadbeef deadbeef deadbeef deadbeef";

    /// RFC 7714 sections 16.1 and 16.2.
    #[test]
    fn the_rtp_vectors_of_rfc_7714() {
        let vectors = [
            (
                Cipher::Aes128Gcm,
                "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5
                0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439
                0cce",
            ),
            (
                Cipher::Aes256Gcm,
                "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238
                9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7
                6c13",
            ),
        ];
        for (cipher, protected) in vectors {
            let mut packet = hex(RTP);
            gcm(cipher).protect_rtp(&mut packet, 12, 0x5501_A0B2, 0xF17B);
            assert_eq!(packet, hex(protected), "{cipher:?}");
            gcm(cipher).unprotect_rtp(&mut packet, 12, 0x5501_A0B2, 0xF17B).unwrap();
            assert_eq!(packet, hex(RTP));
        }
    }

    /// RFC 7714 sections 16.1.3, 16.1.4, 16.2.3 and 16.2.4: RTP that is only authenticated, which SRTP
    /// never sends (section 8.2): the nonce and the cipher.
    #[test]
    fn the_tags_alone_of_rfc_7714() {
        let tags = [
            (Cipher::Aes128Gcm, "22493f82 d2bce397 e9d79e3b 19aa4216"),
            (Cipher::Aes256Gcm, "a866d591 0f887463 067ceefe c45215d4"),
        ];
        for (cipher, tag) in tags {
            let Transform::Gcm { key, salt } = gcm(cipher) else { panic!("another cipher") };
            let nonce = rtp_nonce(&salt, 0x5501_A0B2, 0xF17B);
            assert_eq!(nonce.as_slice(), hex("51753c65 80c2726f 20718414"));
            let tag: [u8; TAG_LENGTH] = hex(tag).try_into().unwrap();
            assert_eq!(key.seal_in_place(&nonce, &hex(RTP), &mut []), tag);
            key.open_in_place(&nonce, &hex(RTP), &mut [], &tag).unwrap();
        }
    }

    /// RFC 7714 sections 17.1 and 17.2: encrypted; 17.3 and 17.4: only authenticated.
    #[test]
    fn the_rtcp_vectors_of_rfc_7714() {
        let vectors = [
            (
                Cipher::Aes128Gcm,
                "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d
                c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872
                45d9eade 800005d4",
                "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
                deadbeef deadbeef deadbeef deadbeef deadbeef 841dd968 3dd78ec9 2ae58790
                125f62b3 000005d4",
            ),
            (
                Cipher::Aes256Gcm,
                "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50
                a2eaa5c1 110555be 8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c
                b26ac3be 800005d4",
                "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
                deadbeef deadbeef deadbeef deadbeef deadbeef 91db4afb feee5a97 8fab4393
                ed2615fe 000005d4",
            ),
        ];
        for (cipher, encrypted, clear) in vectors {
            let transform = gcm(cipher);
            let mut packet = hex(RTCP);
            transform.protect_rtcp(&mut packet, 8, 0x4D61_7273, 0x5D4);
            assert_eq!(packet, hex(encrypted), "{cipher:?}");
            for protected in [encrypted, clear] {
                let mut packet = hex(protected);
                let word = transform.rtcp_word(&packet).unwrap();
                assert_eq!(word & !ENCRYPTED, 0x5D4);
                transform.unprotect_rtcp(&mut packet, 8, 0x4D61_7273, word).unwrap();
                assert_eq!(packet, hex(RTCP), "{cipher:?}");
            }
        }
    }
}
