//! `schedule:` of links: each change of each cable becomes an event, as `set` would make it.

use core::time::Duration;
use std::collections::BTreeMap;

use icelab_sim::link::{LinkChange, LinkConfig, ScheduledChange};

use crate::scenario::plan::{Action, Behind, Cable, Event, Gateway, Peer, Server};

/// Takes the schedules out of all links, and gives the events that they stand for.
pub(super) fn events(
    gateways: &mut [Gateway],
    servers: &mut [Server],
    peers: &mut [Peer],
) -> Vec<Event> {
    let mut events = Vec::new();
    for gateway in gateways {
        add(&gateway.name, &gateway.behind, &mut gateway.link, &mut events);
    }
    for server in servers {
        let interface = &mut server.interface;
        add(&server.name, &interface.behind, &mut interface.link, &mut events);
    }
    for peer in peers {
        for interface in &mut peer.interfaces {
            add(&peer.name, &interface.behind, &mut interface.link, &mut events);
        }
    }
    events
}

fn add(node: &str, towards: &Behind, link: &mut LinkConfig, events: &mut Vec<Event>) {
    let mut times: BTreeMap<Duration, Vec<[LinkChange; 2]>> = BTreeMap::new();
    let up = core::mem::take(&mut link.up.schedule);
    for ScheduledChange { at, set } in up {
        times.entry(at.since_start()).or_default().push([set, LinkChange::default()]);
    }
    let down = core::mem::take(&mut link.down.schedule);
    for ScheduledChange { at, set } in down {
        let changes = times.entry(at.since_start()).or_default();
        match changes.iter_mut().find(|[_, down]| *down == LinkChange::default()) {
            Some([_, down]) => *down = set,
            None => changes.push([LinkChange::default(), set]),
        }
    }
    for (at, changes) in times {
        for [up, down] in changes {
            let cable = Cable { node: node.to_owned(), towards: towards.clone() };
            let action = Action::Set { cable, up: Box::new(up), down: Box::new(down) };
            events.push(Event { at, action });
        }
    }
}
