//! For a runtime that lets its guests run in ticks, after the fabric has run to the end of the tick.

use std::time::Duration;

use icelab_sans_io::net::{Notice, Request};
use icelab_sans_io::{Instant, Protocol};

use super::native::Simulation;
use crate::record::Name;
use crate::topology::NodeId;

impl<G: Protocol<Input = Notice, Packet = Request>> Simulation<G> {
    /// Does what a host's guest asked for at `at`, which may lie in the tick that has just ended. The packet leaves at
    /// that very time, if the tick is no longer than [`least_host_delays`](Self::least_host_delays): then nobody else
    /// could have seen it yet. Requests are to come in the order of their times.
    pub fn submit(&mut self, node: NodeId, request: Request, at: Instant) {
        self.fabric.request_at(node, request, at.min(self.now()));
    }

    /// The shortest time in which a packet of each host can cross its own link, scheduled changes counted.
    pub fn least_host_delays(&self) -> impl Iterator<Item = (&Name, Duration)> {
        self.fabric.least_host_delays()
    }
}
