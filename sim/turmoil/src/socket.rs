//! A UDP socket for tokio code on a simulated host.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use icelab_sans_io::net::{Datagram, Refusal, Request, Socket};
use tokio::sync::Notify;

use crate::host::{Host, sleep_until};

/// A UDP socket of a simulated host, with the methods of tokio's.
///
/// It belongs to one task at a time. Dropped, it is closed; also in the middle of a crash.
#[derive(Debug)]
pub struct UdpSocket {
    host: Host,
    local: SocketAddr,
    arrived: Rc<Notify>,
}

impl UdpSocket {
    pub(crate) async fn bind(host: &Host, requested: SocketAddr) -> io::Result<Self> {
        let (bound, answer) = tokio::sync::oneshot::channel();
        host.office.borrow_mut().binding.push((requested, bound));
        host.ask(Request::Bind { local: requested });
        let gone = |_| io::Error::new(io::ErrorKind::ConnectionAborted, "the host went down");
        let (at, outcome) = answer.await.map_err(gone)?;
        sleep_until(host, at).await;
        let local = outcome.map_err(refused)?;
        let inbox = host.office.borrow().inboxes.get(&local).map(|inbox| inbox.arrived.clone());
        let arrived = inbox.unwrap_or_default();
        Ok(Self { host: host.clone(), local, arrived })
    }

    /// The address it is bound to.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Sends a datagram. It leaves at this very moment; UDP has no way to push back.
    pub fn send_to(&self, payload: &[u8], destination: SocketAddr) {
        let datagram = Datagram::new(self.local, destination, payload.to_vec());
        self.host.ask(Request::Send(datagram));
    }

    /// Waits for the next datagram. Cancelling it loses nothing.
    pub async fn recv(&self) -> Datagram {
        loop {
            let next = self.host.office.borrow().inboxes.get(&self.local).and_then(|inbox| {
                let (at, _) = inbox.datagrams.front()?;
                Some(*at)
            });
            match next {
                Some(at) if at > self.host.now() => sleep_until(&self.host, at).await,
                Some(_) => {
                    if let Some(datagram) = self.take() {
                        return datagram;
                    }
                }
                None => self.arrived.notified().await,
            }
        }
    }

    /// Waits for the next datagram and copies it into `buffer`, cutting off what does not fit.
    /// Gives the number of bytes and the sender. Cancelling it loses nothing.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> (usize, SocketAddr) {
        let datagram = self.recv().await;
        let mut copied = 0;
        for (place, byte) in buffer.iter_mut().zip(&datagram.payload) {
            *place = *byte;
            copied += 1;
        }
        (copied, datagram.source)
    }

    fn take(&self) -> Option<Datagram> {
        let mut office = self.host.office.borrow_mut();
        let (_, datagram) = office.inboxes.get_mut(&self.local)?.datagrams.pop_front()?;
        Some(datagram)
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        self.host.office.borrow_mut().inboxes.remove(&self.local);
        self.host.ask(Request::Close(Socket::Udp(self.local)));
    }
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
