//! Connection ids that change while the connection lasts (RFC 9147 section 9).

use icelab_sans_io::Instant;

use crate::connection::Connection;
use crate::core::Core;
use crate::dtls::Dtls;
use crate::event::{ConnectionIdError, Event};
use crate::handshake::failure::Failure;
use crate::handshake::stage::Stage;
use crate::post_handshake::Post;
use crate::record::ids::MOST;
use crate::wire::alert::AlertDescription;
use crate::wire::connection_id::{NewConnectionId, RequestConnectionId};
use crate::wire::version::Version;

impl Dtls {
    /// Lets the peer use `ids`, which are all new, in the records that it sends; `is_immediate` has
    /// it use the first of them at once, and none of the old ones.
    ///
    /// # Errors
    /// Where no id was agreed on, earlier ones have not arrived, or one is empty or too long, or
    /// there are more than seven.
    pub fn give_connection_ids(
        &mut self,
        ids: Vec<Vec<u8>>,
        is_immediate: bool,
        now: Instant,
    ) -> Result<(), ConnectionIdError> {
        let Stage::Open(connection) = &mut self.stage else {
            return Err(ConnectionIdError::NotAgreed);
        };
        if connection.agreed.version == Version::V1_2 || !self.core.records.ids.is_own_wanted() {
            return Err(ConnectionIdError::NotAgreed);
        }
        let is_fit = |id: &Vec<u8>| (1..=255).contains(&id.len());
        if ids.is_empty() || ids.len() >= MOST || !ids.iter().all(is_fit) {
            return Err(ConnectionIdError::Unfit);
        }
        connection.give_ids(ids, is_immediate, &mut self.core, now)
    }

    /// Asks the peer for `count` more ids.
    ///
    /// # Errors
    /// Where the peer wants no ids, or owes some already.
    pub fn request_connection_ids(
        &mut self,
        count: u8,
        now: Instant,
    ) -> Result<(), ConnectionIdError> {
        let Stage::Open(connection) = &mut self.stage else {
            return Err(ConnectionIdError::NotAgreed);
        };
        if connection.agreed.version == Version::V1_2 || !self.core.records.ids.is_peer_wanted() {
            return Err(ConnectionIdError::NotAgreed);
        }
        connection.request_ids(count, &mut self.core, now)
    }

    /// Goes on with the next id that the peer gave: for a new path, so that nobody can tell that it
    /// is the same connection. Says whether there was one.
    pub fn use_next_connection_id(&mut self) -> bool {
        self.core.records.ids.next()
    }

    /// The ids that the peer may put into its records, the oldest first.
    pub fn connection_ids(&self) -> impl Iterator<Item = &[u8]> {
        self.core.records.ids.own()
    }
}

impl Connection {
    fn give_ids(
        &mut self,
        ids: Vec<Vec<u8>>,
        is_immediate: bool,
        core: &mut Core,
        now: Instant,
    ) -> Result<(), ConnectionIdError> {
        let Some(posts) = self.posts() else { return Err(ConnectionIdError::NotAgreed) };
        if posts.has_new_ids() {
            return Err(ConnectionIdError::Pending);
        }
        let post = Post::NewConnectionId(NewConnectionId { ids: ids.clone(), is_immediate });
        posts.say(post, core, now).map_err(|_| ConnectionIdError::Pending)?;
        ids.into_iter().for_each(|id| core.records.ids.add_own(id));
        Ok(())
    }

    fn request_ids(
        &mut self,
        count: u8,
        core: &mut Core,
        now: Instant,
    ) -> Result<(), ConnectionIdError> {
        let Some(posts) = self.posts() else { return Err(ConnectionIdError::NotAgreed) };
        if posts.is_request_open() {
            return Err(ConnectionIdError::Pending);
        }
        let post = Post::RequestConnectionId(RequestConnectionId { count });
        posts.say(post, core, now).map_err(|_| ConnectionIdError::Pending)
    }

    /// Answers the peer's wish with as many ids as there is room for, as long as its own.
    pub(crate) fn answer_request(
        &mut self,
        request: RequestConnectionId,
        core: &mut Core,
        now: Instant,
    ) -> Result<(), Failure> {
        let own = &core.records.ids;
        if !own.is_own_wanted() {
            return Err(AlertDescription::UNEXPECTED_MESSAGE.into());
        }
        let length = own.own().map(<[u8]>::len).max().unwrap_or_default();
        let room = MOST.saturating_sub(own.own().count());
        let mut ids = Vec::new();
        for _ in 0..room.min(usize::from(request.count)) {
            let mut id = vec![0; length];
            core.rng.fill(&mut id);
            ids.push(id);
        }
        let Some(posts) = self.posts() else {
            return Err(AlertDescription::UNEXPECTED_MESSAGE.into());
        };
        let post = Post::NewConnectionId(NewConnectionId { ids: ids.clone(), is_immediate: false });
        posts
            .say(post, core, now)
            .map_err(|_| Failure::from(AlertDescription::TOO_MANY_CIDS_REQUESTED))?;
        if !ids.is_empty() {
            core.output.event(Event::ConnectionIds(ids.clone()));
        }
        ids.into_iter().for_each(|id| core.records.ids.add_own(id));
        Ok(())
    }

    /// Takes the ids that the peer gave.
    pub(crate) fn take_ids(
        &mut self,
        given: NewConnectionId,
        core: &mut Core,
    ) -> Result<(), Failure> {
        if !core.records.ids.is_peer_wanted() {
            return Err(AlertDescription::UNEXPECTED_MESSAGE.into());
        }
        let is_useless = given.is_immediate && given.ids.is_empty();
        if is_useless || given.ids.iter().any(Vec::is_empty) {
            return Err(AlertDescription::ILLEGAL_PARAMETER.into());
        }
        if let Some(posts) = self.posts() {
            posts.fulfilled();
        }
        if given.is_immediate {
            core.records.ids.replace(given.ids);
        } else {
            core.records.ids.add_spare(given.ids);
        }
        Ok(())
    }
}
