//! Agents, networks, and what may go wrong between them. The `cfg`s tell clippy that helpers are
//! tests, too.
#![expect(clippy::wildcard_enum_match_arm, reason = "tests look for one event among many")]

#[cfg(test)]
mod bad_network;
#[cfg(test)]
mod components;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod lite;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod network;
#[cfg(test)]
mod nomination;
#[cfg(test)]
mod puppet;
#[cfg(test)]
mod random;
#[cfg(test)]
mod restarts;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod selection;
#[cfg(test)]
mod trickling;
#[cfg(test)]
mod two_agents;
