//! The server's view of hellos (RFC 6347 section 4.2.1, RFC 9147 section 5.1).
//!
//! 1. A hello comes. The version is the best that both speak.
//! 2. Where the address must be shown by a cookie, the hello is answered with one, and nothing else
//!    is kept but this end's secret: HelloVerifyRequest in 1.2, HelloRetryRequest in 1.3.
//! 3. `server_1_2` or `server_1_3` goes on.

use icelab_crypto::hmac::Hmac;
use icelab_crypto::{Hash, equal};
use icelab_sans_io::Instant;
use icelab_wire::Writer;

use super::failure::Failure;
use super::server_1_2::Server12;
use super::server_1_3::Server13;
use super::stage::Stage;
use super::{identity, negotiation};
use crate::config::AddressCheck;
use crate::core::Core;
use crate::discard::Discard;
use crate::reassembly::Message;
use crate::wire::alert::AlertDescription;
use crate::wire::client_hello::ClientHello;
use crate::wire::extension::key_share::{self, KeyShare};
use crate::wire::extension::{
    ExtensionType, Extensions, cookie, signature_algorithms, supported_groups, supported_versions,
};
use crate::wire::group::NamedGroup;
use crate::wire::handshake::HandshakeType;
use crate::wire::hello_verify_request::HelloVerifyRequest;
use crate::wire::scheme::SignatureScheme;
use crate::wire::server_hello::ServerHello;
use crate::wire::suite::{CipherSuite, Parameters};
use crate::wire::version::{ProtocolVersion, Version};

/// A server that has not chosen anything yet, or has asked for the hello again.
#[derive(Debug)]
pub(crate) struct AwaitingClientHello {
    /// Makes cookies, which nobody else can. Each connection has its own and serves one address, so that
    /// the address need not be in the cookie (RFC 9147 section 11).
    secret: [u8; 32],
    asked: Asked,
}

/// What the server wanted to be told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Nothing,
    Verify,
    Retry { suite: CipherSuite, group: Option<NamedGroup> },
}

/// What a client offers for 1.3.
pub(crate) struct Offer13 {
    pub(crate) hello: ClientHello,
    pub(crate) suite: CipherSuite,
    pub(crate) parameters: Parameters,
    pub(crate) scheme: SignatureScheme,
}

impl AwaitingClientHello {
    pub(crate) fn new(core: &mut Core) -> Self {
        Self { secret: core.rng.bytes(), asked: Asked::Nothing }
    }

    /// Takes a hello.
    pub(crate) fn handle(
        self,
        message: Message,
        core: &mut Core,
        now: Instant,
    ) -> Result<Stage, Failure> {
        if message.kind != HandshakeType::CLIENT_HELLO {
            return Err(AlertDescription::UNEXPECTED_MESSAGE.into());
        }
        let hello = ClientHello::decode(&message.body)?;
        if !hello.compression_methods.contains(&0) {
            return Err(AlertDescription::ILLEGAL_PARAMETER.into());
        }
        core.client_random = Some(hello.random);
        match (choose_version(&hello, core)?, self.asked) {
            (Version::V1_2, Asked::Nothing | Asked::Verify) => {
                self.go_on_1_2(&message, hello, core, now)
            }
            (Version::V1_3, Asked::Nothing | Asked::Retry { .. }) => {
                self.go_on_1_3(&message, hello, core, now)
            }
            (Version::V1_2 | Version::V1_3, _) => Err(AlertDescription::ILLEGAL_PARAMETER.into()),
        }
    }

    fn go_on_1_2(
        mut self,
        message: &Message,
        hello: ClientHello,
        core: &mut Core,
        now: Instant,
    ) -> Result<Stage, Failure> {
        // RFC 6347 section 4.2.1: the request, or the first ServerHello, has the hello's number.
        core.records.skip_to(core.current.sequence);
        if core.config.address == AddressCheck::Cookie {
            let wanted = self.cookie(&hello);
            if !equal(&wanted, &hello.cookie) {
                // RFC 6347 section 4.2.1: a wrong cookie is treated as none.
                if !hello.cookie.is_empty() {
                    core.discards.add(Discard::Cookie);
                }
                self.asked = Asked::Verify;
                core.start_flight(now);
                let request =
                    HelloVerifyRequest { version: ProtocolVersion::DTLS_1_0, cookie: wanted };
                let mut body = Writer::new();
                request.encode(&mut body);
                core.queue(0, HandshakeType::HELLO_VERIFY_REQUEST, body.into_vec());
                // Section 4.2.4: it is never repeated by a timer.
                core.send_last_flight(now);
                return Ok(Stage::AwaitingClientHello(self));
            }
            core.window = crate::core::Window::Open;
        }
        core.version = Some(Version::V1_2);
        core.transcript.add(Version::V1_2, message.kind, message.sequence, &message.body);
        let state = Server12::new(hello, core, now)?;
        Ok(Stage::Server12(Box::new(state)))
    }

    fn go_on_1_3(
        mut self,
        message: &Message,
        hello: ClientHello,
        core: &mut Core,
        now: Instant,
    ) -> Result<Stage, Failure> {
        // RFC 9147 section 5.3: 1.2's fields are empty.
        if !hello.cookie.is_empty() || hello.compression_methods != [0] {
            return Err(AlertDescription::ILLEGAL_PARAMETER.into());
        }
        let offer = offer_1_3(hello, core)?;
        // RFC 9147 section 5.1: what this end never gave is no valid cookie. Its client speaks to a
        // server that has lost its memory.
        let is_given = core.config.address == AddressCheck::Cookie
            && matches!(self.asked, Asked::Retry { .. });
        if offer.hello.extensions.has(ExtensionType::COOKIE) && !is_given {
            return Err(AlertDescription::ILLEGAL_PARAMETER.into());
        }
        let shares = required(&offer.hello.extensions, ExtensionType::KEY_SHARE)?;
        let shares = key_share::decode_offer(shares)?;
        let groups = required(&offer.hello.extensions, ExtensionType::SUPPORTED_GROUPS)?;
        let groups = supported_groups::decode(groups)?;
        let own = negotiation::groups(&core.config, Version::V1_3);
        let share =
            own.iter().find_map(|group| shares.iter().find(|share| share.group == *group)).cloned();
        let wanted = if share.is_none() {
            let group = own.iter().find(|group| groups.contains(group));
            Some(*group.ok_or(AlertDescription::HANDSHAKE_FAILURE)?)
        } else {
            None
        };
        let hash = offer.parameters.hash;
        core.version = Some(Version::V1_3);
        match self.asked {
            Asked::Nothing => {
                let must_show = core.config.address == AddressCheck::Cookie;
                if must_show || wanted.is_some() {
                    core.transcript.add(
                        Version::V1_3,
                        message.kind,
                        message.sequence,
                        &message.body,
                    );
                    core.transcript.condense(hash);
                    self.asked = Asked::Retry { suite: offer.suite, group: wanted };
                    self.ask_again(&offer, wanted, must_show, core, now);
                    return Ok(Stage::AwaitingClientHello(self));
                }
            }
            Asked::Retry { suite, group } => {
                let is_as_asked = suite == offer.suite
                    && group.is_none_or(|group| shares.iter().all(|share| share.group == group));
                if !is_as_asked {
                    return Err(AlertDescription::ILLEGAL_PARAMETER.into());
                }
                if core.config.address == AddressCheck::Cookie {
                    self.check_cookie(&offer.hello)?;
                    core.window = crate::core::Window::Open;
                }
            }
            Asked::Verify => return Err(AlertDescription::ILLEGAL_PARAMETER.into()),
        }
        let share: KeyShare = share.ok_or(AlertDescription::ILLEGAL_PARAMETER)?;
        core.transcript.add(Version::V1_3, message.kind, message.sequence, &message.body);
        let state = Server13::new(&offer, &share, core, now)?;
        Ok(Stage::Server13(Box::new(state)))
    }

    /// HelloRetryRequest (RFC 8446 section 4.1.4).
    fn ask_again(
        &self,
        offer: &Offer13,
        group: Option<NamedGroup>,
        with_cookie: bool,
        core: &mut Core,
        now: Instant,
    ) {
        let mut extensions = Extensions::new();
        extensions.add(ExtensionType::SUPPORTED_VERSIONS, |body| {
            supported_versions::encode_choice(ProtocolVersion::DTLS_1_3, body);
        });
        if let Some(group) = group {
            extensions.add(ExtensionType::KEY_SHARE, |body| body.u16(group.0));
        }
        if with_cookie {
            let token = self.cookie(&offer.hello);
            extensions.add(ExtensionType::COOKIE, |body| cookie::encode(&token, body));
        }
        let request = ServerHello {
            version: ProtocolVersion::DTLS_1_2,
            random: ServerHello::RETRY,
            session_id: Vec::new(),
            cipher_suite: offer.suite,
            extensions,
        };
        core.start_flight(now);
        core.say(0, HandshakeType::SERVER_HELLO, |body| request.encode(body));
        // RFC 9147 section 5.1: a request that carries a cookie is not repeated by a timer.
        core.send_last_flight(now);
    }

    fn check_cookie(&self, hello: &ClientHello) -> Result<(), Failure> {
        let token = required(&hello.extensions, ExtensionType::COOKIE)?;
        // RFC 9147 section 5.1: a wrong cookie ends the handshake.
        if equal(&cookie::decode(token)?, &self.cookie(hello)) {
            Ok(())
        } else {
            Err(AlertDescription::ILLEGAL_PARAMETER.into())
        }
    }

    /// What the client must send back: a code over what stays the same in its hellos.
    fn cookie(&self, hello: &ClientHello) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u16(hello.version.0);
        for suite in &hello.cipher_suites {
            writer.u16(suite.0);
        }
        let key = Hmac::new(Hash::Sha256, &self.secret);
        key.sign(&[&hello.random, &hello.session_id, writer.as_slice()]).to_vec()
    }
}

/// The best version that both speak (RFC 8446 section 4.2.1).
fn choose_version(hello: &ClientHello, core: &Core) -> Result<Version, Failure> {
    let offered = match hello.extensions.get(ExtensionType::SUPPORTED_VERSIONS) {
        Some(body) => supported_versions::decode_offer(body)?,
        // The numbers fall as versions rise: a client of 1.2 or better speaks 1.2.
        None if hello.version.0 <= ProtocolVersion::DTLS_1_2.0 => vec![ProtocolVersion::DTLS_1_2],
        None => Vec::new(),
    };
    [Version::V1_3, Version::V1_2]
        .into_iter()
        .find(|version| core.config.speaks(*version) && offered.contains(&version.number()))
        .ok_or_else(|| AlertDescription::PROTOCOL_VERSION.into())
}

/// The suite and the scheme for 1.3.
fn offer_1_3(hello: ClientHello, core: &Core) -> Result<Offer13, Failure> {
    let failure = AlertDescription::HANDSHAKE_FAILURE;
    let (suite, parameters) =
        negotiation::suite(&core.config, Version::V1_3, &hello.cipher_suites, |_| true)
            .ok_or(failure)?;
    let schemes = required(&hello.extensions, ExtensionType::SIGNATURE_ALGORITHMS)?;
    let schemes = signature_algorithms::decode(schemes)?;
    let scheme = identity::choose_scheme(&core.config, &schemes).ok_or(failure)?;
    Ok(Offer13 { hello, suite, parameters, scheme })
}

/// An extension that 1.3 cannot do without (RFC 8446 section 9.2).
fn required(extensions: &Extensions, kind: ExtensionType) -> Result<&[u8], Failure> {
    extensions.get(kind).ok_or_else(|| AlertDescription::MISSING_EXTENSION.into())
}
