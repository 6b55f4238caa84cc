//! Makes the answer to one binding request (RFC 8489 sections 6.3.1 and 10, RFC 5780
//! section 6.1).

use std::net::SocketAddr;

use icelab_sans_io::Instant;
use icelab_sans_io::net::Datagram;

use super::{Guard, Server};
use crate::attribute::{
    AlternateDomain, AlternateServer, ChangeRequest, ErrorCode, MappedAddress, OtherAddress,
    Padding, ResponseOrigin, ResponsePort, Software, UnknownAttributes, XorMappedAddress, kind,
};
use crate::credentials::{Rejection, check_short_term};
use crate::message::{Class, Key, Message, MessageBuilder};

/// A response before it is sealed, and the way it takes.
struct Response {
    builder: MessageBuilder,
    from: SocketAddr,
    to: SocketAddr,
    error: Option<u16>,
}

impl Server {
    /// The datagram that answers `request`, and its error code.
    pub(super) fn answer(
        &self,
        request: &Message<'_>,
        datagram: &Datagram,
        now: Instant,
    ) -> (Datagram, Option<u16>) {
        let (response, key) = match self.admit(request, datagram, now) {
            Ok(key) => {
                let response = self.process(request, datagram, key.is_some());
                (response, key)
            }
            // RFC 8489 sections 9.1.3 and 9.2.4: what could not be authenticated is answered
            // without integrity.
            Err(rejection) => (rejection, None),
        };
        let builder = match &self.config.software {
            Some(software) => response.builder.add(&Software(software)),
            None => response.builder,
        };
        // RFC 8489 section 7: who uses FINGERPRINT needs it in the answer.
        let with_fingerprint = request.has(kind::FINGERPRINT);
        let payload = builder.finish_with(key.as_ref(), with_fingerprint);
        (Datagram::new(response.from, response.to, payload), response.error)
    }

    /// The key that seals the answer, or the answer to a request that may not pass.
    fn admit(
        &self,
        request: &Message<'_>,
        datagram: &Datagram,
        now: Instant,
    ) -> Result<Option<Key>, Response> {
        let reject = |rejection: &Rejection, builder| Response {
            builder,
            from: datagram.destination,
            to: datagram.source,
            error: Some(match rejection {
                Rejection::BadRequest => 400,
                Rejection::Unauthenticated => 401,
                Rejection::StaleNonce => 438,
            }),
        };
        match &self.guard {
            Guard::Open => Ok(None),
            Guard::ShortTerm(keys) => {
                match check_short_term(request, |name| keys.get(name).cloned()) {
                    Ok(key) => Ok(Some(key)),
                    Err(rejection) => {
                        let code = match rejection {
                            Rejection::BadRequest => ErrorCode::BAD_REQUEST,
                            Rejection::Unauthenticated | Rejection::StaleNonce => {
                                ErrorCode::UNAUTHENTICATED
                            }
                        };
                        Err(reject(&rejection, start(request, Class::Error).add(&code)))
                    }
                }
            }
            Guard::LongTerm(server, users) => {
                match server.check(request, datagram.source, users, now) {
                    Ok(authenticated) => Ok(Some(authenticated.key)),
                    Err(rejection) => {
                        let builder = server.reject(request, &rejection, datagram.source, now);
                        Err(reject(&rejection, builder))
                    }
                }
            }
        }
    }

    /// The answer to a request that passed the credential mechanism.
    fn process(
        &self,
        request: &Message<'_>,
        datagram: &Datagram,
        is_authenticated: bool,
    ) -> Response {
        let fail = |builder, code: ErrorCode<'_>| Response {
            builder,
            from: datagram.destination,
            to: datagram.source,
            error: Some(code.code),
        };
        let error = |code: ErrorCode<'static>| fail(start(request, Class::Error).add(&code), code);
        let unknown = request.unknown_required(self.known());
        if !unknown.is_empty() {
            let code = ErrorCode::UNKNOWN_ATTRIBUTE;
            let builder = start(request, Class::Error).add(&code).add(&UnknownAttributes(unknown));
            return fail(builder, code);
        }
        if let Some(redirect) = &self.config.redirect {
            // RFC 8489 section 14.8: a 300 is sent to authenticated requests only, 400 else;
            // section 10: the family of the client.
            if !is_authenticated || redirect.server.is_ipv4() != datagram.source.is_ipv4() {
                return error(ErrorCode::BAD_REQUEST);
            }
            let code = ErrorCode::TRY_ALTERNATE;
            let builder = start(request, Class::Error)
                .add(&code)
                .add(&AlternateServer(redirect.server))
                .maybe(redirect.domain.as_deref().map(AlternateDomain).as_ref());
            return fail(builder, code);
        }
        let change = request.get::<ChangeRequest>().transpose();
        let port = request.get::<ResponsePort>().transpose();
        let is_padded = request.has(kind::PADDING);
        let (Ok(change), Ok(port)) = (change, port) else {
            return error(ErrorCode::BAD_REQUEST);
        };
        if is_padded && port.is_some() {
            return error(ErrorCode::BAD_REQUEST);
        }
        self.succeed(request, datagram, change, port, is_padded)
    }

    /// Where it comes from and where it goes: RFC 5780 section 6.1, table 1.
    fn succeed(
        &self,
        request: &Message<'_>,
        datagram: &Datagram,
        change: Option<ChangeRequest>,
        port: Option<ResponsePort>,
        is_padded: bool,
    ) -> Response {
        let builder = start(request, Class::Success).add(&XorMappedAddress(datagram.source));
        let Some(other) = self.config.other(datagram.destination) else {
            let (from, to) = (datagram.destination, datagram.source);
            return Response { builder, from, to, error: None };
        };
        let (mut from, mut to) = (datagram.destination, datagram.source);
        if let Some(change) = change {
            if change.change_ip {
                from.set_ip(other.ip());
            }
            if change.change_port {
                from.set_port(other.port());
            }
        }
        if let Some(ResponsePort(port)) = port {
            to.set_port(port);
        }
        let padding = is_padded.then(|| Padding(self.config.mtu.next_multiple_of(4)));
        let builder = builder
            .add(&MappedAddress(datagram.source))
            .add(&ResponseOrigin(from))
            .add(&OtherAddress(other))
            .maybe(padding.as_ref());
        Response { builder, from, to, error: None }
    }

    /// The comprehension-required attributes that this server understands. Without an alternate
    /// address, those of RFC 5780 are unknown, and so are answered with 420 as its section 6.1
    /// wants.
    const fn known(&self) -> &'static [u16] {
        if self.config.alternate.is_some() {
            &[
                kind::USERNAME,
                kind::USERHASH,
                kind::REALM,
                kind::NONCE,
                kind::PASSWORD_ALGORITHM,
                kind::CHANGE_REQUEST,
                kind::RESPONSE_PORT,
                kind::PADDING,
            ]
        } else {
            &[kind::USERNAME, kind::USERHASH, kind::REALM, kind::NONCE, kind::PASSWORD_ALGORITHM]
        }
    }
}

fn start(request: &Message<'_>, class: Class) -> MessageBuilder {
    MessageBuilder::new(class, request.method(), request.transaction_id())
}
