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

    /// RFC 3711 appendix B.3.
    #[test]
    fn the_session_keys_of_rfc_3711() {
        let key = 0xE1F9_7A0D_3E01_8BE0_D64F_A32C_06DE_4139_u128.to_be_bytes();
        let salt = 0x0EC6_75AD_498A_FEEB_B696_0B3A_ABE6_u128.to_be_bytes();
        let master = MasterKey::new(Profile::Aes128CmSha1_80, &key, &salt[2..]).unwrap();
        assert_eq!(
            master.derive(Purpose::RtpEncryption, 16).expose(),
            0xC61E_7A93_744F_39EE_1073_4AFE_3FF7_A087_u128.to_be_bytes()
        );
        assert_eq!(
            master.derive(Purpose::RtpSalt, 14).expose(),
            &0x30CB_BC08_863D_8C85_D49D_B34A_9AE1_u128.to_be_bytes()[2..]
        );
        let authentication = master.derive(Purpose::RtpAuthentication, 94);
        assert_eq!(
            authentication.expose()[..16],
            0xCEBE_321F_6FF7_716B_6FD4_AB49_AF25_6A15_u128.to_be_bytes()
        );
        assert_eq!(
            authentication.expose()[80..],
            0x6B68_642C_59BB_FC2F_34DB_60DB_DFB2_u128.to_be_bytes()[2..]
        );
    }

    /// RFC 3711 section 8.2, RFC 7714 section 12: keys and salts have one length.
    #[test]
    fn a_key_of_another_length_is_refused() {
        let profile = Profile::AeadAes256Gcm;
        assert_eq!(MasterKey::new(profile, &[0; 16], &[0; 12]).err(), Some(InvalidKey));
        assert_eq!(MasterKey::new(profile, &[0; 32], &[0; 14]).err(), Some(InvalidKey));
    }
}
