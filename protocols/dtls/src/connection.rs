//! What is known once the handshake is over: who the peer is, and the secrets that go on.

use icelab_crypto::{Certificate, Secret};
use icelab_sans_io::Instant;

use crate::config::Role;
use crate::core::Core;
use crate::event::{Connected, ExportError, MasterKey, SrtpKeys};
use crate::handshake::failure::Failure;
use crate::handshake::stage::Stage;
use crate::keys::master::{Master, Randoms};
use crate::keys::schedule::{Application, Exporter, TrafficSecret};
use crate::post_handshake::{Post, PostHandshake, TooMany};
use crate::reassembly::Message;
use crate::wire::alert::AlertDescription;
use crate::wire::connection_id::{NewConnectionId, RequestConnectionId};
use crate::wire::extension::use_srtp::SrtpProfile;
use crate::wire::group::NamedGroup;
use crate::wire::handshake::HandshakeType;
use crate::wire::key_update::KeyUpdate;
use crate::wire::session_ticket::NewSessionTicket;
use crate::wire::suite::{CipherSuite, Parameters};
use crate::wire::version::Version;

/// What both ends agreed on.
#[derive(Clone, Debug)]
pub(crate) struct Agreed {
    pub(crate) version: Version,
    pub(crate) cipher_suite: CipherSuite,
    pub(crate) group: NamedGroup,
    pub(crate) certificate: Certificate,
    pub(crate) client_random: [u8; 32],
}

/// A connection whose handshake is over.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) agreed: Agreed,
    parameters: Parameters,
    secrets: Secrets,
    srtp: Option<SrtpProfile>,
}

/// What goes on after the handshake.
#[derive(Debug)]
enum Secrets {
    V1_2 {
        master: Master,
        randoms: Randoms,
        /// Whether the master secret is bound to the handshake (RFC 7627).
        is_extended: bool,
    },
    V1_3 {
        local: TrafficSecret,
        remote: TrafficSecret,
        exporter: Exporter,
        posts: Box<PostHandshake>,
    },
}

impl Connection {
    /// A connection of 1.2.
    pub(crate) const fn new_1_2(
        agreed: Agreed,
        parameters: Parameters,
        master: Master,
        randoms: Randoms,
        is_extended: bool,
        srtp: Option<SrtpProfile>,
    ) -> Self {
        let secrets = Secrets::V1_2 { master, randoms, is_extended };
        Self { agreed, parameters, secrets, srtp }
    }

    /// A connection of 1.3: installs the keys of epoch 3.
    pub(crate) fn new_1_3(
        agreed: Agreed,
        parameters: Parameters,
        application: Application,
        srtp: Option<SrtpProfile>,
        core: &mut Core,
    ) -> Self {
        let Application { sides, exporter } = application;
        let random = agreed.client_random;
        core.log_key("CLIENT_TRAFFIC_SECRET_0", &random, sides.client.secret());
        core.log_key("SERVER_TRAFFIC_SECRET_0", &random, sides.server.secret());
        core.log_key("EXPORTER_SECRET", &random, exporter.secret());
        let (local, remote) = match core.config.role {
            Role::Client => (sides.client, sides.server),
            Role::Server => (sides.server, sides.client),
        };
        core.records.read_with(3, remote.protection(parameters.cipher));
        core.records.write_with(3, local.protection(parameters.cipher));
        let posts = Box::default();
        let secrets = Secrets::V1_3 { local, remote, exporter, posts };
        Self { agreed, parameters, secrets, srtp }
    }

    /// What the owner is told.
    pub(crate) fn connected(&self, role: Role) -> Connected {
        Connected {
            version: self.agreed.version,
            cipher_suite: self.agreed.cipher_suite,
            group: self.agreed.group,
            srtp: self.srtp.map(|profile| self.srtp_keys(profile, role)),
            certificate: self.agreed.certificate.clone(),
        }
    }

    /// Keys for media (RFC 5764 section 4.2). They are made whatever the peer's master secret is bound
    /// to: media is bound to the peer by its fingerprint.
    fn srtp_keys(&self, profile: SrtpProfile, role: Role) -> SrtpKeys {
        let (key, salt) = profile.key_lengths().expect("only known profiles are agreed on");
        let mut block = vec![0; 2 * (key + salt)];
        self.derive(b"EXTRACTOR-dtls_srtp", None, &mut block).expect("the block is short");
        let (keys, salts) = block.split_at(2 * key);
        let (client_key, server_key) = keys.split_at(key);
        let (client_salt, server_salt) = salts.split_at(salt);
        let master =
            |key: &[u8], salt: &[u8]| MasterKey { key: Secret::new(key), salt: Secret::new(salt) };
        let client = master(client_key, client_salt);
        let server = master(server_key, server_salt);
        let (local, remote) = match role {
            Role::Client => (client, server),
            Role::Server => (server, client),
        };
        SrtpKeys { profile, local, remote }
    }

    /// Keying material for others (RFC 5705, RFC 8446 section 7.5), but for those of 1.2 whose master
    /// secret another connection may have, too (RFC 7627 section 5.4).
    pub(crate) fn export(
        &self,
        label: &[u8],
        context: Option<&[u8]>,
        output: &mut [u8],
    ) -> Result<(), ExportError> {
        match &self.secrets {
            Secrets::V1_2 { is_extended: false, .. } => Err(ExportError::Unbound),
            Secrets::V1_2 { .. } | Secrets::V1_3 { .. } => self.derive(label, context, output),
        }
    }

    fn derive(
        &self,
        label: &[u8],
        context: Option<&[u8]>,
        output: &mut [u8],
    ) -> Result<(), ExportError> {
        match &self.secrets {
            Secrets::V1_2 { master, randoms, .. } => {
                if context.is_some_and(|context| context.len() > usize::from(u16::MAX)) {
                    return Err(ExportError::TooLong);
                }
                master.export(randoms, label, context, output);
                Ok(())
            }
            Secrets::V1_3 { exporter, .. } => exporter
                .export(label, context.unwrap_or_default(), output)
                .map_err(|_| ExportError::TooLong),
        }
    }

    /// Takes a message after the handshake.
    pub(crate) fn handle(
        mut self: Box<Self>,
        message: Message,
        core: &mut Core,
        now: Instant,
    ) -> Result<Stage, Failure> {
        let unexpected = Failure::from(AlertDescription::UNEXPECTED_MESSAGE);
        if self.agreed.version == Version::V1_2 {
            // RFC 5746 section 4.2: a wish for another handshake is refused, and nothing else comes.
            core.send_alert(false, AlertDescription::NO_RENEGOTIATION);
            return Ok(Stage::Open(self));
        }
        if message.epoch < 3 {
            return Err(unexpected);
        }
        match message.kind {
            HandshakeType::NEW_SESSION_TICKET if core.config.role == Role::Client => {
                NewSessionTicket::decode(&message.body)?;
            }
            HandshakeType::KEY_UPDATE => {
                let update = KeyUpdate::decode(&message.body)?;
                self.follow_update(core)?;
                if update.is_requested {
                    self.update_keys(false, core, now);
                }
            }
            HandshakeType::REQUEST_CONNECTION_ID => {
                self.answer_request(RequestConnectionId::decode(&message.body)?, core, now)?;
            }
            HandshakeType::NEW_CONNECTION_ID => {
                self.take_ids(NewConnectionId::decode(&message.body)?, core)?;
            }
            HandshakeType(_) => return Err(unexpected),
        }
        Ok(Stage::Open(self))
    }

    /// The peer goes on under its next keys. Its old ones stay until it has used the new (RFC 9147 section
    /// 8): at least until it changes them again, which it only does then.
    fn follow_update(&mut self, core: &mut Core) -> Result<(), Failure> {
        if let Secrets::V1_3 { remote, .. } = &mut self.secrets {
            let last = core.records.read_epoch();
            // RFC 9147 section 6.1: an epoch does not wrap.
            let epoch = last.checked_add(1).ok_or(AlertDescription::INTERNAL_ERROR)?;
            *remote = remote.next();
            core.records.stop_reading_before(last);
            core.records.read_with(epoch, remote.protection(self.parameters.cipher));
        }
        Ok(())
    }

    /// Says that this end will change its keys (RFC 9147 section 8).
    pub(crate) fn update_keys(&mut self, with_peer: bool, core: &mut Core, now: Instant) {
        if let Some(posts) = self.posts() {
            let post = Post::KeyUpdate(KeyUpdate { is_requested: with_peer });
            // With so much under way the peer is gone, or the next wish does.
            let _: Result<(), TooMany> = posts.say(post, core, now);
        }
    }

    /// Takes the step that was waiting for an ACK: after a KeyUpdate the peer has heard of the new
    /// keys.
    pub(crate) fn flight_acknowledged(&mut self, core: &mut Core, now: Instant) {
        let Secrets::V1_3 { local, posts, .. } = &mut self.secrets else { return };
        if let Some(Post::KeyUpdate(_)) = posts.acknowledged() {
            *local = local.next();
            let epoch = core.records.write_epoch() + 1;
            core.records.write_with(epoch, local.protection(self.parameters.cipher));
            core.records.stop_writing_before(epoch);
        }
        posts.go_on(core, now);
    }

    /// Whether this end's keys have protected as many records as they may.
    pub(crate) fn are_keys_worn(&self, core: &Core) -> bool {
        matches!(&self.secrets, Secrets::V1_3 { posts, .. } if !posts.has_key_update())
            && core.records.sent(core.records.write_epoch()) >= core.config.records_per_key
    }

    /// What this end says after the handshake, in 1.3.
    pub(crate) fn posts(&mut self) -> Option<&mut PostHandshake> {
        match &mut self.secrets {
            Secrets::V1_2 { .. } => None,
            Secrets::V1_3 { posts, .. } => Some(posts),
        }
    }

    /// Whether a change of this end's keys is under way or due.
    pub(crate) fn is_updating(&self) -> bool {
        matches!(&self.secrets, Secrets::V1_3 { posts, .. } if posts.has_key_update())
    }
}

#[cfg(test)]
mod tests {
    use icelab_sans_io::Protocol;

    use super::*;
    use crate::dtls::Dtls;
    use crate::event::CloseReason;
    use crate::record::content::ContentType;
    use crate::testing::{closed, connected, drain, exchange, message, tell};

    /// Has `from` say a handshake message that it never would say, and `to` hear it. Gives what `to`
    /// answers, and why it closed, if it did.
    fn say(
        from: &mut Dtls,
        to: &mut Dtls,
        kind: HandshakeType,
        sequence: u16,
        body: &[u8],
    ) -> (Vec<Vec<u8>>, Option<CloseReason>) {
        let (packets, events) =
            tell(from, to, ContentType::HANDSHAKE, &message(kind, sequence, body));
        (packets, closed(&events))
    }

    fn failed(description: AlertDescription) -> Option<CloseReason> {
        Some(CloseReason::Failed(description))
    }

    /// RFC 5746 section 4.2, RFC 6347 section 4.2.2: it begins at number 0 again.
    #[test]
    fn renegotiation_is_refused_and_the_connection_stays() {
        let (mut client, mut server) = connected(Version::V1_2, None);
        let (answers, reason) =
            say(&mut client, &mut server, HandshakeType::CLIENT_HELLO, 0, &[0; 60]);
        assert_eq!((answers.len(), reason), (1, None));
        for answer in answers {
            client.handle_input(answer, Instant::START);
        }
        let (answers, reason) = say(&mut server, &mut client, HandshakeType::HELLO_REQUEST, 0, &[]);
        assert_eq!((answers.len(), reason), (1, None));
        for answer in answers {
            server.handle_input(answer, Instant::START);
        }
        assert!(client.is_connected() && server.is_connected());
        // RFC 6347 section 4.1: no epoch comes again, or wraps, where none follows.
        let epochs = [&client, &server].map(|end| end.core.records.write_epoch());
        assert_eq!(epochs, [1, 1]);
    }

    // A -> KeyUpdate                 Z
    // A <- [ACK]                     Z   late
    // A -> KeyUpdate, new keys       Z
    /// RFC 9147 sections 5.8.4 and 8: no second KeyUpdate before the first one is acknowledged, and
    /// nothing under the new keys. The wishes in between become one.
    #[test]
    fn a_key_update_waits_for_the_ack_of_the_one_before() {
        let (mut client, mut server) = connected(Version::V1_3, None);
        let now = Instant::START;
        let first = client.core.next_message;
        client.update_keys(false, now);
        let update = drain(&mut client).0;
        assert_eq!(update.len(), 1);
        for _ in 0..3 {
            client.update_keys(false, now);
            client.send(b"data", now).unwrap();
        }
        assert_eq!(client.core.records.write_epoch(), 3);
        assert_eq!(client.core.next_message, first + 1);
        let data = drain(&mut client).0;
        assert_eq!(data.len(), 3);
        for packet in update.into_iter().chain(data) {
            server.handle_input(packet, now);
        }
        exchange(&mut server, &mut client, now);
        assert_eq!(client.core.next_message, first + 2);
        exchange(&mut server, &mut client, now);
        assert_eq!(client.core.records.write_epoch(), 5);
        assert_eq!(server.core.records.read_epoch(), 5);
    }

    // A <- NewConnectionId              Z
    // A -> RequestConnectionId          Z
    // A <- [ACK]                        Z   no other NewConnectionId yet
    // A -> [ACK]                        Z
    // A <- NewConnectionId              Z
    /// RFC 9147 sections 5.8.4 and 9: never more than one NewConnectionId outstanding.
    #[test]
    fn new_ids_wait_for_the_ack_of_those_before() {
        let (mut client, mut server) = connected(Version::V1_3, Some(vec![7]));
        let now = Instant::START;
        let first = server.core.next_message;
        server.give_connection_ids(vec![vec![8]], false, now).unwrap();
        let given = drain(&mut server).0;
        let next = client.core.next_message;
        let kind = HandshakeType::REQUEST_CONNECTION_ID;
        let (answers, reason) = say(&mut client, &mut server, kind, next, &[1]);
        assert_eq!((answers.len(), reason), (1, None));
        assert_eq!(server.core.next_message, first + 1);
        for packet in given {
            client.handle_input(packet, now);
        }
        exchange(&mut client, &mut server, now);
        assert_eq!(server.core.next_message, first + 2);
    }

    /// RFC 9147 section 8: the keys before an update are kept until something came under the new ones,
    /// however often the update is repeated.
    #[test]
    fn the_old_keys_serve_until_the_new_ones_are_used() {
        let (mut client, mut server) = connected(Version::V1_3, None);
        let now = Instant::START;
        client.update_keys(false, now);
        for packet in drain(&mut client).0 {
            server.handle_input(packet, now);
        }
        // The ACK is lost, again and again.
        for _ in 0..5 {
            assert!(!drain(&mut server).0.is_empty());
            client.send(b"old keys", now).unwrap();
            let deadline = client.poll_timeout().unwrap().at;
            client.handle_timeout(deadline);
            let (packets, _) = drain(&mut client);
            assert!(packets.len() > 1);
            for packet in packets {
                server.handle_input(packet, deadline);
            }
            assert_eq!(server.core.records.read_epoch(), 4);
        }
        assert_eq!(server.discards(), &crate::Discards::default());
    }

    /// RFC 9147 section 9: where none were agreed on, or in the other direction only.
    #[test]
    fn connection_ids_that_nobody_agreed_on_end_the_connection() {
        let unexpected = failed(AlertDescription::UNEXPECTED_MESSAGE);
        let ids = [0, 3, 2, 7, 7, 1];
        for own in [None, Some(Vec::new())] {
            let (mut client, mut server) = connected(Version::V1_3, own.clone());
            let next = client.core.next_message;
            let kind = HandshakeType::NEW_CONNECTION_ID;
            assert_eq!(say(&mut client, &mut server, kind, next, &ids).1, unexpected);
            let (mut client, mut server) = connected(Version::V1_3, own);
            let kind = HandshakeType::REQUEST_CONNECTION_ID;
            assert_eq!(say(&mut client, &mut server, kind, next, &[1]).1, unexpected);
        }
    }

    /// RFC 8446 sections 4.6 and 4.6.3, RFC 9147 section 9.
    #[test]
    fn what_has_no_place_after_the_handshake_ends_the_connection() {
        let unexpected = failed(AlertDescription::UNEXPECTED_MESSAGE);
        let illegal = failed(AlertDescription::ILLEGAL_PARAMETER);
        let cases: [(HandshakeType, &[u8], _); 6] = [
            (HandshakeType::FINISHED, &[0; 32], unexpected),
            (HandshakeType::CERTIFICATE_REQUEST, &[0, 0, 0], unexpected),
            (HandshakeType::NEW_SESSION_TICKET, &[0; 16], unexpected),
            (HandshakeType::KEY_UPDATE, &[2], illegal),
            (HandshakeType::NEW_CONNECTION_ID, &[0, 0, 0], illegal),
            (HandshakeType::NEW_CONNECTION_ID, &[0, 1, 0, 1], illegal),
        ];
        for (kind, body, expected) in cases {
            let (mut client, mut server) = connected(Version::V1_3, Some(vec![7]));
            let next = client.core.next_message;
            let (_, reason) = say(&mut client, &mut server, kind, next, body);
            assert_eq!(reason, expected, "{kind:?} {body:?}");
        }
    }

    /// RFC 8446 section 4.6.1: a ticket is acknowledged and left aside.
    #[test]
    fn a_ticket_is_acknowledged_and_left_aside() {
        let (mut client, mut server) = connected(Version::V1_3, None);
        let next = server.core.next_message;
        let ticket = [0, 0, 0, 9, 1, 2, 3, 4, 0, 0, 1, 5, 0, 0];
        let kind = HandshakeType::NEW_SESSION_TICKET;
        let (answers, reason) = say(&mut server, &mut client, kind, next, &ticket);
        assert_eq!((answers.len(), reason), (1, None));
    }

    /// RFC 9147 section 9: at most so many wait for an answer at once.
    #[test]
    fn whoever_asks_for_ids_without_end_is_left() {
        let (mut client, mut server) = connected(Version::V1_3, Some(vec![7]));
        let kind = HandshakeType::REQUEST_CONNECTION_ID;
        let mut last = None;
        for more in 0..12 {
            let next = client.core.next_message + more;
            last = last.or(say(&mut client, &mut server, kind, next, &[1]).1);
        }
        assert_eq!(last, failed(AlertDescription::TOO_MANY_CIDS_REQUESTED));
    }

    /// RFC 9147 section 8: a sender's epochs end at 2^48 - 1, whatever the peer wants.
    #[test]
    fn no_key_update_goes_beyond_the_last_epoch() {
        let (mut client, mut server) = connected(Version::V1_3, None);
        let Stage::Open(connection) = &client.stage else { panic!("it is open") };
        let Secrets::V1_3 { local, .. } = &connection.secrets else { panic!("it is 1.3") };
        let last = (1 << 48) - 1;
        client.core.records.write_with(last, local.protection(connection.parameters.cipher));
        client.update_keys(true, Instant::START);
        assert!(drain(&mut client).0.is_empty());
        server.update_keys(true, Instant::START);
        exchange(&mut server, &mut client, Instant::START);
        assert_eq!(client.core.records.write_epoch(), last);
    }

    /// The keys under which `end` of 1.3 hears, put in the place of those of `epoch`.
    fn hear_in(end: &mut Dtls, epoch: u64) {
        let Stage::Open(connection) = &end.stage else { panic!("it is open") };
        let Secrets::V1_3 { remote, .. } = &connection.secrets else { panic!("it is 1.3") };
        let protection = remote.protection(connection.parameters.cipher);
        end.core.records.read_with(epoch, protection);
    }

    /// RFC 9147 section 8: the limit of 2^48 - 1 is the sender's own; receivers do not enforce it.
    #[test]
    fn a_peer_may_go_beyond_the_epoch_where_this_end_would_stop() {
        let (mut client, mut server) = connected(Version::V1_3, None);
        hear_in(&mut server, (1 << 48) - 1);
        let next = client.core.next_message;
        let (answers, reason) =
            say(&mut client, &mut server, HandshakeType::KEY_UPDATE, next, &[0]);
        assert_eq!((answers.len(), reason), (1, None));
        assert_eq!(server.core.records.read_epoch(), 1 << 48);
        let Stage::Open(connection) = &client.stage else { panic!("it is open") };
        let Secrets::V1_3 { local, .. } = &connection.secrets else { panic!("it is 1.3") };
        let protection = local.next().protection(connection.parameters.cipher);
        client.core.records.write_with(1 << 48, protection);
        client.send(b"data", Instant::START).unwrap();
        exchange(&mut client, &mut server, Instant::START);
        assert!(server.is_connected());
        assert_eq!(server.discards(), &crate::Discards::default());
    }

    /// RFC 9147 section 6.1: an epoch that would have to wrap ends the connection.
    #[test]
    fn a_peer_whose_epoch_would_wrap_is_left() {
        let (mut client, mut server) = connected(Version::V1_3, None);
        hear_in(&mut server, u64::MAX);
        let next = client.core.next_message;
        let (_, reason) = say(&mut client, &mut server, HandshakeType::KEY_UPDATE, next, &[0]);
        assert_eq!(reason, failed(AlertDescription::INTERNAL_ERROR));
    }

    /// Message numbers must not come twice: RFC 9147 section 5.2 tells messages apart by them.
    #[test]
    fn nothing_is_said_once_the_numbers_are_used_up() {
        let (mut client, _) = connected(Version::V1_3, None);
        client.core.next_message = u16::MAX;
        client.update_keys(false, Instant::START);
        assert!(drain(&mut client).0.is_empty());
    }

    /// RFC 6347 section 4.1, RFC 9147 section 4.2.1: a sequence number never wraps; nothing is sent rather
    /// than that.
    #[test]
    fn nothing_is_sent_once_the_records_numbers_are_used_up() {
        for (version, epoch) in [(Version::V1_2, 1), (Version::V1_3, 3)] {
            let (mut client, _) = connected(version, None);
            client.core.records.use_up(epoch);
            client.send(b"too much", Instant::START).unwrap();
            client.close(Instant::START);
            assert!(drain(&mut client).0.is_empty());
        }
    }
}
