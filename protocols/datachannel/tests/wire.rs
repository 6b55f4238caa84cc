//! The bytes of the establishment protocol (RFC 8832 section 5).

use std::time::Duration;

use icelab_datachannel::wire::dcep::Dcep;
use icelab_datachannel::wire::ppid::Ppid;
use icelab_datachannel::{Kind, Priority, Properties, Reliability};
use icelab_wire::DecodeError;
use proptest::prelude::*;

/// What Chromium 156 says where a page calls `createDataChannel`.
fn chromium() -> Vec<(&'static str, Properties)> {
    let channel = |label: &str, is_ordered, reliability| Properties {
        is_ordered,
        reliability,
        ..Properties::labelled(label)
    };
    let millis = |millis| Reliability::Lifetime(Duration::from_millis(millis));
    vec![
        ("030001000000000000050000706c61696e", Properties::labelled("plain")),
        (
            "030001000000000000070004636861742dc3a4736f6170",
            Properties { protocol: "soap".into(), ..Properties::labelled("chat-ä") },
        ),
        (
            "038001000000000000090000756e6f726465726564",
            channel("unordered", false, Reliability::Full),
        ),
        (
            "0301010000000003000600007265786d6974",
            channel("rexmit", true, Reliability::Retransmissions(3)),
        ),
        ("038101000000000000030000756470", channel("udp", false, Reliability::Retransmissions(0))),
        ("03020100000001f40005000074696d6564", channel("timed", true, millis(500))),
        ("038201000000fffe0007000074696d65642d75", channel("timed-u", false, millis(65_534))),
    ]
}

/// What aiortc 1.16 says, which knows no priorities.
fn aiortc() -> Vec<(&'static str, Properties)> {
    let channel = |label: &str| Properties { priority: Priority(0), ..Properties::labelled(label) };
    vec![
        (
            "0300000000000000000b000466726f6d2d61696f727463786d7070",
            Properties { protocol: "xmpp".into(), ..channel("from-aiortc") },
        ),
        (
            "03810000000000070001000075",
            Properties {
                is_ordered: false,
                reliability: Reliability::Retransmissions(7),
                ..channel("u")
            },
        ),
        (
            "03020000000003e80001000074",
            Properties {
                reliability: Reliability::Lifetime(Duration::from_secs(1)),
                ..channel("t")
            },
        ),
    ]
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
}

#[test]
fn what_chromium_and_aiortc_say_is_understood_and_said_again_byte_for_byte() {
    for (hex, properties) in chromium().into_iter().chain(aiortc()) {
        let open = Dcep::Open(properties);
        assert_eq!(Dcep::decode(&bytes(hex)), Ok(open.clone()), "{hex}");
        assert_eq!(open.encode(), bytes(hex), "{open:?}");
    }
}

#[test]
fn an_open_is_the_picture_of_the_rfc() {
    let open = Dcep::Open(Properties {
        label: "label".into(),
        protocol: "pro".into(),
        is_ordered: false,
        reliability: Reliability::Retransmissions(0x0102_0304),
        priority: Priority(0x0506),
    });
    assert_eq!(open.encode(), b"\x03\x81\x05\x06\x01\x02\x03\x04\x00\x05\x00\x03labelpro");
}

#[test]
fn an_ack_is_one_byte_and_may_have_zeros_behind_it() {
    assert_eq!(Dcep::Ack.encode(), [2]);
    assert_eq!(Dcep::decode(&[2]), Ok(Dcep::Ack));
    // Pion's.
    assert_eq!(Dcep::decode(&[2, 0, 0, 0]), Ok(Dcep::Ack));
}

#[test]
fn the_parameter_of_a_reliable_channel_is_zero_and_ignored() {
    let open = b"\x03\x00\x01\x00\xDE\xAD\xBE\xEF\x00\x00\x00\x00";
    assert_eq!(Dcep::decode(open), Ok(Dcep::Open(Properties::default())));
    let again = Dcep::Open(Properties::default()).encode();
    assert_eq!(again[4..8], [0; 4]);
}

#[test]
fn the_high_bit_of_the_channel_type_says_that_order_does_not_matter() {
    for (low, reliability) in [
        (0, Reliability::Full),
        (1, Reliability::Retransmissions(9)),
        (2, Reliability::Lifetime(Duration::from_millis(9))),
    ] {
        for (channel_type, is_ordered) in [(low, true), (low | 0x80, false)] {
            let open = Dcep::Open(Properties { is_ordered, reliability, ..Properties::default() });
            let encoded = open.encode();
            assert_eq!(encoded[1], channel_type);
            assert_eq!(Dcep::decode(&encoded), Ok(open));
        }
    }
}

#[test]
fn names_may_be_as_long_as_their_lengths_can_say() {
    let long = |of: &str| of.repeat(65_535);
    let open = Dcep::Open(Properties { protocol: long("p"), ..Properties::labelled(long("l")) });
    let encoded = open.encode();
    assert_eq!(encoded.len(), Dcep::LONGEST);
    assert_eq!(Dcep::decode(&encoded), Ok(open));
}

#[test]
fn no_part_of_a_message_is_one() {
    for (hex, _) in chromium().into_iter().chain(aiortc()) {
        let bytes = bytes(hex);
        for length in 0..bytes.len() {
            let decoded = Dcep::decode(&bytes[..length]);
            assert!(matches!(decoded, Err(DecodeError::Truncated { .. })), "{hex} to {length}");
        }
    }
}

#[test]
fn an_open_with_more_behind_it_is_none() {
    let mut bytes = Dcep::Open(Properties::labelled("x")).encode();
    bytes.push(0);
    assert_eq!(Dcep::decode(&bytes), Err(DecodeError::Trailing { left: 1 }));
}

#[test]
fn types_that_are_not_known_are_refused() {
    for message_type in (0..=255).filter(|number| ![2, 3].contains(number)) {
        let error = DecodeError::Value { field: "Message Type" };
        assert_eq!(Dcep::decode(&[message_type, 0, 0, 0]), Err(error));
    }
    let mut bytes = Dcep::Open(Properties::default()).encode();
    for channel_type in (0..=255).filter(|number| ![0, 1, 2].contains(&(number & 0x7F))) {
        bytes[1] = channel_type;
        assert_eq!(Dcep::decode(&bytes), Err(DecodeError::Value { field: "Channel Type" }));
    }
}

#[test]
fn names_that_are_no_utf_8_are_refused() {
    let open = Properties { protocol: "b".into(), ..Properties::labelled("a") };
    let bytes = Dcep::Open(open).encode();
    for (place, field) in [(12, "Label"), (13, "Protocol")] {
        let mut wrong = bytes.clone();
        wrong[place] = 0xFF;
        assert_eq!(Dcep::decode(&wrong), Err(DecodeError::Value { field }));
    }
}

/// RFC 8831 section 8 and RFC 8832 section 8.1.
#[test]
fn the_payload_protocol_identifiers_are_those_of_the_registry() {
    let numbers = [
        (50, Ppid::Dcep),
        (51, Ppid::Full(Kind::Text)),
        (52, Ppid::Fragment(Kind::Binary)),
        (53, Ppid::Full(Kind::Binary)),
        (54, Ppid::Fragment(Kind::Text)),
        (56, Ppid::Empty(Kind::Text)),
        (57, Ppid::Empty(Kind::Binary)),
    ];
    for number in 0..100 {
        let known = numbers.iter().find(|(known, _)| *known == number).map(|(_, ppid)| *ppid);
        let number = icelab_sctp::Ppid(number);
        assert_eq!(Ppid::of(number), known);
        assert_eq!(known.map_or(number, Ppid::number), number);
    }
}

proptest! {
    #[test]
    fn an_open_survives_its_own_bytes(
        label in ".{0,40}",
        protocol in ".{0,40}",
        is_ordered in any::<bool>(),
        kind in 0..3,
        parameter in any::<u32>(),
        priority in any::<u16>(),
    ) {
        let reliability = match kind {
            0 => Reliability::Full,
            1 => Reliability::Retransmissions(parameter),
            _ => Reliability::Lifetime(Duration::from_millis(parameter.into())),
        };
        let priority = Priority(priority);
        let open = Dcep::Open(Properties { label, protocol, is_ordered, reliability, priority });
        prop_assert_eq!(Dcep::decode(&open.encode()), Ok(open));
    }

    #[test]
    fn what_is_understood_is_said_again_as_it_came(
        mut bytes in prop::collection::vec(any::<u8>(), 0..60),
        channel_type in prop::sample::select(vec![1_u8, 2, 0x81, 0x82]),
        lengths in (0_u8..30, 0_u8..30),
    ) {
        // Most bytes are no message; these often are.
        if let [first, second, _, _, _, _, _, _, h, label, i, protocol, ..] = &mut *bytes {
            (*first, *second, *h, *label, *i, *protocol) =
                (3, channel_type, 0, lengths.0, 0, lengths.1);
        }
        bytes.truncate(12 + usize::from(lengths.0) + usize::from(lengths.1));
        if let Ok(open @ Dcep::Open(_)) = Dcep::decode(&bytes) {
            prop_assert_eq!(open.encode(), bytes);
        }
    }
}
