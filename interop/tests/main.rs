//! The protocols against software that others wrote, on real sockets.

mod live;
mod openssl;
