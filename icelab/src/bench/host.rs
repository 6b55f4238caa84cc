//! A host with the ends of several connections, each on a port of its own.

use core::convert::Infallible;
use std::collections::VecDeque;

use icelab_sans_io::net::{Notice, Request};
use icelab_sans_io::{Deadline, Instant, Output, Protocol};

use super::end::End;

/// What runs on one of the two hosts.
pub(super) struct Host {
    ends: Vec<End>,
    requests: VecDeque<Request>,
}

impl Host {
    pub(super) fn new(ends: Vec<End>) -> Self {
        let requests = ends.iter().map(|end| Request::Bind { local: end.local() }).collect();
        Self { ends, requests }
    }

    pub(super) fn into_ends(self) -> Vec<End> {
        self.ends
    }
}

impl Protocol for Host {
    type Input = Notice;
    type Packet = Request;
    type Event = Infallible;

    fn handle_input(&mut self, input: Notice, now: Instant) {
        let Notice::Datagram(datagram) = input else { return };
        let end = self.ends.iter_mut().find(|end| end.local() == datagram.destination);
        if let Some(end) = end {
            end.take(datagram.payload, now, &mut self.requests);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        for end in &mut self.ends {
            end.fire(now, &mut self.requests);
        }
    }

    fn poll_output(&mut self) -> Option<Output<Request, Infallible>> {
        self.requests.pop_front().map(Output::Packet)
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        let at = self.ends.iter().filter_map(End::deadline).min()?;
        Some(Deadline { at, timer: "bench.end" })
    }
}
