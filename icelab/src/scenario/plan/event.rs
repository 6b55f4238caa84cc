//! What happens on the way.

use core::time::Duration;

use icelab_sim::link::LinkChange;

use super::Cable;

/// Something that happens on the way.
#[derive(Clone, Debug)]
pub struct Event {
    /// When, since the start of the run.
    pub at: Duration,
    /// What.
    pub action: Action,
}

/// What an event does.
#[derive(Clone, Debug)]
pub enum Action {
    /// A gateway loses its NAT and firewall state.
    Reboot {
        /// The gateway.
        gateway: String,
    },
    /// A gateway loses its state and gets other outside addresses.
    Rebind {
        /// The gateway.
        gateway: String,
    },
    /// A cable carries nothing any more, and nobody is told.
    Cut(Cable),
    /// A cable that was cut works again.
    Heal(Cable),
    /// A cable changes.
    Set {
        /// Which cable.
        cable: Cable,
        /// What changes towards the internet.
        up: Box<LinkChange>,
        /// What changes from the internet.
        down: Box<LinkChange>,
    },
    /// From now on, the packets with these numbers among those that match are dropped on their way.
    Drop(DropRule),
    /// A peer restarts ICE.
    RestartIce {
        /// The peer.
        peer: String,
    },
    /// A peer leaves the call.
    Close {
        /// The peer.
        peer: String,
    },
    /// A peer reads its data channels no more.
    Pause {
        /// The peer.
        peer: String,
    },
    /// A peer that paused reads its data channels again.
    Resume {
        /// The peer.
        peer: String,
    },
}

/// Which packets an event drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropRule {
    /// What they carry.
    pub packet: PacketKind,
    /// The server or peer that sent them; `None`: any.
    pub from: Option<String>,
    /// The server or peer that they are for, whatever NATs it is behind; `None`: any.
    pub to: Option<String>,
    /// Which of those that match, counted from 1 from the event's time on; sorted, never empty.
    pub nth: Vec<u64>,
    /// Whether the case fails where one of them never comes.
    pub must_come: bool,
}

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketKind {
    /// Anything.
    Any,
    /// A STUN Binding request, nominating or not.
    StunRequest,
    /// A STUN Binding success response.
    StunSuccess,
    /// A STUN Binding error response.
    StunError,
    /// A STUN Binding request with USE-CANDIDATE.
    Nomination,
    /// A STUN Binding request without USE-CANDIDATE.
    PlainRequest,
    /// A TURN request: Allocate, Refresh, CreatePermission or ChannelBind.
    TurnRequest,
    /// An answer to a TURN request, success or error.
    TurnResponse,
    /// A piece of a DTLS handshake.
    DtlsHandshake,
    /// Application data in DTLS; in 1.3 that cannot be told from ACKs and key updates.
    Data,
}
