//! The channels, by handle and by stream.

use std::collections::BTreeMap;

use icelab_sctp::StreamId;

use crate::channel::{Channel, ChannelId, Opening};
use crate::config::Role;
use crate::properties::Properties;
use crate::stream_ids::StreamIds;

/// All channels, those included of which the application is not told.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    by_id: BTreeMap<ChannelId, Channel>,
    by_stream: BTreeMap<StreamId, ChannelId>,
    stream_ids: StreamIds,
    /// The next handle.
    next: u64,
    counts: Counts,
}

impl Channels {
    pub(crate) fn get(&self, id: ChannelId) -> Option<&Channel> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ChannelId) -> Option<&mut Channel> {
        self.by_id.get_mut(&id)
    }

    /// Whose `stream` is.
    pub(crate) fn on_stream(&self, stream: StreamId) -> Option<ChannelId> {
        self.by_stream.get(&stream).copied()
    }

    /// The handles, oldest first.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ChannelId> + '_ {
        self.by_id.keys().copied()
    }

    /// The channels, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ChannelId, &Channel)> {
        self.by_id.iter().map(|(id, channel)| (*id, channel))
    }

    /// The streams in use.
    pub(crate) fn streams(&self) -> impl Iterator<Item = StreamId> + '_ {
        self.by_stream.keys().copied()
    }

    /// How many the application knows of.
    pub(crate) const fn announced(&self) -> usize {
        self.counts.announced
    }

    /// The bytes of the names of those that the peer opened.
    pub(crate) const fn names(&self) -> usize {
        self.counts.names
    }

    pub(crate) const fn role(&self) -> Option<Role> {
        self.stream_ids.role()
    }

    pub(crate) const fn set_role(&mut self, role: Role) {
        self.stream_ids.set_role(role);
    }

    /// Adds a channel that has no stream.
    pub(crate) fn add(&mut self, channel: Channel) -> ChannelId {
        let id = ChannelId(self.next);
        self.next += 1;
        self.counts.add(Counts::of(&channel));
        self.by_id.insert(id, channel);
        id
    }

    /// Gives a stream that is free, below `limit`, to a channel that has none. Says which.
    pub(crate) fn give_stream(&mut self, id: ChannelId, limit: u16) -> Option<StreamId> {
        let by_stream = &self.by_stream;
        let stream = self.stream_ids.take(limit, |stream| by_stream.contains_key(&stream))?;
        self.place(id, stream);
        Some(stream)
    }

    /// Puts a channel on a stream that is free.
    pub(crate) fn put_on_stream(&mut self, id: ChannelId, stream: StreamId) {
        self.stream_ids.claim(stream);
        self.place(id, stream);
    }

    fn place(&mut self, id: ChannelId, stream: StreamId) {
        if let Some(channel) = self.by_id.get_mut(&id) {
            channel.stream = Some(stream);
            self.by_stream.insert(stream, id);
        }
    }

    /// Takes a channel out; its stream is free.
    pub(crate) fn remove(&mut self, id: ChannelId) -> Option<Channel> {
        let channel = self.by_id.remove(&id)?;
        self.counts.remove(Counts::of(&channel));
        if let Some(stream) = channel.stream {
            self.by_stream.remove(&stream);
            self.stream_ids.release(stream);
        }
        Some(channel)
    }

    /// A stream on which the peer has opened a channel becomes that channel.
    pub(crate) fn announce(&mut self, id: ChannelId, properties: Properties) {
        self.change(id, Opening::ByPeer, properties);
    }

    /// A channel is no more, but its stream stays in use.
    pub(crate) fn hide(&mut self, id: ChannelId) {
        self.change(id, Opening::Unannounced, Properties::default());
    }

    fn change(&mut self, id: ChannelId, opening: Opening, properties: Properties) {
        let Some(channel) = self.by_id.get_mut(&id) else { return };
        let before = Counts::of(channel);
        channel.opening = opening;
        channel.properties = properties;
        let after = Counts::of(channel);
        self.counts.remove(before);
        self.counts.add(after);
    }
}

/// What there is a limit to.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// How many channels the application knows of.
    announced: usize,
    /// The bytes of the names of those that the peer opened.
    names: usize,
}

impl Counts {
    /// What `channel` adds to them.
    fn of(channel: &Channel) -> Self {
        let is_by_peer = channel.opening == Opening::ByPeer;
        Self {
            announced: usize::from(channel.is_announced()),
            names: if is_by_peer { channel.properties.names() } else { 0 },
        }
    }

    const fn add(&mut self, other: Self) {
        self.announced += other.announced;
        self.names += other.names;
    }

    const fn remove(&mut self, other: Self) {
        self.announced -= other.announced;
        self.names -= other.names;
    }
}
