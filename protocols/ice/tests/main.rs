//! Agents, networks, and what may go wrong between them.

mod bad_network;
mod messages;
mod network;
mod puppet;
mod roles;
mod two_agents;
