//! Time as RTCP carries it (RFC 3550 section 4), and rates.

use core::time::Duration;

use icelab_rtp::rtcp::ReportBlock;
use icelab_rtp::{CompactNtp, NtpTime, ShortInterval};
use proptest::prelude::*;

/// The example of RFC 3550 section 6.4.1, figure 2.
#[test]
fn the_round_trip_is_the_one_of_the_rfc() {
    let sent = NtpTime(0xB44D_B705_2000_0000);
    assert_eq!(sent.elapsed(), Duration::from_millis(3_024_992_005_125));
    assert_eq!(sent.compact(), CompactNtp(0xB705_2000));
    let delay = ShortInterval::from_duration(Duration::from_millis(5250));
    assert_eq!(delay, ShortInterval(0x0005_4000));
    let block = ReportBlock { last_sender_report: sent.compact(), delay, ..ReportBlock::default() };
    assert_eq!(block.round_trip(CompactNtp(0xB710_8000)), Some(Duration::from_millis(6125)));
}

#[test]
fn without_a_sender_report_there_is_no_round_trip() {
    assert_eq!(ReportBlock::default().round_trip(CompactNtp(77)), None);
}

/// A peer whose clock runs fast may claim a longer delay than the whole way took.
#[test]
fn a_round_trip_is_never_negative_and_survives_the_wrap() {
    let block = ReportBlock {
        last_sender_report: CompactNtp(0xFFFF_0000),
        delay: ShortInterval(0x8000),
        ..ReportBlock::default()
    };
    assert_eq!(block.round_trip(CompactNtp(0xFFFF_7FFF)), Some(Duration::ZERO));
    assert_eq!(block.round_trip(CompactNtp(0x0000_0000)), Some(Duration::from_millis(500)));
}

#[test]
fn intervals_end_at_what_32_bits_can_say() {
    assert_eq!(ShortInterval::from_duration(Duration::MAX), ShortInterval(u32::MAX));
    let nearly = Duration::new(65_535, 999_999_999);
    assert_eq!(ShortInterval::from_duration(nearly), ShortInterval(u32::MAX));
    assert_eq!(NtpTime::from_elapsed(Duration::new(0, 1)).elapsed(), Duration::new(0, 1));
}

proptest! {
    #[test]
    fn nanoseconds_survive_the_fraction(seconds in 0..u32::MAX, nanos in 0..1_000_000_000_u32) {
        let elapsed = Duration::new(u64::from(seconds), nanos);
        prop_assert_eq!(NtpTime::from_elapsed(elapsed).elapsed(), elapsed);
    }

    #[test]
    fn an_interval_is_the_nearest(millis in 0..65_000_000_u64) {
        let duration = Duration::from_micros(millis);
        let back = ShortInterval::from_duration(duration).duration();
        prop_assert!(back.abs_diff(duration) < Duration::from_micros(8), "{:?}", back);
    }
}
