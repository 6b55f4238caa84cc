//! What the code of a guest sees of its host.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use icelab_sans_io::net::{Interface, Request};
use icelab_sans_io::{Instant, Rng};

use crate::office::Office;
use crate::socket::UdpSocket;

/// A simulated host, as the tokio code that runs on it sees it.
#[derive(Clone)]
pub struct Host {
    pub(crate) name: Rc<str>,
    pub(crate) office: Office,
    pub(crate) rng: Rng,
    pub(crate) boots: u64,
}

impl Host {
    /// Its name in the network.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How often it has been started, this time included.
    #[must_use]
    pub const fn boots(&self) -> u64 {
        self.boots
    }

    /// The time since the run began.
    #[must_use]
    pub fn now(&self) -> Instant {
        // Outside of the guest's runtime, as in a drop during a crash, tokio's clock is the real one.
        let office = self.office.borrow();
        if office.is_running
            && let Some(elapsed) = turmoil::sim_elapsed()
        {
            return Instant::START + elapsed;
        }
        office.now
    }

    /// Randomness of its own; another after each start.
    #[must_use]
    pub fn rng(&self, label: &str, index: u64) -> Rng {
        self.rng.fork(label, index)
    }

    /// Its interfaces.
    #[must_use]
    pub fn interfaces(&self) -> Vec<Interface> {
        self.office.borrow().interfaces.clone()
    }

    /// Its first address, IPv4 before IPv6.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        let office = self.office.borrow();
        let mut addresses = office.interfaces.iter().flat_map(|interface| &interface.addresses);
        addresses.clone().find(|address| address.is_ipv4()).or_else(|| addresses.next()).copied()
    }

    /// Opens a UDP socket; port 0 means any free one. It is open from the end of this tick on.
    ///
    /// # Errors
    /// Where the host has no such address, or it is in use.
    pub async fn bind(&self, local: SocketAddr) -> io::Result<UdpSocket> {
        UdpSocket::bind(self, local).await
    }

    /// Whether this is still the host's latest start.
    pub(crate) fn is_alive(&self) -> bool {
        self.office.borrow().boots == self.boots
    }

    /// Asks the fabric for something; a host of an earlier start asks for nothing.
    pub(crate) fn ask(&self, request: Request) {
        let now = self.now();
        let mut office = self.office.borrow_mut();
        if office.boots == self.boots {
            office.outbox.push((now, request));
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("name", &self.name).field("boots", &self.boots).finish()
    }
}

/// Sleeps until `at`, or until the next whole millisecond after it: tokio knows nothing finer.
pub(crate) async fn sleep_until(host: &Host, at: Instant) {
    let wait = at - host.now();
    if !wait.is_zero() {
        let millis = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}
