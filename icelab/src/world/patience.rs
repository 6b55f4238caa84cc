//! What applications do when ICE is disconnected: they wait, and then restart it.

use icelab_peer::Peer;
use icelab_sans_io::Instant;

use super::agenda::Item;
use super::end::Which;
use super::run::Run;
use crate::scenario::plan::OnDisconnected;

impl Run {
    /// Begins or ends an application's wait for ICE to recover.
    pub(super) fn update_patience(&mut self, side: Which, now: Instant) {
        let has_worked = self.joined.is_some();
        let Some(end) = self.end_mut(side) else { return };
        let should_wait = end.is_down() && has_worked;
        if should_wait != end.is_waiting() {
            end.waits += 1;
            if should_wait {
                let epoch = end.waits;
                self.schedule_patience(side, epoch, now);
            }
        }
    }

    fn schedule_patience(&mut self, side: Which, epoch: u32, now: Instant) {
        let Some(call) = &self.world.call else { return };
        match call.on_disconnected {
            OnDisconnected::RestartIce { after } if !self.is_closed => {
                self.schedule(now + after, Item::Impatient { side, epoch });
            }
            OnDisconnected::RestartIce { .. } | OnDisconnected::Nothing => {
                // Nobody waits for anything.
                if let Some(end) = self.end_mut(side) {
                    end.waits += 1;
                }
            }
        }
    }

    /// Repairs a call that has been down for as long as its application waits.
    pub(super) fn lose_patience(&mut self, side: Which, epoch: u32, now: Instant) {
        let is_still_down = self.end(side).is_some_and(|end| end.waits == epoch && end.is_down());
        if !is_still_down {
            return;
        }
        match side {
            Which::Offerer => self.command(side, Peer::restart_ice),
            Which::Answerer => self.command(side, |peer, _| peer.request_restart()),
        }
        if self.end(side).is_some_and(|end| end.waits == epoch) {
            self.schedule_patience(side, epoch, now);
        }
    }
}
