//! Whole calls between two peers over a little network in memory.

#[cfg(test)]
mod calls;
#[cfg(test)]
mod channels;
#[cfg(test)]
mod gathering;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod restarts;
mod security;
#[cfg(test)]
mod switchboard;
