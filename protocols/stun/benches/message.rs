//! Speed of building and checking one ICE request.
fn main() {}
