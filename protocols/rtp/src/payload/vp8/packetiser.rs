//! A frame of VP8 cut into payloads (RFC 7741 section 4.4).

use icelab_wire::Writer;

use super::descriptor::Descriptor;

/// The payloads of a frame, each of at most `longest` bytes and all of about the same length; the
/// last one's packet carries the marker. `descriptor` says what all of them say; where a partition
/// starts is set for each: the first payload starts the one partition that is spoken of (RFC 7741
/// section 4.2, PID). None where the frame is empty or `longest` leaves no room beside the
/// descriptor.
#[must_use]
pub fn packetise(frame: &[u8], descriptor: &Descriptor, longest: usize) -> Vec<Vec<u8>> {
    let mut descriptor = Descriptor { is_partition_start: true, partition: 0, ..*descriptor };
    let mut header = Writer::new();
    descriptor.encode(&mut header);
    let room = longest.saturating_sub(header.len());
    if room == 0 || frame.is_empty() {
        return Vec::new();
    }
    let count = frame.len().div_ceil(room);
    let mut payloads = Vec::with_capacity(count);
    for part in frame.chunks(frame.len().div_ceil(count)) {
        let mut writer = Writer::with_capacity(header.len() + part.len());
        descriptor.encode(&mut writer);
        writer.bytes(part);
        payloads.push(writer.into_vec());
        descriptor.is_partition_start = false;
    }
    payloads
}
