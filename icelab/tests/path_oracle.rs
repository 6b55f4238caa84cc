//! Whether ICE finds the way that the definitions say is there: random networks against an oracle that knows neither
//! ICE nor the simulator's NAT, but only what RFC 4787's words mean.

#![expect(
    clippy::indexing_slicing,
    reason = "sides and ports are indices of the oracle's own making"
)]

mod oracle;
