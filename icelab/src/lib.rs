//! A laboratory for WebRTC networks: scenario files in, paths out.
//!
//! - [`scenario`]: the grammar; YAML text becomes [`scenario::plan::Plan`]s, one a case.

pub mod scenario;
