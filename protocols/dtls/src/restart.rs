//! A client that begins anew (RFC 6347 section 4.2.8, RFC 9147 section 5.11).
//!
//! 1. A hello comes that is not the one this server has answered. Its client may have lost its
//!    memory; or somebody wrote it to do harm. A second server takes it, the rival.
//! 2. Both get what they can open. What the rival has to say to its owner waits.
//! 3. The rival's client shows with its Finished that it is no stranger: the rival takes the place of
//!    the first server, with all that it had to say. Or it fails, and is forgotten.

use icelab_sans_io::{Instant, Output, Protocol};
use icelab_wire::Reader;

use crate::config::Role;
use crate::dtls::Dtls;
use crate::event::Event;
use crate::handshake::stage::Stage;
use crate::record::content::ContentType;
use crate::wire::handshake::{Fragment, HandshakeType};

/// A server for a client that may have begun anew.
#[derive(Debug)]
pub(crate) struct Rival {
    pub(crate) end: Dtls,
    /// The random of its client's hello.
    random: [u8; 32],
    /// What its owner will be told.
    events: Vec<Event>,
}

impl Dtls {
    /// Gives a record without protection, `bytes`, to the rival, where it is of a hello that is not
    /// the one that was answered, or may follow such a hello. Says whether this end has no use for
    /// it.
    pub(crate) fn begins_anew(
        &mut self,
        content: ContentType,
        payload: &[u8],
        bytes: &[u8],
        now: Instant,
    ) -> bool {
        let Some(own) = self.core.client_random else { return false };
        if self.core.config.role == Role::Client || content != ContentType::HANDSHAKE {
            return false;
        }
        let random = hello_random(payload);
        if let Some(random) = random.filter(|random| *random != own) {
            if self.rival.as_ref().is_none_or(|rival| rival.random != random) {
                self.restarts += 1;
                let rng = self.core.rng.fork("restart", self.restarts);
                let mut end = Self::new(self.core.config.clone(), rng);
                end.is_rival = true;
                let rival = Rival { end, random, events: Vec::new() };
                self.rival = Some(Box::new(rival)).filter(|_| !self.is_rival);
            }
            self.feed_rival(bytes, now);
            return true;
        }
        if random.is_none() {
            self.feed_rival(bytes, now);
        }
        false
    }

    /// Gives the rival, if there is one, a record.
    pub(crate) fn feed_rival(&mut self, record: &[u8], now: Instant) {
        if let Some(rival) = &mut self.rival {
            rival.end.core.window.widen(record.len());
        }
        self.with_rival(|rival| rival.take_input(record.to_vec(), now));
    }

    /// Has the rival, if there is one, do something. Both ends send to one address, so what may be
    /// sent to it is counted once (RFC 9147 section 5.1).
    pub(crate) fn with_rival(&mut self, act: impl FnOnce(&mut Self)) {
        if let Some(rival) = &mut self.rival {
            self.core.window.lend(&mut rival.end.core.window);
            act(&mut rival.end);
            self.core.window.take_back(&rival.end.core.window);
            self.settle_rival();
        }
    }

    /// Takes what the rival has done, in datagrams of its own (RFC 9147 section 4); lets it take this
    /// end's place once its client is proven.
    fn settle_rival(&mut self) {
        let Some(mut rival) = self.rival.take() else { return };
        while let Some(output) = rival.end.poll_output() {
            match output {
                Output::Packet(packet) => self.core.output.packet(packet),
                Output::Event(event) => rival.events.push(event),
            }
        }
        match rival.end.stage {
            Stage::Closed => {}
            Stage::Open(_) => self.give_way(*rival),
            Stage::Idle
            | Stage::AwaitingServerHello(_)
            | Stage::Client12(_)
            | Stage::Client13(_)
            | Stage::AwaitingClientHello(_)
            | Stage::Server12(_)
            | Stage::Server13(_) => self.rival = Some(rival),
        }
    }

    /// Lets the rival, if there is one, take this end's place before its client is proven: there is
    /// nothing to lose. Says whether there was one.
    pub(crate) fn give_way_unproven(&mut self) -> bool {
        let rival = self.rival.take();
        let is_found = rival.is_some();
        if let Some(mut rival) = rival {
            self.core.window.lend(&mut rival.end.core.window);
            self.give_way(*rival);
        }
        is_found
    }

    fn give_way(&mut self, rival: Rival) {
        let Rival { mut end, events, .. } = rival;
        // What this end has finished still goes out; the rival's output is empty.
        core::mem::swap(&mut self.core.output, &mut end.core.output);
        core::mem::swap(&mut self.core, &mut end.core);
        self.core.discards.merge(&end.core.discards);
        self.stage = end.stage;
        self.waiting = end.waiting;
        self.is_verified = end.is_verified;
        self.farewell = None;
        for event in events {
            self.core.output.event(event);
        }
    }
}

/// The random of the ClientHello that the fragments begin with.
fn hello_random(payload: &[u8]) -> Option<[u8; 32]> {
    let fragment = Fragment::decode(&mut Reader::new(payload)).ok()?;
    if fragment.kind != HandshakeType::CLIENT_HELLO || fragment.offset > 0 {
        return None;
    }
    let mut body = Reader::new(fragment.bytes);
    body.u16().ok()?;
    body.array().ok()
}
