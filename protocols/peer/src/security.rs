//! The DTLS connection of a call (RFC 8827 section 6.5, RFC 8842): who begins, over which path, and
//! what it keeps safe.
//!
//! 1. Offer and answer tell each side's fingerprint, and who is the client: the answerer, unless the
//!    offer says otherwise.
//! 2. ICE finds a pair that data may use, nominated or not (RFC 8445 section 12.1): the client begins.
//!    What its peer hears before the answer has come, or before it has such a pair itself, waits
//!    (RFC 8842 section 5.2).
//! 3. The connection outlives ICE restarts. Another fingerprint, or the other role, makes another one
//!    (RFC 8842 section 4).

use core::time::Duration;
use std::collections::VecDeque;

use icelab_crypto::{Fingerprint, Hash, Identity, KeyKind, Validity};
use icelab_dtls::{self as dtls, Dtls};
use icelab_sans_io::net::IcmpError;
use icelab_sans_io::{Deadline, Instant, Output, Protocol, Rng};

use crate::config::Handshake;
use crate::discard::Discard;
use crate::event::Event;
use crate::peer::{DATA_COMPONENT, Peer};
use crate::signal::{Description, Setup};

/// What keeps a call safe.
#[derive(Debug)]
pub(crate) struct Security {
    identity: Identity,
    association: Option<Association>,
    /// What came before there was anybody to take it: the other side may begin as soon as its checks
    /// are answered, which is before its answer has come.
    early: VecDeque<Vec<u8>>,
    /// How many associations there were, so that none shares its randomness with another.
    made: u64,
}

/// What offer and answer agreed on.
#[derive(Debug)]
struct Association {
    role: dtls::Role,
    /// What the other side's certificate must hash to.
    fingerprint: Fingerprint,
    /// The end of the connection, once there was a pair to talk over.
    connection: Option<Box<Dtls>>,
}

impl Security {
    /// With a certificate of its own.
    pub(crate) fn new(rng: &Rng) -> Self {
        let mut rng = rng.fork("certificate", 0);
        let identity = Identity::self_signed(KeyKind::P256, Validity::ALWAYS, &mut rng)
            .expect("keys on P-256 can be made");
        Self { identity, association: None, early: VecDeque::new(), made: 0 }
    }

    /// What the other side is to expect.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.identity.certificate.fingerprint(Hash::Sha256)
    }

    /// What an answer says of who begins (RFC 8842 section 5.3).
    pub(crate) fn setup(&self) -> Setup {
        match self.role() {
            Some(dtls::Role::Server) => Setup::Passive,
            Some(dtls::Role::Client) | None => Setup::Active,
        }
    }

    /// This side's part in the connection, once that is agreed on.
    fn role(&self) -> Option<dtls::Role> {
        self.association.as_ref().map(|association| association.role)
    }

    /// The connection, once its handshake has begun.
    pub(crate) fn connection(&self) -> Option<&Dtls> {
        self.association.as_ref()?.connection.as_deref()
    }

    pub(crate) fn connection_mut(&mut self) -> Option<&mut Dtls> {
        self.association.as_mut()?.connection.as_deref_mut()
    }

    /// Learns from the other side's description who it is and who begins. Whether the connection that there
    /// was is not for them.
    fn agree(&mut self, description: &Description) -> bool {
        let known = self.association.as_ref();
        let role = match description.setup {
            // RFC 8842 section 5.5: who began stays the one who does.
            Setup::Either => known.map_or(dtls::Role::Client, |known| known.role),
            Setup::Active => dtls::Role::Server,
            Setup::Passive => dtls::Role::Client,
        };
        let fingerprint = description.fingerprint.clone();
        if known.is_some_and(|known| (known.role, &known.fingerprint) == (role, &fingerprint)) {
            return false;
        }
        let is_another = known.is_some_and(|known| known.connection.is_some());
        if known.is_some() {
            self.early.clear();
        }
        self.association = Some(Association { role, fingerprint, connection: None });
        is_another
    }

    /// Makes the end that is to talk over a pair with this round trip, if it is known who the other
    /// side is and none was made for it yet.
    fn begin(
        &mut self,
        options: &Handshake,
        rng: &Rng,
        round_trip: Option<Duration>,
    ) -> Option<dtls::Role> {
        let association = self.association.as_mut().filter(|known| known.connection.is_none())?;
        let role = association.role;
        let mut config = dtls::Config::new(role, self.identity.clone());
        config.fingerprints = vec![association.fingerprint.clone()];
        config.versions = options.versions;
        config.groups.clone_from(&options.groups);
        config.key_shares = options.key_shares;
        config.retransmission.rtt = round_trip;
        // ICE says when the other side is gone; as long as it answers, its application may come yet.
        config.retransmission.tries = u32::MAX;
        if options.cookie {
            config.address = dtls::AddressCheck::Cookie;
        }
        association.connection = Some(Box::new(Dtls::new(config, rng.fork("dtls", self.made))));
        self.made += 1;
        Some(role)
    }
}

impl Peer {
    /// Whether both sides have proven who they are, so that data can be sent.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.security.connection().is_some_and(Dtls::is_connected)
    }

    /// The DTLS connection, to look at and to export keys from; `None` before its handshake begins.
    #[must_use]
    pub fn dtls(&self) -> Option<&Dtls> {
        self.security.connection()
    }

    /// Takes from the other side's description who it is and who begins.
    pub(crate) fn agree_on_security(&mut self, description: &Description, now: Instant) {
        if self.security.agree(description) {
            self.close_channels(now);
        }
    }

    /// Takes what came over a checked pair and is no STUN (RFC 7983).
    pub(crate) fn handle_protected(&mut self, datagram: Vec<u8>, now: Instant) {
        if !datagram.first().is_some_and(|first| (20..64).contains(first)) {
            self.discards.add(Discard::NoProtocol);
            return;
        }
        if let Some(dtls) = self.security.connection_mut() {
            dtls.handle_input(datagram, now);
        } else if self.security.early.len() < EARLY {
            self.security.early.push_back(datagram);
        } else {
            self.discards.add(Discard::NotReady);
        }
    }

    /// Begins the handshake once there is a pair for it, and takes what the connection made.
    pub(crate) fn settle_security(&mut self, now: Instant) -> bool {
        let pair = self.agent.sending_pair(DATA_COMPONENT);
        let round_trip = pair.map(|pair| pair.round_trip);
        if let Some(round_trip) = round_trip.filter(|_| !self.is_closed())
            && let Some(role) = self.security.begin(&self.config.handshake, &self.rng, round_trip)
        {
            self.output.event(Event::HandshakeStarted { role });
            let early = core::mem::take(&mut self.security.early);
            if let Some(dtls) = self.security.connection_mut() {
                dtls.start(now);
                for datagram in early {
                    dtls.handle_input(datagram, now);
                }
            }
        }
        let mut moved = false;
        while let Some(output) = self.security.connection_mut().and_then(Dtls::poll_output) {
            moved = true;
            match output {
                Output::Packet(datagram) => {
                    self.output.event(Event::HandshakeSent { datagram: datagram.clone() });
                    self.send_protected(datagram, now);
                }
                Output::Event(dtls::Event::Data(payload)) => self.handle_opened(payload, now),
                Output::Event(event) => self.handle_dtls(event, now),
            }
        }
        moved
    }

    /// The channels begin and end with the connection.
    fn handle_dtls(&mut self, event: dtls::Event, now: Instant) {
        let is_over = matches!(event, dtls::Event::Closed { .. });
        let is_there = matches!(event, dtls::Event::Connected(_));
        self.output.event(Event::Dtls(event));
        if is_over {
            self.close_channels(now);
        } else if is_there && let Some(role) = self.security.role() {
            self.begin_channels(role, now);
        }
    }

    /// Hands over a message, if it can go.
    pub(crate) fn send_message(
        &mut self,
        payload: &[u8],
        now: Instant,
    ) -> Result<(), dtls::SendError> {
        // What a handshake had to say is told as such.
        self.settle_security(now);
        let dtls = self.security.connection_mut().ok_or(dtls::SendError::NotConnected)?;
        dtls.send(payload, now)?;
        while let Some(output) = self.security.connection_mut().and_then(Dtls::poll_output) {
            match output {
                Output::Packet(datagram) => self.send_protected(datagram, now),
                Output::Event(event) => self.handle_dtls(event, now),
            }
        }
        Ok(())
    }

    /// When the connection has something to do. While there is no pair it sleeps: a flight that cannot
    /// go is no try, and the first thing on a pair that is found again.
    pub(crate) fn security_deadline(&self) -> Option<Deadline> {
        self.agent.sending_pair(DATA_COMPONENT)?;
        self.security.connection().and_then(Protocol::poll_timeout)
    }

    pub(crate) fn handle_security_timeout(&mut self, now: Instant) {
        if self.agent.sending_pair(DATA_COMPONENT).is_some()
            && let Some(dtls) = self.security.connection_mut()
        {
            dtls.handle_timeout(now);
        }
    }

    /// Without a pair it is lost; a handshake sends it again.
    fn send_protected(&mut self, datagram: Vec<u8>, now: Instant) {
        let _ = self.agent.send(DATA_COMPONENT, datagram, now);
    }

    /// A datagram was too large for a link of the path in use. What goes through a relay goes another way.
    pub(crate) fn handle_too_big(&mut self, error: &IcmpError, mtu: u16, now: Instant) {
        let pair = self.agent.sending_pair(DATA_COMPONENT);
        let is_in_use =
            pair.is_some_and(|pair| (pair.base, pair.destination) == (error.local, error.remote));
        match self.security.connection_mut().filter(|_| is_in_use) {
            Some(dtls) => {
                let headers = if error.remote.is_ipv4() { HEADERS_V4 } else { HEADERS_V6 };
                dtls.limit_datagrams(usize::from(mtu).saturating_sub(headers));
                self.limit_channels(now);
            }
            None => self.discards.add(Discard::Icmp),
        }
    }

    /// ICE has measured the round trip: the handshake waits no longer than it must.
    pub(crate) fn hint_round_trip(&mut self, now: Instant) {
        let pair = self.agent.sending_pair(DATA_COMPONENT);
        if let Some(round_trip) = pair.and_then(|pair| pair.round_trip)
            && let Some(dtls) = self.security.connection_mut()
        {
            dtls.hint_round_trip(round_trip, now);
        }
    }

    /// Says goodbye to the other side.
    pub(crate) fn close_security(&mut self, now: Instant) {
        if let Some(dtls) = self.security.connection_mut() {
            dtls.close(now);
        }
        self.settle_security(now);
        self.settle_agent(now);
    }
}

/// IPv4 and UDP.
const HEADERS_V4: usize = 20 + 8;
/// IPv6 and UDP.
const HEADERS_V6: usize = 40 + 8;
/// How many datagrams wait: a first flight in pieces, and that again.
const EARLY: usize = 16;
