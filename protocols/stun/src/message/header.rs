//! The 20-byte header: class, method and transaction id (RFC 8489 section 5).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |0 0|     STUN Message Type     |         Message Length        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                         Magic Cookie                          |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                                                               |
//! |                     Transaction ID (96 bits)                  |
//! |                                                               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use core::fmt;

use icelab_sans_io::Rng;

/// The fixed value that tells STUN from what is not, and from RFC 3489's STUN.
pub const MAGIC_COOKIE: u32 = 0x2112_A442;

/// Length of the header in bytes.
pub const HEADER_LENGTH: usize = 20;

/// What pairs a response with its request: 96 random bits (RFC 8489 section 5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId(pub [u8; 12]);

impl TransactionId {
    /// A new one, uniformly random.
    #[must_use]
    pub fn random(rng: &mut Rng) -> Self {
        Self(rng.bytes())
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a message is for: the bits C1 and C0 of its type (RFC 8489 section 5, figure 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Wants a response.
    Request,
    /// Wants none.
    Indication,
    /// Answers a request that succeeded.
    Success,
    /// Answers a request that did not.
    Error,
}

/// What a request asks for, or an indication says: 12 bits (RFC 8489 section 18.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Method(u16);

impl Method {
    /// Binding (RFC 8489).
    pub const BINDING: Self = Self(0x001);
    /// Allocate (RFC 8656).
    pub const ALLOCATE: Self = Self(0x003);
    /// Refresh (RFC 8656).
    pub const REFRESH: Self = Self(0x004);
    /// Send (RFC 8656).
    pub const SEND: Self = Self(0x006);
    /// Data (RFC 8656).
    pub const DATA: Self = Self(0x007);
    /// CreatePermission (RFC 8656).
    pub const CREATE_PERMISSION: Self = Self(0x008);
    /// ChannelBind (RFC 8656).
    pub const CHANNEL_BIND: Self = Self(0x009);
    /// Connect (RFC 6062).
    pub const CONNECT: Self = Self(0x00A);
    /// ConnectionBind (RFC 6062).
    pub const CONNECTION_BIND: Self = Self(0x00B);
    /// ConnectionAttempt (RFC 6062).
    pub const CONNECTION_ATTEMPT: Self = Self(0x00C);

    /// The method of this number; `None` above 12 bits.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if number <= 0xFFF { Some(Self(number)) } else { None }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// The message type of the header: the method's bits around those of the class.
pub(super) const fn join(class: Class, method: Method) -> u16 {
    let method = method.0;
    let class = match class {
        Class::Request => 0x000,
        Class::Indication => 0x010,
        Class::Success => 0x100,
        Class::Error => 0x110,
    };
    (method & 0xF80) << 2 | (method & 0x070) << 1 | method & 0x00F | class
}

/// Class and method of a message type whose two top bits are zero.
pub(super) const fn split(kind: u16) -> (Class, Method) {
    let class = match (kind & 0x100 != 0, kind & 0x010 != 0) {
        (false, false) => Class::Request,
        (false, true) => Class::Indication,
        (true, false) => Class::Success,
        (true, true) => Class::Error,
    };
    (class, Method((kind & 0x3E00) >> 2 | (kind & 0x00E0) >> 1 | kind & 0x000F))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_field_interleaves_class_and_method() {
        assert_eq!(join(Class::Request, Method::BINDING), 0x0001);
        assert_eq!(join(Class::Success, Method::BINDING), 0x0101);
        assert_eq!(join(Class::Error, Method::ALLOCATE), 0x0113);
        assert_eq!(join(Class::Indication, Method::DATA), 0x0017);
        for number in 0..=0xFFF {
            for class in [Class::Request, Class::Indication, Class::Success, Class::Error] {
                let method = Method::new(number).unwrap();
                assert_eq!(split(join(class, method)), (class, method));
            }
        }
        assert_eq!(Method::new(0x1000), None);
    }
}
