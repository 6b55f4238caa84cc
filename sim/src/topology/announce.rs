//! Who tells whom of which range.

use super::address::overlap;
use super::build::Topology;
use super::error::BuildError;
use super::node::{LinkId, NodeId};
use crate::nat;
use crate::packet::Prefix;

impl Topology {
    /// Tells every node the ways down: each interface's addresses, and each routed range, to all nodes above it up to the
    /// first one that hides them.
    pub(super) fn compute_routes(&mut self) -> Result<(), BuildError> {
        let mut announcements: Vec<(NodeId, LinkId, NodeId, Prefix)> = Vec::new();
        for (site, id) in self.graph.node_weights().zip(0..) {
            let node = NodeId(id);
            for uplink in site.interfaces.iter().filter(|uplink| uplink.is_plugged) {
                let mut prefixes: Vec<Prefix> =
                    uplink.addresses.iter().copied().map(Prefix::host).collect();
                prefixes.extend(site.inside.v4.filter(|_| !site.hides(true)));
                prefixes.extend(site.inside.v6.filter(|_| !site.hides(false)));
                if let Some(nat::Kind::Nptv6 { outside }) = site.translation() {
                    prefixes.push(outside);
                }
                announcements.extend(
                    prefixes.into_iter().map(|prefix| (node, uplink.link, uplink.behind, prefix)),
                );
            }
        }
        self.refuse_overlaps(&announcements)?;
        for site in self.graph.node_weights_mut() {
            site.inside.routes.clear();
        }
        for (_, mut link, mut at, prefix) in announcements {
            loop {
                let site = self.site_mut(at);
                site.inside.routes.insert(prefix, link);
                let is_hidden = site.hides(prefix.address().is_ipv4());
                match site.interfaces.first() {
                    Some(uplink) if !is_hidden => (link, at) = (uplink.link, uplink.behind),
                    Some(_) | None => break,
                }
            }
        }
        Ok(())
    }

    /// Two ranges that are announced to one place must not overlap.
    fn refuse_overlaps(
        &self,
        announcements: &[(NodeId, LinkId, NodeId, Prefix)],
    ) -> Result<(), BuildError> {
        let is_range = |prefix: Prefix| prefix != Prefix::host(prefix.address());
        let ranges: Vec<_> =
            announcements.iter().filter(|(.., prefix)| is_range(*prefix)).collect();
        for (index, (node, _, behind, range)) in ranges.iter().enumerate() {
            for (_, _, other_behind, other) in ranges.iter().take(index) {
                if behind == other_behind && overlap(*range, *other) {
                    let node = self.site(*node).name.to_string();
                    return Err(BuildError::RangesOverlap { node, range: *range, other: *other });
                }
            }
        }
        Ok(())
    }
}
