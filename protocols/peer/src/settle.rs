//! Moving what one layer of a peer made to the layer it is for, until nothing moves.

use icelab_ice as ice;
use icelab_sans_io::net::{Datagram, Request};
use icelab_sans_io::{Deadline, Instant, Output, Protocol};
use icelab_stun as stun;

use crate::event::{Event, GatheringFailure};
use crate::peer::Peer;
use crate::socket::Progress;

impl Peer {
    /// Settles everything, and works out when something is next due.
    pub(crate) fn settle(&mut self, now: Instant) {
        loop {
            self.pace_starts(now);
            let moved = [
                self.settle_queries(now),
                self.settle_leases(now),
                self.settle_agent(now),
                self.settle_security(now),
                self.settle_channels(now),
                self.finish_gathering(now),
            ];
            if !moved.contains(&true) {
                break;
            }
        }
        self.finish_closing();
        self.deadline = self.next_deadline();
    }

    /// Takes what the ICE agent made.
    pub(crate) fn settle_agent(&mut self, now: Instant) -> bool {
        let mut moved = false;
        while let Some(output) = self.agent.poll_output() {
            moved = true;
            match output {
                Output::Packet(datagram) => self.dispatch(datagram, now),
                Output::Event(ice::Event::Data { payload, .. }) => {
                    self.handle_protected(payload, now);
                }
                Output::Event(event) => {
                    self.watch_pair(&event);
                    if let ice::Event::Selected { pair, .. } = &event {
                        self.handle_selected(pair, now);
                    }
                    if let ice::Event::CheckSucceeded { local, remote, .. } = event {
                        self.hint_round_trip(now);
                        self.hear_of_pair(local, remote, now);
                    }
                    self.output.event(Event::Ice(event));
                }
            }
        }
        moved
    }

    /// Takes what the STUN clients made.
    fn settle_queries(&mut self, now: Instant) -> bool {
        let mut told = Vec::new();
        let mut moved = false;
        for (index, query) in self.queries.iter_mut().enumerate() {
            while let Some(output) = query.client.poll_output() {
                moved = true;
                match output {
                    Output::Packet(datagram) => send(&mut self.output, datagram),
                    Output::Event(event) => told.push((index, event)),
                }
            }
        }
        for (index, event) in told {
            self.handle_stun(index, event, now);
        }
        moved
    }

    fn handle_stun(&mut self, index: usize, event: stun::ClientEvent, now: Instant) {
        let Some(query) = self.queries.get_mut(index) else { return };
        let (base, server) = (query.base, (query.server, query.address));
        match event {
            stun::ClientEvent::Mapped { mapped, .. } => {
                query.progress = Progress::Answered;
                self.handle_mapped(base, mapped, server, now);
            }
            stun::ClientEvent::Redirected { server, .. } => query.address = server,
            stun::ClientEvent::Failed { .. } => {
                let was_asked = query.progress == Progress::Asked;
                query.progress = Progress::Failed;
                if was_asked {
                    self.fail(base, server.1, GatheringFailure::NoAnswer);
                }
            }
        }
    }

    /// Takes what the TURN clients made.
    fn settle_leases(&mut self, now: Instant) -> bool {
        let mut told = Vec::new();
        let mut moved = false;
        for lease in &mut self.leases {
            let key = lease.key();
            while let Some(output) = lease.client.poll_output() {
                moved = true;
                match output {
                    Output::Packet(datagram) => send(&mut self.output, datagram),
                    Output::Event(event) => told.push((key, event)),
                }
            }
        }
        for (key, event) in told {
            self.handle_turn(key, event, now);
        }
        moved
    }

    fn next_deadline(&self) -> Option<Deadline> {
        let queries = self.queries.iter().map(|query| query.client.poll_timeout());
        let leases = self.leases.iter().map(|lease| lease.client.poll_timeout());
        let own = [
            self.gathering_deadline(),
            self.agent.poll_timeout(),
            self.security_deadline(),
            self.channels_deadline(),
        ];
        own.into_iter().chain(queries).chain(leases).fold(None, Deadline::earlier)
    }
}

fn send(output: &mut icelab_sans_io::OutputQueue<Request, Event>, datagram: Datagram) {
    output.packet(Request::Send(datagram));
}
