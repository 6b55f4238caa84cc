//! The protocols against software that others wrote, on real sockets.

mod dimpl_peer;
mod live;
mod openssl;
