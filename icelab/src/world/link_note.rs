//! What a link is set to, in a scenario's words, as a note.

use core::time::Duration;

use icelab_sim::Value;
use icelab_sim::link::{Discipline, LinkChange, Loss, Oversize, QueueLimit};

use crate::scenario::text::quantity::{Rate, Time};

/// The fields of a `link.set` note: what is set in each direction, `up` away from the owner.
pub(super) fn fields(
    towards: &str,
    up: &LinkChange,
    down: &LinkChange,
) -> Vec<(&'static str, Value)> {
    vec![("towards", towards.into()), ("up", words(up).into()), ("down", words(down).into())]
}

/// What changes, such as `delay 300 ms, loss 10 %`.
fn words(change: &LinkChange) -> String {
    let time = |time: Duration| Time(time).to_string();
    let words = [
        change.rate.map(|rate| match rate {
            Some(rate) => format!("rate {}", Rate(rate.as_bits_per_second())),
            None => "no limit of its rate".to_owned(),
        }),
        change.delay.map(|delay| format!("delay {}", time(delay))),
        change.jitter.map(|jitter| format!("jitter {}", time(jitter))),
        change.loss.map(loss),
        change
            .reorder
            .map(|reorder| format!("reorder {} by {}", reorder.chance, time(reorder.hold))),
        change.duplicate.map(|chance| format!("duplicate {chance}")),
        change.corrupt.map(|chance| format!("corrupt {chance}")),
        change.queue.map(|queue| match queue {
            QueueLimit::Packets(packets) => format!("queue {packets} packets"),
            QueueLimit::Bytes(bytes) => format!("queue {bytes} bytes"),
        }),
        change.discipline.map(|discipline| match discipline {
            Discipline::DropTail => "drop-tail queue".to_owned(),
            Discipline::MarkAbove { bytes } => format!("marks above {bytes} bytes"),
            Discipline::CoDel(_) => "CoDel queue".to_owned(),
            Discipline::FqCoDel { .. } => "FQ-CoDel queue".to_owned(),
        }),
        change.mtu.map(|mtu| format!("mtu {mtu}")),
        change.oversize.map(|oversize| match oversize {
            Oversize::TooBig => "tells senders of packets that are too big".to_owned(),
            Oversize::BlackHole => "swallows packets that are too big".to_owned(),
        }),
        change.trace.as_ref().map(|trace| match trace {
            Some(_) => "another trace".to_owned(),
            None => "no trace".to_owned(),
        }),
        change.is_up.map(|is_up| if is_up { "up" } else { "down" }.to_owned()),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn loss(loss: Loss) -> String {
    match loss {
        Loss::None => "loss 0 %".to_owned(),
        Loss::Independent(chance) => format!("loss {chance}"),
        Loss::GilbertElliott { worsen, recover, .. } => {
            format!("loss in bursts (begins {worsen}, ends {recover})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use icelab_sim::Chance;

    #[test]
    fn a_change_is_told_in_a_scenarios_words() {
        let change = LinkChange {
            delay: Some(Duration::from_millis(300)),
            loss: Some(Loss::Independent(Chance::from_percent(10))),
            ..LinkChange::default()
        };
        assert_eq!(words(&change), "delay 300 ms, loss 10 %");
        assert_eq!(words(&LinkChange::default()), "");
    }
}
