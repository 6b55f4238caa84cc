//! The two ways to tell outside ports apart, behind one face.

use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::Instant;

use super::connections::Connections;
use super::context::{Context, Translation};
use super::mappings::Mappings;
use super::population::Mapping;
use super::{Config, Ending, Tracking};
use crate::packet::Flow;

/// The state of a NAT.
#[derive(Clone, Debug)]
pub(super) enum Table {
    Mappings(Mappings),
    Connections(Connections),
}

impl Table {
    pub(super) fn new(config: &Config) -> Self {
        match config.effective_tracking() {
            Tracking::Mappings => Self::Mappings(Mappings::new(config)),
            Tracking::Connections => Self::Connections(Connections::new()),
        }
    }

    /// An inside endpoint sends to a remote one: the outside endpoint that it sends from.
    pub(super) fn outbound(
        &mut self,
        flow: Flow,
        context: &mut Context<'_>,
        now: Instant,
    ) -> Translation {
        match self {
            Self::Mappings(table) => table.outbound(flow, context, now),
            Self::Connections(table) => table.outbound(flow, context, now),
        }
    }

    /// A remote endpoint sends to an outside one: the inside endpoint that it is for.
    pub(super) fn inbound(
        &mut self,
        flow: Flow,
        context: &mut Context<'_>,
        now: Instant,
    ) -> Translation {
        match self {
            Self::Mappings(table) => table.inbound(flow, context, now),
            Self::Connections(table) => table.inbound(flow, context, now),
        }
    }

    /// The inside endpoint of a flow from a remote to an outside endpoint, without any effect.
    pub(super) fn inside_of(&self, flow: Flow, config: &Config) -> Option<SocketAddr> {
        match self {
            Self::Mappings(table) => table.inside_of(flow, config.mapping),
            Self::Connections(table) => table.inside_of(flow),
        }
    }

    /// The outside endpoint of a flow from an inside to a remote endpoint, without any effect.
    pub(super) fn outside_of(&self, flow: Flow, config: &Config) -> Option<SocketAddr> {
        match self {
            Self::Mappings(table) => table.outside_of(flow, config.mapping),
            Self::Connections(table) => table.outside_of(flow),
        }
    }

    pub(super) fn handle_timeout(&mut self, context: &mut Context<'_>, now: Instant) {
        match self {
            Self::Mappings(table) => table.handle_timeout(context, now),
            Self::Connections(table) => table.handle_timeout(context, now),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Mappings(table) => table.poll_timeout(),
            Self::Connections(table) => table.poll_timeout(),
        }
    }

    /// Ends what has an outside address that is none of `addresses`.
    pub(super) fn keep_only(
        &mut self,
        addresses: &[IpAddr],
        why: Ending,
        context: &mut Context<'_>,
        now: Instant,
    ) {
        match self {
            Self::Mappings(table) => table.keep_only(addresses, why, context, now),
            Self::Connections(table) => table.keep_only(addresses, why, context, now),
        }
    }

    /// All mappings, in no meaningful order.
    pub(super) fn mappings(&self) -> Vec<&Mapping> {
        match self {
            Self::Mappings(table) => table.iter().collect(),
            Self::Connections(table) => table.iter().collect(),
        }
    }
}
