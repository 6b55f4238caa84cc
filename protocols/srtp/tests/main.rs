//! SRTP against the published vectors, and against loss, replay and strangers.

mod sessions;
