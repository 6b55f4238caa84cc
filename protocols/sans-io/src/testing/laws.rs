//! Generic tests that every layer must pass.
//!
//! Each takes a function that makes the layers afresh, with their first commands given, and panics
//! where the law does not hold.

use std::fmt::Debug;
use std::time::Duration;

use crate::instant::Instant;
use crate::net::Datagram;
use crate::protocol::Protocol;
use crate::rng::Rng;
use crate::testing::pair::Pair;

/// The same seed gives the same log.
///
/// # Panics
/// Where two runs differ, with both logs.
pub fn same_seed_same_log<T, A, Z>(make: impl Fn() -> Pair<A, Z>, limit: Duration)
where
    T: Clone + Debug,
    A: Protocol<Input = T, Packet = T>,
    Z: Protocol<Input = T, Packet = T>,
{
    let run = || {
        let mut pair = make();
        pair.drive(Instant::START + limit);
        pair.log().to_owned()
    };
    assert_eq!(run(), run(), "two runs of one seed differ");
}

/// Early and repeated calls of `handle_timeout` change nothing.
///
/// # Panics
/// Where a run with needless calls differs from one without.
pub fn an_early_timeout_is_a_no_op<T, A, Z>(make: impl Fn() -> Pair<A, Z>, limit: Duration)
where
    T: Clone + Debug,
    A: Protocol<Input = T, Packet = T>,
    Z: Protocol<Input = T, Packet = T>,
{
    let mut plain = make();
    plain.drive(Instant::START + limit);
    let mut needless = make();
    needless.call_needlessly();
    needless.drive(Instant::START + limit);
    assert_eq!(plain.log(), needless.log(), "needless calls of handle_timeout change the run");
}

/// Each deadline, once handled, gives way to a later one or to none; also where the driver is late.
///
/// # Panics
/// Where a layer asks again and again for an instant that has passed.
pub fn deadlines_advance<P: Protocol>(layer: &mut P, limit: Duration, lateness: Duration) {
    let end = Instant::START + limit;
    while let Some(deadline) = layer.poll_timeout() {
        if deadline.at > end {
            return;
        }
        let now = deadline.at + lateness;
        layer.handle_timeout(now);
        while layer.poll_output().is_some() {}
        if let Some(next) = layer.poll_timeout() {
            assert!(next.at > now, "{} was handled at {now}, then {next:?}", deadline.timer);
        }
    }
}

/// What carries bytes that can be damaged.
pub trait Bytes: Clone {
    /// The bytes.
    fn bytes(&mut self) -> &mut Vec<u8>;
}

impl Bytes for Datagram {
    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.payload
    }
}

impl Bytes for Vec<u8> {
    fn bytes(&mut self) -> &mut Vec<u8> {
        self
    }
}

/// No bytes make the layer panic: random ones, and mutations of `samples`, which are real
/// datagrams of the protocol.
///
/// # Panics
/// Where the layer does.
pub fn no_bytes_panic<P>(mut make: impl FnMut() -> P, samples: &[P::Input], seed: u64)
where
    P: Protocol<Input: Bytes>,
{
    let mut rng = Rng::from_u64(seed).fork("laws", 0);
    for sample in samples {
        let mut layer = make();
        let mut now = Instant::START;
        for _ in 0..ROUNDS {
            let mut input = sample.clone();
            mutate(input.bytes(), &mut rng);
            layer.handle_input(input, now);
            while layer.poll_output().is_some() {}
            now += Duration::from_millis(rng.below(50));
            if layer.poll_timeout().is_some_and(|deadline| deadline.at <= now) {
                layer.handle_timeout(now);
            }
        }
    }
}

/// Flips, cuts, grows or replaces `bytes`.
fn mutate(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let position = |rng: &mut Rng, length: usize| {
        usize::try_from(rng.below(length as u64)).expect("below a usize")
    };
    match rng.below(5) {
        0 => {
            for _ in 0..=rng.below(4) {
                let at = position(rng, bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.below(8);
                }
            }
        }
        1 => bytes.truncate(position(rng, bytes.len() + 1)),
        2 => {
            let extra = rng.bytes::<9>();
            let (extra, _) = extra.split_at(position(rng, 9) + 1);
            bytes.extend_from_slice(extra);
        }
        3 => {
            let at = position(rng, bytes.len());
            if let Some(tail) = bytes.get_mut(at..) {
                rng.fill(tail);
            }
        }
        _ => {
            bytes.resize(position(rng, 200), 0);
            rng.fill(bytes);
        }
    }
}

const ROUNDS: usize = 400;
