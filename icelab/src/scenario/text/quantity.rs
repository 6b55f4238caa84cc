//! Quantities with their units: `30 ms`, `20 Mbit/s`, `1 %`, `64 KiB`, `100 packets`.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::decode::FromNode;
use super::fault::{Fault, Faults};
use super::node::{Content, Node};

/// A kind of quantity: its units, and what people write instead of them.
pub trait Quantity: Copy + Ord {
    /// What it is, such as `a time`.
    const WHAT: &'static str;
    /// Its units with their size in the smallest one, smallest first.
    const UNITS: &'static [(&'static str, u64)];
    /// An example.
    const EXAMPLE: &'static str;
    /// What people write, and the unit that is meant.
    const SLIPS: &'static [(&'static str, &'static str)];
    /// From so many of the smallest unit.
    fn from_smallest(amount: u64) -> Self;
    /// In the smallest unit.
    fn smallest(self) -> u64;
}

/// A time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Duration);

impl Quantity for Time {
    const WHAT: &'static str = "a time";
    const UNITS: &'static [(&'static str, u64)] = &[
        ("ns", 1),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("min", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    const EXAMPLE: &'static str = "30 ms";
    const SLIPS: &'static [(&'static str, &'static str)] = &[
        ("µs", "us"),
        ("msec", "ms"),
        ("millis", "ms"),
        ("milliseconds", "ms"),
        ("sec", "s"),
        ("secs", "s"),
        ("second", "s"),
        ("seconds", "s"),
        ("S", "s"),
        ("m", "min"),
        ("Min", "min"),
        ("MS", "ms"),
        ("milli", "ms"),
        ("mins", "min"),
        ("minute", "min"),
        ("minutes", "min"),
        ("hr", "h"),
        ("hour", "h"),
        ("hours", "h"),
    ];
    fn from_smallest(amount: u64) -> Self {
        Self(Duration::from_nanos(amount))
    }
    fn smallest(self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A rate, in bits per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub u64);

impl Quantity for Rate {
    const WHAT: &'static str = "a rate";
    const UNITS: &'static [(&'static str, u64)] =
        &[("bit/s", 1), ("kbit/s", 1_000), ("Mbit/s", 1_000_000), ("Gbit/s", 1_000_000_000)];
    const EXAMPLE: &'static str = "20 Mbit/s";
    const SLIPS: &'static [(&'static str, &'static str)] = &[
        ("bps", "bit/s"),
        ("kbps", "kbit/s"),
        ("Kbps", "kbit/s"),
        ("kb/s", "kbit/s"),
        ("Kbit/s", "kbit/s"),
        ("kbit", "kbit/s"),
        ("Mbps", "Mbit/s"),
        ("mbps", "Mbit/s"),
        ("Mb/s", "Mbit/s"),
        ("mbit/s", "Mbit/s"),
        ("Mbit", "Mbit/s"),
        ("MBit/s", "Mbit/s"),
        ("Mbits/s", "Mbit/s"),
        ("MBit", "Mbit/s"),
        ("kBit/s", "kbit/s"),
        ("KBit/s", "kbit/s"),
        ("GBit/s", "Gbit/s"),
        ("bits/s", "bit/s"),
        ("MB/s", "Mbit/s"),
        ("MBps", "Mbit/s"),
        ("MB", "Mbit/s"),
        ("MiB/s", "Mbit/s"),
        ("M", "Mbit/s"),
        ("kB/s", "kbit/s"),
        ("KB/s", "kbit/s"),
        ("kB", "kbit/s"),
        ("KB", "kbit/s"),
        ("k", "kbit/s"),
        ("B/s", "bit/s"),
        ("Gbps", "Gbit/s"),
        ("gbps", "Gbit/s"),
        ("Gb/s", "Gbit/s"),
        ("Gbit", "Gbit/s"),
    ];
    fn from_smallest(amount: u64) -> Self {
        Self(amount)
    }
    fn smallest(self) -> u64 {
        self.0
    }
}

/// A share, in parts per billion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(pub u64);

impl Share {
    /// All of it.
    pub const WHOLE: Self = Self(1_000_000_000);
}

impl Quantity for Share {
    const WHAT: &'static str = "a share";
    const UNITS: &'static [(&'static str, u64)] = &[("%", 10_000_000)];
    const EXAMPLE: &'static str = "1 %";
    const SLIPS: &'static [(&'static str, &'static str)] =
        &[("percent", "%"), ("pct", "%"), ("per cent", "%")];
    fn from_smallest(amount: u64) -> Self {
        Self(amount)
    }
    fn smallest(self) -> u64 {
        self.0
    }
}

/// A size in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Quantity for Size {
    const WHAT: &'static str = "a size";
    const UNITS: &'static [(&'static str, u64)] =
        &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    const EXAMPLE: &'static str = "64 KiB";
    const SLIPS: &'static [(&'static str, &'static str)] = &[
        ("bytes", "B"),
        ("byte", "B"),
        ("b", "B"),
        ("kB", "KiB"),
        ("KB", "KiB"),
        ("kb", "KiB"),
        ("K", "KiB"),
        ("k", "KiB"),
        ("kib", "KiB"),
        ("MB", "MiB"),
        ("mb", "MiB"),
        ("M", "MiB"),
        ("GB", "GiB"),
        ("G", "GiB"),
    ];
    fn from_smallest(amount: u64) -> Self {
        Self(amount)
    }
    fn smallest(self) -> u64 {
        self.0
    }
}

/// A number of packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packets(pub u64);

impl Quantity for Packets {
    const WHAT: &'static str = "a number of packets";
    const UNITS: &'static [(&'static str, u64)] = &[("packets", 1), ("packet", 1)];
    const EXAMPLE: &'static str = "100 packets";
    const SLIPS: &'static [(&'static str, &'static str)] =
        &[("pkts", "packets"), ("pkt", "packets"), ("p", "packets")];
    fn from_smallest(amount: u64) -> Self {
        Self(amount)
    }
    fn smallest(self) -> u64 {
        self.0
    }
}

/// How much may wait: packets or bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueSize {
    /// So many packets.
    Packets(Packets),
    /// So many bytes.
    Bytes(Size),
}

impl FromNode for QueueSize {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if let Content::Text(text) = &node.content {
            if let Ok(packets) = parse::<Packets>(text) {
                return Some(Self::Packets(packets));
            }
            if let Ok(bytes) = parse::<Size>(text) {
                return Some(Self::Bytes(bytes));
            }
        }
        let fault = Fault::new(node.span, format!("`{node}` is no size of a queue"))
            .label("should be packets or bytes");
        let slip = match &node.content {
            Content::Text(text) => parse::<Size>(text).err().and_then(|slip| slip.help),
            Content::Empty
            | Content::Bool(_)
            | Content::Number(_)
            | Content::List(_)
            | Content::Map(_) => None,
        };
        faults
            .push(fault.help(slip.unwrap_or_else(|| "as in `25 packets` or `64 KiB`".to_owned())));
        None
    }
}

/// Why a text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// In one sentence.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
}

/// A quantity of a text such as `30 ms` or `30ms`.
///
/// # Errors
/// What is wrong with the text.
pub fn parse<Q: Quantity>(text: &str) -> Result<Q, Slip> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = unit.trim();
    let words: Vec<&str> = Q::UNITS.iter().map(|(word, _)| *word).collect();
    if let Some(below) = text.strip_prefix(['-', '\u{2212}'])
        && below.trim_start().starts_with(|first: char| first.is_ascii_digit())
    {
        let message = format!("`{text}` is less than nothing");
        return Err(Slip { message, help: Some(format!("as in `{}`", Q::EXAMPLE)) });
    }
    if number.is_empty() {
        let help = format!("as in `{}`", Q::EXAMPLE);
        return Err(Slip { message: format!("`{text}` is not {}", Q::WHAT), help: Some(help) });
    }
    if unit.contains(|letter: char| letter.is_ascii_digit()) {
        let dotted = text.replacen(',', ".", 1);
        let help = match dotted != text && parse::<Q>(&dotted).is_ok() {
            true => format!("write `{dotted}`"),
            false => format!("one number with one unit, as in `{}`", Q::EXAMPLE),
        };
        return Err(Slip { message: format!("`{text}` is not {}", Q::WHAT), help: Some(help) });
    }
    let Some((_, scale)) = Q::UNITS.iter().find(|(word, _)| *word == unit) else {
        if let Some((_, right)) = Q::SLIPS.iter().find(|(wrong, _)| *wrong == unit) {
            let note = slip_note(unit, right);
            let message = format!("unknown unit `{unit}`");
            return Err(Slip { message, help: Some(format!("write `{number} {right}`{note}")) });
        }
        let units = words.join(", ");
        return Err(if unit.is_empty() {
            let help = match fraction_as_percent(number).filter(|_| units == "%") {
                Some(percent) => {
                    format!("write `{percent} %`, or `{number} %` where that is meant")
                }
                None => format!("write a unit after it: {units}, as in `{}`", Q::EXAMPLE),
            };
            Slip { message: format!("`{text}` has no unit"), help: Some(help) }
        } else {
            let help = format!("{} has one of the units {units}, as in `{}`", Q::WHAT, Q::EXAMPLE);
            Slip { message: format!("unknown unit `{unit}`"), help: Some(help) }
        });
    };
    match scaled(number, *scale) {
        Some(amount) => Ok(Q::from_smallest(amount)),
        None => Err(Slip {
            message: format!("`{number}` is no number that fits"),
            help: Some(format!("as in `{}`", Q::EXAMPLE)),
        }),
    }
}

/// `0.05` as `5`, where it may be a share of 1.
fn fraction_as_percent(number: &str) -> Option<String> {
    let ppb = scaled(number, 1_000_000_000).filter(|ppb| (1..=1_000_000_000).contains(ppb))?;
    let is_fraction = number.contains('.');
    is_fraction.then(|| Share(ppb).to_string().trim_end_matches(" %").to_owned())
}

/// What the difference is, where it is more than spelling.
fn slip_note(wrong: &str, right: &str) -> &'static str {
    match right {
        "KiB" | "MiB" | "GiB" if wrong.ends_with('B') => {
            ": sizes count in steps of 1024 bytes, and say so"
        }
        "bit/s" | "kbit/s" | "Mbit/s" if wrong.contains('B') && !wrong.contains("Bit") => {
            ": rates count bits; 1 byte has 8 of them"
        }
        _ => "",
    }
}

/// A decimal number times a whole one, where the result is whole.
fn scaled(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || number.ends_with('.') || fraction.len() > 12 {
        return None;
    }
    let whole: u128 = whole.parse().ok()?;
    let mut amount = whole.checked_mul(u128::from(scale))?;
    if !fraction.is_empty() {
        let digits: u128 = fraction.parse().ok()?;
        let divisor = 10u128.pow(u32::try_from(fraction.len()).ok()?);
        let part = digits.checked_mul(u128::from(scale))?;
        if part % divisor != 0 {
            return None;
        }
        amount = amount.checked_add(part / divisor)?;
    }
    u64::try_from(amount).ok()
}

/// As it would be written: in the largest unit that makes it a whole number, or one with one decimal.
fn written<Q: Quantity>(quantity: Q) -> String {
    let amount = quantity.smallest();
    for pair in Q::UNITS.windows(2).rev() {
        if let [(_, small), (word, large)] = pair
            && *large == small * 1_000
            && amount > *large
            && !amount.is_multiple_of(*large)
            && amount.is_multiple_of(large / 10)
        {
            return format!("{}.{} {word}", amount / large, amount % large / (large / 10));
        }
    }
    let unit = Q::UNITS.iter().rev().find(|(_, scale)| amount.is_multiple_of(*scale) && amount > 0);
    match (unit, Q::UNITS.first()) {
        (Some((word, scale)), _) if *word != "packet" || amount == 1 => {
            format!("{} {word}", amount / scale)
        }
        (_, Some((word, scale))) => {
            let scale = u128::from(*scale);
            let billionths = u128::from(amount) * 1_000_000_000 / scale;
            let decimal =
                format!("{}.{:09}", billionths / 1_000_000_000, billionths % 1_000_000_000);
            format!("{} {word}", decimal.trim_end_matches('0').trim_end_matches('.'))
        }
        (_, None) => amount.to_string(),
    }
}

fn read<Q: Quantity>(node: &Node, faults: &mut Faults) -> Option<Q> {
    let slip = match &node.content {
        Content::Text(text) => match parse(text) {
            Ok(quantity) => return Some(quantity),
            Err(slip) => slip,
        },
        Content::Number(number) if number.as_u64() == Some(0) => return Some(Q::from_smallest(0)),
        Content::Number(number) => match parse::<Q>(&number.to_string()) {
            Ok(quantity) => return Some(quantity),
            Err(slip) => slip,
        },
        Content::Empty | Content::Bool(_) | Content::List(_) | Content::Map(_) => {
            faults.push(Fault::wrong_kind(node, Q::WHAT).help(format!("as in `{}`", Q::EXAMPLE)));
            return None;
        }
    };
    let mut fault = Fault::new(node.span, slip.message).label(format!("should be {}", Q::WHAT));
    fault.help = slip.help;
    faults.push(fault);
    None
}

macro_rules! quantity {
    ($($name:ident),*) => { $(
        impl FromNode for $name {
            fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
                read(node, faults)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&written(*self))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&written(*self))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
                schema_of::<Self>()
            }
        }
    )* };
}

quantity!(Time, Rate, Share, Size, Packets);

fn pattern<Q: Quantity>() -> String {
    let units: Vec<&str> = Q::UNITS.iter().map(|(word, _)| *word).collect();
    format!("^ *[0-9]+(\\.[0-9]+)? *({}) *$", units.join("|"))
}

fn schema_of<Q: Quantity>() -> Schema {
    let description = format!("{} with its unit, as in `{}`", Q::WHAT, Q::EXAMPLE);
    json_schema!({
        "description": description,
        "anyOf": [{ "type": "string", "pattern": pattern::<Q>() }, { "const": 0 }]
    })
}

impl Serialize for QueueSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Packets(packets) => packets.serialize(serializer),
            Self::Bytes(bytes) => bytes.serialize(serializer),
        }
    }
}

impl JsonSchema for QueueSize {
    fn schema_name() -> Cow<'static, str> {
        "QueueSize".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "packets or bytes, as in `25 packets` or `64 KiB`",
            "anyOf": [
                { "type": "string", "pattern": pattern::<Packets>() },
                { "type": "string", "pattern": pattern::<Size>() }
            ]
        })
    }
}
