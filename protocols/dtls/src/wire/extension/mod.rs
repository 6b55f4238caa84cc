//! Extensions (RFC 8446 section 4.2): one file per extension that has a body of its own.
//!
//! - [`supported_versions`], [`supported_groups`], [`signature_algorithms`], [`key_share`],
//!   [`cookie`], [`use_srtp`], [`connection_id`], [`renegotiation_info`], [`point_formats`].
//!
//! `extended_master_secret` (RFC 7627) is empty and needs no file.

pub mod connection_id;
pub mod cookie;
pub mod key_share;
pub mod point_formats;
pub mod renegotiation_info;
pub mod signature_algorithms;
pub mod supported_groups;
pub mod supported_versions;
pub mod use_srtp;

use icelab_wire::{DecodeError, Reader, Writer};

/// The most extensions that are read from one list.
const MOST: usize = 64;

/// The kind of an extension, by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtensionType(pub u16);

impl ExtensionType {
    /// `supported_groups` (RFC 8446 section 4.2.7).
    pub const SUPPORTED_GROUPS: Self = Self(10);
    /// `ec_point_formats` (RFC 8422 section 5.1.2).
    pub const POINT_FORMATS: Self = Self(11);
    /// `signature_algorithms` (RFC 8446 section 4.2.3).
    pub const SIGNATURE_ALGORITHMS: Self = Self(13);
    /// `use_srtp` (RFC 5764 section 4.1.1).
    pub const USE_SRTP: Self = Self(14);
    /// `extended_master_secret` (RFC 7627).
    pub const EXTENDED_MASTER_SECRET: Self = Self(23);
    /// `supported_versions` (RFC 8446 section 4.2.1).
    pub const SUPPORTED_VERSIONS: Self = Self(43);
    /// `cookie` (RFC 8446 section 4.2.2).
    pub const COOKIE: Self = Self(44);
    /// `key_share` (RFC 8446 section 4.2.8).
    pub const KEY_SHARE: Self = Self(51);
    /// `connection_id` (RFC 9146 section 3).
    pub const CONNECTION_ID: Self = Self(54);
    /// `renegotiation_info` (RFC 5746 section 3.2).
    pub const RENEGOTIATION_INFO: Self = Self(0xFF01);
}

/// One extension, its body still encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The kind.
    pub kind: ExtensionType,
    /// The body.
    pub body: Vec<u8>,
}

/// A list of extensions, each kind at most once.
///
/// ```text
/// struct {
///     ExtensionType extension_type;
///     opaque extension_data<0..2^16-1>;
/// } Extension;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    list: Vec<Extension>,
}

impl Extensions {
    /// No extension.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Adds an extension with the body that `body` writes.
    ///
    /// # Panics
    /// Where the kind is there already: an error of the encoder.
    pub fn add(&mut self, kind: ExtensionType, body: impl FnOnce(&mut Writer)) {
        assert!(!self.has(kind), "an encoder adds each extension once");
        let mut writer = Writer::new();
        body(&mut writer);
        self.list.push(Extension { kind, body: writer.into_vec() });
    }

    /// Takes out the extension of `kind`, if there is one.
    pub fn remove(&mut self, kind: ExtensionType) {
        self.list.retain(|extension| extension.kind != kind);
    }

    /// The body of the extension of `kind`.
    #[must_use]
    pub fn get(&self, kind: ExtensionType) -> Option<&[u8]> {
        self.list
            .iter()
            .find(|extension| extension.kind == kind)
            .map(|extension| extension.body.as_slice())
    }

    /// Whether there is an extension of `kind`.
    #[must_use]
    pub fn has(&self, kind: ExtensionType) -> bool {
        self.get(kind).is_some()
    }

    /// All of them, in order.
    pub fn iter(&self) -> core::slice::Iter<'_, Extension> {
        self.list.iter()
    }

    /// Reads a list with its length.
    ///
    /// # Errors
    /// Where an extension is cut off or its kind comes twice (RFC 8446 section 4.2), or there are
    /// more than 64.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut bytes = Reader::new(reader.vector16()?);
        let mut extensions = Self::new();
        while !bytes.is_empty() {
            let kind = ExtensionType(bytes.u16()?);
            let body = bytes.vector16()?.to_vec();
            if extensions.list.len() == MOST {
                return Err(DecodeError::Length { field: "extensions" });
            }
            if extensions.has(kind) {
                return Err(DecodeError::Value { field: "extension_type" });
            }
            extensions.list.push(Extension { kind, body });
        }
        Ok(extensions)
    }

    /// Reads a list that 1.2's hellos may leave out (RFC 5246 section 7.4.1.2).
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_optional(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if reader.is_empty() { Ok(Self::new()) } else { Self::decode(reader) }
    }

    /// Writes the list with its length.
    pub fn encode(&self, writer: &mut Writer) {
        writer.vector16(|writer| {
            for extension in &self.list {
                writer.u16(extension.kind.0);
                writer.vector16(|writer| writer.bytes(&extension.body));
            }
        });
    }
}

impl<'a> IntoIterator for &'a Extensions {
    type Item = &'a Extension;
    type IntoIter = core::slice::Iter<'a, Extension>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
