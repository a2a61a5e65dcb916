//! The command line of rdpwhy.
fn main() {}
