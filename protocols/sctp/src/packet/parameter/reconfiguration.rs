//! What a RE-CONFIG chunk asks and answers (RFC 6525 section 4).

use icelab_wire::{DecodeError, Reader, Writer};

use crate::packet::list::{List, element};
use crate::packet::number::{RequestNumber, StreamId, Tsn};

/// Outgoing SSN Reset Request: the sender resets streams on which it sends.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     Parameter Type = 13       | Parameter Length = 16 + 2 * N |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |           Re-configuration Request Sequence Number            |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |           Re-configuration Response Sequence Number           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                Sender's Last Assigned TSN                     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  Stream Number 1 (optional)   |    Stream Number 2 (optional) |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// /                            ......                             /
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutgoingReset<'a> {
    /// The request's number.
    pub request: RequestNumber,
    /// The request of the peer's that this answers; else the last one that came.
    pub response: RequestNumber,
    /// The last chunk of data that the sender has numbered.
    pub last_assigned_tsn: Tsn,
    /// The streams; all where none is named.
    pub streams: List<'a, StreamId>,
}

/// Incoming SSN Reset Request: the receiver is to reset streams on which it sends.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     Parameter Type = 14       |  Parameter Length = 8 + 2 * N |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |          Re-configuration Request Sequence Number             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  Stream Number 1 (optional)   |    Stream Number 2 (optional) |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// /                            ......                             /
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncomingReset<'a> {
    /// The request's number.
    pub request: RequestNumber,
    /// The streams; all where none is named.
    pub streams: List<'a, StreamId>,
}

/// SSN/TSN Reset Request: all numbers of both directions begin anew.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     Parameter Type = 15       |      Parameter Length = 8     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |         Re-configuration Request Sequence Number              |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SsnTsnReset {
    /// The request's number.
    pub request: RequestNumber,
}

/// Re-configuration Response: what came of a request.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     Parameter Type = 16       |      Parameter Length         |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |         Re-configuration Response Sequence Number             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                            Result                             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                   Sender's Next TSN (optional)                |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                  Receiver's Next TSN (optional)               |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReconfigurationResponse {
    /// The number of the request that is answered.
    pub response: RequestNumber,
    /// What came of it.
    pub result: ReconfigurationResult,
    /// How numbers go on, where the request was an SSN/TSN reset.
    pub next_tsns: Option<NextTsns>,
}

/// The numbers of the next chunks of data after an SSN/TSN reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextTsns {
    /// The next chunk of the response's sender.
    pub sender: Tsn,
    /// The next chunk of the response's receiver.
    pub receiver: Tsn,
}

/// What came of a request, by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReconfigurationResult(pub u32);

impl ReconfigurationResult {
    /// There was nothing to do.
    pub const NOTHING_TO_DO: Self = Self(0);
    /// It was done.
    pub const PERFORMED: Self = Self(1);
    /// It was denied.
    pub const DENIED: Self = Self(2);
    /// A stream of the request does not exist.
    pub const WRONG_SSN: Self = Self(3);
    /// Another request is being worked on.
    pub const REQUEST_ALREADY_IN_PROGRESS: Self = Self(4);
    /// The request's number is not the expected one.
    pub const BAD_SEQUENCE_NUMBER: Self = Self(5);
    /// It is being worked on.
    pub const IN_PROGRESS: Self = Self(6);
}

/// Add Outgoing Streams Request, or Add Incoming Streams Request: the sender, or the receiver, is to
/// send on more streams.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  Parameter Type = 17 or 18    |      Parameter Length = 12    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |          Re-configuration Request Sequence Number             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |      Number of new streams    |         Reserved              |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddStreams {
    /// The request's number.
    pub request: RequestNumber,
    /// How many more.
    pub new_streams: u16,
}

impl<'a> OutgoingReset<'a> {
    pub(super) fn decode(value: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        Ok(Self {
            request: RequestNumber(reader.u32()?),
            response: RequestNumber(reader.u32()?),
            last_assigned_tsn: Tsn(reader.u32()?),
            streams: List::decode(reader.rest(), "stream numbers")?,
        })
    }

    pub(super) const fn value_len(&self) -> usize {
        12 + self.streams.encoded_len()
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u32(self.request.0);
        writer.u32(self.response.0);
        writer.u32(self.last_assigned_tsn.0);
        self.streams.encode(writer);
    }
}

impl<'a> IncomingReset<'a> {
    pub(super) fn decode(value: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let request = RequestNumber(reader.u32()?);
        Ok(Self { request, streams: List::decode(reader.rest(), "stream numbers")? })
    }

    pub(super) const fn value_len(&self) -> usize {
        4 + self.streams.encoded_len()
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u32(self.request.0);
        self.streams.encode(writer);
    }
}

impl SsnTsnReset {
    pub(super) fn decode(value: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let request = RequestNumber(reader.u32()?);
        reader.finish()?;
        Ok(Self { request })
    }
}

impl ReconfigurationResponse {
    pub(super) fn decode(value: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let response = RequestNumber(reader.u32()?);
        let result = ReconfigurationResult(reader.u32()?);
        // Both numbers are there, or neither.
        let next_tsns = if reader.is_empty() {
            None
        } else {
            Some(NextTsns { sender: Tsn(reader.u32()?), receiver: Tsn(reader.u32()?) })
        };
        reader.finish()?;
        Ok(Self { response, result, next_tsns })
    }

    pub(super) const fn value_len(&self) -> usize {
        if self.next_tsns.is_some() { 16 } else { 8 }
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u32(self.response.0);
        writer.u32(self.result.0);
        if let Some(next) = self.next_tsns {
            writer.u32(next.sender.0);
            writer.u32(next.receiver.0);
        }
    }
}

impl AddStreams {
    pub(super) fn decode(value: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let request = RequestNumber(reader.u32()?);
        let new_streams = reader.u16()?;
        let _reserved = reader.u16()?;
        reader.finish()?;
        Ok(Self { request, new_streams })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u32(self.request.0);
        writer.u16(self.new_streams);
        writer.u16(0);
    }
}

element!(StreamId, 2, |bytes| Self(u16::from_be_bytes(bytes)), |stream| stream.0.to_be_bytes());
