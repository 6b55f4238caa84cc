//! Agents, networks, and what may go wrong between them.

mod bad_network;
mod consent;
mod messages;
mod network;
mod nomination;
mod puppet;
mod restarts;
mod roles;
mod trickling;
mod two_agents;
