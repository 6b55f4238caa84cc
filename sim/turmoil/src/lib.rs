//! Hosts that run tokio code under turmoil, on the simulated network.
//!
//! turmoil gives a guest its paused clock, its crash and its return; the packets travel through
//! [`icelab_sim`]'s fabric, so they meet the same links, NATs and firewalls as those of a native
//! host, and stand in the same record.
//!
//! - [`Lab`]: the fabric and turmoil, driven tick by tick.
//! - [`Host`] and [`UdpSocket`]: what the code of a guest sees.
//! - [`Tick`]: how long a tick may be.
//!
//! Time: what a guest sends leaves at its own time, a whole millisecond. The network goes on in
//! nanoseconds, and a guest sees what arrives at the next whole millisecond, however long a tick is.
//! Only three things wait for the end of a tick: a bind, a datagram that a host sends to itself, and
//! the closing of a socket, which takes what the rest of the tick brings and hands it to nobody.
//!
//! Rules for the code of a guest, so that two runs of one seed are the same run: `select!` is
//! always `biased`; tasks live in a `JoinSet`, whose results are looked at, so that a panic in one
//! fails the run; no blocking tasks, no name lookup, no clock but [`Host::now`] and tokio's, no
//! randomness but [`Host::rng`].

mod host;
mod lab;
mod office;
mod socket;
mod tick;

pub use host::Host;
pub use lab::{Config, Failure, Lab, NotBuilt};
pub use office::Mailbox;
pub use socket::UdpSocket;
pub use tick::Tick;
