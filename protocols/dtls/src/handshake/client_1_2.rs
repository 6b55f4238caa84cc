//! The client of 1.2 (RFC 5246 section 7.4, RFC 8422, RFC 6347 section 4.2).
//!
//! ```text
//! A -> ClientHello                                                        Z
//! A <- ServerHello Certificate ServerKeyExchange CertificateRequest
//!      ServerHelloDone                                                    Z
//! A -> Certificate ClientKeyExchange CertificateVerify
//!      [ChangeCipherSpec] {Finished}                                      Z
//! A <- [ChangeCipherSpec] {Finished}                                      Z
//! ```

use icelab_crypto::{Certificate, agreement, equal};
use icelab_sans_io::Instant;
use icelab_wire::Writer;

use super::failure::Failure;
use super::stage::Stage;
use super::{identity, negotiation};
use crate::connection::{Agreed, Connection};
use crate::core::Core;
use crate::keys::master::{Master, Randoms};
use crate::reassembly::Message;
use crate::wire::alert::AlertDescription;
use crate::wire::certificate::CertificateChain;
use crate::wire::certificate_request::CertificateRequest12;
use crate::wire::client_hello::ClientHello;
use crate::wire::client_key_exchange::ClientKeyExchange;
use crate::wire::extension::use_srtp::SrtpProfile;
use crate::wire::extension::{ExtensionType, point_formats, renegotiation_info};
use crate::wire::handshake::HandshakeType;
use crate::wire::scheme::SignatureScheme;
use crate::wire::server_hello::ServerHello;
use crate::wire::server_key_exchange::{ServerKeyExchange, ServerShare};
use crate::wire::suite::{CipherSuite, Parameters};
use crate::wire::version::Version;

/// A client that has heard a ServerHello of 1.2.
#[derive(Debug)]
pub(crate) struct Client12 {
    chosen: Chosen,
    next: Next,
}

/// What the server's hello settles.
#[derive(Clone, Copy, Debug)]
struct Chosen {
    suite: CipherSuite,
    parameters: Parameters,
    randoms: Randoms,
    /// Whether the master secret is bound to the handshake (RFC 7627).
    is_extended: bool,
    srtp: Option<SrtpProfile>,
}

/// What the server must say next.
#[derive(Debug)]
enum Next {
    Certificate,
    KeyExchange { certificate: Certificate },
    RequestOrDone { certificate: Certificate, share: ServerShare },
    Done { certificate: Certificate, share: ServerShare, schemes: Vec<SignatureScheme> },
    Finished { agreed: Agreed, master: Master },
}

impl Client12 {
    /// Goes on from the ServerHello, which is the last of the transcript.
    pub(crate) fn new(
        suite: CipherSuite,
        offered: &ClientHello,
        hello: ServerHello,
        core: &mut Core,
    ) -> Result<Self, Failure> {
        let parameters = suite.parameters().ok_or(AlertDescription::ILLEGAL_PARAMETER)?;
        negotiation::check_answers(&offered.extensions, &hello.extensions, &negotiation::FIT_1_2)?;
        negotiation::take_connection_id(&hello.extensions, core)?;
        // RFC 5746 section 3.4: in a first handshake it is empty.
        if let Some(body) = hello.extensions.get(ExtensionType::RENEGOTIATION_INFO)
            && !renegotiation_info::decode(body)?.is_empty()
        {
            return Err(AlertDescription::HANDSHAKE_FAILURE.into());
        }
        if let Some(body) = hello.extensions.get(ExtensionType::POINT_FORMATS)
            && !point_formats::decode(body)?.contains(&point_formats::UNCOMPRESSED)
        {
            // RFC 8422 section 5.1.2.
            return Err(AlertDescription::ILLEGAL_PARAMETER.into());
        }
        let chosen = Chosen {
            suite,
            parameters,
            randoms: Randoms { client: offered.random, server: hello.random },
            is_extended: hello.extensions.has(ExtensionType::EXTENDED_MASTER_SECRET),
            srtp: negotiation::take_srtp(&hello.extensions, core)?,
        };
        Ok(Self { chosen, next: Next::Certificate })
    }

    /// Takes the server's next message.
    pub(crate) fn handle(
        mut self: Box<Self>,
        message: Message,
        core: &mut Core,
        now: Instant,
    ) -> Result<Stage, Failure> {
        let unexpected = Failure::from(AlertDescription::UNEXPECTED_MESSAGE);
        // Only Finished is protected.
        if (message.epoch == 0) == (message.kind == HandshakeType::FINISHED) {
            return Err(unexpected);
        }
        let chosen = self.chosen;
        let before = core.transcript.digest(chosen.parameters.hash);
        core.transcript.add(Version::V1_2, message.kind, message.sequence, &message.body);
        self.next = match (self.next, message.kind) {
            (Next::Certificate, HandshakeType::CERTIFICATE) => {
                let chain = CertificateChain::decode_1_2(&message.body)?;
                let certificate = identity::check(&core.config, Version::V1_2, &chain)?;
                Next::KeyExchange { certificate }
            }
            (Next::KeyExchange { certificate }, HandshakeType::SERVER_KEY_EXCHANGE) => {
                let exchange = ServerKeyExchange::decode(&message.body)?;
                check_share(&exchange, &certificate, chosen.parameters, &chosen.randoms)?;
                Next::RequestOrDone { certificate, share: exchange.share }
            }
            (Next::RequestOrDone { certificate, share }, HandshakeType::CERTIFICATE_REQUEST) => {
                let schemes = CertificateRequest12::decode(&message.body)?.signature_schemes;
                Next::Done { certificate, share, schemes }
            }
            (Next::RequestOrDone { certificate, share }, HandshakeType::SERVER_HELLO_DONE) => {
                empty(&message)?;
                chosen.answer(certificate, &share, None, core, now)?
            }
            (Next::Done { certificate, share, schemes }, HandshakeType::SERVER_HELLO_DONE) => {
                empty(&message)?;
                chosen.answer(certificate, &share, Some(&schemes), core, now)?
            }
            (Next::Finished { agreed, master }, HandshakeType::FINISHED) => {
                if !equal(&master.verify_data(false, &before), &message.body) {
                    return Err(AlertDescription::DECRYPT_ERROR.into());
                }
                core.start_flight(now);
                let connection = Connection::new_1_2(
                    agreed,
                    chosen.parameters,
                    master,
                    chosen.randoms,
                    chosen.is_extended,
                    chosen.srtp,
                );
                return Ok(Stage::Open(Box::new(connection)));
            }
            (_, HandshakeType(_)) => return Err(unexpected),
        };
        Ok(Stage::Client12(self))
    }
}

impl Chosen {
    /// Sends the second flight, up to Finished.
    fn answer(
        &self,
        certificate: Certificate,
        share: &ServerShare,
        request: Option<&[SignatureScheme]>,
        core: &mut Core,
        now: Instant,
    ) -> Result<Next, Failure> {
        let illegal = Failure::from(AlertDescription::ILLEGAL_PARAMETER);
        let is_offered = negotiation::groups(&core.config, Version::V1_2).contains(&share.group);
        let group = negotiation::group(share.group).filter(|_| is_offered).ok_or(illegal)?;
        let (public, shared) =
            agreement::answer(group, &share.public, &mut core.rng).map_err(|_| illegal)?;
        core.start_flight(now);
        let scheme = request.and_then(|schemes| identity::choose_scheme(&core.config, schemes));
        if request.is_some() {
            // Without a scheme that the server takes, the chain is empty (RFC 5246 section 7.4.6).
            let chain = scheme
                .map_or_else(CertificateChain::default, |_| identity::own_chain(&core.config));
            core.say(0, HandshakeType::CERTIFICATE, |body| chain.encode_1_2(body));
        }
        let exchange = ClientKeyExchange { public };
        core.say(0, HandshakeType::CLIENT_KEY_EXCHANGE, |body| exchange.encode(body));
        let hash = self.parameters.hash;
        let master = if self.is_extended {
            Master::extended(hash, shared.expose(), &core.transcript.digest(hash))
        } else {
            Master::plain(hash, shared.expose(), &self.randoms)
        };
        core.log_key("CLIENT_RANDOM", &self.randoms.client, master.secret());
        if let Some(scheme) = scheme {
            let signature = identity::sign(&core.config, scheme, &[core.transcript.bytes()])?;
            core.say(0, HandshakeType::CERTIFICATE_VERIFY, |body| signature.encode(body));
        }
        core.flight.add_change_cipher_spec();
        let (client, server) = master.protections(&self.parameters, &self.randoms);
        core.records.write_with(1, client);
        core.records.read_with(1, server);
        let verify_data = master.verify_data(true, &core.transcript.digest(hash));
        core.say(1, HandshakeType::FINISHED, |body| body.bytes(&verify_data));
        core.send_flight(now);
        let agreed = Agreed {
            version: Version::V1_2,
            cipher_suite: self.suite,
            group: share.group,
            certificate,
            client_random: self.randoms.client,
        };
        Ok(Next::Finished { agreed, master })
    }
}

/// Whether the server's share is signed by the key in its certificate, of the kind that the suite
/// names (RFC 8422 sections 5.4 and 2).
fn check_share(
    exchange: &ServerKeyExchange,
    certificate: &Certificate,
    parameters: Parameters,
    randoms: &Randoms,
) -> Result<(), Failure> {
    let key = certificate.public_key();
    if parameters.authentication != Some(identity::authentication_of(key.kind())) {
        return Err(AlertDescription::UNSUPPORTED_CERTIFICATE.into());
    }
    let mut signed = Writer::new();
    exchange.share.encode(&mut signed);
    let pieces: [&[u8]; 3] = [&randoms.client, &randoms.server, signed.as_slice()];
    identity::verify(Version::V1_2, key, &exchange.signature, &pieces)
}

/// ServerHelloDone has no body (RFC 5246 section 7.4.5).
fn empty(message: &Message) -> Result<(), Failure> {
    if message.body.is_empty() { Ok(()) } else { Err(AlertDescription::DECODE_ERROR.into()) }
}
