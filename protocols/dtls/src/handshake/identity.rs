//! Certificates and signatures: who the peer is, and who this end is.

use icelab_crypto::Digest;
use icelab_crypto::signature::{KeyKind, PublicKey, Scheme};
use icelab_crypto::{Certificate, Hash};
use icelab_wire::Writer;

use super::failure::Failure;
use crate::config::{Config, Role};
use crate::wire::alert::AlertDescription;
use crate::wire::certificate::CertificateChain;
use crate::wire::certificate_verify::CertificateVerify;
use crate::wire::scheme::SignatureScheme;
use crate::wire::suite::Authentication;
use crate::wire::version::Version;

/// The schemes in which this crate checks signatures, the best first.
pub(crate) const SCHEMES: [SignatureScheme; 9] = [
    SignatureScheme::ECDSA_P256_SHA256,
    SignatureScheme::ECDSA_P384_SHA384,
    SignatureScheme::ED25519,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

/// The scheme as the crypto crate names it, and the kind of key it wants, where it says so.
const fn scheme(scheme: SignatureScheme) -> Option<(Scheme, Option<KeyKind>)> {
    Some(match scheme {
        SignatureScheme::ECDSA_P256_SHA256 => (Scheme::Ecdsa(Hash::Sha256), Some(KeyKind::P256)),
        SignatureScheme::ECDSA_P384_SHA384 => (Scheme::Ecdsa(Hash::Sha384), Some(KeyKind::P384)),
        SignatureScheme::ED25519 => (Scheme::Ed25519, None),
        SignatureScheme::RSA_PSS_SHA256 => (Scheme::RsaPss(Hash::Sha256), None),
        SignatureScheme::RSA_PSS_SHA384 => (Scheme::RsaPss(Hash::Sha384), None),
        SignatureScheme::RSA_PSS_SHA512 => (Scheme::RsaPss(Hash::Sha512), None),
        SignatureScheme::RSA_PKCS1_SHA256 => (Scheme::RsaPkcs1(Hash::Sha256), None),
        SignatureScheme::RSA_PKCS1_SHA384 => (Scheme::RsaPkcs1(Hash::Sha384), None),
        SignatureScheme::RSA_PKCS1_SHA512 => (Scheme::RsaPkcs1(Hash::Sha512), None),
        SignatureScheme(_) => return None,
    })
}

/// The kind of suite that a key serves in 1.2.
pub(crate) const fn authentication_of(kind: KeyKind) -> Authentication {
    match kind {
        KeyKind::P256 | KeyKind::P384 | KeyKind::Ed25519 => Authentication::Ecdsa,
        KeyKind::Rsa => Authentication::Rsa,
    }
}

/// The kind of suite that this end's certificate serves in 1.2.
pub(crate) fn authentication(config: &Config) -> Authentication {
    authentication_of(config.identity.key.kind())
}

/// The scheme in which this end signs, where the peer takes it (RFC 8446 section 4.2.3).
pub(crate) fn choose_scheme(
    config: &Config,
    offered: &[SignatureScheme],
) -> Option<SignatureScheme> {
    let own = config.identity.key.scheme();
    let kind = config.identity.key.kind();
    SCHEMES.into_iter().filter(|named| offered.contains(named)).find(|named| {
        scheme(*named).is_some_and(|(scheme, wanted)| {
            scheme == own && wanted.is_none_or(|wanted| wanted == kind)
        })
    })
}

/// The peer's certificate, if it is one of those that were expected.
pub(crate) fn check(
    config: &Config,
    version: Version,
    chain: &CertificateChain,
) -> Result<Certificate, Failure> {
    let Some(der) = chain.certificates.first() else {
        return Err(match (config.role, version) {
            // RFC 8446 section 4.4.2.4; RFC 5246 section 7.4.2 lets no server's chain be empty.
            (Role::Client, _) => AlertDescription::DECODE_ERROR,
            (Role::Server, Version::V1_3) => AlertDescription::CERTIFICATE_REQUIRED,
            // RFC 5246 section 7.4.6.
            (Role::Server, Version::V1_2) => AlertDescription::HANDSHAKE_FAILURE,
        }
        .into());
    };
    let certificate =
        Certificate::parse(der).map_err(|_| Failure::from(AlertDescription::BAD_CERTIFICATE))?;
    if config.fingerprints.is_empty() || is_expected(config, der) {
        Ok(certificate)
    } else {
        Err(Failure::Fingerprint)
    }
}

/// Whether the certificate in `der` has one of the fingerprints that were made with the strongest
/// hash among them (RFC 8122 section 5.1).
pub(crate) fn is_expected(config: &Config, der: &[u8]) -> bool {
    let strongest = config.fingerprints.iter().map(|it| it.hash().length()).max();
    config
        .fingerprints
        .iter()
        .filter(|it| Some(it.hash().length()) == strongest)
        .any(|it| it.matches(der))
}

/// This end's certificate as a chain.
pub(crate) fn own_chain(config: &Config) -> CertificateChain {
    CertificateChain { certificates: vec![config.identity.certificate.der().to_vec()] }
}

/// Signs `pieces`.
pub(crate) fn sign(
    config: &Config,
    chosen: SignatureScheme,
    pieces: &[&[u8]],
) -> Result<CertificateVerify, Failure> {
    let internal = Failure::from(AlertDescription::INTERNAL_ERROR);
    let (scheme, _) = scheme(chosen).ok_or(internal)?;
    let signature = config.identity.key.sign(scheme, pieces).map_err(|_| internal)?;
    Ok(CertificateVerify { scheme: chosen, signature })
}

/// Checks a signature of the peer over `pieces`.
pub(crate) fn verify(
    version: Version,
    key: &PublicKey,
    signature: &CertificateVerify,
    pieces: &[&[u8]],
) -> Result<(), Failure> {
    let illegal = Failure::from(AlertDescription::ILLEGAL_PARAMETER);
    let (scheme, kind) = scheme(signature.scheme).ok_or(illegal)?;
    if version == Version::V1_3 {
        // RFC 8446 section 4.2.3: curves belong to schemes, and PKCS #1 signatures are for
        // certificates only.
        if kind.is_some_and(|kind| kind != key.kind()) || matches!(scheme, Scheme::RsaPkcs1(_)) {
            return Err(illegal);
        }
    }
    key.verify(scheme, pieces, &signature.signature)
        .map_err(|_| AlertDescription::DECRYPT_ERROR.into())
}

/// What 1.3's CertificateVerify of `signer` is over (RFC 8446 section 4.4.3).
pub(crate) fn signed_1_3(signer: Role, transcript: &Digest) -> Vec<u8> {
    let mut writer = Writer::with_capacity(160);
    writer.bytes(&[0x20; 64]);
    writer.bytes(match signer {
        Role::Client => b"TLS 1.3, client CertificateVerify",
        Role::Server => b"TLS 1.3, server CertificateVerify",
    });
    writer.u8(0);
    writer.bytes(transcript.as_bytes());
    writer.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! fixture {
        ($name:literal) => {
            include_bytes!(concat!("../../../crypto/tests/fixtures/", $name)).as_slice()
        };
    }

    /// RFC 8446 section 4.2.3: an RSA key signs with PSS in 1.3, and with PKCS #1 in 1.2 too. The
    /// signatures are OpenSSL's, over "a message".
    #[test]
    fn signatures_of_rsa_keys_are_checked_as_the_version_has_them() {
        let certificate = Certificate::parse(fixture!("rsa2048.der")).unwrap();
        let key = certificate.public_key();
        let cases = [
            (SignatureScheme::RSA_PSS_SHA256, fixture!("rsa2048-pss-sha256.sig"), true),
            (SignatureScheme::RSA_PSS_SHA384, fixture!("rsa2048-pss-sha384.sig"), true),
            (SignatureScheme::RSA_PSS_SHA512, fixture!("rsa2048-pss-sha512.sig"), true),
            (SignatureScheme::RSA_PKCS1_SHA256, fixture!("rsa2048-pkcs1-sha256.sig"), false),
        ];
        for (scheme, signature, is_for_1_3) in cases {
            let signature = CertificateVerify { scheme, signature: signature.to_vec() };
            let check = |version| verify(version, key, &signature, &[b"a message"]);
            assert_eq!(check(Version::V1_2), Ok(()));
            assert_eq!(check(Version::V1_3).is_ok(), is_for_1_3);
            let other = verify(Version::V1_2, key, &signature, &[b"another"]);
            assert_eq!(other, Err(AlertDescription::DECRYPT_ERROR.into()));
        }
        assert_eq!(authentication_of(key.kind()), Authentication::Rsa);
    }

    /// RFC 8446 section 4.2.3: in 1.3 a curve belongs to its scheme.
    #[test]
    fn a_signature_of_another_curve_is_refused_in_1_3() {
        let certificate = Certificate::parse(fixture!("p384.der")).unwrap();
        let scheme = SignatureScheme::ECDSA_P256_SHA256;
        let signature = fixture!("p384-sha256.sig").to_vec();
        let signature = CertificateVerify { scheme, signature };
        let check =
            |version| verify(version, certificate.public_key(), &signature, &[b"a message"]);
        assert_eq!(check(Version::V1_3), Err(AlertDescription::ILLEGAL_PARAMETER.into()));
        assert_eq!(check(Version::V1_2), Ok(()));
    }
}
