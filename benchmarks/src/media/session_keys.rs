//! Session keys (RFC 3711 section 4.3) and initialisation vectors, for those who leave them to others.

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes256};

use super::{Master, SSRC};

pub struct SessionKeys {
    pub encryption: Vec<u8>,
    pub authentication: Vec<u8>,
    pub salt: Vec<u8>,
}

impl SessionKeys {
    pub fn new(master: &Master) -> Self {
        Self {
            encryption: derive(master, 0, master.key.len()),
            authentication: derive(master, 1, 20),
            salt: derive(master, 2, master.salt.len()),
        }
    }
}

fn derive(master: &Master, label: u8, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for counter in 0_u16.. {
        let mut block = [0; 16];
        block[..master.salt.len()].copy_from_slice(&master.salt);
        block[7] ^= label;
        block[14..].copy_from_slice(&counter.to_be_bytes());
        let mut block = block.into();
        if master.key.len() == 16 {
            Aes128::new_from_slice(&master.key).expect("16 bytes").encrypt_block(&mut block);
        } else {
            Aes256::new_from_slice(&master.key).expect("32 bytes").encrypt_block(&mut block);
        }
        bytes.extend(block);
        if bytes.len() >= length {
            break;
        }
    }
    bytes.truncate(length);
    bytes
}

/// The vectors of packet after packet, the first of which has the sequence number 1.
pub struct Vectors {
    salt: u128,
    pub index: u64,
}

impl Vectors {
    pub fn new(keys: &SessionKeys) -> Self {
        let mut salt = [0; 16];
        let first = if keys.salt.len() == 12 { 4 } else { 0 };
        salt[first..][..keys.salt.len()].copy_from_slice(&keys.salt);
        Self { salt: u128::from_be_bytes(salt), index: 0 }
    }

    /// RFC 3711 section 4.1.1.
    pub fn next_counter(&mut self) -> [u8; 16] {
        self.index += 1;
        (self.salt ^ u128::from(SSRC) << 64 ^ u128::from(self.index) << 16).to_be_bytes()
    }

    /// RFC 7714 section 8.1.
    pub fn next_nonce(&mut self) -> [u8; 12] {
        self.index += 1;
        let nonce = self.salt ^ u128::from(SSRC) << 48 ^ u128::from(self.index);
        *nonce.to_be_bytes().last_chunk().expect("12 of 16 bytes")
    }
}
