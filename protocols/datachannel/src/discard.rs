//! Why something that arrived was dropped, or cost a channel its life.

/// Why a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Discard {
    /// A message of the establishment protocol is not well formed, or holds a value that is not known (RFC
    /// 8832 sections 6 and 7).
    Malformed,
    /// DATA_CHANNEL_OPEN came on a stream in use (RFC 8832 section 6).
    StreamInUse,
    /// DATA_CHANNEL_OPEN came on a stream that only this side may open (RFC 8832 section 6).
    WrongParity,
    /// DATA_CHANNEL_ACK came where none was due.
    UnexpectedAck,
    /// A message came on a stream that is no channel (RFC 8832 section 6).
    NoChannel,
    /// The payload protocol identifier is not known (RFC 8831 section 6.6).
    UnknownPpid,
    /// A message came without order where order is due (RFC 8831 section 6.6, RFC 8832 section 6).
    IllegalOrder,
    /// Fragments of the deprecated kind do not belong together, or to such a channel (RFC 8831 section
    /// 6.6).
    MixedFragments,
    /// A part came of a message whose beginning did not.
    LoosePart,
    /// The sender gave a message up, of which a part had come.
    GivenUp,
    /// The message is longer than this side takes (RFC 8841 section 6.1).
    TooLong,
    /// There are as many channels as there may be.
    TooManyChannels,
    /// No more may be kept: of messages that are not complete, or of names.
    NoRoom,
    /// The channel closes, and its messages go nowhere.
    Closing,
    /// A text was no UTF-8. Only what was wrong in it is lost: U+FFFD stands in its place.
    NotUtf8,
}

/// How many were dropped, by reason.
pub type Discards = icelab_sans_io::Discards<Discard>;
