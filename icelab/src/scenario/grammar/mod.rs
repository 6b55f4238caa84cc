//! The grammar of scenario files, as types: what may be written, key by key.

pub mod call;
pub mod data;
pub mod event;
pub mod expect;
pub mod file;
pub mod firewall;
pub mod link;
pub mod nat;
pub mod node;
pub mod range;
