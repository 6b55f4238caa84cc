//! The timeline of one run.

use icelab_reports::timeline::Timeline;

use crate::record::{SYMMETRIC, entries};
use crate::story::scene;

#[test]
fn a_run_in_short_lines_holds_no_address() {
    let timeline = Timeline::new(scene(), entries(SYMMETRIC)).to_string();
    assert!(!timeline.contains("203.0.113"), "{timeline}");
    insta::with_settings!({
        snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!("timeline_symmetric", timeline);
    });
}
