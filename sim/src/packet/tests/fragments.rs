//! Packets cut into fragments and put together again (RFC 791 section 3.2, RFC 8200 section 4.5).

use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_sans_io::net::Ecn;

use super::*;

fn with_identification(mut packet: Packet, identification: u16) -> Packet {
    packet.set_identification(identification);
    packet
}

fn push(reassembly: &mut Reassembly, packet: Packet) -> Option<Packet> {
    reassembly.push(packet, Instant::START).unwrap()
}

#[test]
fn a_packet_that_fits_is_not_cut() {
    let packet = udp(V4, &[1; 100]);
    let length = packet.length();
    assert_eq!(packet.clone().fragments(length), Ok(vec![packet.clone()]));
    assert_eq!(packet.fragments(length - 1).unwrap().len(), 2);
}

#[test]
fn fragments_fit_and_come_together_in_any_order() {
    let packet = with_identification(udp(V4, &[7; 1000]), 5);
    let pieces = packet.clone().fragments(300).unwrap();
    assert_eq!(pieces.len(), 4);
    for piece in &pieces {
        check(piece);
        assert!(piece.length() <= 300);
        assert_eq!(piece.fragment().unwrap().identification, 5);
    }
    for first in 0..4 {
        let mut reassembly = Reassembly::new();
        let mut order: Vec<usize> = (0..4).collect();
        order.rotate_left(first);
        let mut whole = None;
        for index in order {
            assert!(whole.is_none());
            whole = push(&mut reassembly, pieces[index].clone());
        }
        assert_eq!(whole.as_ref(), Some(&packet));
        assert_eq!((reassembly.waiting(), reassembly.poll_timeout()), (0, None));
    }
}

#[test]
fn fragments_can_be_cut_again() {
    let packet = with_identification(udp(V4, &[7; 1000]), 5);
    let mut reassembly = Reassembly::new();
    let mut whole = None;
    for piece in packet.clone().fragments(500).unwrap() {
        for smaller in piece.fragments(200).unwrap() {
            whole = whole.or(push(&mut reassembly, smaller));
        }
    }
    assert_eq!(whole, Some(packet));
}

#[test]
fn ipv6_is_cut_at_the_source_alone() {
    let packet = udp(V6, &[7; 2000]);
    assert_eq!(packet.clone().fragments(1280), Err(Unfragmentable::DontFragment));
    let pieces = packet.clone().fragments_at_source(1280, 0xabcd_1234).unwrap();
    assert_eq!(pieces.len(), 2);
    let mut reassembly = Reassembly::new();
    let mut whole = None;
    for piece in pieces.into_iter().rev() {
        check(&piece);
        assert!(piece.length() <= 1280);
        assert_eq!(piece.fragment().unwrap().identification, 0xabcd_1234);
        whole = whole.or(push(&mut reassembly, piece));
    }
    assert_eq!(whole, Some(packet));
}

#[test]
fn what_must_not_be_cut_is_not() {
    assert_eq!(tcp(V4, &[0; 1000]).fragments(500), Err(Unfragmentable::DontFragment));
    assert_eq!(udp(V4, &[0; 1000]).fragments(27), Err(Unfragmentable::MtuTooSmall));
    assert!(udp(V4, &[0; 1000]).fragments(28).is_ok());
}

#[test]
fn a_packet_that_is_no_fragment_passes() {
    let mut reassembly = Reassembly::new();
    assert_eq!(push(&mut reassembly, udp(V4, b"x")), Some(udp(V4, b"x")));
}

#[test]
fn the_same_fragment_twice_does_no_harm() {
    let pieces = udp(V4, &[7; 1000]).fragments(500).unwrap();
    let mut reassembly = Reassembly::new();
    assert_eq!(push(&mut reassembly, pieces[0].clone()), None);
    assert_eq!(push(&mut reassembly, pieces[0].clone()), None);
    assert_eq!(push(&mut reassembly, pieces[1].clone()), None);
    assert!(push(&mut reassembly, pieces[2].clone()).is_some());
}

#[test]
fn overlapping_fragments_drop_their_packet() {
    let coarse = udp(V4, &[7; 1000]).fragments(500).unwrap();
    let fine = udp(V4, &[7; 1000]).fragments(300).unwrap();
    for (first, second) in [
        (&coarse[0], &fine[1]),
        (&fine[1], &coarse[0]),
        (&coarse[2], &fine[3]),
        (&fine[3], &coarse[2]),
    ] {
        let mut reassembly = Reassembly::new();
        push(&mut reassembly, first.clone());
        let outcome = reassembly.push(second.clone(), Instant::START);
        assert_eq!(outcome, Err(ReassemblyDrop::Overlap));
        assert_eq!((reassembly.waiting(), reassembly.poll_timeout()), (0, None));
    }
}

#[test]
fn two_ends_that_differ_drop_their_packet() {
    let long = udp(V4, &[7; 1000]).fragments(500).unwrap();
    let short = udp(V4, &[7; 600]).fragments(500).unwrap();
    for (first, second) in [(&long[2], &short[1]), (&short[1], &long[2])] {
        let mut reassembly = Reassembly::new();
        push(&mut reassembly, first.clone());
        let outcome = reassembly.push(second.clone(), Instant::START);
        assert_eq!(outcome, Err(ReassemblyDrop::Overlap));
    }
}

#[test]
fn fragments_wait_sixty_seconds() {
    let pieces = udp(V4, &[7; 1000]).fragments(500).unwrap();
    let end = Instant::START + Reassembly::TIMEOUT;
    let mut reassembly = Reassembly::new();
    push(&mut reassembly, pieces[0].clone());
    assert_eq!(reassembly.poll_timeout(), Some(end));
    assert_eq!(reassembly.handle_timeout(Instant::from_nanos(end.as_nanos() - 1)), 0);
    assert_eq!(reassembly.waiting(), 1);
    assert_eq!(reassembly.handle_timeout(end), 1);
    assert_eq!(reassembly.waiting(), 0);
    // A late one begins anew.
    reassembly.push(pieces[1].clone(), end + Duration::from_secs(1)).unwrap();
    assert_eq!(reassembly.waiting(), 1);
}

#[test]
fn the_oldest_incomplete_packet_gives_way() {
    let mut reassembly = Reassembly::new();
    let first = |identification: u16| {
        let packet = with_identification(udp(V4, &[7; 1000]), identification);
        packet.fragments(500).unwrap()
    };
    for identification in 0..=64u16 {
        let at = Instant::from_secs(u64::from(identification) / 10);
        reassembly.push(first(identification)[0].clone(), at).unwrap();
    }
    assert_eq!(reassembly.waiting(), 64);
    // Number 0 gave way, number 1 is still there.
    for (identification, complete) in [(1, true), (0, false)] {
        let rest = first(identification);
        let now = Instant::from_secs(7);
        reassembly.push(rest[1].clone(), now).unwrap();
        let whole = reassembly.push(rest[2].clone(), now).unwrap();
        assert_eq!(whole.is_some(), complete);
    }
}

#[test]
fn waiting_bytes_are_bounded() {
    let mut reassembly = Reassembly::new();
    for identification in 0..40u16 {
        let packet = with_identification(udp(V4, &[7; 60_000]), identification);
        let first = packet.fragments(59_000).unwrap()[0].clone();
        push(&mut reassembly, first);
    }
    assert!(reassembly.waiting() * 58_976 <= Reassembly::MOST_BYTES);
    assert!(reassembly.waiting() >= 17);
}

#[test]
fn a_congestion_mark_on_any_fragment_is_one_on_the_whole() {
    for marked in 0..3 {
        let mut packet = udp(V4, &[7; 1000]);
        packet.set_ecn(Ecn::Ect0);
        let mut pieces = packet.fragments(500).unwrap();
        pieces[marked].set_ecn(Ecn::Ce);
        let mut reassembly = Reassembly::new();
        let whole = pieces.into_iter().find_map(|piece| push(&mut reassembly, piece)).unwrap();
        assert_eq!(whole.ecn(), Ecn::Ce);
        check(&whole);
    }
}

#[test]
fn fragments_of_which_one_is_marked_and_one_cannot_be_drop_their_packet() {
    let mut pieces = udp(V4, &[7; 1000]).fragments(500).unwrap();
    pieces[1].set_ecn(Ecn::Ce);
    let mut reassembly = Reassembly::new();
    push(&mut reassembly, pieces[0].clone());
    let outcome = reassembly.push(pieces[1].clone(), Instant::START);
    assert_eq!(outcome, Err(ReassemblyDrop::MixedMarks));
    assert_eq!(reassembly.waiting(), 0);
}

#[test]
fn a_fragment_that_is_the_whole_does_not_meet_others_of_its_number() {
    let [whole, other] = [&[7; 100][..], &[7; 2000]].map(|payload| udp(V6, payload));
    // An atomic fragment (RFC 6946): the header says fragment, and all of the packet is in it.
    let mut bytes = whole.as_bytes().to_vec();
    bytes[6] = 44;
    bytes.splice(40..40, [17, 0, 0, 0, 0, 0, 0, 5]);
    let length = u16::try_from(bytes.len() - 40).unwrap();
    bytes[4..6].copy_from_slice(&length.to_be_bytes());
    let atomic = Packet::parse(bytes).unwrap();
    let pieces = other.clone().fragments_at_source(1280, 5).unwrap();
    let mut reassembly = Reassembly::new();
    assert_eq!(push(&mut reassembly, pieces[0].clone()), None);
    assert_eq!(push(&mut reassembly, atomic), Some(whole));
    assert_eq!(push(&mut reassembly, pieces[1].clone()), Some(other));
}
