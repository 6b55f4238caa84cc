//! What is measured: stacks that carry messages, without sockets and without a clock.

use icelab_sans_io::{Instant, Rng};

/// One end of a connection that carries messages, all of them and in order: what is measured.
///
/// It is driven as a [`Protocol`](icelab_sans_io::Protocol) is: after each call that has `now`, its packets are taken
/// until there is none, and it is woken when [`poll_timeout`](Self::poll_timeout) says. The time never goes back.
pub trait Stack {
    /// Begins to connect. Only the [client](Side::Client) is told to.
    fn connect(&mut self, now: Instant);

    /// Whether messages can be sent.
    fn is_connected(&self) -> bool;

    /// Why the connection is over, in a few words, once it is.
    fn failure(&self) -> Option<String>;

    /// Takes a packet that the other end made.
    fn handle_input(&mut self, packet: Vec<u8>, now: Instant);

    /// Does what is due.
    fn handle_timeout(&mut self, now: Instant);

    /// The next packet for the other end.
    fn poll_packet(&mut self) -> Option<Vec<u8>>;

    /// When [`handle_timeout`](Self::handle_timeout) is next due.
    fn poll_timeout(&self) -> Option<Instant>;

    /// How many bytes of messages wait here, in the stack's own counting.
    fn buffered(&mut self) -> usize;

    /// Takes a message, unless it has no room for it now.
    fn send(&mut self, message: &[u8], now: Instant) -> bool;

    /// The next message that arrived.
    fn receive(&mut self, now: Instant) -> Option<Vec<u8>>;
}

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It connects, and sends messages.
    Client,
    /// It is connected to, and receives them.
    Server,
}

/// What one end is told before it starts.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Which end it is.
    pub side: Side,
    /// The longest packet, in bytes.
    pub mtu: usize,
    /// How many bytes may wait to be read, or to be put together.
    pub window: usize,
    /// All its randomness.
    pub rng: Rng,
}

/// A kind of stack, with the name that tables give it.
#[derive(Clone, Copy, Debug)]
pub struct Contender {
    /// Its name.
    pub name: &'static str,
    /// Whether it is one of icelab's own.
    pub is_own: bool,
    /// With how many seeds it is measured at most where it has much to send, if it is slow.
    pub most_seeds: Option<u64>,
    /// Makes one end.
    pub make: fn(Setup) -> Box<dyn Stack>,
}
