//! Links by name, with what they stand for.

use std::time::Duration;

use super::chance::Chance;
use super::config::{Bitrate, DirectionConfig, LinkConfig, Loss, QueueLimit};

/// A link by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkPreset {
    /// The name, as scenarios write it.
    pub name: &'static str,
    /// What it stands for, in a few words.
    pub description: &'static str,
    /// Where its numbers come from.
    pub source: &'static str,
    delay_micros: u32,
    jitter_micros: u32,
    loss_ppb: u32,
    /// Mbit/s; 0 is no limit.
    down_mbit: u32,
    up_mbit: u32,
    queue: QueueLimit,
}

/// Every link that has a name.
pub const LINK_PRESETS: &[LinkPreset] = &[
    row("perfect", "a cable that only takes time", OURS, [1_000, 0], 0, [0, 0], THOUSAND),
    row("ethernet", "a wired office", OURS, [1_000, 0], 0, [1_000, 1_000], THOUSAND),
    row("fibre", "fibre to the home", OURS, [3_000, 300], 0, [500, 250], THOUSAND),
    row("cable", "a cable modem", OURS, [8_000, 2_000], 200_000, [200, 20], kib(256)),
    row("dsl", "a telephone line", OURS, [12_000, 2_000], 500_000, [50, 10], kib(128)),
    row("wifi", "a good wireless network", PATCHBAY, [5_000, 2_000], 1_000_000, [0, 0], THOUSAND),
    row(
        "wifi_bad",
        "a wireless network at its edge",
        PATCHBAY,
        [40_000, 15_000],
        20_000_000,
        [20, 20],
        THOUSAND,
    ),
    row("3g", "an old mobile network", PATCHBAY, [100_000, 30_000], 20_000_000, [2, 2], THOUSAND),
    row("lte", "a mobile network", MOBILE, [25_000, 8_000], 5_000_000, [40, 15], THOUSAND),
    row("5g", "a new mobile network", OURS, [12_000, 4_000], 2_000_000, [200, 40], THOUSAND),
    row(
        "leo",
        "satellites near the earth",
        PATCHBAY,
        [40_000, 7_000],
        10_000_000,
        [0, 0],
        THOUSAND,
    ),
    row(
        "geo",
        "a satellite that stands still",
        PATCHBAY,
        [300_000, 20_000],
        5_000_000,
        [25, 25],
        THOUSAND,
    ),
];

impl LinkPreset {
    /// The preset of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        LINK_PRESETS.iter().find(|preset| preset.name == name)
    }

    /// The link that it stands for.
    #[must_use]
    pub fn config(&self) -> LinkConfig {
        LinkConfig { up: self.direction(self.up_mbit), down: self.direction(self.down_mbit) }
    }

    fn direction(&self, mbit: u32) -> DirectionConfig {
        DirectionConfig {
            rate: (mbit > 0).then(|| Bitrate::from_mbit(u64::from(mbit))),
            delay: Duration::from_micros(u64::from(self.delay_micros)),
            jitter: Duration::from_micros(u64::from(self.jitter_micros)),
            loss: match self.loss_ppb {
                0 => Loss::None,
                parts => Loss::Independent(Chance::from_ppb(parts)),
            },
            queue: self.queue,
            ..DirectionConfig::default()
        }
    }
}

impl LinkConfig {
    /// The preset `ethernet`: 1 ms, 1 Gbit/s, 1,000 packets of queue.
    #[must_use]
    pub fn ethernet() -> Self {
        LinkPreset::find("ethernet").expect("the table has it").config()
    }
}

const fn row(
    name: &'static str,
    description: &'static str,
    source: &'static str,
    [delay_micros, jitter_micros]: [u32; 2],
    loss_ppb: u32,
    [down_mbit, up_mbit]: [u32; 2],
    queue: QueueLimit,
) -> LinkPreset {
    LinkPreset {
        name,
        description,
        source,
        delay_micros,
        jitter_micros,
        loss_ppb,
        down_mbit,
        up_mbit,
        queue,
    }
}

const fn kib(kib: u64) -> QueueLimit {
    QueueLimit::Bytes(kib * 1024)
}

const THOUSAND: QueueLimit = QueueLimit::Packets(1_000);
const OURS: &str = "icelab's own choice of a typical line";
const PATCHBAY: &str = "patchbay's link conditions; where it names no rate, there is no limit";
const MOBILE: &str =
    "delay, jitter and loss of patchbay's link conditions; the rates are icelab's own choice";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_found_by_its_own_name_only_once() {
        for preset in LINK_PRESETS {
            assert_eq!(LINK_PRESETS.iter().filter(|other| other.name == preset.name).count(), 1);
            assert_eq!(LinkPreset::find(preset.name), Some(preset));
        }
        assert_eq!(LinkPreset::find("carrier_pigeon"), None);
    }

    #[test]
    fn cable_is_faster_down_than_up_and_has_a_queue_in_bytes() {
        let cable = LinkPreset::find("cable").unwrap().config();
        assert_eq!(cable.down.rate, Some(Bitrate::from_mbit(200)));
        assert_eq!(cable.up.rate, Some(Bitrate::from_mbit(20)));
        assert_eq!(cable.up.queue, QueueLimit::Bytes(262_144));
        assert_eq!(cable.up.loss, Loss::Independent("0.02 %".parse().unwrap()));
    }
}
