//! Where two records part.

use icelab_reports::difference::Divergence;

use crate::record::{SYMMETRIC, entries};

#[test]
fn equal_records_do_not_part() {
    assert_eq!(Divergence::between(entries(SYMMETRIC), entries(SYMMETRIC)), None);
}

#[test]
fn a_doctored_entry_is_shown_with_what_led_to_it() {
    let doctored = SYMMETRIC.replace("dropped #6 at home_b nat-filtered", "delivered #6 bob");
    let divergence =
        Divergence::between(entries(SYMMETRIC), entries(&doctored)).expect("they differ");
    assert_eq!(divergence.before.len(), Divergence::CONTEXT);
    insta::with_settings!({
        snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!("difference", divergence.to_string());
    });
}

#[test]
fn a_record_that_ends_early_parts_at_its_end() {
    let whole = entries(SYMMETRIC);
    let early = whole[..7].to_vec();
    for divergence in [
        Divergence::between(early.clone(), whole.clone()),
        Divergence::between(whole.clone(), early),
    ] {
        let divergence = divergence.expect("one is longer");
        assert_eq!(divergence.difference.index, 7);
        assert_eq!(divergence.before, whole[2..7]);
        assert!(divergence.to_string().contains("(has ended)"));
    }
}

#[test]
fn the_very_first_entry_can_differ() {
    let whole = entries(SYMMETRIC);
    let divergence = Divergence::between(whole.clone(), whole[1..].to_vec()).expect("they differ");
    assert_eq!((divergence.difference.index, divergence.before.len()), (0, 0));
}
