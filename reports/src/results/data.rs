//! What the data channels of a case carried.

use core::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::results::milliseconds::Milliseconds;

/// One data channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// When it was open on both sides; null where it never was.
    pub open_ms: Option<Milliseconds>,
    /// Each direction in which something was to be sent, by who sends.
    pub from: IndexMap<String, Flow>,
}

/// What was sent in one direction of a channel, and what of it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// How many messages were written.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// How many messages arrived as they were sent, each counted once.
    pub delivered: u64,
    /// Their bytes.
    pub delivered_bytes: u64,
    /// How many arrived once more.
    pub duplicates: u64,
    /// How many arrived otherwise than they were sent.
    pub broken: u64,
    /// How many arrived after one that was sent later.
    pub overtaken: u64,
    /// How many messages the sender gave up.
    pub given_up: u64,
    /// When the first message was written.
    pub first_write_ms: Option<Milliseconds>,
    /// When the last message arrived.
    pub last_delivery_ms: Option<Milliseconds>,
    /// Payload bits in a second from the first write to the last delivery; on an ordered channel only what arrived
    /// in order counts. Null where that is no span of time.
    pub goodput_bits_per_s: Option<u64>,
}

impl fmt::Display for Channel {
    /// Writes each direction: `alice 64/64 9.6 Mbit/s`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (from, flow)) in self.from.iter().enumerate() {
            let between = if place == 0 { "" } else { "; " };
            write!(formatter, "{between}{from} {}/{}", flow.delivered, flow.sent)?;
            for (count, what) in
                [(flow.duplicates, "twice"), (flow.broken, "broken"), (flow.overtaken, "overtaken")]
            {
                if count > 0 {
                    write!(formatter, ", {count} {what}")?;
                }
            }
            if let Some(goodput) = flow.goodput_bits_per_s {
                write!(formatter, ", {}", Rate(goodput))?;
            }
        }
        Ok(())
    }
}

/// Bits in a second, to three digits or a tenth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rate(pub(crate) u64);

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, word) = match self.0 {
            0..1_000 => return write!(formatter, "{} bit/s", self.0),
            1_000..1_000_000 => (1_000, "kbit/s"),
            1_000_000..1_000_000_000 => (1_000_000, "Mbit/s"),
            _ => (1_000_000_000, "Gbit/s"),
        };
        let tenths = self.0 / (unit / 10);
        match tenths {
            1_000.. => write!(formatter, "{} {word}", tenths / 10),
            _ => write!(formatter, "{}.{} {word}", tenths / 10, tenths % 10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_written_as_people_say_them() {
        let said = [0, 999, 1_000, 96_449_999, 100_000_000, 1_250_000_000];
        let said = said.map(|rate| Rate(rate).to_string());
        assert_eq!(
            said,
            ["0 bit/s", "999 bit/s", "1.0 kbit/s", "96.4 Mbit/s", "100 Mbit/s", "1.2 Gbit/s"]
        );
    }
}
