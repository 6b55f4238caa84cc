//! Certificates of one's own: a fresh key, a random name, signed by itself.

use core::time::Duration;

use der::DateTime;
use der::asn1::ObjectIdentifier;
use icelab_sans_io::Rng;

use super::{Certificate, SCHEMES};
use crate::asn1;
use crate::signature::{KeyKind, SigningKey, Unsupported};

/// What one end of a call shows and signs with: a certificate and the key to it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate: Certificate,
    /// The key that belongs to it.
    pub key: SigningKey,
}

impl Identity {
    /// A certificate signed by its own fresh key, with a random name and number, all out of the
    /// bytes of `rng`: the same seed gives the same bytes.
    ///
    /// # Errors
    ///
    /// For RSA, whose keys are not made here.
    pub fn self_signed(
        kind: KeyKind,
        validity: Validity,
        rng: &mut Rng,
    ) -> Result<Self, Unsupported> {
        let key = SigningKey::generate(kind, rng)?;
        let algorithm = algorithm(&key)?;
        let name = name(rng);
        let signed = asn1::sequence(&[
            // Version 3 is written as 2.
            &asn1::element(asn1::CONTEXT_0, &[&asn1::integer(&[2])]),
            &serial_number(rng),
            &algorithm,
            &name,
            &asn1::sequence(&[&time(validity.not_before), &time(validity.not_after)]),
            &name,
            &key.public_key().to_spki(),
        ]);
        let signature = key.sign(key.scheme(), &[&signed])?;
        let der = asn1::sequence(&[&signed, &algorithm, &asn1::bit_string(&signature)]);
        let certificate = Certificate { der, public_key: key.public_key().clone() };
        Ok(Self { certificate, key })
    }
}

/// From when to when a certificate holds, since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub not_before: Duration,
    /// The last one.
    pub not_after: Duration,
}

impl Validity {
    /// From 1970 on without end (RFC 5280 section 4.1.2.5), for those who have no clock.
    pub const ALWAYS: Self = Self { not_before: Duration::ZERO, not_after: END };
}

fn algorithm(key: &SigningKey) -> Result<Vec<u8>, Unsupported> {
    let scheme = key.scheme();
    let object: Option<&ObjectIdentifier> =
        SCHEMES.iter().find(|(_, known)| *known == scheme).map(|(object, _)| object);
    // RFC 5758 section 3.2 and RFC 8410 section 3: without parameters.
    Ok(asn1::sequence(&[&asn1::object(object.ok_or(Unsupported)?)]))
}

/// A positive number of 16 bytes (RFC 5280 section 4.1.2.2).
fn serial_number(rng: &mut Rng) -> Vec<u8> {
    let [first, rest @ ..] = rng.bytes::<16>();
    let first = first & 0x3F | 0x40;
    asn1::integer(&[&[first], rest.as_slice()].concat())
}

/// A name with one attribute, the common name: 16 random hexadecimal digits.
fn name(rng: &mut Rng) -> Vec<u8> {
    let text = format!("{:016x}", rng.next_u64());
    let attribute = asn1::sequence(&[
        &asn1::object(&COMMON_NAME),
        &asn1::element(asn1::UTF8_STRING, &[text.as_bytes()]),
    ]);
    asn1::sequence(&[&asn1::element(asn1::SET, &[&attribute])])
}

/// A moment; what lies beyond the year 9999 is its end. RFC 5280 section 4.1.2.5: with two digits
/// of the year through 2049, with four from then on.
fn time(since_1970: Duration) -> Vec<u8> {
    let moment = DateTime::from_unix_duration(since_1970.min(END))
        .expect("no moment before the year 10000 is refused");
    let rest = format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        moment.month(),
        moment.day(),
        moment.hour(),
        moment.minutes(),
        moment.seconds()
    );
    if moment.year() < 2050 {
        let text = format!("{:02}{rest}", moment.year() % 100);
        asn1::element(asn1::UTC_TIME, &[text.as_bytes()])
    } else {
        let text = format!("{:04}{rest}", moment.year());
        asn1::element(asn1::GENERALIZED_TIME, &[text.as_bytes()])
    }
}

/// 9999-12-31 23:59:59, which stands for no end.
const END: Duration = Duration::from_secs(253_402_300_799);
/// RFC 5280 appendix A.1.
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
