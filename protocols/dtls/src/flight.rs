//! The messages that this side has under way, and which pieces of them have arrived (RFC 6347
//! section 4.2.4, RFC 9147 section 5.8).

use icelab_wire::Writer;

use crate::ranges::Ranges;
use crate::record::content::ContentType;
use crate::record::records::{LONGEST_CONTENT, Records};
use crate::wire::ack::{Ack, RecordNumber};
use crate::wire::handshake::{Fragment, HandshakeType};

/// The most records of which it is remembered what they carried.
const MOST_RECORDS: usize = 256;
/// The first epoch in which records hold as many messages as fit: those of 1.3's handshake.
const FIRST_PACKED: u64 = 2;
/// A fragment that fills up a datagram is at least this long, unless its message ends.
const LEAST_FRAGMENT: usize = 32;

/// One side's messages up to the point where it must hear from the other.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    parts: Vec<Part>,
    /// What each record carried, in the order of sending.
    sent: Vec<(RecordNumber, Piece)>,
    /// Where the last sending had to stop for want of room: part and position.
    cut: Option<(usize, usize)>,
}

/// A message of the flight.
#[derive(Debug)]
struct Part {
    epoch: u64,
    content: Content,
    arrived: Ranges,
}

#[derive(Debug)]
enum Content {
    Handshake { kind: HandshakeType, sequence: u16, body: Vec<u8> },
    ChangeCipherSpec,
}

/// A stretch of a part.
#[derive(Clone, Copy, Debug)]
struct Piece {
    part: usize,
    start: usize,
    end: usize,
}

impl Flight {
    /// Whether nothing is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The epoch of its first message.
    pub(crate) fn epoch(&self) -> Option<u64> {
        self.parts.first().map(|part| part.epoch)
    }

    /// Whether everything has arrived.
    pub(crate) fn has_arrived(&self) -> bool {
        self.parts.iter().all(|part| part.missing().is_empty())
    }

    /// Whether the peer said that some of it arrived.
    pub(crate) fn has_arrived_in_part(&self) -> bool {
        self.parts.iter().any(|part| part.arrived != Ranges::new())
    }

    /// Forgets everything: the peer has answered, or a new flight begins.
    pub(crate) fn clear(&mut self) {
        self.parts.clear();
        self.sent.clear();
        self.cut = None;
    }

    /// Whether the last sending had to stop before the end.
    pub(crate) const fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// Adds a handshake message.
    pub(crate) fn add(&mut self, epoch: u64, kind: HandshakeType, sequence: u16, body: Vec<u8>) {
        let content = Content::Handshake { kind, sequence, body };
        self.parts.push(Part { epoch, content, arrived: Ranges::new() });
    }

    /// Adds 1.2's ChangeCipherSpec, which is repeated with its Finished (RFC 6347 section 4.2.5).
    pub(crate) fn add_change_cipher_spec(&mut self) {
        let part = Part { epoch: 0, content: Content::ChangeCipherSpec, arrived: Ranges::new() };
        self.parts.push(part);
    }

    /// Notes what an ACK says (RFC 9147 section 7.2). Says whether it was news.
    pub(crate) fn acknowledge(&mut self, ack: &Ack) -> bool {
        let mut arrived = ack.records.clone();
        arrived.sort_unstable();
        let mut is_news = false;
        for (number, piece) in &self.sent {
            if arrived.binary_search(number).is_ok() {
                let part = self.parts.get_mut(piece.part).expect("pieces are of their flight");
                let before = part.arrived.clone();
                part.arrived.add(piece.start, piece.end);
                is_news |= part.arrived != before;
            }
        }
        is_news
    }

    /// Writes what has not arrived, each message in the epoch that it is of (RFC 9147 section 4.2.1), into
    /// datagrams of at most `mtu` bytes, `budget` bytes together.
    /// Where that does not suffice, the next call goes on from there.
    pub(crate) fn write(
        &mut self,
        records: &mut Records,
        mtu: usize,
        budget: usize,
    ) -> Vec<Vec<u8>> {
        let mut packer = Packer::new(mtu.min(LONGEST_CONTENT), budget);
        let begin = self.cut.take().unwrap_or_default();
        for (index, part) in self.parts.iter().enumerate().skip(begin.0) {
            for (start, end) in part.missing() {
                let start = if index == begin.0 { start.max(begin.1) } else { start };
                if start > end || (start == end && end > 0) {
                    continue;
                }
                let piece = Piece { part: index, start, end };
                let stopped = match &part.content {
                    Content::ChangeCipherSpec => packer.change_cipher_spec(piece, records),
                    Content::Handshake { kind, sequence, body } => {
                        packer.message(part.epoch, *kind, *sequence, body, piece, records)
                    }
                };
                if stopped.is_some() {
                    self.cut = stopped;
                    break;
                }
            }
            if self.cut.is_some() {
                break;
            }
        }
        let (datagrams, sent) = packer.finish(records);
        self.sent.extend(sent);
        let surplus = self.sent.len().saturating_sub(MOST_RECORDS);
        self.sent.drain(..surplus);
        datagrams
    }
}

impl Part {
    /// What of it has not arrived. A message without a body is one piece too.
    fn missing(&self) -> Vec<(usize, usize)> {
        match &self.content {
            Content::ChangeCipherSpec => vec![(0, 0)],
            // A body without bytes counts as one byte, so that its arrival can be noted.
            Content::Handshake { body, .. } => self.arrived.gaps(body.len().max(1)),
        }
    }
}

/// Fills datagrams with records, and records with fragments.
struct Packer {
    mtu: usize,
    /// How many bytes may still be sent.
    budget: usize,
    datagrams: Vec<Vec<u8>>,
    datagram: Vec<u8>,
    /// The record that is being filled: its epoch, content and pieces.
    epoch: u64,
    content: Writer,
    pieces: Vec<Piece>,
    sent: Vec<(RecordNumber, Piece)>,
}

impl Packer {
    const fn new(mtu: usize, budget: usize) -> Self {
        Self {
            mtu,
            budget,
            datagrams: Vec::new(),
            datagram: Vec::new(),
            epoch: 0,
            content: Writer::new(),
            pieces: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// Adds a piece of a message, in as many fragments as it takes, which do not overlap (RFC 6347 section
    /// 4.2.3, RFC 9147 section 5.5). Says where it had to stop, if it
    /// had to.
    fn message(
        &mut self,
        epoch: u64,
        kind: HandshakeType,
        sequence: u16,
        body: &[u8],
        mut piece: Piece,
        records: &mut Records,
    ) -> Option<(usize, usize)> {
        // 1.2 allows several messages in one record, but some peers (dimpl's 1.2) look at a record's
        // first message only to see that the flight is repeated: there each has its own.
        if epoch != self.epoch || epoch < FIRST_PACKED {
            self.end_record(records);
            self.epoch = epoch;
        }
        let length = u32::try_from(body.len()).expect("a message has less than 2^24 bytes");
        loop {
            let wanted = piece.end.min(body.len()).saturating_sub(piece.start);
            let room = self.room(records);
            if room < wanted.min(LEAST_FRAGMENT) + Fragment::HEADER {
                if !(self.datagram.is_empty() && self.content.is_empty()) {
                    self.end_datagram(records);
                    continue;
                }
                if self.budget < self.mtu {
                    return Some((piece.part, piece.start));
                }
            }
            let taken = wanted.min(room.saturating_sub(Fragment::HEADER).max(1));
            let end = piece.start + taken;
            let bytes = body.get(piece.start..end).unwrap_or_default();
            let offset = u32::try_from(piece.start).expect("a message has less than 2^24 bytes");
            Fragment { kind, length, sequence, offset, bytes }.encode(&mut self.content);
            // The empty body's one byte that is none.
            let noted = if body.is_empty() { 1 } else { end };
            self.pieces.push(Piece { end: noted, ..piece });
            piece.start = end;
            if taken == wanted {
                return None;
            }
        }
    }

    /// Adds a ChangeCipherSpec. Says where it had to stop, if it had to.
    fn change_cipher_spec(
        &mut self,
        piece: Piece,
        records: &mut Records,
    ) -> Option<(usize, usize)> {
        self.end_record(records);
        let length = records.overhead(0) + 1;
        if self.datagram.len() + length > self.limit() {
            self.end_datagram(records);
            if self.budget < length {
                return Some((piece.part, piece.start));
            }
        }
        records.seal(0, ContentType::CHANGE_CIPHER_SPEC, &[1], &mut self.datagram);
        None
    }

    /// How long the datagram that is being filled may become.
    fn limit(&self) -> usize {
        self.mtu.min(self.budget)
    }

    /// How many more bytes fit into the record that is being filled.
    fn room(&self, records: &Records) -> usize {
        let taken = self.datagram.len() + records.overhead(self.epoch) + self.content.len();
        self.limit().saturating_sub(taken)
    }

    fn end_record(&mut self, records: &mut Records) {
        if self.content.is_empty() {
            return;
        }
        let content = core::mem::take(&mut self.content).into_vec();
        let number = records.seal(self.epoch, ContentType::HANDSHAKE, &content, &mut self.datagram);
        self.sent.extend(self.pieces.drain(..).map(|piece| (number, piece)));
    }

    fn end_datagram(&mut self, records: &mut Records) {
        self.end_record(records);
        if !self.datagram.is_empty() {
            self.budget = self.budget.saturating_sub(self.datagram.len());
            self.datagrams.push(core::mem::take(&mut self.datagram));
        }
    }

    fn finish(mut self, records: &mut Records) -> (Vec<Vec<u8>>, Vec<(RecordNumber, Piece)>) {
        self.end_datagram(records);
        (self.datagrams, self.sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ack(records: &[RecordNumber]) -> Ack {
        Ack { records: records.to_vec() }
    }

    fn numbers(flight: &Flight) -> Vec<RecordNumber> {
        flight.sent.iter().map(|(number, _)| *number).collect()
    }

    /// RFC 9147 section 7.2: a record counts as acknowledged in whichever ACK it stands: one for an
    /// earlier sending, one that names less than one before, or one that names what never was.
    #[test]
    fn any_ack_for_any_sending_of_a_piece_counts() {
        let mut records = Records::new();
        let mut flight = Flight::default();
        flight.add(0, HandshakeType::CERTIFICATE, 1, vec![7; 250]);
        flight.add(0, HandshakeType::SERVER_HELLO_DONE, 2, Vec::new());
        let datagrams = flight.write(&mut records, 150, usize::MAX);
        assert!(datagrams.len() > 1);
        let first = numbers(&flight);
        flight.write(&mut records, 150, usize::MAX);
        assert!(flight.acknowledge(&ack(&first[..1])));
        assert!(!flight.acknowledge(&ack(&first[..1])), "it is no news");
        assert!(!flight.has_arrived() && flight.has_arrived_in_part());
        assert!(!flight.acknowledge(&ack(&[RecordNumber { epoch: 0, sequence: 999 }])));
        // The others in another order, and without the first.
        let mut rest = first[1..].to_vec();
        rest.reverse();
        assert!(flight.acknowledge(&ack(&rest)));
        assert!(flight.has_arrived());
        assert!(flight.write(&mut records, 150, usize::MAX).is_empty());
    }

    /// RFC 9147 sections 5.8.1 and 7.2: what was acknowledged is left out, in pieces of another size
    /// too.
    #[test]
    fn what_was_acknowledged_is_not_sent_again() {
        let mut records = Records::new();
        let mut flight = Flight::default();
        flight.add(0, HandshakeType::CERTIFICATE, 1, (0..=249).collect());
        flight.write(&mut records, 150, usize::MAX);
        let first = numbers(&flight);
        flight.acknowledge(&ack(&first[..1]));
        let arrived = flight.parts[0].arrived.contiguous();
        let again = flight.write(&mut records, 100, usize::MAX);
        let bytes: Vec<u8> = again.iter().flat_map(|datagram| datagram[25..].to_vec()).collect();
        let rest: Vec<u8> = (0..=249).collect::<Vec<u8>>().split_off(arrived);
        assert_eq!(bytes, rest);
    }
}
