//! Whole cases: from a topology to the path that ICE picks.

mod basic;
mod changes;
mod libwebrtc;
mod rfc4787;
mod stage;
