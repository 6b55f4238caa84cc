//! icelab's own SCTP.

use super::stack::Contender;

/// icelab's own SCTP with each of its congestion controllers.
#[must_use]
pub fn contenders() -> Vec<Contender> {
    Vec::new()
}
