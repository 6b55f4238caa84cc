//! A laboratory for WebRTC networks: scenario files in, paths out.
//!
//! - [`scenario`]: the grammar; YAML text becomes [`scenario::plan::Plan`]s, one a case.
//! - [`presets`]: links, NATs and firewalls by name.

pub mod presets;
pub mod scenario;
