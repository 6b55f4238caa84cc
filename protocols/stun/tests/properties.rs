//! Any attributes survive a round trip; no bytes make a decoder panic.

use std::net::SocketAddr;

use icelab_stun::attribute::*;
use icelab_stun::credentials::PasswordAlgorithm;
use icelab_stun::{
    Class, Integrity, IntegrityKind, Key, Message, MessageBuilder, Method, TransactionId,
    demultiplex, frame_length,
};
use proptest::prelude::*;

/// Decodes `message`'s attributes as every type there is, and builds them again.
fn read_all(message: &Message<'_>) -> Vec<u8> {
    let mut builder =
        MessageBuilder::new(message.class(), message.method(), message.transaction_id());
    macro_rules! each {
        ($($attribute:ty),* $(,)?) => {
            $(
                for value in message.all::<$attribute>().flatten() {
                    builder = builder.add(&value);
                }
            )*
        };
    }
    each!(
        MappedAddress,
        XorMappedAddress,
        XorPeerAddress,
        XorRelayedAddress,
        AlternateServer,
        ResponseOrigin,
        OtherAddress,
        Username<'_>,
        Realm<'_>,
        Nonce<'_>,
        Software<'_>,
        AlternateDomain<'_>,
        ErrorCode<'_>,
        UnknownAttributes,
        Userhash,
        PasswordAlgorithmChoice<'_>,
        PasswordAlgorithms<'_>,
        Priority,
        UseCandidate,
        IceControlled,
        IceControlling,
        Nomination,
        ChannelNumber,
        Lifetime,
        RequestedTransport,
        ConnectionId,
        RequestedAddressFamily,
        AdditionalAddressFamily,
        Data<'_>,
        MobilityTicket<'_>,
        EvenPort,
        DontFragment,
        ReservationToken,
        AddressErrorCode<'_>,
        Icmp,
        ChangeRequest,
        ResponsePort,
        Padding,
        CacheTimeout,
    );
    builder.finish()
}

fn address() -> impl Strategy<Value = SocketAddr> {
    any::<(std::net::IpAddr, u16)>().prop_map(|(ip, port)| SocketAddr::new(ip, port))
}

fn class() -> impl Strategy<Value = Class> {
    prop_oneof![
        Just(Class::Request),
        Just(Class::Indication),
        Just(Class::Success),
        Just(Class::Error)
    ]
}

prop_compose! {
    fn message()(
        class in class(),
        method in 0..0x1000_u16,
        id in any::<[u8; 12]>(),
        attributes in prop::collection::vec(
            (any::<u16>(), prop::collection::vec(any::<u8>(), 0..40)), 0..6),
        common in prop::collection::vec((0..0x30_u16, prop::collection::vec(any::<u8>(), 0..24)), 0..6),
        integrity in prop::option::of(0..3_u8),
        with_fingerprint in any::<bool>(),
    ) -> Vec<u8> {
        let mut builder =
            MessageBuilder::new(class, Method::new(method).unwrap(), TransactionId(id));
        for (kind, value) in attributes.iter().chain(&common) {
            builder = builder.raw(*kind, value);
        }
        let kinds = [IntegrityKind::Sha1, IntegrityKind::Sha256, IntegrityKind::Both];
        let key = integrity
            .map(|kind| Key::from_bytes(b"secret").signing_with(kinds[usize::from(kind)]));
        builder.finish_with(key.as_ref(), with_fingerprint)
    }
}

/// Everything that a stranger's bytes go through.
fn look_at(bytes: &[u8]) {
    let _ = (demultiplex(bytes), frame_length(bytes));
    if let Ok(message) = Message::parse(bytes) {
        let again = read_all(&message);
        assert!(Message::parse(&again).is_ok());
        let _ = message.verify_integrity(&Key::from_bytes(b"secret"));
        let _ = message.check_fingerprint();
        let _ = message.unknown_required(&[]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn addresses_survive_a_round_trip(address in address(), id in any::<[u8; 12]>()) {
        let bytes = MessageBuilder::new(Class::Success, Method::BINDING, TransactionId(id))
            .add(&XorMappedAddress(address))
            .add(&MappedAddress(address))
            .finish();
        let message = Message::parse(&bytes).unwrap();
        prop_assert_eq!(message.get(), Some(Ok(XorMappedAddress(address))));
        prop_assert_eq!(message.get(), Some(Ok(MappedAddress(address))));
    }

    #[test]
    fn scalar_attributes_survive_a_round_trip(
        number in any::<u32>(), wide in any::<u64>(), code in 300..=699_u16, text in ".{0,30}",
        bytes in prop::collection::vec(any::<u8>(), 0..50), flag in any::<bool>(),
        kinds in prop::collection::vec(any::<u16>(), 0..5),
    ) {
        let kind = (number >> 25) as u8;
        let change = ChangeRequest { change_ip: flag, change_port: !flag };
        let icmp = Icmp { kind, code: code & 0x1FF, data: number };
        let error = ErrorCode { code, reason: &text };
        let choice = PasswordAlgorithmChoice { number: code, parameters: &bytes };
        let choices = PasswordAlgorithms(vec![PasswordAlgorithm::Sha256.into(), choice]);
        let made = MessageBuilder::new(Class::Request, Method::ALLOCATE, TransactionId([0; 12]))
            .add(&Priority(number))
            .add(&IceControlling(wide))
            .add(&error)
            .add(&Data(&bytes))
            .add(&EvenPort { reserve: flag })
            .add(&change)
            .add(&icmp)
            .add(&choice)
            .add(&choices)
            .add(&UnknownAttributes(kinds.clone()))
            .add(&ResponsePort(code))
            .add(&RequestedTransport(kind))
            .finish();
        let message = Message::parse(&made).unwrap();
        prop_assert_eq!(message.get(), Some(Ok(Priority(number))));
        prop_assert_eq!(message.get(), Some(Ok(IceControlling(wide))));
        prop_assert_eq!(message.get(), Some(Ok(error)));
        prop_assert_eq!(message.get(), Some(Ok(Data(&bytes))));
        prop_assert_eq!(message.get(), Some(Ok(EvenPort { reserve: flag })));
        prop_assert_eq!(message.get(), Some(Ok(change)));
        prop_assert_eq!(message.get(), Some(Ok(icmp)));
        prop_assert_eq!(message.get(), Some(Ok(choice)));
        prop_assert_eq!(message.get(), Some(Ok(choices)));
        prop_assert_eq!(message.get(), Some(Ok(UnknownAttributes(kinds))));
        prop_assert_eq!(message.get(), Some(Ok(ResponsePort(code))));
        prop_assert_eq!(message.get(), Some(Ok(RequestedTransport(kind))));
    }

    #[test]
    fn what_was_sealed_holds_and_no_truncation_parses(made in message()) {
        let message = Message::parse(&made).unwrap();
        prop_assert!(message.check_fingerprint() != Some(false) || message.attributes().count() > 0);
        for end in 0..made.len() {
            prop_assert!(Message::parse(&made[..end]).is_err());
        }
        look_at(&made);
    }

    #[test]
    fn no_mutation_panics(
        made in message(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut made = made;
        for (at, byte) in changes {
            let at = at.index(made.len());
            made[at] = byte;
        }
        look_at(&made);
    }

    #[test]
    fn no_bytes_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..120), is_dressed in any::<bool>()) {
        if is_dressed && bytes.len() >= 20 {
            let length = u16::try_from((bytes.len() - 20) & !3).unwrap();
            bytes.truncate(20 + usize::from(length));
            bytes[0] &= 0x3F;
            bytes[2..4].copy_from_slice(&length.to_be_bytes());
            bytes[4..8].copy_from_slice(&0x2112_A442_u32.to_be_bytes());
        }
        look_at(&bytes);
    }

    #[test]
    fn one_changed_bit_breaks_the_integrity(bit in 0..640_usize, sha256 in any::<bool>()) {
        let kind = if sha256 { IntegrityKind::Sha256 } else { IntegrityKind::Sha1 };
        let key = Key::from_bytes(b"secret").signing_with(kind);
        let mut made = MessageBuilder::new(Class::Request, Method::BINDING, TransactionId([1; 12]))
            .add(&Data(&[7; 56]))
            .finish_with(Some(&key), false);
        prop_assert_eq!(Message::parse(&made).unwrap().verify_integrity(&key), Integrity::Good { sha256 });
        made[bit / 8] ^= 1 << (bit % 8);
        if let Ok(message) = Message::parse(&made) {
            let integrity = message.verify_integrity(&key);
            let holds = matches!(integrity, Integrity::Good { .. });
            prop_assert!(!holds);
        }
    }
}
