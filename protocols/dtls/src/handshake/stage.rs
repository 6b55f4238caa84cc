//! How far the handshake has come.

use icelab_sans_io::Instant;

use super::client::AwaitingServerHello;
use super::client_1_2::Client12;
use super::client_1_3::Client13;
use super::failure::Failure;
use super::server::AwaitingClientHello;
use super::server_1_2::Server12;
use super::server_1_3::Server13;
use crate::connection::Connection;
use crate::core::Core;
use crate::reassembly::Message;

/// How far the handshake has come.
#[derive(Debug)]
pub(crate) enum Stage {
    /// A client that has sent nothing yet.
    Idle,
    /// A client that has sent its hello.
    AwaitingServerHello(Box<AwaitingServerHello>),
    /// A client whose server chose 1.2.
    Client12(Box<Client12>),
    /// A client whose server chose 1.3.
    Client13(Box<Client13>),
    /// A server that has not chosen anything yet.
    AwaitingClientHello(AwaitingClientHello),
    /// A server that chose 1.2.
    Server12(Box<Server12>),
    /// A server that chose 1.3.
    Server13(Box<Server13>),
    /// The handshake is over.
    Open(Box<Connection>),
    /// Everything is over.
    Closed,
}

impl Stage {
    /// Takes the next handshake message.
    pub(crate) fn handle(
        self,
        message: Message,
        core: &mut Core,
        now: Instant,
    ) -> Result<Self, Failure> {
        match self {
            Self::AwaitingServerHello(state) => state.handle(message, core, now),
            Self::Client12(state) => state.handle(message, core, now),
            Self::Client13(state) => state.handle(message, core, now),
            Self::AwaitingClientHello(state) => state.handle(message, core, now),
            Self::Server12(state) => state.handle(message, core, now),
            Self::Server13(state) => state.handle(message, core),
            Self::Open(state) => state.handle(message, core, now),
            Self::Idle | Self::Closed => Ok(self),
        }
    }
}
