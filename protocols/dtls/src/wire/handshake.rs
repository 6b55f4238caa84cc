//! The header of handshake messages and of their fragments (RFC 6347 section 4.2.2, RFC 9147
//! section 5.2).

use icelab_wire::{DecodeError, Reader, Writer};

/// The kind of a handshake message (RFC 8446 section 4, RFC 6347 section 4.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandshakeType(pub u8);

impl HandshakeType {
    /// HelloRequest, 1.2: ignored, since nothing here renegotiates.
    pub const HELLO_REQUEST: Self = Self(0);
    /// ClientHello.
    pub const CLIENT_HELLO: Self = Self(1);
    /// ServerHello, and 1.3's HelloRetryRequest.
    pub const SERVER_HELLO: Self = Self(2);
    /// HelloVerifyRequest, 1.2.
    pub const HELLO_VERIFY_REQUEST: Self = Self(3);
    /// NewSessionTicket.
    pub const NEW_SESSION_TICKET: Self = Self(4);
    /// EncryptedExtensions, 1.3.
    pub const ENCRYPTED_EXTENSIONS: Self = Self(8);
    /// RequestConnectionId, 1.3.
    pub const REQUEST_CONNECTION_ID: Self = Self(9);
    /// NewConnectionId, 1.3.
    pub const NEW_CONNECTION_ID: Self = Self(10);
    /// Certificate.
    pub const CERTIFICATE: Self = Self(11);
    /// ServerKeyExchange, 1.2.
    pub const SERVER_KEY_EXCHANGE: Self = Self(12);
    /// CertificateRequest.
    pub const CERTIFICATE_REQUEST: Self = Self(13);
    /// ServerHelloDone, 1.2.
    pub const SERVER_HELLO_DONE: Self = Self(14);
    /// CertificateVerify.
    pub const CERTIFICATE_VERIFY: Self = Self(15);
    /// ClientKeyExchange, 1.2.
    pub const CLIENT_KEY_EXCHANGE: Self = Self(16);
    /// Finished.
    pub const FINISHED: Self = Self(20);
    /// KeyUpdate, 1.3.
    pub const KEY_UPDATE: Self = Self(24);
    /// The synthetic message that stands for a first ClientHello in 1.3's transcript
    /// (RFC 8446 section 4.4.1); never on the wire.
    pub const MESSAGE_HASH: Self = Self(254);
}

/// One fragment of a handshake message; a whole message is its only fragment.
///
/// ```text
/// struct {
///     HandshakeType msg_type;
///     uint24 length;             /* of the whole message */
///     uint16 message_seq;
///     uint24 fragment_offset;
///     uint24 fragment_length;
///     opaque fragment[fragment_length];
/// } DTLSHandshake;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// The kind of the message.
    pub kind: HandshakeType,
    /// The length of the whole message's body, in bytes.
    pub length: u32,
    /// The number of the message: each side counts its own, from 0.
    pub sequence: u16,
    /// Where in the body the fragment starts.
    pub offset: u32,
    /// This piece of the body.
    pub bytes: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// The length of the header, in bytes.
    pub const HEADER: usize = 12;

    /// Reads one fragment.
    ///
    /// # Errors
    /// [`DecodeError::Length`] where the fragment does not lie within its message.
    pub fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let kind = HandshakeType(reader.u8()?);
        let length = reader.u24()?;
        let sequence = reader.u16()?;
        let offset = reader.u24()?;
        let fragment_length = reader.u24()?;
        if offset + fragment_length > length {
            return Err(DecodeError::Length { field: "fragment" });
        }
        let bytes = reader.take(fragment_length as usize)?;
        Ok(Self { kind, length, sequence, offset, bytes })
    }

    /// Writes header and bytes.
    pub fn encode(&self, writer: &mut Writer) {
        writer.u8(self.kind.0);
        writer.u24(self.length);
        writer.u16(self.sequence);
        writer.u24(self.offset);
        writer.vector24(|writer| writer.bytes(self.bytes));
    }
}
