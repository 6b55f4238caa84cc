//! The client's hello, and the server's answer to it (RFC 6347 section 4.2.1, RFC 9147 sections 5.1
//! to 5.4).
//!
//! 1. [`start`] sends a ClientHello for all versions that may be spoken.
//! 2. A server of 1.2 may want it again with a cookie (HelloVerifyRequest), one of 1.3 with a cookie
//!    or another key share (HelloRetryRequest): once.
//! 3. The ServerHello says the version.

use icelab_crypto::agreement::Offer;
use icelab_sans_io::Instant;
use icelab_wire::Writer;

use super::client_1_2::Client12;
use super::client_1_3::Client13;
use super::failure::Failure;
use super::identity::SCHEMES;
use super::negotiation;
use super::stage::Stage;
use crate::core::Core;
use crate::reassembly::Message;
use crate::wire::alert::AlertDescription;
use crate::wire::client_hello::ClientHello;
use crate::wire::extension::key_share::{self, KeyShare};
use crate::wire::extension::use_srtp::UseSrtp;
use crate::wire::extension::{
    ExtensionType, Extensions, connection_id, cookie, point_formats, renegotiation_info,
    signature_algorithms, supported_groups, supported_versions,
};
use crate::wire::group::NamedGroup;
use crate::wire::handshake::HandshakeType;
use crate::wire::hello_verify_request::HelloVerifyRequest;
use crate::wire::server_hello::ServerHello;
use crate::wire::suite::CipherSuite;
use crate::wire::version::{ProtocolVersion, Version};

/// A client that has sent its hello.
#[derive(Debug)]
pub(crate) struct AwaitingServerHello {
    pub(crate) hello: ClientHello,
    /// The number that the hello was sent under.
    sequence: u16,
    /// The private keys to the shares that were offered.
    offers: Vec<(NamedGroup, Offer)>,
    retried: Retried,
}

/// Whether the server wanted the hello again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retried {
    No,
    /// By HelloVerifyRequest, this often: 1.2 will follow.
    Verified(u32),
    /// By HelloRetryRequest, which names the suite.
    Retry(CipherSuite),
}

/// Sends the first hello.
pub(crate) fn start(core: &mut Core, now: Instant) -> Stage {
    let mut offers = Vec::new();
    if core.config.speaks(Version::V1_3) {
        let groups = negotiation::groups(&core.config, Version::V1_3);
        for named in groups.into_iter().take(core.config.key_shares) {
            offers.extend(offer(named, core));
        }
    }
    let hello = hello(core, &offers);
    core.client_random = Some(hello.random);
    let mut state = AwaitingServerHello { hello, sequence: 0, offers, retried: Retried::No };
    state.send(core, now);
    Stage::AwaitingServerHello(Box::new(state))
}

fn offer(named: NamedGroup, core: &mut Core) -> Option<(NamedGroup, Offer)> {
    Some((named, Offer::new(negotiation::group(named)?, &mut core.rng)))
}

/// The hello with all that this end can do.
fn hello(core: &mut Core, offers: &[(NamedGroup, Offer)]) -> ClientHello {
    let random = core.rng.bytes();
    let config = &core.config;
    let mut cipher_suites = Vec::new();
    let mut versions = Vec::new();
    let mut groups = Vec::new();
    for version in [Version::V1_3, Version::V1_2] {
        if config.speaks(version) {
            versions.push(version.number());
            cipher_suites.extend(config.suites(version));
            for named in negotiation::groups(config, version) {
                if !groups.contains(&named) {
                    groups.push(named);
                }
            }
        }
    }
    let mut extensions = Extensions::new();
    extensions.add(ExtensionType::SUPPORTED_GROUPS, |body| supported_groups::encode(&groups, body));
    extensions.add(ExtensionType::SIGNATURE_ALGORITHMS, |body| {
        signature_algorithms::encode(&SCHEMES, body);
    });
    if !config.srtp_profiles.is_empty() {
        let offer = UseSrtp { profiles: config.srtp_profiles.clone(), mki: Vec::new() };
        extensions.add(ExtensionType::USE_SRTP, |body| offer.encode(body));
    }
    if config.speaks(Version::V1_2) {
        extensions.add(ExtensionType::POINT_FORMATS, point_formats::encode);
        extensions.add(ExtensionType::EXTENDED_MASTER_SECRET, |_| {});
        extensions.add(ExtensionType::RENEGOTIATION_INFO, renegotiation_info::encode_first);
    }
    if let Some(id) = &config.connection_id {
        extensions.add(ExtensionType::CONNECTION_ID, |body| connection_id::encode(id, body));
    }
    if config.speaks(Version::V1_3) {
        extensions.add(ExtensionType::SUPPORTED_VERSIONS, |body| {
            supported_versions::encode_offer(&versions, body);
        });
        extensions.add(ExtensionType::KEY_SHARE, |body| encode_shares(offers, body));
    }
    // RFC 9147 sections 5.1 and 5.3: what 1.3 does not use says 1.2, or is empty.
    ClientHello {
        version: ProtocolVersion::DTLS_1_2,
        random,
        session_id: Vec::new(),
        cookie: Vec::new(),
        cipher_suites,
        compression_methods: vec![0],
        extensions,
    }
}

fn encode_shares(offers: &[(NamedGroup, Offer)], body: &mut Writer) {
    let shares: Vec<KeyShare> = offers
        .iter()
        .map(|(group, offer)| KeyShare { group: *group, public: offer.share().to_vec() })
        .collect();
    key_share::encode_offer(&shares, body);
}

impl AwaitingServerHello {
    /// Takes the server's answer.
    pub(crate) fn handle(
        mut self: Box<Self>,
        message: Message,
        core: &mut Core,
        now: Instant,
    ) -> Result<Stage, Failure> {
        match message.kind {
            HandshakeType::HELLO_VERIFY_REQUEST => {
                let request = HelloVerifyRequest::decode(&message.body)?;
                // RFC 6347 section 4.2.1: what the hello says stays the same, the cookie apart. The
                // server may want another one, if its key has changed.
                let before = match self.retried {
                    Retried::No => 0,
                    Retried::Verified(times) => times,
                    Retried::Retry(_) => MOST_COOKIES,
                };
                if before == MOST_COOKIES || !core.config.speaks(Version::V1_2) {
                    return Err(AlertDescription::UNEXPECTED_MESSAGE.into());
                }
                self.retried = Retried::Verified(before + 1);
                self.hello.cookie = request.cookie;
                self.send(core, now);
                Ok(Stage::AwaitingServerHello(self))
            }
            HandshakeType::SERVER_HELLO => {
                let hello = ServerHello::decode(&message.body)?;
                match chosen_version(&hello, core)? {
                    Version::V1_2 => self.go_on_1_2(&message, hello, core),
                    Version::V1_3 if hello.is_retry() => self.retry(&message, &hello, core, now),
                    Version::V1_3 => self.go_on_1_3(&message, &hello, core, now),
                }
            }
            HandshakeType(_) => Err(AlertDescription::UNEXPECTED_MESSAGE.into()),
        }
    }

    fn send(&mut self, core: &mut Core, now: Instant) {
        core.start_flight(now);
        self.sequence = core.next_message;
        core.queue(0, HandshakeType::CLIENT_HELLO, self.body());
        core.send_flight(now);
    }

    fn body(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.hello.encode(&mut writer);
        writer.into_vec()
    }

    /// HelloRetryRequest (RFC 8446 section 4.1.4, RFC 9147 section 5.1): the same hello with the share or the cookie that
    /// the server wants.
    fn retry(
        mut self: Box<Self>,
        message: &Message,
        request: &ServerHello,
        core: &mut Core,
        now: Instant,
    ) -> Result<Stage, Failure> {
        if self.retried != Retried::No {
            return Err(AlertDescription::UNEXPECTED_MESSAGE.into());
        }
        let suite = self.suite(request)?;
        let mut answers = request.extensions.clone();
        // The only one that nobody asked for (RFC 8446 section 4.2).
        answers.remove(ExtensionType::COOKIE);
        negotiation::check_answers(&self.hello.extensions, &answers, &negotiation::FIT_RETRY)?;
        if !request.session_id.is_empty() {
            return Err(AlertDescription::ILLEGAL_PARAMETER.into());
        }
        let hash = suite.parameters().ok_or(AlertDescription::ILLEGAL_PARAMETER)?.hash;
        core.version = Some(Version::V1_3);
        // The hello as it was sent, before it changes.
        self.transcribe(core);
        core.transcript.condense(hash);
        core.transcript.add(Version::V1_3, message.kind, message.sequence, &message.body);
        let wanted = request.extensions.get(ExtensionType::KEY_SHARE);
        let wanted = wanted.map(key_share::decode_retry).transpose()?;
        let token =
            request.extensions.get(ExtensionType::COOKIE).map(cookie::decode).transpose()?;
        if let Some(named) = wanted {
            // RFC 8446 section 4.2.8: one that was offered, and not one whose share was sent.
            let is_known = negotiation::groups(&core.config, Version::V1_3).contains(&named);
            if !is_known || self.offers.iter().any(|(other, _)| *other == named) {
                return Err(AlertDescription::ILLEGAL_PARAMETER.into());
            }
            self.offers = offer(named, core).into_iter().collect();
            self.hello.extensions.remove(ExtensionType::KEY_SHARE);
            let offers = &self.offers;
            self.hello.extensions.add(ExtensionType::KEY_SHARE, |body| encode_shares(offers, body));
        } else if token.is_none() {
            // RFC 8446 section 4.1.4: a request that changes nothing.
            return Err(AlertDescription::ILLEGAL_PARAMETER.into());
        }
        if let Some(token) = token {
            self.hello.extensions.add(ExtensionType::COOKIE, |body| cookie::encode(&token, body));
        }
        self.retried = Retried::Retry(suite);
        self.send(core, now);
        Ok(Stage::AwaitingServerHello(self))
    }

    fn go_on_1_3(
        &self,
        message: &Message,
        hello: &ServerHello,
        core: &mut Core,
        now: Instant,
    ) -> Result<Stage, Failure> {
        let suite = self.suite(hello)?;
        // RFC 8446 section 4.1.4: the suite of the retry stands.
        if matches!(self.retried, Retried::Retry(earlier) if earlier != suite)
            || matches!(self.retried, Retried::Verified(_))
            || !hello.session_id.is_empty()
        {
            return Err(AlertDescription::ILLEGAL_PARAMETER.into());
        }
        negotiation::check_answers(
            &self.hello.extensions,
            &hello.extensions,
            &negotiation::FIT_HELLO,
        )?;
        let share = hello
            .extensions
            .get(ExtensionType::KEY_SHARE)
            .ok_or(AlertDescription::MISSING_EXTENSION)?;
        let share = key_share::decode_choice(share)?;
        let (group, offer) = self
            .offers
            .iter()
            .find(|(group, _)| *group == share.group)
            .ok_or(AlertDescription::ILLEGAL_PARAMETER)?;
        let shared = offer.agree(&share.public).map_err(|_| AlertDescription::ILLEGAL_PARAMETER)?;
        core.version = Some(Version::V1_3);
        self.transcribe(core);
        core.transcript.add(Version::V1_3, message.kind, message.sequence, &message.body);
        negotiation::take_connection_id(&hello.extensions, core)?;
        core.start_flight(now);
        // This is the first record of the flight that ACKs will be about.
        core.note_received(core.current);
        let state = Client13::new(suite, *group, &shared, &self.hello, core)?;
        Ok(Stage::Client13(Box::new(state)))
    }

    fn go_on_1_2(
        &self,
        message: &Message,
        hello: ServerHello,
        core: &mut Core,
    ) -> Result<Stage, Failure> {
        let suite = self.suite(&hello)?;
        // RFC 8446 section 4.1.3: somebody made the server believe that 1.3 is not spoken.
        let is_marked = [ServerHello::DOWNGRADE, ServerHello::DOWNGRADE_1_1]
            .iter()
            .any(|mark| hello.random.ends_with(mark));
        let is_downgraded = core.config.speaks(Version::V1_3) && is_marked;
        if is_downgraded || matches!(self.retried, Retried::Retry(_)) {
            return Err(AlertDescription::ILLEGAL_PARAMETER.into());
        }
        core.version = Some(Version::V1_2);
        self.transcribe(core);
        core.transcript.add(Version::V1_2, message.kind, message.sequence, &message.body);
        let state = Client12::new(suite, &self.hello, hello, core)?;
        Ok(Stage::Client12(Box::new(state)))
    }

    /// The suite that the server chose, if it was offered and is of the version.
    fn suite(&self, hello: &ServerHello) -> Result<CipherSuite, Failure> {
        let suite = hello.cipher_suite;
        let version = if hello.extensions.has(ExtensionType::SUPPORTED_VERSIONS) {
            Version::V1_3
        } else {
            Version::V1_2
        };
        let is_of_version =
            suite.parameters().is_some_and(|parameters| parameters.version() == version);
        if is_of_version && self.hello.cipher_suites.contains(&suite) {
            Ok(suite)
        } else {
            Err(AlertDescription::ILLEGAL_PARAMETER.into())
        }
    }

    /// Puts the hello that was last sent into the transcript.
    fn transcribe(&self, core: &mut Core) {
        let version = core.version.expect("the caller has just set it");
        core.transcript.add(version, HandshakeType::CLIENT_HELLO, self.sequence, &self.body());
    }
}

/// The version that the server chose, if it may be spoken. What stands in `supported_versions` can
/// only be 1.3, and must have been offered (RFC 8446 section 4.2.1).
fn chosen_version(hello: &ServerHello, core: &Core) -> Result<Version, Failure> {
    match hello.extensions.get(ExtensionType::SUPPORTED_VERSIONS) {
        Some(body) => {
            let number = supported_versions::decode_choice(body)?;
            if number == ProtocolVersion::DTLS_1_3 && core.config.speaks(Version::V1_3) {
                Ok(Version::V1_3)
            } else {
                Err(AlertDescription::ILLEGAL_PARAMETER.into())
            }
        }
        None if hello.version == ProtocolVersion::DTLS_1_2 && core.config.speaks(Version::V1_2) => {
            Ok(Version::V1_2)
        }
        None => Err(AlertDescription::PROTOCOL_VERSION.into()),
    }
}

/// How many cookies a server may ask for before it is left.
const MOST_COOKIES: u32 = 8;

#[cfg(test)]
mod tests {
    use icelab_sans_io::Protocol;

    use super::*;
    use crate::event::ExportError;
    use crate::testing::{apart, drain, exchange};

    /// RFC 7627 sections 5.2 and 5.4: with a client that does not know the extension, both ends use
    /// the master secret of old, and nothing is exported from it.
    #[test]
    fn without_the_extended_master_secret_there_is_data_but_no_exporter() {
        let (mut client, mut server) = apart(Version::V1_2, None);
        drain(&mut client);
        let Stage::AwaitingServerHello(state) = &mut client.stage else { panic!("it is") };
        state.hello.extensions.remove(ExtensionType::EXTENDED_MASTER_SECRET);
        client.core.next_message = 0;
        state.send(&mut client.core, Instant::START);
        exchange(&mut client, &mut server, Instant::START);
        assert!(client.is_connected() && server.is_connected());
        client.send(b"data", Instant::START).unwrap();
        for packet in drain(&mut client).0 {
            server.handle_input(packet, Instant::START);
        }
        assert_eq!(drain(&mut server).1.len(), 1);
        for end in [&client, &server] {
            let exported = end.export(b"EXPERIMENTAL label", None, &mut [0; 16]);
            assert_eq!(exported, Err(ExportError::Unbound));
        }
    }

    // A -> ClientHello (0)              Z
    // A <- HelloVerifyRequest (0)       Z
    // A -> ClientHello (1, cookie)      Z
    // A <- ServerHello (1) ..           Z
    /// RFC 6347 sections 4.2.1 and 4.2.6: the first hello and the HelloVerifyRequest are in nobody's
    /// transcript.
    #[test]
    fn a_hello_verify_request_begins_the_transcript_anew() {
        let (mut client, mut server) = apart(Version::V1_2, None);
        server.core.config.address = crate::config::AddressCheck::Cookie;
        for _ in 0..2 {
            for packet in drain(&mut client).0 {
                server.handle_input(packet, Instant::START);
            }
            for packet in drain(&mut server).0 {
                client.handle_input(packet, Instant::START);
            }
        }
        for (end, what) in [(&client, "the client's"), (&server, "the server's")] {
            let bytes = end.core.transcript.bytes();
            let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
            // A hello of the number 1; after it, the server's.
            assert_eq!((bytes[0], bytes[5]), (1, 1), "{what}");
            assert_eq!((bytes[12 + length], bytes[12 + length + 5]), (2, 1), "{what}");
        }
    }
}
