//! The channels of a call, as the run sees them.

use std::collections::BTreeMap;

use icelab_datachannel::{ChannelId, Priority, Properties, Reliability, StreamId};
use icelab_sans_io::Instant;
use indexmap::IndexMap;

use super::flow::Flow;
use crate::scenario::plan;
use crate::world::end::Which;
use crate::world::outcome::Channel as Outcome;

/// The channels of a call.
#[derive(Debug, Default)]
pub(in crate::world) struct Channels {
    /// By label, in the order of the plan.
    pub(super) all: IndexMap<String, Channel>,
    /// The place of each channel by its handle, at the offerer and at the answerer.
    places: [BTreeMap<ChannelId, usize>; 2],
    /// The channel that shows whether the call works, at the offerer and at the answerer.
    probes: [Option<ChannelId>; 2],
    /// Whether the association is over, or all that will ever arrive has.
    pub(super) is_over: bool,
}

/// One channel.
#[derive(Debug)]
pub(super) struct Channel {
    /// When it was open on both sides.
    pub(super) opened: Option<Instant>,
    /// From the offerer, and from the answerer.
    pub(super) flows: [Flow; 2],
}

/// One direction of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::world) struct FlowId {
    /// The channel's place.
    pub(super) place: usize,
    /// Who writes.
    pub(super) from: Which,
}

impl Channels {
    pub(in crate::world) fn new(channels: &[plan::Channel]) -> Self {
        let mut all = IndexMap::new();
        for (salt, channel) in (0..).step_by(2).zip(channels) {
            let is_ordered = channel.properties.is_ordered;
            let offerer = Flow::new(salt, is_ordered, &channel.offerer_sends);
            let answerer = Flow::new(salt + 1, is_ordered, &channel.answerer_sends);
            let flows = [offerer, answerer];
            all.insert(channel.properties.label.clone(), Channel { opened: None, flows });
        }
        Self { all, ..Self::default() }
    }

    /// Whether nothing is on its way, and nothing will be.
    pub(in crate::world) fn is_quiet(&self) -> bool {
        self.is_over || self.flows().all(Flow::is_delivered)
    }

    /// Whether nothing is to be written any more.
    pub(super) fn is_written(&self) -> bool {
        self.flows().all(|flow| flow.writer.is_finished())
    }

    /// When all channels were open on both sides.
    pub(in crate::world) fn opened(&self) -> Option<Instant> {
        let opened: Option<Vec<Instant>> =
            self.all.values().map(|channel| channel.opened).collect();
        opened?.into_iter().max()
    }

    /// Learns the handle of a channel at one side.
    pub(in crate::world) fn learn(&mut self, at: Which, channel: ChannelId, label: &str) {
        if let Some(place) = self.all.get_index_of(label) {
            self.side(at).insert(channel, place);
        }
    }

    /// Learns the handle of the channel for probes at one side.
    pub(in crate::world) fn learn_probe(&mut self, at: Which, channel: ChannelId) {
        let [offerer, answerer] = &mut self.probes;
        *at.of(offerer, answerer) = Some(channel);
    }

    /// The handle of the channel for probes at one side.
    pub(in crate::world) fn probe(&self, at: Which) -> Option<ChannelId> {
        let [offerer, answerer] = &self.probes;
        *at.of(offerer, answerer)
    }

    /// The place of a channel by its handle at one side.
    pub(super) fn place(&self, at: Which, channel: ChannelId) -> Option<usize> {
        let [offerer, answerer] = &self.places;
        at.of(offerer, answerer).get(&channel).copied()
    }

    /// A channel can be used at one side; its label.
    pub(super) fn open(&mut self, at: Which, id: ChannelId, now: Instant) -> Option<String> {
        let place = self.place(at, id)?;
        let (label, channel) = self.all.get_index_mut(place)?;
        let [offerer, answerer] = &mut channel.flows;
        at.of(&mut *offerer, &mut *answerer).channel = Some(id);
        if offerer.channel.is_some() && answerer.channel.is_some() {
            channel.opened.get_or_insert(now);
        }
        Some(label.clone())
    }

    pub(super) fn flow(&mut self, id: FlowId) -> Option<&mut Flow> {
        let (_, channel) = self.all.get_index_mut(id.place)?;
        let [offerer, answerer] = &mut channel.flows;
        Some(id.from.of(offerer, answerer))
    }

    pub(super) fn label(&self, place: usize) -> &str {
        self.all.get_index(place).map_or("", |(label, _)| label)
    }

    fn side(&mut self, at: Which) -> &mut BTreeMap<ChannelId, usize> {
        let [offerer, answerer] = &mut self.places;
        at.of(offerer, answerer)
    }

    fn flows(&self) -> impl Iterator<Item = &Flow> {
        self.all.values().flat_map(|channel| &channel.flows)
    }

    /// The association is over: nothing is written any more, and nothing arrives.
    pub(super) fn end(&mut self) {
        self.is_over = true;
        for flow in self.all.values_mut().flat_map(|channel| &mut channel.flows) {
            flow.writer.stop();
        }
    }

    /// What they have carried so far.
    pub(in crate::world) fn outcome(
        &self,
        offerer: &str,
        answerer: &str,
    ) -> IndexMap<String, Outcome> {
        let outcome = |(label, channel): (&String, &Channel)| {
            let [from_offerer, from_answerer] = &channel.flows;
            let flows = [(offerer, from_offerer), (answerer, from_answerer)];
            let used = flows.into_iter().filter(|(_, flow)| flow.writer.is_planned);
            let flows = used.map(|(from, flow)| (from.to_owned(), flow.outcome())).collect();
            let opened = channel.opened.map(Instant::since_start);
            (label.clone(), Outcome { opened, flows })
        };
        self.all.iter().map(outcome).collect()
    }
}

/// The channel over which both sides probe whether the call works: as little as a message can promise, and
/// ahead of all others, so that it shows the path and not what waits for it.
pub(in crate::world) fn probe_properties() -> Properties {
    Properties {
        is_ordered: false,
        reliability: Reliability::Retransmissions(0),
        priority: Priority::EXTRA_HIGH,
        ..Properties::labelled("probe")
    }
}

/// Beyond what a plan's channels use.
pub(in crate::world) const PROBE_STREAM: StreamId = StreamId(1_023);
