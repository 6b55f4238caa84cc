//! Why bytes are not a packet.

/// Why bytes are not a packet. Every reason has a stable name for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Malformed {
    /// No bytes at all, or a version other than 4 and 6.
    Version,
    /// Fewer bytes than the fixed IP header, its options or its extension headers need.
    TruncatedHeader,
    /// The IP header's own length field is less than a header, or more than the packet.
    HeaderLength,
    /// The IP length field names more bytes than there are, or fewer than the header.
    TotalLength,
    /// The IPv4 header checksum is wrong (RFC 791 section 3.1).
    HeaderChecksum,
    /// A fragment would end past 65,535 bytes, or is not a multiple of 8 bytes though more follow.
    Fragment,
    /// More extension headers than a real packet has.
    ExtensionHeaders,
    /// Fewer bytes than the UDP, TCP or ICMP header needs.
    TruncatedTransport,
    /// The UDP length or TCP data offset does not fit the packet.
    TransportLength,
}

impl Malformed {
    /// The name that the record shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Version => "malformed-version",
            Self::TruncatedHeader => "malformed-truncated-header",
            Self::HeaderLength => "malformed-header-length",
            Self::TotalLength => "malformed-total-length",
            Self::HeaderChecksum => "malformed-header-checksum",
            Self::Fragment => "malformed-fragment",
            Self::ExtensionHeaders => "malformed-extension-headers",
            Self::TruncatedTransport => "malformed-truncated-transport",
            Self::TransportLength => "malformed-transport-length",
        }
    }
}
