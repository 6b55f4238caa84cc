//! What the client does with a response (RFC 8489 sections 6.3, 6.3.3, 6.3.4 and 10).

use core::time::Duration;
use std::net::SocketAddr;

use icelab_sans_io::Instant;
use icelab_sans_io::net::Datagram;

use super::{Asked, Client, ClientEvent, Failure, Keepalive, Redirects, State};
use crate::attribute::{
    AlternateDomain, AlternateServer, ErrorCode, UnknownAttributes, XorMappedAddress, kind,
};
use crate::credentials::Judgement;
use crate::discard::Discard;
use crate::message::{Class, Message, Method, TransactionId};

impl Client {
    pub(super) fn receive(&mut self, datagram: &Datagram, now: Instant) -> Result<(), Discard> {
        let response = Message::parse(&datagram.payload).map_err(|_| Discard::NotStun)?;
        match (response.check_fingerprint(), self.config.with_fingerprint) {
            (Some(true), _) | (None, false) => {}
            (Some(false), _) | (None, true) => return Err(Discard::BadFingerprint),
        }
        if !matches!(response.class(), Class::Success | Class::Error)
            || response.method() != Method::BINDING
        {
            return Err(Discard::Unexpected);
        }
        let id = response.transaction_id();
        let path = self.transactions.path(&id).ok_or(Discard::UnknownTransaction)?;
        if path != (datagram.destination, datagram.source) {
            return Err(Discard::WrongAddress);
        }
        let asked = self.transactions.get(&id).ok_or(Discard::UnknownTransaction)?;
        match self.config.credentials.judge(&response, &asked.attempt) {
            Judgement::Discard(flaw) => {
                self.transactions.discarded_for_integrity(&id);
                return Err(Discard::Credentials(flaw));
            }
            Judgement::Retry => self.retry(&id, now),
            Judgement::Fail(refusal) => self.fail(Failure::Refused(refusal)),
            Judgement::Accept { authenticated } => {
                self.accept(&response, id, authenticated, now);
            }
        }
        Ok(())
    }

    fn retry(&mut self, id: &TransactionId, now: Instant) {
        let known = self.mapped();
        if let Some(answered) = self.transactions.finish(id, now) {
            let Asked { attempt, tries } = answered.context;
            self.ask(Some(&attempt), tries, known, now);
        }
    }

    fn accept(
        &mut self,
        response: &Message<'_>,
        id: TransactionId,
        is_authenticated: bool,
        now: Instant,
    ) {
        let Some(answered) = self.transactions.finish(&id, now) else { return };
        if let Some(rtt) = answered.rtt {
            self.rtt.measured(answered.destination.ip(), rtt, now);
        }
        if !response.unknown_required(KNOWN).is_empty() {
            return self.fail(Failure::Incomprehensible);
        }
        if response.class() == Class::Success {
            match response.get::<XorMappedAddress>() {
                Some(Ok(XorMappedAddress(mapped))) => self.succeed(mapped, answered.rtt, now),
                _ => self.fail(Failure::Incomprehensible),
            }
            return;
        }
        match response.get::<ErrorCode<'_>>() {
            Some(Ok(ErrorCode { code: 300, .. })) => self.redirect(response, is_authenticated, now),
            Some(Ok(ErrorCode { code: 420, .. })) => {
                let unknown = match response.get::<UnknownAttributes>() {
                    Some(Ok(UnknownAttributes(kinds))) => kinds,
                    _ => Vec::new(),
                };
                self.fail(Failure::UnknownAttributes(unknown));
            }
            // RFC 8489 section 6.3.4: the request may be sent again, four times at most.
            Some(Ok(ErrorCode { code: 500..=599, .. })) if answered.context.tries < TRIES => {
                let at = now + self.config.retransmission.rto;
                let tries = answered.context.tries + 1;
                self.state = State::Waiting { at, tries, known: self.mapped() };
            }
            Some(Ok(ErrorCode { code, .. })) => self.fail(Failure::Error(code)),
            _ => self.fail(Failure::Incomprehensible),
        }
    }

    fn succeed(&mut self, mapped: SocketAddr, rtt: Option<Duration>, now: Instant) {
        let is_news = self.mapped() != Some(mapped);
        let interval = match self.config.keepalive {
            Keepalive::None => Duration::MAX,
            Keepalive::Request(interval) | Keepalive::Indication(interval) => interval,
        };
        self.state = State::Mapped { mapped, at: now + interval };
        if is_news {
            self.output.event(ClientEvent::Mapped { server: self.server, mapped, rtt });
        }
    }

    /// RFC 8489 section 10.
    fn redirect(&mut self, response: &Message<'_>, is_authenticated: bool, now: Instant) {
        let may_follow = match self.config.redirects {
            Redirects::Never => false,
            Redirects::Authenticated => is_authenticated,
            Redirects::Any => true,
        };
        let servers = response.all::<AlternateServer>().filter_map(Result::ok);
        let same_family = servers
            .map(|AlternateServer(server)| server)
            .find(|server| server.is_ipv4() == self.config.local.is_ipv4());
        let Some(server) = same_family.filter(|_| may_follow) else {
            return self.fail(Failure::Error(300));
        };
        self.visited.retain(|_, asked| now - *asked < VISIT);
        if self.visited.contains_key(&server) {
            return self.fail(Failure::RedirectLoop);
        }
        let domain = match response.get::<AlternateDomain<'_>>() {
            Some(Ok(AlternateDomain(domain))) => Some(domain.to_owned()),
            _ => None,
        };
        let known = self.mapped();
        self.server = server;
        self.output.event(ClientEvent::Redirected { server, domain });
        self.ask(None, 0, known, now);
    }
}

/// The comprehension-required attributes that a binding response may carry.
const KNOWN: &[u16] = &[
    kind::MAPPED_ADDRESS,
    kind::XOR_MAPPED_ADDRESS,
    kind::ERROR_CODE,
    kind::UNKNOWN_ATTRIBUTES,
    kind::USERNAME,
    kind::REALM,
    kind::NONCE,
    kind::USERHASH,
    kind::PASSWORD_ALGORITHM,
    kind::PADDING,
];

/// How often a server's temporary error is borne (RFC 8489 section 6.3.4).
const TRIES: u8 = 4;
/// For how long a server counts as asked (RFC 8489 section 10).
const VISIT: Duration = Duration::from_secs(300);
