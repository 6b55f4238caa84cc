//! Data channels: what is sent on them, and what is expected of it.

use icelab_datachannel::{Priority, Properties, Reliability};
use indexmap::IndexMap;

use super::Context;
use crate::scenario::grammar::data::{
    Carried as CarriedTerm, Channel as Term, Delivered as DeliveredTerm, PriorityWord,
    Send as SendTerm,
};
use crate::scenario::plan::{Amount, Call, Carried, Channel, Delivered, Send};
use crate::scenario::text::bound::Bound;
use crate::scenario::text::decode::{AnyNumber, At, Named, is_name};
use crate::scenario::text::fault::Fault;
use crate::scenario::text::quantity::{Quantity, Rate, Share, Size};
use crate::scenario::text::source::Span;

impl Context<'_> {
    /// The data channels of a call.
    pub(super) fn channels(
        &mut self,
        terms: Option<&At<AnyNumber<Term>>>,
        sides: (&str, &str),
    ) -> Vec<Channel> {
        let mut channels: Vec<Channel> = Vec::new();
        for term in terms.iter().flat_map(|terms| &terms.value.0) {
            let channel = self.channel(term, sides);
            let label = &channel.properties.label;
            if channels.iter().any(|other| other.properties.label == *label) {
                let span = term.value.label.as_ref().map_or(term.span, |label| label.span);
                self.faults.push(
                    Fault::new(span, format!("two channels are called `{label}`"))
                        .help("give each a `label` of its own: expectations and results go by it"),
                );
            }
            channels.push(channel);
        }
        channels
    }

    fn channel(&mut self, term: &At<Term>, (offerer, answerer): (&str, &str)) -> Channel {
        let fields = &term.value;
        if let Some(label) = fields.label.as_ref().filter(|label| !is_name(&label.value)) {
            self.faults.push(
                Fault::new(label.span, format!("`{}` cannot be a label", label.value)).help(
                    "labels are letters, digits, `_` and `-`, begin with a letter, and have at most 48 of them",
                ),
            );
        }
        let mut channel = Channel {
            properties: Properties {
                label: fields.label.as_ref().map_or(LABEL, |label| &label.value).to_owned(),
                is_ordered: fields.ordered.as_ref().is_none_or(|ordered| ordered.value),
                reliability: self.reliability(fields),
                priority: match fields.priority.as_ref().map(|word| word.value) {
                    Some(PriorityWord::VeryLow) => Priority::BELOW_NORMAL,
                    None | Some(PriorityWord::Low) => Priority::NORMAL,
                    Some(PriorityWord::Medium) => Priority::HIGH,
                    Some(PriorityWord::High) => Priority::EXTRA_HIGH,
                },
                ..Properties::default()
            },
            offerer_sends: Vec::new(),
            answerer_sends: Vec::new(),
        };
        for term in fields.send.iter().flat_map(|sends| &sends.value.0) {
            let Some(from) = &term.value.from else {
                self.faults.push(
                    Fault::missing(term.span, "from", "`send`")
                        .help(format!("as in `send: {{ from: {offerer} }}`")),
                );
                continue;
            };
            let send = self.send(term);
            let sends = match &from.value {
                name if name == offerer => &mut channel.offerer_sends,
                name if name == answerer => &mut channel.answerer_sends,
                name => {
                    self.push_not_one_of(name, from.span, &[offerer, answerer]);
                    continue;
                }
            };
            if sends.last().is_some_and(is_endless) {
                self.faults.push(
                    Fault::new(term.span, "what is sent before this never ends")
                        .label("never begins")
                        .help("give it a `size`, or say how long it goes on with `for`"),
                );
            }
            sends.push(send);
        }
        channel
    }

    fn reliability(&mut self, fields: &Term) -> Reliability {
        match (&fields.max_retransmits, &fields.max_lifetime) {
            (None, None) => Reliability::Full,
            (Some(most), None) => {
                if most.value > MOST_RETRANSMITS {
                    self.faults.push(
                        Fault::new(most.span, format!("{} are too many", most.value))
                            .label(format!("should be at most {MOST_RETRANSMITS}")),
                    );
                }
                Reliability::Retransmissions(u32::try_from(most.value).unwrap_or(u32::MAX))
            }
            (None, Some(life)) => {
                // RFC 8832 section 5.1 counts milliseconds.
                if life.value.0.subsec_nanos() % 1_000_000 != 0 {
                    self.faults.push(
                        Fault::new(life.span, "lifetimes are whole milliseconds (RFC 8832)")
                            .label("should be a multiple of 1 ms"),
                    );
                }
                Reliability::Lifetime(life.value.0)
            }
            (Some(_), Some(life)) => {
                self.faults.push(
                    Fault::new(
                        life.span,
                        "`max_retransmits` and `max_lifetime` exclude each other",
                    )
                    .label("one of them is too much")
                    .help("a channel has one or the other (RFC 8832 section 5.1)"),
                );
                Reliability::Full
            }
        }
    }

    fn send(&mut self, term: &At<SendTerm>) -> Send {
        let SendTerm { from: _, size, rate, r#for, at, message } = &term.value;
        let longest = Send::SHORTEST..=Send::LONGEST;
        for length in message.iter().filter(|length| !longest.contains(&length.value.0)) {
            let (shortest, longest) = (Size(Send::SHORTEST), Size(Send::LONGEST));
            self.faults.push(
                Fault::new(length.span, format!("a message of {} is out of range", length.value))
                    .label(format!("should be from {shortest} to {longest}"))
                    .help(format!(
                        "each message says which one it is, for which it needs {shortest}"
                    )),
            );
        }
        if let Some(size) = size.as_ref().filter(|size| size.value.0 < Send::SHORTEST) {
            let shortest = Size(Send::SHORTEST);
            self.faults.push(
                Fault::new(size.span, format!("{} are no message", size.value))
                    .label(format!("should be at least {shortest}")),
            );
        }
        if let Some(rate) = rate.as_ref().filter(|rate| rate.value.0 == 0) {
            self.faults.push(Fault::new(rate.span, "at this rate nothing is ever sent"));
        }
        let length = message.as_ref().map_or(Send::MESSAGE, |length| length.value.0).max(1);
        let most = length.saturating_mul(8 * MOST_MESSAGES);
        if let Some(rate) = rate.as_ref().filter(|rate| rate.value.0 > most) {
            let message =
                format!("at this rate more than {MOST_MESSAGES} messages are written in a second");
            self.faults.push(
                Fault::new(rate.span, message)
                    .label(format!("should be at most {}", Rate(most)))
                    .help("write longer messages with `message`, or leave `rate` out to send as much as there is room for"),
            );
        }
        if let (Some(size), Some(other)) =
            (size, rate.as_ref().map(|it| it.span).or(r#for.as_ref().map(|it| it.span)))
        {
            self.faults.push(
                Fault::new(other, format!("{} in all leave nothing to say here", size.value))
                    .label("excludes `size`")
                    .help("write `size`, or `rate` with `for`"),
            );
        }
        let lasts = r#for.as_ref().map(|lasts| self.within_limit(lasts));
        let amount = match (size, rate) {
            (Some(size), _) => Amount::Bytes(size.value.0),
            (None, Some(rate)) => Amount::Paced { bits_per_second: rate.value.0, lasts },
            (None, None) => Amount::Saturating { lasts },
        };
        Send {
            at: at.as_ref().map(|at| self.within_limit(at)),
            message: message.as_ref().map_or(Send::MESSAGE, |length| length.value.0),
            amount,
        }
    }

    /// What channels are expected to carry.
    pub(super) fn carried(
        &mut self,
        terms: Option<&At<Named<CarriedTerm>>>,
        call: Option<&Call>,
    ) -> IndexMap<String, Carried> {
        let mut all = IndexMap::new();
        if let Some(empty) = terms.filter(|terms| terms.value.0.is_empty()) {
            self.faults.push(
                Fault::new(empty.span, "this names no channel, so it expects nothing")
                    .help("as in `data: { file: { delivered: 100 % } }`"),
            );
        }
        for definition in terms.iter().flat_map(|terms| &terms.value.0) {
            let (label, span) = (&definition.name, definition.name_span);
            if let Some(call) = call {
                self.check_label(label, span, call);
            }
            let CarriedTerm { delivered, goodput, ordered } = &definition.value;
            if delivered.is_none() && goodput.is_none() && ordered.is_none() {
                self.faults.push(
                    Fault::new(span, "this expects nothing")
                        .label("should have `delivered`, `goodput` or `ordered`")
                        .help(format!("as in `{label}: {{ delivered: 100 % }}`")),
                );
            }
            let carried = Carried {
                delivered: delivered.as_ref().map(|term| self.delivered(term)),
                goodput: goodput.as_ref().map(|goodput| goodput.value.0),
                ordered: ordered.as_ref().map(|ordered| ordered.value),
            };
            all.insert(label.clone(), carried);
        }
        all
    }

    fn check_label(&mut self, label: &str, span: Span, call: &Call) {
        let known: Vec<&str> =
            call.data.iter().map(|channel| channel.properties.label.as_str()).collect();
        let channel = call.data.iter().find(|channel| channel.properties.label == *label);
        match channel {
            None if known.is_empty() => self.faults.push(
                Fault::new(span, format!("the call has no data channel `{label}`")).help(format!(
                    "as in `call: {{ data: {{ label: {label}, send: {{ from: {} }} }} }}`",
                    call.offerer
                )),
            ),
            None => self.faults.push(Fault::unknown_word(span, label, &known, "data channel")),
            Some(it) if it.offerer_sends.is_empty() && it.answerer_sends.is_empty() => {
                self.faults.push(
                    Fault::new(span, format!("nothing is sent on `{label}`"))
                        .label("carries nothing")
                        .help(format!("as in `send: {{ from: {} }}`", call.offerer)),
                );
            }
            Some(_) => {}
        }
    }

    fn delivered(&mut self, term: &At<DeliveredTerm>) -> Delivered {
        match term.value {
            DeliveredTerm::Bytes(bound) => {
                self.refuse_any(term.span, bound.0, None);
                Delivered::Bytes(bound.0)
            }
            DeliveredTerm::Share(bound) => {
                self.refuse_excess(term.span, bound.0, "messages");
                self.refuse_any(term.span, bound.0, Some(Share::WHOLE));
                Delivered::Share(bound.0)
            }
        }
    }

    /// Tells of a share of more than there is.
    pub(super) fn refuse_excess(&mut self, span: Span, bound: Bound<Share>, of: &str) {
        let limits = [bound.at_least, bound.at_most];
        if limits.into_iter().flatten().any(|share| share > Share::WHOLE) {
            let fault = Fault::new(span, format!("a share of more than all {of}"));
            self.faults.push(fault.label("should be at most 100 %"));
        }
    }

    /// Tells of a bound that holds whatever happens.
    fn refuse_any<Q: Quantity>(&mut self, span: Span, bound: Bound<Q>, whole: Option<Q>) {
        let Bound { at_least, at_most } = bound;
        let is_open_above = at_most.is_none_or(|most| whole.is_some_and(|whole| most >= whole));
        if is_open_above && at_least.is_none_or(|least| least.smallest() == 0) {
            self.faults.push(
                Fault::new(span, "any amount is right here, so this expects nothing")
                    .help("as in `delivered: 100 %`"),
            );
        }
    }
}

/// Whether nothing comes after it.
const fn is_endless(send: &Send) -> bool {
    matches!(send.amount, Amount::Saturating { lasts: None } | Amount::Paced { lasts: None, .. })
}

/// The label of a channel where none is written.
const LABEL: &str = "data";

/// One side writes no more messages than so many in a second: each costs the run time and memory.
const MOST_MESSAGES: u64 = 1_000_000;

/// The field of DATA_CHANNEL_OPEN has four bytes (RFC 8832 section 5.1).
const MOST_RETRANSMITS: u64 = u32::MAX as u64;
