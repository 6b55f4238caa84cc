//! What INIT and INIT ACK say of their senders (RFC 9260 sections 3.3.2, 3.3.3).

use icelab_sans_io::Rng;
use icelab_wire::{Reader, Writer};

use crate::config::{Config, Extensions};
use crate::packet::chunk::{ChunkType, Initiation};
use crate::packet::parameter::{ErrorDetectionMethod, Parameter};
use crate::packet::{Tsn, VerificationTag};

/// What this end says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Own {
    pub(crate) tag: VerificationTag,
    pub(crate) initial_tsn: Tsn,
}

impl Own {
    /// RFC 9260 section 5.3.1: never zero, and never the same twice.
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        Self { tag: VerificationTag(rng.next_u32().max(1)), initial_tsn: Tsn(rng.next_u32()) }
    }
}

/// What the peer said of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) tag: VerificationTag,
    pub(crate) initial_tsn: Tsn,
    pub(crate) window: u32,
    pub(crate) outbound_streams: u16,
    pub(crate) inbound_streams: u16,
    pub(crate) extensions: Extensions,
}

impl Peer {
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other parameter is asked for")]
    pub(crate) fn new(initiation: &Initiation<'_>) -> Self {
        let mut peer = Self {
            tag: initiation.initiate_tag,
            initial_tsn: initiation.initial_tsn,
            window: initiation.window,
            outbound_streams: initiation.outbound_streams,
            inbound_streams: initiation.inbound_streams,
            extensions: Extensions::NONE,
        };
        let known = &mut peer.extensions;
        for parameter in initiation.parameters.iter() {
            match parameter {
                Parameter::ForwardTsnSupported => known.partial_reliability = true,
                Parameter::ZeroChecksumAcceptable(method) => {
                    known.zero_checksum |= method == ErrorDetectionMethod::DTLS;
                }
                Parameter::SupportedExtensions(chunks) => {
                    for chunk in chunks {
                        known.partial_reliability |= chunk == ChunkType::FORWARD_TSN;
                        known.stream_reset |= chunk == ChunkType::RE_CONFIG;
                        known.interleaving |= chunk == ChunkType::I_DATA;
                    }
                }
                _ => {}
            }
        }
        peer
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.u32(self.tag.0);
        writer.u32(self.initial_tsn.0);
        writer.u32(self.window);
        writer.u16(self.outbound_streams);
        writer.u16(self.inbound_streams);
        let known = &self.extensions;
        let bits = [
            known.partial_reliability,
            known.stream_reset,
            known.interleaving,
            known.zero_checksum,
        ];
        for bit in bits {
            writer.u8(bit.into());
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        let bit = |reader: &mut Reader<'_>| reader.u8().ok().map(|bit| bit == 1);
        Some(Self {
            tag: VerificationTag(reader.u32().ok()?),
            initial_tsn: Tsn(reader.u32().ok()?),
            window: reader.u32().ok()?,
            outbound_streams: reader.u16().ok()?,
            inbound_streams: reader.u16().ok()?,
            extensions: Extensions {
                partial_reliability: bit(reader)?,
                stream_reset: bit(reader)?,
                interleaving: bit(reader)?,
                zero_checksum: bit(reader)?,
            },
        })
    }
}

/// What an end offers beyond RFC 9260.
pub(crate) struct Offer {
    chunks: Vec<ChunkType>,
    parameters: Vec<Parameter<'static>>,
}

impl Offer {
    pub(crate) fn new(offered: &Extensions) -> Self {
        let mut chunks = Vec::new();
        let mut parameters = Vec::new();
        if offered.partial_reliability {
            parameters.push(Parameter::ForwardTsnSupported);
            chunks.push(ChunkType::FORWARD_TSN);
        }
        if offered.stream_reset {
            chunks.push(ChunkType::RE_CONFIG);
        }
        if offered.interleaving {
            chunks.push(ChunkType::I_DATA);
            if offered.partial_reliability {
                chunks.push(ChunkType::I_FORWARD_TSN);
            }
        }
        if offered.zero_checksum {
            parameters.push(Parameter::ZeroChecksumAcceptable(ErrorDetectionMethod::DTLS));
        }
        Self { chunks, parameters }
    }

    pub(crate) fn add_to<'a>(&'a self, all: &mut Vec<Parameter<'a>>) {
        all.extend(&self.parameters);
        if !self.chunks.is_empty() {
            all.push(Parameter::SupportedExtensions(self.chunks.as_slice().into()));
        }
    }
}

/// What this end says of itself in INIT or INIT ACK.
pub(crate) fn initiation<'a>(
    config: &Config,
    own: Own,
    parameters: &'a [Parameter<'a>],
) -> Initiation<'a> {
    let window = u32::try_from(config.receive_buffer).unwrap_or(u32::MAX);
    Initiation {
        initiate_tag: own.tag,
        window: window.max(Initiation::SMALLEST_WINDOW),
        outbound_streams: config.streams.0.max(1),
        inbound_streams: config.streams.1.max(1),
        initial_tsn: own.initial_tsn,
        parameters: parameters.into(),
    }
}

/// The parameters that are to be reported, up to the one after which nothing is read (RFC 9260 section
/// 3.2.1).
pub(crate) fn unrecognized<'a>(
    initiation: &Initiation<'a>,
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    initiation.parameters.iter().filter_map(|parameter| {
        let Parameter::Unknown(unknown) = parameter else { return None };
        unknown.kind().unrecognized().is_reported().then(|| unknown.bytes())
    })
}
