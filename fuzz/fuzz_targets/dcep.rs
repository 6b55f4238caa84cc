//! The establishment protocol of data channels: what is read is written as it came, but for an ACK's
//! trailing zeros and the parameter of a reliable channel, which mean nothing.

use icelab_datachannel::wire::dcep::Dcep;
use icelab_datachannel::wire::ppid::Ppid;

/// The bytes are a message; behind its first twelve are its names.
pub fn dcep(data: &[u8]) {
    if let Some(first) = data.first_chunk() {
        let number = icelab_sctp::Ppid(u32::from_be_bytes(*first));
        assert!(Ppid::of(number).is_none_or(|ppid| ppid.number() == number));
    }
    let Ok(message) = Dcep::decode(data) else { return };
    let written = message.encode();
    assert_eq!(Dcep::decode(&written).as_ref(), Ok(&message));
    match &message {
        Dcep::Ack => assert_eq!(written, data[..1]),
        Dcep::Open(properties) => {
            let mut expected = data.to_vec();
            if properties.reliability == icelab_datachannel::Reliability::Full {
                expected[4..8].fill(0);
            }
            assert_eq!(written, expected);
            assert!(written.len() <= Dcep::LONGEST);
        }
    }
}
