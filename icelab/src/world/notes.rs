//! Protocol events as the record's notes: typed fields under the names that reports read.

use icelab_dtls as dtls;
use icelab_ice as ice;
use icelab_peer::Event;
use icelab_sim::Value;
use icelab_sim::record::PayloadHash;
use icelab_turn as turn;

/// A note: its name and its fields.
pub(super) type Note = (&'static str, Vec<(&'static str, Value)>);

/// The note of a peer's event; `None` for what is noted elsewhere (signals, channels) or not at all (data).
pub(super) fn peer_note(event: &Event) -> Option<Note> {
    match event {
        Event::Signal(_) | Event::Data { .. } | Event::Channels(_) => None,
        Event::GatheringStarted => Some(("gather.started", vec![])),
        Event::CandidateGathered { candidate, base, server } => {
            let mut fields = vec![
                ("kind", candidate.kind.word().into()),
                ("transport", "udp".into()),
                ("address", address(candidate)),
                ("base", (*base).into()),
            ];
            fields.extend(server.map(|server| ("server", server.into())));
            Some(("gather.candidate", fields))
        }
        Event::GatheringFailed { local, server, reason } => {
            let mut fields = vec![("local", (*local).into())];
            fields.extend(server.map(|server| ("server", server.into())));
            fields.push(("reason", reason.name().into()));
            Some(("gather.failed", fields))
        }
        Event::GatheringDone => Some(("gather.done", vec![])),
        Event::Ice(event) => ice_note(event),
        Event::HandshakeStarted { role } => {
            let role = match role {
                dtls::Role::Client => "client",
                dtls::Role::Server => "server",
            };
            Some(("dtls.started", vec![("role", role.into())]))
        }
        Event::HandshakeSent { datagram } => {
            let payload = PayloadHash::of(datagram).to_string().into();
            Some(("dtls.sent", vec![("payload", payload)]))
        }
        Event::Dtls(event) => dtls_note(event),
        Event::Turn { server, event } => turn_note(*server, event),
        Event::AddressGone(address) => {
            Some(("interface.gone", vec![("address", (*address).into())]))
        }
        Event::Closed => Some(("peer.closed", vec![])),
    }
}

fn dtls_note(event: &dtls::Event) -> Option<Note> {
    Some(match event {
        dtls::Event::Data(_) | dtls::Event::KeyLog(_) | dtls::Event::ConnectionIds(_) => {
            return None;
        }
        dtls::Event::Retransmitted(times) => ("dtls.again", vec![("times", (*times).into())]),
        dtls::Event::Connected(connected) => {
            let mut fields = vec![
                ("version", connected.version.to_string().into()),
                ("suite", connected.cipher_suite.to_string().into()),
                ("group", connected.group.to_string().into()),
            ];
            let srtp = connected.srtp.as_ref();
            fields.extend(srtp.map(|srtp| ("srtp", srtp.profile.to_string().into())));
            ("dtls.connected", fields)
        }
        dtls::Event::Closed { reason } => {
            ("dtls.closed", vec![("reason", reason.to_string().into())])
        }
    })
}

fn ice_note(event: &ice::Event) -> Option<Note> {
    Some(match event {
        ice::Event::Data { .. } => return None,
        ice::Event::StateChanged(state) => ("ice.state", vec![("state", state.to_string().into())]),
        ice::Event::Selected { pair, .. } => (
            "ice.selected",
            vec![
                ("local_kind", pair.local.kind.word().into()),
                ("local", address(&pair.local)),
                ("base", pair.base.into()),
                ("remote_kind", pair.remote.kind.word().into()),
                ("remote", pair.destination.into()),
            ],
        ),
        ice::Event::Restarted { generation } => {
            ("ice.restart", vec![("generation", (*generation).into())])
        }
        ice::Event::PairAdded { local, local_kind, remote, remote_kind, priority, .. } => (
            "ice.pair",
            vec![
                ("local", (*local).into()),
                ("remote", (*remote).into()),
                ("local_kind", local_kind.word().into()),
                ("remote_kind", remote_kind.word().into()),
                ("priority", i64::try_from(*priority).unwrap_or(i64::MAX).into()),
            ],
        ),
        ice::Event::RoleSwitched(role) => {
            let role = match role {
                ice::Role::Controlling => "controlling",
                ice::Role::Controlled => "controlled",
            };
            ("ice.role", vec![("role", role.into())])
        }
        ice::Event::PeerReflexive { side, candidate, local } => {
            let side = match side {
                ice::Side::Local => "local",
                ice::Side::Remote => "remote",
            };
            let fields = vec![
                ("side", side.into()),
                ("address", address(candidate)),
                ("base", (*local).into()),
            ];
            ("ice.prflx", fields)
        }
        ice::Event::RemoteCandidateNamed { candidate } => (
            "ice.prflx.named",
            vec![("address", address(candidate)), ("kind", candidate.kind.word().into())],
        ),
        ice::Event::CandidateIgnored { candidate, why } => (
            "ice.candidate.ignored",
            vec![("address", address(candidate)), ("reason", ignored_word(*why).into())],
        ),
        ice::Event::Nominated { local, remote, .. } => {
            ("ice.nominated", vec![("local", (*local).into()), ("remote", (*remote).into())])
        }
        ice::Event::ConsentDoubtful { local, remote, .. } => {
            ("ice.consent.doubtful", vec![("local", (*local).into()), ("remote", (*remote).into())])
        }
        ice::Event::ConsentLost { local, remote, .. } => {
            ("ice.consent.lost", vec![("local", (*local).into()), ("remote", (*remote).into())])
        }
        check @ (ice::Event::CheckSent { .. }
        | ice::Event::CheckSucceeded { .. }
        | ice::Event::CheckFailed { .. }
        | ice::Event::RequestReceived { .. }
        | ice::Event::RequestRefused { .. }) => check_note(check)?,
    })
}

fn check_note(event: &ice::Event) -> Option<Note> {
    Some(match event {
        ice::Event::CheckSent { local, remote, purpose, nominating, attempt, request, .. } => (
            "ice.check.sent",
            vec![
                ("local", (*local).into()),
                ("remote", (*remote).into()),
                ("nominating", (*nominating).into()),
                ("purpose", purpose_word(*purpose).into()),
                ("attempt", (*attempt).into()),
                ("payload", PayloadHash::of(request).to_string().into()),
            ],
        ),
        ice::Event::CheckSucceeded { local, remote, mapped, purpose, nominating, .. } => (
            "ice.check.succeeded",
            vec![
                ("local", (*local).into()),
                ("remote", (*remote).into()),
                ("mapped", (*mapped).into()),
                ("nominating", (*nominating).into()),
                ("purpose", purpose_word(*purpose).into()),
            ],
        ),
        ice::Event::CheckFailed { local, remote, why, .. } => (
            "ice.check.failed",
            vec![
                ("local", (*local).into()),
                ("remote", (*remote).into()),
                ("reason", failure_words(*why).into()),
            ],
        ),
        ice::Event::RequestReceived { local, remote, nominating, .. } => (
            "ice.check.received",
            vec![
                ("local", (*local).into()),
                ("remote", (*remote).into()),
                ("nominating", (*nominating).into()),
            ],
        ),
        ice::Event::RequestRefused { local, remote, code } => (
            "ice.check.refused",
            vec![
                ("local", (*local).into()),
                ("remote", (*remote).into()),
                ("code", (*code).into()),
            ],
        ),
        ice::Event::Data { .. }
        | ice::Event::StateChanged(_)
        | ice::Event::Selected { .. }
        | ice::Event::Restarted { .. }
        | ice::Event::PairAdded { .. }
        | ice::Event::RoleSwitched(_)
        | ice::Event::PeerReflexive { .. }
        | ice::Event::RemoteCandidateNamed { .. }
        | ice::Event::CandidateIgnored { .. }
        | ice::Event::Nominated { .. }
        | ice::Event::ConsentDoubtful { .. }
        | ice::Event::ConsentLost { .. } => return None,
    })
}

fn turn_note(server: core::net::SocketAddr, event: &turn::Event) -> Option<Note> {
    let server = ("server", server.into());
    Some(match event {
        turn::Event::Data { .. } => return None,
        turn::Event::Allocated { relayed, mapped, lifetime, .. } => {
            let mut fields: Vec<(&'static str, Value)> =
                relayed.iter().map(|relayed| ("relayed", (*relayed).into())).collect();
            fields.extend([("mapped", (*mapped).into()), ("lifetime", (*lifetime).into()), server]);
            ("turn.allocated", fields)
        }
        turn::Event::Redirected { server: to } => {
            ("turn.redirected", vec![("to", (*to).into()), server])
        }
        turn::Event::Refreshed { lifetime } => {
            ("turn.refreshed", vec![("lifetime", (*lifetime).into()), server])
        }
        turn::Event::Released { relayed } => {
            ("turn.released", vec![("relayed", (*relayed).into()), server])
        }
        turn::Event::NonceChanged => ("turn.nonce", vec![server]),
        turn::Event::PermissionGranted { peer } => {
            ("turn.permission", vec![("peer", (*peer).into()), server])
        }
        turn::Event::PermissionFailed { peer, reason } => (
            "turn.permission.failed",
            vec![("peer", (*peer).into()), ("reason", reason.to_string().into()), server],
        ),
        turn::Event::ChannelBound { peer, number } => (
            "turn.channel",
            vec![("peer", (*peer).into()), ("number", number.get().into()), server],
        ),
        turn::Event::ChannelFailed { peer, reason, .. } => (
            "turn.channel.failed",
            vec![("peer", (*peer).into()), ("reason", reason.to_string().into()), server],
        ),
        turn::Event::Icmp { peer, kind, code, .. } => (
            "turn.icmp",
            vec![
                ("peer", (*peer).into()),
                ("type", u16::from(*kind).into()),
                ("code", (*code).into()),
                server,
            ],
        ),
        turn::Event::Closed { reason: turn::client::CloseReason::Requested } => {
            ("turn.closed", vec![server])
        }
        turn::Event::Closed { reason } => {
            ("turn.failed", vec![("reason", reason.to_string().into()), server])
        }
    })
}

fn address(candidate: &ice::Candidate) -> Value {
    match candidate.socket() {
        Some(address) => address.into(),
        None => candidate.address.to_string().into(),
    }
}

const fn purpose_word(purpose: ice::CheckPurpose) -> &'static str {
    match purpose {
        ice::CheckPurpose::Ordinary => "ordinary",
        ice::CheckPurpose::Triggered => "triggered",
        ice::CheckPurpose::Consent => "consent",
        ice::CheckPurpose::Standby => "standby",
        ice::CheckPurpose::Verification => "verification",
    }
}

fn failure_words(why: ice::CheckFailure) -> String {
    match why {
        ice::CheckFailure::TimedOut => "no answer".to_owned(),
        ice::CheckFailure::NotSymmetric => "answered from elsewhere".to_owned(),
        ice::CheckFailure::Refused { code } => format!("refused with {code}"),
        ice::CheckFailure::Unreachable => "unreachable".to_owned(),
    }
}

const fn ignored_word(why: ice::Ignored) -> &'static str {
    match why {
        ice::Ignored::Name => "its address is a name",
        ice::Ignored::Transport => "not for udp",
        ice::Ignored::Component => "no such component",
        ice::Ignored::Address => "cannot be sent to",
        ice::Ignored::OtherSession => "of another session",
        ice::Ignored::AfterEnd => "after the end of candidates",
        ice::Ignored::Limit => "too many",
        ice::Ignored::Duplicate => "known",
    }
}
