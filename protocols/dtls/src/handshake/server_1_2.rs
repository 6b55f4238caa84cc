//! The server of 1.2 (RFC 5246 section 7.4, RFC 8422, RFC 6347 section 4.2). The flights are drawn
//! in `client_1_2`.

use icelab_crypto::agreement::Offer;
use icelab_crypto::{Certificate, equal};
use icelab_sans_io::Instant;
use icelab_wire::Writer;

use super::failure::Failure;
use super::server_1_3::{answer_connection_id, answer_srtp};
use super::stage::Stage;
use super::{identity, negotiation};
use crate::connection::{Agreed, Connection};
use crate::core::{Core, Window};
use crate::keys::master::{Master, Randoms};
use crate::reassembly::Message;
use crate::wire::alert::AlertDescription;
use crate::wire::certificate::CertificateChain;
use crate::wire::certificate_request::CertificateRequest12;
use crate::wire::certificate_verify::CertificateVerify;
use crate::wire::client_hello::ClientHello;
use crate::wire::client_key_exchange::ClientKeyExchange;
use crate::wire::extension::use_srtp::SrtpProfile;
use crate::wire::extension::{
    ExtensionType, Extensions, point_formats, renegotiation_info, signature_algorithms,
    supported_groups,
};
use crate::wire::group::NamedGroup;
use crate::wire::handshake::HandshakeType;
use crate::wire::scheme::SignatureScheme;
use crate::wire::server_hello::ServerHello;
use crate::wire::server_key_exchange::{ServerKeyExchange, ServerShare};
use crate::wire::suite::{CipherSuite, Parameters};
use crate::wire::version::{ProtocolVersion, Version};

/// A server that has sent its first flight.
#[derive(Debug)]
pub(crate) struct Server12 {
    suite: CipherSuite,
    parameters: Parameters,
    group: NamedGroup,
    randoms: Randoms,
    /// Whether the master secret is bound to the handshake (RFC 7627).
    is_extended: bool,
    srtp: Option<SrtpProfile>,
    next: Next,
}

/// What the client must say next.
#[derive(Debug)]
enum Next {
    Certificate { offer: Offer },
    KeyExchange { offer: Offer, certificate: Certificate },
    CertificateVerify { certificate: Certificate, master: Master },
    Finished { certificate: Certificate, master: Master },
}

impl Server12 {
    /// Answers the client's hello, which is the last of the transcript.
    pub(crate) fn new(hello: ClientHello, core: &mut Core, now: Instant) -> Result<Self, Failure> {
        let failure = Failure::from(AlertDescription::HANDSHAKE_FAILURE);
        let own = identity::authentication(&core.config);
        let (suite, parameters) =
            negotiation::suite(&core.config, Version::V1_2, &hello.cipher_suites, |parameters| {
                parameters.authentication == Some(own)
            })
            .ok_or(failure)?;
        let group = choose_group(&hello, core)?;
        let scheme = choose_scheme(&hello, core)?;
        check_renegotiation(&hello)?;
        let mut random: [u8; 32] = core.rng.bytes();
        if core.config.speaks(Version::V1_3) {
            // RFC 8446 section 4.1.3.
            for (place, byte) in random.iter_mut().skip(24).zip(ServerHello::DOWNGRADE) {
                *place = byte;
            }
        }
        let randoms = Randoms { client: hello.random, server: random };
        core.start_flight(now);
        // RFC 6347 section 4.2.2: the client's second hello is answered under its number.
        let srtp = say_hello(suite, random, &hello, core)?;
        let chain = identity::own_chain(&core.config);
        core.say(0, HandshakeType::CERTIFICATE, |body| chain.encode_1_2(body));
        let offer = Offer::new(negotiation::group(group).ok_or(failure)?, &mut core.rng);
        let share = ServerShare { group, public: offer.share().to_vec() };
        let mut signed = Writer::new();
        share.encode(&mut signed);
        let pieces: [&[u8]; 3] = [&randoms.client, &randoms.server, signed.as_slice()];
        let signature = identity::sign(&core.config, scheme, &pieces)?;
        let exchange = ServerKeyExchange { share, signature };
        core.say(0, HandshakeType::SERVER_KEY_EXCHANGE, |body| exchange.encode(body));
        let request = CertificateRequest12 {
            types: vec![CertificateRequest12::ECDSA_SIGN, CertificateRequest12::RSA_SIGN],
            signature_schemes: identity::SCHEMES.to_vec(),
            authorities: Vec::new(),
        };
        core.say(0, HandshakeType::CERTIFICATE_REQUEST, |body| request.encode(body));
        core.say(0, HandshakeType::SERVER_HELLO_DONE, |_| {});
        core.send_flight(now);
        let is_extended = hello.extensions.has(ExtensionType::EXTENDED_MASTER_SECRET);
        let next = Next::Certificate { offer };
        Ok(Self { suite, parameters, group, randoms, is_extended, srtp, next })
    }

    /// Takes the client's next message.
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
        let before = core.transcript.digest(self.parameters.hash);
        let signed = core.transcript.bytes().len();
        core.transcript.add(Version::V1_2, message.kind, message.sequence, &message.body);
        self.next = match (self.next, message.kind) {
            (Next::Certificate { offer }, HandshakeType::CERTIFICATE) => {
                let chain = CertificateChain::decode_1_2(&message.body)?;
                let certificate = identity::check(&core.config, Version::V1_2, &chain)?;
                Next::KeyExchange { offer, certificate }
            }
            (Next::KeyExchange { offer, certificate }, HandshakeType::CLIENT_KEY_EXCHANGE) => {
                let exchange = ClientKeyExchange::decode(&message.body)?;
                let shared = offer
                    .agree(&exchange.public)
                    .map_err(|_| AlertDescription::ILLEGAL_PARAMETER)?;
                let hash = self.parameters.hash;
                let master = if self.is_extended {
                    Master::extended(hash, shared.expose(), &core.transcript.digest(hash))
                } else {
                    Master::plain(hash, shared.expose(), &self.randoms)
                };
                core.log_key("CLIENT_RANDOM", &self.randoms.client, master.secret());
                let (client, server) = master.protections(&self.parameters, &self.randoms);
                core.records.read_with(1, client);
                core.records.write_with(1, server);
                Next::CertificateVerify { certificate, master }
            }
            (
                Next::CertificateVerify { certificate, master },
                HandshakeType::CERTIFICATE_VERIFY,
            ) => {
                let signature = CertificateVerify::decode(&message.body)?;
                let signed = core.transcript.bytes().get(..signed).unwrap_or_default();
                let key = certificate.public_key();
                identity::verify(Version::V1_2, key, &signature, &[signed])?;
                // Whoever signed this server's random has heard it.
                core.window = Window::Open;
                Next::Finished { certificate, master }
            }
            (Next::Finished { certificate, master }, HandshakeType::FINISHED) => {
                if !equal(&master.verify_data(true, &before), &message.body) {
                    return Err(AlertDescription::DECRYPT_ERROR.into());
                }
                core.start_flight(now);
                core.flight.add_change_cipher_spec();
                let transcript = core.transcript.digest(self.parameters.hash);
                let verify_data = master.verify_data(false, &transcript);
                core.say(1, HandshakeType::FINISHED, |body| body.bytes(&verify_data));
                core.send_last_flight(now);
                let agreed = Agreed {
                    version: Version::V1_2,
                    cipher_suite: self.suite,
                    group: self.group,
                    certificate,
                    client_random: self.randoms.client,
                };
                let connection = Connection::new_1_2(
                    agreed,
                    self.parameters,
                    master,
                    self.randoms,
                    self.is_extended,
                    self.srtp,
                );
                return Ok(Stage::Open(Box::new(connection)));
            }
            (_, HandshakeType(_)) => return Err(unexpected),
        };
        Ok(Stage::Server12(self))
    }
}

/// The first of this end's groups that the client knows. One that names none knows P-256 (RFC 8422
/// section 5.1).
fn choose_group(hello: &ClientHello, core: &Core) -> Result<NamedGroup, Failure> {
    let offered = match hello.extensions.get(ExtensionType::SUPPORTED_GROUPS) {
        Some(body) => supported_groups::decode(body)?,
        None => vec![NamedGroup::P256],
    };
    if let Some(body) = hello.extensions.get(ExtensionType::POINT_FORMATS)
        && !point_formats::decode(body)?.contains(&point_formats::UNCOMPRESSED)
    {
        return Err(AlertDescription::ILLEGAL_PARAMETER.into());
    }
    negotiation::groups(&core.config, Version::V1_2)
        .into_iter()
        .find(|group| offered.contains(group))
        .ok_or_else(|| AlertDescription::HANDSHAKE_FAILURE.into())
}

/// The scheme in which the server signs. A client that names none knows SHA-1 only (RFC 5246
/// section 7.4.1.4.1), which is not spoken here.
fn choose_scheme(hello: &ClientHello, core: &Core) -> Result<SignatureScheme, Failure> {
    let failure = Failure::from(AlertDescription::HANDSHAKE_FAILURE);
    let body = hello.extensions.get(ExtensionType::SIGNATURE_ALGORITHMS).ok_or(failure)?;
    let offered = signature_algorithms::decode(body)?;
    identity::choose_scheme(&core.config, &offered).ok_or(failure)
}

/// In a first handshake the extension is empty (RFC 5746 section 3.6).
fn check_renegotiation(hello: &ClientHello) -> Result<(), Failure> {
    match hello.extensions.get(ExtensionType::RENEGOTIATION_INFO) {
        Some(body) if !renegotiation_info::decode(body)?.is_empty() => {
            Err(AlertDescription::HANDSHAKE_FAILURE.into())
        }
        Some(_) | None => Ok(()),
    }
}

fn say_hello(
    suite: CipherSuite,
    random: [u8; 32],
    hello: &ClientHello,
    core: &mut Core,
) -> Result<Option<SrtpProfile>, Failure> {
    let mut extensions = Extensions::new();
    let is_secure = hello.extensions.has(ExtensionType::RENEGOTIATION_INFO)
        || hello.cipher_suites.contains(&CipherSuite::EMPTY_RENEGOTIATION_INFO);
    if is_secure {
        extensions.add(ExtensionType::RENEGOTIATION_INFO, renegotiation_info::encode_first);
    }
    if hello.extensions.has(ExtensionType::EXTENDED_MASTER_SECRET) {
        extensions.add(ExtensionType::EXTENDED_MASTER_SECRET, |_| {});
    }
    if hello.extensions.has(ExtensionType::POINT_FORMATS) {
        extensions.add(ExtensionType::POINT_FORMATS, point_formats::encode);
    }
    let srtp = answer_srtp(&hello.extensions, &mut extensions, core)?;
    answer_connection_id(&hello.extensions, &mut extensions, core)?;
    let answer = ServerHello {
        version: ProtocolVersion::DTLS_1_2,
        random,
        session_id: Vec::new(),
        cipher_suite: suite,
        extensions,
    };
    core.say(0, HandshakeType::SERVER_HELLO, |body| answer.encode(body));
    Ok(srtp)
}
