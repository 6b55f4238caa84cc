//! `icelab bench data` with stacks of others beside icelab's own.
//!
//! - `dcsctp`: Chromium's SCTP, in its authors' own Rust. `sctp_proto`: the one under str0m.

mod dcsctp;
mod sctp_proto;

use std::process::ExitCode;

use icelab::bench::Contender;

fn main() -> ExitCode {
    let contender = |name, make| Contender { name, is_own: false, most_seeds: Some(1), make };
    icelab::cli::data_beside(&[
        contender("dcsctp", dcsctp::new),
        contender("sctp-proto", sctp_proto::new),
    ])
}
