//! What channels were expected to carry against what they carried.

use super::outcome::{Channel, Flow};
use crate::scenario::plan::{Carried, Delivered};
use crate::scenario::text::quantity::{Rate, Share, Size};

/// A key, what was wanted of it, and what there was.
type Fault = (&'static str, String, String);

/// Everything that does not hold of a channel, in each direction in which something is sent.
pub(super) fn judge_data(wanted: &Carried, got: Option<&Channel>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if got.is_none_or(|channel| channel.flows.is_empty()) {
        faults.push(("delivered", "something that is sent".to_owned(), nothing()));
    }
    for (from, flow) in got.iter().flat_map(|channel| &channel.flows) {
        let mut fail = |key, wanted: String, got: String| {
            faults.push((key, wanted, format!("from {from}: {got}")));
        };
        // Nothing that is expected of a channel lets it make messages up.
        if flow.duplicates > 0 || flow.broken > 0 {
            let (twice, broken) = (flow.duplicates, flow.broken);
            let got = format!("{twice} came twice, {broken} were changed");
            fail("delivered", "each message once, as it was sent".to_owned(), got);
        }
        match wanted.delivered {
            Some(Delivered::Share(bound)) if !bound.holds(share(flow)) => {
                let got = format!("{} ({} of {})", share(flow), flow.delivered, flow.sent);
                fail("delivered", bound.to_string(), got);
            }
            Some(Delivered::Bytes(bound)) if !bound.holds(Size(flow.delivered_bytes)) => {
                fail("delivered", bound.to_string(), Size(flow.delivered_bytes).to_string());
            }
            Some(Delivered::Share(_) | Delivered::Bytes(_)) | None => {}
        }
        if let Some(bound) = wanted.goodput
            && !flow.goodput.is_some_and(|goodput| bound.holds(Rate(goodput)))
        {
            let got = flow.goodput.map_or_else(nothing, |goodput| Rate(goodput).to_string());
            fail("goodput", bound.to_string(), got);
        }
        let is_ordered = flow.overtaken == 0;
        if wanted.ordered.is_some_and(|wanted| wanted != is_ordered || flow.delivered == 0) {
            let wanted = wanted.ordered.unwrap_or_default().to_string();
            let got = match flow.delivered {
                0 => nothing(),
                _ => format!("{} of {} were overtaken", flow.overtaken, flow.delivered),
            };
            fail("ordered", wanted, got);
        }
    }
    faults
}

/// How much of what was sent has arrived; nothing where nothing was sent.
fn share(flow: &Flow) -> Share {
    let parts = u128::from(flow.delivered) * u128::from(Share::WHOLE.0);
    Share(u64::try_from(parts / u128::from(flow.sent.max(1))).unwrap_or(u64::MAX))
}

fn nothing() -> String {
    "nothing".to_owned()
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::*;
    use crate::scenario::text::bound::Bound;

    fn channel(flow: Flow) -> Channel {
        Channel { opened: None, flows: IndexMap::from([("alice".to_owned(), flow)]) }
    }

    fn faults(wanted: Carried, flow: Flow) -> Vec<String> {
        let faults = judge_data(&wanted, Some(&channel(flow)));
        faults.iter().map(|(key, wanted, got)| format!("{key}: {got}, not {wanted}")).collect()
    }

    const HALF: Flow = Flow {
        sent: 8,
        sent_bytes: 8_192,
        delivered: 4,
        delivered_bytes: 4_096,
        duplicates: 0,
        broken: 0,
        overtaken: 0,
        given_up: 4,
        first_write: None,
        last_delivery: None,
        goodput: Some(2_000_000),
    };

    fn at_least<Q>(quantity: Q) -> Bound<Q> {
        Bound { at_least: Some(quantity), at_most: None }
    }

    #[test]
    fn what_holds_gives_no_fault() {
        let wanted = Carried {
            delivered: Some(Delivered::Share(at_least(Share(Share::WHOLE.0 / 2)))),
            goodput: Some(at_least(Rate(2_000_000))),
            ordered: Some(true),
        };
        assert_eq!(faults(wanted, HALF), [""; 0]);
    }

    #[test]
    fn each_part_that_does_not_hold_is_named() {
        let wanted = Carried {
            delivered: Some(Delivered::Share(at_least(Share::WHOLE))),
            goodput: Some(at_least(Rate(2_000_001))),
            ordered: Some(false),
        };
        assert_eq!(
            faults(wanted, HALF),
            [
                "delivered: from alice: 50 % (4 of 8), not at least 100 %",
                "goodput: from alice: 2 Mbit/s, not at least 2000001 bit/s",
                "ordered: from alice: 0 of 4 were overtaken, not false",
            ]
        );
        let delivered = Some(Delivered::Bytes(at_least(Size(4_097))));
        let wanted = Carried { delivered, ordered: Some(true), ..Carried::default() };
        assert_eq!(
            faults(wanted, Flow { overtaken: 1, ..HALF }),
            [
                "delivered: from alice: 4 KiB, not at least 4097 B",
                "ordered: from alice: 1 of 4 were overtaken, not true",
            ]
        );
    }

    #[test]
    fn a_message_that_comes_twice_or_changed_is_never_as_expected() {
        let wanted = Carried { ordered: Some(true), ..Carried::default() };
        assert_eq!(
            faults(wanted, Flow { duplicates: 1, ..HALF }),
            [
                "delivered: from alice: 1 came twice, 0 were changed, not each message once, as it was sent"
            ]
        );
        assert_eq!(faults(wanted, Flow { broken: 1, ..HALF }).len(), 1);
    }

    #[test]
    fn a_channel_that_carries_nothing_holds_nothing() {
        let nothing = Flow { sent: 3, ..Flow::default() };
        let wanted = Carried {
            delivered: Some(Delivered::Share(at_least(Share(1)))),
            goodput: Some(at_least(Rate(1))),
            ordered: Some(true),
        };
        assert_eq!(faults(wanted, nothing).len(), 3);
    }
}
