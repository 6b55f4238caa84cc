//! Two agents, one network, and what may go wrong between them.

mod network;
mod two_agents;
