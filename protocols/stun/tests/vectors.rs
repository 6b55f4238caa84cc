//! The published messages: RFC 5769 and RFC 8489 appendix B.

use icelab_crypto::{HmacSha256, sha256};
use icelab_stun::attribute::{
    IceControlled, Nonce, PasswordAlgorithmChoice, Priority, Realm, Software, Userhash, Username,
    XorMappedAddress,
};
use icelab_stun::credentials::PasswordAlgorithm;
use icelab_stun::{Class, Integrity, Key, Message, MessageBuilder, Method, TransactionId};
use icelab_wire::DecodeError;

const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";
const MATRIX: &str = "\u{30DE}\u{30C8}\u{30EA}\u{30C3}\u{30AF}\u{30B9}";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

// RFC 5769 section 2.1.
fn sample_request() -> Vec<u8> {
    bytes(
        "00010058 2112a442 b7e7a701bc34d686fa87dfae
         80220010 5354554e 20746573 7420636c 69656e74
         00240004 6e0001ff 80290008 932ff9b1 51263b36
         00060009 6576746a 3a683676 59202020
         00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
         80280004 e57a3bcf",
    )
}

#[test]
fn the_sample_request_is_read_and_holds() {
    let sample = sample_request();
    let message = Message::parse(&sample).unwrap();
    assert_eq!((message.class(), message.method()), (Class::Request, Method::BINDING));
    assert_eq!(message.get(), Some(Ok(Software("STUN test client"))));
    assert_eq!(message.get(), Some(Ok(Priority(0x6E00_01FF))));
    assert_eq!(message.get(), Some(Ok(IceControlled(0x932F_F9B1_5126_3B36))));
    assert_eq!(message.get(), Some(Ok(Username("evtj:h6vY"))));
    let key = Key::short_term(PASSWORD).unwrap();
    assert_eq!(message.verify_integrity(&key), Integrity::Good { sha256: false });
    assert_eq!(message.check_fingerprint(), Some(true));
    let wrong = Key::short_term("VOkJxbRl1RmTxUk/WvJxBu").unwrap();
    assert_eq!(message.verify_integrity(&wrong), Integrity::Bad);
}

#[test]
fn any_changed_byte_of_the_sample_request_is_noticed() {
    let sample = sample_request();
    let key = Key::short_term(PASSWORD).unwrap();
    for at in 0..sample.len() {
        let mut changed = sample.clone();
        changed[at] ^= 1;
        if let Ok(message) = Message::parse(&changed) {
            assert!(message.check_fingerprint() != Some(true), "byte {at}");
            // All up to the end of MESSAGE-INTEGRITY is covered by it, its own header aside.
            if at < 100 {
                let integrity = message.verify_integrity(&key);
                assert!(!matches!(integrity, Integrity::Good { .. }), "byte {at}");
            }
        }
    }
}

// RFC 5769 sections 2.2 and 2.3.
#[test]
fn the_sample_responses_are_read_and_hold() {
    let v4 = bytes(
        "0101003c 2112a442 b7e7a701bc34d686fa87dfae
         8022000b 74657374 20766563 746f7220 00200008 0001a147 e112a643
         00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96",
    );
    let v6 = bytes(
        "01010048 2112a442 b7e7a701bc34d686fa87dfae
         8022000b 74657374 20766563 746f7220
         00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
         00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41 80280004 c8fb0b4c",
    );
    let key = Key::short_term(PASSWORD).unwrap();
    let addresses = ["192.0.2.1:32853", "[2001:db8:1234:5678:11:2233:4455:6677]:32853"];
    for (sample, address) in [v4, v6].iter().zip(addresses) {
        let message = Message::parse(sample).unwrap();
        assert_eq!((message.class(), message.method()), (Class::Success, Method::BINDING));
        assert_eq!(message.get(), Some(Ok(Software("test vector"))));
        assert_eq!(message.get(), Some(Ok(XorMappedAddress(address.parse().unwrap()))));
        assert_eq!(message.verify_integrity(&key), Integrity::Good { sha256: false });
        assert_eq!(message.check_fingerprint(), Some(true));
    }
}

// RFC 5769 section 2.4; its password is the outcome of SASLprep.
#[test]
fn the_sample_request_with_long_term_credentials_is_made_byte_for_byte() {
    let sample = bytes(
        "00010060 2112a442 78ad3433c6ad72c029da412e
         00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000
         0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341
         0014000b 6578616d 706c652e 6f726700
         00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666",
    );
    let key = Key::long_term(MATRIX, "example.org", "TheMatrIX", PasswordAlgorithm::Md5).unwrap();
    let id = TransactionId(*sample[8..].first_chunk().unwrap());
    let made = MessageBuilder::new(Class::Request, Method::BINDING, id)
        .add(&Username(MATRIX))
        .add(&Nonce("f//499k954d6OL34oL9FSTvy64sA"))
        .add(&Realm("example.org"))
        .finish_with(Some(&key), false);
    assert_eq!(made, sample);
    let message = Message::parse(&sample).unwrap();
    assert_eq!(message.verify_integrity(&key), Integrity::Good { sha256: false });
    assert_eq!(message.check_fingerprint(), None);
}

// RFC 8489 appendix B.1 as its erratum 6268 has it: the printed one states a length that counts
// the header, and does not say that the key is made with SHA-256.
#[test]
fn the_sample_request_with_sha256_and_userhash_is_made_byte_for_byte() {
    let sample = bytes(
        "00010090 2112a442 78ad3433c6ad72c029da412e
         001e0020 4a3cf38f ef6992bd a952c678 0417da0f 24819415 569e60b2 05c46e41 407f1704
         00150029 6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39
         46535476 79363473 41000000
         0014000b 6578616d 706c652e 6f726700 001d0004 00020000
         001c0020 b5c7bf00 5b6c52a2 1c51c5e8 92f81924 136296cb 927c4314 9309278c c6518e65",
    );
    let algorithm = PasswordAlgorithm::Sha256;
    let key = Key::long_term(MATRIX, "example.org", "TheMatrIX", algorithm).unwrap();
    let id = TransactionId(*sample[8..].first_chunk().unwrap());
    let made = MessageBuilder::new(Class::Request, Method::BINDING, id)
        .add(&Userhash(sha256(&[MATRIX.as_bytes(), b":example.org"])))
        .add(&Nonce("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"))
        .add(&Realm("example.org"))
        .add(&PasswordAlgorithmChoice::from(algorithm))
        .finish_with(Some(&key), false);
    assert_eq!(made, sample);
    let message = Message::parse(&sample).unwrap();
    assert_eq!(message.verify_integrity(&key), Integrity::Good { sha256: true });
}

// RFC 8489 appendix B.1 as printed: its tag is right for its bytes, whose length is wrong.
#[test]
fn the_sample_request_as_printed_is_signed_right_and_has_a_wrong_length() {
    let sample = bytes(
        "0001009c 2112a442 78ad3433c6ad72c029da412e
         001e0020 4a3cf38f ef6992bd a952c678 0417da0f 24819415 569e60b2 05c46e41 407f1704
         00150029 6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39
         46535476 79363473 41000000
         0014000b 6578616d 706c652e 6f726700
         001c0020 e4686c8f 0edeb590 13e07090 010a93ef ccbccc54 4c0a45d9 f830aa6d 6f735a01",
    );
    let expected = DecodeError::Truncated { needed: 156, had: 136 };
    assert_eq!(Message::parse(&sample).unwrap_err(), expected);
    let secret = sha256(&[MATRIX.as_bytes(), b":example.org:TheMatrIX"]);
    let (covered, attribute) = sample.split_at(120);
    assert!(HmacSha256::new(&secret).verify(&[covered], &attribute[4..]));
}

// RFC 8489 section 9.2.2.
#[test]
fn the_example_key_is_the_md5_of_the_three_joined() {
    let made = icelab_crypto::md5(&[b"user", b":", b"realm", b":", b"pass"]);
    assert_eq!(made.to_vec(), bytes("8493fbc53ba582fb4c044c456bdc40eb"));
    let id = TransactionId([0; 12]);
    let request = |key: &Key| {
        MessageBuilder::new(Class::Request, Method::BINDING, id).finish_with(Some(key), false)
    };
    let key = Key::long_term("user", "realm", "pass", PasswordAlgorithm::Md5).unwrap();
    assert_eq!(request(&key), request(&Key::from_bytes(&made)));
}
