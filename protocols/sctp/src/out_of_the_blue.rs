//! Packets that belong to no association that there is (RFC 9260 section 8.4).

use crate::association::Association;
use crate::packet::cause::Cause;
use crate::packet::chunk::{Abort, Chunk, ChunkType, ShutdownComplete};
use crate::packet::{Packet, VerificationTag};

/// What such a packet is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Nothing,
    ShutdownComplete,
    Abort,
}

impl Association {
    /// Answers a packet that belongs to no association, and whose first chunk is neither INIT nor COOKIE
    /// ECHO.
    pub(crate) fn answer_out_of_the_blue(&mut self, packet: &Packet<'_>) {
        let tag = packet.header.verification_tag;
        match answer(packet) {
            Answer::Nothing => {}
            Answer::ShutdownComplete => {
                self.send_alone(&ShutdownComplete { is_tag_reflected: true }, tag);
            }
            Answer::Abort => {
                self.send_alone(
                    &Abort { is_tag_reflected: true, causes: [].as_slice().into() },
                    tag,
                );
            }
        }
    }
}

/// Rules 2 and 5 to 8.
fn answer(packet: &Packet<'_>) -> Answer {
    if packet.header.verification_tag == VerificationTag(0) {
        // Section 8.5.1 A: only an INIT may have it.
        return Answer::Nothing;
    }
    let mut answer = Answer::Abort;
    for chunk in packet.raw_chunks().map_while(Result::ok) {
        match chunk.kind() {
            // An INIT that stands with others is none (section 12.3).
            ChunkType::ABORT | ChunkType::INIT => return Answer::Nothing,
            ChunkType::SHUTDOWN_ACK => answer = Answer::ShutdownComplete,
            ChunkType::SHUTDOWN_COMPLETE | ChunkType::COOKIE_ACK if answer == Answer::Abort => {
                answer = Answer::Nothing;
            }
            ChunkType::ERROR if answer == Answer::Abort && is_stale_cookie(&chunk.decode()) => {
                answer = Answer::Nothing;
            }
            _ => {}
        }
    }
    answer
}

fn is_stale_cookie<E>(chunk: &Result<Chunk<'_>, E>) -> bool {
    let is_stale = |cause| matches!(cause, Cause::StaleCookie(_));
    matches!(chunk, Ok(Chunk::Error(error)) if error.causes.iter().any(is_stale))
}
