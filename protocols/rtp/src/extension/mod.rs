//! Header extensions (RFC 8285): many small values behind one header, each named by an id that the
//! session has agreed on.
//!
//! - `value`: what WebRTC puts there.

use icelab_wire::{DecodeError, Reader, Writer};

mod value;

pub use value::{
    AbsoluteSendTime, AudioLevel, Mid, RepairedRid, Rid, TransmissionOffset, TransportSequence,
    VideoOrientation,
};

/// Which extension an element is, by its number in the session: 1 to 255 (RFC 8285 section 5).
///
/// 15 has no one-byte form: it ends the list there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtensionId(u8);

impl ExtensionId {
    /// The id of this number, or `None` for zero, which is padding.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number == 0 { None } else { Some(Self(number)) }
    }

    /// Its number, 1 to 255.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A value that a header extension carries.
pub trait Extension<'a>: Sized {
    /// The name by which SDP agrees on its id.
    const URI: &'static str;

    /// Reads the value.
    ///
    /// # Errors
    /// Where the bytes are no such value.
    fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError>;

    /// Writes the value: at most 255 bytes.
    fn encode(&self, writer: &mut Writer);
}

/// The extension of a packet's header, read in place (RFC 3550 section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderExtension<'a> {
    /// Its first 16 bits, which tell the form.
    pub profile: u16,
    /// What follows its length.
    pub data: &'a [u8],
}

impl<'a> HeaderExtension<'a> {
    /// The profile of the one-byte form (RFC 8285 section 4.2).
    pub const ONE_BYTE: u16 = 0xBEDE;
    /// The profile of the two-byte form, its four application bits zero (RFC 8285 section 4.3).
    pub const TWO_BYTE: u16 = 0x1000;

    /// The elements in order; none where the form is another than the two of RFC 8285.
    #[must_use]
    pub const fn elements(&self) -> Elements<'a> {
        let (form, data): (_, &[u8]) = match self.profile {
            Self::ONE_BYTE => (Form::OneByte, self.data),
            profile if profile & 0xFFF0 == Self::TWO_BYTE => (Form::TwoByte, self.data),
            _ => (Form::TwoByte, &[]),
        };
        Elements { form, reader: Reader::new(data) }
    }

    /// The first element of this id whose value can be read.
    #[must_use]
    pub fn get<E: Extension<'a>>(&self, id: ExtensionId) -> Option<E> {
        let of_id = self.elements().map_while(Result::ok).filter(|element| element.id == id);
        of_id.filter_map(|element| E::decode(element.value).ok()).next()
    }
}

/// One element of a header's extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// Which extension it is.
    pub id: ExtensionId,
    /// Its value: 1 to 16 bytes in the one-byte form, up to 255 in the other.
    pub value: &'a [u8],
}

/// The elements of a header's extension, in order. An error ends them.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a> {
    form: Form,
    reader: Reader<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    OneByte,
    TwoByte,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Ok(first) = self.reader.u8() {
            let (id, value) = match self.form {
                Form::OneByte if first == 0 => continue,
                // A padding byte with a length, or the reserved id: the list ends (RFC 8285
                // sections 4.1.1 and 4.2).
                Form::OneByte if matches!(first >> 4, 0 | 15) => break,
                Form::OneByte => (first >> 4, self.reader.take(usize::from(first & 0x0F) + 1)),
                Form::TwoByte if first == 0 => continue,
                Form::TwoByte => (first, self.reader.vector8()),
            };
            if value.is_err() {
                self.reader = Reader::new(&[]);
            }
            return Some(value.map(|value| Element { id: ExtensionId(id), value }));
        }
        self.reader = Reader::new(&[]);
        None
    }
}
