//! Whatever credentials a client has, behind one pair of calls.

use super::judgement::Judgement;
use super::long_term_client::{Attempt, LongTermClient};
use super::short_term::ShortTermClient;
use crate::message::{Message, MessageBuilder};

/// The credentials of a client.
#[derive(Clone, Debug, Default)]
pub enum ClientCredentials {
    /// None.
    #[default]
    None,
    /// Short-term ones (RFC 8489 section 9.1).
    ShortTerm(ShortTermClient),
    /// Long-term ones (RFC 8489 section 9.2).
    LongTerm(LongTermClient),
}

impl ClientCredentials {
    /// Finishes a request. For a retry, `previous` is the attempt that was answered.
    #[must_use]
    pub fn seal(
        &self,
        builder: MessageBuilder,
        previous: Option<&Attempt>,
        with_fingerprint: bool,
    ) -> (Vec<u8>, Attempt) {
        match self {
            Self::None => (builder.finish_with(None, with_fingerprint), Attempt::default()),
            Self::ShortTerm(client) => (client.seal(builder, with_fingerprint), Attempt::default()),
            Self::LongTerm(client) => client.seal(builder, previous, with_fingerprint),
        }
    }

    /// Judges the response to a request that was sealed as `attempt` says.
    pub fn judge(&mut self, response: &Message<'_>, attempt: &Attempt) -> Judgement {
        match self {
            Self::None => Judgement::Accept { authenticated: false },
            Self::ShortTerm(client) => client.judge(response),
            Self::LongTerm(client) => client.judge(response, attempt),
        }
    }
}
