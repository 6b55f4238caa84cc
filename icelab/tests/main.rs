//! The scenario front-end and the command line, seen from outside.

mod shipped;
