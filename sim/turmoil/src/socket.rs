//! A UDP socket for tokio code on a simulated host.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use icelab_sans_io::net::{Datagram, Refusal, Request, Socket};
use tokio::sync::{Notify, oneshot};

use crate::host::{Host, sleep_until};
use crate::office::{Arrival, Bound, Inbox};

/// A UDP socket of a simulated host, with the methods of tokio's.
///
/// It belongs to one task at a time. Dropped, it is closed; also in the middle of a crash. One that
/// outlives its host's crash is of no use any more: all its methods fail.
#[derive(Debug)]
pub struct UdpSocket {
    host: Host,
    local: SocketAddr,
    arrived: Rc<Notify>,
}

impl UdpSocket {
    pub(crate) async fn bind(host: &Host, requested: SocketAddr) -> io::Result<Self> {
        let (bound, answer) = oneshot::channel();
        host.office.borrow_mut().binding.push((requested, bound));
        host.ask(Request::Bind { local: requested });
        let mut pending = Pending { host, answer };
        let (at, outcome) = (&mut pending.answer).await.map_err(|_| gone())?;
        let opened = outcome.map_err(refused).and_then(|local| {
            let office = host.office.borrow();
            let inbox = office.inboxes.get(&local).ok_or_else(gone)?;
            Ok(Self { host: host.clone(), local, arrived: inbox.arrived.clone() })
        });
        sleep_until(host, at).await;
        opened
    }

    /// The address it is bound to.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// From now on it hears `peer` only, [`send`](Self::send) goes there, and what the network says
    /// about datagrams to `peer` comes back as an error of [`recv`](Self::recv) or of the next send:
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) where nobody listens.
    ///
    /// # Errors
    /// Where the host went down.
    pub fn connect(&self, peer: SocketAddr) -> io::Result<()> {
        self.with_inbox(|inbox| {
            inbox.peer = Some(peer);
            let is_from_peer = |arrival: &Arrival| match arrival {
                Arrival::Datagram(datagram) => datagram.source == peer,
                Arrival::Error(_) => false,
            };
            inbox.arrivals.retain(|(_, arrival)| is_from_peer(arrival));
        })
    }

    /// Sends a datagram. It leaves at this very moment; UDP has no way to push back.
    ///
    /// # Errors
    /// Where it is longer than a UDP datagram can be, or of the other IP version; where an earlier one
    /// was refused; where the host went down, or a guest sends without ever waiting.
    pub fn send_to(&self, payload: &[u8], destination: SocketAddr) -> io::Result<usize> {
        let now = self.host.now();
        if let Some(kind) = self.with_inbox(|inbox| inbox.take_due_error(now))? {
            return Err(kind.into());
        }
        let invalid = |text| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        if destination.is_ipv4() != self.local.is_ipv4() {
            return invalid("the destination is of the other IP version");
        }
        let headers = if destination.is_ipv4() { 28 } else { 8 };
        if payload.len() > usize::from(u16::MAX) - headers {
            return invalid("the message is too long");
        }
        if self.host.office.borrow().is_full() {
            let text = "no buffer space is left in this tick";
            return Err(io::Error::new(io::ErrorKind::OutOfMemory, text));
        }
        let datagram = Datagram::new(self.local, destination, payload.to_vec());
        self.host.ask(Request::Send(datagram));
        Ok(payload.len())
    }

    /// Sends a datagram to the peer that it was [connected](Self::connect) to.
    ///
    /// # Errors
    /// As [`send_to`](Self::send_to), and where it was not connected.
    pub fn send(&self, payload: &[u8]) -> io::Result<usize> {
        let peer = self.with_inbox(|inbox| inbox.peer)?;
        let peer = peer.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?;
        self.send_to(payload, peer)
    }

    /// Waits for the next datagram. Cancelling it loses nothing.
    ///
    /// # Errors
    /// Where a datagram to the peer that it was connected to was refused; where the host went down.
    pub async fn recv(&self) -> io::Result<Datagram> {
        loop {
            let now = self.host.now();
            let next = self.with_inbox(|inbox| match inbox.arrivals.front() {
                None => Next::Nothing,
                Some((at, _)) if *at > now => Next::Later(*at),
                Some(_) => {
                    inbox.arrivals.pop_front().map_or(Next::Nothing, |(_, it)| Next::Now(it))
                }
            })?;
            match next {
                Next::Now(Arrival::Datagram(datagram)) => return Ok(datagram),
                Next::Now(Arrival::Error(kind)) => return Err(kind.into()),
                Next::Later(at) => sleep_until(&self.host, at).await,
                Next::Nothing => self.arrived.notified().await,
            }
        }
    }

    /// Waits for the next datagram and copies it into `buffer`, cutting off what does not fit.
    /// Gives the number of bytes and the sender. Cancelling it loses nothing.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let datagram = self.recv().await?;
        let mut copied = 0;
        for (place, byte) in buffer.iter_mut().zip(&datagram.payload) {
            *place = *byte;
            copied += 1;
        }
        Ok((copied, datagram.source))
    }

    fn with_inbox<R>(&self, work: impl FnOnce(&mut Inbox) -> R) -> io::Result<R> {
        let mut office = self.host.office.borrow_mut();
        if office.boots != self.host.boots {
            return Err(gone());
        }
        office.inboxes.get_mut(&self.local).map(work).ok_or_else(gone)
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        close(&self.host, self.local);
    }
}

/// A bind whose answer is still to come. Dropped, it closes what is opened for nobody.
struct Pending<'a> {
    host: &'a Host,
    answer: oneshot::Receiver<Bound>,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.answer.close();
        if let Ok((_, Ok(local))) = self.answer.try_recv() {
            close(self.host, local);
        }
    }
}

fn close(host: &Host, local: SocketAddr) {
    // The host's next life may have a socket of the same address.
    if host.is_alive() {
        host.office.borrow_mut().inboxes.remove(&local);
        host.ask(Request::Close(Socket::Udp(local)));
    }
}

/// What comes next at a socket.
enum Next {
    Now(Arrival),
    Later(icelab_sans_io::Instant),
    Nothing,
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the host went down")
}

fn refused(reason: Refusal) -> io::Error {
    let (kind, text) = match reason {
        Refusal::AddressInUse => (io::ErrorKind::AddrInUse, "the address is in use"),
        Refusal::NoSuchAddress => (io::ErrorKind::AddrNotAvailable, "the host has no such address"),
        Refusal::NoPortLeft => (io::ErrorKind::AddrInUse, "no port is left"),
        Refusal::Unreachable => (io::ErrorKind::NetworkUnreachable, "no way leads there"),
        Refusal::ConnectionRefused => (io::ErrorKind::ConnectionRefused, "the other end said no"),
        Refusal::Unsupported => (io::ErrorKind::Unsupported, "this network cannot do that"),
    };
    io::Error::new(kind, text)
}
