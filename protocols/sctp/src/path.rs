//! What other layers know of the path: how long its packets and its round trips are, and that it
//! works again.

use core::time::Duration;

use icelab_sans_io::Instant;

use crate::association::{Association, Stage};
use crate::session::{CookieEchoed, Ending, Phase};

impl Association {
    /// The layer below has learned how long packets may be.
    pub fn set_mtu(&mut self, mtu: usize, now: Instant) {
        self.config.mtu = self.config.mtu.min(mtu);
        self.config.largest_mtu = self.config.largest_mtu.min(mtu);
        if let Stage::Open(session) = &mut self.stage {
            session.mtu.limit(mtu, now);
            let mtu = session.mtu.current();
            session.sender.set_mtu(mtu);
            self.probe_mtu(now);
        }
    }

    /// Another layer has measured the path's round trip, as
    /// [`Config::rtt_hint`](crate::Config::rtt_hint). It counts from the next
    /// [`connect`](Self::connect), or the peer's INIT, on.
    pub const fn hint_round_trip(&mut self, round_trip: Duration) {
        self.config.rtt_hint = Some(round_trip);
    }

    /// Another layer has found that packets pass in both directions: ICE gets answers to its checks.
    /// Timers that have grown where nothing was heard then take that back. What has gone unanswered for
    /// as long as one that has not grown is due again at once, the rest no later than after that.
    pub fn path_works(&mut self, now: Instant) {
        match &mut self.stage {
            Stage::CookieWait(wait) => wait.path_works(self.config.first_timeout()),
            Stage::Open(session) => {
                session.sender.path_works(now);
                let timeout = session.sender.trip.timeout();
                session.reconfiguration.path_works(timeout);
                match &mut session.phase {
                    Phase::CookieEchoed(CookieEchoed { sent_at, again_at, .. })
                    | Phase::ShutdownSent(Ending { sent_at, again_at, .. })
                    | Phase::ShutdownAckSent(Ending { sent_at, again_at, .. }) => {
                        *again_at = (*again_at).min(*sent_at + timeout);
                    }
                    Phase::Established | Phase::ShutdownPending | Phase::ShutdownReceived => {}
                }
            }
            Stage::Closed | Stage::Ended(_) => {}
        }
        self.settle(now);
    }
}
