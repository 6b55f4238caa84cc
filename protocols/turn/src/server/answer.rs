//! What all requests share: who asks, and how an answer is sent (RFC 8656 section 5).

use core::net::SocketAddr;

use icelab_sans_io::Instant;
use icelab_sans_io::net::{Datagram, Request};
use icelab_stun::attribute::{
    AlternateServer, ErrorCode, Software, UnknownAttributes, XorMappedAddress, kind,
};
use icelab_stun::credentials::{Authenticated, Rejection};
use icelab_stun::{Class, Key, Message, MessageBuilder, Method, TransactionId};

use super::Server;
use super::allocation::{AllocationId, FiveTuple, Owner};
use super::event::ServerEvent;

/// A request whose sender is known.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) message: &'a Message<'a>,
    pub(super) ticket: Ticket,
    pub(super) now: Instant,
}

/// What it takes to answer a request, now or later.
#[derive(Clone, Debug)]
pub(super) struct Ticket {
    pub(super) five_tuple: FiveTuple,
    pub(super) method: Method,
    pub(super) id: TransactionId,
    pub(super) owner: Owner,
}

impl Ticket {
    /// The beginning of a success response.
    pub(super) fn success(&self) -> MessageBuilder {
        MessageBuilder::new(Class::Success, self.method, self.id)
    }
}

impl Server {
    /// Takes a request that needs credentials.
    pub(super) fn handle_request(
        &mut self,
        five_tuple: FiveTuple,
        message: &Message<'_>,
        now: Instant,
    ) {
        let allocation = self.clients.get(&five_tuple).copied();
        let owner = match self.authenticate(five_tuple, message, allocation, now) {
            Ok(Authenticated { username, key }) => Owner { username, key },
            Err(rejection) => return self.challenge(five_tuple, message, &rejection, now),
        };
        let (method, id) = (message.method(), message.transaction_id());
        let ticket = Ticket { five_tuple, method, id, owner };
        // RFC 8489 section 6.3: unknown attributes come after authentication.
        let unknown = message.unknown_required(self.known());
        if !unknown.is_empty() {
            return self.refuse_unknown(&ticket, unknown);
        }
        let ask = Ask { message, ticket, now };
        if method == Method::ALLOCATE {
            return self.handle_allocate(&ask);
        }
        // RFC 8656 section 5: "if the 5-tuple does not identify an existing allocation, then the
        // message MUST either be rejected with a 437 Allocation Mismatch error (if it is a
        // request) or be silently ignored".
        let Some(allocation) = allocation else {
            return self.refuse(&ask.ticket, ErrorCode::ALLOCATION_MISMATCH);
        };
        // RFC 8656 section 5: where "the request does not use the same username as used to create
        // the allocation, then the request MUST be rejected with a 441 (Wrong Credentials) error."
        if !self.is_owner(allocation, &ask.ticket.owner.username) {
            return self.refuse(&ask.ticket, ErrorCode::WRONG_CREDENTIALS);
        }
        match method {
            Method::REFRESH => self.handle_refresh(&ask, allocation),
            Method::CREATE_PERMISSION => self.handle_create_permission(&ask, allocation),
            _ => self.handle_channel_bind(&ask, allocation),
        }
    }

    /// Checks the credentials: with the key that made the allocation, or else as for anyone.
    fn authenticate(
        &self,
        five_tuple: FiveTuple,
        message: &Message<'_>,
        allocation: Option<AllocationId>,
        now: Instant,
    ) -> Result<Authenticated, Rejection> {
        let source = five_tuple.client;
        if let Some(allocation) = allocation.and_then(|id| self.allocations.get(&id)) {
            let owner = &allocation.owner;
            match self.authentication.check(message, source, owner, now) {
                Err(Rejection::Unauthenticated) => {}
                decided => return decided,
            }
        }
        self.authentication.check(message, source, &self.directory, now)
    }

    fn is_owner(&self, allocation: AllocationId, username: &str) -> bool {
        self.allocations
            .get(&allocation)
            .is_some_and(|allocation| allocation.owner.username == username)
    }

    fn challenge(
        &mut self,
        five_tuple: FiveTuple,
        message: &Message<'_>,
        rejection: &Rejection,
        now: Instant,
    ) {
        let code = match rejection {
            Rejection::BadRequest => 400,
            Rejection::Unauthenticated => 401,
            Rejection::StaleNonce => 438,
        };
        let (client, method) = (five_tuple.client, message.method());
        let answer = self.authentication.reject(message, rejection, client, now);
        self.output.event(ServerEvent::Rejected { client, method, code });
        self.send_answer(five_tuple, method, answer, None);
    }

    /// Answers with an error.
    pub(super) fn refuse(&mut self, ticket: &Ticket, error: ErrorCode<'_>) {
        let answer = MessageBuilder::new(Class::Error, ticket.method, ticket.id).add(&error);
        self.send_error(ticket, error.code, answer);
    }

    /// Answers 420 (RFC 8489 section 6.3.1).
    pub(super) fn refuse_unknown(&mut self, ticket: &Ticket, kinds: Vec<u16>) {
        let error = ErrorCode::UNKNOWN_ATTRIBUTE;
        let answer = MessageBuilder::new(Class::Error, ticket.method, ticket.id)
            .add(&error)
            .add(&UnknownAttributes(kinds));
        self.send_error(ticket, error.code, answer);
    }

    /// Answers 300, with the servers of the client's own family first (RFC 8489 section 10).
    pub(super) fn redirect(&mut self, ticket: &Ticket) {
        let error = ErrorCode::TRY_ALTERNATE;
        let is_v4 = ticket.five_tuple.client.is_ipv4();
        let (same, other): (Vec<SocketAddr>, Vec<SocketAddr>) =
            self.config.alternate.iter().copied().partition(|address| address.is_ipv4() == is_v4);
        let mut answer = MessageBuilder::new(Class::Error, ticket.method, ticket.id).add(&error);
        for address in same.into_iter().chain(other) {
            answer = answer.add(&AlternateServer(address));
        }
        self.send_error(ticket, error.code, answer);
    }

    fn send_error(&mut self, ticket: &Ticket, code: u16, answer: MessageBuilder) {
        let (client, method) = (ticket.five_tuple.client, ticket.method);
        self.output.event(ServerEvent::Rejected { client, method, code });
        self.answer(ticket, answer);
    }

    /// Sends an answer to a request whose sender is known.
    pub(super) fn answer(&mut self, ticket: &Ticket, answer: MessageBuilder) {
        self.send_answer(ticket.five_tuple, ticket.method, answer, Some(&ticket.owner.key));
    }

    fn send_answer(
        &mut self,
        five_tuple: FiveTuple,
        method: Method,
        mut answer: MessageBuilder,
        key: Option<&Key>,
    ) {
        // RFC 8656 section 5: "The server SHOULD include the SOFTWARE attribute in all Allocate
        // and Refresh responses (either success or failure)".
        if matches!(method, Method::ALLOCATE | Method::REFRESH) {
            answer = answer.maybe(self.config.software.as_deref().map(Software).as_ref());
        }
        self.send_to_client(five_tuple, answer.finish_with(key, false));
    }

    pub(super) fn send_to_client(&mut self, five_tuple: FiveTuple, payload: Vec<u8>) {
        let datagram = Datagram::new(five_tuple.server, five_tuple.client, payload);
        self.output.packet(Request::Send(datagram));
    }

    /// Answers a Binding request, which needs no credentials (RFC 8489 section 12).
    pub(super) fn answer_binding(&mut self, five_tuple: FiveTuple, message: &Message<'_>) {
        let (method, id) = (message.method(), message.transaction_id());
        let unknown = message.unknown_required(&KNOWN);
        let answer = if unknown.is_empty() {
            MessageBuilder::new(Class::Success, method, id)
                .add(&XorMappedAddress(five_tuple.client))
        } else {
            MessageBuilder::new(Class::Error, method, id)
                .add(&ErrorCode::UNKNOWN_ATTRIBUTE)
                .add(&UnknownAttributes(unknown))
        };
        let answer = answer.maybe(self.config.software.as_deref().map(Software).as_ref());
        let payload = answer.finish_with(None, message.has(kind::FINGERPRINT));
        self.send_to_client(five_tuple, payload);
    }

    /// The comprehension-required attributes that this server understands. RFC 8656 section 7.2:
    /// where it cannot keep datagrams whole, DONT-FRAGMENT is not one of them.
    pub(super) fn known(&self) -> &'static [u16] {
        if self.config.dont_fragment {
            &KNOWN
        } else {
            KNOWN.split_first().expect("it is not empty").1
        }
    }
}

/// What this server understands, DONT-FRAGMENT first.
static KNOWN: [u16; 14] = [
    kind::DONT_FRAGMENT,
    kind::USERNAME,
    kind::REALM,
    kind::NONCE,
    kind::USERHASH,
    kind::PASSWORD_ALGORITHM,
    kind::CHANNEL_NUMBER,
    kind::LIFETIME,
    kind::XOR_PEER_ADDRESS,
    kind::DATA,
    kind::REQUESTED_ADDRESS_FAMILY,
    kind::EVEN_PORT,
    kind::REQUESTED_TRANSPORT,
    kind::RESERVATION_TOKEN,
];
