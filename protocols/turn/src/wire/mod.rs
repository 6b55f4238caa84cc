//! What travels between client and server beside STUN messages.

mod channel_data;

pub use channel_data::{ChannelData, ChannelNumber};
