//! ServerKeyExchange (RFC 8422 section 5.4): 1.2's server share, signed.

use icelab_wire::{DecodeError, Reader, Writer};

use super::certificate_verify::CertificateVerify;
use super::group::NamedGroup;

/// The curve type of a named curve, the only one in use (RFC 8422 section 5.4).
const NAMED_CURVE: u8 = 3;

/// The server's share of the key exchange.
///
/// ```text
/// struct {
///     ECCurveType curve_type;      /* named_curve */
///     NamedCurve namedcurve;
///     opaque point<1..2^8-1>;
/// } ServerECDHParams;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerShare {
    /// The group.
    pub group: NamedGroup,
    /// The public key.
    pub public: Vec<u8>,
}

impl ServerShare {
    /// Writes what the server signs.
    pub fn encode(&self, writer: &mut Writer) {
        writer.u8(NAMED_CURVE);
        writer.u16(self.group.0);
        writer.vector8(|writer| writer.bytes(&self.public));
    }
}

/// The share and its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerKeyExchange {
    /// The share.
    pub share: ServerShare,
    /// Over both randoms and the share.
    pub signature: CertificateVerify,
}

impl ServerKeyExchange {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where a field is cut off, the share is empty, or the curve is not a named one.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != NAMED_CURVE {
            return Err(DecodeError::Value { field: "curve_type" });
        }
        let group = NamedGroup(reader.u16()?);
        let public = reader.vector8()?.to_vec();
        if public.is_empty() {
            return Err(DecodeError::Length { field: "point" });
        }
        let signature = CertificateVerify::decode_from(&mut reader)?;
        reader.finish()?;
        Ok(Self { share: ServerShare { group, public }, signature })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        self.share.encode(writer);
        self.signature.encode(writer);
    }
}
