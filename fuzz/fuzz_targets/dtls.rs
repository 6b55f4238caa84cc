//! DTLS and SRTP: bytes at the decoders, and two ends over a hostile link.

use std::sync::LazyLock;
use std::time::Duration;

use icelab_crypto::{Certificate, Fingerprint, Hash, Identity, KeyKind, Validity};
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
use icelab_dtls::{AddressCheck, Config, Dtls, Event, Role, Version};
use icelab_sans_io::{Instant, Output, Protocol, Rng};
use icelab_srtp::{MasterKey, Profile, Receiver};
use icelab_wire::Writer;

/// A client's and a server's configuration, each expecting the other.
static CONFIGS: LazyLock<(Config, Config)> = LazyLock::new(|| {
    let identity = |index| {
        let mut rng = Rng::from_u64(1).fork("identity", index);
        Identity::self_signed(KeyKind::P256, Validity::ALWAYS, &mut rng).expect("a P-256 key")
    };
    let (client, server) = (identity(0), identity(1));
    let config = |role, own: &Identity, other: &Identity| Config {
        fingerprints: vec![other.certificate.fingerprint(Hash::Sha256)],
        ..Config::new(role, own.clone())
    };
    (config(Role::Client, &client, &server), config(Role::Server, &server, &client))
});

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
        11 => CertificateMessage::decode, CertificateMessage::encode;
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

/// A certificate is read or refused; a fingerprint's text likewise.
pub fn certificate(data: &[u8]) {
    if let Ok(certificate) = Certificate::parse(data) {
        let _ = certificate.is_signed_by(certificate.public_key());
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(fingerprint) = text.parse::<Fingerprint>()
    {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
}

/// Several datagrams, each behind its length, at a client and at a server.
pub fn records(data: &[u8]) {
    let mut client = Dtls::new(CONFIGS.0.clone(), Rng::from_u64(1));
    let mut server = Dtls::new(CONFIGS.1.clone(), Rng::from_u64(2));
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

/// Two ends over a link that the input rules: each of its bytes says what becomes of a datagram.
/// Whatever happens, no end releases data that the other did not send, and nothing panics.
pub fn flights(data: &[u8]) {
    let Some(([setup, mtu], mut rest)) = data.split_first_chunk::<2>() else { return };
    let (mut a, mut z) = CONFIGS.clone();
    for config in [&mut a, &mut z] {
        config.mtu = 256 + 5 * usize::from(*mtu);
        config.retransmission.rtt = (setup & 1 == 0).then_some(Duration::from_millis(40));
        config.connection_id = (setup & 2 != 0).then(|| vec![7; usize::from(setup >> 5)]);
        config.records_per_key = 4;
    }
    a.versions = if setup & 4 == 0 { (Version::V1_2, Version::V1_3) } else { (Version::V1_2, Version::V1_2) };
    z.address = match setup >> 3 & 3 {
        0 => AddressCheck::Cookie,
        1 => AddressCheck::Limit,
        _ => AddressCheck::Known,
    };
    let mut ends = [Dtls::new(a, Rng::from_u64(1)), Dtls::new(z, Rng::from_u64(2))];
    let mut now = Instant::START;
    ends[0].start(now);
    let mut under_way: Vec<(usize, Vec<u8>)> = Vec::new();
    for _ in 0..600 {
        for index in [0, 1] {
            while let Some(output) = ends[index].poll_output() {
                match output {
                    Output::Packet(packet) => under_way.push((1 - index, packet)),
                    Output::Event(Event::Data(data)) => assert_eq!(data, b"data", "nobody sent it"),
                    Output::Event(_) => {}
                }
            }
        }
        let Some((act, after)) = rest.split_first() else { return };
        rest = after;
        let place = usize::from(act >> 3) % under_way.len().max(1);
        let has_any = !under_way.is_empty();
        match act & 7 {
            0 | 1 if has_any => {
                let (to, packet) = under_way.remove(0);
                ends[to].handle_input(packet, now);
            }
            2 if has_any => {
                let (to, packet) = under_way.swap_remove(place);
                ends[to].handle_input(packet, now);
            }
            3 if has_any => {
                let (to, packet) = under_way[place].clone();
                ends[to].handle_input(packet, now);
            }
            4 if has_any => drop(under_way.remove(place)),
            5 if has_any => {
                let (to, mut packet) = under_way[place].clone();
                let at = usize::from(after.first().copied().unwrap_or(0)) % packet.len().max(1);
                if let Some(byte) = packet.get_mut(at) {
                    *byte ^= 1 << (act >> 5);
                }
                ends[to].handle_input(packet, now);
            }
            6 => {
                for end in &mut ends {
                    let _ = end.send(b"data", now);
                }
            }
            _ => {
                now += Duration::from_millis(u64::from(*act));
                for end in &mut ends {
                    end.handle_timeout(now);
                }
            }
        }
        under_way.truncate(64);
    }
}

/// A stranger's packets are never taken for the peer's.
pub fn srtp(data: &[u8]) {
    for profile in [Profile::Aes128CmSha1_80, Profile::Aes128CmSha1_32, Profile::AeadAes128Gcm] {
        let key = vec![7; profile.key_length()];
        let master = MasterKey::new(profile, &key, &vec![9; profile.salt_length()])
            .expect("the lengths are the profile's");
        let mut receiver = Receiver::new(&master).expect("a key that was taken");
        // Four bytes of tag can be guessed, one packet in 2^32: the others cannot.
        let is_taken = receiver.unprotect_rtp(&mut data.to_vec()).is_ok()
            || receiver.unprotect_rtcp(&mut data.to_vec()).is_ok();
        assert!(!is_taken || profile == Profile::Aes128CmSha1_32);
    }
}
