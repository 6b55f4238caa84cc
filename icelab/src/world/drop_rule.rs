//! Which packets an event drops, told by their first bytes.

use icelab_sim::NodeId;
use icelab_sim::fabric::{Matcher, Pattern, PatternPlace};
use icelab_sim::packet::Protocol;

use crate::scenario::plan::PacketKind;

/// The matcher of packets of this kind between these hosts.
pub(super) fn matcher(kind: PacketKind, from: Option<NodeId>, to: Option<NodeId>) -> Matcher {
    let protocol = (kind != PacketKind::Any).then_some(Protocol::Udp);
    let lacks = if kind == PacketKind::PlainRequest { vec![use_candidate()] } else { Vec::new() };
    Matcher { from, to, protocol, payload: payload(kind), lacks, ..Matcher::default() }
}

/// What such packets carry: any of these, each of which is all of its patterns.
fn payload(kind: PacketKind) -> Vec<Vec<Pattern>> {
    match kind {
        PacketKind::Any => Vec::new(),
        PacketKind::StunRequest | PacketKind::PlainRequest => stun(&[BINDING]),
        PacketKind::StunSuccess => stun(&[BINDING | SUCCESS]),
        PacketKind::StunError => stun(&[BINDING | ERROR]),
        PacketKind::Nomination => {
            let mut request = stun(&[BINDING]);
            for patterns in &mut request {
                patterns.push(use_candidate());
            }
            request
        }
        PacketKind::TurnRequest => stun(&TURN_METHODS),
        PacketKind::TurnResponse => {
            let successes = TURN_METHODS.iter().map(|method| method | SUCCESS);
            let errors = TURN_METHODS.iter().map(|method| method | ERROR);
            stun(&successes.chain(errors).collect::<Vec<u16>>())
        }
        // In 1.2 a record says what it holds (RFC 6347 section 4.1). In 1.3 it shows the last two bits
        // of its epoch (RFC 9147 section 4): the handshake is in epochs 0 and 2, data begins in 3.
        PacketKind::DtlsHandshake => vec![
            vec![pattern(0, Vec::new(), vec![20])],
            vec![pattern(0, Vec::new(), vec![22])],
            vec![pattern(0, vec![0xE3], vec![0x22])],
        ],
        PacketKind::Data => {
            vec![vec![pattern(0, Vec::new(), vec![23])], vec![pattern(0, vec![0xE3], vec![0x23])]]
        }
    }
}

/// STUN messages of these types (RFC 8489 section 5).
fn stun(types: &[u16]) -> Vec<Vec<Pattern>> {
    let cookie = || pattern(4, Vec::new(), vec![0x21, 0x12, 0xA4, 0x42]);
    let of_type = |kind: &u16| pattern(0, Vec::new(), kind.to_be_bytes().to_vec());
    types.iter().map(|kind| vec![of_type(kind), cookie()]).collect()
}

/// An empty USE-CANDIDATE attribute, somewhere on a boundary of four bytes after the header (RFC
/// 8445 section 16.1).
fn use_candidate() -> Pattern {
    let place = PatternPlace::Every { from: 20, step: 4 };
    Pattern { place, mask: Vec::new(), bytes: vec![0x00, 0x25, 0x00, 0x00] }
}

const fn pattern(offset: usize, mask: Vec<u8>, bytes: Vec<u8>) -> Pattern {
    Pattern { place: PatternPlace::At(offset), mask, bytes }
}

/// The message type of a Binding request.
const BINDING: u16 = 0x0001;
/// The class bits of a success response.
const SUCCESS: u16 = 0x0100;
/// The class bits of an error response.
const ERROR: u16 = 0x0110;
/// Allocate, Refresh, CreatePermission, ChannelBind.
const TURN_METHODS: [u16; 4] = [0x0003, 0x0004, 0x0008, 0x0009];
