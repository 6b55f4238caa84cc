//! Agents, networks, and what may go wrong between them.

mod bad_network;
mod components;
mod consent;
mod lite;
mod messages;
mod network;
mod nomination;
mod puppet;
mod random;
mod restarts;
mod roles;
mod trickling;
mod two_agents;
