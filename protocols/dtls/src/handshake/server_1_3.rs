//! The server of 1.3 (RFC 8446 section 4, RFC 9147 section 5). The flights are drawn in
//! `client_1_3`.

use icelab_crypto::{Certificate, agreement};
use icelab_sans_io::Instant;

use super::failure::Failure;
use super::server::Offer13;
use super::stage::Stage;
use super::{identity, negotiation};
use crate::config::Role;
use crate::connection::{Agreed, Connection};
use crate::core::Core;
use crate::keys::schedule::{Application, Handshake};
use crate::reassembly::Message;
use crate::wire::alert::AlertDescription;
use crate::wire::certificate::Certificate as CertificateMessage;
use crate::wire::certificate_request::CertificateRequest;
use crate::wire::certificate_verify::CertificateVerify;
use crate::wire::encrypted_extensions::EncryptedExtensions;
use crate::wire::extension::key_share::KeyShare;
use crate::wire::extension::use_srtp::{SrtpProfile, UseSrtp};
use crate::wire::extension::{
    ExtensionType, Extensions, connection_id, signature_algorithms, supported_versions,
};
use crate::wire::group::NamedGroup;
use crate::wire::handshake::HandshakeType;
use crate::wire::server_hello::ServerHello;
use crate::wire::suite::{CipherSuite, Parameters};
use crate::wire::version::{ProtocolVersion, Version};

/// A server that has sent its flight.
#[derive(Debug)]
pub(crate) struct Server13 {
    suite: CipherSuite,
    parameters: Parameters,
    group: NamedGroup,
    client_random: [u8; 32],
    secrets: Handshake,
    application: Application,
    srtp: Option<SrtpProfile>,
    next: Next,
}

/// What the client must say next.
#[derive(Debug)]
enum Next {
    Certificate,
    CertificateVerify { certificate: Certificate },
    Finished { certificate: Certificate },
}

impl Server13 {
    /// Answers the client's hello, which is the last of the transcript.
    pub(crate) fn new(
        offer: &Offer13,
        share: &KeyShare,
        core: &mut Core,
        now: Instant,
    ) -> Result<Self, Failure> {
        let Offer13 { hello, suite, parameters, scheme } = offer;
        let illegal = Failure::from(AlertDescription::ILLEGAL_PARAMETER);
        let group = negotiation::group(share.group).ok_or(illegal)?;
        let (public, shared) =
            agreement::answer(group, &share.public, &mut core.rng).map_err(|_| illegal)?;
        core.start_flight(now);
        say_hello(*suite, KeyShare { group: share.group, public }, &hello.extensions, core)?;
        let transcript = core.transcript.digest(parameters.hash);
        let secrets = Handshake::new(parameters.hash, shared.expose(), &transcript);
        let sides = &secrets.sides;
        core.log_key("CLIENT_HANDSHAKE_TRAFFIC_SECRET", &hello.random, sides.client.secret());
        core.log_key("SERVER_HANDSHAKE_TRAFFIC_SECRET", &hello.random, sides.server.secret());
        core.records.read_with(2, sides.client.protection(parameters.cipher));
        core.records.write_with(2, sides.server.protection(parameters.cipher));

        let mut extensions = Extensions::new();
        let srtp = answer_srtp(&hello.extensions, &mut extensions, core)?;
        let message = EncryptedExtensions { extensions };
        core.say(2, HandshakeType::ENCRYPTED_EXTENSIONS, |body| message.encode(body));
        let mut extensions = Extensions::new();
        extensions.add(ExtensionType::SIGNATURE_ALGORITHMS, |body| {
            signature_algorithms::encode(&identity::SCHEMES, body);
        });
        let request = CertificateRequest { context: Vec::new(), extensions };
        core.say(2, HandshakeType::CERTIFICATE_REQUEST, |body| request.encode(body));
        let chain = identity::own_chain(&core.config);
        let message = CertificateMessage { context: Vec::new(), chain, has_extensions: false };
        core.say(2, HandshakeType::CERTIFICATE, |body| message.encode(body));
        let transcript = core.transcript.digest(parameters.hash);
        let signed = identity::signed_1_3(Role::Server, &transcript);
        let signature = identity::sign(&core.config, *scheme, &[&signed])?;
        core.say(2, HandshakeType::CERTIFICATE_VERIFY, |body| signature.encode(body));
        let transcript = core.transcript.digest(parameters.hash);
        let verify_data = secrets.sides.server.verify_data(&transcript);
        core.say(2, HandshakeType::FINISHED, |body| body.bytes(verify_data.as_bytes()));
        core.send_flight(now);

        let application = secrets.finish(&core.transcript.digest(parameters.hash));
        Ok(Self {
            suite: *suite,
            parameters: *parameters,
            group: share.group,
            client_random: hello.random,
            secrets,
            application,
            srtp,
            next: Next::Certificate,
        })
    }

    /// Takes the client's next message.
    pub(crate) fn handle(
        mut self: Box<Self>,
        message: Message,
        core: &mut Core,
    ) -> Result<Stage, Failure> {
        let unexpected = Failure::from(AlertDescription::UNEXPECTED_MESSAGE);
        if message.epoch != 2 {
            return Err(unexpected);
        }
        let before = core.transcript.digest(self.parameters.hash);
        core.transcript.add(Version::V1_3, message.kind, message.sequence, &message.body);
        self.next = match (self.next, message.kind) {
            (Next::Certificate, HandshakeType::CERTIFICATE) => {
                let message = CertificateMessage::decode(&message.body)?;
                if !message.context.is_empty() {
                    return Err(AlertDescription::ILLEGAL_PARAMETER.into());
                }
                if message.has_extensions {
                    // RFC 8446 section 4.4.2: the request asked for none.
                    return Err(AlertDescription::UNSUPPORTED_EXTENSION.into());
                }
                let certificate = identity::check(&core.config, Version::V1_3, &message.chain)?;
                Next::CertificateVerify { certificate }
            }
            (Next::CertificateVerify { certificate }, HandshakeType::CERTIFICATE_VERIFY) => {
                let signature = CertificateVerify::decode(&message.body)?;
                let signed = identity::signed_1_3(Role::Client, &before);
                let key = certificate.public_key();
                identity::verify(Version::V1_3, key, &signature, &[&signed])?;
                Next::Finished { certificate }
            }
            (Next::Finished { certificate }, HandshakeType::FINISHED) => {
                if !self.secrets.sides.client.verifies(&before, &message.body) {
                    return Err(AlertDescription::DECRYPT_ERROR.into());
                }
                let agreed = Agreed {
                    version: Version::V1_3,
                    cipher_suite: self.suite,
                    group: self.group,
                    certificate,
                    client_random: self.client_random,
                };
                let connection =
                    Connection::new_1_3(agreed, self.parameters, self.application, self.srtp, core);
                return Ok(Stage::Open(Box::new(connection)));
            }
            (_, HandshakeType(_)) => return Err(unexpected),
        };
        Ok(Stage::Server13(self))
    }
}

fn say_hello(
    suite: CipherSuite,
    share: KeyShare,
    offered: &Extensions,
    core: &mut Core,
) -> Result<(), Failure> {
    let mut extensions = Extensions::new();
    extensions.add(ExtensionType::SUPPORTED_VERSIONS, |body| {
        supported_versions::encode_choice(ProtocolVersion::DTLS_1_3, body);
    });
    extensions.add(ExtensionType::KEY_SHARE, |body| share.encode(body));
    answer_connection_id(offered, &mut extensions, core)?;
    let hello = ServerHello {
        version: ProtocolVersion::DTLS_1_2,
        random: core.rng.bytes(),
        // RFC 9147 section 5.3: the client's session id is not echoed.
        session_id: Vec::new(),
        cipher_suite: suite,
        extensions,
    };
    core.say(0, HandshakeType::SERVER_HELLO, |body| hello.encode(body));
    Ok(())
}

/// The server's answer to the client's connection id, where both want one (RFC 9146 section 3): it
/// stands in the ServerHello of either version.
pub(super) fn answer_connection_id(
    offered: &Extensions,
    extensions: &mut Extensions,
    core: &mut Core,
) -> Result<(), Failure> {
    if let (Some(body), Some(own)) =
        (offered.get(ExtensionType::CONNECTION_ID), core.config.connection_id.clone())
    {
        let peer = connection_id::decode(body)?;
        extensions.add(ExtensionType::CONNECTION_ID, |body| connection_id::encode(&own, body));
        core.records.ids.agree(own, peer);
    }
    Ok(())
}

/// The server's answer to the client's profiles for media, and the one that it chose.
pub(super) fn answer_srtp(
    offered: &Extensions,
    extensions: &mut Extensions,
    core: &Core,
) -> Result<Option<SrtpProfile>, Failure> {
    let Some(body) = offered.get(ExtensionType::USE_SRTP) else { return Ok(None) };
    let chosen = negotiation::srtp(&core.config, &UseSrtp::decode(body)?);
    if let Some(profile) = chosen {
        let answer = UseSrtp { profiles: vec![profile], mki: Vec::new() };
        extensions.add(ExtensionType::USE_SRTP, |body| answer.encode(body));
    }
    Ok(chosen)
}
