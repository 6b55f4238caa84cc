//! Whole handshakes, both ends on one core: X25519, certificates of ECDSA on P-256 at both ends,
//! AES-128-GCM, keys for media exported, no cookie, nothing lost.

mod dimpl;
mod ours;

use std::time::Duration;

use icelab_dtls::Version;

use crate::contest::{Contestant, ICELAB, Work, processor_time};

pub fn contestants() -> Vec<Contestant> {
    [Version::V1_2, Version::V1_3].into_iter().flat_map(of).collect()
}

fn of(version: Version) -> Vec<Contestant> {
    let mut all = vec![contestant(version, ICELAB, ours::handshakes(version))];
    if !cfg!(feature = "aws-lc") {
        all.push(contestant(version, "dimpl, RustCrypto", dimpl::on_rust_crypto(version)));
        all.push(contestant(version, "dimpl, aws-lc", dimpl::on_aws_lc(version)));
    }
    all
}

fn contestant(
    version: Version,
    name: &'static str,
    handshake: impl FnMut() + 'static,
) -> Contestant {
    let work = Box::new(Handshakes(Box::new(handshake)));
    Contestant { task: format!("{version} handshake"), name, work }
}

/// A handshake from the first message to the last, over and over.
struct Handshakes(Box<dyn FnMut()>);

impl Work for Handshakes {
    fn batch(&mut self) -> (u32, Duration) {
        let start = processor_time();
        for _ in 0..BATCH {
            (self.0)();
        }
        (BATCH, processor_time() - start)
    }
}

const BATCH: u32 = 8;
