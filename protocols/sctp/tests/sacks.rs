//! When data is acknowledged, and with what (RFC 9260 sections 6.2 and 6.7).

use icelab_sctp::packet::chunk::{Chunk, Data};
use icelab_sctp::{Config, Discard};

use crate::ends::{message, millis};
use crate::script::{Offer, Script, Seen, data, data_of};

fn script() -> Script {
    Script::new(Config::default(), &Offer::default())
}

/// What SACKs say but for the window: the cumulative TSN, gaps, duplicates.
type Told = (u32, Vec<(u16, u16)>, Vec<u32>);

/// The SACKs of the packets since the last call.
fn sacks(script: &mut Script) -> Vec<Told> {
    let told = |chunk| match chunk {
        Seen::Sack { cumulative, gaps, duplicates, .. } => Some((cumulative, gaps, duplicates)),
        _ => None,
    };
    script.chunks().into_iter().filter_map(told).collect()
}

#[test]
fn every_second_packet_is_acknowledged_at_once() {
    let mut script = script();
    // A <- DATA(1) <- peer
    script.put_messages([1]);
    assert_eq!(sacks(&mut script), []);
    // A <- DATA(2) <- peer
    // A -> SACK(2) -> peer
    script.put_messages([2]);
    assert_eq!(sacks(&mut script), [(2, vec![], vec![])]);
    script.put_messages(3..=6);
    assert_eq!(sacks(&mut script), [(4, vec![], vec![]), (6, vec![], vec![])]);
}

#[test]
fn a_single_packet_is_acknowledged_after_200_ms() {
    let mut script = script();
    script.put_messages([1]);
    assert_eq!(script.wait_for_packet(millis(1000)), Some(millis(200)));
    assert_eq!(sacks(&mut script), [(1, vec![], vec![])]);
    assert_eq!(script.wait_for_packet(millis(1000)), None);
}

#[test]
fn packets_count_and_not_their_chunks() {
    let mut script = script();
    let chunks = [1, 2, 3].map(|tsn| Chunk::Data(data(tsn, 0, tsn as u16 - 1, b"x")));
    script.put(&chunks);
    assert_eq!(sacks(&mut script), []);
    script.put_messages([4]);
    assert_eq!(sacks(&mut script), [(4, vec![], vec![])]);
}

#[test]
fn a_sender_in_a_hurry_is_answered_at_once() {
    let mut script = script();
    script.put(&[Chunk::Data(Data { is_immediate: true, ..data(1, 0, 0, b"x") })]);
    assert_eq!(sacks(&mut script), [(1, vec![], vec![])]);
}

#[test]
fn no_delay_longer_than_500_ms_can_be_configured() {
    let config = Config { sack_delay: millis(5000), ..Config::default() };
    let mut script = Script::new(config, &Offer::default());
    script.put_messages([1]);
    assert_eq!(script.wait_for_packet(millis(5000)), Some(millis(500)));
    let config = Config { sack_delay: millis(20), ..Config::default() };
    let mut script = Script::new(config, &Offer::default());
    script.put_messages([1]);
    assert_eq!(script.wait_for_packet(millis(5000)), Some(millis(20)));
}

#[test]
fn a_gap_is_told_with_each_packet_until_it_is_filled() {
    let mut script = script();
    script.put_messages([1]);
    assert_eq!(sacks(&mut script), []);
    // A <- DATA(3) <- peer
    // A -> SACK(1, gap 2) -> peer
    script.put_messages([3]);
    assert_eq!(sacks(&mut script), [(1, vec![(2, 2)], vec![])]);
    script.put_messages([4, 6]);
    let expected = [(1, vec![(2, 3)], vec![]), (1, vec![(2, 3), (5, 5)], vec![])];
    assert_eq!(sacks(&mut script), expected);
    // A <- DATA(2) <- peer: 5 is still missing
    script.put_messages([2]);
    assert_eq!(sacks(&mut script), [(4, vec![(2, 2)], vec![])]);
    script.put_messages([5]);
    assert_eq!(sacks(&mut script), [(6, vec![], vec![])]);
    // And then every second one again.
    script.put_messages([7]);
    assert_eq!(sacks(&mut script), []);
}

#[test]
fn a_packet_without_news_is_acknowledged_at_once_and_names_its_duplicates() {
    let mut script = script();
    script.put_messages([1, 2]);
    sacks(&mut script);
    script.put(&[Chunk::Data(data(1, 0, 0, b"x")), Chunk::Data(data(2, 0, 1, b"x"))]);
    assert_eq!(sacks(&mut script), [(2, vec![], vec![1, 2])]);
    script.put_messages([4]);
    assert_eq!(sacks(&mut script), [(2, vec![(2, 2)], vec![])]);
    script.put_messages([4]);
    assert_eq!(sacks(&mut script), [(2, vec![(2, 2)], vec![4])]);
    assert_eq!(script.end.discards().count(Discard::Duplicate), 3);
    assert_eq!(script.read().len(), 2);
}

#[test]
fn a_sack_goes_with_data_that_leaves() {
    let mut script = script();
    script.put_messages([1]);
    script.send(message(0, "answer"));
    let packets = script.take();
    assert_eq!(packets.len(), 1, "{packets:?}");
    assert!(matches!(packets[0][0], Seen::Sack { cumulative: 1, .. }));
    assert!(matches!(packets[0][1], Seen::Data(_)));
    assert_eq!(script.wait_for_packet(millis(300)), None, "nothing more is owed");
}

#[test]
fn no_packet_is_answered_by_more_than_one_sack() {
    let mut script = script();
    for round in 0..50u32 {
        // Gaps, duplicates and what fills gaps in one packet.
        let tsns = [4, 2, 4, 6, 7, 1, 9].map(|tsn| 10 * round + tsn);
        let chunks: Vec<_> =
            tsns.iter().map(|tsn| Chunk::Data(data(*tsn, 0, *tsn as u16 - 1, b"x"))).collect();
        script.put(&chunks);
        assert_eq!(sacks(&mut script).len(), 1);
    }
}

#[test]
fn what_a_sack_has_no_room_for_is_left_out_from_the_top() {
    let mut script = script();
    // 400 gaps, of which a packet of 1200 bytes shows (1200 - 12 - 16) / 4.
    script.put_messages((1..=400).map(|gap| 2 * gap));
    let packets = script.take_bytes();
    assert!(packets.iter().all(|packet| packet.len() <= 1200));
    assert_eq!(packets.last().map(Vec::len), Some(1200));
    script.put_messages([802]);
    let expected = (0..293).map(|gap| (2 * gap + 2, 2 * gap + 2)).collect();
    assert_eq!(sacks(&mut script), [(0, expected, vec![])]);
}

#[test]
fn no_data_leaves_in_a_packet_that_a_sack_has_filled() {
    let mut script = script();
    script.put_messages((1..=400).map(|gap| 2 * gap));
    script.take();
    // A -> SACK, DATA -> peer: the DATA in a packet of its own
    script.put_messages([802]);
    script.send(message(0, vec![1; 1000]));
    let packets = script.take_bytes();
    assert!(packets.iter().all(|packet| packet.len() <= 1200));
    assert_eq!(packets.len(), 2);
}

#[test]
fn chunks_of_control_come_before_data() {
    let mut script = script();
    script.put_messages([1, 3]);
    script.send(message(0, vec![1; 3000]));
    script.put_messages([5, 7]);
    for packet in script.take() {
        let first_data = packet.iter().position(|chunk| matches!(chunk, Seen::Data(_)));
        let data = data_of(packet.clone());
        assert!(first_data.is_none_or(|first| first + data.len() == packet.len()), "{packet:?}");
        assert!(data.windows(2).all(|pair| pair[0].tsn < pair[1].tsn), "{packet:?}");
    }
}

#[test]
fn data_for_a_stream_that_there_is_not_is_acknowledged_and_complained_about() {
    let config = Config { streams: (4, 4), ..Config::default() };
    let mut script = Script::new(config, &Offer::default());
    script.put(&[Chunk::Data(data(1, 4, 0, b"x")), Chunk::Data(data(2, 3, 0, b"y"))]);
    let chunks = script.chunks();
    // A -> ERROR, SACK(2) -> peer: what leaves in any case takes the SACK along.
    assert_eq!(chunks[0], Seen::Other(icelab_sctp::packet::chunk::ChunkType::ERROR));
    assert!(matches!(chunks[1..], [Seen::Sack { cumulative: 2, .. }]), "{chunks:?}");
    script.put(&[Chunk::Data(data(3, 3, 1, b"z"))]);
    assert_eq!(sacks(&mut script), []);
    assert_eq!(script.read_bytes(), [b"y", b"z"]);
    assert_eq!(script.end.discards().count(Discard::NoSuchStream), 1);
}

#[test]
fn a_chunk_that_is_cut_off_is_dropped_and_those_before_it_are_not() {
    let mut script = script();
    let mut bytes =
        script.packet(&[Chunk::Data(data(1, 0, 0, b"abcd")), Chunk::Data(data(2, 0, 1, b"efgh"))]);
    bytes.truncate(bytes.len() - 4);
    script.put_bytes(Script::with_checksum(bytes));
    assert_eq!(script.wait_for_packet(millis(300)), Some(millis(200)));
    assert_eq!(sacks(&mut script), [(1, vec![], vec![])]);
    assert_eq!(script.read_bytes(), [b"abcd"]);
    assert_eq!(script.end.discards().count(Discard::Chunk), 1);
}

#[test]
fn a_packet_with_a_wrong_checksum_is_dropped() {
    let mut script = script();
    let mut bytes = script.packet(&[Chunk::Data(data(1, 0, 0, b"abcd"))]);
    bytes[8] ^= 1;
    script.put_bytes(bytes);
    assert_eq!(script.wait_for_packet(millis(300)), None);
    assert_eq!(script.read().len(), 0);
    assert_eq!(script.end.discards().count(Discard::Checksum), 1);
}
