//! DTLS: bytes at the decoders of its messages, of certificates, and of two ends.

use std::time::Duration;

use icelab_crypto::{Certificate, Fingerprint, Hash, KeyKind, PublicKey, Scheme};
use icelab_dtls::Dtls;
use icelab_dtls::wire::ack::Ack;
use icelab_dtls::wire::alert::Alert;
use icelab_dtls::wire::certificate::{Certificate as CertificateMessage, CertificateChain};
use icelab_dtls::wire::certificate_request::{CertificateRequest, CertificateRequest12};
use icelab_dtls::wire::certificate_verify::CertificateVerify;
use icelab_dtls::wire::client_hello::ClientHello;
use icelab_dtls::wire::client_key_exchange::ClientKeyExchange;
use icelab_dtls::wire::connection_id::{NewConnectionId, RequestConnectionId};
use icelab_dtls::wire::encrypted_extensions::EncryptedExtensions;
use icelab_dtls::wire::hello_verify_request::HelloVerifyRequest;
use icelab_dtls::wire::key_update::KeyUpdate;
use icelab_dtls::wire::server_hello::ServerHello;
use icelab_dtls::wire::server_key_exchange::ServerKeyExchange;
use icelab_dtls::wire::session_ticket::NewSessionTicket;
use icelab_sans_io::{Instant, Protocol, Rng};
use icelab_wire::{DecodeError, Writer};

use crate::flights::configs;

/// Of a certificate's extensions only their being there is kept, and they are never written.
fn without_extensions(body: &[u8]) -> Result<CertificateMessage, DecodeError> {
    let message = CertificateMessage::decode(body)?;
    Ok(CertificateMessage { has_extensions: false, ..message })
}

/// Every handshake message, by its number in the first byte: what is read is written as it was.
pub fn handshake(data: &[u8]) {
    let Some((kind, body)) = data.split_first() else { return };
    macro_rules! round_trip {
        ($($number:literal => $decode:expr, $encode:expr;)+) => {
            match kind {
                $($number => {
                    if let Ok(message) = $decode(body) {
                        let mut writer = Writer::new();
                        $encode(&message, &mut writer);
                        assert_eq!($decode(writer.as_slice()), Ok(message));
                    }
                })+
                _ => {}
            }
        };
    }
    round_trip! {
        0 => Alert::decode, Alert::encode;
        1 => ClientHello::decode, ClientHello::encode;
        2 => ServerHello::decode, ServerHello::encode;
        3 => HelloVerifyRequest::decode, HelloVerifyRequest::encode;
        4 => NewSessionTicket::decode, NewSessionTicket::encode;
        8 => EncryptedExtensions::decode, EncryptedExtensions::encode;
        9 => RequestConnectionId::decode, RequestConnectionId::encode;
        10 => NewConnectionId::decode, NewConnectionId::encode;
        11 => without_extensions, CertificateMessage::encode;
        12 => ServerKeyExchange::decode, ServerKeyExchange::encode;
        13 => CertificateRequest::decode, CertificateRequest::encode;
        14 => CertificateRequest12::decode, CertificateRequest12::encode;
        15 => CertificateVerify::decode, CertificateVerify::encode;
        16 => ClientKeyExchange::decode, ClientKeyExchange::encode;
        17 => CertificateChain::decode_1_2, CertificateChain::encode_1_2;
        24 => KeyUpdate::decode, KeyUpdate::encode;
        26 => Ack::decode, Ack::encode;
    }
}

/// A certificate is read or refused; a fingerprint's text likewise. Its end is no signature of
/// anything else, in whatever way a key may sign.
pub fn certificate(data: &[u8]) {
    if let Ok(certificate) = Certificate::parse(data) {
        let key = certificate.public_key();
        let _ = certificate.is_signed_by(key);
        assert_eq!(certificate.der(), data);
        assert_eq!(PublicKey::from_spki(&key.to_spki()).as_ref(), Ok(key));
        let length = if key.kind() == KeyKind::Rsa { 256 } else { 64 };
        let signature = data.split_last_chunk::<256>().map_or(data, |(_, end)| end);
        let signature =
            signature.get(signature.len().saturating_sub(length)..).unwrap_or(signature);
        for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            for scheme in [Scheme::Ecdsa(hash), Scheme::RsaPkcs1(hash), Scheme::RsaPss(hash)] {
                assert!(key.verify(scheme, &[b"nobody signed this"], signature).is_err());
            }
        }
        assert!(key.verify(Scheme::Ed25519, &[b"nobody signed this"], signature).is_err());
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(fingerprint) = text.parse::<Fingerprint>()
    {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
}

/// Several datagrams, each behind its length, at a client and at a server.
pub fn records(data: &[u8]) {
    let [client, server] = configs(true);
    let mut client = Dtls::new(client, Rng::from_u64(1));
    let mut server = Dtls::new(server, Rng::from_u64(2));
    let mut now = Instant::START;
    client.start(now);
    let mut rest = data;
    while let Some(([high, low, wait], tail)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (datagram, after) = tail.split_at(length.min(tail.len()));
        rest = after;
        for end in [&mut client, &mut server] {
            end.handle_input(datagram.to_vec(), now);
            while end.poll_output().is_some() {}
        }
        now += Duration::from_millis(u64::from(*wait));
        for end in [&mut client, &mut server] {
            end.handle_timeout(now);
            while end.poll_output().is_some() {}
        }
    }
}
