//! The post office of one host: where the fabric leaves notices and a guest leaves requests.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;

use icelab_sans_io::net::{Datagram, Interface, Notice, Refusal, Request, Socket};
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
    pub(crate) datagrams: VecDeque<(Instant, Datagram)>,
    /// Told of each arrival.
    pub(crate) arrived: Rc<tokio::sync::Notify>,
    /// Datagrams that found the inbox full.
    pub(crate) dropped: u64,
}

impl PostOffice {
    /// Forgets all that belongs to a guest that is gone.
    pub(crate) fn clear(&mut self) {
        self.inboxes.clear();
        self.binding.clear();
    }

    fn take_in(&mut self, notice: Notice, now: Instant) {
        match notice {
            Notice::Datagram(datagram) => match self.inboxes.get_mut(&datagram.destination) {
                Some(inbox) if inbox.datagrams.len() < INBOX => {
                    inbox.datagrams.push_back((now, datagram));
                    inbox.arrived.notify_one();
                }
                Some(inbox) => inbox.dropped += 1,
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
            | Notice::Closed { .. }
            | Notice::Icmp(_) => self.unclaimed += 1,
        }
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
