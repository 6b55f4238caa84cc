//! Numbers that wrap.

use icelab_sctp::packet::{Fsn, Mid, RequestNumber, Ssn, Tsn};

/// RFC 9260 section 1.6: the next TSN after 2^32 - 1 is 0, the next SSN after 65,535 is 0.
#[test]
fn numbers_keep_their_order_around_the_wrap() {
    let (before, after) = (Tsn(u32::MAX), Tsn(1));
    assert_eq!((before.next().next(), after.previous().previous()), (after, before));
    assert_eq!((before.plus(2), after.since(before), before.since(after)), (after, 2, -2));
    assert!(after.is_after(before) && !before.is_after(after) && before < after);
    assert_eq!(Ssn(u16::MAX).next(), Ssn(0));
    assert!(Ssn(0).is_after(Ssn(u16::MAX)));
    assert!(Mid(0) > Mid(u32::MAX) && Fsn(0) > Fsn(u32::MAX));
    assert!(RequestNumber(0) > RequestNumber(u32::MAX));
}

#[test]
fn half_a_circle_apart_is_no_order() {
    assert_eq!(Tsn(0).partial_cmp(&Tsn(1 << 31)), None);
    assert!(!Ssn(0).is_after(Ssn(1 << 15)) && !Ssn(1 << 15).is_after(Ssn(0)));
}
