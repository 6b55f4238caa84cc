//! Writes a message attribute by attribute, then seals it.

use icelab_wire::Writer;

use super::header::{self, Class, HEADER_LENGTH, MAGIC_COOKIE, Method, TransactionId};
use super::{Key, fingerprint, integrity};
use crate::attribute::Attribute;

/// A message under construction.
///
/// ```
/// use icelab_stun::attribute::{Priority, Username};
/// use icelab_stun::{Class, Key, MessageBuilder, Method, TransactionId};
///
/// let key = Key::short_term("VOkJxbRl1RmTxUk/WvJxBt").unwrap();
/// let bytes = MessageBuilder::new(Class::Request, Method::BINDING, TransactionId([7; 12]))
///     .add(&Username("evtj:h6vY"))
///     .add(&Priority(0x6E00_01FF))
///     .finish_with(Some(&key), true);
/// assert_eq!(bytes.len(), 20 + (4 + 12) + (4 + 4) + (4 + 20) + (4 + 4));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is finished"]
pub struct MessageBuilder {
    writer: Writer,
    id: TransactionId,
}

impl MessageBuilder {
    /// Starts with the header.
    #[inline]
    pub fn new(class: Class, method: Method, id: TransactionId) -> Self {
        let mut writer = Writer::with_capacity(CAPACITY);
        writer.u64(u64::from(header::join(class, method)) << 48 | u64::from(MAGIC_COOKIE));
        writer.bytes(&id.0);
        Self { writer, id }
    }

    /// Adds an attribute.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "it adds to a message, not numbers")]
    pub fn add<'a, A: Attribute<'a>>(mut self, attribute: &A) -> Self {
        let at = self.begin(A::KIND);
        attribute.encode(&mut self.writer, &self.id);
        self.end(at)
    }

    /// Adds an attribute, if there is one.
    #[inline]
    pub fn maybe<'a, A: Attribute<'a>>(self, attribute: Option<&A>) -> Self {
        match attribute {
            Some(attribute) => self.add(attribute),
            None => self,
        }
    }

    /// Adds an attribute from its bytes.
    #[inline]
    pub fn raw(mut self, kind: u16, value: &[u8]) -> Self {
        let at = self.begin(kind);
        self.writer.bytes(value);
        self.end(at)
    }

    /// The message as it stands.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.finish_with(None, false)
    }

    /// The message, sealed by `key` in the key's own way, then by FINGERPRINT if wanted.
    #[inline]
    #[must_use]
    pub fn finish_with(mut self, key: Option<&Key>, with_fingerprint: bool) -> Vec<u8> {
        if let Some(key) = key {
            integrity::append(&mut self.writer, key);
        }
        if with_fingerprint {
            fingerprint::append(&mut self.writer);
        } else {
            set_length(&mut self.writer, 0);
        }
        self.writer.into_vec()
    }

    /// Writes kind and an empty length, and says where the length stands.
    #[inline]
    fn begin(&mut self, kind: u16) -> usize {
        self.writer.u32(u32::from(kind) << 16);
        self.writer.len() - 2
    }

    /// Writes the length of the value that began after `at`, and the padding.
    #[inline]
    fn end(mut self, at: usize) -> Self {
        let length = self.writer.len() - at - 2;
        let field = u16::try_from(length).expect("an attribute value fits its length field");
        self.writer.patch_u16(at, field);
        let padding = length.wrapping_neg() & 3;
        if padding > 0 {
            self.writer.zeros(padding);
        }
        self
    }
}

/// Sets the header's length field to what is written plus `more`.
#[inline]
pub(super) fn set_length(writer: &mut Writer, more: usize) {
    let length = writer.len() + more - HEADER_LENGTH;
    let field = u16::try_from(length).expect("a message fits its length field");
    writer.patch_u16(2, field);
}

/// Room for an ICE request, so that building one allocates once.
const CAPACITY: usize = 128;
