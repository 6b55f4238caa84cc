//! `supported_groups` (RFC 8446 section 4.2.7).

use icelab_wire::{DecodeError, Reader, Writer};

use crate::wire::group::NamedGroup;
use crate::wire::list;

/// The groups, the best first.
///
/// # Errors
/// Where the list is cut off or empty, or bytes are left.
pub fn decode(body: &[u8]) -> Result<Vec<NamedGroup>, DecodeError> {
    let mut reader = Reader::new(body);
    let groups = list::decode(reader.vector16()?, "named_group_list")?;
    reader.finish()?;
    Ok(groups)
}

/// Writes the groups.
pub fn encode(groups: &[NamedGroup], writer: &mut Writer) {
    writer.vector16(|writer| list::encode(groups, writer));
}
