//! What one line of the record says.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use icelab_sans_io::Instant;
use sha2::{Digest, Sha256};

use super::value::Value;
use crate::packet::{Flow, Protocol};
use crate::topology::Direction;

/// One thing that happened.
///
/// Its `Display` is its canonical line, which `FromStr` reads back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its place in the record, counted from 0 over all that happened, kept or not.
    pub index: u64,
    /// When.
    pub at: Instant,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// A host, or a gateway of itself, put a packet into the network.
    Sent {
        /// Its number.
        packet: PacketId,
        /// Who.
        node: Name,
        /// From where to where.
        flow: Flow,
        /// The whole IP packet in bytes.
        length: u32,
        /// What the transport carries.
        payload: PayloadHash,
    },
    /// A packet has to wait before a link.
    Queued {
        /// Its number.
        packet: PacketId,
        /// The link.
        place: Place,
    },
    /// A packet got a congestion mark (RFC 3168).
    Marked {
        /// Its number.
        packet: PacketId,
        /// Where.
        place: Place,
    },
    /// A packet went no further.
    Dropped {
        /// Its number.
        packet: PacketId,
        /// Where.
        place: Place,
        /// Why, in a stable word such as `loss`.
        reason: Word,
    },
    /// A gateway gave a packet other addresses.
    Translated {
        /// Its number.
        packet: PacketId,
        /// Who.
        gateway: Name,
        /// Its flow before.
        from: Flow,
        /// Its flow after.
        to: Flow,
    },
    /// A link made another packet of the same bytes, or a router cut a packet into fragments.
    Copied {
        /// The packet that was there.
        packet: PacketId,
        /// The new one.
        copy: PacketId,
        /// Where.
        place: Place,
    },
    /// A packet reached a host, or a gateway to which it was addressed.
    Delivered {
        /// Its number.
        packet: PacketId,
        /// Who.
        node: Name,
    },
    /// A NAT's mapping came, was used again, or went.
    Mapping {
        /// Whose.
        gateway: Name,
        /// What became of it.
        change: MappingChange,
        /// UDP, TCP or ICMP.
        protocol: Protocol,
        /// The address inside.
        inside: SocketAddr,
        /// The address outside.
        outside: SocketAddr,
    },
    /// A protocol's own words, with fields.
    Note {
        /// Whose.
        node: Name,
        /// Such as `ice.check.sent`.
        name: Word,
        /// In the order in which they were given.
        fields: Vec<(Word, Value)>,
    },
    /// Something was done to the network.
    Event(NetworkEvent),
    /// A guest's deadline came.
    Deadline {
        /// Whose.
        node: Name,
        /// Which, such as `ice.check`.
        timer: Word,
    },
}

/// Something that was done to the network while it ran.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NetworkEvent {
    /// A link was cut, silently.
    Cut {
        /// One end.
        a: Name,
        /// The other end.
        b: Name,
    },
    /// A cut link works again.
    Healed {
        /// One end.
        a: Name,
        /// The other end.
        b: Name,
    },
    /// A gateway forgot all its state.
    Rebooted {
        /// Which.
        gateway: Name,
    },
    /// A gateway has other outside addresses.
    Rebound {
        /// Which.
        gateway: Name,
        /// Its addresses from now on.
        outside: Vec<IpAddr>,
    },
    /// A link's settings changed.
    LinkSet {
        /// Whose link towards the internet.
        owner: Name,
        /// What is at its other end.
        towards: Name,
        /// Which direction.
        direction: Direction,
    },
    /// An interface is gone, and its host knows.
    Unplugged {
        /// The host.
        node: Name,
        /// What it was behind.
        from: Name,
    },
    /// An interface is there, and its host knows.
    Plugged {
        /// The host.
        node: Name,
        /// What it is behind.
        into: Name,
    },
    /// A host lost its guest and its sockets.
    Crashed {
        /// Which.
        node: Name,
    },
    /// A host has a guest.
    Started {
        /// Which.
        node: Name,
        /// Counted from 1.
        boot: u32,
    },
}

/// What became of a mapping.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MappingChange {
    /// It is new.
    Made,
    /// It will last longer.
    Refreshed,
    /// It is gone.
    Expired,
}

/// Where something happened.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// In a node.
    Node(Name),
    /// Before or on a link, in one direction.
    Link {
        /// The end from which packets come.
        from: Name,
        /// The end to which they go.
        to: Name,
    },
}

/// A packet's number in one run, counted from 1 in the order of sending.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PacketId(pub u64);

/// The first 16 bytes of the SHA-256 hash of what a packet's transport carries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadHash(pub [u8; 16]);

impl PayloadHash {
    /// Of what a packet's transport carries.
    #[must_use]
    pub fn of(payload: &[u8]) -> Self {
        let hash: [u8; 32] = Sha256::digest(payload).into();
        match hash.first_chunk() {
            Some(half) => Self(*half),
            None => Self([0; 16]),
        }
    }
}

impl fmt::Display for PayloadHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PayloadHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of a node, shared by all entries that mention it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// A word of a protocol's or the fabric's vocabulary.
pub type Word = std::borrow::Cow<'static, str>;

impl Name {
    /// A name of this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}
