//! Session keys out of a master key (RFC 3711 section 4.3, RFC 6188 section 3, RFC 7714 section 11).
//! Nothing derives them again while they serve: the key derivation rate is 0.

use icelab_crypto::{AesKey, Secret};

use crate::error::InvalidKey;
use crate::profile::Profile;

/// A master key and its salt, as DTLS hands them over for one direction.
#[derive(Clone, Debug)]
pub struct MasterKey {
    profile: Profile,
    key: AesKey,
    salt: Secret,
}

/// What a session key is for: the labels of RFC 3711 section 4.3.2.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Purpose {
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

impl MasterKey {
    /// The key and its salt for `profile`.
    ///
    /// # Errors
    /// Where one has not the [length](Profile::key_length) that the profile wants.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Result<Self, InvalidKey> {
        if key.len() != profile.key_length() || salt.len() != profile.salt_length() {
            return Err(InvalidKey);
        }
        let key = AesKey::new(key).map_err(|_| InvalidKey)?;
        Ok(Self { profile, key, salt: Secret::new(salt) })
    }

    /// The profile it is for.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// `length` bytes for `purpose`: the keystream of AES in counter mode, started at the salt with
    /// the label mixed in. A salt of 12 bytes is filled up with zeros (RFC 7714 section 11).
    pub(crate) fn derive(&self, purpose: Purpose, length: usize) -> Secret {
        let mut counter = [0; 16];
        for (place, byte) in counter.iter_mut().zip(self.salt.expose()) {
            *place = *byte;
        }
        // The key id is 7 bytes: the label, and the index divided by the rate, which is 0.
        let [_, _, _, _, _, _, _, label, ..] = &mut counter;
        *label ^= purpose as u8;
        let mut bytes = vec![0; length];
        self.key.apply_counter_mode(&counter, &mut bytes);
        Secret::new(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    /// RFC 3711 appendix B.3; for SRTCP, of which it says nothing, what Python's cryptography makes after
    /// sections 4.3.1 to 4.3.3.
    #[test]
    fn the_session_keys_of_rfc_3711() {
        let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
        let salt = hex("0EC675AD498AFEEBB6960B3AABE6");
        let master = MasterKey::new(Profile::Aes128CmSha1_80, &key, &salt).unwrap();
        let authentication = "CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE
            E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25
            6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2";
        let expected = [
            (Purpose::RtpEncryption, "C61E7A93744F39EE10734AFE3FF7A087"),
            (Purpose::RtpAuthentication, authentication),
            (Purpose::RtpSalt, "30CBBC08863D8C85D49DB34A9AE1"),
            (Purpose::RtcpEncryption, "4C1AA45A81F73D61C800BBB00FBB1EAA"),
            (Purpose::RtcpAuthentication, "8D54534FEB49AE8E7993A6BD0B844FC323A93DFD"),
            (Purpose::RtcpSalt, "9581C7AD87B3E530BF3E4454A8B3"),
        ];
        for (purpose, expected) in expected {
            let expected = hex(expected);
            assert_eq!(master.derive(purpose, expected.len()).expose(), expected, "{purpose:?}");
        }
    }

    /// RFC 6188 section 7.2, whose salt has 14 bytes: RFC 7714 section 11 fills one of 12 up to that.
    #[test]
    fn the_session_keys_of_rfc_6188() {
        let key = hex("f0f04914b513f2763a1b1fa130f10e29 98f6f6e43e4309d1e622a0e332b9f1b6");
        let master = MasterKey {
            profile: Profile::AeadAes256Gcm,
            key: AesKey::new(&key).unwrap(),
            salt: Secret::new(hex("3b04803de51ee7c96423ab5b78d2")),
        };
        let encryption = "5ba1064e30ec51613cad926c5a28ef73 1ec7fb397f70a960653caf06554cd8c4";
        let expected = [
            (Purpose::RtpEncryption, encryption),
            (Purpose::RtpAuthentication, "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"),
            (Purpose::RtpSalt, "fa31791685ca444a9e07c6c64e93"),
        ];
        for (purpose, expected) in expected {
            let expected = hex(expected);
            assert_eq!(master.derive(purpose, expected.len()).expose(), expected, "{purpose:?}");
        }
        let [short, long] = [vec![5; 12], [vec![5; 12], vec![0; 2]].concat()].map(|salt| {
            MasterKey { salt: Secret::new(salt), ..master.clone() }.derive(Purpose::RtpSalt, 12)
        });
        assert_eq!(short.expose(), long.expose());
    }

    /// RFC 3711 section 8.2, RFC 7714 section 12: keys and salts have one length.
    #[test]
    fn a_key_of_another_length_is_refused() {
        let profile = Profile::AeadAes256Gcm;
        assert_eq!(MasterKey::new(profile, &[0; 16], &[0; 12]).err(), Some(InvalidKey));
        assert_eq!(MasterKey::new(profile, &[0; 32], &[0; 14]).err(), Some(InvalidKey));
    }
}
