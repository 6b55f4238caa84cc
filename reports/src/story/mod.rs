//! What `icelab explain` tells: one run as a story, from who is where to why this pair won.
//!
//! [`Story`] reads a whole record (level `Full`) and a [`Scene`](crate::scene::Scene), which says what the record does
//! not: who stands behind what. Checks are joined to the packets that carried them, so that every drop has a place
//! and a reason.
//!
//! | file | what it holds |
//! |---|---|
//! | `stage gathering mapping checking choice securing carrying` | the chapters |
//! | `fate` | what became of checks, in words |
//! | `refusal` | errors of TURN servers, in words |
//! | `notice` | what protocols noted, in words |
//! | `waiting` | how long better pairs were waited for |
//! | `telling` | the chapters in order |
//! | `page` | lines with a time column |

mod carrying;
mod checking;
mod choice;
mod fate;
mod gathering;
mod mapping;
mod notice;
mod page;
mod refusal;
mod securing;
mod stage;
mod telling;
mod waiting;

pub use telling::Story;
