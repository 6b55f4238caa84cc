//! What all requests share: transactions that are sent again, and long-term credentials (RFC 8489
//! sections 6.2.1 and 9.2).

use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;

use icelab_sans_io::Instant;
use icelab_sans_io::net::Datagram;
use icelab_stun::attribute::{ErrorCode, Family, Software, kind};
use icelab_stun::credentials::{Attempt, Judgement, LongTermClient, Refusal};
use icelab_stun::transaction::{Due, Transactions};
use icelab_stun::{Class, Message, MessageBuilder, Method, TransactionId};

use super::{Client, ClientConfig, CloseReason, Discard, Event, State};
use crate::wire::ChannelNumber;

/// What a request is for. At most one request for each is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Allocate,
    Refresh,
    /// Gives everything back.
    Delete,
    /// Gives one of two relayed addresses back.
    Release(Family),
    Permit(IpAddr),
    Bind(ChannelNumber, SocketAddr),
}

impl Operation {
    const fn method(self) -> Method {
        match self {
            Self::Allocate => Method::ALLOCATE,
            Self::Refresh | Self::Delete | Self::Release(_) => Method::REFRESH,
            Self::Permit(_) => Method::CREATE_PERMISSION,
            Self::Bind(..) => Method::CHANNEL_BIND,
        }
    }
}

/// Why a request came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    TimedOut,
    IntegrityViolated,
    Unauthorized,
    Code(u16),
}

impl Failure {
    /// Whether asking again may help.
    pub(super) const fn may_pass(self) -> bool {
        matches!(self, Self::TimedOut | Self::IntegrityViolated)
    }

    /// What it means for the whole allocation.
    pub(super) const fn close_reason(self) -> CloseReason {
        match self {
            Self::TimedOut => CloseReason::TimedOut,
            Self::IntegrityViolated => CloseReason::IntegrityViolated,
            Self::Unauthorized | Self::Code(441) => CloseReason::CredentialsRefused,
            // RFC 8656 section 5: "A client receiving a 437 error response to a request other
            // than Allocate MUST assume the allocation no longer exists."
            Self::Code(437) => CloseReason::AllocationLost,
            Self::Code(code) => CloseReason::Refused { code },
        }
    }
}

/// The requests under way, and who makes them.
#[derive(Debug)]
pub(super) struct Requests {
    transactions: Transactions<Context>,
    under_way: BTreeMap<Operation, TransactionId>,
    /// `None` where the configured ones are no texts that may be credentials.
    pub(super) credentials: Option<LongTermClient>,
    /// The same, as they were before any server asked.
    unchallenged: Option<LongTermClient>,
    /// What answers a server that refuses `credentials`.
    pub(super) next_credentials: Option<LongTermClient>,
    /// When the latest nonce came.
    nonce_since: Instant,
    /// Whether DONT-FRAGMENT is asked for: until the server says that it does not know it.
    pub(super) dont_fragment: bool,
}

/// What belongs to a request under way.
#[derive(Clone, Debug)]
struct Context {
    operation: Operation,
    attempt: Attempt,
    since: Instant,
}

impl Requests {
    pub(super) fn new(config: &ClientConfig) -> Self {
        let password = core::str::from_utf8(config.password.expose()).ok();
        let credentials =
            password.and_then(|password| LongTermClient::new(&config.username, password).ok());
        Self {
            transactions: Transactions::new(),
            under_way: BTreeMap::new(),
            unchallenged: credentials.clone(),
            credentials,
            next_credentials: None,
            nonce_since: Instant::START,
            dont_fragment: config.dont_fragment,
        }
    }

    /// Forgets all requests under way.
    pub(super) fn clear(&mut self) {
        self.transactions.clear();
        self.under_way.clear();
    }

    /// Forgets the request for `operation`, if one is under way.
    pub(super) fn cancel(&mut self, operation: Operation, now: Instant) {
        if let Some(id) = self.under_way.remove(&operation) {
            self.transactions.finish(&id, now);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.transactions.poll_timeout()
    }

    /// Forgets what a server asked: another one asks for itself.
    pub(super) fn forget_challenge(&mut self) {
        self.credentials.clone_from(&self.unchallenged);
    }
}

impl Client {
    /// Sends a request, unless one for the same is under way.
    pub(super) fn request(&mut self, operation: Operation, now: Instant) {
        if !self.requests.under_way.contains_key(&operation) {
            self.request_again(operation, None, now);
        }
    }

    /// Sends a request, after `previous` was answered with a challenge.
    fn request_again(&mut self, operation: Operation, previous: Option<&Attempt>, now: Instant) {
        let id = TransactionId::random(&mut self.rng);
        let message = MessageBuilder::new(Class::Request, operation.method(), id);
        let message = self.describe(operation, message);
        let Some(credentials) = &self.requests.credentials else { return };
        let (bytes, attempt) = credentials.seal(message, previous, false);
        let datagram = Datagram::new(self.config.local, self.server, bytes);
        let context = Context { operation, attempt, since: now };
        let policy = self.config.retransmission;
        let first = self.requests.transactions.start(id, datagram, context, policy, now);
        self.requests.under_way.insert(operation, id);
        self.output.packet(first);
    }

    /// Adds what the request is about.
    fn describe(&self, operation: Operation, message: MessageBuilder) -> MessageBuilder {
        // RFC 8656 section 5: "The client SHOULD include the SOFTWARE attribute in all Allocate
        // and Refresh requests".
        let software = self.config.software.as_deref().map(Software);
        match operation {
            Operation::Allocate => self.ask_for_allocation(message.maybe(software.as_ref())),
            Operation::Refresh => self.ask_for_refresh(message.maybe(software.as_ref())),
            Operation::Delete => Self::ask_for_end(message.maybe(software.as_ref()), None),
            Operation::Release(family) => {
                Self::ask_for_end(message.maybe(software.as_ref()), Some(family))
            }
            Operation::Permit(peer) => Self::ask_for_permission(message, peer),
            Operation::Bind(number, peer) => Self::ask_for_channel(message, number, peer),
        }
    }

    /// Sends again what is due, and gives up what has waited long enough.
    pub(super) fn retransmit(&mut self, now: Instant) {
        while let Some(due) = self.requests.transactions.handle_timeout(now) {
            match due {
                Due::Resend(datagram) => self.output.packet(datagram),
                Due::TimedOut(unanswered) => {
                    let operation = unanswered.context.operation;
                    self.requests.under_way.remove(&operation);
                    let failure = if unanswered.integrity_violated {
                        Failure::IntegrityViolated
                    } else {
                        Failure::TimedOut
                    };
                    self.failed(operation, failure, None, now);
                }
            }
        }
    }

    /// Takes a response.
    pub(super) fn handle_response(&mut self, message: &Message<'_>, now: Instant) {
        let id = message.transaction_id();
        let Some(context) = self.requests.transactions.get(&id).cloned() else {
            return self.discards.add(Discard::UnknownTransaction);
        };
        let Some(credentials) = &mut self.requests.credentials else { return };
        if message.method() != context.operation.method() {
            return self.discards.add(Discard::Unexpected);
        }
        match credentials.judge(message, &context.attempt) {
            Judgement::Discard(_) => {
                self.requests.transactions.discarded_for_integrity(&id);
                self.discards.add(Discard::BadIntegrity);
            }
            Judgement::Accept { .. } => {
                let code = error_code(message);
                if message.class() == Class::Error && code.is_none() {
                    return self.discards.add(Discard::Malformed);
                }
                self.requests.cancel(context.operation, now);
                match code {
                    Some(code) => {
                        let failure = Failure::Code(code);
                        self.failed(context.operation, failure, Some(message), now);
                    }
                    None => self.succeeded(&context, message, now),
                }
            }
            Judgement::Retry => {
                self.requests.cancel(context.operation, now);
                self.answer_challenge(&context, message, now);
            }
            Judgement::Fail(refusal) => {
                self.requests.cancel(context.operation, now);
                self.handle_refusal(&context, refusal, now);
            }
        }
    }

    /// Sends the request again with what the server asked for: credentials (401), or another
    /// nonce (438).
    fn answer_challenge(&mut self, context: &Context, message: &Message<'_>, now: Instant) {
        // Nothing has been allocated yet, so there is nothing to give back.
        if let State::Abandoned = self.state {
            return self.finish(CloseReason::Requested);
        }
        // Several requests may have been under way with the old nonce.
        let is_news = context.since >= self.requests.nonce_since;
        if error_code(message) == Some(438) && is_news {
            self.output.event(Event::NonceChanged);
        }
        self.requests.nonce_since = now;
        self.request_again(context.operation, Some(&context.attempt), now);
    }

    /// The server does not take the credentials: others may do, if there are any.
    fn handle_refusal(&mut self, context: &Context, refusal: Refusal, now: Instant) {
        if refusal == Refusal::WrongCredentials
            && let Some(next) = self.requests.next_credentials.take()
        {
            self.requests.unchallenged = Some(next);
            self.requests.forget_challenge();
            return self.request_again(context.operation, None, now);
        }
        self.failed(context.operation, Failure::Unauthorized, None, now);
    }

    fn succeeded(&mut self, context: &Context, message: &Message<'_>, now: Instant) {
        // RFC 8489 section 6.3.3: "If the success response contains unknown
        // comprehension-required attributes, the response is discarded and the transaction is
        // considered to have failed."
        if !message.unknown_required(&KNOWN).is_empty() {
            self.discards.add(Discard::UnknownAttribute);
            return self.finish(CloseReason::StrangeAnswer);
        }
        let since = context.since;
        match context.operation {
            Operation::Allocate => self.allocated(message, since, now),
            Operation::Refresh => self.refreshed(message, since),
            Operation::Delete => self.deleted(),
            Operation::Release(_) => {}
            Operation::Permit(peer) => self.permitted(peer, since, now),
            Operation::Bind(number, peer) => self.channel_bound(number, peer, since, now),
        }
    }

    fn failed(
        &mut self,
        operation: Operation,
        failure: Failure,
        message: Option<&Message<'_>>,
        now: Instant,
    ) {
        match operation {
            Operation::Allocate => self.not_allocated(failure, message, now),
            Operation::Refresh => self.not_refreshed(failure, now),
            Operation::Delete => self.deleted(),
            Operation::Release(_) => {}
            Operation::Permit(peer) => self.not_permitted(peer, failure, now),
            Operation::Bind(number, peer) => {
                self.channel_not_bound(number, peer, failure, now);
            }
        }
    }
}

fn error_code(message: &Message<'_>) -> Option<u16> {
    let error = message.get::<ErrorCode<'_>>()?.ok()?;
    (message.class() == Class::Error).then_some(error.code)
}

/// The comprehension-required attributes that a success response may have.
const KNOWN: [u16; 9] = [
    kind::XOR_MAPPED_ADDRESS,
    kind::MAPPED_ADDRESS,
    kind::XOR_RELAYED_ADDRESS,
    kind::LIFETIME,
    kind::RESERVATION_TOKEN,
    kind::REALM,
    kind::NONCE,
    kind::USERNAME,
    kind::ERROR_CODE,
];
