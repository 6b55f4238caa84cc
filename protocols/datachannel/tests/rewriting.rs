//! Packets of a peer that does with streams what no association here does (RFC 6525 section 4).

use icelab_sctp::packet::chunk::{Chunk, ReConfig};
use icelab_sctp::packet::parameter::{Parameter, ReconfigurationResult};
use icelab_sctp::packet::{Checksum, ChecksumPolicy, Packet, PacketWriter};

/// What the peer does otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// It resets all its streams, by naming none.
    ResetsAll,
    /// It denies every request.
    Denies,
}

/// The packet as a peer of this habit sends it: of one that resets streams, the RE-CONFIG chunks alone.
pub(crate) fn rewrite(bytes: Vec<u8>, habit: Habit) -> Vec<u8> {
    let packet = Packet::decode(&bytes, ChecksumPolicy::ZeroAllowed).unwrap();
    let re_configs: Vec<_> = packet
        .chunks()
        .filter_map(|chunk| match chunk {
            Ok(Chunk::ReConfig(re_config)) => Some(re_config),
            _ => None,
        })
        .collect();
    if re_configs.is_empty() {
        return bytes;
    }
    let mut writer = PacketWriter::new(packet.header, bytes.len());
    for re_config in re_configs {
        let mut parameters: Vec<_> = re_config.parameters.iter().collect();
        for parameter in &mut parameters {
            match (habit, parameter) {
                (Habit::ResetsAll, Parameter::OutgoingReset(reset)) => {
                    reset.streams = [].as_slice().into();
                }
                (Habit::Denies, Parameter::ReconfigurationResponse(response)) => {
                    response.result = ReconfigurationResult::DENIED;
                }
                _ => {}
            }
        }
        writer.push(&ReConfig { parameters: parameters.as_slice().into() }).unwrap();
    }
    writer.finish(Checksum::Crc32c)
}
