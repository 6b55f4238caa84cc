//! The checksum (RFC 9260 section 6.8 and appendix A, RFC 9653).

use icelab_sctp::packet::chunk::{CookieAck, Pad};
use icelab_sctp::packet::{
    Checksum, ChecksumPolicy, Header, Packet, PacketError, PacketWriter, VerificationTag,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Appendix A, bit by bit: the register begins as ones, each byte enters with its lowest bit first,
/// and the complement is the checksum, the register's lowest byte first on the wire.
fn model(bytes: &[u8]) -> [u8; 4] {
    let mut register = u32::MAX;
    for byte in bytes {
        register ^= u32::from(*byte);
        for _ in 0..8 {
            let polynomial = if register & 1 == 1 { 0x1EDC_6F41_u32.reverse_bits() } else { 0 };
            register = register >> 1 ^ polynomial;
        }
    }
    (!register).to_le_bytes()
}

fn header() -> Header {
    Header { source_port: 5000, destination_port: 5000, verification_tag: VerificationTag(7) }
}

/// Two lines of the table in appendix A, and the value that iSCSI (RFC 3720 appendix B.4) gives for
/// 32 zeros.
#[test]
fn the_model_is_the_one_of_the_appendix() {
    let table = |index: u32| {
        (0..8).fold(index, |register, _| {
            register >> 1 ^ if register & 1 == 1 { 0x1EDC_6F41_u32.reverse_bits() } else { 0 }
        })
    };
    assert_eq!((table(1), table(255)), (0xF26B_8303, 0xAD7D_5351));
    assert_eq!(model(&[0; 32]), [0xAA, 0x36, 0x91, 0x8A]);
}

#[test]
fn a_packet_whose_checksum_is_wrong_is_refused() {
    let mut writer = PacketWriter::new(header(), 100);
    writer.push(&CookieAck).unwrap();
    let right = writer.finish(Checksum::Crc32c);
    for policy in [ChecksumPolicy::Required, ChecksumPolicy::ZeroAllowed] {
        assert!(Packet::decode(&right, policy).is_ok());
        for bit in 0..8 * right.len() {
            let mut wrong = right.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Packet::decode(&wrong, policy), Err(PacketError::Checksum), "{bit}");
        }
    }
}

/// RFC 9653 section 5.3: zero is accepted by an end that has said so, and by no other.
#[test]
fn a_checksum_of_zero_is_accepted_where_allowed() {
    let mut writer = PacketWriter::new(header(), 100);
    writer.push(&CookieAck).unwrap();
    let zero = writer.finish(Checksum::Zero);
    assert_eq!(zero[8..12], [0; 4]);
    assert!(Packet::decode(&zero, ChecksumPolicy::ZeroAllowed).is_ok());
    let required = Packet::decode(&zero, ChecksumPolicy::Required);
    assert_eq!(required, Err(PacketError::Checksum));
}

proptest! {
    #[test]
    fn a_packet_has_the_checksum_of_the_appendix(tag: u32, pads in vec(0..100_usize, 0..20)) {
        let header = Header { verification_tag: VerificationTag(tag), ..header() };
        let mut writer = PacketWriter::new(header, 5000);
        for length in pads {
            writer.push(&Pad { length }).unwrap();
        }
        let bytes = writer.finish(Checksum::Crc32c);
        let mut zeroed = bytes.clone();
        zeroed[8..12].fill(0);
        prop_assert_eq!(&bytes[8..12], model(&zeroed));
    }
}
