//! Every type of channel, over links good and terrible.

use std::collections::BTreeSet;
use std::time::Duration;

use icelab_datachannel::{ChannelId, Event, Message, Properties, Reliability};
use icelab_sans_io::testing::LinkModel;

use crate::ends::{Ends, binary, configs, connected, messages, opened, text};

/// A lifetime that is too short for what waits behind other messages.
const SHORT: Duration = Duration::from_millis(150);

/// Every type of channel.
fn types() -> Vec<Properties> {
    let reliabilities = [
        Reliability::Full,
        Reliability::Retransmissions(0),
        Reliability::Retransmissions(5),
        Reliability::Lifetime(SHORT),
        Reliability::Lifetime(Duration::from_secs(20)),
    ];
    let of = |reliability, is_ordered| Properties {
        is_ordered,
        reliability,
        ..Properties::labelled(format!("{reliability:?} {is_ordered}"))
    };
    reliabilities.iter().flat_map(|it| [of(*it, true), of(*it, false)]).collect()
}

fn links() -> [(&'static str, LinkModel); 4] {
    let millis = Duration::from_millis;
    [
        ("good", LinkModel::delayed(millis(20))),
        ("lossy", LinkModel { loss_ppb: 50_000_000, ..LinkModel::delayed(millis(50)) }),
        ("terrible", LinkModel::terrible(millis(60))),
        ("terrible and slow", LinkModel::terrible(Duration::from_secs(2))),
    ]
}

/// What is sent: short and long, text and bytes, and empty ones.
fn samples() -> Vec<Message> {
    let mut samples = Vec::new();
    for number in 0..12_u8 {
        samples.push(text(&format!("text {number}")));
        samples.push(binary(&vec![number; 300 * usize::from(number) + 1]));
    }
    samples.extend([text(""), binary(&[]), binary(&vec![99; 20_000]), text("the last")]);
    samples
}

/// Opens all types from A to Z, and drives until Z has them. Gives A's and Z's handles, type by type.
fn open_all(ends: &mut Ends) -> Vec<(Properties, ChannelId, ChannelId)> {
    let now = ends.now();
    let own: Vec<_> = types().into_iter().map(|it| ends.a.open(it, now).unwrap()).collect();
    ends.drive_for(Duration::from_secs(120));
    let events = ends.events_z();
    let theirs = opened(&events);
    assert_eq!(theirs.len(), own.len(), "{}", ends.log());
    let handle = |it: &Properties| theirs.iter().find(|(_, told)| *told == it).unwrap().0;
    types().into_iter().zip(own).map(|(it, a)| (it.clone(), a, handle(&it))).collect()
}

/// Whether `part` comes in `whole` in this order, with gaps or without.
fn is_in_order(part: &[Message], whole: &[Message]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|message| whole.any(|other| other == message))
}

#[test]
fn every_type_of_channel_keeps_its_promises_on_every_link() {
    for (name, link) in links() {
        let mut ends = connected(configs(), link, 11);
        let channels = open_all(&mut ends);
        let sent = samples();
        for message in &sent {
            for (_, a, z) in &channels {
                let now = ends.now();
                ends.a.send(*a, message.clone(), now).unwrap();
                ends.z.send(*z, message.clone(), now).unwrap();
            }
            ends.drive_for(Duration::from_millis(200));
        }
        ends.drive_for(Duration::from_secs(600));
        let (events_a, events_z) = (ends.events_a(), ends.events_z());
        for (properties, a, z) in &channels {
            for got in [messages(&events_a, *a), messages(&events_z, *z)] {
                let what = format!("{properties:?} on the {name} link: {} messages", got.len());
                let is_reliable = properties.reliability == Reliability::Full;
                if is_reliable && properties.is_ordered {
                    assert_eq!(got, sent, "{what}");
                } else if properties.is_ordered {
                    assert!(is_in_order(&got, &sent), "{what}");
                } else {
                    let once: BTreeSet<_> = got.iter().map(|it| format!("{it:?}")).collect();
                    assert_eq!(once.len(), got.len(), "none twice: {what}");
                    assert!(got.iter().all(|it| sent.contains(it)), "{what}");
                }
                let is_short = properties.reliability == Reliability::Lifetime(SHORT);
                if is_reliable || (name == "good" && !is_short) {
                    assert_eq!(got.len(), sent.len(), "{what}");
                }
            }
        }
        assert_eq!(ends.a.discards().iter().count(), 0, "{:?}", ends.a.discards());
        assert_eq!(ends.z.discards().iter().count(), 0, "{:?}", ends.z.discards());
    }
}

#[test]
fn messages_that_may_be_given_up_are_and_the_sender_is_told() {
    // Every third packet is lost, so that much is given up and much arrives.
    let link =
        LinkModel { loss_ppb: 330_000_000, ..LinkModel::delayed(Duration::from_millis(100)) };
    for reliability in
        [Reliability::Retransmissions(0), Reliability::Lifetime(Duration::from_millis(150))]
    {
        let mut ends = connected(configs(), link, 3);
        let properties =
            Properties { is_ordered: false, reliability, ..Properties::labelled("lossy") };
        let a = ends.a.open(properties, ends.now()).unwrap();
        ends.drive_for(Duration::from_secs(30));
        let z = opened(&ends.events_z())[0].0;
        for number in 0..100_u8 {
            ends.a.send(a, binary(&[number]), ends.now()).unwrap();
            ends.drive_for(Duration::from_millis(50));
        }
        ends.drive_for(Duration::from_secs(60));
        let arrived = messages(&ends.events_z(), z).len();
        let given_up = ends
            .events_a()
            .iter()
            .filter(|event| matches!(event, Event::GivenUp { channel } if *channel == a))
            .count();
        assert!((30..100).contains(&arrived), "{reliability:?}: {arrived} arrived");
        // One that arrived can be given up as well, where its acknowledgement was lost.
        assert!(given_up >= 100 - arrived, "{reliability:?}: {given_up} given up, {arrived} came");
    }
}
