//! Fragments through the NAT, in order and out of it (RFC 4787 section 11).

use super::*;

/// A datagram of 2,000 bytes in fragments of at most 600 bytes.
fn pieces(from: &str, to: &str) -> Vec<Packet> {
    let mut packet = Packet::udp(endpoint(from), endpoint(to), &[5; 2000]).unwrap();
    packet.set_identification(99);
    packet.fragments(600).unwrap()
}

fn whole(pieces: Vec<Packet>) -> Packet {
    let mut reassembly = crate::packet::Reassembly::new();
    let mut result = None;
    for piece in pieces {
        result = result.or(reassembly.push(piece, Instant::START).unwrap());
    }
    result.expect("all fragments are here")
}

fn lab(fragments: Fragments) -> Lab {
    Lab::new(Config { fragments, ..Config::default() })
}

fn hold(lab: &mut Lab, piece: &mut Packet, now: Instant) -> Ticket {
    let verdict = lab.nat.outbound(piece, now);
    let Verdict::Held(ticket) = verdict else { panic!("not held: {verdict:?}") };
    ticket
}

const WITHOUT_FIRST: Verdict = Verdict::Drop(DropReason::FragmentWithoutFirst);

#[test]
fn fragments_in_order_follow_the_first_one() {
    for policy in [Fragments::InOrder, Fragments::OutOfOrder] {
        let mut lab = lab(policy);
        lab.send(B, R1, Instant::START).unwrap();
        let mut pieces = pieces(A, R1);
        for piece in &mut pieces {
            assert_eq!(lab.nat.outbound(piece, Instant::START), Verdict::Forward);
        }
        let whole = whole(pieces);
        check(&whole);
        let flow = whole.flow().unwrap();
        assert_eq!(flow.source.ip(), address(OUTSIDE));
        assert_ne!(flow.source.port(), 5000);
        assert_eq!(whole.payload(), [5; 2000]);
    }
}

#[test]
fn fragments_that_come_before_the_first_wait_for_it() {
    let mut lab = lab(Fragments::OutOfOrder);
    let mut pieces = pieces(A, R1);
    let mut first = pieces.remove(0);
    for piece in &mut pieces {
        hold(&mut lab, piece, Instant::START);
    }
    assert!(lab.nat.poll_released().is_none());
    assert_eq!(lab.nat.outbound(&mut first, Instant::START), Verdict::Forward);
    let mut out = vec![first];
    while let Some(released) = lab.nat.poll_released() {
        assert_eq!(released.verdict, Verdict::Forward);
        out.push(released.packet);
    }
    assert_eq!(out.len(), 4);
    check(&whole(out));
}

#[test]
fn out_of_order_fragments_are_dropped_where_only_order_is_known() {
    let mut lab = lab(Fragments::InOrder);
    let mut pieces = pieces(A, R1);
    let dropped = Verdict::Drop(DropReason::FragmentWithoutFirst);
    assert_eq!(lab.nat.outbound(&mut pieces[1], Instant::START), dropped);
}

#[test]
fn a_nat_that_takes_no_fragments_drops_them_all() {
    let mut lab = lab(Fragments::Drop);
    for piece in &mut pieces(A, R1) {
        let verdict = lab.nat.outbound(piece, Instant::START);
        assert_eq!(verdict, Verdict::Drop(DropReason::FragmentRefused));
    }
    assert_eq!(lab.nat.mappings(), []);
}

#[test]
fn fragments_of_a_dropped_first_one_are_dropped() {
    let mut lab = lab(Fragments::OutOfOrder);
    lab.send(A, R1, Instant::START).unwrap();
    let mut pieces = pieces(R2, "203.0.113.1:5000");
    let verdict = lab.nat.inbound(&mut pieces[0], Instant::START);
    assert_eq!(verdict, Verdict::Drop(DropReason::Filtered));
    let verdict = lab.nat.inbound(&mut pieces[1], Instant::START);
    assert_eq!(verdict, Verdict::Drop(DropReason::FragmentWithoutFirst));
}

#[test]
fn inbound_fragments_reach_the_inside() {
    let mut lab = lab(Fragments::OutOfOrder);
    lab.send(A, R1, Instant::START).unwrap();
    let mut pieces = pieces(R1, "203.0.113.1:5000");
    for piece in &mut pieces {
        assert_eq!(lab.nat.inbound(piece, Instant::START), Verdict::Forward);
    }
    let whole = whole(pieces);
    check(&whole);
    assert_eq!(whole.flow().unwrap().destination, endpoint(A));
}

#[test]
fn waiting_fragments_are_given_up_after_thirty_seconds() {
    let mut lab = lab(Fragments::OutOfOrder);
    let mut pieces = pieces(A, R1);
    lab.nat.outbound(&mut pieces[1], Instant::START);
    assert_eq!(lab.nat.poll_timeout(), Some(seconds(30)));
    lab.nat.handle_timeout(just_before(seconds(30)));
    assert!(lab.nat.poll_released().is_none());
    lab.nat.handle_timeout(seconds(30));
    assert_eq!(lab.nat.poll_released().unwrap().verdict, WITHOUT_FIRST);
    assert_eq!(lab.nat.poll_released(), None);
    assert_eq!(lab.nat.poll_timeout(), None);
}

#[test]
fn fragments_are_released_under_the_tickets_that_they_were_held_under() {
    let mut lab = lab(Fragments::OutOfOrder);
    let (mut one, mut other) = (pieces(A, R1), pieces(B, R1));
    let held_one = [1, 2].map(|index| hold(&mut lab, &mut one[index], Instant::START));
    let held_other = [1, 2].map(|index| hold(&mut lab, &mut other[index], Instant::START));
    let mut released = |first: &mut Packet| {
        assert_eq!(lab.nat.outbound(first, Instant::START), Verdict::Forward);
        let released = core::iter::from_fn(|| lab.nat.poll_released());
        released.map(|released| released.ticket).collect::<Vec<_>>()
    };
    assert_eq!(released(&mut other[0]), held_other);
    assert_eq!(released(&mut one[0]), held_one);
}

#[test]
fn a_reboot_and_new_addresses_release_what_waits() {
    for is_reboot in [true, false] {
        let mut lab = lab(Fragments::OutOfOrder);
        let mut pieces = pieces(A, R1);
        let held = hold(&mut lab, &mut pieces[1], Instant::START);
        let later = hold(&mut lab, &mut pieces[2], Instant::START);
        if is_reboot {
            lab.nat.reboot(seconds(1));
        } else {
            lab.nat.rebind(vec![address("203.0.113.2")], seconds(1));
        }
        for ticket in [held, later] {
            let released = lab.nat.poll_released().unwrap();
            assert_eq!((released.ticket, released.verdict), (ticket, WITHOUT_FIRST));
        }
        assert_eq!(lab.nat.poll_timeout(), None);
        // A ticket is used once.
        assert!(hold(&mut lab, &mut pieces[3], seconds(2)) > later);
        // What was known of a first fragment is forgotten too.
        assert_eq!(lab.nat.outbound(&mut pieces[0], seconds(2)), Verdict::Forward);
        lab.nat.reboot(seconds(3));
        hold(&mut lab, &mut pieces[1], seconds(3));
    }
}

#[test]
fn a_first_fragment_of_the_oldest_datagram_frees_those_that_wait_though_the_table_is_full() {
    let mut lab = lab(Fragments::OutOfOrder);
    let mut oldest = pieces(A, R1);
    hold(&mut lab, &mut oldest[1], Instant::START);
    for identification in 1000..2023 {
        let mut packet = Packet::udp(endpoint(A), endpoint(R1), &[5; 1000]).unwrap();
        packet.set_identification(identification);
        let mut first = packet.fragments(600).unwrap().remove(0);
        assert_eq!(lab.nat.outbound(&mut first, seconds(1)), Verdict::Forward);
    }
    assert_eq!(lab.nat.outbound(&mut oldest[0], seconds(2)), Verdict::Forward);
    assert_eq!(lab.nat.poll_released().unwrap().verdict, Verdict::Forward);
}

#[test]
fn no_more_than_so_many_fragments_wait() {
    let mut lab = lab(Fragments::OutOfOrder);
    let mut verdicts = Vec::new();
    for host in 2..202 {
        let from = format!("192.168.1.{host}:5000");
        for piece in pieces(&from, R1).iter_mut().skip(1) {
            verdicts.push(lab.nat.outbound(piece, Instant::START));
        }
    }
    let held = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Held(_))).count();
    assert_eq!(held, 256);
    assert_eq!(verdicts.last(), Some(&Verdict::Drop(DropReason::TooManyFragments)));
}

#[test]
fn nat64_translates_fragments() {
    let mut lab = Lab::preset("nat64");
    let six = endpoint("[2001:db8:1::2]:5000");
    let to = endpoint("[64:ff9b::198.51.100.1]:6000");
    let packet = Packet::udp(six, to, &[5; 2000]).unwrap();
    let mut pieces = packet.fragments_at_source(1280, 7).unwrap();
    for piece in &mut pieces {
        assert_eq!(lab.nat.outbound(piece, Instant::START), Verdict::Forward);
    }
    let packet = whole(pieces);
    check(&packet);
    assert_eq!(packet.flow().unwrap().destination, endpoint(R1));
    let mut back = self::pieces(R1, "203.0.113.1:5000");
    for piece in &mut back {
        assert_eq!(lab.nat.inbound(piece, Instant::START), Verdict::Forward);
    }
    let packet = whole(back);
    check(&packet);
    assert_eq!(packet.flow().unwrap().destination, six);
}

#[test]
fn the_oldest_fragmented_packet_is_forgotten_when_there_are_too_many() {
    let mut lab = lab(Fragments::InOrder);
    let cut = |identification: u16| {
        let mut packet = Packet::udp(endpoint(A), endpoint(R1), &[5; 1000]).unwrap();
        packet.set_identification(identification);
        packet.fragments(600).unwrap()
    };
    let mut verdict_of_later = |firsts: core::ops::Range<u16>, later: u16| {
        for identification in firsts {
            let at = Instant::from_millis(u64::from(identification));
            let verdict = lab.nat.outbound(&mut cut(identification)[0], at);
            assert_eq!(verdict, Verdict::Forward);
        }
        lab.nat.outbound(&mut cut(later)[1], seconds(2))
    };
    assert_eq!(verdict_of_later(0..1024, 0), Verdict::Forward);
    let forgotten = Verdict::Drop(DropReason::FragmentWithoutFirst);
    assert_eq!(verdict_of_later(1024..1025, 0), forgotten);
    assert_eq!(verdict_of_later(0..0, 1), Verdict::Forward);
}
