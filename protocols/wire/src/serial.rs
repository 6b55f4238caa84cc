//! The order of numbers that wrap around (RFC 1982).

use core::cmp::Ordering;

macro_rules! serial {
    ($(#[$doc:meta])* $name:ident, $unsigned:ty, $signed:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
        pub struct $name(pub $unsigned);

        impl $name {
            /// The number `count` steps later; it wraps.
            #[must_use]
            pub const fn plus(self, count: $unsigned) -> Self {
                Self(self.0.wrapping_add(count))
            }

            /// How many steps `self` lies after `earlier`; negative where it lies before.
            #[must_use]
            pub const fn since(self, earlier: Self) -> $signed {
                self.0.wrapping_sub(earlier.0).cast_signed()
            }

            /// Whether `self` lies after `other`. Exactly half the circle away is neither.
            #[must_use]
            pub const fn is_after(self, other: Self) -> bool {
                self.since(other) > 0
            }
        }

        impl PartialOrd for $name {
            /// `None` for two numbers exactly half the circle apart (RFC 1982 section 3.2).
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                match self.since(*other) {
                    <$signed>::MIN => None,
                    steps => Some(steps.cmp(&0)),
                }
            }
        }
    };
}

serial!(
    /// A 16-bit serial number, such as an RTP sequence number.
    Serial16,
    u16,
    i16
);
serial!(
    /// A 32-bit serial number, such as an SCTP TSN.
    Serial32,
    u32,
    i32
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_order_around_the_wrap() {
        let before = Serial16(u16::MAX);
        let after = before.plus(2);
        assert_eq!(after, Serial16(1));
        assert!(after.is_after(before) && after > before);
        assert!(!before.is_after(after));
        assert_eq!(before.since(after), -2);
    }

    #[test]
    fn half_a_circle_apart_is_no_order() {
        let (a, b) = (Serial32(0), Serial32(1 << 31));
        assert_eq!(a.partial_cmp(&b), None);
        assert_eq!(b.partial_cmp(&a), None);
        assert!(!a.is_after(b) && !b.is_after(a));
    }
}
