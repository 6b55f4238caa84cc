//! Certificates of an independent implementation, and one's own.

use core::time::Duration;

use icelab_sans_io::Rng;

use super::*;
use crate::signature::KeyKind;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/fixtures/", $name)).as_slice()
    };
}

/// `OpenSSL` made these; one is of version 1.
const FOREIGN: [(&[u8], KeyKind); 6] = [
    (fixture!("p256.der"), KeyKind::P256),
    (fixture!("p384.der"), KeyKind::P384),
    (fixture!("ed25519.der"), KeyKind::Ed25519),
    (fixture!("rsa2048.der"), KeyKind::Rsa),
    (fixture!("rsa2049.der"), KeyKind::Rsa),
    (fixture!("v1.der"), KeyKind::P256),
];

#[test]
fn the_certificates_of_an_independent_implementation_are_read() {
    for (der, kind) in FOREIGN {
        let certificate = Certificate::parse(der).unwrap();
        assert_eq!(certificate.der(), der);
        assert_eq!(certificate.public_key().kind(), kind);
        assert!(certificate.is_signed_by(certificate.public_key()));
        let other = Certificate::parse(fixture!("p384.der")).unwrap();
        assert_eq!(certificate.is_signed_by(other.public_key()), der == other.der());
    }
}

// The texts are those of `openssl x509 -fingerprint`.
#[test]
fn its_fingerprints_are_those_of_an_independent_implementation() {
    let certificate = Certificate::parse(fixture!("p256.der")).unwrap();
    for (hash, text) in [
        (Hash::Sha1, "sha-1 41:00:F1:3F:57:50:4D:7E:6A:FE:54:91:59:96:C1:89:68:56:51:D4"),
        (
            Hash::Sha256,
            "sha-256 59:2C:0E:87:59:E3:6D:3A:2A:18:14:18:67:D3:1B:FA:E1:F6:02:CF:19:5F:4C:38:2D:49:\
             12:4C:B6:1F:C4:79",
        ),
        (
            Hash::Sha384,
            "sha-384 FD:92:45:AC:1A:08:8A:BF:60:00:E7:AD:70:D3:11:FC:B7:3B:0B:F7:58:A0:5F:0A:92:20:\
             DD:42:BA:6E:4A:14:94:38:36:A4:07:5D:D5:06:D9:51:C6:DD:4E:37:A9:39",
        ),
        (
            Hash::Sha512,
            "sha-512 4E:86:D5:66:87:0C:76:C1:CF:74:BC:C5:8D:80:11:32:AE:39:AC:DA:44:6F:DD:63:D3:AF:\
             FF:8E:0D:CD:F6:60:FC:EA:46:0D:01:ED:46:67:12:D0:00:49:CA:07:77:25:56:76:A1:25:84:7C:\
             41:22:C1:5A:68:D6:F9:B1:6E:F6",
        ),
    ] {
        assert_eq!(certificate.fingerprint(hash).to_string(), text);
    }
}

#[test]
fn keys_that_are_not_known_are_refused_as_such() {
    for der in [fixture!("p521.der"), fixture!("rsa1024.der")] {
        assert_eq!(Certificate::parse(der), Err(InvalidCertificate::UnsupportedKey));
    }
}

#[test]
fn every_truncation_and_every_longer_form_is_refused() {
    for (der, _) in FOREIGN {
        for length in 0..der.len() {
            assert_eq!(Certificate::parse(&der[..length]), Err(InvalidCertificate::Malformed));
        }
        let longer = [der, &[0]].concat();
        assert_eq!(Certificate::parse(&longer), Err(InvalidCertificate::Malformed));
    }
    assert_eq!(Certificate::parse(&[0x30; LONGEST + 1]), Err(InvalidCertificate::TooLong));
    assert_eq!(Certificate::parse(&[0x30; LONGEST]), Err(InvalidCertificate::Malformed));
}

#[test]
fn no_changed_byte_makes_a_panic_or_a_signature_that_fits() {
    let mut rng = Rng::from_u64(1);
    for (der, _) in FOREIGN {
        let key = Certificate::parse(der).unwrap().public_key().clone();
        for at in 0..der.len() {
            let mut changed = der.to_vec();
            changed[at] ^= 1 << rng.below(8);
            let Ok(certificate) = Certificate::parse(&changed) else { continue };
            if at % 64 == 0 {
                assert!(!certificate.is_signed_by(&key), "{at}");
            }
        }
    }
}

#[test]
fn ones_own_certificate_can_be_read_and_is_signed_by_itself() {
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519] {
        let make =
            |seed| Identity::self_signed(kind, Validity::ALWAYS, &mut Rng::from_u64(seed)).unwrap();
        let identity = make(1);
        let read = Certificate::parse(identity.certificate.der()).unwrap();
        assert_eq!(read, identity.certificate);
        assert_eq!(read.public_key(), identity.key.public_key());
        assert!(read.is_signed_by(identity.key.public_key()));
        assert_eq!(make(1).certificate, identity.certificate, "the seed decides");
        assert_ne!(make(2).certificate, identity.certificate);
    }
}

// RFC 5280 section 4.1.2.5.
#[test]
fn dates_change_their_form_in_2050() {
    let find = |validity, form: &[u8]| {
        let identity =
            Identity::self_signed(KeyKind::P256, validity, &mut Rng::from_u64(1)).unwrap();
        identity.certificate.der().windows(form.len()).any(|window| window == form)
    };
    let seconds = |not_before, not_after| Validity {
        not_before: Duration::from_secs(not_before),
        not_after: Duration::from_secs(not_after),
    };
    assert!(find(Validity::ALWAYS, b"\x17\x0D700101000000Z\x18\x0F99991231235959Z"));
    let around = seconds(2_524_607_999, 2_524_608_000);
    assert!(find(around, b"\x17\x0D491231235959Z\x18\x0F20500101000000Z"));
    let leap = seconds(1_709_209_845, u64::MAX);
    assert!(find(leap, b"\x17\x0D240229123045Z\x18\x0F99991231235959Z"));
}

#[test]
fn what_is_shown_of_a_certificate_is_its_fingerprint() {
    let certificate = Certificate::parse(fixture!("p256.der")).unwrap();
    assert!(format!("{certificate:?}").starts_with("Certificate(\"sha-256 59:2C:"));
}

#[test]
#[ignore = "needs the openssl command"]
fn an_independent_implementation_verifies_ones_own_certificate() {
    let folder = std::env::temp_dir().join(format!("icelab-crypto-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new("openssl")
            .args(arguments)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519] {
        let identity =
            Identity::self_signed(kind, Validity::ALWAYS, &mut Rng::from_u64(7)).unwrap();
        std::fs::write(folder.join("a.der"), identity.certificate.der()).unwrap();
        run(&["x509", "-inform", "DER", "-in", "a.der", "-out", "a.pem"]);
        let text = run(&["x509", "-in", "a.pem", "-noout", "-text", "-fingerprint", "-sha256"]);
        assert!(text.contains("Version: 3 (0x2)"), "{text}");
        assert!(text.contains("Not After : Dec 31 23:59:59 9999 GMT"), "{text}");
        let fingerprint = identity.certificate.fingerprint(Hash::Sha256).to_string();
        let (_, digits) = fingerprint.split_once(' ').unwrap();
        assert!(text.contains(digits), "{text}");
        let verdict = run(&["verify", "-check_ss_sig", "-CAfile", "a.pem", "a.pem"]);
        assert_eq!(verdict.trim(), "a.pem: OK");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
