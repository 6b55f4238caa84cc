//! The post office of one host: where the fabric leaves notices and a guest leaves requests.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use icelab_sans_io::net::{
    Datagram, IcmpError, IcmpKind, Interface, Notice, Refusal, Request, Socket,
};
use icelab_sans_io::{Deadline, Instant, Output, Protocol};
use tokio::sync::oneshot;

/// Shared by a host's [`Mailbox`] in the fabric and the sockets of its tokio code.
pub(crate) type Office = Rc<RefCell<PostOffice>>;

/// What waits between the fabric and a guest.
#[derive(Debug, Default)]
pub(crate) struct PostOffice {
    /// What the guest asked for, each with its time, in order.
    pub(crate) outbox: Vec<(Instant, Request)>,
    /// The host's interfaces.
    pub(crate) interfaces: Vec<Interface>,
    /// Bound sockets.
    pub(crate) inboxes: BTreeMap<SocketAddr, Inbox>,
    /// Sockets that wait to be bound, by the address that was asked for, in order.
    pub(crate) binding: Vec<(SocketAddr, oneshot::Sender<Bound>)>,
    /// The time, for what happens outside of the guest's own runtime.
    pub(crate) now: Instant,
    /// Whether the guest's runtime runs, and so knows the time more exactly.
    pub(crate) is_running: bool,
    /// How often the guest was started.
    pub(crate) boots: u64,
    /// Notices that nobody waited for.
    pub(crate) unclaimed: u64,
}

/// What came of a bind: when, and which address.
pub(crate) type Bound = (Instant, Result<SocketAddr, Refusal>);

/// What arrived at one socket.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// With the exact times of arrival, in order.
    pub(crate) arrivals: VecDeque<(Instant, Arrival)>,
    /// The only address that it hears, where it was connected.
    pub(crate) peer: Option<SocketAddr>,
    /// Told of each arrival.
    pub(crate) arrived: Rc<tokio::sync::Notify>,
    /// Datagrams that found the inbox full, or came from others than the peer.
    pub(crate) dropped: u64,
}

/// Something that arrived at a socket.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A datagram.
    Datagram(Datagram),
    /// What the network says about a datagram that was sent.
    Error(io::ErrorKind),
}

impl PostOffice {
    /// Forgets all that belongs to a guest that is gone.
    pub(crate) fn clear(&mut self) {
        self.inboxes.clear();
        self.binding.clear();
    }

    /// Whether the guest has asked for as much in this tick as a host's buffers hold.
    pub(crate) fn is_full(&self) -> bool {
        self.outbox.len() >= OUTBOX
    }

    fn take_in(&mut self, notice: Notice, now: Instant) {
        match notice {
            Notice::Datagram(datagram) => match self.inbox_at(datagram.destination) {
                Some(inbox) => inbox.take_datagram(datagram, now),
                None => self.unclaimed += 1,
            },
            Notice::Icmp(error) => match self.inbox_at(error.local) {
                Some(inbox) => inbox.take_error(&error, now),
                None => self.unclaimed += 1,
            },
            Notice::Bound { requested, local } => {
                self.inboxes.entry(local).or_default();
                self.answer_bind(requested, (now, Ok(local)));
            }
            Notice::Refused { socket: Socket::Udp(requested), reason } => {
                self.answer_bind(requested, (now, Err(reason)));
            }
            Notice::InterfacesChanged(interfaces) => self.interfaces = interfaces,
            Notice::Refused { .. }
            | Notice::Opened { .. }
            | Notice::Bytes { .. }
            | Notice::Writable { .. }
            | Notice::Closed { .. } => self.unclaimed += 1,
        }
    }

    /// The inbox of the socket that has this address, by itself or because it has every address.
    fn inbox_at(&mut self, local: SocketAddr) -> Option<&mut Inbox> {
        let unspecified = match local {
            SocketAddr::V4(_) => IpAddr::from([0; 4]),
            SocketAddr::V6(_) => IpAddr::from([0; 16]),
        };
        let any = SocketAddr::new(unspecified, local.port());
        let key = if self.inboxes.contains_key(&local) { local } else { any };
        self.inboxes.get_mut(&key)
    }

    fn answer_bind(&mut self, requested: SocketAddr, bound: Bound) {
        let Some(index) = self.binding.iter().position(|(address, _)| *address == requested) else {
            self.unclaimed += 1;
            return;
        };
        let (_, waiting) = self.binding.remove(index);
        // Whoever asked may have gone meanwhile.
        if let Err((_, Ok(local))) = waiting.send(bound) {
            self.inboxes.remove(&local);
            self.outbox.push((self.now, Request::Close(Socket::Udp(local))));
        }
    }
}

impl Inbox {
    fn take_datagram(&mut self, datagram: Datagram, now: Instant) {
        if self.peer.is_some_and(|peer| peer != datagram.source) {
            self.dropped += 1;
        } else {
            self.put(Arrival::Datagram(datagram), now);
        }
    }

    /// As Linux does: only a connected socket is told, and only what is final.
    fn take_error(&mut self, error: &IcmpError, now: Instant) {
        let kind = match error.kind {
            IcmpKind::PortUnreachable => io::ErrorKind::ConnectionRefused,
            IcmpKind::AdministrativelyProhibited => io::ErrorKind::HostUnreachable,
            IcmpKind::HostUnreachable
            | IcmpKind::NetworkUnreachable
            | IcmpKind::TimeExceeded
            | IcmpKind::TooBig { .. } => return,
        };
        if self.peer == Some(error.remote) {
            self.put(Arrival::Error(kind), now);
        }
    }

    fn put(&mut self, arrival: Arrival, now: Instant) {
        if self.arrivals.len() < INBOX {
            self.arrivals.push_back((now, arrival));
            self.arrived.notify_one();
        } else {
            self.dropped += 1;
        }
    }

    /// Takes out the first error that has arrived by now.
    pub(crate) fn take_due_error(&mut self, now: Instant) -> Option<io::ErrorKind> {
        let is_due =
            |(at, arrival): &(Instant, Arrival)| *at <= now && matches!(arrival, Arrival::Error(_));
        let place = self.arrivals.iter().position(is_due)?;
        match self.arrivals.remove(place)? {
            (_, Arrival::Error(kind)) => Some(kind),
            (_, Arrival::Datagram(_)) => None,
        }
    }
}

/// The guest of the fabric's host: takes notices in for the tokio code.
///
/// It never asks for anything by itself: requests are submitted by the lab, with the exact times at
/// which the tokio code made them.
#[derive(Debug)]
pub struct Mailbox(pub(crate) Office);

impl Protocol for Mailbox {
    type Input = Notice;
    type Packet = Request;
    type Event = Infallible;

    fn handle_input(&mut self, notice: Notice, now: Instant) {
        self.0.borrow_mut().take_in(notice, now);
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn poll_output(&mut self) -> Option<Output<Request, Infallible>> {
        None
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        None
    }
}

/// How many datagrams wait at a socket whose owner does not read, as with any operating system.
const INBOX: usize = 4096;
/// How much a guest may ask for in one tick.
const OUTBOX: usize = 65_536;
