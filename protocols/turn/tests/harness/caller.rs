//! A client made of single requests, for what the real one never asks.

use core::net::SocketAddr;

use icelab_sans_io::{Instant, Rng};
use icelab_stun::attribute::{
    Attribute, ErrorCode, Lifetime, RequestedTransport, XorRelayedAddress,
};
use icelab_stun::credentials::{Judgement, LongTermClient};
use icelab_stun::{Class, Message, MessageBuilder, Method, TransactionId};

use super::Host;

/// A client made of single requests.
pub(crate) struct Caller {
    pub(crate) address: SocketAddr,
    pub(crate) credentials: LongTermClient,
    pub(crate) rng: Rng,
    /// The latest request that was sealed.
    pub(crate) last_request: Vec<u8>,
}

/// A response.
pub(crate) struct Answer(pub(crate) Vec<u8>);

impl Answer {
    pub(crate) fn message(&self) -> Message<'_> {
        Message::parse(&self.0).unwrap()
    }

    /// The error code; 0 for success.
    pub(crate) fn code(&self) -> u16 {
        let message = self.message();
        match message.class() {
            Class::Success => 0,
            Class::Error => message.get::<ErrorCode<'_>>().unwrap().unwrap().code,
            other => panic!("{other:?} is no answer"),
        }
    }

    pub(crate) fn get<'a, A: Attribute<'a>>(&'a self) -> Option<A> {
        self.message().get().map(Result::unwrap)
    }

    pub(crate) fn relayed(&self) -> Vec<SocketAddr> {
        self.message().all::<XorRelayedAddress>().map(|relayed| relayed.unwrap().0).collect()
    }
}

impl Caller {
    pub(crate) fn new(port: u16) -> Self {
        Self::named(port, super::USER, super::PASSWORD)
    }

    pub(crate) fn named(port: u16, username: &str, password: &str) -> Self {
        Self {
            address: SocketAddr::new(super::address(super::CLIENT).ip(), port),
            credentials: LongTermClient::new(username, password).unwrap(),
            rng: Rng::from_u64(port.into()),
            last_request: Vec::new(),
        }
    }

    /// Sends bytes and takes the one answer, if there is one.
    pub(crate) fn send(&self, host: &mut Host, bytes: &[u8], now: Instant) -> Option<Answer> {
        host.to_clients.clear();
        host.datagram(self.address, super::address(super::SERVER), bytes, now);
        assert!(host.to_clients.len() <= 1);
        host.to_clients.pop().map(|datagram| {
            assert_eq!(datagram.destination, self.address);
            Answer(datagram.payload)
        })
    }

    /// Asks, with credentials as the server wants them, and takes the answer to that.
    pub(crate) fn ask(
        &mut self,
        host: &mut Host,
        method: Method,
        now: Instant,
        describe: impl Fn(MessageBuilder) -> MessageBuilder,
    ) -> Answer {
        let mut previous = None;
        loop {
            let id = TransactionId::random(&mut self.rng);
            let message = describe(MessageBuilder::new(Class::Request, method, id));
            let (bytes, attempt) = self.credentials.seal(message, previous.as_ref(), false);
            self.last_request = bytes;
            let answer = self.send(host, &self.last_request, now).expect("an answer");
            match self.credentials.judge(&answer.message(), &attempt) {
                Judgement::Retry => previous = Some(attempt),
                Judgement::Accept { .. } | Judgement::Fail(_) => return answer,
                Judgement::Discard(flaw) => panic!("{flaw:?}"),
            }
        }
    }

    pub(crate) fn allocate(
        &mut self,
        host: &mut Host,
        describe: impl Fn(MessageBuilder) -> MessageBuilder,
    ) -> Answer {
        self.ask(host, Method::ALLOCATE, Instant::START, |message| {
            describe(message.add(&RequestedTransport::UDP))
        })
    }

    pub(crate) fn refresh(&mut self, host: &mut Host, seconds: u32, now: Instant) -> Answer {
        self.ask(host, Method::REFRESH, now, |message| message.add(&Lifetime(seconds)))
    }
}
