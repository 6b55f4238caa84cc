//! Streams are reset and added (RFC 6525), by this end and by the peer. The end's requests are counted
//! from 1, the peer's from 0.

use icelab_sctp::packet::chunk::{Chunk, ChunkType, Data, ReConfig};
use icelab_sctp::packet::parameter::{
    AddStreams, IncomingReset, OutgoingReset, Parameter, ReconfigurationResponse,
    ReconfigurationResult, SsnTsnReset,
};
use icelab_sctp::packet::{RequestNumber, StreamId};
use icelab_sctp::{CloseReason, Config, Event, Extensions, ReconfigureError, SendError};

use crate::ends::{message, millis};
use crate::script::{Offer, Script, Seen, SeenParameter, data, data_of, rfc, tsn};

const WINDOW: u32 = 1 << 20;
const NOTHING_TO_DO: u32 = 0;
const PERFORMED: u32 = 1;
const DENIED: u32 = 2;
const WRONG_STREAM: u32 = 3;
const ALREADY_IN_PROGRESS: u32 = 4;
const BAD_NUMBER: u32 = 5;
const IN_PROGRESS: u32 = 6;

fn script() -> Script {
    Script::new(rfc(), &Offer::default())
}

/// Both may have ten streams, of which the peer uses eight and this end six.
fn few() -> Script {
    let config = Config { streams: (10, 10), ..rfc() };
    Script::new(config, &Offer { streams: (8, 6), ..Offer::default() })
}

fn ids(streams: &[u16]) -> Vec<StreamId> {
    streams.iter().copied().map(StreamId).collect()
}

fn reset(script: &mut Script, streams: &[u16]) {
    script.end.reset_streams(&ids(streams), script.now).unwrap();
}

/// The parameters of each RE-CONFIG since the last call.
fn re_configs(script: &mut Script) -> Vec<Vec<SeenParameter>> {
    let only = |chunk| if let Seen::ReConfig(parameters) = chunk { Some(parameters) } else { None };
    script.chunks().into_iter().filter_map(only).collect()
}

fn outgoing(request: u32, response: u32, last: u32, streams: &[u16]) -> SeenParameter {
    SeenParameter::OutgoingReset { request, response, last, streams: streams.to_vec() }
}

fn response(response: u32, result: u32) -> SeenParameter {
    SeenParameter::Response { response, result, next: None }
}

fn put(script: &mut Script, parameters: &[Parameter<'_>]) {
    script.put(&[Chunk::ReConfig(ReConfig { parameters: parameters.into() })]);
}

/// The peer's request with this number.
fn number(request: u32) -> RequestNumber {
    RequestNumber(tsn(request).0)
}

/// The peer answers the end's request.
fn answer(script: &mut Script, request: u32, result: u32) {
    let response = RequestNumber(script.end_tsn(request).0);
    let result = ReconfigurationResult(result);
    let answer = ReconfigurationResponse { response, result, next_tsns: None };
    put(script, &[Parameter::ReconfigurationResponse(answer)]);
}

/// The peer resets streams of its own, in answer to a request of the end's, of which it has seen so many.
fn peer_resets(script: &mut Script, request: u32, seen: u32, last: u32, streams: &[u16]) {
    let streams = ids(streams);
    let reset = OutgoingReset {
        request: number(request),
        response: RequestNumber(script.end_tsn(seen).0),
        last_assigned_tsn: tsn(last),
        streams: streams.as_slice().into(),
    };
    put(script, &[Parameter::OutgoingReset(reset)]);
}

/// The peer asks the end to reset streams.
fn peer_asks(script: &mut Script, request: u32, streams: &[u16]) {
    let streams = ids(streams);
    let reset = IncomingReset { request: number(request), streams: streams.as_slice().into() };
    put(script, &[Parameter::IncomingReset(reset)]);
}

fn peer_adds(script: &mut Script, request: u32, new_streams: u16) {
    let add = AddStreams { request: number(request), new_streams };
    put(script, &[Parameter::AddOutgoingStreams(add)]);
}

fn peer_wants_more(script: &mut Script, request: u32, new_streams: u16) {
    let add = AddStreams { request: number(request), new_streams };
    put(script, &[Parameter::AddIncomingStreams(add)]);
}

/// The events since the last call, but for those of the buffer and of what can be read.
fn news(script: &mut Script) -> Vec<Event> {
    let mut events = script.events();
    events.retain(|it| !matches!(it, Event::BufferedAmountLow { .. } | Event::Readable));
    events
}

#[test]
fn an_end_says_that_it_resets_streams() {
    assert!(script().end_extensions.contains(&ChunkType::RE_CONFIG));
    let extensions = Extensions { stream_reset: false, ..Extensions::default() };
    let without = Script::new(Config { extensions, ..rfc() }, &Offer::default());
    assert!(!without.end_extensions.contains(&ChunkType::RE_CONFIG));
}

#[test]
fn nothing_is_asked_of_a_peer_that_cannot_reset_streams() {
    let offer = Offer { extensions: vec![ChunkType::FORWARD_TSN], ..Offer::default() };
    let mut script = Script::new(rfc(), &offer);
    let (now, unsupported) = (script.now, Err(ReconfigureError::Unsupported));
    assert_eq!(script.end.reset_streams(&ids(&[0]), now), unsupported);
    assert_eq!(script.end.ask_reset(&ids(&[0]), now), unsupported);
    assert_eq!(script.end.add_streams(1, 1, now), unsupported);
    script.wait(millis(10_000));
    assert_eq!(script.chunks(), []);
}

#[test]
fn a_reset_says_what_was_sent_before_it_and_the_stream_begins_at_zero() {
    let mut script = script();
    script.send(message(3, vec![1; 10]));
    script.send(message(4, vec![1; 10]));
    script.chunks();
    // A -> RE-CONFIG: stream 3, after DATA(2) -> peer
    reset(&mut script, &[3]);
    let refused = script.end.send(message(3, vec![1; 10]), script.now);
    assert_eq!(refused, Err(SendError::Resetting { stream: StreamId(3) }));
    script.send(message(4, vec![1; 10]));
    let chunks = script.chunks();
    assert_eq!(chunks[0], Seen::ReConfig(vec![outgoing(1, u32::MAX, 2, &[3])]));
    assert_eq!(data_of(chunks)[0].number, 1, "the other stream goes on");
    script.sack(3, WINDOW, &[]);
    // A <- RE-CONFIG: performed <- peer
    answer(&mut script, 1, PERFORMED);
    assert_eq!(news(&mut script), [Event::StreamsReset { streams: ids(&[3]) }]);
    script.send(message(3, vec![1; 10]));
    script.send(message(4, vec![1; 10]));
    let numbers: Vec<_> = data_of(script.chunks()).iter().map(|data| data.number).collect();
    assert_eq!(numbers, [0, 2]);
    // The next request has the next number.
    reset(&mut script, &[4]);
    assert_eq!(re_configs(&mut script), [[outgoing(2, u32::MAX, 5, &[4])]]);
}

#[test]
fn a_reset_waits_for_what_was_given_before_it() {
    let mut script = script();
    script.send(message(3, vec![1; 10_000]));
    script.end_last();
    reset(&mut script, &[3]);
    assert_eq!(re_configs(&mut script).len(), 0);
    script.wait(millis(100));
    script.sack(4, WINDOW, &[]);
    let last = script.end_last();
    script.wait(millis(100));
    script.sack(last, WINDOW, &[]);
    assert_eq!(script.end.buffered_amount(StreamId(3)), 0);
    let pending: Vec<_> = script.chunks();
    let last = script.end_last();
    assert!(pending.contains(&Seen::ReConfig(vec![outgoing(1, u32::MAX, last, &[3])])));
}

#[test]
fn a_stream_whose_reset_is_refused_goes_on_as_it_was() {
    let mut script = script();
    script.send(message(3, vec![1; 10]));
    reset(&mut script, &[3]);
    answer(&mut script, 1, DENIED);
    assert_eq!(news(&mut script), [Event::ResetRefused { streams: ids(&[3]) }]);
    script.chunks();
    script.send(message(3, vec![1; 10]));
    assert_eq!(data_of(script.chunks())[0].number, 1);
}

#[test]
fn one_request_is_on_its_way_at_a_time() {
    let mut script = script();
    reset(&mut script, &[1]);
    reset(&mut script, &[2]);
    script.end.ask_reset(&ids(&[5, 6]), script.now).unwrap();
    assert_eq!(re_configs(&mut script), [[outgoing(1, u32::MAX, 0, &[1])]]);
    answer(&mut script, 1, PERFORMED);
    assert_eq!(re_configs(&mut script), [[outgoing(2, u32::MAX, 0, &[2])]]);
    // An answer to something else changes nothing.
    answer(&mut script, 1, PERFORMED);
    assert_eq!(re_configs(&mut script).len(), 0);
    answer(&mut script, 2, PERFORMED);
    let asked = SeenParameter::IncomingReset { request: 3, streams: vec![5, 6] };
    assert_eq!(re_configs(&mut script), [[asked]]);
}

#[test]
fn a_request_is_repeated_after_a_timeout_that_doubles_until_the_peer_is_given_up() {
    let mut script = Script::new(Config { max_retransmissions: 3, ..rfc() }, &Offer::default());
    reset(&mut script, &[1]);
    let request = [[outgoing(1, u32::MAX, 0, &[1])]];
    assert_eq!(re_configs(&mut script), request);
    for seconds in [1, 2, 4] {
        assert_eq!(script.wait_for_packet(millis(100_000)), Some(millis(1000 * seconds)));
        assert_eq!(re_configs(&mut script), request);
    }
    script.wait(millis(8000));
    assert_eq!(news(&mut script), [Event::Closed { reason: CloseReason::PeerSilent }]);
}

#[test]
fn no_timer_runs_once_a_request_is_answered_nor_for_an_answer() {
    let mut script = script();
    reset(&mut script, &[1]);
    answer(&mut script, 1, PERFORMED);
    peer_resets(&mut script, 0, 0, 0, &[1]);
    assert_eq!(re_configs(&mut script).last(), Some(&vec![response(0, PERFORMED)]));
    assert_eq!(script.wait_for_packet(millis(100_000)), None);
}

#[test]
fn a_request_in_progress_is_repeated_and_no_failure_of_the_peer() {
    let mut script = Script::new(Config { max_retransmissions: 1, ..rfc() }, &Offer::default());
    reset(&mut script, &[1]);
    re_configs(&mut script);
    // A <- RE-CONFIG: in progress <- peer
    answer(&mut script, 1, IN_PROGRESS);
    for _ in 0..4 {
        assert!(script.wait_for_packet(millis(60_000)).is_some());
        assert_eq!(re_configs(&mut script), [[outgoing(1, u32::MAX, 0, &[1])]]);
    }
    assert!(script.end.is_connected());
    answer(&mut script, 1, PERFORMED);
    assert_eq!(news(&mut script), [Event::StreamsReset { streams: ids(&[1]) }]);
}

#[test]
fn the_peer_resets_the_streams_that_it_names_and_no_other() {
    let mut script = script();
    for (tsn, stream, ssn) in [(1, 1, 0), (2, 1, 1), (3, 2, 0), (4, 2, 1)] {
        script.put(&[Chunk::Data(data(tsn, stream, ssn, b"before"))]);
    }
    // A <- RE-CONFIG: stream 1, after DATA(4) <- peer
    // A -> SACK, RE-CONFIG: performed -> peer
    script.chunks();
    peer_resets(&mut script, 0, 0, 4, &[1]);
    let chunks = script.chunks();
    assert!(matches!(chunks[0], Seen::Sack { cumulative: 4, .. }), "{chunks:?}");
    assert_eq!(chunks[1..], [Seen::ReConfig(vec![response(0, PERFORMED)])]);
    assert_eq!(script.read_bytes().len(), 4);
    assert_eq!(news(&mut script), [Event::PeerReset { streams: ids(&[1]) }]);
    script.put(&[Chunk::Data(data(5, 1, 0, b"after")), Chunk::Data(data(6, 2, 2, b"on"))]);
    assert_eq!(script.read_bytes(), [&b"after"[..], b"on"]);
    // The other stream does not begin anew, and neither do the numbers of requests.
    script.put(&[Chunk::Data(data(7, 2, 0, b"old"))]);
    assert_eq!(script.read_bytes().len(), 0);
    peer_resets(&mut script, 1, 0, 7, &[2]);
    script.put(&[Chunk::Data(data(8, 2, 0, b"new"))]);
    assert_eq!(script.read_bytes(), [b"new"]);
}

#[test]
fn a_peer_that_names_no_stream_resets_all() {
    let mut script = script();
    for (tsn, stream) in [(1, 1), (2, 2), (3, 9)] {
        script.put(&[Chunk::Data(data(tsn, stream, 0, b"before"))]);
    }
    script.read();
    peer_resets(&mut script, 0, 0, 3, &[]);
    for (tsn, stream) in [(4, 1), (5, 2), (6, 9), (7, 3)] {
        script.put(&[Chunk::Data(data(tsn, stream, 0, b"after"))]);
    }
    assert_eq!(script.read_bytes().len(), 4);
}

#[test]
fn data_behind_a_reset_is_held_until_the_data_before_it_is_there() {
    let mut script = script();
    script.put(&[Chunk::Data(data(1, 1, 0, b"one")), Chunk::Data(data(2, 5, 0, b"five"))]);
    script.read();
    // A <- RE-CONFIG: stream 1, after DATA(3), which is lost <- peer
    // A -> RE-CONFIG: in progress -> peer
    script.chunks();
    peer_resets(&mut script, 0, 0, 3, &[1]);
    assert_eq!(re_configs(&mut script), [[response(0, IN_PROGRESS)]]);
    // A <- DATA(4) on stream 1, which begins at zero, DATA(5) on another <- peer
    let piece = |number, is_beginning| {
        let is_unordered = true;
        Chunk::Data(Data {
            is_beginning,
            is_ending: !is_beginning,
            is_unordered,
            ..data(number, 1, 0, b"piece")
        })
    };
    script.put(&[Chunk::Data(data(4, 1, 0, b"zero")), Chunk::Data(data(5, 5, 1, b"other"))]);
    script.put(&[piece(6, true), piece(7, false)]);
    assert_eq!(script.read_bytes(), [b"other"]);
    assert!(!script.events().contains(&Event::PeerReset { streams: ids(&[1]) }));
    // The request comes again, and once more with a number of its own.
    script.chunks();
    peer_resets(&mut script, 0, 0, 3, &[1]);
    peer_resets(&mut script, 1, 0, 3, &[1]);
    let in_progress = [[response(0, IN_PROGRESS)], [response(1, IN_PROGRESS)]];
    assert_eq!(re_configs(&mut script), in_progress);
    // A <- DATA(3) <- peer
    // A -> RE-CONFIG: performed -> peer
    script.put(&[Chunk::Data(data(3, 1, 1, b"last"))]);
    assert_eq!(re_configs(&mut script), [[response(1, PERFORMED)]]);
    assert_eq!(script.read_bytes(), [b"last"]);
    assert_eq!(news(&mut script), [Event::PeerReset { streams: ids(&[1]) }]);
    assert_eq!(script.read_bytes(), [&b"zero"[..], b"piecepiece"]);
}

#[test]
fn what_is_held_behind_a_reset_takes_room() {
    let config = Config { receive_buffer: 3000, reordering_buffer: 1000, ..rfc() };
    let mut script = Script::new(config, &Offer::default());
    peer_resets(&mut script, 0, 0, 1, &[1]);
    script.chunks();
    for tsn in 2..40 {
        script.put(&[Chunk::Data(data(tsn, 1, tsn as u16 - 2, &[1; 1000]))]);
    }
    let told = script.chunks().into_iter().filter_map(|chunk| match chunk {
        Seen::Sack { window, gaps, .. } => Some((window, gaps)),
        _ => None,
    });
    let (window, gaps) = told.collect::<Vec<_>>().pop().unwrap();
    assert_eq!(window, 0);
    assert!(gaps.iter().all(|(_, end)| *end < 10), "{gaps:?}");
    script.put(&[Chunk::Data(data(1, 1, 0, b"last"))]);
    assert!(script.read().len() + script.read().len() >= 4);
}

#[test]
fn a_repeated_request_gets_the_same_answer_and_is_not_done_twice() {
    let mut script = script();
    peer_resets(&mut script, 0, 0, 0, &[1]);
    script.put(&[Chunk::Data(data(1, 1, 0, b"zero"))]);
    script.chunks();
    peer_resets(&mut script, 0, 0, 0, &[1]);
    assert_eq!(re_configs(&mut script), [[response(0, PERFORMED)]]);
    script.put(&[Chunk::Data(data(2, 1, 1, b"one"))]);
    assert_eq!(script.read_bytes().len(), 2);
    let resets = news(&mut script);
    assert_eq!(resets, [Event::PeerReset { streams: ids(&[1]) }]);
    peer_adds(&mut script, 7, 1);
    assert_eq!(re_configs(&mut script), [[response(7, BAD_NUMBER)]]);
}

#[test]
fn a_reset_of_streams_that_there_are_not_is_refused() {
    let mut script = few();
    script.chunks();
    peer_resets(&mut script, 0, 0, 0, &[8]);
    peer_asks(&mut script, 1, &[6]);
    let refused = [[response(0, WRONG_STREAM)], [response(1, WRONG_STREAM)]];
    assert_eq!(re_configs(&mut script), refused);
    assert_eq!(news(&mut script), []);
}

#[test]
fn a_peer_that_asks_for_a_reset_gets_one_that_answers_it() {
    let mut script = script();
    script.send(message(3, vec![1; 10]));
    script.send(message(4, vec![1; 10]));
    script.chunks();
    // A <- RE-CONFIG: reset yours <- peer
    // A -> RE-CONFIG: here it is -> peer
    peer_asks(&mut script, 0, &[4, 3]);
    let reset = [[outgoing(1, 0, 2, &[3, 4])]];
    assert_eq!(re_configs(&mut script), reset);
    assert_eq!(news(&mut script), [Event::ResetAsked { streams: ids(&[4, 3]) }]);
    // It is lost, and the peer asks again.
    peer_asks(&mut script, 0, &[4, 3]);
    assert_eq!(re_configs(&mut script), reset);
    answer(&mut script, 1, PERFORMED);
    assert_eq!(news(&mut script), [Event::StreamsReset { streams: ids(&[3, 4]) }]);
    // An old request that comes late is none.
    peer_asks(&mut script, 0, &[4, 3]);
    assert_eq!(re_configs(&mut script), [[response(0, NOTHING_TO_DO)]]);
}

#[test]
fn a_peer_that_asks_while_data_waits_hears_that_it_is_in_progress() {
    let mut script = script();
    script.send(message(3, vec![1; 10_000]));
    script.chunks();
    peer_asks(&mut script, 0, &[3]);
    peer_asks(&mut script, 0, &[3]);
    assert_eq!(re_configs(&mut script).last(), Some(&vec![response(0, IN_PROGRESS)]));
    let mut acked = 0;
    while script.end.buffered_amount(StreamId(3)) > 0 {
        acked = script.acknowledge_round(acked);
    }
    script.wait(millis(2000));
    let last = script.end_last();
    script.sack(last, WINDOW, &[]);
    assert!(script.wait_for_packet(millis(5000)).is_some());
    let asked = re_configs(&mut script);
    assert_eq!(asked, [[outgoing(1, 0, last, &[3])]]);
}

#[test]
fn a_peer_that_asks_for_more_than_a_packet_can_name_is_denied() {
    let mut script = script();
    let many: Vec<u16> = (0..700).collect();
    script.chunks();
    peer_asks(&mut script, 0, &many);
    assert_eq!(re_configs(&mut script), [[response(0, DENIED)]]);
    assert_eq!(news(&mut script), []);
    script.send(message(3, vec![1; 10]));
}

#[test]
fn a_peer_that_asks_for_what_is_under_way_is_told_that_there_is_nothing_to_do() {
    let mut script = script();
    reset(&mut script, &[3, 4]);
    re_configs(&mut script);
    peer_asks(&mut script, 0, &[4]);
    assert_eq!(re_configs(&mut script), [[response(0, NOTHING_TO_DO)]]);
    // One stream more, and it is done once the first reset is over.
    peer_asks(&mut script, 1, &[4, 5]);
    assert_eq!(re_configs(&mut script).len(), 0);
    answer(&mut script, 1, PERFORMED);
    assert_eq!(re_configs(&mut script), [[outgoing(2, 1, 0, &[4, 5])]]);
}

#[test]
fn a_reset_and_the_answer_to_one_share_a_chunk() {
    let mut script = script();
    script.chunks();
    let (mine, yours) = (ids(&[1]), ids(&[2]));
    let outgoing_reset = OutgoingReset {
        request: number(0),
        response: RequestNumber(script.end_tsn(0).0),
        last_assigned_tsn: tsn(0),
        streams: mine.as_slice().into(),
    };
    let incoming = IncomingReset { request: number(1), streams: yours.as_slice().into() };
    let both = [Parameter::OutgoingReset(outgoing_reset), Parameter::IncomingReset(incoming)];
    put(&mut script, &both);
    let expected = vec![response(0, PERFORMED), outgoing(1, 1, 0, &[2])];
    assert_eq!(re_configs(&mut script), [expected]);
    // So do two answers, and a request to add streams stands apart.
    answer(&mut script, 1, PERFORMED);
    let add = |request| AddStreams { request: number(request), new_streams: u16::MAX };
    let both = [Parameter::AddOutgoingStreams(add(2)), Parameter::AddIncomingStreams(add(3))];
    put(&mut script, &both);
    assert_eq!(re_configs(&mut script), [vec![response(2, DENIED), response(3, DENIED)]]);
}

#[test]
fn a_peer_that_is_asked_for_a_reset_answers_with_one() {
    let mut script = script();
    script.end.ask_reset(&ids(&[4]), script.now).unwrap();
    reset(&mut script, &[1]);
    let asked = SeenParameter::IncomingReset { request: 1, streams: vec![4] };
    assert_eq!(re_configs(&mut script), [[asked]]);
    // A <- RE-CONFIG: stream 4, in answer to request 1 <- peer
    // A -> RE-CONFIG: performed, and the next request -> peer
    peer_resets(&mut script, 0, 1, 0, &[4]);
    let expected = vec![response(0, PERFORMED), outgoing(2, 0, 0, &[1])];
    assert_eq!(re_configs(&mut script), [expected]);
    assert_eq!(news(&mut script), [Event::PeerReset { streams: ids(&[4]) }]);
    script.end.ask_reset(&ids(&[4]), script.now).unwrap();
    answer(&mut script, 2, PERFORMED);
    answer(&mut script, 3, DENIED);
    assert_eq!(news(&mut script).last(), Some(&Event::ResetRefused { streams: ids(&[4]) }));
    assert_eq!(script.wait_for_packet(millis(60_000)), Some(millis(0)), "nothing runs on");
    script.chunks();
    assert_eq!(script.wait_for_packet(millis(60_000)), None);
}

#[test]
fn a_request_to_begin_all_numbers_anew_is_denied_with_the_numbers_that_are_next() {
    let mut script = script();
    script.send(message(0, vec![1; 10]));
    script.put_messages([1]);
    script.chunks();
    let ask = |script: &mut Script, request| {
        let reset = SsnTsnReset { request: number(request) };
        put(script, &[Parameter::SsnTsnReset(reset)]);
        re_configs(script)
    };
    let denied =
        |response, result| [[SeenParameter::Response { response, result, next: Some((2, 2)) }]];
    assert_eq!(ask(&mut script, 0), denied(0, DENIED));
    assert_eq!(ask(&mut script, 0), denied(0, DENIED));
    assert_eq!(ask(&mut script, 9), denied(9, BAD_NUMBER));
    script.put_messages([2]);
    assert_eq!(script.read_bytes().len(), 2);
}

#[test]
fn streams_are_used_once_the_peer_has_added_them_and_begin_at_zero() {
    let mut script = few();
    script.chunks();
    script.end.add_streams(2, 0, script.now).unwrap();
    assert_eq!(re_configs(&mut script), [[SeenParameter::AddOutgoing { request: 1, count: 2 }]]);
    let last = StreamId(5);
    let early = script.end.send(message(6, vec![1; 10]), script.now);
    assert_eq!(early, Err(SendError::NoSuchStream { stream: StreamId(6), last }));
    answer(&mut script, 1, PERFORMED);
    assert_eq!(news(&mut script), [Event::StreamsAdded { outgoing: 8, incoming: 8 }]);
    script.send(message(7, vec![1; 10]));
    assert_eq!(data_of(script.chunks())[0].number, 0);
    // Denied: there are none.
    script.end.add_streams(1, 0, script.now).unwrap();
    answer(&mut script, 2, DENIED);
    let denied = script.end.send(message(8, vec![1; 10]), script.now);
    assert_eq!(denied, Err(SendError::NoSuchStream { stream: StreamId(8), last: StreamId(7) }));
}

#[test]
fn the_peer_adds_streams_up_to_the_limit() {
    let mut script = few();
    script.chunks();
    script.put(&[Chunk::Data(data(1, 8, 0, b"too early"))]);
    script.chunks();
    peer_adds(&mut script, 0, 2);
    assert_eq!(re_configs(&mut script), [[response(0, PERFORMED)]]);
    assert_eq!(news(&mut script), [Event::StreamsAdded { outgoing: 6, incoming: 10 }]);
    script.put(&[Chunk::Data(data(2, 9, 0, b"nine"))]);
    assert_eq!(script.read_bytes(), [b"nine"]);
    peer_adds(&mut script, 1, 1);
    assert_eq!(re_configs(&mut script), [[response(1, DENIED)]]);
    script.put(&[Chunk::Data(data(3, 10, 0, b"ten"))]);
    assert_eq!(script.read_bytes().len(), 0);
}

#[test]
fn a_peer_that_wants_more_streams_gets_them_up_to_the_limit() {
    let mut script = few();
    script.chunks();
    peer_wants_more(&mut script, 0, 4);
    let add = SeenParameter::AddOutgoing { request: 1, count: 4 };
    assert_eq!(re_configs(&mut script).concat(), [response(0, PERFORMED), add]);
    answer(&mut script, 1, PERFORMED);
    assert_eq!(news(&mut script), [Event::StreamsAdded { outgoing: 10, incoming: 8 }]);
    script.send(message(9, vec![1; 10]));
    assert_eq!(data_of(script.chunks())[0].number, 0);
    peer_wants_more(&mut script, 1, 1);
    assert_eq!(re_configs(&mut script), [[response(1, DENIED)]]);
}

/// The limit is one for all that is asked for, not for each request.
#[test]
fn a_peer_that_wants_more_streams_twice_gets_no_more_than_the_limit() {
    let mut script = few();
    script.chunks();
    peer_wants_more(&mut script, 0, 3);
    let add = SeenParameter::AddOutgoing { request: 1, count: 3 };
    assert_eq!(re_configs(&mut script).concat(), [response(0, PERFORMED), add]);
    // The first is on its way, and not answered.
    peer_wants_more(&mut script, 1, 2);
    assert_eq!(re_configs(&mut script), [[response(1, DENIED)]]);
    peer_wants_more(&mut script, 2, 1);
    assert_eq!(re_configs(&mut script), [[response(2, PERFORMED)]]);
    answer(&mut script, 1, PERFORMED);
    answer(&mut script, 2, PERFORMED);
    assert_eq!(news(&mut script).last(), Some(&Event::StreamsAdded { outgoing: 10, incoming: 8 }));
}

/// There are 65,535 streams at most.
#[test]
fn an_end_asks_for_no_more_streams_than_there_can_be_in_all_that_waits() {
    let mut script = few();
    let add = |script: &mut Script, outgoing, incoming| {
        script.end.add_streams(outgoing, incoming, script.now)
    };
    assert_eq!(add(&mut script, u16::MAX - 6 - 10, 0), Ok(()));
    assert_eq!(add(&mut script, 11, 0), Err(ReconfigureError::NoSuchStream));
    assert_eq!(add(&mut script, 0, u16::MAX - 8 - 10), Ok(()));
    assert_eq!(add(&mut script, 0, 11), Err(ReconfigureError::NoSuchStream));
    assert_eq!(add(&mut script, 10, 10), Ok(()));
    assert_eq!(add(&mut script, 1, 0), Err(ReconfigureError::NoSuchStream));
    // The first was refused: there is room for others.
    answer(&mut script, 1, DENIED);
    assert_eq!(add(&mut script, 11, 0), Ok(()));
}

#[test]
fn a_peer_that_adds_the_streams_that_it_was_asked_for_has_answered() {
    let mut script = few();
    script.end.add_streams(0, 2, script.now).unwrap();
    let asked = SeenParameter::AddIncoming { request: 1, count: 2 };
    assert_eq!(re_configs(&mut script), [[asked]]);
    peer_adds(&mut script, 0, 2);
    assert_eq!(news(&mut script), [Event::StreamsAdded { outgoing: 6, incoming: 10 }]);
    assert_eq!(re_configs(&mut script), [[response(0, PERFORMED)]]);
    assert_eq!(script.wait_for_packet(millis(60_000)), None);
}

#[test]
fn parameters_that_may_not_stand_together_are_not_read() {
    let mut script = script();
    script.chunks();
    let add = AddStreams { request: number(0), new_streams: 1 };
    let reset = SsnTsnReset { request: number(1) };
    put(&mut script, &[Parameter::AddOutgoingStreams(add), Parameter::SsnTsnReset(reset)]);
    assert_eq!(re_configs(&mut script).len(), 0);
    // Its request was none: the number is still the next one.
    peer_resets(&mut script, 0, 0, 0, &[1]);
    assert_eq!(re_configs(&mut script), [[response(0, PERFORMED)]]);
}

/// The peer is to come to what it does before it is asked again (RFC 6525 section 4.4, result 4).
#[test]
fn a_request_that_the_peer_sends_away_for_another_comes_again_after_a_timeout() {
    let mut script = script();
    script.end.ask_reset(&ids(&[1]), script.now).unwrap();
    script.end.ask_reset(&ids(&[2]), script.now).unwrap();
    script.chunks();
    for request in 1..4 {
        // A <- RE-CONFIG: another is in progress <- peer
        answer(&mut script, request, ALREADY_IN_PROGRESS);
        assert_eq!(re_configs(&mut script), Vec::<Vec<SeenParameter>>::new());
        assert_eq!(script.wait_for_packet(millis(100_000)), Some(millis(1000)));
        let again = SeenParameter::IncomingReset { request: request + 1, streams: vec![1] };
        assert_eq!(re_configs(&mut script), [[again]]);
    }
    answer(&mut script, 4, NOTHING_TO_DO);
    let next = SeenParameter::IncomingReset { request: 5, streams: vec![2] };
    assert_eq!(re_configs(&mut script), [[next]]);
    assert_eq!(news(&mut script), []);
}

/// A peer that does one thing at a time has to see its own request done before it takes another. It is the
/// smaller number that gives way, here the end's.
#[test]
fn what_the_peer_has_asked_for_comes_before_what_this_end_wants() {
    let mut script = script();
    assert!(script.end_tsn(1).0 < number(0).0);
    for stream in [1, 2] {
        script.end.ask_reset(&ids(&[stream]), script.now).unwrap();
    }
    script.chunks();
    // A <- RE-CONFIG: reset yours; another is in progress <- peer
    peer_asks(&mut script, 0, &[5]);
    answer(&mut script, 1, ALREADY_IN_PROGRESS);
    assert_eq!(re_configs(&mut script), [[outgoing(2, 0, 0, &[5])]]);
    // A <- RE-CONFIG: performed <- peer
    answer(&mut script, 2, PERFORMED);
    assert_eq!(script.wait_for_packet(millis(100_000)), Some(millis(1000)));
    let own = |request, stream| SeenParameter::IncomingReset { request, streams: vec![stream] };
    assert_eq!(re_configs(&mut script), [[own(3, 1)]]);
    answer(&mut script, 3, NOTHING_TO_DO);
    assert_eq!(re_configs(&mut script), [[own(4, 2)]]);
}

#[test]
fn an_end_that_wants_much_does_what_the_peer_asks_for() {
    let mut script = few();
    assert!(script.end_tsn(1).0 < number(0).0);
    for _ in 0..20 {
        script.end.ask_reset(&ids(&[1]), script.now).unwrap();
    }
    script.chunks();
    peer_asks(&mut script, 0, &[5]);
    peer_wants_more(&mut script, 1, 4);
    assert_eq!(re_configs(&mut script), [[response(1, PERFORMED)]]);
    answer(&mut script, 1, NOTHING_TO_DO);
    assert_eq!(re_configs(&mut script), [[outgoing(2, 0, 0, &[5])]]);
    answer(&mut script, 2, PERFORMED);
    let add = SeenParameter::AddOutgoing { request: 3, count: 4 };
    assert_eq!(re_configs(&mut script), [[add]]);
}

/// One request is on its way, and never answered; those behind it wait, and are not to be any number of them.
#[test]
fn a_peer_that_asks_for_ever_more_and_answers_nothing_is_sent_away() {
    let mut script = script();
    // A <- RE-CONFIG: reset stream 0, stream 1, ... <- peer
    let asked: Vec<_> = (0..1000)
        .map(|request| {
            peer_asks(&mut script, request, &[request as u16]);
            re_configs(&mut script).concat()
        })
        .collect();
    assert_eq!(asked[0], [outgoing(1, 0, 0, &[0])]);
    let refused: Vec<_> = (0..).zip(&asked).skip(1).filter(|(_, seen)| !seen.is_empty()).collect();
    assert_eq!(refused.len(), 1000 - 1 - 16);
    for (request, seen) in refused {
        assert_eq!(*seen, [response(request, ALREADY_IN_PROGRESS)]);
    }
    assert_eq!(news(&mut script).len(), 1 + 16, "what was sent away is not told");
    // Streams that were not reset can be used.
    script.send(message(999, vec![1; 10]));
    // A <- RE-CONFIG: performed <- peer, and there is room for another
    answer(&mut script, 1, PERFORMED);
    script.chunks();
    peer_asks(&mut script, 1000, &[999]);
    assert_eq!(re_configs(&mut script), Vec::<Vec<SeenParameter>>::new());
    peer_asks(&mut script, 1001, &[998]);
    assert_eq!(re_configs(&mut script).concat(), [response(1001, ALREADY_IN_PROGRESS)]);
}

#[test]
fn a_peer_that_wants_ever_more_streams_and_answers_nothing_is_sent_away() {
    let config = Config { streams: (1000, 1000), ..rfc() };
    let mut script = Script::new(config, &Offer { streams: (8, 6), ..Offer::default() });
    let answers: Vec<_> = (0..100)
        .flat_map(|request| {
            peer_wants_more(&mut script, request, 1);
            re_configs(&mut script).concat()
        })
        .filter_map(|seen| match seen {
            SeenParameter::Response { result, .. } => Some(result),
            _ => None,
        })
        .collect();
    assert_eq!(answers[..17], [PERFORMED; 17]);
    assert_eq!(answers[17..], [ALREADY_IN_PROGRESS; 83]);
}
