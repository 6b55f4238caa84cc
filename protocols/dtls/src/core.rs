//! What every stage of a connection shares: records, messages on their way in and out, timers.
//!
//! Sending is in [`sending`](crate::sending), acknowledging in
//! [`acknowledging`](crate::acknowledging).

use core::time::Duration;

use icelab_sans_io::{Instant, OutputQueue, Rng, Timers};

use crate::config::Config;
use crate::discard::Discards;
use crate::event::Event;
use crate::flight::Flight;
use crate::reassembly::Reassembly;
use crate::record::records::Records;
use crate::transcript::Transcript;
use crate::wire::ack::RecordNumber;
use crate::wire::version::Version;

/// What every stage of a connection shares.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) rng: Rng,
    pub(crate) records: Records,
    pub(crate) transcript: Transcript,
    /// The version, once it is agreed on.
    pub(crate) version: Option<Version>,
    pub(crate) reassembly: Reassembly,
    pub(crate) output: OutputQueue<Vec<u8>, Event>,
    pub(crate) discards: Discards,
    pub(crate) timers: Timers<Timer>,
    /// What this side has under way.
    pub(crate) flight: Flight,
    /// The number of this side's next handshake message.
    pub(crate) next_message: u16,
    pub(crate) resend: Resend,
    /// The records of the peer's flight that were taken, for ACKs.
    pub(crate) received: Vec<RecordNumber>,
    pub(crate) window: Window,
    /// The record that is being taken.
    pub(crate) current: RecordNumber,
    /// The random of the client's hello that this end answers, or of its own.
    pub(crate) client_random: Option<[u8; 32]>,
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The flight is sent again.
    Retransmit,
    /// What came of the peer's flight is acknowledged (RFC 9147 section 7.1).
    Acknowledge,
    /// Keys are forgotten under which the peer may have repeated itself (RFC 9147 section 5.8.1).
    Forget,
}

impl Timer {
    /// What a deadline calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Retransmit => "dtls.retransmit",
            Self::Acknowledge => "dtls.acknowledge",
            Self::Forget => "dtls.forget",
        }
    }
}

/// How the flight under way is repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resend {
    /// The first wait of a flight.
    pub(crate) first: Duration,
    /// The wait that is running, or would be.
    pub(crate) interval: Duration,
    /// How often the flight was repeated because nothing was heard.
    pub(crate) tries: u32,
    /// How often it was sent, for whatever reason.
    pub(crate) sendings: u32,
    /// When it was first sent.
    pub(crate) sent_at: Instant,
    /// When it was last repeated because the peer repeated itself.
    pub(crate) echoed_at: Option<Instant>,
    /// How often the peer was told what came of its flight without any more coming.
    pub(crate) acknowledgements: u32,
    /// Whether it waits for the window to open.
    pub(crate) is_paused: bool,
}

/// How many bytes may go to a client whose address is not known to be its own (RFC 9147
/// section 5.1).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Window {
    /// As many as are wanted.
    Open,
    /// Three times those that came.
    Limited {
        /// How many more.
        left: usize,
    },
}

impl Core {
    pub(crate) fn new(config: Config, rng: Rng, window: Window) -> Self {
        let interval = config.retransmission.first();
        Self {
            config,
            rng,
            records: Records::new(),
            transcript: Transcript::default(),
            version: None,
            reassembly: Reassembly::default(),
            output: OutputQueue::new(),
            discards: Discards::default(),
            timers: Timers::new(),
            flight: Flight::default(),
            next_message: 0,
            resend: Resend {
                first: interval,
                interval,
                tries: 0,
                sendings: 0,
                sent_at: Instant::START,
                echoed_at: None,
                acknowledgements: 0,
                is_paused: false,
            },
            received: Vec::new(),
            window,
            current: RecordNumber { epoch: 0, sequence: 0 },
            client_random: None,
        }
    }

    /// Tells a secret to the key log, if there is one: `label`, then the client's random.
    pub(crate) fn log_key(&mut self, label: &str, client_random: &[u8; 32], secret: &[u8]) {
        if self.config.key_log {
            let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let (random, secret): (String, String) = (hex(client_random), hex(secret));
            self.output.event(Event::KeyLog(format!("{label} {random} {secret}")));
        }
    }
}
