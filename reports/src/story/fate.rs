//! What became of checks and their answers, in words.

use crate::reading::check::{Check, Fate};
use crate::reading::name::{Drop, Names};
use crate::reading::record::{End, Journey};
use crate::reading::relay::Leave;
use crate::reading::time::milliseconds;

/// Where a packet went no further, and why; `None` where it arrived, or was still under way.
pub(crate) fn loss(journey: &Journey, names: &Names<'_>) -> Option<String> {
    match &journey.end {
        End::Dropped { at, place, reason } => {
            let dropped = Drop { at: *at, place, reason, flow: journey.flow };
            Some(names.drop(&journey.node, &dropped))
        }
        End::Delivered { .. } | End::UnderWay => None,
    }
}

/// What came of a check, in words.
pub(crate) fn result(check: &Check, names: &Names<'_>) -> String {
    if let Some((at, mapped)) = check.answer {
        let mapping = if mapped == check.local {
            String::new()
        } else {
            format!(": the other side sees it as {mapped}")
        };
        return format!("answered at {} ms{mapping}", milliseconds(at));
    }
    let way = fate(&check.fate, &check.peer, names);
    let way = match check.refusal {
        Some(code) => format!("{way}, which refuses it with error {code}"),
        None => way,
    };
    let Some(answer) = &check.answer_fate else {
        return match check.fate {
            Fate::Arrived { .. } => format!("{way}, and stays unanswered"),
            Fate::Dropped { .. }
            | Fate::NotPermitted { .. }
            | Fate::Unrecognised { .. }
            | Fate::HeldBack { .. }
            | Fate::Strayed { .. }
            | Fate::Unknown => way,
        };
    };
    match answer {
        // What a relay passes on to its client always carries the server's address.
        Fate::Arrived { flow, .. }
            if flow.source != check.remote && !names.is_lent(check.local) =>
        {
            format!(
                "{way}, but the answer comes back from {}, not from where the check went: it does not count",
                names.other(flow.source, &check.peer)
            )
        }
        Fate::Arrived { .. } if check.refusal.is_some() => way,
        Fate::Arrived { at, .. } => {
            format!("{way}; the answer comes at {} ms, too late to matter", milliseconds(*at))
        }
        Fate::Unknown => format!("{way}; the answer was still under way when the record ends"),
        Fate::Dropped { .. }
        | Fate::NotPermitted { .. }
        | Fate::Unrecognised { .. }
        | Fate::HeldBack { .. }
        | Fate::Strayed { .. } => {
            let answerer = match &check.fate {
                Fate::Arrived { node, .. } => node.as_str(),
                Fate::Dropped { .. }
                | Fate::NotPermitted { .. }
                | Fate::Unrecognised { .. }
                | Fate::HeldBack { .. }
                | Fate::Strayed { .. }
                | Fate::Unknown => "",
            };
            let is = if matches!(answer, Fate::Strayed { .. }) { "" } else { "is " };
            format!("{way}, but the answer {is}{}", fate(answer, answerer, names))
        }
    }
}

/// What became of a packet, in words.
fn fate(fate: &Fate, sender: &str, names: &Names<'_>) -> String {
    match fate {
        Fate::Dropped { at, place, reason, flow } => {
            names.drop(sender, &Drop { at: *at, place, reason, flow: *flow })
        }
        Fate::NotPermitted { server, client, relayed, sender, leave } => {
            let peer = names.host(*sender, client);
            let why = match leave {
                Leave::Never => format!("{client} never lets {peer} send to its relay {relayed}"),
                Leave::From(at) => format!(
                    "{client} lets {peer} send to its relay {relayed} only from {} ms on",
                    milliseconds(*at)
                ),
                Leave::Before => {
                    format!("{client} lets {peer} send to its relay {relayed} no longer")
                }
            };
            format!("dropped at {server}: {why}")
        }
        Fate::Unrecognised { server, seen, lent_to: Some(lent_to) } => format!(
            "dropped at {server}: it comes from {}, and the relay was lent to {}",
            names.other(*seen, ""),
            names.former(*lent_to)
        ),
        Fate::Unrecognised { server, seen, lent_to: None } => format!(
            "dropped at {server}: it comes from {}, to which no relay was lent",
            names.other(*seen, "")
        ),
        Fate::HeldBack { stale: Some(lent_to) } => format!(
            "held back: the relay was lent to {}, so its server grants no leave to send there",
            names.former(*lent_to)
        ),
        Fate::HeldBack { stale: None } => {
            "held back: the relay has no leave to send there yet".to_owned()
        }
        Fate::Arrived { node, .. } => format!("reaches {node}"),
        Fate::Strayed { node } => format!("reaches {node}, for whom it was not meant"),
        Fate::Unknown => "was still under way when the record ends".to_owned(),
    }
}
