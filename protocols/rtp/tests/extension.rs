//! Header extensions (RFC 8285).

use icelab_rtp::extension::{
    AbsoluteSendTime, AudioLevel, Extension, ExtensionId, HeaderExtension, Mid, RepairedRid, Rid,
    TransmissionOffset, TransportSequence, VideoOrientation,
};
use icelab_rtp::{NtpTime, Packet, PacketBuilder, PayloadType, Ssrc};
use icelab_wire::{DecodeError, Serial16, Serial32, Writer};
use proptest::prelude::*;

fn id(number: u8) -> ExtensionId {
    ExtensionId::new(number).expect("it was made here")
}

fn builder() -> PacketBuilder {
    PacketBuilder::new(PayloadType::PCMU, Serial16(1), Serial32(2), Ssrc(3))
}

fn elements(profile: u16, data: &[u8]) -> Vec<Result<(u8, Vec<u8>), DecodeError>> {
    let elements = HeaderExtension { profile, data }.elements();
    elements.map(|element| element.map(|e| (e.id.number(), e.value.to_vec()))).collect()
}

/// The picture of RFC 8285 section 4.2: three elements, padding between the second and third.
#[test]
fn the_one_byte_form_is_read_as_drawn() {
    let data = [0x10, 0xAA, 0x21, 0xB1, 0xB2, 0, 0, 0x33, 0xC1, 0xC2, 0xC3, 0xC4];
    let expected =
        [Ok((1, vec![0xAA])), Ok((2, vec![0xB1, 0xB2])), Ok((3, vec![0xC1, 0xC2, 0xC3, 0xC4]))];
    assert_eq!(elements(0xBEDE, &data), expected);
}

/// The picture of RFC 8285 section 4.3; the application bits do not matter.
#[test]
fn the_two_byte_form_is_read_as_drawn() {
    let data = [1, 0, 2, 1, 0xAA, 0, 200, 4, 0xC1, 0xC2, 0xC3, 0xC4];
    let expected = [Ok((1, vec![])), Ok((2, vec![0xAA])), Ok((200, vec![0xC1, 0xC2, 0xC3, 0xC4]))];
    assert_eq!(elements(0x1000, &data), expected);
    assert_eq!(elements(0x100F, &data), expected);
    assert_eq!(elements(0x1010, &data), []);
}

/// RFC 8285 section 4.2: at id 15 the processing stops; section 4.1.1: at id 0 with a length, too.
#[test]
fn the_reserved_ids_end_the_list() {
    assert_eq!(elements(0xBEDE, &[0x10, 1, 0xF0, 2, 0x20, 3]), [Ok((1, vec![1]))]);
    assert_eq!(elements(0xBEDE, &[0x10, 1, 0x01, 2, 0x20, 3]), [Ok((1, vec![1]))]);
}

#[test]
fn an_element_that_is_cut_off_ends_the_list_with_an_error() {
    let truncated = |needed, had| Err(DecodeError::Truncated { needed, had });
    assert_eq!(elements(0xBEDE, &[0x10, 1, 0x23, 2]), [Ok((1, vec![1])), truncated(4, 1)]);
    assert_eq!(elements(0x1000, &[1, 1, 9, 2, 5, 0]), [Ok((1, vec![9])), truncated(5, 1)]);
    assert_eq!(elements(0x1000, &[7]), [truncated(1, 0)]);
}

/// What Chromium sends with audio: level, send time, transport sequence and mid, in the one-byte
/// form.
#[test]
fn values_are_found_by_their_ids() {
    let bytes = builder()
        .extension(id(1), &AudioLevel { is_voice: true, level: 42 })
        .extension(id(2), &AbsoluteSendTime(0x0001_0203))
        .extension(id(3), &TransportSequence(Serial16(0xABCD)))
        .extension(id(4), &Mid::new("0").unwrap())
        .build(&[7]);
    let data = [0x10, 0xAA, 0x22, 1, 2, 3, 0x31, 0xAB, 0xCD, 0x40, b'0', 0];
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.extension, Some(HeaderExtension { profile: 0xBEDE, data: &data }));
    assert_eq!(packet.extension(id(3)), Some(TransportSequence(Serial16(0xABCD))));
    assert_eq!(packet.extension::<Mid<'_>>(id(4)).unwrap().text(), "0");
    assert_eq!(packet.extension::<Mid<'_>>(id(3)), None, "not text");
    assert_eq!(packet.extension::<AudioLevel>(id(9)), None);
    assert_eq!(packet.payload, [7]);
}

/// RFC 8285 section 4.1.2: the two-byte form, where an id or a length needs it.
#[test]
fn the_two_byte_form_is_taken_where_the_other_does_not_do() {
    let level = AudioLevel { is_voice: false, level: 127 };
    let long = "a".repeat(17);
    let profile = |bytes: &[u8]| Packet::parse(bytes).unwrap().extension.unwrap().profile;
    let by_id = builder().extension(id(15), &level).build(&[]);
    assert_eq!(profile(&by_id), HeaderExtension::TWO_BYTE);
    assert_eq!(Packet::parse(&by_id).unwrap().extension(id(15)), Some(level));
    let by_length =
        builder().extension(id(1), &level).extension(id(2), &Rid::new(&long).unwrap()).build(&[]);
    assert_eq!(profile(&by_length), HeaderExtension::TWO_BYTE);
    let packet = Packet::parse(&by_length).unwrap();
    assert_eq!(packet.extension::<Rid<'_>>(id(2)).unwrap().text(), long);
    assert_eq!(packet.extension(id(1)), Some(level));
    let sixteen = builder().extension(id(14), &Rid::new(&long[1..]).unwrap()).build(&[]);
    assert_eq!(profile(&sixteen), HeaderExtension::ONE_BYTE);
}

#[test]
fn an_extension_that_is_full_takes_no_more() {
    let text = "a".repeat(255);
    let mut builder = builder();
    for _ in 0..1100 {
        builder = builder.extension(id(1), &Mid::new(&text).unwrap());
    }
    let bytes = builder.build(&[7]);
    let packet = Packet::parse(&bytes).unwrap();
    let elements = packet.extension.unwrap().elements();
    assert!(elements.clone().all(|element| element.is_ok()) && elements.count() > 1000);
    assert_eq!(packet.payload, [7]);
}

#[test]
fn identifications_are_visible_ascii() {
    assert!(Mid::new("").is_none() && Mid::new("a b").is_none() && Mid::new("é").is_none());
    assert!(Mid::new(&"a".repeat(256)).is_none() && Mid::new(&"a".repeat(255)).is_some());
    assert!(RepairedRid::decode(b"hi\0").is_err());
}

/// RFC 5450 section 2 and RFC 6464 section 3, bit by bit.
#[test]
fn each_value_has_its_bits() {
    let written = |write: &dyn Fn(&mut Writer)| {
        let mut writer = Writer::new();
        write(&mut writer);
        writer.into_vec()
    };
    assert_eq!(written(&|w| TransmissionOffset(-2).encode(w)), [0xFF, 0xFF, 0xFE]);
    assert_eq!(TransmissionOffset::decode(&[0xFF, 0xFF, 0xFE]), Ok(TransmissionOffset(-2)));
    assert_eq!(TransmissionOffset::decode(&[0x7F, 0xFF, 0xFF]), Ok(TransmissionOffset(0x7F_FFFF)));
    assert_eq!(written(&|w| TransmissionOffset(i32::MAX).encode(w)), [0x7F, 0xFF, 0xFF]);
    assert_eq!(written(&|w| TransmissionOffset(i32::MIN).encode(w)), [0x80, 0, 0]);
    assert_eq!(AudioLevel::decode(&[0x85]), Ok(AudioLevel { is_voice: true, level: 5 }));
    let turned = VideoOrientation { is_back_camera: true, is_flipped: false, quarter_turns: 3 };
    assert_eq!(written(&|w| turned.encode(w)), [0b1011]);
    assert_eq!(VideoOrientation::decode(&[0b1011]), Ok(turned));
    // 1.5 seconds: six bits before the point, 18 after it.
    assert_eq!(AbsoluteSendTime::from(NtpTime(0x41_8000_0000)), AbsoluteSendTime(0x06_0000));
    for bytes in [&[][..], &[0; 5]] {
        assert!(TransmissionOffset::decode(bytes).is_err());
        assert!(AudioLevel::decode(bytes).is_err());
        assert!(VideoOrientation::decode(bytes).is_err());
        assert!(AbsoluteSendTime::decode(bytes).is_err());
        assert!(TransportSequence::decode(bytes).is_err());
    }
}

proptest! {
    #[test]
    fn values_survive_the_round_trip(
        first in 1..=255_u8,
        text in "[!-~]{1,40}",
        (is_voice, level, time, sequence, offset) in
            any::<(bool, u8, u32, u16, i32)>(),
    ) {
        let numbers = [0, 1, 2, 3, 4].map(|step: u8| id(first.wrapping_add(step).max(1)));
        prop_assume!((1..5).all(|n| !numbers[..n].contains(&numbers[n])));
        let level = AudioLevel { is_voice, level: level & 0x7F };
        let time = AbsoluteSendTime(time & 0xFF_FFFF);
        let sequence = TransportSequence(Serial16(sequence));
        let offset = TransmissionOffset(offset >> 8);
        let mid = Mid::new(&text).unwrap();
        let bytes = builder()
            .extension(numbers[0], &level)
            .extension(numbers[1], &time)
            .extension(numbers[2], &mid)
            .extension(numbers[3], &sequence)
            .extension(numbers[4], &offset)
            .build(&[1]);
        let packet = Packet::parse(&bytes).unwrap();
        prop_assert_eq!(packet.extension(numbers[0]), Some(level));
        prop_assert_eq!(packet.extension(numbers[1]), Some(time));
        prop_assert_eq!(packet.extension(numbers[2]), Some(mid));
        prop_assert_eq!(packet.extension(numbers[3]), Some(sequence));
        prop_assert_eq!(packet.extension(numbers[4]), Some(offset));
        prop_assert_eq!(packet.payload, [1]);
    }
}
