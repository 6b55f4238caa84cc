//! What counts in a message and what does not.

use icelab_stun::attribute::{
    ChannelNumber, ErrorCode, EvenPort, Priority, Software, UseCandidate, Username, kind,
};
use icelab_stun::{
    Class, Integrity, IntegrityKind, Key, Message, MessageBuilder, Method, TransactionId,
};
use icelab_wire::DecodeError;

const ID: TransactionId = TransactionId([3; 12]);

fn request() -> MessageBuilder {
    MessageBuilder::new(Class::Request, Method::BINDING, ID)
}

fn key() -> Key {
    Key::short_term("password").unwrap()
}

/// `message` with `more` attributes after its end, its length set right.
fn append(message: &[u8], more: &[u8]) -> Vec<u8> {
    let mut bytes = [message, more].concat();
    let length = u16::try_from(bytes.len() - 20).unwrap();
    bytes[2..4].copy_from_slice(&length.to_be_bytes());
    bytes
}

#[test]
fn attributes_behind_the_integrity_are_ignored_save_those_that_may_stand_there() {
    let sealed = request().add(&Priority(1)).finish_with(Some(&key()), false);
    let with_more = append(&sealed, &[0, 0x25, 0, 0]);
    let message = Message::parse(&with_more).unwrap();
    assert!(!message.has(kind::USE_CANDIDATE));
    assert_eq!(message.attributes().count(), 2);
    assert_eq!(message.verify_integrity(&key()), Integrity::Good { sha256: false });

    let both = request()
        .add(&UseCandidate)
        .finish_with(Some(&key().signing_with(IntegrityKind::Both)), true);
    let message = Message::parse(&both).unwrap();
    let kinds: Vec<u16> = message.attributes().map(|attribute| attribute.kind).collect();
    assert_eq!(
        kinds,
        [
            kind::USE_CANDIDATE,
            kind::MESSAGE_INTEGRITY,
            kind::MESSAGE_INTEGRITY_SHA256,
            kind::FINGERPRINT
        ]
    );
    assert_eq!(message.verify_integrity(&key()), Integrity::Good { sha256: true });
    assert_eq!(message.check_fingerprint(), Some(true));
}

#[test]
fn a_fingerprint_that_is_not_last_does_not_hold() {
    let message = request().finish_with(None, true);
    assert_eq!(Message::parse(&message).unwrap().check_fingerprint(), Some(true));
    let with_more = append(&message, &[0x80, 0x22, 0, 0]);
    assert_eq!(Message::parse(&with_more).unwrap().check_fingerprint(), Some(false));
}

#[test]
fn a_truncated_sha256_holds_only_where_the_usage_allows_it() {
    let full = request().finish_with(Some(&key().signing_with(IntegrityKind::Sha256)), false);
    // The same message signed over the length that a 16-byte value gives.
    let mut header = full[..20].to_vec();
    header[3] = 20;
    let tag = icelab_crypto::HmacSha256::new(b"password").sign(&[&header]);
    for (length, expected) in
        [(16, Integrity::Good { sha256: true }), (12, Integrity::Bad), (18, Integrity::Bad)]
    {
        let mut attribute = vec![0, 0x1C, 0, u8::try_from(length).unwrap()];
        attribute.extend(&tag[..length]);
        attribute.resize(4 + length.next_multiple_of(4), 0);
        let truncated = append(&header, &attribute);
        let message = Message::parse(&truncated).unwrap();
        assert_eq!(message.verify_integrity(&key()), Integrity::Bad);
        assert_eq!(message.verify_integrity_truncated(&key(), 0), expected, "{length}");
        assert_eq!(message.verify_integrity_truncated(&key(), 20), Integrity::Bad);
    }
}

#[test]
fn the_first_of_equal_attributes_counts() {
    let bytes = request().add(&Priority(1)).add(&Priority(2)).finish();
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.get(), Some(Ok(Priority(1))));
    let all: Vec<Priority> = message.all().map(Result::unwrap).collect();
    assert_eq!(all, [Priority(1), Priority(2)]);
}

#[test]
fn unknown_required_attributes_are_listed_once_each() {
    let bytes = request()
        .raw(0x7FFE, &[])
        .raw(0x0002, &[1])
        .raw(0x7FFE, &[])
        .add(&Username("a"))
        .add(&Software("b"))
        .finish_with(Some(&key()), true);
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.unknown_required(&[kind::USERNAME]), [0x7FFE, 0x0002]);
}

#[test]
fn what_is_not_one_whole_message_is_refused() {
    let good = request().add(&Priority(1)).finish();
    let broken = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        Message::parse(&bytes).map(|_| ()).unwrap_err()
    };
    assert_eq!(broken(&|bytes| bytes[0] |= 0x80), DecodeError::Value { field: "message type" });
    assert_eq!(broken(&|bytes| bytes[4] = 0), DecodeError::Value { field: "magic cookie" });
    assert_eq!(broken(&|bytes| bytes[3] = 9), DecodeError::Length { field: "message length" });
    assert_eq!(broken(&|bytes| bytes.push(0)), DecodeError::Trailing { left: 1 });
    assert_eq!(broken(&|bytes| bytes[23] = 5), DecodeError::Truncated { needed: 8, had: 4 });
    for end in 0..good.len() {
        assert!(Message::parse(&good[..end]).is_err(), "{end}");
    }
}

#[test]
fn values_of_the_wrong_length_or_range_are_refused() {
    let bytes = request()
        .raw(kind::PRIORITY, &[1, 2, 3])
        .raw(kind::CHANNEL_NUMBER, &[0x40, 0, 0, 0, 0])
        .raw(kind::EVEN_PORT, &[])
        .raw(kind::USE_CANDIDATE, &[0])
        .raw(kind::ERROR_CODE, &[0, 0, 7, 0])
        .raw(kind::USERNAME, &[0xFF])
        .raw(kind::SOFTWARE, &[b'a'; 764])
        .finish();
    let message = Message::parse(&bytes).unwrap();
    assert!(message.get::<Priority>().unwrap().is_err());
    assert!(message.get::<ChannelNumber>().unwrap().is_err());
    assert!(message.get::<EvenPort>().unwrap().is_err());
    assert!(message.get::<UseCandidate>().unwrap().is_err());
    assert!(message.get::<ErrorCode<'_>>().unwrap().is_err());
    assert!(message.get::<Username<'_>>().unwrap().is_err());
    assert!(message.get::<Software<'_>>().unwrap().is_err());
}
