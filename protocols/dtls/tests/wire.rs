//! The bytes of every element: written out after the RFCs' pictures, read and written again, cut
//! short at every place, and spoilt.

use std::fmt::Debug;

use icelab_dtls::wire::ack::{Ack, RecordNumber};
use icelab_dtls::wire::alert::{Alert, AlertDescription};
use icelab_dtls::wire::certificate::{Certificate, CertificateChain};
use icelab_dtls::wire::certificate_request::{CertificateRequest, CertificateRequest12};
use icelab_dtls::wire::certificate_verify::CertificateVerify;
use icelab_dtls::wire::client_hello::ClientHello;
use icelab_dtls::wire::client_key_exchange::ClientKeyExchange;
use icelab_dtls::wire::connection_id::{NewConnectionId, RequestConnectionId};
use icelab_dtls::wire::encrypted_extensions::EncryptedExtensions;
use icelab_dtls::wire::extension::use_srtp::UseSrtp;
use icelab_dtls::wire::extension::{
    ExtensionType, Extensions, connection_id, cookie, key_share, point_formats, renegotiation_info,
    signature_algorithms, supported_groups, supported_versions,
};
use icelab_dtls::wire::handshake::{Fragment, HandshakeType};
use icelab_dtls::wire::hello_verify_request::HelloVerifyRequest;
use icelab_dtls::wire::key_update::KeyUpdate;
use icelab_dtls::wire::scheme::SignatureScheme;
use icelab_dtls::wire::server_hello::ServerHello;
use icelab_dtls::wire::server_key_exchange::ServerKeyExchange;
use icelab_dtls::wire::session_ticket::NewSessionTicket;
use icelab_dtls::wire::version::ProtocolVersion;
use icelab_dtls::{CipherSuite, NamedGroup, SrtpProfile};
use icelab_wire::{DecodeError, Reader, Writer};
use proptest::prelude::*;

/// The bytes of which `text` is the hexadecimal form; blanks do not count.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn written(encode: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    encode(&mut writer);
    writer.into_vec()
}

/// Reads `text` and writes it again; each shorter form is refused, but one of a length in `whole`;
/// whatever a spoilt form is read as, it is written as it was.
fn check<T: Debug + PartialEq>(
    text: &str,
    whole: &[usize],
    decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    encode: impl Fn(&T, &mut Writer),
) -> T {
    let bytes = hex(text);
    let element = decode(&bytes).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    assert_eq!(written(|writer| encode(&element, writer)), bytes, "{text}");
    for length in 0..bytes.len() {
        let is_read = decode(&bytes[..length]).is_ok();
        assert_eq!(is_read, whole.contains(&length), "{length} bytes of {text}");
    }
    for place in 0..bytes.len() {
        for mask in [0x01, 0x80, 0xFF] {
            let mut spoilt = bytes.clone();
            spoilt[place] ^= mask;
            if let Ok(element) = decode(&spoilt) {
                assert_eq!(written(|writer| encode(&element, writer)), spoilt, "{place} {text}");
            }
        }
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(decode(&longer).is_err(), "a byte more than {text}");
    element
}

const RANDOM: &str = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

#[test]
fn client_hello() {
    let text = format!(
        "FEFD {RANDOM} 00 03 C0FFEE 0006 1301 C02B 00FF 01 00 \
         0011 FF01 0001 00 000A 0004 0002 001D 0017 0000"
    );
    // 1.2 may leave the extensions out (RFC 5246 section 7.4.1.2).
    let bare = 2 + 32 + 1 + 4 + 8 + 2;
    let hello = check(&text, &[bare], ClientHello::decode, ClientHello::encode);
    assert_eq!(hello.version, ProtocolVersion::DTLS_1_2);
    assert_eq!(hello.cookie, [0xC0, 0xFF, 0xEE]);
    assert_eq!(hello.cipher_suites[0], CipherSuite::AES_128_GCM);
    assert_eq!(hello.cipher_suites[2], CipherSuite::EMPTY_RENEGOTIATION_INFO);
    assert!(hello.extensions.has(ExtensionType(0x17)));
}

#[test]
fn server_hello_and_hello_retry_request() {
    let text = format!(
        "FEFD {RANDOM} 00 1301 00 002E 002B 0002 FEFC 0033 0024 001D 0020 \
         000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"
    );
    let bare = 2 + 32 + 1 + 2 + 1;
    let hello = check(&text, &[bare], ServerHello::decode, ServerHello::encode);
    assert!(!hello.is_retry());
    let choice = supported_versions::decode_choice(
        hello.extensions.get(ExtensionType::SUPPORTED_VERSIONS).unwrap(),
    );
    assert_eq!(choice, Ok(ProtocolVersion::DTLS_1_3));
    // RFC 8446 section 4.1.3: this random is the SHA-256 of "HelloRetryRequest".
    let text = "FEFD CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C 00 1301 00 \
                0006 002B 0002 FEFC";
    let hello = check(text, &[bare], ServerHello::decode, ServerHello::encode);
    assert!(hello.is_retry());
    assert_eq!(hello.random, icelab_crypto::sha256(&[b"HelloRetryRequest"]));
}

#[test]
fn hello_verify_request() {
    let request =
        check("FEFF 04 DEADBEEF", &[], HelloVerifyRequest::decode, HelloVerifyRequest::encode);
    assert_eq!(request.version, ProtocolVersion::DTLS_1_0);
    check("FEFD 00", &[], HelloVerifyRequest::decode, HelloVerifyRequest::encode);
}

#[test]
fn certificates() {
    let chain = check(
        "00000B 000003 0A0B0C 000002 0D0E",
        &[],
        CertificateChain::decode_1_2,
        CertificateChain::encode_1_2,
    );
    assert_eq!(chain.certificates, [vec![10, 11, 12], vec![13, 14]]);
    check("000000", &[], CertificateChain::decode_1_2, CertificateChain::encode_1_2);
    let decode = |bytes: &[u8]| {
        // What entries carry beside certificates is read over, so it is not written again.
        Certificate::decode(bytes).and_then(|it| match it.has_extensions {
            true => Err(DecodeError::Value { field: "extensions" }),
            false => Ok(it),
        })
    };
    let certificate = check("02 AABB 000008 000003 0A0B0C 0000", &[], decode, Certificate::encode);
    assert_eq!(certificate.context, [0xAA, 0xBB]);
    let with_extension = hex("00 00000C 000003 0A0B0C 0004 0005 0000");
    assert!(Certificate::decode(&with_extension).unwrap().has_extensions);
    // RFC 5246 section 7.4.2: a certificate has at least one byte.
    assert!(CertificateChain::decode_1_2(&hex("000003 000000")).is_err());
}

#[test]
fn certificate_requests() {
    let request = check(
        "02 4001 0004 0403 0804 0000",
        &[],
        CertificateRequest12::decode,
        CertificateRequest12::encode,
    );
    assert_eq!(
        request.signature_schemes,
        [SignatureScheme::ECDSA_P256_SHA256, SignatureScheme::RSA_PSS_SHA256]
    );
    check(
        "00 0008 000D 0004 0002 0403",
        &[],
        CertificateRequest::decode,
        CertificateRequest::encode,
    );
}

#[test]
fn signatures_and_shares_of_1_2() {
    check("0403 0003 010203", &[], CertificateVerify::decode, CertificateVerify::encode);
    let exchange = check(
        "03 001D 04 0A0B0C0D 0403 0002 0102",
        &[],
        ServerKeyExchange::decode,
        ServerKeyExchange::encode,
    );
    assert_eq!(exchange.share.group, NamedGroup::X25519);
    // RFC 8422 section 5.4: explicit curves are gone.
    assert!(ServerKeyExchange::decode(&hex("01 001D 01 0A 0403 0001 01")).is_err());
    check("04 0A0B0C0D", &[], ClientKeyExchange::decode, ClientKeyExchange::encode);
    assert!(ClientKeyExchange::decode(&[0]).is_err());
}

#[test]
fn messages_of_1_3() {
    check(
        "0009 000E 0005 0002 0007 00",
        &[],
        EncryptedExtensions::decode,
        EncryptedExtensions::encode,
    );
    check(
        "00001C20 11223344 02 0001 0003 AABBCC 0000",
        &[],
        NewSessionTicket::decode,
        NewSessionTicket::encode,
    );
    assert!(!check("00", &[], KeyUpdate::decode, KeyUpdate::encode).is_requested);
    assert!(check("01", &[], KeyUpdate::decode, KeyUpdate::encode).is_requested);
    assert!(KeyUpdate::decode(&[2]).is_err());
}

/// RFC 9147 section 9.
#[test]
fn connection_id_messages() {
    let request = check("05", &[], RequestConnectionId::decode, RequestConnectionId::encode);
    assert_eq!(request.count, 5);
    let ids =
        check("0006 02 AABB 02 CCDD 00", &[], NewConnectionId::decode, NewConnectionId::encode);
    assert!(ids.is_immediate);
    assert_eq!(ids.ids, [[0xAA, 0xBB], [0xCC, 0xDD]]);
    assert!(!check("0000 01", &[], NewConnectionId::decode, NewConnectionId::encode).is_immediate);
    assert!(NewConnectionId::decode(&hex("0000 02")).is_err());
}

/// RFC 9147 section 7.
#[test]
fn acks() {
    let ack = check(
        "0020 0000000000000002 0000000000000001 0000000000000002 0000000000000005",
        &[],
        Ack::decode,
        Ack::encode,
    );
    assert_eq!(ack.records[1], RecordNumber { epoch: 2, sequence: 5 });
    assert_eq!(check("0000", &[], Ack::decode, Ack::encode), Ack::default());
}

#[test]
fn alerts() {
    let alert = check("02 28", &[], Alert::decode, Alert::encode);
    let description = AlertDescription::HANDSHAKE_FAILURE;
    assert_eq!(alert, Alert { is_fatal: true, description });
    assert_eq!(description.to_string(), "handshake_failure (40)");
    assert_eq!(AlertDescription(201).to_string(), "unknown (201)");
    assert!(Alert::decode(&[3, 0]).is_err());
}

#[test]
fn bodies_of_extensions() {
    let decode = |bytes: &[u8]| supported_versions::decode_offer(bytes);
    check("04 FEFC FEFD", &[], decode, |list, writer| {
        supported_versions::encode_offer(list, writer);
    });
    check("FEFC", &[], supported_versions::decode_choice, |version, writer| {
        supported_versions::encode_choice(*version, writer);
    });
    check("0006 001D 0017 8A8A", &[], supported_groups::decode, |list, writer| {
        supported_groups::encode(list, writer);
    });
    check("0004 0403 0804", &[], signature_algorithms::decode, |list, writer| {
        signature_algorithms::encode(list, writer);
    });
    let shares = check(
        "000F 8A8A 0001 00 001D 0006 010203040506",
        &[],
        key_share::decode_offer,
        |list, writer| {
            key_share::encode_offer(list, writer);
        },
    );
    assert_eq!(shares[1].group, NamedGroup::X25519);
    check("0000", &[], key_share::decode_offer, |list, writer| {
        key_share::encode_offer(list, writer);
    });
    check("001D 0002 0102", &[], key_share::decode_choice, |share, writer| share.encode(writer));
    assert_eq!(key_share::decode_retry(&[0, 0x17]), Ok(NamedGroup::P256));
    check("0003 010203", &[], cookie::decode, |cookie, writer| cookie::encode(cookie, writer));
    check("02 AABB", &[], connection_id::decode, |id, writer| connection_id::encode(id, writer));
    check("00", &[], connection_id::decode, |id, writer| connection_id::encode(id, writer));
    let srtp = check("0006 0001 0008 0007 00", &[], UseSrtp::decode, UseSrtp::encode);
    // The order of Chromium 156.
    assert_eq!(
        srtp.profiles,
        [
            SrtpProfile::AES128_CM_SHA1_80,
            SrtpProfile::AEAD_AES_256_GCM,
            SrtpProfile::AEAD_AES_128_GCM
        ]
    );
    assert_eq!(point_formats::decode(&[1, 0]), Ok(vec![point_formats::UNCOMPRESSED]));
    assert!(point_formats::decode(&[0]).is_err());
    assert_eq!(written(point_formats::encode), [1, 0]);
    assert_eq!(renegotiation_info::decode(&[2, 7, 8]), Ok(vec![7, 8]));
    assert_eq!(written(renegotiation_info::encode_first), [0]);
}

/// RFC 8446 section 4.2: no kind comes twice.
#[test]
fn a_list_of_extensions_names_each_kind_once() {
    let decode = |bytes: &[u8]| {
        let mut reader = Reader::new(bytes);
        let list = Extensions::decode(&mut reader)?;
        reader.finish().map(|()| list)
    };
    check("0009 0017 0000 002B 0001 07", &[], decode, Extensions::encode);
    let twice = decode(&hex("0008 0017 0000 0017 0000"));
    assert_eq!(twice, Err(DecodeError::Value { field: "extension_type" }));
    let many: Vec<u8> = (0..65_u16).flat_map(|kind| [0, kind.to_be_bytes()[1], 0, 0]).collect();
    let mut list = u16::try_from(many.len()).unwrap().to_be_bytes().to_vec();
    list.extend(many);
    assert_eq!(decode(&list), Err(DecodeError::Length { field: "extensions" }));
}

/// RFC 6347 section 4.2.2, RFC 9147 section 5.2.
#[test]
fn fragments() {
    let bytes = hex("0B 000006 0003 000002 000003 AABBCC");
    let fragment = Fragment::decode(&mut Reader::new(&bytes)).unwrap();
    let expected = Fragment {
        kind: HandshakeType::CERTIFICATE,
        length: 6,
        sequence: 3,
        offset: 2,
        bytes: &[0xAA, 0xBB, 0xCC],
    };
    assert_eq!(fragment, expected);
    assert_eq!(written(|writer| fragment.encode(writer)), bytes);
    for length in 0..bytes.len() {
        assert!(Fragment::decode(&mut Reader::new(&bytes[..length])).is_err());
    }
    // It reaches past the end of its message.
    assert!(
        Fragment::decode(&mut Reader::new(&hex("0B 000004 0003 000002 000003 AABBCC"))).is_err()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hellos_are_read_as_they_were_written(
        random in any::<[u8; 32]>(),
        session_id in prop::collection::vec(any::<u8>(), 0..=32),
        cookie in prop::collection::vec(any::<u8>(), 0..=255),
        suites in prop::collection::vec(any::<u16>(), 1..20),
        kinds in prop::collection::btree_set(any::<u16>(), 0..10),
        body in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let mut extensions = Extensions::new();
        for kind in kinds {
            extensions.add(ExtensionType(kind), |writer| writer.bytes(&body));
        }
        let hello = ClientHello {
            version: ProtocolVersion::DTLS_1_2,
            random,
            session_id: session_id.clone(),
            cookie,
            cipher_suites: suites.iter().copied().map(CipherSuite).collect(),
            compression_methods: vec![0],
            extensions: extensions.clone(),
        };
        let bytes = written(|writer| hello.encode(writer));
        prop_assert_eq!(ClientHello::decode(&bytes), Ok(hello));
        let hello = ServerHello {
            version: ProtocolVersion::DTLS_1_2,
            random,
            session_id,
            cipher_suite: CipherSuite(suites[0]),
            extensions,
        };
        let bytes = written(|writer| hello.encode(writer));
        prop_assert_eq!(ServerHello::decode(&bytes), Ok(hello));
    }

    #[test]
    fn no_bytes_panic_in_any_decoder(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = ClientHello::decode(&bytes);
        let _ = ServerHello::decode(&bytes);
        let _ = HelloVerifyRequest::decode(&bytes);
        let _ = Certificate::decode(&bytes);
        let _ = CertificateChain::decode_1_2(&bytes);
        let _ = CertificateRequest::decode(&bytes);
        let _ = CertificateRequest12::decode(&bytes);
        let _ = CertificateVerify::decode(&bytes);
        let _ = ServerKeyExchange::decode(&bytes);
        let _ = ClientKeyExchange::decode(&bytes);
        let _ = EncryptedExtensions::decode(&bytes);
        let _ = NewSessionTicket::decode(&bytes);
        let _ = NewConnectionId::decode(&bytes);
        let _ = Ack::decode(&bytes);
        let _ = Alert::decode(&bytes);
        let _ = UseSrtp::decode(&bytes);
        let _ = key_share::decode_offer(&bytes);
        let _ = supported_versions::decode_offer(&bytes);
        let _ = Fragment::decode(&mut Reader::new(&bytes));
    }
}
