//! The handshake messages so far, as both sides hash them.

use icelab_crypto::Digest;
use icelab_crypto::Hash;
use icelab_wire::Writer;

use crate::wire::handshake::{Fragment, HandshakeType};
use crate::wire::version::Version;

/// All handshake messages so far, both sides', in order.
///
/// The bytes are kept, since several hashes are asked for: the suite's and, in 1.2, that of each
/// signature. They are few, and are dropped with the handshake.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    bytes: Vec<u8>,
}

impl Transcript {
    /// Adds a message in the form of `version`: 1.2 hashes the header as if the message were one
    /// fragment (RFC 6347 section 4.2.6), 1.3 leaves the fields out that only DTLS has (RFC 9147
    /// section 5.2).
    pub(crate) fn add(
        &mut self,
        version: Version,
        kind: HandshakeType,
        sequence: u16,
        body: &[u8],
    ) {
        let mut writer = Writer::with_capacity(Fragment::HEADER + body.len());
        match version {
            Version::V1_2 => {
                let length = u32::try_from(body.len()).expect("a message has at most 2^24 bytes");
                Fragment { kind, length, sequence, offset: 0, bytes: body }.encode(&mut writer);
            }
            Version::V1_3 => {
                writer.u8(kind.0);
                writer.vector24(|writer| writer.bytes(body));
            }
        }
        self.bytes.extend_from_slice(writer.as_slice());
    }

    /// Forgets everything: 1.2 leaves a first ClientHello and its HelloVerifyRequest out (RFC 6347
    /// section 4.2.1).
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Puts a hash in the place of a first ClientHello, once HelloRetryRequest has answered it
    /// (RFC 8446 section 4.4.1).
    pub(crate) fn condense(&mut self, hash: Hash) {
        let digest = self.digest(hash);
        self.bytes.clear();
        self.add(Version::V1_3, HandshakeType::MESSAGE_HASH, 0, digest.as_bytes());
    }

    /// The hash of it all.
    pub(crate) fn digest(&self, hash: Hash) -> Digest {
        hash.digest(&[&self.bytes])
    }

    /// The bytes themselves: 1.2's signatures are over them.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6347 section 4.2.6: with the fields of DTLS, as if the message were one fragment. RFC 9147
    /// section 5.2: without them.
    #[test]
    fn a_message_is_hashed_as_one_fragment_or_without_the_fields_of_dtls() {
        let body = [7; 300];
        let header = [20, 0, 1, 44];
        let mut transcript = Transcript::default();
        transcript.add(Version::V1_2, HandshakeType::FINISHED, 0x0203, &body);
        let fields = [2, 3, 0, 0, 0, 0, 1, 44];
        assert_eq!(transcript.bytes(), [&header[..], &fields, &body].concat());
        transcript.clear();
        transcript.add(Version::V1_3, HandshakeType::FINISHED, 0x0203, &body);
        assert_eq!(transcript.bytes(), [&header[..], &body].concat());
    }

    /// RFC 8446 section 4.4.1, RFC 9147 section 5.1: once a HelloRetryRequest has answered it, a first
    /// hello stands in the transcript as its hash.
    #[test]
    fn a_first_hello_becomes_its_hash() {
        let mut transcript = Transcript::default();
        transcript.add(Version::V1_3, HandshakeType::CLIENT_HELLO, 0, b"hello");
        transcript.condense(Hash::Sha256);
        let hash = Hash::Sha256.digest(&[&[1, 0, 0, 5], b"hello"]);
        assert_eq!(transcript.bytes(), [&[254, 0, 0, 32], hash.as_bytes()].concat());
    }
}
