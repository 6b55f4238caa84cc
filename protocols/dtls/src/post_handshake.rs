//! What an end of 1.3 says after the handshake (RFC 9147 section 5.8.4): key updates (section 8) and
//! connection ids (section 9).
//!
//! 1. A message is due. It waits until nothing else of this end is under way: so no message is sent
//!    while an earlier one of its kind is not acknowledged.
//! 2. It is sent, and repeated until an ACK comes.
//! 3. The ACK has come: new keys are used from now on, and the next message is sent.

use std::collections::VecDeque;

use icelab_sans_io::Instant;
use icelab_wire::Writer;

use crate::core::Core;
use crate::wire::connection_id::{NewConnectionId, RequestConnectionId};
use crate::wire::handshake::HandshakeType;
use crate::wire::key_update::KeyUpdate;

/// The most messages that wait.
const MOST: usize = 8;
/// The last epoch that may be used (RFC 9147 section 8).
const LAST_EPOCH: u64 = (1 << 48) - 1;

/// A message of this end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Post {
    KeyUpdate(KeyUpdate),
    NewConnectionId(NewConnectionId),
    RequestConnectionId(RequestConnectionId),
}

/// The messages of this end.
#[derive(Debug, Default)]
pub(crate) struct PostHandshake {
    /// The peer has not acknowledged it.
    under_way: Option<Post>,
    due: VecDeque<Post>,
    /// Whether the peer owes connection ids.
    is_request_open: bool,
}

/// Too many messages wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl PostHandshake {
    /// Adds a message, and sends it as soon as may be.
    pub(crate) fn say(&mut self, post: Post, core: &mut Core, now: Instant) -> Result<(), TooMany> {
        let is_other = |due: &&mut Post| matches!(due, Post::KeyUpdate(_));
        if let Post::KeyUpdate(KeyUpdate { is_requested }) = &post
            && let Some(Post::KeyUpdate(due)) = self.due.iter_mut().find(is_other)
        {
            // One change serves both wishes.
            due.is_requested |= is_requested;
            return Ok(());
        }
        if self.due.len() == MOST {
            return Err(TooMany);
        }
        self.is_request_open |= matches!(post, Post::RequestConnectionId(_));
        self.due.push_back(post);
        self.go_on(core, now);
        Ok(())
    }

    /// Sends the next message that is due, once nothing is under way.
    pub(crate) fn go_on(&mut self, core: &mut Core, now: Instant) {
        while core.flight.is_empty()
            && let Some(post) = self.due.pop_front()
        {
            let epoch = core.records.write_epoch();
            let is_update = matches!(post, Post::KeyUpdate(_));
            // Section 8: rather no answer than an epoch too many; and numbers must not come twice.
            if (is_update && epoch >= LAST_EPOCH) || core.next_message == u16::MAX {
                continue;
            }
            let mut body = Writer::new();
            let kind = post.encode(&mut body);
            core.queue(epoch, kind, body.into_vec());
            self.under_way = Some(post);
            core.send_flight(now);
        }
    }

    /// Nothing is under way any more. Says what has arrived, if it was one of these messages.
    pub(crate) const fn acknowledged(&mut self) -> Option<Post> {
        self.under_way.take()
    }

    /// Whether a change of keys is under way or due.
    pub(crate) fn has_key_update(&self) -> bool {
        self.under_way.iter().chain(&self.due).any(|post| matches!(post, Post::KeyUpdate(_)))
    }

    /// Whether ids of this end are on their way already.
    pub(crate) fn has_new_ids(&self) -> bool {
        self.under_way.iter().chain(&self.due).any(|post| matches!(post, Post::NewConnectionId(_)))
    }

    /// Whether the peer owes connection ids.
    pub(crate) const fn is_request_open(&self) -> bool {
        self.is_request_open
    }

    /// The peer has given connection ids.
    pub(crate) const fn fulfilled(&mut self) {
        self.is_request_open = false;
    }
}

impl Post {
    fn encode(&self, body: &mut Writer) -> HandshakeType {
        match self {
            Self::KeyUpdate(update) => {
                update.encode(body);
                HandshakeType::KEY_UPDATE
            }
            Self::NewConnectionId(ids) => {
                ids.encode(body);
                HandshakeType::NEW_CONNECTION_ID
            }
            Self::RequestConnectionId(request) => {
                request.encode(body);
                HandshakeType::REQUEST_CONNECTION_ID
            }
        }
    }
}
