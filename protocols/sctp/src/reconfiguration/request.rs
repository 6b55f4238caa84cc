//! A request, and what is sent of it (RFC 6525 sections 4.1, 4.2, 4.5 and 4.6).

use std::collections::BTreeSet;

use icelab_sans_io::Instant;

use crate::packet::parameter::{AddStreams, IncomingReset, OutgoingReset, Parameter};
use crate::packet::{RequestNumber, StreamId, Tsn};

/// What is asked of the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// To begin these own streams at zero; in answer to a request of the peer's, where there is one.
    ResetOutgoing {
        streams: BTreeSet<StreamId>,
        answers: Option<RequestNumber>,
    },
    /// That it begins its streams at zero.
    ResetIncoming(Vec<StreamId>),
    AddOutgoing {
        count: u16,
        is_asked: bool,
    },
    AddIncoming(u16),
}

/// A request on its way.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) number: RequestNumber,
    pub(super) request: Request,
    /// A3 of section 5.1.2.
    pub(super) last_assigned: Tsn,
    /// When it was sent last, or the peer has said that it works on it.
    pub(super) sent_at: Instant,
    /// The Re-configuration Timer.
    pub(super) again_at: Instant,
    pub(super) is_due: bool,
    /// The peer works on it: that it takes long is no failure (section 5.2.7 H2).
    pub(super) is_in_progress: bool,
}

impl Request {
    /// The streams that it names.
    pub(super) fn streams(&self) -> Vec<StreamId> {
        match self {
            Self::ResetOutgoing { streams, .. } => streams.iter().copied().collect(),
            Self::ResetIncoming(streams) => streams.clone(),
            Self::AddOutgoing { .. } | Self::AddIncoming(_) => Vec::new(),
        }
    }

    /// Whether the peer has asked for it.
    pub(super) const fn is_asked(&self) -> bool {
        match self {
            Self::ResetOutgoing { answers, .. } => answers.is_some(),
            Self::AddOutgoing { is_asked, .. } => *is_asked,
            Self::ResetIncoming(_) | Self::AddIncoming(_) => false,
        }
    }
}

impl Pending {
    /// What is sent of it, while the peer's next request is `expected`.
    pub(super) fn parameter<'a>(
        &self,
        expected: RequestNumber,
        streams: &'a [StreamId],
    ) -> Parameter<'a> {
        let request = self.number;
        match &self.request {
            Request::ResetOutgoing { answers, .. } => Parameter::OutgoingReset(OutgoingReset {
                request,
                response: answers.unwrap_or(expected.previous()),
                last_assigned_tsn: self.last_assigned,
                streams: streams.into(),
            }),
            Request::ResetIncoming(_) => {
                Parameter::IncomingReset(IncomingReset { request, streams: streams.into() })
            }
            Request::AddOutgoing { count, .. } => {
                Parameter::AddOutgoingStreams(AddStreams { request, new_streams: *count })
            }
            Request::AddIncoming(count) => {
                Parameter::AddIncomingStreams(AddStreams { request, new_streams: *count })
            }
        }
    }
}
