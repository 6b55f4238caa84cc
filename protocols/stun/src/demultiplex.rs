//! Which protocol a datagram on a shared port belongs to (RFC 7983 section 7).

/// What the first byte says.
///
/// ```text
///                +----------------+
///                |        [0..3] -+--> forward to STUN
///                |                |
///                |      [16..19] -+--> forward to ZRTP
///                |                |
///    packet -->  |      [20..63] -+--> forward to DTLS
///                |                |
///                |      [64..79] -+--> forward to TURN Channel
///                |                |
///                |    [128..191] -+--> forward to RTP/RTCP
///                +----------------+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A STUN message.
    Stun,
    /// ZRTP.
    Zrtp,
    /// A DTLS record.
    Dtls,
    /// TURN ChannelData.
    TurnChannel,
    /// RTP or RTCP.
    Rtp,
    /// None of these, or empty: to be dropped.
    Unknown,
}

/// The protocol of a datagram.
#[must_use]
pub fn demultiplex(datagram: &[u8]) -> Kind {
    match datagram.first() {
        Some(0..=3) => Kind::Stun,
        Some(16..=19) => Kind::Zrtp,
        Some(20..=63) => Kind::Dtls,
        Some(64..=79) => Kind::TurnChannel,
        Some(128..=191) => Kind::Rtp,
        Some(_) | None => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_range_ends_where_the_rfc_says() {
        let kinds = |bytes: &[u8]| bytes.iter().map(|byte| demultiplex(&[*byte])).collect();
        let ends: Vec<Kind> = kinds(&[0, 3, 16, 19, 20, 63, 64, 79, 128, 191]);
        assert_eq!(
            ends,
            [Kind::Stun, Kind::Zrtp, Kind::Dtls, Kind::TurnChannel, Kind::Rtp]
                .into_iter()
                .flat_map(|kind| [kind, kind])
                .collect::<Vec<_>>()
        );
        let outside: Vec<Kind> = kinds(&[4, 15, 80, 127, 192, 255]);
        assert!(outside.iter().all(|kind| *kind == Kind::Unknown));
        assert_eq!(demultiplex(&[]), Kind::Unknown);
    }
}
