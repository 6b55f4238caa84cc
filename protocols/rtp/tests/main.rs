//! RTP and RTCP: for each element real bytes, a round trip, every truncation, and mutations.

mod audio;
mod extension;
mod feedback;
mod h264;
mod ntp;
mod packet;
mod protection;
mod reports;
mod robustness;
mod vp8;
