//! The wire format: for each element real bytes, a round trip, every truncation, and mutations.

mod checksum;
