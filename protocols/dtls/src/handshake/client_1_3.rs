//! The client of 1.3 (RFC 8446 section 4, RFC 9147 section 5).
//!
//! ```text
//! A -> ClientHello                                                        Z
//! A <- ServerHello {EncryptedExtensions CertificateRequest Certificate
//!      CertificateVerify Finished}                                        Z
//! A -> {Certificate CertificateVerify Finished}                           Z
//! A <- [ACK]                                                              Z
//! ```

use icelab_crypto::{Certificate, Secret};
use icelab_sans_io::Instant;

use super::failure::Failure;
use super::identity;
use super::negotiation::{FIT_ENCRYPTED, check_answers, take_srtp};
use super::stage::Stage;
use crate::config::Role;
use crate::connection::{Agreed, Connection};
use crate::core::Core;
use crate::keys::schedule::Handshake;
use crate::reassembly::Message;
use crate::wire::alert::AlertDescription;
use crate::wire::certificate::{Certificate as CertificateMessage, CertificateChain};
use crate::wire::certificate_request::CertificateRequest;
use crate::wire::certificate_verify::CertificateVerify;
use crate::wire::client_hello::ClientHello;
use crate::wire::encrypted_extensions::EncryptedExtensions;
use crate::wire::extension::use_srtp::SrtpProfile;
use crate::wire::extension::{ExtensionType, Extensions, signature_algorithms};
use crate::wire::group::NamedGroup;
use crate::wire::handshake::HandshakeType;
use crate::wire::scheme::SignatureScheme;
use crate::wire::suite::{CipherSuite, Parameters};
use crate::wire::version::Version;

/// A client that has heard a ServerHello of 1.3.
#[derive(Debug)]
pub(crate) struct Client13 {
    suite: CipherSuite,
    parameters: Parameters,
    group: NamedGroup,
    client_random: [u8; 32],
    /// What was offered: the server may answer to nothing else.
    offered: Extensions,
    secrets: Handshake,
    srtp: Option<SrtpProfile>,
    next: Next,
}

/// What the server must say next.
#[derive(Debug)]
enum Next {
    EncryptedExtensions,
    CertificateRequest,
    Certificate { request: Request },
    CertificateVerify { request: Request, certificate: Certificate },
    Finished { request: Request, certificate: Certificate },
}

/// What the server wants to know of this end.
#[derive(Debug)]
enum Request {
    Nothing,
    Certificate { context: Vec<u8>, schemes: Vec<SignatureScheme> },
}

impl Client13 {
    /// Goes on from the ServerHello, which is the last of the transcript.
    pub(crate) fn new(
        suite: CipherSuite,
        group: NamedGroup,
        shared: &Secret,
        hello: &ClientHello,
        core: &mut Core,
    ) -> Result<Self, Failure> {
        let parameters = suite.parameters().ok_or(AlertDescription::ILLEGAL_PARAMETER)?;
        let transcript = core.transcript.digest(parameters.hash);
        let secrets = Handshake::new(parameters.hash, shared.expose(), &transcript);
        let random = hello.random;
        let sides = &secrets.sides;
        core.log_key("CLIENT_HANDSHAKE_TRAFFIC_SECRET", &random, sides.client.secret());
        core.log_key("SERVER_HANDSHAKE_TRAFFIC_SECRET", &random, sides.server.secret());
        core.records.read_with(2, sides.server.protection(parameters.cipher));
        core.records.write_with(2, sides.client.protection(parameters.cipher));
        Ok(Self {
            suite,
            parameters,
            group,
            client_random: random,
            offered: hello.extensions.clone(),
            secrets,
            srtp: None,
            next: Next::EncryptedExtensions,
        })
    }

    /// Takes the server's next message.
    pub(crate) fn handle(
        mut self: Box<Self>,
        message: Message,
        core: &mut Core,
        now: Instant,
    ) -> Result<Stage, Failure> {
        let unexpected = Failure::from(AlertDescription::UNEXPECTED_MESSAGE);
        if message.epoch != 2 {
            return Err(unexpected);
        }
        let before = core.transcript.digest(self.parameters.hash);
        core.transcript.add(Version::V1_3, message.kind, message.sequence, &message.body);
        self.next = match (self.next, message.kind) {
            (Next::EncryptedExtensions, HandshakeType::ENCRYPTED_EXTENSIONS) => {
                let message = EncryptedExtensions::decode(&message.body)?;
                check_answers(&self.offered, &message.extensions, &FIT_ENCRYPTED)?;
                self.srtp = take_srtp(&message.extensions, core)?;
                Next::CertificateRequest
            }
            (Next::CertificateRequest, HandshakeType::CERTIFICATE_REQUEST) => {
                let request = CertificateRequest::decode(&message.body)?;
                let schemes = request
                    .extensions
                    .get(ExtensionType::SIGNATURE_ALGORITHMS)
                    .ok_or(AlertDescription::MISSING_EXTENSION)?;
                let schemes = signature_algorithms::decode(schemes)?;
                let request = Request::Certificate { context: request.context, schemes };
                Next::Certificate { request }
            }
            (Next::CertificateRequest, HandshakeType::CERTIFICATE) => {
                let certificate = certificate(&message, core)?;
                Next::CertificateVerify { request: Request::Nothing, certificate }
            }
            (Next::Certificate { request }, HandshakeType::CERTIFICATE) => {
                let certificate = certificate(&message, core)?;
                Next::CertificateVerify { request, certificate }
            }
            (
                Next::CertificateVerify { request, certificate },
                HandshakeType::CERTIFICATE_VERIFY,
            ) => {
                let signature = CertificateVerify::decode(&message.body)?;
                let signed = identity::signed_1_3(Role::Server, &before);
                let key = certificate.public_key();
                identity::verify(Version::V1_3, key, &signature, &[&signed])?;
                Next::Finished { request, certificate }
            }
            (Next::Finished { request, certificate }, HandshakeType::FINISHED) => {
                if !self.secrets.sides.server.verifies(&before, &message.body) {
                    return Err(AlertDescription::DECRYPT_ERROR.into());
                }
                let agreed = Agreed {
                    version: Version::V1_3,
                    cipher_suite: self.suite,
                    group: self.group,
                    certificate,
                    client_random: self.client_random,
                };
                return finish(
                    &self.secrets,
                    self.parameters,
                    agreed,
                    self.srtp,
                    &request,
                    core,
                    now,
                );
            }
            (_, HandshakeType(_)) => return Err(unexpected),
        };
        Ok(Stage::Client13(self))
    }
}

/// Answers the server's flight with this end's own, and opens the connection.
fn finish(
    secrets: &Handshake,
    parameters: Parameters,
    agreed: Agreed,
    srtp: Option<SrtpProfile>,
    request: &Request,
    core: &mut Core,
    now: Instant,
) -> Result<Stage, Failure> {
    let application = secrets.finish(&core.transcript.digest(parameters.hash));
    core.start_flight(now);
    if let Request::Certificate { context, schemes } = request {
        let scheme = identity::choose_scheme(&core.config, schemes);
        // Without a scheme that the server takes, the chain is empty (RFC 8446 section 4.4.2.3).
        let chain =
            scheme.map_or_else(CertificateChain::default, |_| identity::own_chain(&core.config));
        let message = CertificateMessage { context: context.clone(), chain, has_extensions: false };
        core.say(2, HandshakeType::CERTIFICATE, |body| message.encode(body));
        if let Some(scheme) = scheme {
            let transcript = core.transcript.digest(parameters.hash);
            let signed = identity::signed_1_3(Role::Client, &transcript);
            let signature = identity::sign(&core.config, scheme, &[&signed])?;
            core.say(2, HandshakeType::CERTIFICATE_VERIFY, |body| signature.encode(body));
        }
    }
    let transcript = core.transcript.digest(parameters.hash);
    let verify_data = secrets.sides.client.verify_data(&transcript);
    core.say(2, HandshakeType::FINISHED, |body| body.bytes(verify_data.as_bytes()));
    let connection = Connection::new_1_3(agreed, parameters, application, srtp, core);
    core.send_flight(now);
    Ok(Stage::Open(Box::new(connection)))
}

fn certificate(message: &Message, core: &Core) -> Result<Certificate, Failure> {
    let message = CertificateMessage::decode(&message.body)?;
    if !message.context.is_empty() {
        return Err(AlertDescription::ILLEGAL_PARAMETER.into());
    }
    if message.has_extensions {
        // RFC 8446 section 4.4.2: nothing was offered that they could answer to.
        return Err(AlertDescription::UNSUPPORTED_EXTENSION.into());
    }
    identity::check(&core.config, Version::V1_3, &message.chain)
}
