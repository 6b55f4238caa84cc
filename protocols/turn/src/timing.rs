//! How long things last: the constants of RFC 8656 and the client's margins before them.

use core::time::Duration;

/// A permission lasts so long (RFC 8656 section 9).
pub const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);

/// A channel binding lasts so long (RFC 8656 section 12).
pub const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);

/// How long after a binding's end a client leaves its number and its peer alone (RFC 8656
/// section 12).
pub const CHANNEL_COOL_DOWN: Duration = Duration::from_secs(300);

/// The lifetime of an allocation for which nothing else is asked (RFC 8656 section 6).
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// The longest lifetime that a server should grant (RFC 8656 section 7.2).
pub const MAXIMUM_LIFETIME: Duration = Duration::from_secs(3600);

/// A reserved port is held so long (RFC 8656 section 7.2).
pub const RESERVATION_LIFETIME: Duration = Duration::from_secs(30);

/// A client refreshes so long before the end (RFC 8656 section 8 suggests a minute): long enough
/// for one whole transaction to time out (39.5 s, RFC 8489 section 6.2.1) and another to succeed.
pub(crate) const REFRESH_MARGIN: Duration = Duration::from_secs(60);
