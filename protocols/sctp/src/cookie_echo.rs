//! What a COOKIE ECHO does: it begins an association, confirms it, or begins it anew (RFC 9260 sections
//! 5.1.5 and 5.2.4).

use core::time::Duration;

use icelab_sans_io::Instant;

use crate::association::{Association, Stage};
use crate::cookie::{Cookie, Refusal};
use crate::discard::Discard;
use crate::event::Event;
use crate::packet::VerificationTag;
use crate::packet::cause::Cause;
use crate::packet::chunk::{Abort, CookieEcho, OperationError};
use crate::peer::Own;
use crate::session::Phase;
use crate::tx::RoundTrip;

impl Association {
    /// RFC 9260 sections 5.1 D and 5.2.4. Returns whether the rest of the packet is for the association.
    pub(crate) fn on_cookie_echo(
        &mut self,
        echo: &CookieEcho<'_>,
        tag: VerificationTag,
        now: Instant,
    ) -> bool {
        let (cookie, staleness) = match self.baker.open(echo.cookie, now) {
            Ok(cookie) => (cookie, None),
            Err(Refusal::Stale(cookie, staleness)) => (cookie, Some(staleness)),
            Err(Refusal::Forged) => {
                self.discards.add(Discard::Cookie);
                return false;
            }
        };
        if tag != cookie.own_tag {
            self.discards.add(Discard::Tag);
            return false;
        }
        // Section 5.2.4 step 3: what the association was made with never gets too old.
        if let Some(staleness) = staleness
            && !self.is_current(&cookie)
        {
            self.discards.add(Discard::Cookie);
            // Section 3.3.10.3: rounded up.
            let micros = staleness.as_nanos().div_ceil(1000);
            let staleness = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
            let causes = [Cause::StaleCookie(staleness)];
            let error = OperationError { causes: causes.as_slice().into() };
            self.send_alone(&error, cookie.peer.tag);
            return false;
        }
        let is_taken = self.take_cookie(&cookie, now);
        if is_taken && let Stage::Open(session) = &mut self.stage {
            session.owes_cookie_ack = true;
        }
        is_taken
    }

    fn is_current(&self, cookie: &Cookie) -> bool {
        matches!(&self.stage, Stage::Open(session)
            if self.own.tag == cookie.own_tag && session.peer_tag == cookie.peer.tag)
    }

    /// Table 12 of RFC 9260 section 5.2.4. Whether the cookie is acknowledged.
    fn take_cookie(&mut self, cookie: &Cookie, now: Instant) -> bool {
        let is_own = cookie.own_tag == self.own.tag;
        match &mut self.stage {
            Stage::Ended(_) => {
                self.discards.add(Discard::Closed);
                // Section 5.1: the peer need not wait.
                let causes = [Cause::OutOfResource];
                let causes = causes.as_slice().into();
                self.send_alone(&Abort { is_tag_reflected: false, causes }, cookie.peer.tag);
                false
            }
            Stage::Closed | Stage::CookieWait(_) => {
                // The tag is the one of all cookies so far: B.
                debug_assert!(is_own, "it has had no other");
                let mut trip = RoundTrip::new(self.config.rto, self.config.rtt_hint);
                trip.went_round(now - cookie.made_at, now);
                let session = self.session(self.own, &cookie.peer, trip);
                self.open(session);
                self.establish(now);
                true
            }
            Stage::Open(session) if is_own => {
                // B and D.
                if session.peer_tag != cookie.peer.tag {
                    session.change_peer(&self.config, &cookie.peer);
                    self.outbox.give_up_beyond(session.outgoing_streams);
                }
                if session.is_setting_up() {
                    self.establish(now);
                }
                true
            }
            Stage::Open(session)
                if session.peer_tag != cookie.peer.tag && session.ties == cookie.ties =>
            {
                // A.
                if let Phase::ShutdownAckSent(ending) = &mut session.phase {
                    ending.is_due = true;
                    let causes = [Cause::CookieReceivedWhileShuttingDown];
                    session.reply(&OperationError { causes: causes.as_slice().into() });
                    return false;
                }
                self.restart(cookie, now);
                true
            }
            Stage::Open(_) => {
                // C, and what is not in the table.
                self.discards.add(Discard::Cookie);
                false
            }
        }
    }

    /// The peer began anew: so does this end.
    fn restart(&mut self, cookie: &Cookie, now: Instant) {
        self.own = Own { tag: cookie.own_tag, initial_tsn: cookie.own_initial_tsn };
        self.outbox.clear();
        let mut trip = RoundTrip::new(self.config.rto, self.config.rtt_hint);
        trip.went_round(now - cookie.made_at, now);
        let session = self.session(self.own, &cookie.peer, trip);
        self.output.event(Event::Restarted);
        self.open(session);
        self.establish(now);
    }
}
