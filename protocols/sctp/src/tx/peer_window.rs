//! What the peer has room for, and how it is asked whether it has room again (RFC 9260 sections 6.1 A
//! and 6.2.1).

use icelab_sans_io::Instant;

use crate::tx::flight::LongTsn;

/// What the peer has room for.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeerWindow {
    /// Beyond what it has not acknowledged (rwnd).
    room: usize,
    /// When it is asked for the first time.
    probe_at: Option<Instant>,
    /// The chunk that asks, until it is acknowledged.
    probe: Option<LongTsn>,
}

impl PeerWindow {
    pub(crate) fn new(room: usize) -> Self {
        Self { room, ..Self::default() }
    }

    pub(crate) const fn room(&self) -> usize {
        self.room
    }

    /// Whether a chunk with so many bytes of payload may leave. It is not cut down to what there is room
    /// for: no silly windows arise.
    pub(crate) const fn has_room(&self, payload: usize) -> bool {
        payload <= self.room
    }

    pub(crate) fn take(&mut self, payload: usize) {
        self.room = self.room.saturating_sub(payload);
    }

    /// A SACK says that there is so much room; so many bytes may arrive still.
    pub(crate) const fn told(&mut self, window: usize, outstanding: usize) {
        self.room = window.saturating_sub(outstanding);
    }

    /// All up to this chunk has arrived.
    pub(crate) fn acknowledged(&mut self, cumulative: LongTsn) {
        if self.probe.is_some_and(|probe| probe <= cumulative) {
            self.probe = None;
        }
    }

    /// Something waits, and only the window holds it back; or no longer.
    pub(crate) fn wait(&mut self, until: Option<Instant>) {
        self.probe_at = until.map(|until| self.probe_at.unwrap_or(until));
    }

    pub(crate) const fn probe_at(&self) -> Option<Instant> {
        self.probe_at
    }

    /// The chunk leaves although there is no room for it.
    pub(crate) const fn on_probe(&mut self, tsn: LongTsn) {
        self.probe = Some(tsn);
        self.probe_at = None;
    }

    /// The chunk that asks and has not been acknowledged.
    pub(crate) const fn probe(&self) -> Option<LongTsn> {
        self.probe
    }
}
